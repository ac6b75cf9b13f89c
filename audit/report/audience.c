/* SPDX-License-Identifier: MIT */
/* Classes of users in words: see audience.h. Ids stay numbers: a name service may be slow, remote,
 * or say something else tomorrow. */
#include "audit/report/audience.h"

#include <stdio.h>
#include <string.h>

static int who_format(char *text, size_t room, struct who who)
{
    switch (who.kind) {
    case WHO_ANYBODY:
        break;
    case WHO_USER:
        return snprintf(text, room, "user %u", who.id);
    case WHO_GROUP:
        return snprintf(text, room, "group %u", who.id);
    case WHO_GROUPS:
        return snprintf(text, room, "members of both groups %u and %u", who.id, who.other);
    case WHO_USER_IN_GROUP:
        return snprintf(text, room, "user %u if in group %u", who.id, who.other);
    }
    return snprintf(text, room, "anybody");
}

static size_t list(char ret[AUDIENCE_TEXT_MAX], size_t length, const struct who *who, size_t count)
{
    static const char more[] = ", ...";

    for (size_t i = 0; i < count; i++) {
        char one[80];
        const int taken = who_format(one, sizeof(one), who[i]);

        if (length + (size_t)taken + 2 + sizeof(more) + 32 > AUDIENCE_TEXT_MAX) {
            (void)memcpy(ret + length, more, sizeof(more));
            return length + sizeof(more) - 1;
        }
        length += (size_t)snprintf(ret + length, AUDIENCE_TEXT_MAX - length, "%s%s",
                                   i > 0 ? ", " : "", one);
    }
    return length;
}

char *audience_format(char ret[AUDIENCE_TEXT_MAX], const struct audience *audience)
{
    size_t length = list(ret, 0, audience->who, audience->count);

    if (audience->count == 0)
        length = (size_t)snprintf(ret, AUDIENCE_TEXT_MAX, "only root");
    if (audience->refused_count > 0 && length < AUDIENCE_TEXT_MAX / 2) {
        length += (size_t)snprintf(ret + length, AUDIENCE_TEXT_MAX - length, " except ");
        length = list(ret, length, audience->refused, audience->refused_count);
    }
    if (audience->answer == UNKNOWN && length + 32 < AUDIENCE_TEXT_MAX)
        (void)snprintf(ret + length, AUDIENCE_TEXT_MAX - length, ", perhaps others");
    return ret;
}
