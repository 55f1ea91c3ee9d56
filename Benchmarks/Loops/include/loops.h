/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timed regions. Each function holds the calls under test and the clock, and nothing else: no
 * allocation, no other system call, ticks stored into memory that is already resident.
 * All return 0 or -errno; -EFAULT also where touching memory raised SIGBUS.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "ckernel/clock.h"
#include "ckernel/cpu.h"
#include "ckernel/vcpu.h"

/* fault-in.c */

/**
 * Stores one byte into each of `pages` pages of `page_bytes`, page order[i] at step i. Stamps are chained:
 * stamps[0] before the first page, stamps[i + 1] after page i, so a page costs one read of the clock.
 */
int loops_touch(uint8_t *base, size_t page_bytes, const uint32_t *order, size_t pages,
		enum ckernel_clock clock, uint64_t *stamps);

/**
 * The same loop with `steps` multiplications after each store, each waiting for the one before: a known delay,
 * for trying whether it is found. delays[i] is what page i took longer by it, the read of the clock that tells so
 * among it.
 */
int loops_touch_delayed(uint8_t *base, size_t page_bytes, const uint32_t *order, size_t pages, size_t steps,
			enum ckernel_clock clock, uint64_t *stamps, uint64_t *delays);

/**
 * The same loop, timed once around: *ticks is the whole. With `fenced` it has the fence of each stamp but
 * not the read, so that the difference to loops_touch is what reading the clock adds; without, the CPU may
 * run ahead of a fault into pages that are not there yet, as in ordinary code.
 */
int loops_touch_whole(uint8_t *base, size_t page_bytes, const uint32_t *order, size_t pages, bool fenced,
		      enum ckernel_clock clock, uint64_t *ticks);

/** loops_touch without the store: the least distance of two stamps is what timing adds to each page. */
void loops_touch_floor(const uint32_t *order, size_t pages, enum ckernel_clock clock, uint64_t *stamps);

/** fallocate(2) of [0, bytes): *ticks is the call. */
int loops_allocate(int fd, size_t bytes, enum ckernel_clock clock, uint64_t *ticks);

/**
 * Takes in `pages` pages of a file mapped at `base`, `batch` at a time and in the order in which they lie:
 * fallocate(2) of a batch, then one byte stored into each page of it. stamps[0] before the first batch, stamps[i + 1]
 * after batch i; the last one has what is left.
 */
int loops_touch_batches(int fd, uint8_t *base, size_t page_bytes, size_t pages, size_t batch,
			enum ckernel_clock clock, uint64_t *stamps);

/** MADV_POPULATE_WRITE of [base, base + bytes): *ticks is the call. */
int loops_populate(void *base, size_t bytes, enum ckernel_clock clock, uint64_t *ticks);

/** How loops_end_to_end makes its file. */
enum loops_source {
	LOOPS_ANONYMOUS = 0,
	LOOPS_ANONYMOUS_HUGE = 1,
	LOOPS_MEMFD = 2,
	LOOPS_MEMFD_SECRET = 3,
	LOOPS_GUEST_MEMFD = 4,
};

struct loops_end_to_end {
	enum loops_source source;
	int vm;		/* LOOPS_GUEST_MEMFD: the VM to create it in */
	uint64_t flags; /* LOOPS_GUEST_MEMFD: its flags */
	size_t page_bytes;
	size_t pages;
	const uint32_t *order;
	void *hint; /* where to map it, or NULL: huge pages need an aligned place */
	/* Left for the caller to release; -1 and NULL where not made. */
	int fd;
	void *base;
};

/** Creates, sizes, maps and touches all pages: *ticks is the whole. */
int loops_end_to_end(struct loops_end_to_end *run, enum ckernel_clock clock, uint64_t *ticks);

/* guest-fault.c (the guest's own loop is CKernel's payload) */

/** KVM_PRE_FAULT_MEMORY of [gpa, gpa + bytes), `batch_bytes` at a time; stamps as of loops_touch_batches. */
int loops_pre_fault(int vcpu, uint64_t gpa, uint64_t bytes, uint64_t batch_bytes, enum ckernel_clock clock,
		    uint64_t *stamps);

/* threads.c */

/** One thread's part of a region. */
struct loops_part {
	int cpu;	       /* that its thread runs on: the first part's is where the caller is pinned */
	const uint32_t *order; /* the pages of the region that are the part's, in the order of touching them */
	size_t pages;	       /* how many, at least 1 */
	uint64_t *stamps;      /* host: as of loops_touch */
	/* Guest: the vCPU that the thread runs, and its program, whose order and log are the part's own. */
	int vcpu;
	struct kvm_run *run;
	struct ckernel_guest guest;
	/* Left by the thread: the clock before its pages and after them, what happened to it meanwhile, 0 or -errno. */
	uint64_t begin;
	uint64_t end;
	int64_t minor_faults;
	int64_t context_switches;
	int result;
};

/**
 * loops_touch of each part of the region at `base` by a thread of its own. All begin at one tick of the clock, `lead`
 * ticks after the last thread is ready. The threads end before the return. 0, or what the first part that failed came
 * to.
 */
int loops_touch_together(uint8_t *base, size_t page_bytes, struct loops_part *parts, size_t count,
			 enum ckernel_clock clock, uint64_t lead);

/** The same by the parts' vCPUs; -EPROTO where one ended otherwise than its program should. */
int loops_guest_touch_together(size_t page_bytes, struct loops_part *parts, size_t count,
			       enum ckernel_clock clock, uint64_t lead);

/* read-ahead.c */

struct loops_read_ahead {
	uint8_t *base; /* the host's mapping of the pages */
	size_t page_bytes;
	size_t pages;
	size_t batch; /* pages; the last one has what is left */
	int cpu;      /* that the thread ahead runs on */
	/* Who follows: the calling thread, or the vCPU that it runs, whose order table is sequential. */
	int vcpu; /* -1 for the thread itself */
	struct kvm_run *run;
	struct ckernel_guest guest;
	enum ckernel_clock clock;
	uint64_t *stamps; /* [0] before the first batch, [i + 1] after batch i, the wait for it among it */
};

/**
 * Stores one byte into each page, batch after batch, once a thread of its own has stored into each page of the batch.
 * That thread is pinned to `cpu`, runs ahead as far as it gets, and ends before the return. -EPROTO where the vCPU
 * ended otherwise than its program should.
 */
int loops_read_ahead(const struct loops_read_ahead *run);

/* free.c */

/** munmap(2): *ticks is the call. */
int loops_unmap(void *base, size_t bytes, enum ckernel_clock clock, uint64_t *ticks);

/** fallocate(2) with PUNCH_HOLE of [0, bytes), `batch_bytes` at a time; stamps as of loops_touch_batches. */
int loops_punch_hole(int fd, size_t bytes, size_t batch_bytes, enum ckernel_clock clock, uint64_t *stamps);

/**
 * `cycles` times, one byte stored into each page of a file mapped at `base`, page order[i] at step i, and all of
 * them punched out again: *ticks is the last cycle.
 */
int loops_churn(int fd, uint8_t *base, size_t page_bytes, const uint32_t *order, size_t pages, size_t cycles,
		enum ckernel_clock clock, uint64_t *ticks);

/** SIGKILL of a child, and the wait for its end, which reaps it: *ticks is both. */
int loops_kill(pid_t pid, enum ckernel_clock clock, uint64_t *ticks);

/** close(2) of each of `count` descriptors in turn: *ticks is all of them. */
int loops_close(const int *fds, size_t count, enum ckernel_clock clock, uint64_t *ticks);

/** A mapping to release; bytes = 0 for none. */
struct loops_mapping {
	void *base;
	size_t bytes;
};

/** munmap(2) of each mapping, then close(2) of each descriptor: *ticks is the whole. */
int loops_destroy(const struct loops_mapping *mappings, size_t mapping_count, const int *fds,
		  size_t fd_count, enum ckernel_clock clock, uint64_t *ticks);

/* tlb-flush.c */

/**
 * mprotect(2) of one page, `rounds` times (read-only, then writable again with a touch between), while a
 * thread of this process spins on each of `cpus[0 .. count - 1]`. ticks[i] is the i-th call that takes
 * the write permission away: the one that must reach every CPU. The threads end before the return.
 */
int loops_user_shootdown(uint8_t *page, size_t page_bytes, const int *cpus, size_t count, size_t rounds,
			 enum ckernel_clock clock, uint64_t *ticks);

/* aftermath.c (a process that forks is CHelpers' forker) */

/**
 * `passes` times, pread(2) of each of `pages` pages of a file into `buffer`, of one page, page order[i] at step i.
 * ticks[n] is pass n.
 */
int loops_read_pages(int fd, void *buffer, size_t page_bytes, const uint32_t *order, size_t pages, size_t passes,
		     enum ckernel_clock clock, uint64_t *ticks);

/**
 * `passes` times, copy_file_range(2) of each of `pages` pages of a file to another of them: a pass reads every page
 * once and writes every page once. At least two pages. ticks[n] is pass n.
 */
int loops_copy_pages(int fd, size_t page_bytes, const uint32_t *order, size_t pages, size_t passes,
		     enum ckernel_clock clock, uint64_t *ticks);

/**
 * `passes` times, read(2) of a page from a pipe and write(2) of it to the same one, pipe order[i] / `slots` at step i:
 * each of `pages` pages goes through once a pass. Pipe n, whose ends are ends[2 * n] and ends[2 * n + 1], holds its
 * pages beforehand and afterwards, `slots` of them, the last one what is left. ticks[n] is pass n.
 */
int loops_transfer_pages(const int *ends, size_t slots, void *buffer, size_t page_bytes, const uint32_t *order,
			 size_t pages, size_t passes, enum ckernel_clock clock, uint64_t *ticks);
