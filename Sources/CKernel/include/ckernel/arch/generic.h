/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/* No user-readable counter known: the clock is CLOCK_MONOTONIC_RAW, and the run says so. */
#define CKERNEL_HAS_COUNTER 0
#define CKERNEL_COUNTER_NAME ""

static inline uint64_t ckernel_counter_begin(void)
{
	return 0;
}

static inline uint64_t ckernel_counter_end(void)
{
	return 0;
}

static inline void ckernel_counter_fence(void)
{
}

static inline void ckernel_cpu_relax(void)
{
}
