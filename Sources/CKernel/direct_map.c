// SPDX-License-Identifier: Apache-2.0
#include "ckernel/direct_map.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int ckernel_look_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int ckernel_look(int fd, uint64_t offset, void *page, size_t bytes)
{
	ssize_t got;

	do {
		got = pread(fd, page, bytes, (off_t)offset);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	return (size_t)got == bytes ? 0 : -ENODATA;
}

int64_t ckernel_look_scan(int mem, uint64_t first, uint64_t count, size_t page_bytes, uint64_t *unreadable)
{
	int64_t found = 0;

	for (uint64_t frame = first; frame < first + count; frame++) {
		char byte;
		int result = ckernel_look(mem, frame * page_bytes, &byte, 1);

		if (result == -EFAULT)
			unreadable[found++] = frame;
		else if (result)
			return result;
	}
	return found;
}

int ckernel_pagemap_entry(int pagemap, const void *address, size_t page_bytes, uint64_t *entry)
{
	return ckernel_look(pagemap, (uintptr_t)address / page_bytes * sizeof(*entry), entry, sizeof(*entry));
}
