/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Probes: what the machine is like while nothing of a kernel under test is at work. Each measures one thing that a
 * block's time depends on, in ticks of the clock.
 *
 * How they can mislead: an interrupt's round trip is by membarrier(2), which interrupts every CPU that runs a process
 * registered for it, waits for all of them, and passes through the kernel on its way. A probe holds for the moment
 * in which it was taken.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "ckernel/clock.h"

/** Registers this process to be interrupted by ckernel_probe_interrupt (Linux 4.16). 0 or -errno. */
int ckernel_probe_register(void);

/**
 * Median of `count` (at most 32) round trips of an interrupt to every CPU that runs a registered process. 0 or
 * -errno.
 */
int ckernel_probe_interrupt(enum ckernel_clock clock, size_t count, uint64_t *ticks);

/** A chain of multiplications, each of which waits for the one before: it knows no memory and no kernel. */
uint64_t ckernel_probe_instructions(enum ckernel_clock clock, size_t steps);

/**
 * Median of zeroing `count` (at most 64) pages of the resident `bytes` at `base`, from *at on, which moves along: of
 * memory larger than the caches, pages that are in none of them.
 */
uint64_t ckernel_probe_memory(enum ckernel_clock clock, uint8_t *base, size_t bytes, size_t page_bytes, size_t count,
			      size_t *at);
