// SPDX-License-Identifier: Apache-2.0
#include "ckernel/companion.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ckernel/process.h"

#define CONTROL_FD CKERNEL_GIVEN_FD
#define FLOOR_ROUNDS 100000
/* An interrupt takes a thousand ticks and more, a cache miss on the shared line a few hundred. */
#define THRESHOLD_FLOORS 8
/*
 * A rest now and then, or emulators, which run all CPUs in turns on one thread, would let this one run on
 * until the next tick. Far enough apart not to look like a lock's spin loop to a hypervisor.
 */
#define READS_BETWEEN_PAUSES 8

static uint32_t load(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void store(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

pid_t ckernel_companion_spawn(const char *program, int cpu, enum ckernel_clock clock, int control)
{
	char cpu_text[16], clock_text[16], parent_text[16];
	char *arguments[] = { (char *)program, "companion", cpu_text, clock_text, parent_text, NULL };

	snprintf(cpu_text, sizeof(cpu_text), "%d", cpu);
	snprintf(clock_text, sizeof(clock_text), "%d", (int)clock);
	snprintf(parent_text, sizeof(parent_text), "%d", (int)getpid());
	return ckernel_process_spawn(program, arguments, &control, 1);
}

static void measure_floor(struct ckernel_companion *companion, enum ckernel_clock clock)
{
	uint64_t least = UINT64_MAX;
	uint64_t last = ckernel_clock_begin(clock);

	for (int i = 0; i < FLOOR_ROUNDS; i++) {
		uint64_t now = ckernel_clock_begin(clock);

		if (now - last < least)
			least = now - last;
		last = now;
	}
	companion->floor = least;
	companion->threshold = least * THRESHOLD_FLOORS;
}

static void spin(struct ckernel_companion *companion, enum ckernel_clock clock)
{
	uint64_t threshold = companion->threshold;
	uint64_t last = ckernel_clock_begin(clock);
	unsigned int reads = 0;

	while (load(&companion->command) == CKERNEL_COMPANION_SPIN) {
		uint64_t now = ckernel_clock_begin(clock);
		uint64_t distance = now - last;

		if (distance > threshold) {
			__atomic_store_n(&companion->stolen,
					 companion->stolen + distance - companion->floor,
					 __ATOMIC_RELAXED);
			__atomic_store_n(&companion->gaps, companion->gaps + 1, __ATOMIC_RELAXED);
		}
		last = now;
		if (++reads % READS_BETWEEN_PAUSES == 0)
			ckernel_cpu_relax();
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

int ckernel_companion_main(int cpu, enum ckernel_clock clock, pid_t parent)
{
	struct ckernel_companion *companion;
	int error;

	if (ckernel_process_follow(parent))
		return 0;
	error = pin(cpu);
	if (error)
		return error;
	companion = mmap(NULL, CKERNEL_COMPANION_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, CONTROL_FD, 0);
	if (companion == MAP_FAILED)
		return -errno;
	measure_floor(companion, clock);
	for (;;) {
		uint32_t command = load(&companion->command);

		/* A CPU that was offline meanwhile has lost whoever was bound to it. */
		error = command == CKERNEL_COMPANION_SPIN ? pin(cpu) : 0;
		if (error)
			return error;
		store(&companion->acknowledged, command);
		if (command == CKERNEL_COMPANION_EXIT)
			return 0;
		if (command == CKERNEL_COMPANION_SPIN)
			spin(companion, clock);
		else
			syscall(SYS_futex, &companion->command, FUTEX_WAIT, command, NULL, NULL, 0);
	}
}

int ckernel_companion_command(struct ckernel_companion *companion, pid_t pid, uint32_t command)
{
	store(&companion->command, command);
	syscall(SYS_futex, &companion->command, FUTEX_WAKE, 1, NULL, NULL, 0);
	for (int tries = 0; tries < 50000; tries++) {
		struct timespec pause = { .tv_nsec = 100000 };

		if (load(&companion->acknowledged) == command)
			return 0;
		if (waitpid(pid, NULL, WNOHANG) != 0)
			return -ESRCH;
		nanosleep(&pause, NULL);
	}
	return -ETIMEDOUT;
}

void ckernel_companion_read(const struct ckernel_companion *companion, uint64_t *gaps, uint64_t *stolen)
{
	*gaps = __atomic_load_n(&companion->gaps, __ATOMIC_RELAXED);
	*stolen = __atomic_load_n(&companion->stolen, __ATOMIC_RELAXED);
}
