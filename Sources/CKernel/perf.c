// SPDX-License-Identifier: Apache-2.0
#include "ckernel/perf.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int ckernel_perf_open(const struct ckernel_perf_event *event, int leader)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = event->type,
		.config = event->config,
		.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED |
			       PERF_FORMAT_TOTAL_TIME_RUNNING,
		.disabled = leader < 0,
		/* Without it, groups of several users take turns, and a short region meets any part of them. */
		.pinned = leader < 0,
		.exclude_user = event->exclude_user,
		.exclude_kernel = event->exclude_kernel,
		.exclude_hv = event->exclude_kernel,
		.exclude_guest = 1,
	};
	long fd = syscall(SYS_perf_event_open, &attr, 0, -1, leader, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

int ckernel_perf_start(int leader)
{
	return ioctl(leader, PERF_EVENT_IOC_ENABLE, 0) ? -errno : 0;
}

int ckernel_perf_stop(int leader)
{
	return ioctl(leader, PERF_EVENT_IOC_DISABLE, 0) ? -errno : 0;
}

int ckernel_perf_read(int leader, uint64_t *into, size_t words)
{
	ssize_t got = read(leader, into, words * sizeof(*into));

	return got < 0 ? -errno : (int)((size_t)got / sizeof(*into));
}
