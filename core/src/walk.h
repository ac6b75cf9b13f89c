/* SPDX-License-Identifier: MIT */
/*
 * Walking a path from "/" by descriptors, judging every step.
 *
 * The result is a handle on the last directory: whatever is renamed afterwards, it stays the
 * directory that was judged.
 */
#ifndef SP__WALK_H
#define SP__WALK_H

#include "fault.h"

#include <sunpath/limits.h>
#include <sunpath/os.h>
#include <sunpath/trust.h>

struct sp__place {
    int dir;                    /* handle on the directory that holds the last component */
    struct sp_os_stat dir_stat; /* of that directory */
    char leaf[SP_PATH_MAX + 1]; /* last component, NUL-terminated; never "." or ".." */
};

/**
 * sp__walk() - find the directory of an absolute path and judge everything on the way
 * @path, @length: no NUL inside, begins with '/', as in a valid pathname address; one that can only
 * be a directory ("/x/", "/x/..") is refused
 *
 * The last component is not looked at. Links in the way are judged and followed by hand
 * (SP_LINKS_MAX). ".." is resolved by the walk, not by text. Returns SP_OK and a @ret whose handle
 * the caller gives to sp__walk_end(); or an error of operation DIRECTORY, and nothing is open.
 */
int sp__walk(const struct sp_os *os, const char *path, size_t length, enum sp_trust trust,
             struct sp__place *ret, struct sp__fault *fault);

/** sp__walk_as() - the same, judged as if @euid were ours: who but root and @euid could replace
 * something on the way? */
int sp__walk_as(const struct sp_os *os, const char *path, size_t length, enum sp_trust trust,
                uint32_t euid, struct sp__place *ret, struct sp__fault *fault);
/** sp__walk_end() - gives up the handle. */
void sp__walk_end(const struct sp_os *os, struct sp__place *place);

#endif
