/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CKernel: what gmembench needs of the kernel and cannot say in Swift. Every function that can fail
 * returns -errno; nothing here prints, and nothing allocates after set-up.
 */
#pragma once

#include "ckernel/cpu.h"
