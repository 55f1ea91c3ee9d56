// SPDX-License-Identifier: Apache-2.0
#include "ckernel/guard.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>

#include "ckernel/restore.h"

/* The signals by which a process ends of itself, or is told to without a chance to finish. */
static const int deaths[] = { SIGQUIT, SIGABRT, SIGILL, SIGTRAP, SIGFPE, SIGSEGV };
#define DEATHS (sizeof(deaths) / sizeof(deaths[0]))

static struct sigaction handlers_before[DEATHS];

static volatile sig_atomic_t stop_signal;
/* A thread's own: a fault is delivered to the thread that raised it. */
static _Thread_local volatile sig_atomic_t guard_armed;
static _Thread_local sigjmp_buf guard_return;

static void on_second_stop(int signal_number)
{
	ckernel_restore_now();
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

static void on_stop(int signal_number)
{
	stop_signal = signal_number;
	signal(signal_number, on_second_stop);
}

void ckernel_deaths_release(void)
{
	for (size_t i = 0; i < DEATHS; i++)
		sigaction(deaths[i], &handlers_before[i], NULL);
}

static void on_death(int signal_number)
{
	ckernel_restore_now();
	/*
	 * Whoever handled it before (Swift's backtraces) has it again. That one may return, because a fault would come
	 * again; what was sent from outside does not, and this process shall not go on with the state gone.
	 */
	ckernel_deaths_release();
	raise(signal_number);
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

void ckernel_deaths_take(void)
{
	struct sigaction action = { 0 };

	action.sa_handler = on_death;
	action.sa_flags = SA_NODEFER; /* so that its own raise() arrives */
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < DEATHS; i++) {
		sigaction(deaths[i], NULL, &handlers_before[i]);
		/* As shells' background jobs ignore SIGQUIT. */
		if (handlers_before[i].sa_handler != SIG_IGN)
			sigaction(deaths[i], &action, NULL);
	}
}

static void on_bus_error(int signal_number)
{
	if (guard_armed) {
		guard_armed = 0;
		siglongjmp(guard_return, 1);
	}
	ckernel_restore_now();
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
