// SPDX-License-Identifier: Apache-2.0
/*
 * For every architecture without a guest program of its own, arm64 among them: guest faults are `unsupported`, with
 * that reason. An architecture that gets one in its folder leaves this condition.
 */
#if !defined(__x86_64__)
#include "ckernel/vcpu.h"

#include <errno.h>

int ckernel_guest_supported(void)
{
	return 0;
}

int ckernel_guest_layout(uint64_t pages, struct ckernel_guest *guest)
{
	(void)pages;
	(void)guest;
	return -ENOTSUP;
}

void ckernel_guest_build(const struct ckernel_guest *guest, uint64_t pages, void *scratch)
{
	(void)guest;
	(void)pages;
	(void)scratch;
}

int ckernel_vcpu_create(int kvm, int vm, unsigned long number)
{
	(void)kvm;
	(void)vm;
	(void)number;
	return -ENOTSUP;
}

int ckernel_vcpu_prepare(int vcpu, const struct ckernel_guest *guest)
{
	(void)vcpu;
	(void)guest;
	return -ENOTSUP;
}

int ckernel_vcpu_warm(int vcpu, struct kvm_run *run, const struct ckernel_guest *guest, uint64_t pages,
		      void *scratch)
{
	(void)vcpu;
	(void)run;
	(void)guest;
	(void)pages;
	(void)scratch;
	return -ENOTSUP;
}

int ckernel_vcpu_touch(int vcpu, struct kvm_run *run, const struct ckernel_guest *guest, uint64_t base,
		       uint64_t pages, uint8_t value)
{
	(void)vcpu;
	(void)run;
	(void)guest;
	(void)base;
	(void)pages;
	(void)value;
	return -ENOTSUP;
}

int ckernel_vcpu_emulate(int vcpu, struct kvm_run *run, const struct ckernel_guest *guest, uint64_t memory,
			 uint64_t nowhere, uint8_t value)
{
	(void)vcpu;
	(void)run;
	(void)guest;
	(void)memory;
	(void)nowhere;
	(void)value;
	return -ENOTSUP;
}

int ckernel_vcpu_watch(int vcpu, const struct kvm_run *run, const struct ckernel_guest *guest,
		       const struct ckernel_watch *watch)
{
	(void)vcpu;
	(void)run;
	(void)guest;
	(void)watch;
	return -ENOTSUP;
}
#endif
