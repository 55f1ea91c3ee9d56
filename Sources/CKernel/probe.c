// SPDX-License-Identifier: Apache-2.0
#include "ckernel/probe.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOST_INTERRUPTS 32
#define MOST_PAGES 64

static uint64_t median(uint64_t *values, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		uint64_t value = values[i];
		size_t at = i;

		for (; at > 0 && values[at - 1] > value; at--)
			values[at] = values[at - 1];
		values[at] = value;
	}
	return values[count / 2];
}

int ckernel_probe_register(void)
{
	long result = syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0);

	return result < 0 ? -errno : 0;
}

int ckernel_probe_interrupt(enum ckernel_clock clock, size_t count, uint64_t *ticks)
{
	uint64_t trips[MOST_INTERRUPTS];

	if (count == 0 || count > MOST_INTERRUPTS)
		return -EINVAL;
	for (size_t i = 0; i < count; i++) {
		uint64_t begin = ckernel_clock_begin(clock);

		if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0))
			return -errno;
		trips[i] = ckernel_clock_end(clock) - begin;
	}
	*ticks = median(trips, count);
	return 0;
}

uint64_t ckernel_probe_instructions(enum ckernel_clock clock, size_t steps)
{
	uint64_t chain = 1, begin = ckernel_clock_begin(clock);

	for (size_t i = 0; i < steps; i++) {
		chain *= 3;
		__asm__ volatile("" : "+r"(chain));
	}
	return ckernel_clock_end(clock) - begin;
}

uint64_t ckernel_probe_memory(enum ckernel_clock clock, uint8_t *base, size_t bytes, size_t page_bytes, size_t count,
			      size_t *at)
{
	uint64_t pages[MOST_PAGES];

	if (count > MOST_PAGES)
		count = MOST_PAGES;
	for (size_t i = 0; i < count; i++) {
		uint64_t begin;

		if (*at + page_bytes > bytes)
			*at = 0;
		begin = ckernel_clock_begin(clock);
		memset(base + *at, 0, page_bytes);
		pages[i] = ckernel_clock_end(clock) - begin;
		*at += page_bytes;
	}
	return median(pages, count);
}
