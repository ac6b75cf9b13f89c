/* SPDX-License-Identifier: MIT */
/*
 * Access modes and directory trust, specified: see address_spec.h.
 *
 * The access check reads the mode as a person reads the output of ls. The trust rule asks of each
 * person in turn whether he could put something else in the place of an entry.
 */
#include "fuzz/spec/address_spec.h"

/* The character of "rwxrwxrwx" that says whether @who may write: 0 owner, 1 group, 2 others. */
static bool shows_w(uint32_t mode, int who)
{
    char listing[9];

    for (int i = 0; i < 9; i++)
        listing[i] = "rwxrwxrwx"[i];
    for (int i = 0; i < 9; i++)
        if (((mode >> (8 - i)) & 1u) == 0)
            listing[i] = '-';
    return listing[who * 3 + 1] == 'w';
}

bool spec_access(uint32_t mode, uint32_t owner, uint32_t uid, bool in_group)
{
    int who = 2;

    if (in_group)
        who = 1;
    if (uid == owner)
        who = 0;
    return uid == 0 || shows_w(mode, who);
}

enum sp_cause spec_directory(uint32_t mode, uint32_t owner, uint32_t euid, enum sp_trust trust)
{
    bool is_sticky = (mode & 01000) == 01000;
    bool is_foreign = owner != 0 && owner != euid;
    bool group_can_replace = shows_w(mode, 1) && !is_sticky;
    bool others_can_replace = shows_w(mode, 2) && !is_sticky;

    switch (trust) {
    case SP_TRUST_OFF:
        return SP_CAUSE_NONE;
    case SP_TRUST_GROUP:
        group_can_replace = false;
        break;
    case SP_TRUST_STRICT:
        break;
    }
    if (is_foreign)
        return SP_CAUSE_DIRECTORY_OWNER;
    return group_can_replace || others_can_replace ? SP_CAUSE_DIRECTORY_WRITABLE : SP_CAUSE_NONE;
}

enum sp_cause spec_link(uint32_t owner, uint32_t euid, enum sp_trust trust)
{
    bool is_foreign = owner != 0 && owner != euid;

    return trust != SP_TRUST_OFF && is_foreign ? SP_CAUSE_LINK_OWNER : SP_CAUSE_NONE;
}
