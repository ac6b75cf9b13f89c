/* SPDX-License-Identifier: MIT */
/* Small texts of the kernel's: see proc_text.h. */
#include "audit/facts/proc_text.h"

#include <fcntl.h>
#include <string.h>

struct text {
    const char *at;
    size_t length;
};

static bool skip(struct text *from, const char *words)
{
    const size_t length = strlen(words);

    if (from->length < length || memcmp(from->at, words, length) != 0)
        return false;
    from->at += length;
    from->length -= length;
    return true;
}

static void skip_blanks(struct text *from)
{
    while (from->length > 0 && (*from->at == ' ' || *from->at == '\t')) {
        from->at++;
        from->length--;
    }
}

/* Digits of a base up to ten, as the kernel writes them; false without any, or past @most. */
static bool take_number(struct text *from, unsigned base, uint64_t most, uint64_t *ret)
{
    uint64_t number = 0;
    const size_t before = from->length;

    for (; from->length > 0; from->at++, from->length--) {
        const unsigned digit = (unsigned)(unsigned char)*from->at - (unsigned)'0';

        if (digit >= base)
            break;
        if (number > (most - digit) / base)
            return false;
        number = number * base + digit;
    }
    *ret = number;
    return from->length < before;
}

/* The next line without its end; false when there is none. */
static bool take_line(struct text *from, struct text *ret)
{
    const char *end;

    if (from->length == 0)
        return false;
    end = memchr(from->at, '\n', from->length);
    *ret = (struct text){from->at, end != NULL ? (size_t)(end - from->at) : from->length};
    from->at += ret->length + (end != NULL);
    from->length -= ret->length + (end != NULL);
    return true;
}

bool proc_text_socket(uint32_t *ret, const char *link, size_t length)
{
    struct text text = {link, length};
    uint64_t number;

    /* The kernel writes no zero in front. */
    if (!skip(&text, "socket:[") || text.length == 0 || text.at[0] == '0' ||
        !take_number(&text, 10, UINT32_MAX, &number) || !skip(&text, "]") || text.length > 0)
        return false;
    *ret = (uint32_t)number;
    return true;
}

bool proc_text_survives_exec(const char *fdinfo, size_t length)
{
    struct text text = {fdinfo, length};
    struct text line;
    uint64_t flags;

    while (take_line(&text, &line)) {
        if (!skip(&line, "flags:"))
            continue;
        skip_blanks(&line);
        return take_number(&line, 8, UINT32_MAX, &flags) && (flags & O_CLOEXEC) == 0;
    }
    return false;
}

/* Lines of three numbers: first inside, first outside, how many. A machine's own is 0 0 4294967295:
 * of the numbers of 32 bits the last is nobody's. Pieces do not overlap. */
bool proc_text_maps_all(const char *uid_map, size_t length)
{
    struct text text = {uid_map, length};
    struct text line;
    uint64_t mapped = 0;

    while (take_line(&text, &line)) {
        uint64_t number = 0;

        for (unsigned i = 0; i < 3; i++) {
            skip_blanks(&line);
            if (!take_number(&line, 10, UINT32_MAX, &number))
                return false;
        }
        mapped += number;
    }
    return mapped >= UINT32_MAX;
}
