// SPDX-License-Identifier: Apache-2.0
/*
 * fault-in touch and guest-fault touch with several threads: the first stores to disjoint parts of one region, all
 * parts at once, by host threads or by as many vCPUs of one VM, each on a CPU of its own.
 *
 * Mechanism: threads are made and pinned, and then meet; the last to come names a tick of the clock, a little ahead, at
 * which all begin. What a page costs is stamped as it is with one thread (fault-in.c, the guest's program), each
 * thread into a buffer of its own. All have ended when the call returns, because a thread more would be shot down by
 * every unmap after it. Each part is whole page-table pages of the region (2 MiB), so that no two threads share the
 * lock of one.
 *
 * How the figure can mislead: faults of one address space meet in more than the flush. Removals take cpa_lock, which
 * is one for the machine; page allocation, the page cache's lock and, for guests, KVM's mmu_lock are shared as well. An
 * arm that flushes nothing shows all but the flush. A flush reaches the CPUs that fault at the same time too, and each
 * waits for the others while it is interrupted by them. Two threads on SMT siblings share a core. A thread's own time is
 * the sum of its pages: starting and ending it is in no figure. Towards the end of a block the last thread is alone: a
 * block in which all ran together for less than half of the time is no result; its status in blocks.csv says so.
 */
#include "loops.h"

#include <errno.h>
#include <sched.h>

#include "ckernel/guard.h"
#include "thread.h"
#include "touch.h"

enum command { WAIT, GO, CANCEL };

struct crowd {
	size_t count;
	size_t arrived;
	int command;
	uint64_t lead;	/* ticks from the last arrival to the start */
	uint64_t start; /* the agreed tick; set before GO */
	enum ckernel_clock clock;
	uint8_t *base;
	size_t page_bytes;
	int (*prepare)(const struct crowd *crowd, const struct loops_part *part);
	int (*touch)(const struct crowd *crowd, const struct loops_part *part);
};

struct member {
	pthread_t thread;
	struct crowd *crowd;
	struct loops_part *part;
};

int loops_thread_start(pthread_t *thread, int cpu, void *(*body)(void *argument), void *argument)
{
	cpu_set_t *set = CPU_ALLOC((size_t)cpu + 1);
	size_t bytes = CPU_ALLOC_SIZE((size_t)cpu + 1);
	pthread_attr_t attributes;
	int error;

	if (!set)
		return -ENOMEM;
	CPU_ZERO_S(bytes, set);
	CPU_SET_S((size_t)cpu, bytes, set);
	pthread_attr_init(&attributes);
	error = pthread_attr_setaffinity_np(&attributes, bytes, set);
	if (!error)
		error = pthread_create(thread, &attributes, body, argument);
	pthread_attr_destroy(&attributes);
	CPU_FREE(set);
	return -error;
}

/* Returns once everybody is here and the agreed tick has come. */
static int meet(struct crowd *crowd)
{
	int command;

	if (__atomic_add_fetch(&crowd->arrived, 1, __ATOMIC_ACQ_REL) == crowd->count) {
		crowd->start = ckernel_clock_begin(crowd->clock) + crowd->lead;
		__atomic_store_n(&crowd->command, GO, __ATOMIC_RELEASE);
	}
	while ((command = __atomic_load_n(&crowd->command, __ATOMIC_ACQUIRE)) == WAIT)
		ckernel_cpu_relax();
	if (command != GO)
		return -ECANCELED;
	while (ckernel_clock_begin(crowd->clock) < crowd->start)
		;
	return 0;
}

static int take_part(void *argument)
{
	struct crowd *crowd = ((struct member *)argument)->crowd;
	struct loops_part *part = ((struct member *)argument)->part;
	struct ckernel_thread_usage before = { 0 }, after = { 0 };
	int prepared = crowd->prepare(crowd, part);
	uint64_t begin;
	int result;

	ckernel_thread_usage(&before);
	/* Whoever is not ready comes all the same: the others wait for him. */
	result = meet(crowd);
	if (prepared || result)
		return prepared ? prepared : result;
	begin = ckernel_clock_begin(crowd->clock);
	result = crowd->touch(crowd, part);
	part->end = ckernel_clock_end(crowd->clock);
	ckernel_thread_usage(&after);
	part->begin = begin;
	part->minor_faults = after.minor_faults - before.minor_faults;
	part->context_switches = after.voluntary_switches + after.involuntary_switches -
				 before.voluntary_switches - before.involuntary_switches;
	return result;
}

static void *run(void *argument)
{
	struct member *member = argument;

	member->part->result = ckernel_guarded(take_part, member);
	return NULL;
}

/* The calling thread takes the first part. */
static int together(struct crowd *crowd, struct loops_part *parts)
{
	struct member members[MOST_THREADS];
	size_t started = 1;
	int result = 0;

	if (!crowd->count || crowd->count > MOST_THREADS)
		return -E2BIG;
	for (size_t i = 0; i < crowd->count; i++)
		members[i] = (struct member){ .crowd = crowd, .part = &parts[i] };
	while (started < crowd->count && !result) {
		struct member *member = &members[started];

		result = loops_thread_start(&member->thread, member->part->cpu, run, member);
		started += !result;
	}
	if (result)
		__atomic_store_n(&crowd->command, CANCEL, __ATOMIC_RELEASE);
	else
		run(&members[0]);
	for (size_t i = 1; i < started; i++)
		pthread_join(members[i].thread, NULL);
	for (size_t i = 0; i < crowd->count && !result; i++)
		result = parts[i].result;
	return result;
}

static int prepare_nothing(const struct crowd *crowd, const struct loops_part *part)
{
	(void)crowd;
	(void)part;
	return 0;
}

static int touch_host(const struct crowd *crowd, const struct loops_part *part)
{
	touch_pages(crowd->base, crowd->page_bytes, part->order, part->pages, crowd->clock, part->stamps);
	return 0;
}

int loops_touch_together(uint8_t *base, size_t page_bytes, struct loops_part *parts, size_t count,
			 enum ckernel_clock clock, uint64_t lead)
{
	struct crowd crowd = {
		.count = count, .clock = clock, .base = base, .page_bytes = page_bytes,
		.lead = lead,
		.prepare = prepare_nothing, .touch = touch_host,
	};

	return together(&crowd, parts);
}

/*
 * The vCPU comes to this thread and CPU, which takes an RCU grace period on some kernels, by a store to the first page
 * that it has warmed up on: such a base puts the part's first page there.
 */
static int prepare_guest(const struct crowd *crowd, const struct loops_part *part)
{
	uint64_t base = part->guest.warm - (uint64_t)part->order[0] * crowd->page_bytes;

	return ckernel_vcpu_touch(part->vcpu, part->run, &part->guest, base, 1, 1);
}

static int touch_guest(const struct crowd *crowd, const struct loops_part *part)
{
	(void)crowd;
	return ckernel_vcpu_touch(part->vcpu, part->run, &part->guest, part->guest.region_gpa, part->pages, 1);
}

int loops_guest_touch_together(size_t page_bytes, struct loops_part *parts, size_t count,
			       enum ckernel_clock clock, uint64_t lead)
{
	struct crowd crowd = {
		.count = count, .clock = clock, .page_bytes = page_bytes,
		.lead = lead,
		.prepare = prepare_guest, .touch = touch_guest,
	};

	return together(&crowd, parts);
}
