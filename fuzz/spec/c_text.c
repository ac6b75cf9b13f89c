/* SPDX-License-Identifier: MIT */
/* Whether a text is C: see c_text.h. */
#include "fuzz/spec/c_text.h"

#include <stdbool.h>
#include <string.h>

/* Parentheses, brackets and braces that are open. */
#define OPEN_MAX 16

enum place { IN_CODE, IN_STRING, IN_ESCAPE, IN_CHARACTER, IN_COMMENT };

struct reader {
    enum place place;
    size_t open_count;
    char open[OPEN_MAX];
};

static const char *read_code(struct reader *reader, char c, char next)
{
    static const char opening[] = "([{", closing[] = ")]}";
    const char *bracket = c != '\0' ? strchr(closing, c) : NULL;

    if (c == '"') {
        reader->place = IN_STRING;
    } else if (c == '\'') {
        reader->place = IN_CHARACTER;
    } else if (c == '/' && next == '/') {
        reader->place = IN_COMMENT;
    } else if (c == '$' || c == '@' || c == '\\' || c == '`') {
        return "a character that C does not have";
    } else if (c != '\0' && strchr(opening, c) != NULL) {
        if (reader->open_count == OPEN_MAX)
            return "too many brackets";
        reader->open[reader->open_count++] = c;
    } else if (bracket != NULL) {
        if (reader->open_count == 0 ||
            reader->open[--reader->open_count] != opening[bracket - closing])
            return "a bracket closes what was not opened";
    }
    return NULL;
}

static const char *read_one(struct reader *reader, char c, char next)
{
    if ((c < ' ' || c > '~') && c != '\n')
        return "a character that cannot be printed";
    switch (reader->place) {
    case IN_COMMENT:
        if (c == '\n')
            reader->place = IN_CODE;
        return c == '\\' && next == '\n' ? "a comment goes on in the next line" : NULL;
    case IN_STRING:
        if (c == '\n')
            return "a string does not end";
        if (c == '"')
            reader->place = IN_CODE;
        else if (c == '\\')
            reader->place = IN_ESCAPE;
        return c == '?' ? "a question mark, perhaps of a trigraph" : NULL;
    case IN_ESCAPE:
        reader->place = IN_STRING;
        return strchr("\"\\?01234567", c) == NULL ? "an escape that is none" : NULL;
    case IN_CHARACTER:
        if (c == '\'')
            reader->place = IN_CODE;
        return NULL;
    default:
        return read_code(reader, c, next);
    }
}

const char *c_text_wrong(const char *text, size_t length)
{
    struct reader reader = {.place = IN_CODE};

    for (size_t i = 0; i < length; i++) {
        const char *wrong = read_one(&reader, text[i], i + 1 < length ? text[i + 1] : '\0');

        if (wrong != NULL)
            return wrong;
    }
    return reader.place != IN_CODE || reader.open_count > 0 ? "something is not closed" : NULL;
}

size_t c_text_statements(const char *text, size_t length, const char *call)
{
    static const char begin[] = "\n    ";
    size_t call_length = strlen(call);
    size_t count = 0;

    for (size_t i = 0; i + sizeof(begin) - 1 + call_length <= length; i++)
        if (memcmp(text + i, begin, sizeof(begin) - 1) == 0 &&
            memcmp(text + i + sizeof(begin) - 1, call, call_length) == 0)
            count++;
    return count;
}
