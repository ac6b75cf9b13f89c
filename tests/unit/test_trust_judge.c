/* SPDX-License-Identifier: MIT */
/* The judgement of one directory and of one link: every mode, whoever owns it. */
#include <sunpath/trust.h>

#include <criterion/criterion.h>
#include <stdbool.h>

#define ANNA 1000u
#define BERT 1001u

static enum sp_cause judge(uint32_t mode, uint32_t owner, uint32_t euid, enum sp_trust trust)
{
    struct sp_os_stat directory = {.mode = mode, .uid = owner, .gid = ANNA, .dev = 1, .ino = 2};

    return sp_trust_judge_directory(&directory, euid, trust);
}

static enum sp_cause judge_link(uint32_t owner, uint32_t euid, enum sp_trust trust)
{
    struct sp_os_stat link = {.mode = SP_OS_IFLNK | 0777, .uid = owner};

    return sp_trust_judge_link(&link, euid, trust);
}

struct directory {
    const char *what;
    uint32_t mode;
    uint32_t owner;
    uint32_t euid;
    enum sp_cause strict;
    enum sp_cause group;
};

static const struct directory directories[] = {
    {"/", 0040755, 0, ANNA, SP_CAUSE_NONE, SP_CAUSE_NONE},
    {"/tmp", 0041777, 0, ANNA, SP_CAUSE_NONE, SP_CAUSE_NONE},
    {"/tmp without its sticky bit", 0040777, 0, ANNA, SP_CAUSE_DIRECTORY_WRITABLE,
     SP_CAUSE_DIRECTORY_WRITABLE},
    {"/run/user/1000", 0040700, ANNA, ANNA, SP_CAUSE_NONE, SP_CAUSE_NONE},
    {"own, a group may write", 0040775, ANNA, ANNA, SP_CAUSE_DIRECTORY_WRITABLE, SP_CAUSE_NONE},
    {"own, others may write", 0040757, ANNA, ANNA, SP_CAUSE_DIRECTORY_WRITABLE,
     SP_CAUSE_DIRECTORY_WRITABLE},
    {"own, others may write but neither read nor search", 0040702, ANNA, ANNA,
     SP_CAUSE_DIRECTORY_WRITABLE, SP_CAUSE_DIRECTORY_WRITABLE},
    {"/var/local", 0042775, 0, ANNA, SP_CAUSE_DIRECTORY_WRITABLE, SP_CAUSE_NONE},
    {"a group may write, sticky", 0041775, 0, ANNA, SP_CAUSE_NONE, SP_CAUSE_NONE},
    {"of another user", 0040700, BERT, ANNA, SP_CAUSE_DIRECTORY_OWNER, SP_CAUSE_DIRECTORY_OWNER},
    {"of another user, sticky", 0041777, BERT, ANNA, SP_CAUSE_DIRECTORY_OWNER,
     SP_CAUSE_DIRECTORY_OWNER},
    {"of another user, writable too", 0040777, BERT, ANNA, SP_CAUSE_DIRECTORY_OWNER,
     SP_CAUSE_DIRECTORY_OWNER},
    {"of a user, asked by root", 0040755, ANNA, 0, SP_CAUSE_DIRECTORY_OWNER,
     SP_CAUSE_DIRECTORY_OWNER},
    {"of nobody", 0040755, UINT32_MAX, ANNA, SP_CAUSE_DIRECTORY_OWNER, SP_CAUSE_DIRECTORY_OWNER},
};

/* Covers: PERM-10 */
Test(trust_judge, directories_as_they_are)
{
    for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
        const struct directory *d = &directories[i];

        cr_assert_eq(judge(d->mode, d->owner, d->euid, SP_TRUST_STRICT), d->strict, "%s", d->what);
        cr_assert_eq(judge(d->mode, d->owner, d->euid, SP_TRUST_GROUP), d->group, "%s", d->what);
        cr_assert_eq(judge(d->mode, d->owner, d->euid, SP_TRUST_OFF), SP_CAUSE_NONE, "%s", d->what);
    }
}

/* Read, search, set-id and type bits change no answer; write bits do unless it is sticky. */
/* Covers: PERM-10 */
Test(trust_judge, every_mode)
{
    for (uint32_t mode = 0; mode <= 0177777; mode++) {
        bool is_sticky = (mode & 01000) != 0;
        bool by_group = (mode & 0020) != 0 && !is_sticky;
        bool by_others = (mode & 0002) != 0 && !is_sticky;

        for (uint32_t owner = 0; owner <= ANNA; owner += ANNA) {
            bool strict = judge(mode, owner, ANNA, SP_TRUST_STRICT) == SP_CAUSE_NONE;
            bool group = judge(mode, owner, ANNA, SP_TRUST_GROUP) == SP_CAUSE_NONE;

            if (strict == (by_group || by_others) || group == by_others)
                cr_assert_fail("mode %06o, owner %u", mode, owner);
        }
        if (judge(mode, BERT, ANNA, SP_TRUST_GROUP) != SP_CAUSE_DIRECTORY_OWNER)
            cr_assert_fail("mode %06o makes up for a foreign owner", mode);
    }
}

/* Covers: PATH-13 */
Test(trust_judge, a_link_is_judged_by_its_owner_alone)
{
    for (int trust = SP_TRUST_STRICT; trust <= SP_TRUST_GROUP; trust++) {
        cr_assert_eq(judge_link(0, ANNA, (enum sp_trust)trust), SP_CAUSE_NONE);
        cr_assert_eq(judge_link(ANNA, ANNA, (enum sp_trust)trust), SP_CAUSE_NONE);
        cr_assert_eq(judge_link(BERT, ANNA, (enum sp_trust)trust), SP_CAUSE_LINK_OWNER);
        cr_assert_eq(judge_link(ANNA, 0, (enum sp_trust)trust), SP_CAUSE_LINK_OWNER);
    }
    cr_assert_eq(judge_link(BERT, ANNA, SP_TRUST_OFF), SP_CAUSE_NONE);
}
