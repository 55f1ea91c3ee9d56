// SPDX-License-Identifier: Apache-2.0
#include "ckernel/memory.h"

#include "ckernel/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif
#ifndef SYS_fsopen
#define SYS_fsopen 430
#define SYS_fsconfig 431
#define SYS_fsmount 432
#endif
/* Of <linux/mount.h>, which clashes with <sys/mount.h> in some versions of the C library. */
#define CREATE_SUPERBLOCK 6 /* FSCONFIG_CMD_CREATE */
#define CLOSE_ON_EXEC 1	    /* FSOPEN_CLOEXEC, FSMOUNT_CLOEXEC */

int ckernel_memfd(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int ckernel_memfd_secret(void)
{
	long fd = syscall(SYS_memfd_secret, O_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

int ckernel_ramfs_file(void)
{
	long context = syscall(SYS_fsopen, "ramfs", CLOSE_ON_EXEC);
	long mount = -1;
	int fd = -1;
	int result = 0;

	if (context < 0)
		return -errno;
	if (syscall(SYS_fsconfig, context, CREATE_SUPERBLOCK, NULL, NULL, 0))
		result = -errno;
	if (!result) {
		mount = syscall(SYS_fsmount, context, CLOSE_ON_EXEC, 0);
		result = mount < 0 ? -errno : 0;
	}
	if (!result) {
		fd = openat((int)mount, "pages", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		result = fd < 0 ? -errno : 0;
	}
	if (mount >= 0)
		close((int)mount);
	close((int)context);
	return result ? result : fd;
}

int ckernel_pipe(size_t bytes, int ends[2])
{
	int result;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	if (fcntl(ends[1], F_SETPIPE_SZ, (int)bytes) >= 0)
		return 0;
	result = -errno;
	close(ends[0]);
	close(ends[1]);
	return result;
}

int ckernel_madvise(void *base, size_t bytes, int advice)
{
	return madvise(base, bytes, advice) ? -errno : 0;
}

int ckernel_allocate(int fd, uint64_t offset, uint64_t bytes)
{
	return fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)bytes) ? -errno : 0;
}

int ckernel_punch_hole(int fd, uint64_t offset, uint64_t bytes)
{
	int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;

	return fallocate(fd, mode, (off_t)offset, (off_t)bytes) ? -errno : 0;
}

int ckernel_gup_read(const void *source, void *destination, size_t bytes)
{
	struct iovec local = { destination, bytes };
	struct iovec remote = { (void *)source, bytes };
	ssize_t got = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);

	if (got < 0)
		return -errno;
	return (size_t)got == bytes ? 0 : -EFAULT;
}

struct touched {
	volatile uint8_t *base;
	size_t page_bytes;
	size_t pages;
};

static int touch(void *argument)
{
	struct touched t = *(struct touched *)argument;

	for (size_t i = 0; i < t.pages; i++)
		t.base[i * t.page_bytes] = 1;
	return 0;
}

int ckernel_touch(void *base, size_t page_bytes, size_t pages)
{
	struct touched t = { base, page_bytes, pages };

	return ckernel_guarded(touch, &t);
}

struct addresses {
	uint8_t *const *first;
	size_t count;
};

static int touch_at(void *argument)
{
	struct addresses a = *(struct addresses *)argument;

	for (size_t i = 0; i < a.count; i++)
		*(volatile uint8_t *)a.first[i] = 1;
	return 0;
}

int ckernel_touch_at(uint8_t *const *addresses, size_t count)
{
	struct addresses a = { addresses, count };

	return ckernel_guarded(touch_at, &a);
}

void ckernel_rest(uint64_t microseconds)
{
	struct timespec rest = {
		.tv_sec = (time_t)(microseconds / 1000000),
		.tv_nsec = (long)(microseconds % 1000000) * 1000,
	};

	nanosleep(&rest, NULL);
}
