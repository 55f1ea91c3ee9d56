/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#if !__has_include(<numa.h>) || !__has_include(<numaif.h>)
#error "libnuma's headers are missing: install the package libnuma-dev (Debian, Ubuntu) or numactl-devel (Fedora)"
#endif

#include <numa.h>
#include <numaif.h>
