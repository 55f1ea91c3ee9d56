// SPDX-License-Identifier: Apache-2.0
#include "ckernel/restore.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ckernel/guard.h"
#include "ckernel/process.h"

/* One state for each CPU that is offline, and a few more. */
#define STATES 1024
#define CONTENT_BYTES 160
#define SUFFIX ".journal"

struct state {
	volatile sig_atomic_t armed;
	unsigned int count;
	char path[CKERNEL_RESTORE_PATH_BYTES];
	char bytes[CONTENT_BYTES];
};

#define JOURNAL_BYTES (STATES * sizeof(struct state))

static struct state own[STATES];
/* Ours, or the journal's. */
static struct state *states = own;
static int armed_states;
static pthread_mutex_t arming = PTHREAD_MUTEX_INITIALIZER;
static char journal_folder[CKERNEL_RESTORE_PATH_BYTES];
static char guardian_program[4096];

/* All that these two call is async-signal-safe. A failure has nobody left to be told to. */
static void put_back(const struct state *state)
{
	ssize_t written;
	int fd;

	if (!state->count) {
		rmdir(state->path);
		return;
	}
	fd = open(state->path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	written = write(fd, state->bytes, state->count);
	(void)written;
	close(fd);
}

/* How many were armed. */
static int put_all_back(struct state *table)
{
	int count = 0;

	for (size_t i = STATES; i-- > 0;)
		if (table[i].armed) {
			put_back(&table[i]);
			table[i].armed = 0;
			count++;
		}
	return count;
}

void ckernel_restore_now(void)
{
	put_all_back(states);
}

void ckernel_restore_keep(const char *folder, const char *program)
{
	if (strlen(folder) >= sizeof(journal_folder) || strlen(program) >= sizeof(guardian_program))
		return;
	strcpy(journal_folder, folder);
	strcpy(guardian_program, program);
}

/* The file, locked and of its full size; `how` is LOCK_EX, and LOCK_NB where nobody shall wait. -1 without it. */
static int open_journal(const char *path, int flags, int how)
{
	struct stat open_file, named_file;
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);

	if (fd < 0)
		return -1;
	while (flock(fd, how))
		if (errno != EINTR)
			goto failed;
	/* Not one that was removed while we waited, nor what somebody else put there. */
	if (fstat(fd, &open_file) || stat(path, &named_file) || open_file.st_ino != named_file.st_ino ||
	    open_file.st_uid != geteuid() || !S_ISREG(open_file.st_mode))
		goto failed;
	if (open_file.st_size != (off_t)JOURNAL_BYTES && (!(flags & O_CREAT) || ftruncate(fd, JOURNAL_BYTES)))
		goto failed;
	return fd;
failed:
	close(fd);
	return -1;
}

static struct state *map_journal(int fd)
{
	struct state *table = mmap(NULL, JOURNAL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return table == MAP_FAILED ? NULL : table;
}

/* Undoes what a journal names, whose process is gone, and removes it. The descriptor is closed. */
static int finish(const char *path, int fd, char last[CKERNEL_RESTORE_PATH_BYTES])
{
	struct state *table = map_journal(fd);
	int count = 0;

	if (table) {
		for (size_t i = 0; i < STATES && last; i++)
			if (table[i].armed)
				snprintf(last, CKERNEL_RESTORE_PATH_BYTES, "%.*s", CKERNEL_RESTORE_PATH_BYTES - 1,
					 table[i].path);
		count = put_all_back(table);
		munmap(table, JOURNAL_BYTES);
	}
	unlink(path);
	close(fd);
	return count;
}

/* Once, before the first change: from then on the states are the journal's. Its descriptor stays open for the lock. */
static void begin_journal(void)
{
	char path[CKERNEL_RESTORE_PATH_BYTES + 32];
	char *arguments[] = { guardian_program, "helper", "guardian", path, NULL };
	struct state *table;
	int fd;

	if (!*journal_folder || states != own)
		return;
	if (mkdir(journal_folder, 0700) && errno != EEXIST)
		return;
	snprintf(path, sizeof(path), "%s/%d" SUFFIX, journal_folder, (int)getpid());
	fd = open_journal(path, O_CREAT, LOCK_EX | LOCK_NB);
	if (fd < 0)
		return;
	table = map_journal(fd);
	if (!table) {
		close(fd);
		return;
	}
	/* Of a process that had our number and was killed. */
	put_all_back(table);
	states = table;
	ckernel_process_spawn(guardian_program, arguments, NULL, 0);
}

int ckernel_restore_arm(const char *path, const void *bytes, size_t count)
{
	int slot = 0;

	if (strlen(path) >= CKERNEL_RESTORE_PATH_BYTES || count > CONTENT_BYTES)
		return -EINVAL;
	pthread_mutex_lock(&arming);
	if (!armed_states)
		begin_journal();
	while (slot < STATES && states[slot].armed)
		slot++;
	if (slot < STATES) {
		strcpy(states[slot].path, path);
		states[slot].count = (unsigned int)count;
		if (count)
			memcpy(states[slot].bytes, bytes, count);
		if (!armed_states++)
			ckernel_deaths_take();
		states[slot].armed = 1;
	}
	pthread_mutex_unlock(&arming);
	return slot < STATES ? slot : -ENOSPC;
}

void ckernel_restore_disarm(int slot)
{
	pthread_mutex_lock(&arming);
	states[slot].armed = 0;
	if (!--armed_states)
		ckernel_deaths_release();
	pthread_mutex_unlock(&arming);
}

int ckernel_restore_recover(const char *folder, char last[CKERNEL_RESTORE_PATH_BYTES])
{
	DIR *directory = opendir(folder);
	struct dirent *entry;
	int count = 0;

	if (!directory)
		return 0;
	while ((entry = readdir(directory))) {
		size_t length = strlen(entry->d_name);
		char path[CKERNEL_RESTORE_PATH_BYTES + sizeof(entry->d_name)];
		int fd;

		if (length < sizeof(SUFFIX) || strcmp(entry->d_name + length - strlen(SUFFIX), SUFFIX))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		/* Locked is a run that goes on, or one whose guardian is at it. */
		fd = open_journal(path, 0, LOCK_EX | LOCK_NB);
		if (fd >= 0)
			count += finish(path, fd, last);
	}
	closedir(directory);
	return count;
}

int ckernel_guardian_main(const char *journal)
{
	int fd;

	/* What ends the run from a terminal shall not end the guardian first. */
	setsid();
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	fd = open_journal(journal, 0, LOCK_EX);
	if (fd >= 0)
		finish(journal, fd, NULL);
	return 0;
}
