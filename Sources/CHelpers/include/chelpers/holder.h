/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holders are processes that hold memory until they are killed: for what the end of such a process costs. The file
 * behind it is made by the measuring process, which then closes its own: the last reference is the holder's.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum chelpers_held_memory {
	CHELPERS_HELD_ANONYMOUS = 0, /* 4 KiB pages forced */
	CHELPERS_HELD_ANONYMOUS_HUGE = 1,
	CHELPERS_HELD_FILE = 2,
};

/** What a holder says of itself once it holds its memory. */
struct chelpers_holding {
	int32_t result; /* 0, or -errno of what failed: it holds nothing then, and ends */
	uint32_t reserved;
	uint64_t base;	 /* where, in its own address space */
	uint64_t faults; /* minor faults of touching it */
};

/**
 * Starts `program helper holder PARENT MEMORY BYTES TOUCHED`: a process that maps `bytes` of memory, stores one byte
 * into each page of the first `touched` and sleeps. Waits until it does. `file` is what to map, -1 for anonymous
 * memory. The pid, or -errno: then no process is left. It dies with the calling thread.
 */
pid_t chelpers_holder_start(const char *program, enum chelpers_held_memory memory, int file, uint64_t bytes,
			    uint64_t touched, struct chelpers_holding *holding);

/** The holder's own main: descriptor 3 takes its report, 4 is the file. Returns -errno, or does not return. */
int chelpers_holder_main(pid_t parent, enum chelpers_held_memory memory, uint64_t bytes, uint64_t touched);
