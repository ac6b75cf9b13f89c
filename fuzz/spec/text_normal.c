/* SPDX-License-Identifier: MIT */
/* When two texts of a step are the same but for spelling: see text_normal.h. */
#include "fuzz/spec/text_normal.h"

#include <stdbool.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static uint8_t hex_digit(char c)
{
    return (uint8_t)(is_digit(c) ? c - '0' : c - 'a' + 10);
}

/* One byte of a string; returns how many characters it was written with. Only for right texts. */
static size_t unescape(const char *text, uint8_t *ret)
{
    if (text[0] != '\\') {
        *ret = (uint8_t)text[0];
        return 1;
    }
    if (text[1] != 'x') {
        *ret = (uint8_t)text[1];
        return 2;
    }
    *ret = (uint8_t)(hex_digit(text[2]) << 4 | hex_digit(text[3]));
    return 4;
}

size_t text_normal(const char *text, size_t length, uint8_t *ret)
{
    bool in_string = false;
    bool in_number = false;
    size_t n = 0;

    for (size_t i = 0; i < length;) {
        if (text[i] == '"')
            in_string = !in_string;
        if (in_string && text[i] != '"') {
            i += unescape(text + i, &ret[n++]);
            continue;
        }
        if (text[i] == '0' && !in_number && i + 1 < length && is_digit(text[i + 1])) {
            i++;
            continue;
        }
        in_number = is_digit(text[i]);
        ret[n++] = (uint8_t)text[i++];
    }
    while (n > 0 && ret[n - 1] == ' ')
        n--;
    return n;
}
