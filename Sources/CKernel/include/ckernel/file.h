/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's files that are read at an offset: /proc/self/pagemap, /dev/mem, /proc/kcore.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/**
 * Copies `bytes` at `offset` of the file. Ask memory for one page at a time. 0, -EFAULT where /dev/mem finds the
 * kernel's entry gone, -ENODATA at the end of the file, or -errno.
 */
int ckernel_file_read(int fd, uint64_t offset, void *buffer, size_t bytes);

/** The entry of /proc/self/pagemap for the page at `address`. 0 or -errno. */
int ckernel_pagemap_entry(int pagemap, const void *address, size_t page_bytes, uint64_t *entry);
