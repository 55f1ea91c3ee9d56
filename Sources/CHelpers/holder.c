// SPDX-License-Identifier: Apache-2.0
#include "chelpers/holder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ckernel/cpu.h"
#include "ckernel/guard.h"
#include "ckernel/memory.h"
#include "ckernel/process.h"

#define REPORT_FD CKERNEL_GIVEN_FD
#define FILE_FD (CKERNEL_GIVEN_FD + 1)
#define HUGE_PAGE_BYTES ((uint64_t)2 << 20)

static int read_whole(int fd, void *buffer, size_t bytes)
{
	ssize_t got;

	/* So little arrives in one piece or, where the writer died before, not at all. */
	do
		got = read(fd, buffer, bytes);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	return (size_t)got == bytes ? 0 : -ECHILD;
}

pid_t chelpers_holder_start(const char *program, enum chelpers_held_memory memory, int file, uint64_t bytes,
			    uint64_t touched, struct chelpers_holding *holding)
{
	char parent_text[16], memory_text[16], bytes_text[24], touched_text[24];
	char *arguments[] = {
		(char *)program, "helper", "holder", parent_text, memory_text, bytes_text, touched_text, NULL,
	};
	int report[2];
	pid_t pid;
	int result;

	snprintf(parent_text, sizeof(parent_text), "%d", (int)getpid());
	snprintf(memory_text, sizeof(memory_text), "%d", (int)memory);
	snprintf(bytes_text, sizeof(bytes_text), "%" PRIu64, bytes);
	snprintf(touched_text, sizeof(touched_text), "%" PRIu64, touched);
	if (pipe2(report, O_CLOEXEC))
		return -errno;
	pid = ckernel_process_spawn(program, arguments, (int[]){ report[1], file }, file < 0 ? 1 : 2);
	close(report[1]);
	if (pid < 0) {
		close(report[0]);
		return pid;
	}
	result = read_whole(report[0], holding, sizeof(*holding));
	close(report[0]);
	if (!result)
		result = holding->result;
	if (!result)
		return pid;
	ckernel_process_end(pid);
	return result;
}

static int map(enum chelpers_held_memory memory, uint64_t bytes, uint8_t **base)
{
	int flags = memory == CHELPERS_HELD_FILE ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS;
	int file = memory == CHELPERS_HELD_FILE ? FILE_FD : -1;
	uint64_t spare = memory == CHELPERS_HELD_ANONYMOUS_HUGE ? HUGE_PAGE_BYTES : 0;
	void *mapping = mmap(NULL, bytes + spare, PROT_READ | PROT_WRITE, flags, file, 0);

	if (mapping == MAP_FAILED)
		return -errno;
	*base = mapping;
	if (memory == CHELPERS_HELD_FILE)
		return 0;
	if (memory == CHELPERS_HELD_ANONYMOUS)
		return ckernel_madvise(*base, bytes, MADV_NOHUGEPAGE);
	*base += -(uintptr_t)mapping & (HUGE_PAGE_BYTES - 1);
	return ckernel_madvise(*base, bytes, MADV_HUGEPAGE);
}

static int hold(enum chelpers_held_memory memory, uint64_t bytes, uint64_t touched,
		struct chelpers_holding *holding)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	struct ckernel_thread_usage before, after;
	uint8_t *base = NULL;
	int result = map(memory, bytes, &base);

	if (!result)
		result = ckernel_thread_usage(&before);
	if (!result)
		result = ckernel_touch(base, page_bytes, touched / page_bytes);
	if (!result)
		result = ckernel_thread_usage(&after);
	if (result)
		return result;
	holding->base = (uintptr_t)base;
	holding->faults = (uint64_t)(after.minor_faults - before.minor_faults);
	return 0;
}

int chelpers_holder_main(pid_t parent, enum chelpers_held_memory memory, uint64_t bytes, uint64_t touched)
{
	struct chelpers_holding holding = { 0 };
	/* Memory that the kernel cannot provide is reported, not died of. */
	int result = ckernel_signals_install();

	if (!result)
		result = ckernel_process_follow(parent);
	if (result)
		return result;
	holding.result = hold(memory, bytes, touched, &holding);
	if (write(REPORT_FD, &holding, sizeof(holding)) != (ssize_t)sizeof(holding))
		return -EPIPE;
	if (holding.result)
		return holding.result;
	for (;;)
		pause();
}
