/* SPDX-License-Identifier: Apache-2.0 */
/*
 * KVM: the guest_memfd ABI that distributions' headers lack, and thin calls around the ioctls.
 * Numbers and layouts are those of Linux 7.3's include/uapi/linux/kvm.h.
 */
#pragma once

#include <linux/ioctl.h>
#include <linux/kvm.h>
#include <stddef.h>
#include <stdint.h>

/* Linux 6.8: guest_memfd, memory attributes, VM types. */
#ifndef KVM_SET_USER_MEMORY_REGION2
struct kvm_userspace_memory_region2 {
	__u32 slot;
	__u32 flags;
	__u64 guest_phys_addr;
	__u64 memory_size;
	__u64 userspace_addr;
	__u64 guest_memfd_offset;
	__u32 guest_memfd;
	__u32 pad1;
	__u64 pad2[14];
};
#define KVM_SET_USER_MEMORY_REGION2 _IOW(KVMIO, 0x49, struct kvm_userspace_memory_region2)
#define KVM_MEM_GUEST_MEMFD (1UL << 2)
#endif
#ifndef KVM_CREATE_GUEST_MEMFD
struct kvm_create_guest_memfd {
	__u64 size;
	__u64 flags;
	__u64 reserved[6];
};
#define KVM_CREATE_GUEST_MEMFD _IOWR(KVMIO, 0xd4, struct kvm_create_guest_memfd)
#endif
#ifndef KVM_SET_MEMORY_ATTRIBUTES
struct kvm_memory_attributes {
	__u64 address;
	__u64 size;
	__u64 attributes;
	__u64 flags;
};
#define KVM_SET_MEMORY_ATTRIBUTES _IOW(KVMIO, 0xd2, struct kvm_memory_attributes)
#define KVM_MEMORY_ATTRIBUTE_PRIVATE (1ULL << 3)
#endif
/* Linux 6.11. */
#ifndef KVM_PRE_FAULT_MEMORY
struct kvm_pre_fault_memory {
	__u64 gpa;
	__u64 size;
	__u64 flags;
	__u64 padding[5];
};
#define KVM_PRE_FAULT_MEMORY _IOWR(KVMIO, 0xd5, struct kvm_pre_fault_memory)
#endif
#ifndef KVM_CAP_MEMORY_ATTRIBUTES
#define KVM_CAP_MEMORY_ATTRIBUTES 233
#endif
#ifndef KVM_CAP_GUEST_MEMFD
#define KVM_CAP_GUEST_MEMFD 234
#endif
#ifndef KVM_CAP_VM_TYPES
#define KVM_CAP_VM_TYPES 235
#endif
#ifndef KVM_CAP_PRE_FAULT_MEMORY
#define KVM_CAP_PRE_FAULT_MEMORY 236
#endif
/* Linux 6.18: a bitmap. In the v5 to v7 series the same number was a boolean (GuestMemory/Dialect.swift). */
#ifndef KVM_CAP_GUEST_MEMFD_FLAGS
#define KVM_CAP_GUEST_MEMFD_FLAGS 244
#endif
#ifndef KVM_X86_SW_PROTECTED_VM
#define KVM_X86_SW_PROTECTED_VM 1
#endif

_Static_assert(sizeof(struct kvm_userspace_memory_region2) == 160, "kvm_userspace_memory_region2");
_Static_assert(sizeof(struct kvm_create_guest_memfd) == 64, "kvm_create_guest_memfd");
_Static_assert(sizeof(struct kvm_memory_attributes) == 32, "kvm_memory_attributes");
_Static_assert(sizeof(struct kvm_pre_fault_memory) == 64, "kvm_pre_fault_memory");

/* The capability's number is all that v5 to v7 share with later postings: on arm64 mainline it is
 * KVM_CAP_ARM_SEA_TO_USER. */
#define CKERNEL_CAP_V7_NO_DIRECT_MAP 245

/** Opens /dev/kvm and checks the API version. A descriptor or -errno (-EPROTO: another API version). */
int ckernel_kvm_open(void);

/** A VM of `type` (0: the default type). A descriptor or -errno. */
int ckernel_vm_create(int kvm, unsigned long type);

/**
 * KVM_CHECK_EXTENSION on a VM descriptor (the system descriptor over-reports for guest_memfd's flags).
 * The answer (>= 0) or -errno.
 */
int ckernel_vm_extension(int vm, int capability);

/**
 * From now on, an instruction that KVM cannot emulate ends KVM_RUN (KVM_EXIT_INTERNAL_ERROR) and is not the guest's
 * own fault. 0, or -EINVAL before Linux 5.14 and off x86.
 */
int ckernel_vm_exit_on_emulation_failure(int vm);

/** A guest_memfd of `bytes` with `flags`. A descriptor or -errno. */
int ckernel_guest_memfd(int vm, uint64_t bytes, uint64_t flags);

/** Ordinary memory at guest-physical `gpa`. bytes = 0 deletes the slot. 0 or -errno. */
int ckernel_slot(int vm, uint32_t slot, uint64_t gpa, uint64_t bytes, void *userspace);

/**
 * guest_memfd memory at `gpa`. `userspace` is where KVM itself would read guest memory; it may be
 * unpopulated, since faults take their pages from `memfd`. 0 or -errno.
 */
int ckernel_slot_guest_memfd(int vm, uint32_t slot, uint64_t gpa, uint64_t bytes, void *userspace,
			     int memfd);

/** Makes [gpa, gpa + bytes) private: guest faults there go to the guest_memfd alone. 0 or -errno. */
int ckernel_make_private(int vm, uint64_t gpa, uint64_t bytes);

/**
 * KVM_PRE_FAULT_MEMORY over [gpa, gpa + bytes), repeated until the whole range is mapped. 0 or -errno.
 * The kernel asks for as many calls as it likes; the caller times them as one.
 */
int ckernel_pre_fault(int vcpu, uint64_t gpa, uint64_t bytes);

/** The binary stats of a VM or vCPU descriptor (KVM_GET_STATS_FD). A descriptor or -errno. */
int ckernel_stats_open(int fd);

/** Where the value called `name` lies in the stats file. An offset or -errno (-ENOENT: no such value). */
int64_t ckernel_stats_offset(int stats, const char *name);

/** The value at `offset`. 0 or -errno. */
int ckernel_stats_read(int stats, int64_t offset, uint64_t *value);
