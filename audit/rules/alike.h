/* SPDX-License-Identifier: MIT */
/*
 * Names that people and programs take for one another. Pure.
 *
 * Two different names are alike when
 *   - they are the same up to the bytes that an address holds, and one is longer, or
 *   - they print alike: blanks at the end and bytes that print as nothing (control characters,
 *     characters of no width or direction only) are left out, a NUL is an '@', and characters that
 *     look like one of ASCII are that one.
 *
 * The last is a short list of letters, dashes, blanks and full-width forms in alike.c, not all of
 * Unicode's. Letters of ASCII are never alike, 'l' and '1' not either: too many good names would
 * be. Neither are capitals and small letters: a file system that takes them for one another has
 * only one of the two names.
 *
 * Tests: tests/unit/test_audit_alike.c
 */
#ifndef AUDIT_RULES_ALIKE_H
#define AUDIT_RULES_ALIKE_H

#include <stddef.h>
#include <stdint.h>

enum alike { ALIKE_NOT, ALIKE_CUT, ALIKE_PRINTED };

/** names_alike() - how, if the two are different names at all */
enum alike names_alike(const char *a, size_t a_length, const char *b, size_t b_length);

/**
 * name_look() - what is seen of a name, blanks at the end left out
 * @ret: room for @length
 *
 * Names that print alike, and no others, have the same. Return: how much it is.
 */
size_t name_look(int32_t *ret, const char *name, size_t length);

#endif
