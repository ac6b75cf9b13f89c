/* SPDX-License-Identifier: MIT */
/*
 * MUST() - for what a test needs before it can test anything.
 *
 * A set-up that failed is no result of the code under test; but it must not pass for one either.
 * Works in any process, also in a child where Criterion's assertions do not: it says what failed
 * and aborts, which Criterion reports as a crashed test. Stays in release builds.
 */
#ifndef TESTS_SUPPORT_MUST_H
#define TESTS_SUPPORT_MUST_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(condition)                                                                      \
    do {                                                                                     \
        if (!(condition)) {                                                                  \
            (void)fprintf(stderr, "%s:%d: cannot go on without: %s (errno: %s)\n", __FILE__, \
                          __LINE__, #condition, strerror(errno));                            \
            abort();                                                                         \
        }                                                                                    \
    } while (0)

#endif
