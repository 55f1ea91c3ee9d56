// SPDX-License-Identifier: Apache-2.0
#include "ckernel/file.h"

#include <errno.h>
#include <unistd.h>

int ckernel_file_read(int fd, uint64_t offset, void *buffer, size_t bytes)
{
	ssize_t got;

	do {
		got = pread(fd, buffer, bytes, (off_t)offset);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	return (size_t)got == bytes ? 0 : -ENODATA;
}

int ckernel_pagemap_entry(int pagemap, const void *address, size_t page_bytes, uint64_t *entry)
{
	return ckernel_file_read(pagemap, (uintptr_t)address / page_bytes * sizeof(*entry), entry, sizeof(*entry));
}
