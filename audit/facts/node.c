/* SPDX-License-Identifier: MIT */
/* What the kernel answers about one file: see node.h. */
#include "audit/facts/node.h"

#include <sys/stat.h>

enum answer node_allows(const struct node *node, const struct identity *who, unsigned want)
{
    unsigned bits = node->mode & 7;

    if (who->uid == 0)
        return YES;
    if (who->uid == node->uid)
        return (node->mode >> 6 & want) == want ? YES : NO;
    /*
     * The group bits show the mask of a list. When they are all zero, Linux does not look at the
     * list at all: a named user then gets what others get, though his entry under the mask says
     * "nothing".
     */
    if (node->acl.state != ACL_NONE && (node->mode & S_IRWXG) != 0) {
        if (node->acl.state == ACL_UNREADABLE)
            return UNKNOWN;
        return acl_allows(&node->acl, node->uid, node->gid, who, want) ? YES : NO;
    }
    if (identity_in_group(who, node->gid))
        bits = node->mode >> 3 & 7;
    return (bits & want) == want ? YES : NO;
}

enum answer node_yields(const struct node *node, const struct identity *who, unsigned want)
{
    if (who->uid == node->uid && !node->fixed && !node->read_only)
        return YES;
    return node_allows(node, who, want);
}

enum answer node_can_create(const struct node *directory, const struct identity *who)
{
    if (directory->fixed || directory->read_only)
        return NO;
    return node_yields(directory, who, MAY_WRITE | MAY_SEARCH);
}

enum answer node_can_remove(const struct node *directory, const struct node *entry,
                            const struct identity *who)
{
    /* A mount point is busy; what is mounted there is reached whatever its name. */
    if (entry->fixed || entry->mount != directory->mount)
        return NO;
    /* The owner of the directory could clear the sticky bit, but need not: it exempts him. */
    if ((directory->mode & S_ISVTX) != 0 && who->uid != 0 && who->uid != directory->uid &&
        who->uid != entry->uid)
        return NO;
    return node_can_create(directory, who);
}

enum answer node_can_follow(const struct node *directory, const struct node *link,
                            const struct identity *who)
{
    const uint32_t shared = S_ISVTX | S_IWOTH;

    if ((directory->mode & shared) != shared || who->uid == link->uid ||
        directory->uid == link->uid)
        return YES;
    return NO;
}
