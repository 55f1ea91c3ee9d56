/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's programs. The first touches pages. Registers at entry (set by ckernel_vcpu_touch):
 *   rbx  base of the range      rsi  order table (uint32_t per page)
 *   rdi  log (uint64_t ticks)   r8   number of pages     r10b  byte to store
 * It runs at CPL 3 with IOPL 3, so that the final `out` leaves to the host without a fault.
 */
#if defined(__x86_64__)
	.section .rodata
	.globl	ckernel_payload_begin
	.globl	ckernel_payload_emulated
	.globl	ckernel_payload_watch
	.globl	ckernel_payload_end
	.hidden	ckernel_payload_begin
	.hidden	ckernel_payload_emulated
	.hidden	ckernel_payload_watch
	.hidden	ckernel_payload_end
ckernel_payload_begin:
	xorl	%r9d, %r9d
1:	movl	(%rsi,%r9,4), %r11d
	shlq	$12, %r11
	addq	%rbx, %r11
	lfence
	rdtsc
	shlq	$32, %rdx
	orq	%rdx, %rax
	movq	%rax, %r12
	lfence
	movb	%r10b, (%r11)
	rdtscp
	lfence
	shlq	$32, %rdx
	orq	%rdx, %rax
	subq	%r12, %rax
	movq	%rax, (%rdi,%r9,8)
	incq	%r9
	cmpq	%r8, %r9
	jb	1b
	outb	%al, $0xf4
	ud2
/*
 * A second program, whose last instruction KVM has to carry out itself. Registers at entry (set by
 * ckernel_vcpu_emulate):
 *   rbx  memory under test      rdi  an address without memory      r10b  byte to store
 * It writes that instruction and the byte into the memory and goes there: to `movsb`, from memory to where there is
 * none, for which KVM reads instruction and byte as it reads any guest memory.
 */
ckernel_payload_emulated:
	movl	$0x000b0fa4, (%rbx)	/* movsb; ud2 */
	leaq	64(%rbx), %rsi
	movb	%r10b, (%rsi)
	jmp	*%rbx
/*
 * A third program, which looks at the clock and counts gaps as CHelpers/bystander.c does. Registers at entry
 * (set by ckernel_vcpu_watch):
 *   rbx  the command's word          r8d  the command to stay for      rbp  the word to acknowledge it in
 *   rcx  the count of gaps           rsi  the ticks stolen             rdi  the ring of lengths
 *   r9   lengths in the ring, less 1 r10  looks to find the floor by   r15  pages of the shared file
 */
	.macro look
	lfence
	rdtsc
	shlq	$32, %rdx
	orq	%rdx, %rax
	movq	%rax, %r11
	subq	%r12, %rax
	movq	%r11, %r12
	.endm
ckernel_payload_watch:
	/* The shared pages are in KVM's mappings before anything is counted there. */
	movq	%rbx, %rax
1:	lock orb $0, (%rax)
	addq	$4096, %rax
	decq	%r15
	jnz	1b
	movq	$-1, %r13
	look
2:	look
	cmpq	%r13, %rax
	cmovb	%rax, %r13
	decq	%r10
	jnz	2b
	leaq	(,%r13,8), %r14
	movl	%r8d, (%rbp)
	look
3:	cmpl	%r8d, (%rbx)
	jne	5f
	incl	%r15d
	testl	$7, %r15d
	jnz	4f
	pause
4:	look
	cmpq	%r14, %rax
	jbe	3b
	subq	%r13, %rax
	movq	(%rcx), %rdx
	movq	%rdx, %r11
	andq	%r9, %r11
	movq	%rax, (%rdi,%r11,8)
	addq	%rax, (%rsi)
	incq	%rdx
	/* Whoever sees the count finds the length: stores stay in order. */
	movq	%rdx, (%rcx)
	jmp	3b
5:	outb	%al, $0xf4
	ud2
ckernel_payload_end:
#endif
	.section .note.GNU-stack,"",@progbits
