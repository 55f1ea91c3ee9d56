// SPDX-License-Identifier: Apache-2.0
/*
 * fault-in touch-read-ahead and guest-fault touch-read-ahead: what is left to pay for a thread, or a vCPU, that another
 * thread takes the pages in for, a batch of them ahead.
 *
 * Mechanism: a thread on another CPU stores one byte into each page of a batch, says that it is done, and goes on with
 * the next batch at once. The measuring thread waits until a batch is there, and then stores into each of its pages
 * itself, or has its vCPU do it. Stamps are chained batch by batch, the wait among them: whoever only touches pages is
 * never faster than the thread ahead of him, and what is left beside the wait is what batches of each size could hide.
 *
 * How the figure can mislead: the work is done by another CPU, not saved. The flushes of the thread ahead interrupt the
 * CPU that it works for, so memory without a direct map entry costs there in spite of the help. Both threads share the
 * page tables' locks. A batch of the guest's is one KVM_RUN with its registers set before, which small batches show;
 * the pages are mapped for the guest by its own faults. A thread that has something to do between its touches waits
 * less.
 */
#include "loops.h"

#include <errno.h>

#include "ckernel/guard.h"
#include "thread.h"

struct reader {
	const struct loops_read_ahead *run;
	size_t ready;  /* pages taken in so far */
	int state;     /* 1 when the thread is there, 2 when it is to begin */
	int result;
};

static size_t batch_at(const struct loops_read_ahead *run, size_t page)
{
	size_t left = run->pages - page;

	return left < run->batch ? left : run->batch;
}

static void store(const struct loops_read_ahead *run, size_t page, size_t pages)
{
	volatile uint8_t *base = run->base;

	for (size_t i = page; i < page + pages; i++)
		base[i * run->page_bytes] = 1;
}

static int read_batches(void *argument)
{
	struct reader *reader = argument;
	const struct loops_read_ahead *run = reader->run;

	__atomic_store_n(&reader->state, 1, __ATOMIC_RELEASE);
	while (__atomic_load_n(&reader->state, __ATOMIC_ACQUIRE) != 2)
		ckernel_cpu_relax();
	for (size_t page = 0; page < run->pages; page += run->batch) {
		size_t pages = batch_at(run, page);

		store(run, page, pages);
		__atomic_store_n(&reader->ready, page + pages, __ATOMIC_RELEASE);
	}
	return 0;
}

static void *read_ahead(void *argument)
{
	struct reader *reader = argument;
	int result = ckernel_guarded(read_batches, reader);

	__atomic_store_n(&reader->result, result, __ATOMIC_RELEASE);
	return NULL;
}

static int follow(void *argument)
{
	struct reader *reader = argument;
	const struct loops_read_ahead *run = reader->run;
	struct ckernel_guest guest = run->guest;
	uint64_t *stamps = run->stamps;

	while (!__atomic_load_n(&reader->state, __ATOMIC_ACQUIRE))
		ckernel_cpu_relax();
	*stamps = ckernel_clock_begin(run->clock);
	__atomic_store_n(&reader->state, 2, __ATOMIC_RELEASE);
	for (size_t page = 0; page < run->pages; page += run->batch) {
		size_t pages = batch_at(run, page);

		while (__atomic_load_n(&reader->ready, __ATOMIC_ACQUIRE) < page + pages) {
			if (__atomic_load_n(&reader->result, __ATOMIC_ACQUIRE))
				return 0;
			ckernel_cpu_relax();
		}
		if (run->vcpu < 0) {
			store(run, page, pages);
		} else {
			int result =
				ckernel_vcpu_touch(run->vcpu, run->run, &guest, guest.region_gpa, pages, 1);

			if (result)
				return result;
			guest.order += pages * sizeof(uint32_t);
			guest.log += pages * sizeof(uint64_t);
		}
		*++stamps = ckernel_clock_end(run->clock);
	}
	return 0;
}

int loops_read_ahead(const struct loops_read_ahead *run)
{
	struct reader reader = { .run = run };
	pthread_t thread;
	int result = loops_thread_start(&thread, run->cpu, read_ahead, &reader);

	if (result)
		return result;
	result = ckernel_guarded(follow, &reader);
	pthread_join(thread, NULL);
	return reader.result ? reader.result : result;
}
