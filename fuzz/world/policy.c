/* SPDX-License-Identifier: MIT */
/* Peer policies by their words: see policy.h. */
#include "fuzz/world/policy.h"

#include "fuzz/world/world.h"

#include <stddef.h>

static const uint32_t u1[] = {WORLD_OURS};
static const uint32_t u2[] = {WORLD_MALLORY};

/* In the order of OPERATION_WORDS_LIST(allow). "group" is our own: a group mate has it among his
 * supplementary ones. "none" allows nobody, and is refused. */
static const struct sp_peer_policy policies[] = {
    {.allow = SP_PEER_ANY},
    {.allow = SP_PEER_SELF},
    {.allow = SP_PEER_ROOT},
    {.allow = SP_PEER_DIRECTORY_OWNER},
    {.allow = SP_PEER_SELF | SP_PEER_ROOT},
    {.allow = SP_PEER_UIDS, .uids = u1, .uid_count = 1},
    {.allow = SP_PEER_UIDS, .uids = u2, .uid_count = 1},
    {.allow = SP_PEER_GIDS, .gids = u1, .gid_count = 1},
    {.allow = SP_PEER_ANY}, /* "default": not looked at */
    {.allow = 0},
};
#define DEFAULT 8

const struct sp_peer_policy *world_policy(unsigned word)
{
    return word == DEFAULT ? NULL : &policies[word];
}
