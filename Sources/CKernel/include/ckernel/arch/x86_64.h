/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

#define CKERNEL_HAS_COUNTER 1
#define CKERNEL_COUNTER_NAME "tsc"

/* lfence keeps earlier work out of the interval; cpuid would exit in a virtual machine. */
static inline uint64_t ckernel_counter_begin(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
	return ((uint64_t)high << 32) | low;
}

/* rdtscp waits for earlier instructions; the lfence keeps later ones from starting before the read. */
static inline uint64_t ckernel_counter_end(void)
{
	uint32_t low, high, aux;

	__asm__ volatile("rdtscp\n\tlfence" : "=a"(low), "=d"(high), "=c"(aux) : : "memory");
	return ((uint64_t)high << 32) | low;
}

/* What ckernel_counter_end does but for the read: keeps the CPU from running ahead. */
static inline void ckernel_counter_fence(void)
{
	__asm__ volatile("lfence" : : : "memory");
}

static inline void ckernel_cpu_relax(void)
{
	__asm__ volatile("pause" : : : "memory");
}
