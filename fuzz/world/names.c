/* SPDX-License-Identifier: MIT */
/* Names of a program as paths: see names.h. */
#include "fuzz/world/names.h"

#include "fuzz/world/world.h"

#include <string.h>

#define SHORT_PREFIX WORLD_BASE "/"

_Static_assert(sizeof(SHORT_PREFIX) + STEP_OPERAND_MAX <= WORLD_NAME_MAX, "every name fits");

static void join(const char *prefix, size_t prefix_length, struct operation_text text,
                 struct world_name *ret)
{
    ret->length = prefix_length + text.length;
    memcpy(ret->bytes, prefix, prefix_length);
    if (text.length > 0)
        memcpy(ret->bytes + prefix_length, text.bytes, text.length);
    ret->bytes[ret->length] = '\0';
}

void world_name(struct operation_text text, struct world_name *ret)
{
    bool whole = text.length > 0 && text.bytes[0] == '/';

    join(SHORT_PREFIX, whole ? 0 : sizeof(SHORT_PREFIX) - 1, text, ret);
}

void world_name_abstract(struct operation_text text, struct world_name *ret)
{
    join("", 1, text, ret);
}
