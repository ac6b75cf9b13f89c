/* SPDX-License-Identifier: MIT */
/*
 * POSIX access control lists, as the kernel hands them out.
 *
 * acl_parse() reads the bytes of system.posix_acl_access or system.posix_acl_default, which come
 * from a file system that may be anybody's: every length and tag is checked. acl_allows() is the
 * kernel's algorithm. Both are pure.
 *
 * Tests: tests/unit/test_audit_acl.c, tests/integration/test_audit_path.c
 */
#ifndef AUDIT_FACTS_ACL_H
#define AUDIT_FACTS_ACL_H

#include "audit/facts/identity.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Lists in practice have a handful of entries; a longer one counts as one that could not be read.
 */
#define ACL_ENTRIES_MAX 64
#define ACL_BYTES_MAX (4 + 8 * ACL_ENTRIES_MAX)

enum acl_tag {
    ACL_USER_OBJ = 0x01,
    ACL_USER = 0x02,
    ACL_GROUP_OBJ = 0x04,
    ACL_GROUP = 0x08,
    ACL_MASK = 0x10,
    ACL_OTHER = 0x20,
};

struct acl_entry {
    uint16_t tag;
    uint16_t allowed; /* 4 read, 2 write, 1 search */
    uint32_t id;      /* of ACL_USER and ACL_GROUP */
};

enum acl_state {
    ACL_NONE, /* the mode says everything */
    ACL_READ,
    ACL_UNREADABLE, /* there may be one */
};

struct acl {
    enum acl_state state;
    size_t count;
    struct acl_entry entries[ACL_ENTRIES_MAX];
};

/** acl_parse() - the attribute's bytes; false, and ACL_UNREADABLE, when they are not a list */
bool acl_parse(struct acl *ret, const uint8_t *bytes, size_t length);

/** acl_allows() - does the list give @who all of @want on what @owner and @group own? */
bool acl_allows(const struct acl *acl, uint32_t owner, uint32_t group, const struct identity *who,
                unsigned want);

/**
 * acl_inherit() - the list of what is created in a directory whose default list is @from
 * @mode: the permissions it is created with, umask done, becomes what they are then
 *
 * For a socket the umask counts, unlike for a file: bind() has applied it before the file system
 * sees the mode.
 */
void acl_inherit(struct acl *ret, uint32_t *mode, const struct acl *from);

#endif
