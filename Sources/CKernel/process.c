// SPDX-License-Identifier: Apache-2.0
#include "ckernel/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_GIVEN 4

extern char **environ;

pid_t ckernel_process_spawn(const char *program, char *const arguments[], const int *fds, size_t count)
{
	posix_spawn_file_actions_t actions;
	int copies[MOST_GIVEN];
	size_t copied = 0;
	int error = count > MOST_GIVEN ? E2BIG : 0;
	pid_t pid = -1;

	/* Out of the way of the numbers that they get: one dup2 may not overwrite what the next one takes. */
	while (copied < count && !error) {
		copies[copied] = fcntl(fds[copied], F_DUPFD_CLOEXEC, CKERNEL_GIVEN_FD + MOST_GIVEN);
		if (copies[copied] < 0)
			error = errno;
		else
			copied++;
	}
	posix_spawn_file_actions_init(&actions);
	for (size_t i = 0; i < copied && !error; i++)
		error = posix_spawn_file_actions_adddup2(&actions, copies[i], CKERNEL_GIVEN_FD + (int)i);
	if (!error)
		error = posix_spawn(&pid, program, &actions, NULL, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	while (copied > 0)
		close(copies[--copied]);
	return error ? -error : pid;
}

int ckernel_process_follow(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	/* No signal comes of a death before that. */
	return getppid() == parent ? 0 : -ESRCH;
}

int ckernel_process_serve(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	return getppid() == parent ? 0 : -ESRCH;
}

void ckernel_process_end(pid_t pid)
{
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

int ckernel_process_lives(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	/* Not reaped: whoever owns the process does that. */
	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}
