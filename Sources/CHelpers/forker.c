// SPDX-License-Identifier: Apache-2.0
#include "chelpers/forker.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ckernel/guard.h"
#include "ckernel/memory.h"
#include "ckernel/process.h"

#define CHANNEL_FD CKERNEL_GIVEN_FD
#define FILE_FD (CKERNEL_GIVEN_FD + 1)

struct answer {
	int64_t result; /* 0 or -errno */
	uint64_t ticks;
};

static int receive(int channel, void *message, size_t bytes)
{
	ssize_t got;

	do
		got = recv(channel, message, bytes, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	return (size_t)got == bytes ? 0 : -ECHILD;
}

static int answered(int channel, uint64_t *ticks)
{
	struct answer answer;
	int result = receive(channel, &answer, sizeof(answer));

	if (!result)
		result = (int)answer.result;
	if (!result && ticks)
		*ticks = answer.ticks;
	return result;
}

int chelpers_forker_start(const char *program, int file, size_t tables, size_t every, enum ckernel_clock clock,
			  struct chelpers_forker *forker)
{
	char parent_text[16], tables_text[24], every_text[24], clock_text[16];
	char *arguments[] = {
		(char *)program, "helper", "forker", parent_text, tables_text, every_text, clock_text, NULL,
	};
	int channel[2];
	pid_t pid;
	int result;

	snprintf(parent_text, sizeof(parent_text), "%d", (int)getpid());
	snprintf(tables_text, sizeof(tables_text), "%zu", tables);
	snprintf(every_text, sizeof(every_text), "%zu", every);
	snprintf(clock_text, sizeof(clock_text), "%d", (int)clock);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel))
		return -errno;
	pid = ckernel_process_spawn(program, arguments, (int[]){ channel[1], file }, 2);
	close(channel[1]);
	result = pid < 0 ? pid : answered(channel[0], NULL);
	if (result) {
		close(channel[0]);
		if (pid > 0)
			ckernel_process_end(pid);
		return result;
	}
	*forker = (struct chelpers_forker){ pid, channel[0] };
	return 0;
}

int chelpers_forker_fork(const struct chelpers_forker *forker, size_t times, uint64_t *ticks)
{
	for (size_t i = 0; i < times; i++) {
		char request = 0;
		int result;

		if (send(forker->channel, &request, sizeof(request), MSG_NOSIGNAL) != sizeof(request))
			return -errno;
		result = answered(forker->channel, &ticks[i]);
		if (result)
			return result;
	}
	return 0;
}

struct layout {
	uint8_t *between;
	uint8_t *base;
	size_t reach; /* of one page table */
	size_t page_bytes;
	size_t tables;
	size_t every;
};

static int lay(void *argument)
{
	struct layout l = *(struct layout *)argument;

	/* Without one page of its own the kernel would leave the tables out of a copy, to be filled by faults again. */
	*(volatile uint8_t *)l.base = 1;
	for (size_t i = 0; i < l.tables; i++) {
		if (i % l.every == 0)
			*(volatile uint8_t *)(l.between + i / l.every * l.page_bytes) = 1;
		(void)*(volatile uint8_t *)(l.base + i * l.reach);
	}
	return 0;
}

static int lay_out(size_t tables, size_t every)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	/* An entry is 8 bytes, a table a page. */
	size_t reach = page_bytes / 8 * page_bytes;
	size_t between_bytes = (tables + every - 1) / every * page_bytes;
	void *between = mmap(NULL, between_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, FILE_FD, 0);
	/* Never unmapped: the process ends with it. */
	void *mapping = mmap(NULL, (tables + 1) * reach, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint8_t *base;
	int result;

	if (between == MAP_FAILED || mapping == MAP_FAILED)
		return -errno;
	result = ckernel_madvise(mapping, (tables + 1) * reach, MADV_NOHUGEPAGE);
	if (result)
		return result;
	base = (uint8_t *)mapping + (-(uintptr_t)mapping & (reach - 1));
	result = ckernel_guarded(lay, &(struct layout){ between, base, reach, page_bytes, tables, every });
	munmap(between, between_bytes);
	close(FILE_FD);
	return result;
}

static struct answer fork_once(enum ckernel_clock clock)
{
	uint64_t begin = ckernel_clock_begin(clock);
	pid_t pid = fork();
	int result = pid < 0 ? -errno : 0;
	int status = 0;

	if (pid == 0)
		_exit(0);
	while (!result && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			result = -errno;
	if (!result && status)
		result = -ECHILD;
	return (struct answer){ result, ckernel_clock_end(clock) - begin };
}

int chelpers_forker_main(pid_t parent, size_t tables, size_t every, enum ckernel_clock clock)
{
	struct answer answer = { 0, 0 };
	char request;
	/* Memory that the kernel cannot provide is reported, not died of. */
	int result = ckernel_signals_install();

	if (!result)
		result = ckernel_process_follow(parent);
	if (result)
		return result;
	answer.result = lay_out(tables, every);
	for (;;) {
		if (send(CHANNEL_FD, &answer, sizeof(answer), MSG_NOSIGNAL) != (ssize_t)sizeof(answer))
			return -EPIPE;
		if (answer.result)
			return (int)answer.result;
		if (receive(CHANNEL_FD, &request, sizeof(request)))
			return 0;
		answer = fork_once(clock);
	}
}
