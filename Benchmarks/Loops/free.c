// SPDX-License-Identifier: Apache-2.0
/*
 * free: what it costs to give memory back.
 *
 * Mechanism: a page leaves with the last reference to its file (mapping, descriptor, or the VM that holds
 * the file), by a punched hole, or, for anonymous memory, with its mapping. With the flag its direct map
 * entry is restored then, without a flush; memfd_secret also zeroes it.
 *
 * How the figure can mislead: munmap of a file's mapping frees nothing while a descriptor is open, and
 * closing a VM's descriptor frees nothing while a guest_memfd of it is: the last close pays for the VM,
 * which waits for RCU grace periods (milliseconds). Frees go to per-CPU lists first, so the page
 * allocator's own cost appears in some calls and not in others.
 *
 * A hole punched in mapped memory also takes it out of the page tables: the host's, and KVM's, where each call
 * flushes the guest's TLB. A process that is killed is torn down whole, on the CPU that waits for it: its code, its
 * stack and the switch between the two are in the figure (kill-empty is these alone). Its end is seen by the wait,
 * which comes after the last page: free memory does not tell, since pages go to per-CPU lists.
 */
#include "loops.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ckernel/guard.h"
#include "ckernel/memory.h"

int loops_unmap(void *base, size_t bytes, enum ckernel_clock clock, uint64_t *ticks)
{
	uint64_t begin = ckernel_clock_begin(clock);
	int result = munmap(base, bytes);

	*ticks = ckernel_clock_end(clock) - begin;
	return result ? -errno : 0;
}

int loops_punch_hole(int fd, size_t bytes, size_t batch_bytes, enum ckernel_clock clock, uint64_t *stamps)
{
	*stamps = ckernel_clock_begin(clock);
	for (size_t first = 0; first < bytes; first += batch_bytes) {
		size_t left = bytes - first;
		int result = ckernel_punch_hole(fd, first, left < batch_bytes ? left : batch_bytes);

		if (result)
			return result;
		*++stamps = ckernel_clock_end(clock);
	}
	return 0;
}

struct churn {
	int fd;
	volatile uint8_t *base;
	size_t page_bytes;
	const uint32_t *order;
	size_t pages;
	size_t cycles;
	enum ckernel_clock clock;
	uint64_t *ticks;
};

static int churn(void *argument)
{
	struct churn c = *(struct churn *)argument;

	for (size_t cycle = 0; cycle < c.cycles; cycle++) {
		uint64_t begin = ckernel_clock_begin(c.clock);
		int result;

		for (size_t i = 0; i < c.pages; i++)
			c.base[c.order[i] * c.page_bytes] = 1;
		result = ckernel_punch_hole(c.fd, 0, c.pages * c.page_bytes);
		*c.ticks = ckernel_clock_end(c.clock) - begin;
		if (result)
			return result;
	}
	return 0;
}

int loops_churn(int fd, uint8_t *base, size_t page_bytes, const uint32_t *order, size_t pages, size_t cycles,
		enum ckernel_clock clock, uint64_t *ticks)
{
	struct churn c = { fd, base, page_bytes, order, pages, cycles, clock, ticks };

	return ckernel_guarded(churn, &c);
}

int loops_destroy(const struct loops_mapping *mappings, size_t mapping_count, const int *fds,
		  size_t fd_count, enum ckernel_clock clock, uint64_t *ticks)
{
	int result = 0;
	uint64_t begin = ckernel_clock_begin(clock);

	for (size_t i = 0; i < mapping_count; i++)
		if (mappings[i].bytes && munmap(mappings[i].base, mappings[i].bytes))
			result = -errno;
	for (size_t i = 0; i < fd_count; i++)
		if (fds[i] >= 0 && close(fds[i]))
			result = -errno;
	*ticks = ckernel_clock_end(clock) - begin;
	return result;
}

int loops_kill(pid_t pid, enum ckernel_clock clock, uint64_t *ticks)
{
	uint64_t begin = ckernel_clock_begin(clock);
	int result = kill(pid, SIGKILL) ? -errno : 0;

	while (!result && waitpid(pid, NULL, 0) < 0)
		if (errno != EINTR)
			result = -errno;
	*ticks = ckernel_clock_end(clock) - begin;
	return result;
}

int loops_close(const int *fds, size_t count, enum ckernel_clock clock, uint64_t *ticks)
{
	return loops_destroy(NULL, 0, fds, count, clock, ticks);
}
