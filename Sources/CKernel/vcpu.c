// SPDX-License-Identifier: Apache-2.0
#include "ckernel/vcpu.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

int ckernel_vcpu_map(int kvm, int vcpu, struct kvm_run **run, size_t *bytes)
{
	int size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	void *base;

	if (size < 0)
		return -errno;
	base = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	if (base == MAP_FAILED)
		return -errno;
	*run = base;
	*bytes = (size_t)size;
	return 0;
}
