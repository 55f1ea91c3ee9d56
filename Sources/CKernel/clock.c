// SPDX-License-Identifier: Apache-2.0
#include "ckernel/clock.h"

#include <errno.h>

uint64_t ckernel_clock_pair_overhead(enum ckernel_clock clock, size_t rounds)
{
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < rounds; i++) {
		uint64_t begin = ckernel_clock_begin(clock);
		uint64_t ticks = ckernel_clock_end(clock) - begin;

		if (ticks < least)
			least = ticks;
	}
	return rounds ? least : 0;
}

/*
 * A read of CLOCK_MONOTONIC_RAW between two counter reads: of several, the one whose counter reads lie
 * closest together was disturbed least.
 */
static void paired_read(uint64_t *counter, uint64_t *nanoseconds)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < 16; i++) {
		uint64_t before = ckernel_counter_begin();
		uint64_t now = ckernel_clock_monotonic();
		uint64_t after = ckernel_counter_end();

		if (after - before < least) {
			least = after - before;
			*counter = before + (after - before) / 2;
			*nanoseconds = now;
		}
	}
}

int ckernel_clock_calibrate(uint64_t nanoseconds, double *ticks_per_ns)
{
	uint64_t counter0 = 0, ns0 = 0, counter1 = 0, ns1 = 0;

	if (!CKERNEL_HAS_COUNTER)
		return -ENOTSUP;
	paired_read(&counter0, &ns0);
	while (ckernel_clock_monotonic() - ns0 < nanoseconds)
		ckernel_cpu_relax();
	paired_read(&counter1, &ns1);
	if (counter1 <= counter0 || ns1 <= ns0)
		return -ERANGE;
	*ticks_per_ns = (double)(counter1 - counter0) / (double)(ns1 - ns0);
	return 0;
}

const char *ckernel_clock_counter_name(void)
{
	return CKERNEL_COUNTER_NAME;
}
