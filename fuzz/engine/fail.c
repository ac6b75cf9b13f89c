/* SPDX-License-Identifier: MIT */
/* The alarm, and what drivers set: see target.h. abort() is what every engine recognises as a
 * crash. */
#include "fuzz/engine/target.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

bool fuzz_claims;

static size_t nobody_asks;
struct fuzz_watch fuzz_watch = {.step = &nobody_asks};

void fuzz_fail(const char *file, int line, const char *condition, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "\n%s:%d: check failed: %s\n  ", file, line, condition);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    abort();
}
