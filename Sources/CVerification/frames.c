// SPDX-License-Identifier: Apache-2.0
#include "cverification/frames.h"

#include <errno.h>

#include "ckernel/file.h"

int64_t cverification_unreadable_frames(int mem, uint64_t first, uint64_t count, size_t page_bytes,
					uint64_t *unreadable)
{
	int64_t found = 0;

	for (uint64_t frame = first; frame < first + count; frame++) {
		char byte;
		int result = ckernel_file_read(mem, frame * page_bytes, &byte, 1);

		if (result == -EFAULT)
			unreadable[found++] = frame;
		else if (result)
			return result;
	}
	return found;
}
