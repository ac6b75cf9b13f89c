/* SPDX-License-Identifier: MIT */
/* Names that are taken for one another: see alike.h. */
#include "audit/rules/alike.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sunpath/address.h>

enum { SIGN_END = -1, SIGN_NOTHING = -2 };

/* What looks like one character of ASCII, or, with 0, like nothing. */
static const struct {
    uint32_t first;
    uint32_t last;
    char as;
} looks[] = {
    {0x80, 0x9f, 0},       {0xa0, 0xa0, ' '},     {0xad, 0xad, 0},     {0x3bf, 0x3bf, 'o'},
    {0x3bd, 0x3bd, 'v'},   {0x430, 0x430, 'a'},   {0x435, 0x435, 'e'}, {0x43e, 0x43e, 'o'},
    {0x440, 0x440, 'p'},   {0x441, 0x441, 'c'},   {0x443, 0x443, 'y'}, {0x445, 0x445, 'x'},
    {0x455, 0x455, 's'},   {0x456, 0x456, 'i'},   {0x458, 0x458, 'j'}, {0x4bb, 0x4bb, 'h'},
    {0x501, 0x501, 'd'},   {0x51b, 0x51b, 'q'},   {0x51d, 0x51d, 'w'}, {0x2000, 0x200a, ' '},
    {0x200b, 0x200f, 0},   {0x2010, 0x2015, '-'}, {0x202a, 0x202e, 0}, {0x202f, 0x202f, ' '},
    {0x2044, 0x2044, '/'}, {0x2060, 0x2064, 0},   {0x2066, 0x2069, 0}, {0x2212, 0x2212, '-'},
    {0x2215, 0x2215, '/'}, {0x3000, 0x3000, ' '}, {0xfe00, 0xfe0f, 0}, {0xfeff, 0xfeff, 0},
};

struct cursor {
    const unsigned char *at;
    const unsigned char *end;
};

static bool goes_on(const struct cursor *cursor, size_t count)
{
    if ((size_t)(cursor->end - cursor->at) <= count)
        return false;
    for (size_t i = 1; i <= count; i++)
        if ((cursor->at[i] & 0xc0) != 0x80)
            return false;
    return true;
}

/* The next character; a byte that is not UTF-8 stands for itself, out of the way of characters. */
static int32_t next_character(struct cursor *cursor)
{
    const unsigned char first = *cursor->at;
    const size_t count = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc2 ? 1 : 0;
    int32_t value = first & (0x3f >> count);

    if (first < 0x80) {
        cursor->at++;
        return first;
    }
    if (count == 0 || !goes_on(cursor, count)) {
        cursor->at++;
        return 0x200000 + first;
    }
    for (size_t i = 1; i <= count; i++)
        value = value << 6 | (cursor->at[i] & 0x3f);
    cursor->at += count + 1;
    return value;
}

static int32_t look_of(int32_t character)
{
    if (character == '\0')
        return '@';
    if (character < ' ' || character == 0x7f)
        return character == '\t' ? ' ' : SIGN_NOTHING;
    if (character < 0x80)
        return character;
    if (character >= 0xff01 && character <= 0xff5e)
        return character - 0xff01 + '!';
    for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
        if ((uint32_t)character >= looks[i].first && (uint32_t)character <= looks[i].last)
            return looks[i].as != 0 ? looks[i].as : SIGN_NOTHING;
    return character;
}

/* The next thing that is seen, or SIGN_END. */
static int32_t next_look(struct cursor *cursor)
{
    while (cursor->at < cursor->end) {
        const int32_t look = look_of(next_character(cursor));

        if (look != SIGN_NOTHING)
            return look;
    }
    return SIGN_END;
}

static bool only_blanks(int32_t look, struct cursor cursor)
{
    while (look == ' ')
        look = next_look(&cursor);
    return look == SIGN_END;
}

static bool print_alike(struct cursor a, struct cursor b)
{
    int32_t x;
    int32_t y;

    do {
        x = next_look(&a);
        y = next_look(&b);
    } while (x == y && x != SIGN_END);
    return only_blanks(x, a) && only_blanks(y, b);
}

/* Bytes that are the same in both, up to the beginning of a character: most names differ late. */
static size_t common(const char *a, const char *b, size_t least)
{
    size_t length = 0;

    while (length < least && a[length] == b[length])
        length++;
    /* Behind a byte of ASCII a character begins, in both. */
    while (length > 0 && (unsigned char)a[length - 1] >= 0x80)
        length--;
    return length;
}

enum alike names_alike(const char *a, size_t a_length, const char *b, size_t b_length)
{
    const size_t least = a_length < b_length ? a_length : b_length;
    const unsigned char *at_a = (const unsigned char *)a;
    const unsigned char *at_b = (const unsigned char *)b;
    size_t same;

    if (a_length == b_length && memcmp(a, b, a_length) == 0)
        return ALIKE_NOT;
    if (least >= SP_LISTEN_PATH_MAX && memcmp(a, b, SP_LISTEN_PATH_MAX) == 0)
        return ALIKE_CUT;
    same = common(a, b, least);
    if (print_alike((struct cursor){at_a + same, at_a + a_length},
                    (struct cursor){at_b + same, at_b + b_length}))
        return ALIKE_PRINTED;
    return ALIKE_NOT;
}

size_t name_look(int32_t *ret, const char *name, size_t length)
{
    struct cursor cursor = {(const unsigned char *)name, (const unsigned char *)name + length};
    size_t count = 0;
    size_t seen = 0;
    int32_t look;

    while ((look = next_look(&cursor)) != SIGN_END) {
        ret[count++] = look;
        if (look != ' ')
            seen = count;
    }
    return seen;
}
