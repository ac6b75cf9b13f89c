/* SPDX-License-Identifier: MIT */
/*
 * Rows of the conformance table.
 *
 *     ROW(connect, missing, "a name that nobody has",
 *         "c = socket",
 *         "connect c there               -> ENOENT",
 *         "root: mkdir d 0700",
 *         "connect c d/there             -> EACCES")
 *
 * A row is played from an empty directory by up to three processes: `me`, who acts where no name is
 * given, `other` and `root`. What follows -> is what the step must come to, to the byte; a step
 * without it must succeed. Every row is two tests: simulated_SUITE/NAME and real_SUITE/NAME.
 *
 * ROW_SINCE(6, 18, connect, ...) is for what other kernels may do otherwise: the number is the
 * first on which it was measured. ROW_IF(condition, connect, ...) is for what a setting decides.
 */
#ifndef CONFORMANCE_ROW_H
#define CONFORMANCE_ROW_H

#include "sim/beside/stage.h"

#include <stddef.h>

struct row {
    const char *suite;
    const char *name;
    const char *title;
    unsigned since;             /* kernel version, 1000 * major + minor */
    const char *(*unfit)(void); /* why this machine's kernel does otherwise; NULL: it does not */
    const char *const *steps;
};

/** row_needs_root() - whether a row has others than `me` in it */
bool row_needs_root(const struct row *row);
/** row_unfit() - why a row cannot be played on this machine, or NULL */
const char *row_unfit(const struct row *row, enum kernel kernel);
/** row_split() - the step in front of "->", and what is behind it or NULL */
const char *row_split(const char *line, char ret_step[STAGE_TEXT_MAX]);
/** row_test() - play a row and judge it with Criterion's assertions; skips what cannot be played */
void row_test(const struct row *row, enum kernel kernel);

#ifdef ROW_DATA_ONLY
#define ROW_TESTS(suite, name)
#else
#include <criterion/criterion.h>
#define ROW_TESTS(suite, name)                             \
    Test(simulated_##suite, name)                          \
    {                                                      \
        row_test(&row_##suite##_##name, KERNEL_SIMULATED); \
    }                                                      \
    Test(real_##suite, name)                               \
    {                                                      \
        row_test(&row_##suite##_##name, KERNEL_REAL);      \
    }
#endif

/* The linker makes one array of the pointers in the section: all rows of all files. */
#define ROW_FULL(since_, unfit_, suite_, name_, title_, ...)                                      \
    static const struct row row_##suite_##_##name_ = {                                            \
        #suite_, #name_, title_, since_, unfit_, (const char *const[]){__VA_ARGS__, NULL}};       \
    __attribute__((                                                                               \
        used,                                                                                     \
        section("conformance_rows"))) static const struct row *const pointer_##suite_##_##name_ = \
        &row_##suite_##_##name_;                                                                  \
    ROW_TESTS(suite_, name_)

#define ROW(suite, name, title, ...) ROW_FULL(0, NULL, suite, name, title, __VA_ARGS__)
#define ROW_SINCE(major, minor, suite, name, title, ...) \
    ROW_FULL(1000 * (major) + (minor), NULL, suite, name, title, __VA_ARGS__)
#define ROW_IF(condition, suite, name, title, ...) \
    ROW_FULL(0, condition, suite, name, title, __VA_ARGS__)

/* Conditions. */
const char *protected_hardlinks(void);

#endif
