/* SPDX-License-Identifier: MIT */
/*
 * Directory trust: the judgement of one directory or one link.
 *
 * Who can replace an entry of a directory? Its owner, and whoever may write it, unless it is
 * sticky: then only the owners of the directory and of the entry can. Reading and searching do not
 * matter.
 *
 * What this file does not do: it walks no path and looks at nothing; the walk hands it facts.
 *
 * Tests: tests/unit/test_trust_judge.c    Fuzz: fuzz/targets/fuzz_address.c
 */
#include <sunpath/trust.h>

#include <stdbool.h>

#define SP__GROUP_WRITE 0020u
#define SP__OTHER_WRITE 0002u

static bool is_ours(uint32_t owner, uint32_t euid)
{
    return owner == 0 || owner == euid;
}

enum sp_cause sp_trust_judge_directory(const struct sp_os_stat *directory, uint32_t euid,
                                       enum sp_trust trust)
{
    uint32_t suspect = SP__OTHER_WRITE;

    if (trust == SP_TRUST_OFF)
        return SP_CAUSE_NONE;
    if (!is_ours(directory->uid, euid))
        return SP_CAUSE_DIRECTORY_OWNER;
    if (trust != SP_TRUST_GROUP)
        suspect |= SP__GROUP_WRITE;
    if ((directory->mode & suspect) != 0 && (directory->mode & SP_OS_ISVTX) == 0)
        return SP_CAUSE_DIRECTORY_WRITABLE;
    return SP_CAUSE_NONE;
}

enum sp_cause sp_trust_judge_link(const struct sp_os_stat *link, uint32_t euid, enum sp_trust trust)
{
    if (trust == SP_TRUST_OFF || is_ours(link->uid, euid))
        return SP_CAUSE_NONE;
    return SP_CAUSE_LINK_OWNER;
}
