// SPDX-License-Identifier: Apache-2.0
/*
 * toy: what mprotect of a region that is there costs, per page. It shows what a benchmark takes, and goes again.
 *
 * Mechanism: the kernel takes the write permission from each page table entry and flushes this process's translations.
 * How the figure can mislead: the flush is one for the whole region.
 */
#include "loops.h"

#include <errno.h>
#include <sys/mman.h>

int loops_toy_protect(void *base, size_t bytes, enum ckernel_clock clock, uint64_t *ticks)
{
	uint64_t begin = ckernel_clock_begin(clock);
	int result = mprotect(base, bytes, PROT_READ);
	*ticks = ckernel_clock_end(clock) - begin;
	return result == 0 ? 0 : -errno;
}
