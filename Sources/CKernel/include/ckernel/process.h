/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes started of this program itself. posix_spawn shares the address space until the exec and copies nothing: a
 * fork would make resident buffers copy-on-write, and hold the last reference to files.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/** The descriptors that a process is given start here. */
#define CKERNEL_GIVEN_FD 3

/**
 * Starts `program` with `arguments` (the program's name first, NULL last) and `count` descriptors, at most 4, as its
 * numbers from CKERNEL_GIVEN_FD on. It inherits CPU, memory policy and limits. The pid or -errno.
 */
pid_t ckernel_process_spawn(const char *program, char *const arguments[], const int *fds, size_t count);

/**
 * For the process started: it ends with the thread that started it, and not by signals of the terminal, which
 * reach the whole group. 0, or -ESRCH where `parent` is gone already.
 */
int ckernel_process_follow(pid_t parent);

/**
 * The same for a process that has put something of the machine back before it ends: the thread's death is a SIGTERM,
 * for which the handlers of guard.h are there. To be called after they were installed.
 */
int ckernel_process_serve(pid_t parent);

/** Ends a process whatever its state, and reaps it. */
void ckernel_process_end(pid_t pid);

/** Whether a child of this process has not ended; it is not reaped. */
int ckernel_process_lives(pid_t pid);
