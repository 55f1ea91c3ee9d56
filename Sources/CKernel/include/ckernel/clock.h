/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clock of every timed region: the CPU's counter where it is invariant, else CLOCK_MONOTONIC_RAW.
 * Inlined, so that a timed loop makes no call of its own.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#if defined(__x86_64__)
#include "arch/x86_64.h"
#elif defined(__aarch64__)
#include "arch/aarch64.h"
#else
#include "arch/generic.h"
#endif

enum ckernel_clock {
	/** The CPU's own counter: TSC on x86, CNTVCT on arm64. One tick is 1/frequency s. */
	CKERNEL_CLOCK_COUNTER = 0,
	/** CLOCK_MONOTONIC_RAW. One tick is 1 ns. */
	CKERNEL_CLOCK_MONOTONIC = 1,
};

static inline uint64_t ckernel_clock_monotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/** Opens an interval: earlier instructions have finished before the read. */
static inline uint64_t ckernel_clock_begin(enum ckernel_clock clock)
{
	return clock == CKERNEL_CLOCK_COUNTER ? ckernel_counter_begin() : ckernel_clock_monotonic();
}

/** Closes an interval (and opens the next, where stamps are chained). */
static inline uint64_t ckernel_clock_end(enum ckernel_clock clock)
{
	return clock == CKERNEL_CLOCK_COUNTER ? ckernel_counter_end() : ckernel_clock_monotonic();
}

/** Smallest distance of `rounds` empty begin-end pairs, in ticks: the overhead of timing one call. */
uint64_t ckernel_clock_pair_overhead(enum ckernel_clock clock, size_t rounds);

/**
 * Ticks per nanosecond of the counter, compared with CLOCK_MONOTONIC_RAW over `nanoseconds` (spinning).
 * Returns 0 and stores into *ticks_per_ns, or -ENOTSUP where the architecture has no counter.
 */
int ckernel_clock_calibrate(uint64_t nanoseconds, double *ticks_per_ns);

/** "tsc", "cntvct" or "": what CKERNEL_CLOCK_COUNTER reads here. */
const char *ckernel_clock_counter_name(void);
