/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Physical memory, read through the kernel's own mapping of it: /dev/mem and /proc/kcore. Both copy through the direct
 * map and survive an entry that is gone, but they tell it differently: /dev/mem fails the whole read with EFAULT,
 * however many pages it covers, and /proc/kcore fills the page with zeros.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/**
 * Reads `count` frames of /dev/mem from `first` on, each on its own, by its first byte. Stores the numbers of those
 * that the kernel cannot read into `unreadable`, which has room for `count`. How many they are, or -errno when a read
 * fails for another reason (-EPERM: CONFIG_STRICT_DEVMEM).
 */
int64_t cverification_unreadable_frames(int mem, uint64_t first, uint64_t count, size_t page_bytes,
					uint64_t *unreadable);
