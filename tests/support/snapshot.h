/* SPDX-License-Identifier: MIT */
/*
 * Two alarms: what a directory holds, and which descriptors this process has open.
 *
 * Both are texts, one sorted line per entry, so that a difference explains itself:
 *
 *     struct snapshot before = snapshot_of(dir.path);
 *     ...
 *     struct snapshot after = snapshot_of(dir.path);
 *     cr_assert_str_eq(after.text, before.text);
 *
 * A directory's lines have type, inode number, mode, owner, size, and the contents of a regular
 * file or the text of a link: a file that was replaced by one with the same contents shows. Times
 * do not count. Subdirectories are listed too.
 */
#ifndef TESTS_SUPPORT_SNAPSHOT_H
#define TESTS_SUPPORT_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>

struct snapshot {
    char text[32768];
    size_t length;
};

struct snapshot snapshot_of(const char *directory);
/** snapshot_descriptors() - number, and device and inode behind it, of everything open. */
struct snapshot snapshot_descriptors(void);
/** snapshot_descriptors_of() - the same through an open @proc, for where "/proc" leads elsewhere:
 * it is not in the list. */
struct snapshot snapshot_descriptors_of(int proc);
/** snapshot_holds() - whether every line of @part is in @whole: nothing was lost or changed, though
 * there may be more now. */
bool snapshot_holds(const struct snapshot *whole, const struct snapshot *part);

#endif
