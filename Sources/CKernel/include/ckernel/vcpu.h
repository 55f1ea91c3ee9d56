/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vCPU that touches each page of a region once, in a given order, and logs the ticks of every touch; or has KVM
 * carry one instruction out. It is entered at the lowest privilege of the architecture, so that it runs natively under
 * hardware virtualisation and under PVM alike (under PVM, privileged guest code is emulated and never
 * reaches kvm_gmem_get_pfn).
 *
 * Guest-physical and guest-virtual addresses are the same. Low memory ("scratch") holds page tables, the
 * programs, the order table, the log and a few pages to warm up on; the region under test lies above it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <linux/kvm.h>

struct ckernel_guest {
	/** Bytes of scratch memory to give to ckernel_guest_build. */
	uint64_t scratch_bytes;
	/** Guest address of the region under test. */
	uint64_t region_gpa;
	/** Offsets into scratch memory (and guest addresses). */
	uint64_t program;
	uint64_t order; /* uint32_t per page */
	uint64_t log;	/* uint64_t per page: ticks */
	uint64_t warm;	/* CKERNEL_GUEST_WARM_PAGES pages */
	/** Page-table pages at the start of scratch: those that point to tables, then those that map pages. */
	uint64_t upper_tables;
	uint64_t leaf_tables;
};

#define CKERNEL_GUEST_WARM_PAGES 16

/** 1 where this architecture has a guest program, else 0. */
int ckernel_guest_supported(void);

/** Lays out a guest for a region of `pages` 4 KiB pages. 0, or -ENOTSUP without a guest program. */
int ckernel_guest_layout(uint64_t pages, struct ckernel_guest *guest);

/** Writes page tables and program into scratch memory (zero-filled, scratch_bytes long). */
void ckernel_guest_build(const struct ckernel_guest *guest, uint64_t pages, void *scratch);

/** vCPU `number` of `vm`; its CPUID is what KVM supports. A descriptor or -errno. */
int ckernel_vcpu_create(int kvm, int vm, unsigned long number);

/** Maps the vCPU's kvm_run. 0 or -errno. */
int ckernel_vcpu_map(int kvm, int vcpu, struct kvm_run **run, size_t *bytes);

/** Sets the vCPU's mode: long mode, CPL 3, IOPL 3 (x86). 0 or -errno. */
int ckernel_vcpu_prepare(int vcpu, const struct ckernel_guest *guest);

/**
 * Brings everything that the program needs besides the region under test into KVM's mappings: its page
 * tables, code, order table and log. Otherwise the first touches of the region would fault for those too.
 * Leaves the order table for the caller to fill. Results as of ckernel_vcpu_touch.
 */
int ckernel_vcpu_warm(int vcpu, struct kvm_run *run, const struct ckernel_guest *guest, uint64_t pages,
		      void *scratch);

/**
 * Touches `pages` pages of the guest range at `base`, page order[i] at step i (the table at the guest
 * address `order`), storing `value` into each page's first byte and the ticks into log[i]. Returns 0 when
 * the program ended as it should, -EINTR after a signal, -EPROTO on any other exit (the reason is in
 * run->exit_reason), or -errno.
 */
int ckernel_vcpu_touch(int vcpu, struct kvm_run *run, const struct ckernel_guest *guest, uint64_t base,
		       uint64_t pages, uint8_t value);

/**
 * Lets the guest write one instruction into its page at `memory` and run it there: a copy of a byte, `value`, from
 * that page to the page at `nowhere`, which has no memory. KVM must carry that out itself, and for it reads guest
 * memory by the slot's userspace_addr: the byte, and the instruction too unless the CPU hands it over (AMD's decode
 * assists). Both addresses are mapped by the guest's tables; the vCPU is of no further use. Returns 0 where the
 * byte came out at `nowhere` (KVM_EXIT_MMIO), -EILSEQ where it was another, -EPROTO on any other exit (the reason
 * is in run->exit_reason), or -errno of KVM_RUN.
 */
int ckernel_vcpu_emulate(int vcpu, struct kvm_run *run, const struct ckernel_guest *guest, uint64_t memory,
			 uint64_t nowhere, uint8_t value);

/** What a guest that counts gaps works with: guest addresses of words in the region. */
struct ckernel_watch {
	uint64_t command;      /* uint32_t: it goes on while this is `stay` */
	uint64_t acknowledged; /* uint32_t: takes `stay` once the guest is at work */
	uint64_t gaps;	       /* uint64_t: how many are counted */
	uint64_t stolen;       /* uint64_t: their lengths together, in ticks */
	uint64_t lengths;      /* uint64_t each: the lengths of the latest, a ring */
	uint64_t ring;	       /* lengths that it holds, a power of two */
	uint64_t pages;	       /* that are touched first, from the command's on */
	uint32_t stay;
};

/**
 * Runs the guest that looks at the clock and counts gaps, until the command is another. 0, -EPROTO on an exit of
 * another kind (the reason is in run->exit_reason), or -errno.
 */
int ckernel_vcpu_watch(int vcpu, const struct kvm_run *run, const struct ckernel_guest *guest,
		       const struct ckernel_watch *watch);
