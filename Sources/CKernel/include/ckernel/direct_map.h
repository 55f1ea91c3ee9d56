/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking at physical memory through the kernel's own mapping of it: /dev/mem and /proc/kcore. Both copy
 * through the direct map and survive an entry that is gone, but they tell it differently: /dev/mem fails
 * the whole read with EFAULT, however many pages it covers, and /proc/kcore fills the page with zeros.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/** Opens `path` for reading, close-on-exec. A descriptor or -errno. */
int ckernel_look_open(const char *path);

/**
 * Copies `bytes` at `offset` of the file. Ask for one page at a time. 0, -EFAULT where /dev/mem finds the
 * kernel's entry gone, -ENODATA at the end of the file, or -errno.
 */
int ckernel_look(int fd, uint64_t offset, void *page, size_t bytes);

/**
 * Looks at `count` frames of /dev/mem from `first` on, each on its own, by its first byte. Stores the
 * numbers of those that the kernel cannot read into `unreadable`, which has room for `count`. How many
 * they are, or -errno when a look fails for another reason (-EPERM: CONFIG_STRICT_DEVMEM).
 */
int64_t ckernel_look_scan(int mem, uint64_t first, uint64_t count, size_t page_bytes, uint64_t *unreadable);

/** The entry of /proc/self/pagemap for the page at `address`. 0 or -errno. */
int ckernel_pagemap_entry(int pagemap, const void *address, size_t page_bytes, uint64_t *entry);
