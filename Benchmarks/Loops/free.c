// SPDX-License-Identifier: Apache-2.0
/*
 * free: what it costs to give memory back.
 *
 * Mechanism: a page leaves with the last reference to its file (mapping, descriptor, or the VM that holds
 * the file), by a punched hole, or, for anonymous memory, with its mapping. With the flag its direct map
 * entry is restored then, without a flush; memfd_secret also zeroes it.
 *
 * How the figure can mislead: munmap of a file's mapping frees nothing while a descriptor is open, and
 * closing a VM's descriptor frees nothing while a guest_memfd of it is: the last close pays for the VM,
 * which waits for RCU grace periods (milliseconds). Frees go to per-CPU lists first, so the page
 * allocator's own cost appears in some calls and not in others.
 */
#include "loops.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ckernel/memory.h"

int loops_unmap(void *base, size_t bytes, enum ckernel_clock clock, uint64_t *ticks)
{
	uint64_t begin = ckernel_clock_begin(clock);
	int result = munmap(base, bytes);

	*ticks = ckernel_clock_end(clock) - begin;
	return result ? -errno : 0;
}

int loops_punch_hole(int fd, size_t bytes, enum ckernel_clock clock, uint64_t *ticks)
{
	uint64_t begin = ckernel_clock_begin(clock);
	int result = ckernel_punch_hole(fd, 0, bytes);

	*ticks = ckernel_clock_end(clock) - begin;
	return result;
}

int loops_destroy(const struct loops_mapping *mappings, size_t mapping_count, const int *fds,
		  size_t fd_count, enum ckernel_clock clock, uint64_t *ticks)
{
	int result = 0;
	uint64_t begin = ckernel_clock_begin(clock);

	for (size_t i = 0; i < mapping_count; i++)
		if (mappings[i].bytes && munmap(mappings[i].base, mappings[i].bytes))
			result = -errno;
	for (size_t i = 0; i < fd_count; i++)
		if (fds[i] >= 0 && close(fds[i]))
			result = -errno;
	*ticks = ckernel_clock_end(clock) - begin;
	return result;
}

int loops_close(const int *fds, size_t count, enum ckernel_clock clock, uint64_t *ticks)
{
	return loops_destroy(NULL, 0, fds, count, clock, ticks);
}
