/* SPDX-License-Identifier: MIT */
/*
 * Input programs in their text form, for people: seeds are written in it, failures are shown in it.
 *
 *   # a comment
 *   keyword operand
 *
 * One step a line. An operand of bytes is the rest of the line after one blank: \\ is a
 * backslash, \xHH any byte, everything else is itself. An operand of fields is numbers with blanks
 * between them, one for each character in the kind's "operands":
 *
 *   s  one byte with a sign, decimal      u  a user id, one of those step_id() knows, decimal
 *   f  a flag, 0 or 1                     m  a mode of 16 bits, octal
 *   n  a number of 16 bits, decimal       (read write both)  one byte: one of these words
 *
 * Text to bytes to text gives the same text, comments and spelling aside; bytes to text to bytes
 * gives the same program.
 */
#ifndef FUZZ_STEPS_TEXT_H
#define FUZZ_STEPS_TEXT_H

#include "fuzz/program/steps.h"

#include <stdio.h>

/* Where a text is wrong, and how. */
struct steps_error {
    size_t line;
    const char *what;
};

/** steps_encode() - text to bytes; false, with @ret_error set, if the text is wrong. */
bool steps_encode(const struct step_language *language, const char *text, size_t length, FILE *out,
                  struct steps_error *ret_error);

/** steps_print() - bytes to text; works for every input. */
void steps_print(const struct step_language *language, const uint8_t *bytes, size_t length,
                 FILE *out);

#endif
