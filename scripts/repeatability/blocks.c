/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The naive loop: faults blocks of memory in, arm after arm, and prints one line a block. It shares no code with
 * gmembench, so that the two can be held against each other, and it tries what gmembench then does: preparations
 * before a block, orders of arms, probes of the machine.
 *
 * Usage: blocks ARMS PREPARATION PAGES SECONDS [CHUNK]
 *   ARMS         letters in the order of the rounds: a anonymous, m memfd, g guest_memfd, s memfd_secret;
 *                a leading ? shuffles each round
 *   PREPARATION  what is done, untimed, before each block:
 *                none; same (a block of the same kind); aN (N KiB of anonymous pages touched and freed);
 *                oN (N KiB of the block's own kind touched and freed); wN (N KiB of resident memory written);
 *                rN (the region is N KiB longer, and the front is touched first)
 *                kN, xN, yN (N KiB of frames of each list are kept; the oldest are given back before a block, and what
 *                it leaves is taken after it: k so that they come in ascending order, x in random order, y in random
 *                order from all over the frames kept)
 *                several are joined by +
 *   CHUNK        prints a line for each CHUNK pages of a block instead of one for the whole
 * Output: seconds,round,arm,chunk,median_ns,mean_ns,ipi_ns,latency_ns,zero_ns,chain_ns,preparation_ns,frames
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#ifndef KVM_CREATE_GUEST_MEMFD
struct kvm_create_guest_memfd {
	__u64 size, flags, reserved[6];
};
#define KVM_CREATE_GUEST_MEMFD _IOWR(KVMIO, 0xd4, struct kvm_create_guest_memfd)
#endif
#define MMAP_AND_INIT_SHARED 3
#define PAGE 4096
#define MOST_PAGES 65536

static int vm = -1;
static double ticks_per_ns;
static uint64_t stamps[MOST_PAGES + 1];

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static inline uint64_t begin(void)
{
	_mm_lfence();
	return __rdtsc();
}

static inline uint64_t end(void)
{
	unsigned int aux;
	uint64_t ticks = __rdtscp(&aux);

	_mm_lfence();
	return ticks;
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		fail("sched_setaffinity");
}

static pid_t spin_on(int cpu)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pin(cpu);
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0))
		fail("membarrier");
	for (volatile uint64_t i = 0;; i++)
		_mm_pause();
}

struct block {
	char kind;
	size_t bytes;
	uint8_t *base;
	int fd;
};

static struct block map_block(char kind, size_t bytes)
{
	struct block block = { kind, bytes, NULL, -1 };
	int flags = MAP_SHARED;

	switch (kind) {
	case 'a':
		flags = MAP_PRIVATE | MAP_ANONYMOUS;
		break;
	case 'm':
		block.fd = memfd_create("blocks", 0);
		break;
	case 's':
		block.fd = (int)syscall(SYS_memfd_secret, 0);
		break;
	case 'g': {
		struct kvm_create_guest_memfd create = { .size = bytes, .flags = MMAP_AND_INIT_SHARED };

		block.fd = ioctl(vm, KVM_CREATE_GUEST_MEMFD, &create);
		break;
	}
	}
	if (kind != 'a' && block.fd < 0)
		fail("creating the file");
	if ((kind == 'm' || kind == 's') && ftruncate(block.fd, (off_t)bytes))
		fail("ftruncate");
	block.base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, block.fd, 0);
	if (block.base == MAP_FAILED)
		fail("mmap");
	if (kind == 'a')
		madvise(block.base, bytes, MADV_NOHUGEPAGE);
	return block;
}

static void free_block(struct block *block)
{
	munmap(block->base, block->bytes);
	if (block->fd >= 0)
		close(block->fd);
}

static void touch(struct block *block, size_t from, size_t to)
{
	for (size_t at = from; at < to; at += PAGE)
		((volatile uint8_t *)block->base)[at] = 1;
}

static void churn(char kind, size_t bytes)
{
	struct block block = map_block(kind, bytes);

	touch(&block, 0, bytes);
	free_block(&block);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static double median(uint64_t *values, size_t count)
{
	qsort(values, count, sizeof(*values), by_value);
	return (double)values[count / 2] / ticks_per_ns;
}

/* Probes. */

static uint8_t *cold;
static size_t cold_bytes = 64u << 20, cold_at;
static uint32_t *ring;
static size_t ring_entries = (16u << 20) / 64, ring_at;

static void make_ring(void)
{
	size_t *order = malloc(ring_entries * sizeof(*order));

	ring = mmap(NULL, ring_entries * 64, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (size_t i = 0; i < ring_entries; i++)
		order[i] = i;
	for (size_t i = ring_entries - 1; i > 0; i--) {
		size_t j = (size_t)rand() % (i + 1), swap = order[i];

		order[i] = order[j];
		order[j] = swap;
	}
	for (size_t i = 0; i < ring_entries; i++)
		ring[order[i] * 16] = (uint32_t)order[(i + 1) % ring_entries];
	free(order);
}

static double probe_ipi(void)
{
	uint64_t t[5];

	for (int i = 0; i < 5; i++) {
		uint64_t b = begin();

		syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0);
		t[i] = end() - b;
	}
	return median(t, 5);
}

static double probe_latency(void)
{
	size_t at = ring_at;
	uint64_t b = begin(), e;

	for (int i = 0; i < 200; i++)
		at = ring[at * 16];
	e = end();
	ring_at = at;
	return (double)(e - b) / ticks_per_ns / 200;
}

static double probe_zero(void)
{
	uint64_t t[64];

	for (int i = 0; i < 64; i++) {
		uint64_t b = begin();

		memset(cold + cold_at, 0, PAGE);
		t[i] = end() - b;
		cold_at = (cold_at + PAGE) % cold_bytes;
	}
	return median(t, 64);
}

static double probe_chain(void)
{
	uint64_t chain = 1, b = begin();

	for (int i = 0; i < 20000; i++) {
		chain *= 3;
		__asm__ volatile("" : "+r"(chain));
	}
	return (double)(end() - b) / ticks_per_ns;
}

/*
 * Frames that are kept out of the allocator's lists, oldest first, for each kind of list: movable (0) and unmovable (1).
 * Before a block the oldest are given back, which puts them on top of the lists; after it, what it left is taken.
 */
#define MOST_KEPT 1024
static struct kept {
	struct block blocks[MOST_KEPT];
	size_t first, count;
} kept[2];
enum order { ASCENDING, DESCENDING, RANDOM, SCATTERED, UNTOUCHED };
static enum order keeping = ASCENDING;

static int list_of(char kind)
{
	return kind == 'g' || kind == 's';
}

static void touch_in(struct block *block, enum order order)
{
	size_t pages = block->bytes / PAGE;
	static uint32_t table[MOST_PAGES];

	for (size_t i = 0; i < pages; i++)
		table[i] = (uint32_t)(order == DESCENDING ? pages - 1 - i : i);
	if (order >= RANDOM)
		for (size_t i = pages - 1; i > 0; i--) {
			size_t j = (size_t)rand() % (i + 1);
			uint32_t swap = table[i];

			table[i] = table[j];
			table[j] = swap;
		}
	for (size_t i = 0; i < pages; i++)
		((volatile uint8_t *)block->base)[table[i] * (size_t)PAGE] = 1;
}

static void take(int list, size_t bytes, enum order order)
{
	struct kept *own = &kept[list];
	struct block *block = &own->blocks[(own->first + own->count++) % MOST_KEPT];

	*block = map_block("ag"[list], bytes);
	if (order != UNTOUCHED)
		touch_in(block, order);
}

static void give_back(int list)
{
	struct kept *own = &kept[list];

	free_block(&own->blocks[own->first]);
	own->first = (own->first + 1) % MOST_KEPT;
	own->count--;
}

/* Touches the pages of all that is kept in one random order, so that each block's frames come from all over it. */
static void scatter(struct kept *own, size_t bytes)
{
	size_t pages = own->count * (bytes / PAGE);
	uint32_t *table = malloc(pages * sizeof(*table));

	for (size_t i = 0; i < pages; i++)
		table[i] = (uint32_t)i;
	for (size_t i = pages - 1; i > 0; i--) {
		size_t j = (size_t)rand() % (i + 1);
		uint32_t swap = table[i];

		table[i] = table[j];
		table[j] = swap;
	}
	for (size_t i = 0; i < pages; i++) {
		size_t unit = table[i] / (bytes / PAGE), page = table[i] % (bytes / PAGE);

		((volatile uint8_t *)own->blocks[unit].base)[page * PAGE] = 1;
	}
	free(table);
}

/* Fills both from the buddy allocator, whose pages come in ascending order; touched backwards, they are freed so that
 * they come in ascending order again. */
static void fill_kept(size_t bytes, size_t most)
{
	struct block held[2];

	for (int list = 0; list < 2; list++) {
		held[list] = map_block("ag"[list], 160u << 20);
		touch(&held[list], 0, held[list].bytes);
	}
	for (int list = 0; list < 2; list++)
		while (kept[list].count * bytes < most)
			take(list, bytes, keeping == SCATTERED ? UNTOUCHED : keeping == RANDOM ? RANDOM : DESCENDING);
	for (int list = 0; list < 2 && keeping == SCATTERED; list++)
		scatter(&kept[list], bytes);
	for (int list = 0; list < 2; list++)
		free_block(&held[list]);
}

/* Of a block's pages, how many lie right after the one before in physical memory, less those right before it, as a
 * share; 0 where pagemap hides frames. */
static double count_frames(const struct block *block, size_t front)
{
	static uint64_t entries[MOST_PAGES];
	static int pagemap = -1;
	size_t count = (block->bytes - front) / PAGE;
	const uint64_t frame = (1ull << 55) - 1;
	long sum = 0;

	if (pagemap < 0)
		pagemap = open("/proc/self/pagemap", O_RDONLY);
	if (pread(pagemap, entries, count * 8, (off_t)((uintptr_t)(block->base + front) / PAGE * 8)) != (ssize_t)(count * 8))
		return 0;
	for (size_t i = 1; i < count; i++)
		sum += ((entries[i] & frame) == (entries[i - 1] & frame) + 1) -
		       ((entries[i] & frame) + 1 == (entries[i - 1] & frame));
	return (double)sum / (double)count;
}

static uint8_t *resident;
static size_t resident_bytes;
static double sweep_ns;

/* The preparation; returns how much longer the region is to be. */
static size_t prepare(const char *how, char kind, size_t bytes)
{
	size_t front = 0;

	for (const char *at = how; at; at = strchr(at, '+') ? strchr(at, '+') + 1 : NULL) {
		size_t size = strtoul(at + 1, NULL, 10) << 10;
		double before = now();

		if (!strncmp(at, "none", 4))
			continue;
		if (!strncmp(at, "same", 4)) {
			churn(kind, bytes);
		} else if (*at == 'a') {
			churn('a', size);
			sweep_ns = (now() - before) * 1e9 / (double)(size / PAGE);
		} else if (*at == 'o') {
			churn(kind, size);
		} else if (*at == 'k' || *at == 'x' || *at == 'y') {
			keeping = *at == 'x' ? RANDOM : *at == 'y' ? SCATTERED : ASCENDING;
			if (!kept[0].count)
				fill_kept(bytes, size);
			give_back(list_of(kind));
			sweep_ns = (now() - before) * 1e9 / (double)(bytes / PAGE);
		} else if (*at == 'r') {
			front = size;
		} else if (*at == 'w') {
			if (!resident_bytes) {
				resident_bytes = size;
				resident = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			}
			memset(resident, 1, size);
		}
	}
	return front;
}

int main(int argc, char **argv)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	const char *arms = argc > 4 ? argv[1] : "", *how = argc > 4 ? argv[2] : "";
	size_t pages = argc > 4 ? strtoul(argv[3], NULL, 10) : 0;
	double seconds = argc > 4 ? strtod(argv[4], NULL) : 0, start;
	size_t chunk = argc > 5 ? strtoul(argv[5], NULL, 10) : pages;
	int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN), shuffled = *arms == '?';
	char order[16];
	pid_t spinner;

	if (!pages || pages > MOST_PAGES || cpus < 2) {
		fprintf(stderr, "usage: blocks ARMS PREPARATION PAGES SECONDS [CHUNK], on two CPUs\n");
		return 64;
	}
	arms += shuffled;
	snprintf(order, sizeof(order), "%s", arms);
	setrlimit(RLIMIT_MEMLOCK, &all);
	srand((unsigned int)time(NULL) ^ (unsigned int)getpid());
	spinner = spin_on(0);
	pin(cpus - 1);
	{
		double t = now();
		uint64_t b = __rdtsc();

		while (now() - t < 0.1)
			;
		ticks_per_ns = (double)(__rdtsc() - b) / ((now() - t) * 1e9);
	}
	vm = ioctl(open("/dev/kvm", O_RDWR), KVM_CREATE_VM, 0UL);
	cold = mmap(NULL, cold_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(cold, 1, cold_bytes);
	memset(stamps, 1, sizeof(stamps));
	make_ring();
	start = now();
	for (int round = 0; now() - start < seconds; round++) {
		if (shuffled)
			for (size_t i = strlen(order) - 1; i > 0; i--) {
				size_t j = (size_t)rand() % (i + 1);
				char swap = order[i];

				order[i] = order[j];
				order[j] = swap;
			}
		for (const char *arm = order; *arm; arm++) {
			size_t bytes = pages * PAGE;
			double ipi = probe_ipi(), latency = probe_latency(), zero = probe_zero();
			double chain = probe_chain(), frames;
			size_t front = prepare(how, *arm, bytes);
			struct block block = map_block(*arm, front + bytes);
			volatile uint8_t *base = block.base + front;

			touch(&block, 0, front);
			stamps[0] = begin();
			for (size_t i = 0; i < pages; i++) {
				base[i * PAGE] = 1;
				stamps[i + 1] = end();
			}
			frames = count_frames(&block, front);
			free_block(&block);
			if (kept[0].count)
				take(list_of(*arm), bytes, keeping);
			for (size_t i = 0; i < pages; i++)
				stamps[i] = stamps[i + 1] - stamps[i];
			for (size_t from = 0; from < pages; from += chunk) {
				double mean = 0;

				for (size_t i = from; i < from + chunk; i++)
					mean += (double)stamps[i] / ticks_per_ns / (double)chunk;
				printf("%.4f,%d,%c,%zu,%.1f,%.1f,%.1f,%.2f,%.1f,%.1f,%.1f,%.3f\n", now() - start, round, *arm,
				       from / chunk, median(stamps + from, chunk), mean, ipi, latency, zero, chain,
				       sweep_ns, frames);
			}
		}
	}
	kill(spinner, SIGKILL);
	waitpid(spinner, NULL, 0);
	return 0;
}
