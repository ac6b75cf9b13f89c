/* SPDX-License-Identifier: MIT */
/* Bytes as text: see escape.h. */
#include "audit/report/escape.h"

static char *escape_from(char *ret, const void *bytes, size_t length, char plain)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *from = bytes;
    char *to = ret;

    for (size_t i = 0; i < length; i++) {
        if (from[i] == '\\') {
            *to++ = '\\';
            *to++ = '\\';
        } else if (from[i] >= plain && from[i] <= '~') {
            *to++ = (char)from[i];
        } else {
            *to++ = '\\';
            *to++ = 'x';
            *to++ = digits[from[i] >> 4];
            *to++ = digits[from[i] & 15];
        }
    }
    *to = '\0';
    return ret;
}

char *escape(char *ret, const void *bytes, size_t length)
{
    return escape_from(ret, bytes, length, '!');
}

char *escape_text(char *ret, const void *bytes, size_t length)
{
    return escape_from(ret, bytes, length, ' ');
}
