/* SPDX-License-Identifier: MIT */
/*
 * Directory trust: could another user replace what a path leads to?
 *
 * Every directory from "/" down is judged by owner, mode, sticky bit, and every symbolic link by
 * its owner. A user can replace an entry when he owns the directory, or may write it and it is not
 * sticky. An access control list needs no look of its own: on Linux its mask is shown as
 * the group bits, so "group may write" covers every named user and group of the list.
 */
#ifndef SUNPATH_TRUST_H
#define SUNPATH_TRUST_H

#include <sunpath/error.h>
#include <sunpath/os.h>

SP_BEGIN_DECLS

enum sp_trust {
    /* Nobody but root and ourselves can replace an entry on the way. The default for listening. */
    SP_TRUST_STRICT,
    /* As strict, but members of a directory's group may write it. */
    SP_TRUST_GROUP,
    /* Nothing is judged. */
    SP_TRUST_OFF,
};

/**
 * sp_trust_judge_directory() - may this directory be on the way?
 * @directory: its owner, mode and type
 * @euid:      who "we" are
 * @trust:     how strict
 *
 * Return: SP_CAUSE_NONE if it may; SP_CAUSE_DIRECTORY_OWNER if its owner is neither root nor @euid;
 * else SP_CAUSE_DIRECTORY_WRITABLE if group (unless SP_TRUST_GROUP) or others can write it and it
 * is not sticky. With SP_TRUST_OFF always SP_CAUSE_NONE. Pure.
 */
SP_API enum sp_cause sp_trust_judge_directory(const struct sp_os_stat *directory, uint32_t euid,
                                              enum sp_trust trust);

/**
 * sp_trust_judge_link() - may this symbolic link be followed?
 *
 * Return: SP_CAUSE_NONE if its owner is root or @euid or @trust is SP_TRUST_OFF; else
 * SP_CAUSE_LINK_OWNER. Pure.
 */
SP_API enum sp_cause sp_trust_judge_link(const struct sp_os_stat *link, uint32_t euid,
                                         enum sp_trust trust);

SP_END_DECLS

#endif
