/* SPDX-License-Identifier: MIT */
/*
 * Strings, on the paths that are taken most.
 *
 * Where a sanitizer is linked, each call of a string function of the C library passes through it,
 * and libFuzzer looks at what it compares: for names of a few bytes that costs many times the work.
 */
#ifndef SIM_TEXT_H
#define SIM_TEXT_H

#include <stdbool.h>
#include <stddef.h>

static inline size_t sim__length(const char *text)
{
    size_t length = 0;

    while (text[length] != '\0')
        length++;
    return length;
}

/* Up to the first slash or the end. */
static inline size_t sim__component(const char *text)
{
    size_t length = 0;

    while (text[length] != '\0' && text[length] != '/')
        length++;
    return length;
}

static inline bool sim__equal(const char *a, const char *b, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

/* @prefix: a literal, without its NUL */
static inline bool sim__begins(const char *text, const char *prefix, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] != prefix[i]) /* also at the end of text */
            return false;
    return true;
}

#endif
