/* SPDX-License-Identifier: MIT */
/*
 * Names that a path may be mistaken for: those beside it in its directory, and others that are
 * asked about at the same time. All are whole paths, in bytes.
 *
 * Beside it only sockets and links count, which is what a client can be led to. This is the one
 * place where a directory is read: without a change of its access time where the kernel permits
 * that, which is to its owner and to root.
 *
 * Tests: tests/cli/test_audit.py
 */
#ifndef AUDIT_FACTS_NAMES_H
#define AUDIT_FACTS_NAMES_H

#include "audit/facts/path.h"

/* Entries of a directory that are looked at; with more of them the answer is "unknown". */
#define NAMES_ENTRIES_MAX 10000

struct name {
    size_t length;
    char *bytes;
};

struct names {
    size_t count;
    size_t room;
    struct name *all;
    int error; /* why some may be missing, 0 if none is */
};

/** names_add() - a copy; without memory .error says so */
void names_add(struct names *names, const char *bytes, size_t length);

/** names_read_beside() - the sockets and links in the directory of the last name, itself left out
 */
void names_read_beside(struct names *names, const struct path_facts *path);

/** names_free() - .error included: as if nothing was ever added */
void names_free(struct names *names);

#endif
