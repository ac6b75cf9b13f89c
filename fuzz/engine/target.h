/* SPDX-License-Identifier: MIT */
/*
 * What a target and a driver know of each other.
 *
 * A target defines LLVMFuzzerTestOneInput() and fuzz_language; a driver (libFuzzer itself, afl.c,
 * replay.c) calls them. Rules for a target: it accepts every byte string, returns 0, keeps nothing
 * from one input to the next, opens nothing, reads no clock and no environment, and reports what is
 * wrong by FUZZ_CHECK() alone. fuzz_fidelity, which asks the real kernel, has processes and a
 * directory of its own, and leaves them as they were.
 */
#ifndef FUZZ_TARGET_H
#define FUZZ_TARGET_H

#include "fuzz/program/steps.h"

/* The name is libFuzzer's. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whether claims in programs are checked: a text seed says what it shows, but what a fuzzer makes
 * of it claims what is not so. Set by a driver alone. */
extern bool fuzz_claims;

/* How inputs are read and printed; NULL where an input is just bytes. */
extern const struct step_language *const fuzz_language;

/* Ends the process unless @condition holds. The message is printf's, and says what disagrees. */
#define FUZZ_CHECK(condition, ...)                                  \
    do {                                                            \
        if (!(condition))                                           \
            fuzz_fail(__FILE__, __LINE__, #condition, __VA_ARGS__); \
    } while (0)

_Noreturn void fuzz_fail(const char *file, int line, const char *condition, const char *format, ...)
    __attribute__((format(printf, 4, 5), cold));

#endif
