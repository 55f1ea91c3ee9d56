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

/**
 * From now on, a signal that ends this process (a second Ctrl-C, a crash; SIGKILL cannot be) first writes
 * `bytes` to the file `path`, or removes the empty folder `path` where count is 0: a state of the machine that must
 * not outlive us. Of several armed in a row, the last goes first. Path and bytes are copied: at most 127 and 160.
 * Returns a number for ckernel_restore_disarm, -EINVAL for longer ones, or -ENOSPC while 1024 states are armed.
 */
int ckernel_restore_arm(const char *path, const void *bytes, size_t count);

/** Whoever armed it has put the state back himself. */
void ckernel_restore_disarm(int slot);

/**
 * Calls body(argument) and returns its result, or -EFAULT when it raised SIGBUS: memory that the kernel
 * promised at mmap and refuses at the fault (memfd_secret past RLIMIT_MEMLOCK, a full node). Not
 * reentrant: one guarded call of a thread at a time.
 */
int ckernel_guarded(int (*body)(void *argument), void *argument);
