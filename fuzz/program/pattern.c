/* SPDX-License-Identifier: MIT */
/* Patterns: see pattern.h. */
#include "fuzz/program/pattern.h"

#include <stdlib.h>
#include <string.h>

bool pattern_next(const char **at, struct pattern_part *ret)
{
    const char *text = *at;

    if (*text == '\0')
        return false;
    ret->is_field = *text == '{';
    if (ret->is_field) {
        size_t length = strcspn(text, "}");

        ret->field = field_between(text + 1, length - 1);
        *at = text + length + 1;
    } else {
        ret->text = text;
        ret->length = strcspn(text, "{");
        *at = text + ret->length;
    }
    return true;
}

void layout_of(struct layout *ret, const char *pattern)
{
    struct pattern_part part;

    *ret = (struct layout){0};
    while (pattern_next(&pattern, &part)) {
        if (!part.is_field)
            continue;
        if (part.field.form == FIELD_PATH) {
            ret->has_path = true;
        } else if (part.field.width == 0) {
            ret->has_string = true;
            ret->string_form = part.field.form;
        } else if (ret->count < PATTERN_FIELDS_MAX) {
            ret->fields[ret->count++] = part.field;
            ret->length += part.field.width;
        } else {
            abort(); /* a pattern has too many fields */
        }
    }
}

struct step_strings layout_strings(const struct layout *layout, const struct step *step)
{
    struct step_strings strings = {0};
    size_t at = layout->length < step->length ? layout->length : step->length;

    if (layout->has_path) {
        strings.path.bytes = step->operand + at;
        while (at < step->length && step->operand[at] != '\0')
            at++;
        strings.path.length = (size_t)(step->operand + at - strings.path.bytes);
        at += at < step->length; /* the NUL */
    }
    if (layout->has_string)
        strings.string = (struct step_text){step->operand + at, step->length - at};
    return strings;
}
