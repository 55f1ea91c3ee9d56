// SPDX-License-Identifier: Apache-2.0
#include "cverification/uses.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/vhost.h>
#include <linux/virtio_ring.h>
#include <linux/virtio_vsock.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

const char *cverification_errno_name(int error)
{
	return strerrorname_np(error);
}

static int open_as(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int cverification_direct_open(const char *path)
{
	return open_as(path, O_RDONLY | O_DIRECT);
}

int cverification_direct_read(int fd, void *memory, size_t bytes)
{
	ssize_t got = pread(fd, memory, bytes, 0);

	if (got < 0)
		return -errno;
	return (size_t)got == bytes ? 0 : -ENODATA;
}

int cverification_uring_open(void)
{
	struct io_uring_params params = { 0 };
	long ring = syscall(SYS_io_uring_setup, 1, &params); /* close-on-exec by itself */

	return ring < 0 ? -errno : (int)ring;
}

int cverification_uring_register(int ring, void *memory, size_t bytes)
{
	struct iovec buffer = { memory, bytes };

	if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, &buffer, 1) < 0)
		return -errno;
	return syscall(SYS_io_uring_register, ring, IORING_UNREGISTER_BUFFERS, NULL, 0) < 0 ? -errno : 0;
}

/*
 * vhost. A page holds two rings of one entry, since the device starts with both or not at all, and one packet in
 * the second, which is the guest's sending side. The packet is addressed to nobody: the device reads its header,
 * drops it, and says in the ring that it is used.
 */
#define RING_BYTES 512
#define PACKET_OFFSET (2 * RING_BYTES)
#define SENDING 1
#define PATIENCE_MS 2000

struct ring {
	struct vring_desc descriptor;
	_Alignas(64) struct {
		uint16_t flags;
		uint16_t index;
		uint16_t entry;
		uint16_t used_event;
	} available;
	_Alignas(64) struct {
		uint16_t flags;
		uint16_t index;
		struct vring_used_elem entry;
		uint16_t available_event;
	} used;
};

_Static_assert(sizeof(struct ring) <= RING_BYTES, "a ring and the next one");

int cverification_vhost_open(void)
{
	return open_as("/dev/vhost-vsock", O_RDWR);
}

static int set_ring(int vhost, unsigned int index, struct ring *ring)
{
	struct vhost_vring_state entries = { .index = index, .num = 1 };
	struct vhost_vring_addr addresses = {
		.index = index,
		.desc_user_addr = (uintptr_t)&ring->descriptor,
		.used_user_addr = (uintptr_t)&ring->used,
		.avail_user_addr = (uintptr_t)&ring->available,
	};

	if (ioctl(vhost, VHOST_SET_VRING_NUM, &entries) < 0)
		return -errno;
	return ioctl(vhost, VHOST_SET_VRING_ADDR, &addresses) < 0 ? -errno : 0;
}

/* Tells the device how it is woken, and how it says that it has used an entry or could not. */
static int set_events(int vhost, int kick, int call, int error)
{
	struct vhost_vring_file files[] = { { SENDING, kick }, { SENDING, call }, { SENDING, error } };

	if (ioctl(vhost, VHOST_SET_VRING_KICK, &files[0]) < 0 ||
	    ioctl(vhost, VHOST_SET_VRING_CALL, &files[1]) < 0 ||
	    ioctl(vhost, VHOST_SET_VRING_ERR, &files[2]) < 0)
		return -errno;
	return 0;
}

static int set_memory(int vhost, void *memory, size_t bytes)
{
	/* One region at guest address 0. */
	_Alignas(struct vhost_memory) uint8_t buffer[sizeof(struct vhost_memory) +
						     sizeof(struct vhost_memory_region)];
	struct vhost_memory *table = memset(buffer, 0, sizeof(buffer));
	uint64_t features = 1ull << 32; /* VIRTIO_F_VERSION_1 */

	table->nregions = 1;
	table->regions[0].memory_size = bytes;
	table->regions[0].userspace_addr = (uintptr_t)memory;
	if (ioctl(vhost, VHOST_SET_OWNER) < 0 || ioctl(vhost, VHOST_SET_FEATURES, &features) < 0 ||
	    ioctl(vhost, VHOST_SET_MEM_TABLE, table) < 0)
		return -errno;
	return 0;
}

static int exchange(int vhost, void *memory, size_t bytes, int kick, int call, int error)
{
	struct ring *receiving = memory;
	struct ring *sending = (struct ring *)((uint8_t *)memory + RING_BYTES);
	struct pollfd said[] = { { .fd = call, .events = POLLIN }, { .fd = error, .events = POLLIN } };
	uint64_t once = 1;
	int on = 1;
	int result;

	memset(memory, 0, bytes);
	sending->descriptor.addr = PACKET_OFFSET;
	sending->descriptor.len = sizeof(struct virtio_vsock_hdr);
	sending->available.index = 1;
	result = set_memory(vhost, memory, bytes);
	if (!result)
		result = set_ring(vhost, 0, receiving);
	if (!result)
		result = set_ring(vhost, SENDING, sending);
	if (!result)
		result = set_events(vhost, kick, call, error);
	if (result)
		return result;
	/* Writes the used rings' flags from this very call; the rest is done by vhost's own thread. */
	if (ioctl(vhost, VHOST_VSOCK_SET_RUNNING, &on) < 0)
		return -errno;
	if (write(kick, &once, sizeof(once)) < 0)
		return -errno;
	if (poll(said, 2, PATIENCE_MS) < 0)
		return -errno;
	if (said[1].revents)
		return -EFAULT;
	if (!said[0].revents)
		return -ETIMEDOUT;
	return __atomic_load_n(&sending->used.index, __ATOMIC_ACQUIRE) == 1 ? 0 : -EPROTO;
}

int cverification_vhost_packet(int vhost, void *memory, size_t bytes)
{
	int events[3];
	int result = 0;

	for (int i = 0; i < 3; i++) {
		events[i] = eventfd(0, EFD_CLOEXEC);
		if (events[i] < 0)
			result = -errno;
	}
	if (!result)
		result = exchange(vhost, memory, bytes, events[0], events[1], events[2]);
	for (int i = 0; i < 3; i++) {
		if (events[i] >= 0)
			close(events[i]);
	}
	return result;
}
