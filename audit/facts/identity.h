/* SPDX-License-Identifier: MIT */
/* Who asks: what the kernel looks at when it judges a process, capabilities apart. User 0 is taken
 * to have them all, everybody else none. */
#ifndef AUDIT_FACTS_IDENTITY_H
#define AUDIT_FACTS_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IDENTITY_GIDS_MAX 64

struct identity {
    uint32_t uid;
    size_t count;
    uint32_t gids[IDENTITY_GIDS_MAX]; /* the primary one among them */
};

static inline bool identity_in_group(const struct identity *who, uint32_t gid)
{
    for (size_t i = 0; i < who->count; i++)
        if (who->gids[i] == gid)
            return true;
    return false;
}

#endif
