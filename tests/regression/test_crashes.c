/* SPDX-License-Identifier: MIT */
/*
 * Crashes of the past: each input that ever made a target fail, or was made to, as a test of its
 * own. What each shows and how it was found is in docs/findings.md.
 */
#include "fuzz/engine/target.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static void replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes;
    long length;

    cr_assert(file != NULL, "%s cannot be opened", path);
    cr_assert_eq(fseek(file, 0, SEEK_END), 0, "%s", path);
    length = ftell(file);
    cr_assert_geq(length, 0, "%s", path);
    rewind(file);
    /* Exactly as long as the input, so that a sanitizer sees one byte too far. */
    bytes = malloc((size_t)length);
    cr_assert(bytes != NULL);
    cr_assert_eq(fread(bytes, 1, (size_t)length, file), (size_t)length, "%s", path);
    (void)fclose(file);
    /* Twice: what the first leaves behind meets the second. */
    cr_assert_eq(LLVMFuzzerTestOneInput(bytes, (size_t)length), 0);
    cr_assert_eq(LLVMFuzzerTestOneInput(bytes, (size_t)length), 0);
    free(bytes);
}

#define CRASH(target, name, path) \
    Test(target, name)            \
    {                             \
        replay(path);             \
    }
#include CRASH_LIST
