/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes to the machine that must not outlive the process that made them. Each is armed before it is made, with
 * what undoes it, and is then undone whatever ends the process:
 *
 * - in the ordinary course by its owner, who disarms it;
 * - by the handlers of guard.h, where a signal ends the process;
 * - by a guardian, a process of its own that waits for the end of this one, where SIGKILL or the OOM killer does;
 * - by the next run, where the guardian was killed too.
 *
 * For the last two, what is armed lies in a journal: a file that this process maps and has locked. The lock goes
 * with the process, which is how others see that it is gone.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/** A path is at most one byte shorter than this. */
#define CKERNEL_RESTORE_PATH_BYTES 128

/**
 * From the first armed change on, keeps a journal in `folder`, which is made if need be, and has `program helper guardian
 * JOURNAL` watch over it. Both are copied. Where the folder cannot be written to, as by whoever may not change the
 * machine either, there are no journal and no guardian. To be called before anything is armed.
 */
void ckernel_restore_keep(const char *folder, const char *program);

/**
 * Arms a change: `bytes` are to be written to the file `path`, or the empty folder `path` removed where count is 0.
 * Of several armed in a row, the last goes first. Path and bytes are copied: at most 127 and 160. Returns a number
 * for ckernel_restore_disarm, -EINVAL for longer ones, or -ENOSPC while 1024 are armed.
 */
int ckernel_restore_arm(const char *path, const void *bytes, size_t count);

/** Whoever armed it has put the state back himself. */
void ckernel_restore_disarm(int slot);

/** Undoes everything that is armed. Async-signal-safe. */
void ckernel_restore_now(void);

/**
 * Undoes what journals in `folder` name whose processes are gone, and removes them. Returns how many changes were
 * undone; `last` takes the path of the last of them.
 */
int ckernel_restore_recover(const char *folder, char last[CKERNEL_RESTORE_PATH_BYTES]);

/** The guardian's main: waits until the journal's process is gone, undoes what is armed, and removes the journal. */
int ckernel_guardian_main(const char *journal);
