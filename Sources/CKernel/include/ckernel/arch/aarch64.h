/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

#define CKERNEL_HAS_COUNTER 1
#define CKERNEL_COUNTER_NAME "cntvct"

/* CNTVCT_EL0 may be read early: the barriers order it as rdtscp and lfence do on x86. */
static inline uint64_t ckernel_counter_begin(void)
{
	uint64_t value;

	__asm__ volatile("dsb ish\n\tisb\n\tmrs %0, cntvct_el0\n\tisb" : "=r"(value) : : "memory");
	return value;
}

static inline uint64_t ckernel_counter_end(void)
{
	uint64_t value;

	__asm__ volatile("dsb ish\n\tisb\n\tmrs %0, cntvct_el0\n\tisb" : "=r"(value) : : "memory");
	return value;
}

static inline void ckernel_counter_fence(void)
{
	__asm__ volatile("dsb ish\n\tisb" : : : "memory");
}

static inline void ckernel_cpu_relax(void)
{
	__asm__ volatile("yield" : : : "memory");
}
