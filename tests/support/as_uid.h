/* SPDX-License-Identifier: MIT */
/*
 * Doing something in another process, as another user.
 *
 * The function runs in a child of the test, so what it does to itself (ids, umask, limits, open
 * descriptors) ends with it. Criterion's assertions do not work there: return a number and let the
 * parent judge it. Only root can become somebody else: begin such a test with REQUIRE_ROOT().
 *
 *     static int connects(void *path) { return try_connect(path); }
 *     ...
 *     cr_assert_eq(as_nobody(connects, path), -EACCES);
 */
#ifndef TESTS_SUPPORT_AS_UID_H
#define TESTS_SUPPORT_AS_UID_H

#include <criterion/criterion.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

/* A user and a group that own nothing. */
#define NOBODY ((uid_t)65534)
#define NOGROUP ((gid_t)65534)

#define REQUIRE_ROOT()                                          \
    do {                                                        \
        if (geteuid() != 0)                                     \
            cr_skip_test("needs root, to act as another user"); \
    } while (0)

/** as_child() - run @work in a child, as we are; its result. */
int as_child(int (*work)(void *arg), void *arg);
/** as_uid() - the same as user @uid, primary group @gid, with exactly these supplementary groups.
 */
int as_uid(uid_t uid, gid_t gid, const gid_t *groups, size_t count, int (*work)(void *arg),
           void *arg);
/** as_nobody() - the same as a user without anything. */
int as_nobody(int (*work)(void *arg), void *arg);

/** become() - for a process of your own: give up root for good. */
void become(uid_t uid, gid_t gid, const gid_t *groups, size_t count);

#endif
