/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/** The calling thread's kernel id: glibc's gettid() is not visible to Swift. */
int ckernel_gettid(void);

/** What getrusage(RUSAGE_THREAD) says of the calling thread, in events since the thread began. */
struct ckernel_thread_usage {
	int64_t minor_faults;
	int64_t voluntary_switches;
	int64_t involuntary_switches;
};

/** Fills `out`. Returns 0 or -errno; `out` is untouched on failure. Allocates nothing. */
int ckernel_thread_usage(struct ckernel_thread_usage *out);

/**
 * The calling thread's CPU mask, bit n of word n / (bits per long) for CPU n.
 * Raw system call: cpu_set_t ends at 1,024 CPUs and its macros are not visible to Swift.
 * Returns the number of bytes that the kernel wrote, or -errno (-EINVAL: `bytes` is too small
 * for this kernel's nr_cpu_ids; try a larger mask).
 */
int ckernel_affinity_get(unsigned long *mask, size_t bytes);

/** Sets the calling thread's CPU mask. Returns 0 or -errno. */
int ckernel_affinity_set(const unsigned long *mask, size_t bytes);

/**
 * The hypervisor's 12-byte signature from cpuid leaf 0x40000000, NUL-terminated.
 * Returns 0; an empty string means that the CPU reports no hypervisor (leaf 1, ECX bit 31 clear).
 * -ENOTSUP on architectures without cpuid.
 */
int ckernel_hypervisor_signature(char signature[13]);
