// SPDX-License-Identifier: Apache-2.0
/*
 * fault-in: what the host pays to bring memory into its own page tables.
 *
 * Mechanism: a store to a page that is not there traps into the kernel, which takes a page, zeroes it
 * and maps it; with GUEST_MEMFD_FLAG_NO_DIRECT_MAP (and memfd_secret) it also takes the page out of the
 * direct map and flushes that address from every CPU's TLB before it maps it. Each page is touched once,
 * because a page faults once.
 *
 * How the figure can mislead: a host page-table page is allocated every 512 pages, ticks and interrupts
 * land in some samples, and what the other CPUs do decides what a flush costs (they are held by the
 * runner). A stamp after a page is also the stamp before the next, so a sample holds one read of the
 * clock and the loop's own two loads; the least distance of empty stamps is subtracted once.
 *
 * In batches, each of them allocated by one fallocate and then touched, the calls are shared and the faults are
 * not: what the largest batch saves is what the interfaces of today save. A removal at the fault still flushes
 * page by page: what the flag adds at the largest batch is the most that a batched flush could save. A kernel that
 * removes at allocation shows it in the curve itself. Compare means: a sample is a batch, and the median of small
 * ones leaves out what only a few of them pay (the refill of a per-CPU list every 63 pages or so), of large ones not.
 */
#include "loops.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ckernel/guard.h"
#include "ckernel/kvm.h"
#include "ckernel/memory.h"
#include "touch.h"

struct touch {
	volatile uint8_t *base;
	size_t page_bytes;
	const uint32_t *order;
	size_t pages;
	enum ckernel_clock clock;
	uint64_t *ticks;
	size_t steps;
	uint64_t *delays;
};

static int touch_each(void *argument)
{
	struct touch t = *(struct touch *)argument;

	touch_pages(t.base, t.page_bytes, t.order, t.pages, t.clock, t.ticks);
	return 0;
}

static int touch_each_delayed(void *argument)
{
	struct touch t = *(struct touch *)argument;
	uint64_t chain = 1;

	t.ticks[0] = ckernel_clock_begin(t.clock);
	for (size_t i = 0; i < t.pages; i++) {
		uint64_t touched;

		t.base[t.order[i] * t.page_bytes] = 1;
		touched = ckernel_clock_end(t.clock);
		for (size_t step = 0; step < t.steps; step++) {
			chain *= 3;
			__asm__ volatile("" : "+r"(chain));
		}
		t.ticks[i + 1] = ckernel_clock_end(t.clock);
		t.delays[i] = t.ticks[i + 1] - touched;
	}
	return 0;
}

static int touch_whole(void *argument)
{
	struct touch t = *(struct touch *)argument;
	uint64_t begin = ckernel_clock_begin(t.clock);

	for (size_t i = 0; i < t.pages; i++)
		t.base[t.order[i] * t.page_bytes] = 1;
	*t.ticks = ckernel_clock_end(t.clock) - begin;
	return 0;
}

static int touch_whole_fenced(void *argument)
{
	struct touch t = *(struct touch *)argument;
	uint64_t begin = ckernel_clock_begin(t.clock);

	for (size_t i = 0; i < t.pages; i++) {
		t.base[t.order[i] * t.page_bytes] = 1;
		ckernel_counter_fence();
	}
	*t.ticks = ckernel_clock_end(t.clock) - begin;
	return 0;
}

int loops_touch(uint8_t *base, size_t page_bytes, const uint32_t *order, size_t pages,
		enum ckernel_clock clock, uint64_t *stamps)
{
	struct touch t = { base, page_bytes, order, pages, clock, stamps, 0, NULL };

	return ckernel_guarded(touch_each, &t);
}

int loops_touch_delayed(uint8_t *base, size_t page_bytes, const uint32_t *order, size_t pages, size_t steps,
			enum ckernel_clock clock, uint64_t *stamps, uint64_t *delays)
{
	struct touch t = { base, page_bytes, order, pages, clock, stamps, steps, delays };

	return ckernel_guarded(touch_each_delayed, &t);
}

int loops_touch_whole(uint8_t *base, size_t page_bytes, const uint32_t *order, size_t pages, bool fenced,
		      enum ckernel_clock clock, uint64_t *ticks)
{
	struct touch t = { base, page_bytes, order, pages, clock, ticks, 0, NULL };

	return ckernel_guarded(fenced ? touch_whole_fenced : touch_whole, &t);
}

void loops_touch_floor(const uint32_t *order, size_t pages, enum ckernel_clock clock, uint64_t *stamps)
{
	stamps[0] = ckernel_clock_begin(clock);
	for (size_t i = 0; i < pages; i++) {
		uint32_t index = order[i];

		__asm__ volatile("" : : "r"(index) : "memory");
		stamps[i + 1] = ckernel_clock_end(clock);
	}
}

int loops_allocate(int fd, size_t bytes, enum ckernel_clock clock, uint64_t *ticks)
{
	uint64_t begin = ckernel_clock_begin(clock);
	int result = ckernel_allocate(fd, 0, bytes);

	*ticks = ckernel_clock_end(clock) - begin;
	return result;
}

struct batches {
	struct touch touch;
	int fd;
	size_t batch;
};

static int touch_batches(void *argument)
{
	struct batches b = *(struct batches *)argument;
	struct touch t = b.touch;

	*t.ticks = ckernel_clock_begin(t.clock);
	for (size_t first = 0; first < t.pages; first += b.batch) {
		size_t end = first + b.batch < t.pages ? first + b.batch : t.pages;
		int result = ckernel_allocate(b.fd, first * t.page_bytes, (end - first) * t.page_bytes);

		if (result)
			return result;
		for (size_t i = first; i < end; i++)
			t.base[i * t.page_bytes] = 1;
		*++t.ticks = ckernel_clock_end(t.clock);
	}
	return 0;
}

int loops_touch_batches(int fd, uint8_t *base, size_t page_bytes, size_t pages, size_t batch,
			enum ckernel_clock clock, uint64_t *stamps)
{
	struct batches b = { { base, page_bytes, NULL, pages, clock, stamps, 0, NULL }, fd, batch };

	return ckernel_guarded(touch_batches, &b);
}

int loops_populate(void *base, size_t bytes, enum ckernel_clock clock, uint64_t *ticks)
{
	uint64_t begin = ckernel_clock_begin(clock);
	int result = ckernel_madvise(base, bytes, MADV_POPULATE_WRITE);

	*ticks = ckernel_clock_end(clock) - begin;
	return result;
}

static int make(struct loops_end_to_end *run, size_t bytes)
{
	int flags = MAP_SHARED;

	switch (run->source) {
	case LOOPS_ANONYMOUS:
	case LOOPS_ANONYMOUS_HUGE:
		flags = MAP_PRIVATE | MAP_ANONYMOUS;
		break;
	case LOOPS_MEMFD:
		run->fd = ckernel_memfd("gmembench");
		break;
	case LOOPS_MEMFD_SECRET:
		run->fd = ckernel_memfd_secret();
		break;
	case LOOPS_GUEST_MEMFD:
		run->fd = ckernel_guest_memfd(run->vm, bytes, run->flags);
		break;
	}
	if (!(flags & MAP_ANONYMOUS)) {
		if (run->fd < 0)
			return run->fd;
		if (run->source != LOOPS_GUEST_MEMFD && ftruncate(run->fd, (off_t)bytes))
			return -errno;
	}
	run->base = mmap(run->hint, bytes, PROT_READ | PROT_WRITE, flags, run->fd, 0);
	if (run->base == MAP_FAILED) {
		run->base = NULL;
		return -errno;
	}
	if (run->source == LOOPS_ANONYMOUS_HUGE)
		return ckernel_madvise(run->base, bytes, MADV_HUGEPAGE);
	if (run->source == LOOPS_ANONYMOUS || run->source == LOOPS_MEMFD) {
		int result = ckernel_madvise(run->base, bytes, MADV_NOHUGEPAGE);

		/* A kernel without transparent huge pages has none to refuse. */
		return result == -EINVAL ? 0 : result;
	}
	return 0;
}

struct end_to_end {
	struct loops_end_to_end *run;
	enum ckernel_clock clock;
	uint64_t *ticks;
};

static int end_to_end(void *argument)
{
	struct end_to_end e = *(struct end_to_end *)argument;
	struct loops_end_to_end *run = e.run;
	uint64_t begin = ckernel_clock_begin(e.clock);
	int result = make(run, run->pages * run->page_bytes);

	if (!result) {
		volatile uint8_t *base = run->base;

		for (size_t i = 0; i < run->pages; i++)
			base[run->order[i] * run->page_bytes] = 1;
	}
	*e.ticks = ckernel_clock_end(e.clock) - begin;
	return result;
}

int loops_end_to_end(struct loops_end_to_end *run, enum ckernel_clock clock, uint64_t *ticks)
{
	struct end_to_end e = { run, clock, ticks };

	run->fd = -1;
	run->base = NULL;
	return ckernel_guarded(end_to_end, &e);
}
