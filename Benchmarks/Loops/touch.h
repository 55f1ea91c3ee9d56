/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "ckernel/clock.h"

/** The loop of loops_touch, for whoever has a guard around it already. */
static inline void touch_pages(volatile uint8_t *base, size_t page_bytes, const uint32_t *order, size_t pages,
			       enum ckernel_clock clock, uint64_t *stamps)
{
	stamps[0] = ckernel_clock_begin(clock);
	for (size_t i = 0; i < pages; i++) {
		base[order[i] * page_bytes] = 1;
		stamps[i + 1] = ckernel_clock_end(clock);
	}
}
