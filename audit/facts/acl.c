/* SPDX-License-Identifier: MIT */
/* POSIX access control lists: see acl.h. */
#include "audit/facts/acl.h"

#define ACL_VERSION 2u

static uint32_t little_endian(const uint8_t *bytes, size_t count)
{
    uint32_t value = 0;

    while (count-- > 0)
        value = value << 8 | bytes[count];
    return value;
}

bool acl_parse(struct acl *ret, const uint8_t *bytes, size_t length)
{
    *ret = (struct acl){.state = ACL_UNREADABLE};
    if (length < 4 || length > ACL_BYTES_MAX || (length - 4) % 8 != 0 ||
        little_endian(bytes, 4) != ACL_VERSION)
        return false;
    for (size_t at = 4; at < length; at += 8) {
        const struct acl_entry entry = {.tag = (uint16_t)little_endian(bytes + at, 2),
                                        .allowed = (uint16_t)little_endian(bytes + at + 2, 2),
                                        .id = little_endian(bytes + at + 4, 4)};

        if (entry.tag == 0 || (entry.tag & (entry.tag - 1)) != 0 || entry.tag > ACL_OTHER ||
            entry.allowed > 7)
            return false;
        ret->entries[ret->count++] = entry;
    }
    ret->state = ret->count > 0 ? ACL_READ : ACL_NONE;
    return true;
}

static unsigned mask_of(const struct acl *acl)
{
    for (size_t i = 0; i < acl->count; i++)
        if (acl->entries[i].tag == ACL_MASK)
            return acl->entries[i].allowed;
    return 7;
}

static bool covers(unsigned allowed, unsigned want)
{
    return (allowed & want) == want;
}

/*
 * A named user's entry decides alone. Of the groups one is enough, but it must allow everything
 * asked for by itself; and who is in any of them never falls through to "other".
 */
bool acl_allows(const struct acl *acl, uint32_t owner, uint32_t group, const struct identity *who,
                unsigned want)
{
    const unsigned mask = mask_of(acl);
    unsigned owner_allowed = 0;
    unsigned other_allowed = 0;
    bool in_a_group = false;
    bool a_group_allows = false;

    for (size_t i = 0; i < acl->count; i++) {
        const struct acl_entry *entry = &acl->entries[i];

        if (entry->tag == ACL_USER_OBJ)
            owner_allowed = entry->allowed;
        if (entry->tag == ACL_OTHER)
            other_allowed = entry->allowed;
        if (entry->tag == ACL_USER && entry->id == who->uid && who->uid != owner)
            return covers(entry->allowed & mask, want);
        if ((entry->tag == ACL_GROUP_OBJ && identity_in_group(who, group)) ||
            (entry->tag == ACL_GROUP && identity_in_group(who, entry->id))) {
            in_a_group = true;
            a_group_allows = a_group_allows || covers(entry->allowed & mask, want);
        }
    }
    if (who->uid == owner)
        return covers(owner_allowed, want);
    return in_a_group ? a_group_allows : covers(other_allowed, want);
}

void acl_inherit(struct acl *ret, uint32_t *mode, const struct acl *from)
{
    unsigned allowed[3] = {7, 7, 7}; /* owner; group, or the mask where there is one; others */
    bool extended = false;

    *ret = *from;
    if (from->state != ACL_READ)
        return;
    for (size_t i = 0; i < ret->count; i++)
        extended = extended || ret->entries[i].tag == ACL_MASK;
    for (size_t i = 0; i < ret->count; i++) {
        struct acl_entry *entry = &ret->entries[i];
        const int class = entry->tag == ACL_USER_OBJ                            ? 0
                          : entry->tag == (extended ? ACL_MASK : ACL_GROUP_OBJ) ? 1
                          : entry->tag == ACL_OTHER                             ? 2
                                                                                : -1;

        if (class < 0)
            continue;
        entry->allowed &= (uint16_t)(*mode >> (6 - 3 * class));
        allowed[class] = entry->allowed;
    }
    *mode = (*mode & ~0777u) | ((allowed[0] << 6 | allowed[1] << 3 | allowed[2]) & *mode);
    if (!extended)
        *ret = (struct acl){.state = ACL_NONE};
}
