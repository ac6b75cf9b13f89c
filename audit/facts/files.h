/* SPDX-License-Identifier: MIT */
/*
 * Socket files below a directory.
 *
 * Links are not followed, other file systems are not entered (mounts.h finds those that matter),
 * nor more than eight levels, and the number of names is bounded: a directory of somebody else's
 * cannot hold the audit up. Access times stay as they are where the kernel lets us say so, which is
 * for root and for the owner of a directory.
 *
 * Tests: tests/integration/test_audit_system.c
 */
#ifndef AUDIT_FACTS_FILES_H
#define AUDIT_FACTS_FILES_H

#include <stdbool.h>
#include <stddef.h>

#define FILES_LEVELS_MAX 8
#define FILES_NAMES_MAX 50000 /* below each directory that is asked for */

struct files {
    bool partial; /* a directory could not be read, or there were too many names */
    size_t names; /* looked at, below this directory */
    size_t count;
    size_t room;
    char **paths; /* of sockets */
};

/** files_add() - the sockets below @directory, an absolute path, behind those that are there */
void files_add(struct files *to, const char *directory);
void files_free(struct files *files);

#endif
