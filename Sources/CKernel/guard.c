// SPDX-License-Identifier: Apache-2.0
#include "ckernel/guard.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t stop_signal;
static volatile sig_atomic_t guard_armed;
static sigjmp_buf guard_return;

static void on_stop(int signal_number)
{
	stop_signal = signal_number;
}

static void on_bus_error(int signal_number)
{
	if (guard_armed) {
		guard_armed = 0;
		siglongjmp(guard_return, 1);
	}
	/* Not ours to survive: die of it, with the status that a shell expects. */
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

int ckernel_signals_install(void)
{
	static const int stops[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { 0 };
	struct sigaction before;
	sigset_t unblocked;

	/* Without SA_RESTART, so that a blocking ioctl (KVM_RUN) returns and the flag is seen. */
	action.sa_flags = SA_RESETHAND;
	action.sa_handler = on_stop;
	sigemptyset(&action.sa_mask);
	sigemptyset(&unblocked);
	for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++) {
		if (sigaction(stops[i], NULL, &before))
			return -errno;
		/* nohup(1) and shells' background jobs mean it. */
		if (before.sa_handler == SIG_IGN)
			continue;
		if (sigaction(stops[i], &action, NULL))
			return -errno;
		sigaddset(&unblocked, stops[i]);
	}
	/* A parent's worker thread may have handed its signal mask down. */
	sigprocmask(SIG_UNBLOCK, &unblocked, NULL);
	action.sa_flags = 0;
	action.sa_handler = on_bus_error;
	if (sigaction(SIGBUS, &action, NULL))
		return -errno;
	/* A reader that went away (`| head`) is a write error with a message, not a silent death. */
	action.sa_handler = SIG_IGN;
	if (sigaction(SIGPIPE, &action, NULL))
		return -errno;
	return 0;
}

int ckernel_signals_pending(void)
{
	return stop_signal;
}

int ckernel_guarded(int (*body)(void *argument), void *argument)
{
	int result;

	/* The mask is saved: SIGBUS is blocked while its handler runs, and the jump must undo that. */
	if (sigsetjmp(guard_return, 1))
		return -EFAULT;
	guard_armed = 1;
	result = body(argument);
	guard_armed = 0;
	return result;
}
