/* SPDX-License-Identifier: Apache-2.0 */
/* Memory calls that the C library lacks or declares only for newer headers. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/types.h>

/* Linux 5.14 */
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/** memfd_create(2), close-on-exec. A descriptor or -errno. */
int ckernel_memfd(const char *name);

/** memfd_secret(2), close-on-exec: glibc has no wrapper. A descriptor or -errno. */
int ckernel_memfd_secret(void);

/**
 * A file, close-on-exec, on a ramfs that is mounted nowhere and ends with it. Unlike memfd's, its pages are not movable,
 * so that they come from the same free lists as those of memfd_secret and guest_memfd. A descriptor or -errno: -EPERM
 * without CAP_SYS_ADMIN.
 */
int ckernel_ramfs_file(void);

/**
 * pipe2(2), close-on-exec and without blocking, with room for `bytes`. 0 or -errno, and then no pipe: -EPERM where the
 * user has as much in pipes as he may.
 */
int ckernel_pipe(size_t bytes, int ends[2]);

/** madvise(2): 0 or -errno. */
int ckernel_madvise(void *base, size_t bytes, int advice);

/** Allocates a file's range (FALLOC_FL_KEEP_SIZE: guest_memfd takes no other form). 0 or -errno. */
int ckernel_allocate(int fd, uint64_t offset, uint64_t bytes);

/** Frees a file's range (FALLOC_FL_PUNCH_HOLE | KEEP_SIZE). 0 or -errno. */
int ckernel_punch_hole(int fd, uint64_t offset, uint64_t bytes);

/**
 * Reads `bytes` at `source` of this process through get_user_pages, as ptrace and vhost do. Memory that
 * has left the direct map refuses with -EFAULT. 0 or -errno.
 */
int ckernel_gup_read(const void *source, void *destination, size_t bytes);

/**
 * Stores one byte into each of `pages` pages of `page_bytes`: 0, or -EFAULT where that raises SIGBUS, as memory
 * does that the kernel cannot provide.
 */
int ckernel_touch(void *base, size_t page_bytes, size_t pages);

/** The same at each of `count` addresses, in their order. */
int ckernel_touch_at(uint8_t *const *addresses, size_t count);

/** Rests for `microseconds`, so that the kernel's deferred frees of the last block are done. */
void ckernel_rest(uint64_t microseconds);
