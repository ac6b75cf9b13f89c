/* SPDX-License-Identifier: MIT */
/*
 * Input programs in their text form, for people: seeds are written in it, failures are shown in it.
 *
 *   # a comment
 *   c0 = connect "a" rw
 *   fault send eintr x3
 *   at connect 0: u2.unlink "/run/sun/a"
 *
 * One step a line, as its pattern says (operations.h, field.h); a step whose pattern ends in a
 * colon is followed by the one it goes with. There is one way to write each thing but for these: a
 * number may have zeros in front, and bytes may stand for themselves that the printer writes as
 * escapes. In a string in quotes \" is a quote, \\ a backslash and \xHH, with lower-case digits,
 * any byte. Where a field is the rest of a line the same escapes hold, and a quote stands for
 * itself.
 *
 * Text to bytes to text gives the same text, comments and spelling aside; bytes to text to bytes
 * gives the same program. Nothing is cut: what does not fit its field is an error.
 */
#ifndef FUZZ_STEPS_TEXT_H
#define FUZZ_STEPS_TEXT_H

#include "fuzz/program/steps.h"

#include <stdio.h>

/* Room for the text of a step: every byte of its strings an escape, and what a pattern has. */
#define STEP_TEXT_MAX (4 * STEP_OPERAND_MAX + 256)

#define STEPS_ERROR_MAX 1024

/* Where a text is wrong, and how. */
struct steps_error {
    size_t line;
    char what[STEPS_ERROR_MAX];
};

/** step_print() - one step, without a newline; returns how long it is */
size_t step_print(const struct step_language *language, const struct step *step,
                  char ret_text[STEP_TEXT_MAX]);

/** step_is_prefix() - whether a step is written in one line with the next */
bool step_is_prefix(const struct step_language *language, const struct step *step);

/**
 * step_parse() - the first step in a line
 * @text:      moved behind it, at the next one of the line or at @end
 * @end:       of the line
 * @ret_error: what is wrong; the line's number is the caller's matter
 *
 * A line without a step (blank, or a comment) is wrong too.
 */
bool step_parse(const struct step_language *language, const char **text, const char *end,
                struct step *ret, struct steps_error *ret_error);

/** steps_encode() - text to bytes; false, with @ret_error set, if the text is wrong. */
bool steps_encode(const struct step_language *language, const char *text, size_t length, FILE *out,
                  struct steps_error *ret_error);

/** steps_print() - bytes to text; works for every input. */
void steps_print(const struct step_language *language, const uint8_t *bytes, size_t length,
                 FILE *out);

#endif
