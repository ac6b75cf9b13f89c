/* SPDX-License-Identifier: MIT */
/*
 * Socket files: creating one without displacing anybody, and removing only what is known.
 */
#ifndef SP__SOCKFILE_H
#define SP__SOCKFILE_H

#include "fault.h"
#include "name.h"
#include "walk.h"

#include <sunpath/server.h>

#include <stdbool.h>

/* What this process made: enough to remove it later and nothing else. dir < 0: nothing. */
struct sp__sockfile {
    int dir;
    int32_t owner; /* the process that made it: a child inherits the object, but not the file */
    struct sp_os_stat made;
    char leaf[SP_PATH_MAX + 1];
};

/**
 * sp__sockfile_listen() - bind @fd to the path in @name, with its mode, and listen
 * @fd:        a new socket; bound and listening on success, of no further use on failure
 * @access:    enum sp_access bits
 * @take_over: replace a stale socket file
 *
 * Works under a lock beside the name that every sunpath server takes, so that two that start at
 * once, or one that starts and one that removes, cannot meet between bind and listen. On failure
 * the directory is as before, except that a stale file which was to be replaced may be gone.
 */
int sp__sockfile_listen(const struct sp_os *os, int fd, const struct sp__name *name,
                        unsigned access, int backlog, enum sp_trust trust, bool take_over,
                        struct sp__sockfile *ret, struct sp__fault *fault);

/** sp__sockfile_remove_own() - at close: unlink if it is still the node that was made; give up the
 * handle. Call before the listening descriptor is closed, so that nobody can take the file for
 * stale in between. */
void sp__sockfile_remove_own(const struct sp_os *os, struct sp__sockfile *file);

/** sp__sockfile_remove() - the work of sp_server_remove() */
int sp__sockfile_remove(const struct sp_os *os, const struct sp_address *address,
                        enum sp_remove what, struct sp__fault *fault);

#endif
