/* SPDX-License-Identifier: MIT */
/*
 * Input programs in their C form: a file that does the same on the real kernel with the public
 * interface alone, for a report about the library or for a debugger.
 *
 * The file is emit_c_prelude, the same for every program, and behind it what emit_c() writes. It
 * compiles with the flags of pkg-config alone; what it can do and what not stands at its beginning.
 */
#ifndef FUZZ_EMIT_C_H
#define FUZZ_EMIT_C_H

#include "fuzz/program/steps.h"

/* Steps of a program that are written; as many as take place in a world. */
#define EMIT_C_STEPS_MAX 256

/* Made from prelude/ by the build. */
extern const char emit_c_prelude[];

/**
 * emit_c() - a program of one of the languages of operation.h in C
 * @ret_text: terminated, and cut at @capacity
 *
 * Return: how long it is, without the terminator; @capacity or more says that it was cut.
 */
size_t emit_c(const struct step_language *language, const uint8_t *bytes, size_t length,
              char *ret_text, size_t capacity);

#endif
