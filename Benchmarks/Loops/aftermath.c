// SPDX-License-Identifier: Apache-2.0
/*
 * aftermath: what a fragmented direct map costs the kernel once the memory that was removed from it is back.
 *
 * Mechanism: a removal splits the huge direct-map entry around the page, and restoring it merges nothing. Whatever the
 * kernel keeps in the rest of those 2 MiB is reached through 4 KiB entries from then on. So a working set larger than
 * the reach of the TLB is laid out page by page, with a page of the arm's backing between every few pages of it, which
 * comes from the same huge frames; that memory is freed again; then the kernel works on the set in random order: it
 * reads it from the page cache, copies within the page cache, passes it through pipes, or copies it as the page tables
 * of a process that forks (CHelpers/forker.c). The arm whose backing leaves the direct map alone does all of the same.
 *
 * How the figure can mislead: it is 4 KiB against 2 MiB entries only where the removal found whole ones: --direct-map
 * cold looks for them, and a row says how many a block split. As memory comes, arm and control soon share frames that
 * were split long ago, and the ratio says nothing. Only what draws on the free lists of memory that is not movable meets
 * such frames soon (pipes, page tables, slabs, ramfs, which is why the page cache is ramfs's here): the page cache of
 * other file systems and anonymous memory come from other blocks of 2 MiB until memory runs short, and then from any. In
 * a virtual machine a TLB entry is no larger than the host's own: where the host backs the guest by 4 KiB the split
 * changes only the walk, and a walk has two dimensions. A page's data is fetched from memory too, which is most of the
 * figure: the ratio is that of the whole call, not of a TLB miss.
 */
#include "loops.h"

#include <errno.h>
#include <unistd.h>

static int whole(ssize_t moved, size_t page_bytes)
{
	if (moved < 0)
		return -errno;
	return (size_t)moved == page_bytes ? 0 : -EIO;
}

int loops_read_pages(int fd, void *buffer, size_t page_bytes, const uint32_t *order, size_t pages, size_t passes,
		     enum ckernel_clock clock, uint64_t *ticks)
{
	for (size_t pass = 0; pass < passes; pass++) {
		uint64_t begin = ckernel_clock_begin(clock);

		for (size_t i = 0; i < pages; i++) {
			off_t at = (off_t)(order[i] * page_bytes);
			int result = whole(pread(fd, buffer, page_bytes, at), page_bytes);

			if (result)
				return result;
		}
		ticks[pass] = ckernel_clock_end(clock) - begin;
	}
	return 0;
}

int loops_copy_pages(int fd, size_t page_bytes, const uint32_t *order, size_t pages, size_t passes,
		     enum ckernel_clock clock, uint64_t *ticks)
{
	for (size_t pass = 0; pass < passes; pass++) {
		uint64_t begin = ckernel_clock_begin(clock);

		/* Half the set away, so that a page written is not the next one read. */
		for (size_t i = 0; i < pages; i++) {
			size_t other = i + pages / 2;
			off_t from = (off_t)(order[i] * page_bytes);
			off_t to = (off_t)(order[other < pages ? other : other - pages] * page_bytes);
			int result = whole(copy_file_range(fd, &from, fd, &to, page_bytes, 0), page_bytes);

			if (result)
				return result;
		}
		ticks[pass] = ckernel_clock_end(clock) - begin;
	}
	return 0;
}

int loops_transfer_pages(const int *ends, size_t slots, void *buffer, size_t page_bytes, const uint32_t *order,
			 size_t pages, size_t passes, enum ckernel_clock clock, uint64_t *ticks)
{
	for (size_t pass = 0; pass < passes; pass++) {
		uint64_t begin = ckernel_clock_begin(clock);

		/* The kernel keeps the page that was read for the next write to the pipe: the set stays what it is. */
		for (size_t i = 0; i < pages; i++) {
			const int *pipe = ends + 2 * (order[i] / slots);
			int result = whole(read(pipe[0], buffer, page_bytes), page_bytes);

			if (!result)
				result = whole(write(pipe[1], buffer, page_bytes), page_bytes);
			if (result)
				return result;
		}
		ticks[pass] = ckernel_clock_end(clock) - begin;
	}
	return 0;
}
