/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The calling thread's kernel id: glibc's gettid() is not visible to Swift. */
int ckernel_gettid(void);
