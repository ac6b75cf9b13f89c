/* SPDX-License-Identifier: MIT */
/*
 * What /proc/self/mounts says that the search for sockets has to know. Nothing that is mounted is
 * touched: a file server that does not answer would hold the audit up.
 *
 * Tests: tests/integration/test_audit_mounts.c
 */
#ifndef AUDIT_FACTS_MOUNTS_H
#define AUDIT_FACTS_MOUNTS_H

#include "audit/facts/files.h"

#include <stdio.h>

/**
 * mounts_add_files() - the sockets on file systems that are mounted below @directory
 * @mounts: /proc/self/mounts, or a file like it
 *
 * Only file systems of this machine that can hold sockets are searched. One that somebody else
 * answers for (a network's, FUSE) makes @to partial.
 */
void mounts_add_files(struct files *to, FILE *mounts, const char *directory);

/** mounts_hide_processes() - does /proc hide other users' processes from who is not root? */
bool mounts_hide_processes(FILE *mounts);

#endif
