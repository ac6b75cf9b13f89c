/* SPDX-License-Identifier: MIT */
/*
 * What is known of one file, and what the kernel therefore answers.
 *
 * Answers have three values: a fact that could not be read makes the answer "unknown", never "no".
 * They are ordered, so that "all of these" is the least of them and "any of these" the greatest.
 * Pure. Not seen: security modules, file servers with rules of their own, mounts that map ids.
 */
#ifndef AUDIT_FACTS_NODE_H
#define AUDIT_FACTS_NODE_H

#include "audit/facts/acl.h"

enum answer { NO, UNKNOWN, YES };

/* Permissions, as in a mode. */
enum { MAY_SEARCH = 1, MAY_WRITE = 2 };

struct node {
    uint32_t mode; /* type, set-id and sticky bits, permissions */
    uint32_t uid;
    uint32_t gid;
    uint64_t device;
    uint64_t inode;
    uint64_t mount;
    bool fixed;     /* immutable or append-only: neither removed nor changed, root included */
    bool read_only; /* nothing can be created or removed here */
    bool unmatched; /* the file system shows other inode numbers to stat() than to sockets */
    struct acl acl;
};

/** node_allows() - what permission() in the kernel answers now */
enum answer node_allows(const struct node *node, const struct identity *who, unsigned want);

/** node_yields() - the same once @who has changed the modes of what is his */
enum answer node_yields(const struct node *node, const struct identity *who, unsigned want);

/** node_can_create() - a new name in @directory, which is reachable */
enum answer node_can_create(const struct node *directory, const struct identity *who);

/** node_can_remove() - take the name of @entry away from @directory, which is reachable */
enum answer node_can_remove(const struct node *directory, const struct node *entry,
                            const struct identity *who);

/** node_can_follow() - what fs.protected_symlinks says to the last link of a path */
enum answer node_can_follow(const struct node *directory, const struct node *link,
                            const struct identity *who);

#endif
