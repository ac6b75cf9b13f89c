/* SPDX-License-Identifier: MIT */
/*
 * A fresh directory for sockets and files of one test, below $TMPDIR or /tmp, mode 0700.
 *
 * Every function ends the test at once if the system refuses: nothing after it could mean anything.
 */
#ifndef TESTS_SUPPORT_TEMPDIR_H
#define TESTS_SUPPORT_TEMPDIR_H

#include <stddef.h>

/* Fits a socket address with room for a leaf; tempdir_make() checks it. */
#define TEMPDIR_PATH_MAX 60
#define TEMPDIR_JOINED_MAX (TEMPDIR_PATH_MAX + 256 + 2)

struct tempdir {
    char path[TEMPDIR_PATH_MAX];
};

struct tempdir tempdir_make(void);
/** tempdir_remove() - with all it holds, whatever that is and whatever its modes are. A test that
 * fails or is skipped does not come to its end: then this is done when its process exits. */
void tempdir_remove(struct tempdir *dir);
/** tempdir_empty() - the same, but the directory itself stays */
void tempdir_empty(const struct tempdir *dir);

/** tempdir_join() - "DIR/leaf" in @ret, which it returns. */
char *tempdir_join(const struct tempdir *dir, const char *leaf, char ret[TEMPDIR_JOINED_MAX]);

/** tempdir_file() - a regular file with this text, made in the directory. */
void tempdir_file(const struct tempdir *dir, const char *leaf, const char *text);

#endif
