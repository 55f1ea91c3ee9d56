// SPDX-License-Identifier: Apache-2.0
#include "chelpers/bystander.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ckernel/kvm.h"
#include "ckernel/vcpu.h"

#define PAGE 4096

_Static_assert((CHELPERS_BYSTANDER_LENGTHS & (CHELPERS_BYSTANDER_LENGTHS - 1)) == 0, "the guest masks the ring");

/* What a bystander's virtual machine is made of; descriptors are negative and mappings NULL where not there. */
struct machine {
	int kvm;
	int vm;
	int vcpu;
	struct kvm_run *run;
	size_t run_bytes;
	void *scratch;
	struct ckernel_guest guest;
};

static int make(struct machine *machine, struct chelpers_bystander *bystander)
{
	const uint64_t pages = CHELPERS_BYSTANDER_BYTES / PAGE;
	struct ckernel_guest *guest = &machine->guest;
	int error = ckernel_guest_layout(pages, guest);
	void *scratch;

	if (error)
		return error;
	machine->kvm = ckernel_kvm_open();
	if (machine->kvm < 0)
		return machine->kvm;
	machine->vm = ckernel_vm_create(machine->kvm, 0);
	if (machine->vm < 0)
		return machine->vm;
	scratch = mmap(NULL, guest->scratch_bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (scratch == MAP_FAILED)
		return -errno;
	machine->scratch = scratch;
	ckernel_guest_build(guest, pages, scratch);
	error = ckernel_slot(machine->vm, 0, 0, guest->scratch_bytes, scratch);
	if (!error)
		error = ckernel_slot(machine->vm, 1, guest->region_gpa, CHELPERS_BYSTANDER_BYTES, bystander);
	if (error)
		return error;
	machine->vcpu = ckernel_vcpu_create(machine->kvm, machine->vm, 0);
	if (machine->vcpu < 0)
		return machine->vcpu;
	error = ckernel_vcpu_map(machine->kvm, machine->vcpu, &machine->run, &machine->run_bytes);
	return error ? error : ckernel_vcpu_prepare(machine->vcpu, guest);
}

static void drop(const struct machine *machine)
{
	if (machine->run)
		munmap(machine->run, machine->run_bytes);
	if (machine->vcpu >= 0)
		close(machine->vcpu);
	if (machine->vm >= 0)
		close(machine->vm);
	if (machine->kvm >= 0)
		close(machine->kvm);
	if (machine->scratch)
		munmap(machine->scratch, machine->guest.scratch_bytes);
}

/* The region is the shared file. */
static int watch(const struct machine *machine)
{
	uint64_t shared = machine->guest.region_gpa;
	struct ckernel_watch words = {
		.command = shared + offsetof(struct chelpers_bystander, command),
		.acknowledged = shared + offsetof(struct chelpers_bystander, acknowledged),
		.gaps = shared + offsetof(struct chelpers_bystander, counts.gaps),
		.stolen = shared + offsetof(struct chelpers_bystander, counts.stolen),
		.lengths = shared + CHELPERS_BYSTANDER_LENGTHS_OFFSET,
		.ring = CHELPERS_BYSTANDER_LENGTHS,
		.pages = CHELPERS_BYSTANDER_BYTES / PAGE,
		.stay = CHELPERS_BYSTANDER_VCPU,
	};

	return ckernel_vcpu_watch(machine->vcpu, machine->run, &machine->guest, &words);
}

int chelpers_bystander_run_vcpu(struct chelpers_bystander *bystander)
{
	struct machine machine = { .kvm = -1, .vm = -1, .vcpu = -1 };
	int error = make(&machine, bystander);

	if (!error)
		error = watch(&machine);
	drop(&machine);
	return error;
}
