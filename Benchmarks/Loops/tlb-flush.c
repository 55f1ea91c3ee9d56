// SPDX-License-Identifier: Apache-2.0
/*
 * tlb-flush: what a broadcast to the other CPUs costs. `bystander` and `faulting-thread` use the loop of
 * fault-in.c beside bystanders (CHelpers/bystander.c); here stands `user-shootdown`.
 *
 * Mechanism: taking the write permission from a resident page makes the kernel send an interrupt to every
 * CPU that runs a thread of this process and wait for all of them. It is available on every kernel.
 *
 * How the figure can mislead: it is a user-range shootdown of one address space, a proxy for the price of
 * a broadcast here, not the kernel-range flush of the flag, which reaches every online CPU whatever it
 * runs. A CPU that is idle in the kernel is skipped by it, which is why the threads spin.
 */
#include "loops.h"

#include <errno.h>
#include <sys/mman.h>

#include "thread.h"

struct crowd {
	int ready;
	int stop;
};

static void *spin(void *argument)
{
	struct crowd *crowd = argument;

	__atomic_add_fetch(&crowd->ready, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&crowd->stop, __ATOMIC_RELAXED))
		ckernel_cpu_relax();
	return NULL;
}

int loops_user_shootdown(uint8_t *page, size_t page_bytes, const int *cpus, size_t count, size_t rounds,
			 enum ckernel_clock clock, uint64_t *ticks)
{
	static pthread_t threads[MOST_THREADS];
	struct crowd crowd = { 0 };
	volatile uint8_t *byte = page;
	size_t started = 0;
	int result = 0;

	if (count > MOST_THREADS)
		return -E2BIG;
	while (started < count && !result) {
		result = loops_thread_start(&threads[started], cpus[started], spin, &crowd);
		started += !result;
	}
	while (__atomic_load_n(&crowd.ready, __ATOMIC_ACQUIRE) < (int)started)
		ckernel_cpu_relax();
	for (size_t i = 0; i < rounds && !result; i++) {
		uint64_t begin;

		*byte = 1;
		begin = ckernel_clock_begin(clock);
		if (mprotect(page, page_bytes, PROT_READ))
			result = -errno;
		ticks[i] = ckernel_clock_end(clock) - begin;
		if (!result && mprotect(page, page_bytes, PROT_READ | PROT_WRITE))
			result = -errno;
	}
	__atomic_store_n(&crowd.stop, 1, __ATOMIC_RELAXED);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	return result;
}
