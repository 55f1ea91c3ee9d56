/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#if !__has_include(<numa.h>) || !__has_include(<numaif.h>)
#error "libnuma's headers are missing: install the package libnuma-dev (Debian, Ubuntu) or numactl-devel (Fedora)"
#endif

#include <numa.h>
#include <numaif.h>

/**
 * Whether libnuma found the node in sysfs, with or without memory and CPUs.
 * A wrapper, because Swift 6 refuses libnuma's mutable global numa_nodes_ptr.
 */
static inline int cnuma_node_exists(int node)
{
	return node >= 0 && numa_nodes_ptr && numa_bitmask_isbitset(numa_nodes_ptr, (unsigned int)node);
}
