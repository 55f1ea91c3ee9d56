/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A forker is a process with large page tables and nothing in them, which forks when it is asked to: what copying page
 * tables costs. The measuring process itself may not fork: that would make its buffers copy-on-write.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "ckernel/clock.h"

struct chelpers_forker {
	pid_t pid;
	int channel; /* the caller's end; whoever closes it ends nothing, that is ckernel_process_end's */
};

/**
 * Starts `program helper forker PARENT TABLES EVERY CLOCK`: a process with `tables` page tables, each for one page of
 * zeros, and before every `every` of them one page of `file` touched, from its start on. It gives that page's memory
 * up once all is laid out, which is waited for. 0 or -errno: then no process is left. It dies with the calling thread.
 */
int chelpers_forker_start(const char *program, int file, size_t tables, size_t every, enum ckernel_clock clock,
			  struct chelpers_forker *forker);

/** Has it fork `times` times, each child ending at once: ticks[n] is one fork to the child's end. 0 or -errno. */
int chelpers_forker_fork(const struct chelpers_forker *forker, size_t times, uint64_t *ticks);

/** The forker's own main: descriptor 3 is its channel, 4 the file. Returns -errno, or 0 once the channel closes. */
int chelpers_forker_main(pid_t parent, size_t tables, size_t every, enum ckernel_clock clock);
