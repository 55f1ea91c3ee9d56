/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CVerification: what `verify` asks of the kernel and cannot say in Swift. As in CKernel, what can fail returns
 * -errno, and nothing here prints.
 */
#pragma once

#include "cverification/frames.h"
#include "cverification/uses.h"
