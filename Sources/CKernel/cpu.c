// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "ckernel/cpu.h"

#include <unistd.h>

int ckernel_gettid(void)
{
	return gettid();
}
