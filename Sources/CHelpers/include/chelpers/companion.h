/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Companions hold the other CPUs in a known state while a block runs. Each is a process of its own (a
 * thread would share the address space and be shot down by every unmap), pinned to one CPU. Told to be busy,
 * it looks at the clock again and again and books every gap: a distance of two looks above what its own work
 * between them takes, as it measured when it started. That is what interrupts, the flush of the direct map
 * among them, take from that CPU.
 *
 * Told to walk, it also reads a byte of each of CHELPERS_COMPANION_WALK_PAGES pages of its own, at intervals
 * and right after a gap. What a walk after a gap takes longer than one with no gap before it is the refill:
 * what the gap leaves behind for this CPU to fetch again.
 *
 * Told to run a vCPU, it makes a virtual machine whose program looks and books in its stead, in the same shared
 * file; a gap there holds the exit from the guest and the entry too. The machine is gone before the next command
 * is obeyed.
 *
 * How the figures can mislead: a gap is anything that takes the CPU away, a tick or a hypervisor as well; only
 * the difference to an arm that flushes nothing is the flush. Other work on that CPU is one gap, and takes the
 * interrupts that the companion then does not see. A gap shorter than the threshold, or one that
 * delays the looks by less, is not seen. The refill is of TLB entries and cache lines alike, and of a working
 * set that fits the second level of the TLB; a gap during a walk spoils it for the refill, which is why walks
 * are short.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "ckernel/clock.h"

enum chelpers_companion_command {
	CHELPERS_COMPANION_STARTING = 0, /* as acknowledged by a process that is not ready */
	CHELPERS_COMPANION_IDLE = 1,	/* asleep in the kernel: the CPU is left alone */
	CHELPERS_COMPANION_SPIN = 2,	/* in user space, looking at the clock */
	CHELPERS_COMPANION_SYSCALL = 3,	/* a system call (getppid) between looks */
	CHELPERS_COMPANION_WALK = 4,	/* as SPIN, with a walk through memory at times */
	CHELPERS_COMPANION_VCPU = 5,	/* as SPIN, in a guest of its own */
	CHELPERS_COMPANION_EXIT = 6,
};

/** What a companion has booked since it started; in ticks of the clock. */
struct chelpers_companion_booking {
	uint64_t gaps;
	uint64_t stolen;	/* the gaps' lengths, less what the work in each takes without a gap */
	uint64_t calm_walks;	/* walks with no gap since the one before */
	uint64_t calm_ticks;	/* what they took */
	uint64_t refill_walks;	/* walks right after a gap */
	uint64_t refill_ticks;
};

/** Shared by the measuring process and one companion. */
struct chelpers_companion {
	uint32_t command;
	uint32_t apart[15]; /* a cache line of its own; over-aligned types do not reach Swift */
	uint32_t acknowledged;
	uint32_t beats; /* at work in user space: it grows every few microseconds, and wraps around */
	struct chelpers_companion_booking booking;
	int32_t cpu; /* where it was at its last beat */
};

/** A sign of life. */
struct chelpers_companion_beat {
	uint32_t beats;
	int32_t cpu;
};

/** The lengths of so many gaps are kept, the latest ones. */
#define CHELPERS_COMPANION_LENGTHS 4096
/** Where in the shared file the ring of lengths begins, and the file's bytes for one companion. */
#define CHELPERS_COMPANION_LENGTHS_OFFSET 4096
#define CHELPERS_COMPANION_BYTES 36864
/** Pages of a walk: more than the first level of a TLB holds, less than the second. */
#define CHELPERS_COMPANION_WALK_PAGES 256

/**
 * Starts `program helper companion CPU CLOCK PARENT` with the shared file `control` as descriptor 3. The process
 * dies with the calling thread. The pid or -errno.
 */
pid_t chelpers_companion_spawn(const char *program, int cpu, enum ckernel_clock clock, int control);

/**
 * The companion's own main loop: descriptor 3 is its shared file; `parent` is the process that it dies
 * with. Returns 0 at EXIT or where that process is gone already, or -errno.
 */
int chelpers_companion_main(int cpu, enum ckernel_clock clock, pid_t parent);

/**
 * Runs the guest that books gaps, until the companion's command is another; the guest acknowledges
 * CHELPERS_COMPANION_VCPU once it is at work. 0, or -errno of what a virtual machine needs.
 */
int chelpers_companion_run_vcpu(struct chelpers_companion *companion);

/** Gives a command and waits until it is obeyed. 0, -ETIMEDOUT after 5 s, or -ESRCH when it died. */
int chelpers_companion_command(struct chelpers_companion *companion, pid_t pid, uint32_t command);

/** What is booked so far. */
struct chelpers_companion_booking chelpers_companion_read(const struct chelpers_companion *companion);

/** The last sign of life. A vCPU's program gives none. */
struct chelpers_companion_beat chelpers_companion_last_beat(const struct chelpers_companion *companion);

/**
 * The lengths of gaps number `from` to `to` - 1, as `gaps` counts them, in ticks; of more than the ring holds the
 * latest. Returns how many were stored into `lengths`, which has room for CHELPERS_COMPANION_LENGTHS.
 */
size_t chelpers_companion_lengths(const struct chelpers_companion *companion, uint64_t from, uint64_t to,
				  uint64_t *lengths);
