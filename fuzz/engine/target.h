/* SPDX-License-Identifier: MIT */
/*
 * What a target and a driver know of each other.
 *
 * A target defines LLVMFuzzerTestOneInput() and fuzz_language; a driver (libFuzzer itself, afl.c,
 * replay.c) calls them. Rules for a target: it accepts every byte string, returns 0, keeps nothing
 * from one input to the next, opens nothing, reads no clock and no environment, and reports what is
 * wrong by FUZZ_CHECK() alone. fuzz_fidelity, which asks the real kernel, has processes and a
 * directory of its own, and leaves them as they were.
 *
 * A target says with fuzz_at() which step it plays, so that a driver knows it even of a process
 * that was killed.
 */
#ifndef FUZZ_TARGET_H
#define FUZZ_TARGET_H

#include "fuzz/program/steps.h"

#include <stdio.h>

/* The name is libFuzzer's. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whether claims in programs are checked: a text seed says what it shows, but what a fuzzer makes
 * of it claims what is not so. Set by a driver alone. */
extern bool fuzz_claims;

/* How inputs are read and printed; NULL where an input is just bytes. */
extern const struct step_language *const fuzz_language;

/* No step: the input has none, or its target plays it as a whole. */
#define FUZZ_NO_STEP SIZE_MAX

/* What a driver wants to know of a run. */
struct fuzz_watch {
    size_t *step; /* the number of the step under way; never NULL */
    void (*on_step)(size_t step);
    FILE *trace; /* where every call of the library is written; NULL: nowhere */
};
extern struct fuzz_watch fuzz_watch;

/* Step number @step is played now: its line in the text form, from 0. One behind the last: what a
 * target does when the program is over. */
static inline void fuzz_at(size_t step)
{
    *fuzz_watch.step = step;
    if (__builtin_expect(fuzz_watch.on_step != NULL, 0))
        fuzz_watch.on_step(step);
}

/* Ends the process unless @condition holds. The message is printf's, and says what disagrees. */
#define FUZZ_CHECK(condition, ...)                                  \
    do {                                                            \
        if (!(condition))                                           \
            fuzz_fail(__FILE__, __LINE__, #condition, __VA_ARGS__); \
    } while (0)

_Noreturn void fuzz_fail(const char *file, int line, const char *condition, const char *format, ...)
    __attribute__((format(printf, 4, 5), cold));

#endif
