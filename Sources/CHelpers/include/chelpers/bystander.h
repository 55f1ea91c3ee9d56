/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bystander processes hold the other CPUs in a known state while a block runs. Each is a process of its own (a
 * thread would share the address space and be shot down by every unmap), pinned to one CPU. Told to be busy,
 * it looks at the clock again and again and counts every gap: a distance of two looks above what its own work
 * between them takes, as it measured when it started. That is what interrupts, the flush of the direct map
 * among them, take from that CPU.
 *
 * Told to walk, it also reads a byte of each of CHELPERS_BYSTANDER_WALK_PAGES pages of its own, at intervals
 * and right after a gap. What a walk after a gap takes longer than one with no gap before it is the refill:
 * what the gap leaves behind for this CPU to fetch again.
 *
 * Told to run a vCPU, it makes a virtual machine whose program looks and counts in its stead, in the same shared
 * file; a gap there holds the exit from the guest and the entry too. The machine is gone before the next command
 * is obeyed.
 *
 * How the figures can mislead: a gap is anything that takes the CPU away, a tick or a hypervisor as well; only
 * the difference to an arm that flushes nothing is the flush. Other work on that CPU is one gap, and takes the
 * interrupts that the bystander then does not see. A gap shorter than the threshold, or one that
 * delays the looks by less, is not seen. The refill is of TLB entries and cache lines alike, and of a working
 * set that fits the second level of the TLB; a gap during a walk spoils it for the refill, which is why walks
 * are short.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "ckernel/clock.h"

enum chelpers_bystander_command {
	CHELPERS_BYSTANDER_STARTING = 0, /* as acknowledged by a process that is not ready */
	CHELPERS_BYSTANDER_IDLE = 1,	/* asleep in the kernel: the CPU is left alone */
	CHELPERS_BYSTANDER_SPIN = 2,	/* in user space, looking at the clock */
	CHELPERS_BYSTANDER_SYSCALL = 3,	/* a system call (getppid) between looks */
	CHELPERS_BYSTANDER_WALK = 4,	/* as SPIN, with a walk through memory at times */
	CHELPERS_BYSTANDER_VCPU = 5,	/* as SPIN, in a guest of its own */
	CHELPERS_BYSTANDER_EXIT = 6,
};

/** What a bystander has counted since it started; in ticks of the clock. */
struct chelpers_bystander_counts {
	uint64_t gaps;
	uint64_t stolen;	/* the gaps' lengths, less what the work in each takes without a gap */
	uint64_t calm_walks;	/* walks with no gap since the one before */
	uint64_t calm_ticks;	/* what they took */
	uint64_t refill_walks;	/* walks right after a gap */
	uint64_t refill_ticks;
};

/** Shared by the measuring process and one bystander. */
struct chelpers_bystander {
	uint32_t command;
	uint32_t apart[15]; /* a cache line of its own; over-aligned types do not reach Swift */
	uint32_t acknowledged;
	uint32_t beats; /* at work in user space: it grows every few microseconds, and wraps around */
	struct chelpers_bystander_counts counts;
	int32_t cpu; /* where it was at its last beat */
};

/** A sign of life. */
struct chelpers_bystander_beat {
	uint32_t beats;
	int32_t cpu;
};

/** The lengths of so many gaps are kept, the latest ones. */
#define CHELPERS_BYSTANDER_LENGTHS 4096
/** Where in the shared file the ring of lengths begins, and the file's bytes for one bystander. */
#define CHELPERS_BYSTANDER_LENGTHS_OFFSET 4096
#define CHELPERS_BYSTANDER_BYTES 36864
/** Pages of a walk: more than the first level of a TLB holds, less than the second. */
#define CHELPERS_BYSTANDER_WALK_PAGES 256

/**
 * Starts `program helper bystander CPU CLOCK PARENT` with the shared file `control` as descriptor 3. The process
 * dies with the calling thread. The pid or -errno.
 */
pid_t chelpers_bystander_spawn(const char *program, int cpu, enum ckernel_clock clock, int control);

/**
 * The bystander's own main loop: descriptor 3 is its shared file; `parent` is the process that it dies
 * with. Returns 0 at EXIT or where that process is gone already, or -errno.
 */
int chelpers_bystander_main(int cpu, enum ckernel_clock clock, pid_t parent);

/**
 * Runs the guest that counts gaps, until the bystander's command is another; the guest acknowledges
 * CHELPERS_BYSTANDER_VCPU once it is at work. 0, or -errno of what a virtual machine needs.
 */
int chelpers_bystander_run_vcpu(struct chelpers_bystander *bystander);

/** Gives a command and waits until it is obeyed. 0, -ETIMEDOUT after 5 s, or -ESRCH when it died. */
int chelpers_bystander_command(struct chelpers_bystander *bystander, pid_t pid, uint32_t command);

/** What is counted so far. */
struct chelpers_bystander_counts chelpers_bystander_read(const struct chelpers_bystander *bystander);

/** The last sign of life. A vCPU's program gives none. */
struct chelpers_bystander_beat chelpers_bystander_last_beat(const struct chelpers_bystander *bystander);

/**
 * The lengths of gaps number `from` to `to` - 1, as `gaps` counts them, in ticks; of more than the ring holds the
 * latest. Returns how many were stored into `lengths`, which has room for CHELPERS_BYSTANDER_LENGTHS.
 */
size_t chelpers_bystander_lengths(const struct chelpers_bystander *bystander, uint64_t from, uint64_t to,
				  uint64_t *lengths);
