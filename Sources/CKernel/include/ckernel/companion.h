/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Companions hold the other CPUs in a known state while a block runs. Each is a process of its own (a
 * thread would share the address space and be shot down by every unmap), pinned to one CPU. Told to spin,
 * it reads the clock in user space and books every gap above the distance of two reads that it measured
 * when it started: what interrupts, the flush of the direct map among them, take from that CPU.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "ckernel/clock.h"

enum ckernel_companion_command {
	CKERNEL_COMPANION_STARTING = 0, /* as acknowledged by a process that is not ready */
	CKERNEL_COMPANION_IDLE = 1,	/* asleep in the kernel: the CPU is left alone */
	CKERNEL_COMPANION_SPIN = 2,
	CKERNEL_COMPANION_EXIT = 3,
};

/** Shared by the measuring process and one companion; in ticks of the clock. */
struct ckernel_companion {
	uint32_t command;
	uint32_t apart[15]; /* a cache line of its own; over-aligned types do not reach Swift */
	uint32_t acknowledged;
	uint32_t reserved;
	uint64_t floor;	    /* least distance of two reads */
	uint64_t threshold; /* a longer distance is a gap */
	uint64_t gaps;
	uint64_t stolen; /* the gaps' lengths, less the floor of each */
};

/** Bytes of the shared file for one companion. */
#define CKERNEL_COMPANION_BYTES 4096

/**
 * Starts `program companion CPU CLOCK PARENT` with the shared file `control` as descriptor 3. The process dies
 * with the calling thread. The pid or -errno.
 */
pid_t ckernel_companion_spawn(const char *program, int cpu, enum ckernel_clock clock, int control);

/**
 * The companion's own main loop: descriptor 3 is its shared file; `parent` is the process that it dies
 * with. Returns 0 at EXIT or where that process is gone already, or -errno.
 */
int ckernel_companion_main(int cpu, enum ckernel_clock clock, pid_t parent);

/** Gives a command and waits until it is obeyed. 0, -ETIMEDOUT after 5 s, or -ESRCH when it died. */
int ckernel_companion_command(struct ckernel_companion *companion, pid_t pid, uint32_t command);

/** Gaps and stolen ticks booked so far. */
void ckernel_companion_read(const struct ckernel_companion *companion, uint64_t *gaps, uint64_t *stolen);
