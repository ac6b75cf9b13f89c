/* SPDX-License-Identifier: MIT */
/* Bytes as text: see escape.h. */
#include "audit/report/escape.h"

char *escape(char *ret, const void *bytes, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *from = bytes;
    char *to = ret;

    for (size_t i = 0; i < length; i++) {
        if (from[i] == '\\') {
            *to++ = '\\';
            *to++ = '\\';
        } else if (from[i] >= '!' && from[i] <= '~') {
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
