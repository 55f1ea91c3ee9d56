// SPDX-License-Identifier: Apache-2.0
/*
 * guest-fault: what a vCPU pays when it meets memory that KVM has not mapped for it.
 *
 * Mechanism: the guest's own loop (CKernel/arch/.../payload.S) stores one byte into each page and logs the
 * ticks of each store; each store exits to KVM, which looks the page up with kvm_gmem_get_pfn, zeroes it,
 * with the flag removes it from the direct map, and maps it for the guest. KVM's own counts (pf_taken,
 * pf_fixed) say whether every page really faulted; a block where they do not is invalid. Here stands only
 * what is timed from the host: KVM_PRE_FAULT_MEMORY.
 *
 * How the figure can mislead: under shadow paging (PVM, npt=0) a fault also builds shadow tables and
 * prefetches neighbours that the host has mapped; kvm-clock and other users of guest memory inside KVM
 * would break on removed pages, so the guest uses none. Pre-faulting in batches shares the system call and its entry
 * into KVM's MMU alone: each page is looked up, removed and flushed by itself, as in a fault.
 */
#include "loops.h"

#include "ckernel/kvm.h"

int loops_pre_fault(int vcpu, uint64_t gpa, uint64_t bytes, uint64_t batch_bytes, enum ckernel_clock clock,
		    uint64_t *stamps)
{
	*stamps = ckernel_clock_begin(clock);
	for (uint64_t first = 0; first < bytes; first += batch_bytes) {
		uint64_t left = bytes - first;
		int result = ckernel_pre_fault(vcpu, gpa + first, left < batch_bytes ? left : batch_bytes);

		if (result)
			return result;
		*++stamps = ckernel_clock_end(clock);
	}
	return 0;
}
