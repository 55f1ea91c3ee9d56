// SPDX-License-Identifier: Apache-2.0
#include "ckernel/kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int result_of(int value)
{
	return value < 0 ? -errno : value;
}

int ckernel_kvm_open(void)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (ioctl(fd, KVM_GET_API_VERSION, 0) != KVM_API_VERSION) {
		close(fd);
		return -EPROTO;
	}
	return fd;
}

int ckernel_vm_create(int kvm, unsigned long type)
{
	return result_of(ioctl(kvm, KVM_CREATE_VM, type));
}

int ckernel_vm_extension(int vm, int capability)
{
	return result_of(ioctl(vm, KVM_CHECK_EXTENSION, capability));
}

int ckernel_vm_exit_on_emulation_failure(int vm)
{
	struct kvm_enable_cap request = { .cap = KVM_CAP_EXIT_ON_EMULATION_FAILURE, .args = { 1 } };

	return result_of(ioctl(vm, KVM_ENABLE_CAP, &request));
}

int ckernel_guest_memfd(int vm, uint64_t bytes, uint64_t flags)
{
	struct kvm_create_guest_memfd request = { .size = bytes, .flags = flags };

	return result_of(ioctl(vm, KVM_CREATE_GUEST_MEMFD, &request));
}

int ckernel_slot(int vm, uint32_t slot, uint64_t gpa, uint64_t bytes, void *userspace)
{
	struct kvm_userspace_memory_region request = {
		.slot = slot,
		.guest_phys_addr = gpa,
		.memory_size = bytes,
		.userspace_addr = (uintptr_t)userspace,
	};

	return result_of(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &request));
}

int ckernel_slot_guest_memfd(int vm, uint32_t slot, uint64_t gpa, uint64_t bytes, void *userspace,
			     int memfd)
{
	struct kvm_userspace_memory_region2 request = {
		.slot = slot,
		.flags = KVM_MEM_GUEST_MEMFD,
		.guest_phys_addr = gpa,
		.memory_size = bytes,
		.userspace_addr = (uintptr_t)userspace,
		.guest_memfd = (uint32_t)memfd,
	};

	return result_of(ioctl(vm, KVM_SET_USER_MEMORY_REGION2, &request));
}

int ckernel_make_private(int vm, uint64_t gpa, uint64_t bytes)
{
	struct kvm_memory_attributes request = {
		.address = gpa,
		.size = bytes,
		.attributes = KVM_MEMORY_ATTRIBUTE_PRIVATE,
	};

	return result_of(ioctl(vm, KVM_SET_MEMORY_ATTRIBUTES, &request));
}

int ckernel_pre_fault(int vcpu, uint64_t gpa, uint64_t bytes)
{
	struct kvm_pre_fault_memory request = { .gpa = gpa, .size = bytes };

	/* The kernel advances gpa and size; a signal or a reschedule makes it return early. */
	while (request.size) {
		if (ioctl(vcpu, KVM_PRE_FAULT_MEMORY, &request) < 0 && errno != EAGAIN)
			return -errno;
	}
	return 0;
}

int ckernel_stats_open(int fd)
{
	return result_of(ioctl(fd, KVM_GET_STATS_FD, 0));
}

int64_t ckernel_stats_offset(int stats, const char *name)
{
	struct kvm_stats_header header;
	unsigned char buffer[sizeof(struct kvm_stats_desc) + 256];
	struct kvm_stats_desc *desc = (struct kvm_stats_desc *)buffer;
	size_t stride;

	if (pread(stats, &header, sizeof(header), 0) != (ssize_t)sizeof(header))
		return -EIO;
	stride = sizeof(*desc) + header.name_size;
	if (stride > sizeof(buffer))
		return -EOVERFLOW;
	for (uint32_t i = 0; i < header.num_desc; i++) {
		if (pread(stats, buffer, stride, header.desc_offset + (off_t)(i * stride)) !=
		    (ssize_t)stride)
			return -EIO;
		if (!strncmp(desc->name, name, header.name_size))
			return (int64_t)header.data_offset + desc->offset;
	}
	return -ENOENT;
}

int ckernel_stats_read(int stats, int64_t offset, uint64_t *value)
{
	ssize_t got = pread(stats, value, sizeof(*value), offset);

	if (got < 0)
		return -errno;
	return got == (ssize_t)sizeof(*value) ? 0 : -EIO;
}
