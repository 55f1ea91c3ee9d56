// SPDX-License-Identifier: Apache-2.0
#include "ckernel/cpu.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

int ckernel_gettid(void)
{
	return gettid();
}

int ckernel_thread_usage(struct ckernel_thread_usage *out)
{
	struct rusage usage;

	if (getrusage(RUSAGE_THREAD, &usage))
		return -errno;
	out->minor_faults = usage.ru_minflt;
	out->voluntary_switches = usage.ru_nvcsw;
	out->involuntary_switches = usage.ru_nivcsw;
	return 0;
}

int ckernel_affinity_get(unsigned long *mask, size_t bytes)
{
	long written = syscall(SYS_sched_getaffinity, 0, bytes, mask);

	return written < 0 ? -errno : (int)written;
}

int ckernel_affinity_set(const unsigned long *mask, size_t bytes)
{
	return syscall(SYS_sched_setaffinity, 0, bytes, mask) ? -errno : 0;
}

#if defined(__x86_64__)
#define CPUID_HYPERVISOR_PRESENT (1u << 31)
#define CPUID_HYPERVISOR_LEAF 0x40000000u

int ckernel_hypervisor_signature(char signature[13])
{
	unsigned int eax, ebx, ecx, edx;

	memset(signature, 0, 13);
	__cpuid(1, eax, ebx, ecx, edx);
	if (!(ecx & CPUID_HYPERVISOR_PRESENT))
		return 0;
	/* __get_cpuid() checks against the basic maximum, which says nothing of this range. */
	__cpuid(CPUID_HYPERVISOR_LEAF, eax, ebx, ecx, edx);
	memcpy(signature, &ebx, 4);
	memcpy(signature + 4, &ecx, 4);
	memcpy(signature + 8, &edx, 4);
	if (!signature[0])
		memcpy(signature, "?", 2); /* present, but unnamed: not the same as none */
	return 0;
}
#else
int ckernel_hypervisor_signature(char signature[13])
{
	signature[0] = 0;
	return -ENOTSUP;
}
#endif
