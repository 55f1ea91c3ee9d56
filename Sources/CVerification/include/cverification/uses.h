/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel does with a process's memory on its behalf, one function a way. Each is to be tried on ordinary
 * memory first: only beside that does a refusal speak of the memory.
 */
#pragma once

#include <stddef.h>

/** The errno's name, such as "EFAULT"; NULL for a number that is none. `error` is positive. */
const char *cverification_errno_name(int error);

/**
 * Opens `path` for reading past the page cache (O_DIRECT), close-on-exec. A descriptor, -EINVAL where its file system
 * has no such reads, or -errno.
 */
int cverification_direct_open(const char *path);

/**
 * Reads the file's first `bytes` into `memory`; whole pages, both. The device, or what stands for one, stores into the
 * pages themselves, which get_user_pages gives it. 0, -ENODATA where the file is shorter, or -errno.
 */
int cverification_direct_read(int fd, void *memory, size_t bytes);

/**
 * An io_uring without anything in it, close-on-exec. A descriptor, -ENOSYS where it is not built, -EPERM where it is
 * switched off (kernel.io_uring_disabled) or filtered, or -errno.
 */
int cverification_uring_open(void);

/** Registers `memory` as the ring's one buffer, which pins it, and lets it go again. 0 or -errno. */
int cverification_uring_register(int ring, void *memory, size_t bytes);

/** Opens /dev/vhost-vsock, close-on-exec. A descriptor or -errno. */
int cverification_vhost_open(void);

/**
 * Lets vhost's thread take one packet from a ring in `memory` (a page, zero-filled by this): both the ring and the
 * packet are there. Setting the memory up alone reaches none of it. The device is then to be closed. 0, -EFAULT where
 * it could not read or write there, -ETIMEDOUT where it says nothing in 2 s, or -errno of a step.
 */
int cverification_vhost_packet(int vhost, void *memory, size_t bytes);
