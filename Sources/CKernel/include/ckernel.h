/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CKernel: what gmembench needs of the kernel and cannot say in Swift. Every function that can fail
 * returns -errno (or a descriptor or count where it says so); nothing here prints.
 */
#pragma once

#include "ckernel/clock.h"
#include "ckernel/cpu.h"
#include "ckernel/file.h"
#include "ckernel/guard.h"
#include "ckernel/kvm.h"
#include "ckernel/memory.h"
#include "ckernel/perf.h"
#include "ckernel/probe.h"
#include "ckernel/process.h"
#include "ckernel/restore.h"
#include "ckernel/vcpu.h"
