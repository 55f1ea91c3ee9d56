/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CHelpers: the programs that a run starts by exec of itself, and what the run says to them. They are in C because
 * they work while a block is timed, or hold the memory that is. As in CKernel, what can fail returns -errno, and
 * nothing here prints.
 */
#pragma once

#include "chelpers/bystander.h"
#include "chelpers/forker.h"
#include "chelpers/holder.h"
