/* SPDX-License-Identifier: MIT */
/*
 * Bytes as text that can forge neither a line nor a field, and of which no two are alike.
 *
 * The same form as sp_address_format() gives a path, for names of any length: bytes outside '!' to
 * '~' become \xHH, a backslash becomes two.
 *
 * Tests: tests/unit/test_audit_acl.c
 */
#ifndef AUDIT_REPORT_ESCAPE_H
#define AUDIT_REPORT_ESCAPE_H

#include <limits.h>
#include <stddef.h>

#define ESCAPED_MAX(bytes) (4 * (bytes) + 1)

/** escape() - @ret has room for ESCAPED_MAX(@length); returns @ret */
char *escape(char *ret, const void *bytes, size_t length);

/** escape_text() - the same for sentences, in which a blank stays one */
char *escape_text(char *ret, const void *bytes, size_t length);

#endif
