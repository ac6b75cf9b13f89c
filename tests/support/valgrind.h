/* SPDX-License-Identifier: MIT */
/*
 * What cannot be tested under valgrind, because the program then sees valgrind's kernel, which is
 * not quite Linux. Such a test begins with NOT_UNDER_VALGRIND() and is counted as skipped there.
 */
#ifndef TESTS_SUPPORT_VALGRIND_H
#define TESTS_SUPPORT_VALGRIND_H

#include <criterion/criterion.h>
#include <valgrind/valgrind.h>

/* The limit is compared when the call has been made: what accept() took from the queue is closed
 * again, a file that open() made stays, and another error comes first. */
#define VALGRIND_LIMIT "valgrind compares with the limit of descriptors too late"
#define VALGRIND_FCHMODAT2 "valgrind does not know fchmodat2()"

#define NOT_UNDER_VALGRIND(why)  \
    do {                         \
        if (RUNNING_ON_VALGRIND) \
            cr_skip_test(why);   \
    } while (0)

#endif
