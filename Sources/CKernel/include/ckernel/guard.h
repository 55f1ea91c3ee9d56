/* SPDX-License-Identifier: Apache-2.0 */
/* Signals that a measuring process must survive or notice. Handlers only set flags or jump. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/**
 * Installs handlers: SIGINT, SIGTERM and SIGHUP set a flag (a second one ends the process as usual),
 * SIGBUS ends the guarded call that raised it. Returns 0 or -errno.
 */
int ckernel_signals_install(void);

/** The first signal that asked the run to stop, or 0. */
int ckernel_signals_pending(void);

/** Has the signals by which a process ends of itself call ckernel_restore_now first, and gives them back. */
void ckernel_deaths_take(void);
void ckernel_deaths_release(void);

/**
 * Calls body(argument) and returns its result, or -EFAULT when it raised SIGBUS: memory that the kernel
 * promised at mmap and refuses at the fault (memfd_secret past RLIMIT_MEMLOCK, a full node). Not
 * reentrant: one guarded call of a thread at a time.
 */
int ckernel_guarded(int (*body)(void *argument), void *argument);
