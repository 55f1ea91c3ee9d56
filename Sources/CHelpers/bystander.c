// SPDX-License-Identifier: Apache-2.0
#include "chelpers/bystander.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ckernel/probe.h"
#include "ckernel/process.h"

#define CONTROL_FD CKERNEL_GIVEN_FD
#define FLOOR_ROUNDS 100000
/* An interrupt takes a thousand ticks and more, a cache miss on the shared line a few hundred. */
#define THRESHOLD_FLOORS 8
/*
 * A rest now and then, or emulators, which run all CPUs in turns on one thread, would let this one run on
 * until the next tick. Far enough apart not to look like a lock's spin loop to a hypervisor.
 */
#define LOOKS_BETWEEN_PAUSES 8
/* Often enough for the shortest block, and seldom enough not to show in the looks. */
#define LOOKS_BETWEEN_BEATS 64
/* Pages of a walk between two looks: few, so that their misses do not look like a gap. */
#define LOOK_PAGES 8
/* About as much time as a walk takes: a gap falls as often between walks as into one. */
#define LOOKS_BETWEEN_WALKS 64
#define LINE_BYTES 64
#define LINES 64 /* of the smallest page */

_Static_assert(sizeof(struct chelpers_bystander) <= CHELPERS_BYSTANDER_LENGTHS_OFFSET,
	       "the lengths follow the struct");
_Static_assert(CHELPERS_BYSTANDER_BYTES == CHELPERS_BYSTANDER_LENGTHS_OFFSET + 8 * CHELPERS_BYSTANDER_LENGTHS,
	       "and end the file");

static uint32_t load(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void store(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

pid_t chelpers_bystander_spawn(const char *program, int cpu, enum ckernel_clock clock, int control)
{
	char cpu_text[16], clock_text[16], parent_text[16];
	char *arguments[] = { (char *)program, "helper", "bystander", cpu_text, clock_text, parent_text, NULL };

	snprintf(cpu_text, sizeof(cpu_text), "%d", cpu);
	snprintf(clock_text, sizeof(clock_text), "%d", (int)clock);
	snprintf(parent_text, sizeof(parent_text), "%d", (int)getpid());
	return ckernel_process_spawn(program, arguments, &control, 1);
}

/* What lies between two looks at the clock, so long as nothing interrupts. */
struct pace {
	uint64_t floor;
	uint64_t threshold; /* a longer distance is a gap */
};

/* One bystander at work: where its CPU's time goes. */
struct watch {
	struct chelpers_bystander *bystander;
	enum ckernel_clock clock;
	struct pace looking;  /* nothing between two looks */
	struct pace calling;  /* a system call */
	struct pace stepping; /* LOOK_PAGES pages of a walk */
	const uint8_t *pages;
	size_t page_bytes;
	uint64_t last;
};

/* In one place for all states, so that their floors compare. */
static inline uint64_t look(struct watch *watch)
{
	uint64_t now = ckernel_clock_begin(watch->clock);
	uint64_t distance = now - watch->last;

	watch->last = now;
	return distance;
}

static void call(void)
{
	/* Past the C library, which might know the answer. */
	syscall(SYS_getppid);
}

/* Each page at another line, so that they do not compete for one set of the cache. */
static void step(const struct watch *watch, size_t first)
{
	for (size_t page = first; page < first + LOOK_PAGES; page++)
		(void)*(const volatile uint8_t *)(watch->pages + page * watch->page_bytes +
						  page % LINES * LINE_BYTES);
}

static void count_gap(struct watch *watch, uint64_t distance, const struct pace *pace)
{
	struct chelpers_bystander_counts *counts = &watch->bystander->counts;
	uint64_t *lengths = (uint64_t *)((char *)watch->bystander + CHELPERS_BYSTANDER_LENGTHS_OFFSET);
	uint64_t length = distance - pace->floor;
	uint64_t gaps = counts->gaps;

	__atomic_store_n(&lengths[gaps % CHELPERS_BYSTANDER_LENGTHS], length, __ATOMIC_RELAXED);
	__atomic_store_n(&counts->stolen, counts->stolen + length, __ATOMIC_RELAXED);
	/* Whoever sees the count finds the length. */
	__atomic_store_n(&counts->gaps, gaps + 1, __ATOMIC_RELEASE);
}

/* Looks, counts a gap, and says whether there was one. */
static inline int gap(struct watch *watch, const struct pace *pace)
{
	uint64_t distance = look(watch);

	if (distance <= pace->threshold)
		return 0;
	count_gap(watch, distance, pace);
	return 1;
}

static void beat(const struct watch *watch)
{
	struct chelpers_bystander *bystander = watch->bystander;

	__atomic_store_n(&bystander->cpu, sched_getcpu(), __ATOMIC_RELAXED);
	store(&bystander->beats, bystander->beats + 1);
}

static void measure_floors(struct watch *watch)
{
	uint64_t looking = UINT64_MAX, calling = UINT64_MAX, stepping = UINT64_MAX;

	look(watch);
	for (int i = 0; i < FLOOR_ROUNDS; i++) {
		uint64_t distance = look(watch);

		if (distance < looking)
			looking = distance;
	}
	for (int i = 0; i < FLOOR_ROUNDS / 10; i++) {
		uint64_t distance;

		call();
		distance = look(watch);
		if (distance < calling)
			calling = distance;
	}
	for (int i = 0; i < FLOOR_ROUNDS / 10; i++) {
		uint64_t distance;

		step(watch, (size_t)i * LOOK_PAGES % CHELPERS_BYSTANDER_WALK_PAGES);
		distance = look(watch);
		if (distance < stepping)
			stepping = distance;
	}
	watch->looking = (struct pace){ looking, looking * THRESHOLD_FLOORS };
	/* What varies in a call, and the misses of a step, are not to be taken for an interrupt. */
	watch->calling = (struct pace){ calling, 2 * calling + watch->looking.threshold };
	watch->stepping = (struct pace){ stepping, 2 * stepping + 2 * watch->looking.threshold };
}

static void spin(struct watch *watch)
{
	unsigned int looks = 0;

	look(watch);
	while (load(&watch->bystander->command) == CHELPERS_BYSTANDER_SPIN) {
		gap(watch, &watch->looking);
		if (++looks % LOOKS_BETWEEN_PAUSES == 0)
			ckernel_cpu_relax();
		if (looks % LOOKS_BETWEEN_BEATS == 0)
			beat(watch);
	}
}

static void call_on(struct watch *watch)
{
	unsigned int looks = 0;

	look(watch);
	while (load(&watch->bystander->command) == CHELPERS_BYSTANDER_SYSCALL) {
		call();
		gap(watch, &watch->calling);
		if (++looks % LOOKS_BETWEEN_PAUSES == 0) {
			ckernel_cpu_relax();
			beat(watch);
		}
	}
}

/* Ticks of a walk; 0 where a gap fell into it. */
static uint64_t walk_once(struct watch *watch)
{
	uint64_t begin = watch->last;
	int gaps = 0;

	for (size_t page = 0; page < CHELPERS_BYSTANDER_WALK_PAGES; page += LOOK_PAGES) {
		step(watch, page);
		gaps += gap(watch, &watch->stepping);
	}
	return gaps ? 0 : watch->last - begin;
}

static void walk(struct watch *watch)
{
	struct chelpers_bystander_counts *counts = &watch->bystander->counts;
	int is_calm = 0;

	look(watch);
	while (load(&watch->bystander->command) == CHELPERS_BYSTANDER_WALK) {
		uint64_t ticks;
		int gaps = 0;

		for (unsigned int looks = 0; looks < LOOKS_BETWEEN_WALKS && !gaps; looks++) {
			gaps = gap(watch, &watch->looking);
			if (looks % LOOKS_BETWEEN_PAUSES == 0)
				ckernel_cpu_relax();
		}
		ticks = walk_once(watch);
		if (ticks && gaps) {
			__atomic_store_n(&counts->refill_walks, counts->refill_walks + 1, __ATOMIC_RELAXED);
			__atomic_store_n(&counts->refill_ticks, counts->refill_ticks + ticks, __ATOMIC_RELAXED);
		} else if (ticks && is_calm) {
			__atomic_store_n(&counts->calm_walks, counts->calm_walks + 1, __ATOMIC_RELAXED);
			__atomic_store_n(&counts->calm_ticks, counts->calm_ticks + ticks, __ATOMIC_RELAXED);
		}
		/* Once through without a gap, everything is as it was. */
		is_calm = ticks != 0;
		beat(watch);
	}
}

/* It has returned once this process runs there. */
static int pin(int cpu)
{
	cpu_set_t *set = CPU_ALLOC(cpu + 1);
	size_t set_bytes = CPU_ALLOC_SIZE(cpu + 1);
	int result;

	if (!set)
		return -ENOMEM;
	CPU_ZERO_S(set_bytes, set);
	CPU_SET_S(cpu, set_bytes, set);
	result = sched_setaffinity(0, set_bytes, set) ? -errno : 0;
	CPU_FREE(set);
	return result;
}

/* Maps what the bystander works with, and touches it: nothing is to fault later. */
static int prepare(struct watch *watch)
{
	size_t page_bytes = (size_t)getpagesize();
	size_t bytes = CHELPERS_BYSTANDER_WALK_PAGES * page_bytes;
	uint8_t *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED)
		return -errno;
	/* One entry of the TLB would hold a huge page. */
	madvise(pages, bytes, MADV_NOHUGEPAGE);
	memset(pages, 1, bytes);
	watch->pages = pages;
	watch->page_bytes = page_bytes;
	watch->bystander =
		mmap(NULL, CHELPERS_BYSTANDER_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, CONTROL_FD, 0);
	if (watch->bystander == MAP_FAILED)
		return -errno;
	memset((char *)watch->bystander + CHELPERS_BYSTANDER_LENGTHS_OFFSET, 0,
	       CHELPERS_BYSTANDER_BYTES - CHELPERS_BYSTANDER_LENGTHS_OFFSET);
	return 0;
}

int chelpers_bystander_main(int cpu, enum ckernel_clock clock, pid_t parent)
{
	struct watch watch = { .clock = clock };
	int error;

	if (ckernel_process_follow(parent))
		return 0;
	error = pin(cpu);
	if (!error)
		error = prepare(&watch);
	if (error)
		return error;
	/* Where the kernel refuses, the interrupt probe has nobody to interrupt, and says so itself. */
	ckernel_probe_register();
	measure_floors(&watch);
	for (;;) {
		uint32_t command = load(&watch.bystander->command);
		int is_busy = command > CHELPERS_BYSTANDER_IDLE;

		/* A CPU that was offline meanwhile has lost whoever was bound to it. */
		error = is_busy ? pin(cpu) : 0;
		if (error)
			return error;
		if (command == CHELPERS_BYSTANDER_VCPU) {
			error = chelpers_bystander_run_vcpu(watch.bystander);
			if (error)
				return error;
			continue;
		}
		store(&watch.bystander->acknowledged, command);
		switch (command) {
		case CHELPERS_BYSTANDER_EXIT:
			return 0;
		case CHELPERS_BYSTANDER_SPIN:
			spin(&watch);
			break;
		case CHELPERS_BYSTANDER_SYSCALL:
			call_on(&watch);
			break;
		case CHELPERS_BYSTANDER_WALK:
			walk(&watch);
			break;
		default:
			syscall(SYS_futex, &watch.bystander->command, FUTEX_WAIT, command, NULL, NULL, 0);
		}
	}
}

int chelpers_bystander_command(struct chelpers_bystander *bystander, pid_t pid, uint32_t command)
{
	store(&bystander->command, command);
	syscall(SYS_futex, &bystander->command, FUTEX_WAKE, 1, NULL, NULL, 0);
	for (int tries = 0; tries < 50000; tries++) {
		struct timespec pause = { .tv_nsec = 100000 };

		if (load(&bystander->acknowledged) == command)
			return 0;
		if (waitpid(pid, NULL, WNOHANG) != 0)
			return -ESRCH;
		nanosleep(&pause, NULL);
	}
	return -ETIMEDOUT;
}

struct chelpers_bystander_counts chelpers_bystander_read(const struct chelpers_bystander *bystander)
{
	const struct chelpers_bystander_counts *counts = &bystander->counts;

	return (struct chelpers_bystander_counts){
		.gaps = __atomic_load_n(&counts->gaps, __ATOMIC_ACQUIRE),
		.stolen = __atomic_load_n(&counts->stolen, __ATOMIC_RELAXED),
		.calm_walks = __atomic_load_n(&counts->calm_walks, __ATOMIC_RELAXED),
		.calm_ticks = __atomic_load_n(&counts->calm_ticks, __ATOMIC_RELAXED),
		.refill_walks = __atomic_load_n(&counts->refill_walks, __ATOMIC_RELAXED),
		.refill_ticks = __atomic_load_n(&counts->refill_ticks, __ATOMIC_RELAXED),
	};
}

struct chelpers_bystander_beat chelpers_bystander_last_beat(const struct chelpers_bystander *bystander)
{
	return (struct chelpers_bystander_beat){
		.beats = load(&bystander->beats),
		.cpu = __atomic_load_n(&bystander->cpu, __ATOMIC_RELAXED),
	};
}

size_t chelpers_bystander_lengths(const struct chelpers_bystander *bystander, uint64_t from, uint64_t to,
				  uint64_t *lengths)
{
	const uint64_t *ring = (const uint64_t *)((const char *)bystander + CHELPERS_BYSTANDER_LENGTHS_OFFSET);
	size_t count = 0;

	if (to - from > CHELPERS_BYSTANDER_LENGTHS)
		from = to - CHELPERS_BYSTANDER_LENGTHS;
	for (uint64_t gap = from; gap < to; gap++)
		lengths[count++] = __atomic_load_n(&ring[gap % CHELPERS_BYSTANDER_LENGTHS], __ATOMIC_RELAXED);
	return count;
}
