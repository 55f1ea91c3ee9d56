/* SPDX-License-Identifier: Apache-2.0 */
/* Threads of this process that run on one CPU each, for loops that are about several of them. */
#pragma once

#include <pthread.h>

#define MOST_THREADS 1024

/** Starts `body(argument)` in a thread that never runs on another CPU than `cpu`. 0 or -errno. */
int loops_thread_start(pthread_t *thread, int cpu, void *(*body)(void *argument), void *argument);
