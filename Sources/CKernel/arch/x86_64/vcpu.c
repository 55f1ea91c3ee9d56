// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#include "ckernel/vcpu.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PAGE 4096ull
#define ENTRIES 512ull
/* Present, writable, user; accessed and dirty preset, so that KVM need not update the guest's tables. */
#define TABLE_ENTRY 0x27ull
#define LEAF_ENTRY 0x67ull
#define REGION_GPA (1ull << 30)
#define EXIT_PORT 0xf4
#define MAX_CPUID 256
#define FLOOR_LOOKS 10000

extern const uint8_t ckernel_payload_begin[];
extern const uint8_t ckernel_payload_emulated[];
extern const uint8_t ckernel_payload_watch[];
extern const uint8_t ckernel_payload_end[];

static uint64_t round_up(uint64_t value, uint64_t to)
{
	return (value + to - 1) / to * to;
}

static uint64_t divided(uint64_t value, uint64_t by)
{
	return (value + by - 1) / by;
}

int ckernel_guest_supported(void)
{
	return 1;
}

/*
 * Scratch, from its start: PML4, PDPT, then one page directory per GiB used, one page table per 2 MiB
 * used (scratch's own first, the region's after), the program, the warm-up pages, the order table, the log.
 */
struct tables {
	uint64_t directories;
	uint64_t scratch_tables;
	uint64_t region_tables;
};

static struct tables tables_for(uint64_t pages, uint64_t scratch_bytes)
{
	struct tables t;

	t.region_tables = divided(pages, ENTRIES);
	t.scratch_tables = divided(scratch_bytes / PAGE, ENTRIES);
	t.directories = 1 + divided(t.region_tables, ENTRIES);
	return t;
}

int ckernel_guest_layout(uint64_t pages, struct ckernel_guest *guest)
{
	uint64_t data = PAGE + CKERNEL_GUEST_WARM_PAGES * PAGE + round_up(pages * sizeof(uint32_t), PAGE) +
			round_up(pages * sizeof(uint64_t), PAGE);
	uint64_t bytes = data;
	struct tables t;

	/* Tables describe scratch itself, so its size is a fixed point: twice is enough to find it. */
	for (int i = 0; i < 4; i++) {
		t = tables_for(pages, bytes);
		bytes = data + (2 + t.directories + t.scratch_tables + t.region_tables) * PAGE;
	}
	/* PDPT has 512 entries, the first of which is scratch's. */
	if (bytes >= REGION_GPA || t.directories > ENTRIES)
		return -E2BIG;
	guest->upper_tables = 2 + t.directories;
	guest->leaf_tables = t.scratch_tables + t.region_tables;
	guest->scratch_bytes = bytes;
	guest->region_gpa = REGION_GPA;
	guest->program = (guest->upper_tables + guest->leaf_tables) * PAGE;
	guest->warm = guest->program + PAGE;
	guest->order = guest->warm + CKERNEL_GUEST_WARM_PAGES * PAGE;
	guest->log = guest->order + round_up(pages * sizeof(uint32_t), PAGE);
	return 0;
}

void ckernel_guest_build(const struct ckernel_guest *guest, uint64_t pages, void *scratch)
{
	struct tables t = tables_for(pages, guest->scratch_bytes);
	uint64_t *memory = scratch;
	uint64_t *pml4 = memory;
	uint64_t *pdpt = memory + ENTRIES;
	uint64_t *directory = pdpt + ENTRIES;
	uint64_t *scratch_table = directory + t.directories * ENTRIES;
	uint64_t *region_table = scratch_table + t.scratch_tables * ENTRIES;
	uint64_t at = PAGE;

	pml4[0] = at | TABLE_ENTRY;
	for (uint64_t i = 0; i < t.directories; i++)
		pdpt[i] = (at += PAGE) | TABLE_ENTRY;
	for (uint64_t i = 0; i < t.scratch_tables; i++)
		directory[i] = (at += PAGE) | TABLE_ENTRY;
	for (uint64_t i = 0; i < t.region_tables; i++)
		directory[ENTRIES + i] = (at += PAGE) | TABLE_ENTRY;
	for (uint64_t i = 0; i < guest->scratch_bytes / PAGE; i++)
		scratch_table[i] = (i * PAGE) | LEAF_ENTRY;
	for (uint64_t i = 0; i < pages; i++)
		region_table[i] = (guest->region_gpa + i * PAGE) | LEAF_ENTRY;
	memcpy((uint8_t *)scratch + guest->program, ckernel_payload_begin,
	       (size_t)(ckernel_payload_end - ckernel_payload_begin));
}

int ckernel_vcpu_create(int kvm, int vm, unsigned long number)
{
	_Alignas(struct kvm_cpuid2) uint8_t buffer[sizeof(struct kvm_cpuid2) +
						   MAX_CPUID * sizeof(struct kvm_cpuid_entry2)];
	struct kvm_cpuid2 *cpuid = memset(buffer, 0, sizeof(buffer));
	int vcpu = ioctl(vm, KVM_CREATE_VCPU, number);

	if (vcpu < 0)
		return -errno;
	cpuid->nent = MAX_CPUID;
	/* Without a CPUID that has RDTSCP the instruction faults under VMX and SVM. */
	if (ioctl(kvm, KVM_GET_SUPPORTED_CPUID, cpuid) < 0 || ioctl(vcpu, KVM_SET_CPUID2, cpuid) < 0) {
		int error = errno;

		close(vcpu);
		return -error;
	}
	return vcpu;
}

int ckernel_vcpu_prepare(int vcpu, const struct ckernel_guest *guest)
{
	struct kvm_segment code = {
		.limit = 0xffffffff, .selector = 0x33, .type = 11,
		.present = 1, .dpl = 3, .s = 1, .l = 1, .g = 1,
	};
	struct kvm_segment data = {
		.limit = 0xffffffff, .selector = 0x2b, .type = 3,
		.present = 1, .dpl = 3, .db = 1, .s = 1, .g = 1,
	};
	struct kvm_segment task = { .limit = 0x67, .selector = 0x40, .type = 11, .present = 1 };
	struct kvm_segment none = { .unusable = 1 };
	struct kvm_sregs sregs;

	(void)guest;
	if (ioctl(vcpu, KVM_GET_SREGS, &sregs) < 0)
		return -errno;
	sregs.cs = code;
	sregs.ss = data;
	sregs.ds = data;
	sregs.es = data;
	sregs.fs = data;
	sregs.gs = data;
	sregs.tr = task;
	sregs.ldt = none;
	memset(&sregs.gdt, 0, sizeof(sregs.gdt));
	/* No interrupt table: a fault in the guest ends as KVM_EXIT_SHUTDOWN, which is reported. */
	memset(&sregs.idt, 0, sizeof(sregs.idt));
	sregs.cr0 = 0x80050033; /* PG AM WP NE ET MP PE */
	sregs.cr3 = 0;
	sregs.cr4 = 0x20; /* PAE */
	sregs.efer = 0xd01; /* SCE LME LMA NXE */
	return ioctl(vcpu, KVM_SET_SREGS, &sregs) < 0 ? -errno : 0;
}

int ckernel_vcpu_warm(int vcpu, struct kvm_run *run, const struct ckernel_guest *guest, uint64_t pages,
		      void *scratch)
{
	uint32_t *order = (uint32_t *)((uint8_t *)scratch + guest->order);
	uint64_t tables = guest->upper_tables + guest->leaf_tables;
	int result;

	for (uint64_t i = 0; i < tables; i++)
		order[i] = (uint32_t)i;
	/* The byte stored is the one that each table begins with already: its first entry's flags. */
	result = ckernel_vcpu_touch(vcpu, run, guest, 0, guest->upper_tables, TABLE_ENTRY);
	if (!result)
		result = ckernel_vcpu_touch(vcpu, run, guest, guest->upper_tables * PAGE, guest->leaf_tables,
					    LEAF_ENTRY);
	if (result)
		return result;
	/* Last, since under shadow paging a write to a table that is in use drops what was built of it. */
	for (uint64_t i = 0; i < pages; i++)
		order[i] = (uint32_t)(i % CKERNEL_GUEST_WARM_PAGES);
	return ckernel_vcpu_touch(vcpu, run, guest, guest->warm, pages, 1);
}

/* Runs the guest from these registers until it leaves. */
static int run_from(int vcpu, const struct kvm_regs *regs)
{
	if (ioctl(vcpu, KVM_SET_REGS, regs) < 0)
		return -errno;
	return ioctl(vcpu, KVM_RUN, 0) < 0 ? -errno : 0;
}

int ckernel_vcpu_touch(int vcpu, struct kvm_run *run, const struct ckernel_guest *guest, uint64_t base,
		       uint64_t pages, uint8_t value)
{
	struct kvm_regs regs = {
		.rip = guest->program,
		.rbx = base,
		.rsi = guest->order,
		.rdi = guest->log,
		.r8 = pages,
		.r10 = value,
		.rflags = 0x3002, /* IOPL 3 */
	};
	int result = run_from(vcpu, &regs);

	if (result)
		return result;
	if (run->exit_reason != KVM_EXIT_IO || run->io.port != EXIT_PORT)
		return -EPROTO;
	/* KVM completes an `out` at the next entry: enter once without running, or it would be done then. */
	run->immediate_exit = 1;
	if (ioctl(vcpu, KVM_RUN, 0) < 0 && errno != EINTR)
		return -errno;
	run->immediate_exit = 0;
	return 0;
}

int ckernel_vcpu_emulate(int vcpu, struct kvm_run *run, const struct ckernel_guest *guest, uint64_t memory,
			 uint64_t nowhere, uint8_t value)
{
	struct kvm_regs regs = {
		.rip = guest->program + (uint64_t)(ckernel_payload_emulated - ckernel_payload_begin),
		.rbx = memory,
		.rdi = nowhere,
		.r10 = value,
		.rflags = 0x3002, /* IOPL 3 */
	};
	int result = run_from(vcpu, &regs);

	if (result)
		return result;
	if (run->exit_reason != KVM_EXIT_MMIO || run->mmio.phys_addr != nowhere || !run->mmio.is_write)
		return -EPROTO;
	return run->mmio.len == 1 && run->mmio.data[0] == value ? 0 : -EILSEQ;
}

int ckernel_vcpu_watch(int vcpu, const struct kvm_run *run, const struct ckernel_guest *guest,
		       const struct ckernel_watch *watch)
{
	struct kvm_regs regs = {
		.rip = guest->program + (uint64_t)(ckernel_payload_watch - ckernel_payload_begin),
		.rbx = watch->command,
		.r8 = watch->stay,
		.rbp = watch->acknowledged,
		.rcx = watch->gaps,
		.rsi = watch->stolen,
		.rdi = watch->lengths,
		.r9 = watch->ring - 1,
		.r10 = FLOOR_LOOKS,
		.r15 = watch->pages,
		.rflags = 0x3002, /* IOPL 3 */
	};
	int result = run_from(vcpu, &regs);

	/* A signal that is survived (job control, a debugger) only interrupts it. */
	while (result == -EINTR)
		result = ioctl(vcpu, KVM_RUN, 0) < 0 ? -errno : 0;
	if (result)
		return result;
	return run->exit_reason == KVM_EXIT_IO && run->io.port == EXIT_PORT ? 0 : -EPROTO;
}
#endif
