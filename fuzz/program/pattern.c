/* SPDX-License-Identifier: MIT */
/* Patterns: see pattern.h. */
#include "fuzz/program/pattern.h"

#include <string.h>

bool pattern_next(const char **at, struct pattern_part *ret)
{
    const char *text = *at;

    if (*text == '\0')
        return false;
    if (*text == '{') {
        size_t length = strcspn(text + 1, "}");

        *ret = (struct pattern_part){.field = field_named(text + 1, length)};
        *at = text + length + 2;
        return true;
    }
    *ret = (struct pattern_part){.text = text, .length = strcspn(text, "{")};
    *at = text + ret->length;
    return true;
}
