/* SPDX-License-Identifier: MIT */
/*
 * Patterns: the text form of a step, with its operands between {} (operations.h), cut into parts.
 */
#ifndef FUZZ_PATTERN_H
#define FUZZ_PATTERN_H

#include "fuzz/program/field.h"

#include <stdbool.h>

/* Either text that stands there as it is, or a field. */
struct pattern_part {
    const struct field *field; /* NULL: text */
    const char *text;
    size_t length;
};

/** pattern_next() - the next part of the pattern at @at, which it moves on; false at the end */
bool pattern_next(const char **at, struct pattern_part *ret);

#endif
