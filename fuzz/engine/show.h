/* SPDX-License-Identifier: MIT */
/* Inputs, for a person to read: as text, as bytes, as a program in C, and as what happens. */
#ifndef FUZZ_SHOW_H
#define FUZZ_SHOW_H

#include "fuzz/engine/inputs.h"

#include <stdio.h>

/** show_text() - the program in its text form; of an input without steps how long it is */
void show_text(const struct input *input, FILE *out);

/** show_step() - the same, with an arrow at the line of step number @step, if it has one */
void show_step(const struct input *input, size_t step, FILE *out);

/** show_bytes() - in hexadecimal: a line for each step, with its text; or 16 bytes a line */
void show_bytes(const struct input *input, FILE *out);

/** show_c() - emit_c.h; false, and standard error says so, if its inputs have no C form */
bool show_c(const struct input *input, FILE *out);

/** trace_input() - from here on, whatever happens when @input is played is written */
void trace_input(const struct input *input, FILE *out);
void trace_end(void);

#endif
