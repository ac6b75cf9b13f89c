/* SPDX-License-Identifier: MIT */
/*
 * Patterns: the text form of a step, with its operands between {} (operations.h).
 *
 *   {NAME}            a field of the table in field.c
 *   {one two three}   one of these words; one byte
 *
 * In bytes, the fields that are no strings come first, in the order of the pattern; then a {path},
 * then what goes on to the end of the operand. A pattern has at most one of each.
 */
#ifndef FUZZ_PATTERN_H
#define FUZZ_PATTERN_H

#include "fuzz/program/field.h"
#include "fuzz/program/steps.h"

/* Fields of a pattern that are no strings. */
#define PATTERN_FIELDS_MAX 4

/* Either text that stands there as it is, or a field. */
struct pattern_part {
    bool is_field;
    struct field field;
    const char *text;
    size_t length;
};

/** pattern_next() - the next part of the pattern at @at, which it moves on; false at the end */
bool pattern_next(const char **at, struct pattern_part *ret);

/** struct layout - where in an operand the fields of a pattern are */
struct layout {
    size_t count;
    struct field fields[PATTERN_FIELDS_MAX];
    size_t length; /* of these together */
    bool has_path;
    bool has_string;
    enum field_form string_form; /* of the one that goes on to the end */
};

void layout_of(struct layout *ret, const char *pattern);

/** layout_strings() - the strings of a step; empty where the pattern has none */
struct step_strings {
    struct step_text path;
    struct step_text string;
};
struct step_strings layout_strings(const struct layout *layout, const struct step *step);

#endif
