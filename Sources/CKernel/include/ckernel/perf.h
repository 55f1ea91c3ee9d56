/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups of perf_event_open(2)'s counters of the calling thread.
 */
#pragma once

#include <linux/perf_event.h>
#include <stddef.h>
#include <stdint.h>

/** What to count, in perf_event_attr's terms. */
struct ckernel_perf_event {
	uint32_t type;   /* PERF_TYPE_… */
	uint64_t config; /* PERF_COUNT_… */
	int exclude_user;
	int exclude_kernel;
};

/** What a reading begins with, ahead of the counts: their number, and ns enabled and running. */
#define CKERNEL_PERF_HEAD_WORDS 3

/**
 * Opens a counter of the calling thread's, on whatever CPU it runs, without what a guest does. With
 * `leader` -1 it begins a group, which is stopped and pinned: all of it counts, or nothing of it does.
 * Else it joins the group of `leader`. A descriptor or -errno: -ENOENT, no such counter here; -EACCES,
 * kernel.perf_event_paranoid; -EPERM, a sandbox or a security module; -EINVAL also where the CPU has too
 * few counters for a further one of the group.
 */
int ckernel_perf_open(const struct ckernel_perf_event *event, int leader);

/** Lets the group count, also one that had lost its counters. 0 or -errno. */
int ckernel_perf_start(int leader);

/** Has the group count no more, until it is started again: the CPU's counters are free meanwhile. 0 or -errno. */
int ckernel_perf_stop(int leader);

/**
 * One read(2): CKERNEL_PERF_HEAD_WORDS words, then the counts in the order of opening. Returns the words,
 * 0 where the group cannot have the CPU's counters, or -errno (-ENOSPC: more counts than `words` hold).
 */
int ckernel_perf_read(int leader, uint64_t *into, size_t words);
