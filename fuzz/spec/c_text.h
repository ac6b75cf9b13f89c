/* SPDX-License-Identifier: MIT */
/*
 * Whether a text is C as far as quotes, braces and comments go: without a compiler.
 */
#ifndef FUZZ_C_TEXT_H
#define FUZZ_C_TEXT_H

#include <stddef.h>

/** c_text_wrong() - what is wrong with a text made of lines, strings and // comments; or NULL */
const char *c_text_wrong(const char *text, size_t length);

/** c_text_statements() - how many statements begin with @call, as in "step(" */
size_t c_text_statements(const char *text, size_t length, const char *call);

#endif
