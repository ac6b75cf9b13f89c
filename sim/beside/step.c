/* SPDX-License-Identifier: MIT */
/*
 * Steps: reading and printing them. See step.h.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* strerrorname_np */
#endif
#include "step.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const cast_names[CAST_SIZE] = {"me", "other", "root"};
const uint32_t cast_ids[CAST_SIZE] = {12345, 12346, 0};

_Noreturn void beside_mistake(const struct beside_step *step, const char *why)
{
    (void)fprintf(stderr, "no step: %s: %s\n", step->text, why);
    abort();
}

/* ---- printing ---- */

void beside_print(struct beside_step *step, const char *format, ...)
{
    va_list values;
    int n;

    va_start(values, format);
    n = vsnprintf(step->result + step->length, STEP_MAX - step->length, format, values);
    va_end(values);
    if (n < 0 || (size_t)n >= STEP_MAX - step->length)
        beside_mistake(step, "the result is too long");
    step->length += (size_t)n;
}

bool beside_ok(struct beside_step *step, int64_t result)
{
    const char *name;

    if (result >= 0)
        return true;
    name = strerrorname_np((int)-result);
    beside_print(step, "%s", name != NULL ? name : "E?");
    return false;
}

void beside_done(struct beside_step *step, int64_t result)
{
    if (beside_ok(step, result))
        beside_print(step, "ok");
}

void beside_number(struct beside_step *step, int64_t result)
{
    if (beside_ok(step, result))
        beside_print(step, "%lld", (long long)result);
}

void beside_print_bytes(struct beside_step *step, const void *bytes, size_t length)
{
    const unsigned char *from = bytes;

    beside_print(step, "'");
    for (size_t i = 0; i < length; i++) {
        if (from[i] == '\'' || from[i] == '\\' || from[i] < 0x20 || from[i] > 0x7e)
            beside_print(step, "\\x%02x", from[i]);
        else
            beside_print(step, "%c", from[i]);
    }
    beside_print(step, "'");
}

void beside_print_id(struct beside_step *step, uint32_t id, bool group)
{
    for (size_t i = 0; i < CAST_SIZE; i++) {
        const struct cast_member *member = &step->side->cast[i];

        if ((group ? member->gid : member->uid) == id) {
            beside_print(step, "%s", cast_names[i]);
            return;
        }
    }
    if (id == UINT32_MAX)
        beside_print(step, "nobody");
    else
        beside_print(step, "%u", id);
}

void beside_print_stat(struct beside_step *step, const struct sp_os_stat *stat)
{
    static const struct {
        uint32_t type;
        const char *name;
    } types[] = {{SP_OS_IFSOCK, "socket"}, {SP_OS_IFLNK, "link"}, {SP_OS_IFREG, "file"},
                 {SP_OS_IFDIR, "dir"},     {SP_OS_IFIFO, "fifo"}, {0, "other"}};
    size_t i = 0;

    while (types[i].type != 0 && types[i].type != (stat->mode & SP_OS_IFMT))
        i++;
    beside_print(step, "%s %04o ", types[i].name, stat->mode & 07777);
    beside_print_id(step, stat->uid, false);
    beside_print(step, " ");
    beside_print_id(step, stat->gid, true);
}

/* ---- words ---- */

static int digit(const struct beside_step *step, char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;

    if (at == NULL)
        beside_mistake(step, "a hexadecimal digit is missing");
    return (int)(at - digits);
}

struct cursor {
    struct beside_step *step;
    const char *from;
    char *to;
    const char *end;
};

static void put(struct cursor *cursor, char c)
{
    if (cursor->to == cursor->end)
        beside_mistake(cursor->step, "too long");
    *cursor->to++ = c;
}

static void put_number(struct cursor *cursor, const char *name)
{
    for (size_t i = 0; i < cursor->step->side->handle_count; i++) {
        const struct handle *handle = &cursor->step->side->handles[i];
        char number[16];

        if (strcmp(handle->name, name) != 0)
            continue;
        (void)snprintf(number, sizeof(number), "%d", handle->fd);
        for (const char *c = number; *c != '\0'; c++)
            put(cursor, *c);
        return;
    }
    beside_mistake(cursor->step, "no such handle in braces");
}

/* {x*108}: so many times; {d}: the number of descriptor d */
static void read_braces(struct cursor *cursor)
{
    const char *inside = cursor->from;
    const char *end = strchr(inside, '}');
    char name[HANDLE_NAME_MAX];
    char *star;
    size_t length;

    if (end == NULL || (length = (size_t)(end - inside)) >= sizeof(name))
        beside_mistake(cursor->step, "a brace is not closed");
    cursor->from = end + 1;
    memcpy(name, inside, length);
    name[length] = '\0';
    star = strrchr(name, '*');
    if (star == NULL) {
        put_number(cursor, name);
        return;
    }
    for (long n = strtol(star + 1, NULL, 10); n > 0; n--)
        for (const char *c = name; c < star; c++)
            put(cursor, *c);
}

static void read_escape(struct cursor *cursor)
{
    char c = *cursor->from++;

    switch (c) {
    case 'x':
        put(cursor, (char)(digit(cursor->step, cursor->from[0]) * 16 +
                           digit(cursor->step, cursor->from[1])));
        cursor->from += 2;
        break;
    case '0':
        put(cursor, '\0');
        break;
    default:
        beside_mistake(cursor->step, "unknown escape");
    }
}

static void read_word(struct cursor *cursor)
{
    bool quoted = *cursor->from == '\'';
    char stop = quoted ? '\'' : ' ';
    struct token *word = &cursor->step->words[cursor->step->count];

    if (cursor->step->count++ == TOKENS_MAX)
        beside_mistake(cursor->step, "too many words");
    word->bytes = cursor->to;
    word->quoted = quoted;
    cursor->from += quoted;
    while (*cursor->from != '\0' && *cursor->from != stop) {
        char c = *cursor->from++;

        if (c == '{')
            read_braces(cursor);
        else if (c == '\\')
            read_escape(cursor);
        else
            put(cursor, c);
    }
    if (quoted && *cursor->from++ != '\'')
        beside_mistake(cursor->step, "a quote is not closed");
    word->length = (size_t)(cursor->to - word->bytes);
    put(cursor, '\0');
}

void beside_split(struct beside_step *step, char bytes[TOKEN_BYTES])
{
    struct cursor cursor = {step, step->text, bytes, bytes + TOKEN_BYTES};
    size_t named = 0;

    for (;;) {
        cursor.from += strspn(cursor.from, " ");
        if (*cursor.from == '\0')
            break;
        read_word(&cursor);
    }
    while (named < step->count && !beside_is(step, named, "="))
        named++;
    if (named == step->count)
        return;
    if (named < 1 || named > 2 || named + 1 == step->count)
        beside_mistake(step, "one or two names go left of =");
    step->name = step->words[0].bytes;
    step->second = named == 2 ? step->words[1].bytes : NULL;
    step->count -= named + 1;
    memmove(step->words, step->words + named + 1, step->count * sizeof(step->words[0]));
}

bool beside_is(const struct beside_step *step, size_t word, const char *text)
{
    return word < step->count && !step->words[word].quoted &&
           strcmp(step->words[word].bytes, text) == 0;
}

const char *beside_text(const struct beside_step *step, size_t word)
{
    return step->words[word].bytes;
}

uint32_t beside_value(const struct beside_step *step, size_t word)
{
    char *end;
    long value = strtol(step->words[word].bytes, &end, step->words[word].bytes[0] == '0' ? 8 : 10);

    if (*end != '\0')
        beside_mistake(step, "a number was expected");
    return (uint32_t)value;
}

size_t beside_sun_path(const struct beside_step *step, size_t word, char ret_name[256])
{
    const struct token *token = &step->words[word];
    size_t length = token->length;

    if (length > 200)
        beside_mistake(step, "a name is too long");
    if (token->quoted || token->bytes[0] != '@') {
        memcpy(ret_name, token->bytes, length);
        return length;
    }
    ret_name[0] = '\0';
    memcpy(ret_name + 1, step->side->prefix, PREFIX_LENGTH);
    memcpy(ret_name + 1 + PREFIX_LENGTH, token->bytes + 1, length - 1);
    return length + PREFIX_LENGTH;
}

/* ---- handles ---- */

struct handle *beside_handle(const struct beside_step *step, size_t word)
{
    const char *name = step->words[word].bytes;

    for (size_t i = 0; i < step->side->handle_count; i++)
        if (strcmp(step->side->handles[i].name, name) == 0)
            return &step->side->handles[i];
    beside_mistake(step, "no such handle");
}

int beside_fd(const struct beside_step *step, size_t word)
{
    const char *text = step->words[word].bytes;
    char *end;
    long number = strtol(text, &end, 10);

    /* A bare number is a descriptor too. */
    return *end == '\0' ? (int)number : beside_handle(step, word)->fd;
}

void beside_name_handle(struct beside_step *step, const char *name, int fd)
{
    struct side *side = step->side;
    size_t i = 0;

    if (name == NULL)
        return;
    if (strlen(name) >= HANDLE_NAME_MAX)
        beside_mistake(step, "a handle's name is too long");
    while (i < side->handle_count && strcmp(side->handles[i].name, name) != 0)
        i++;
    if (i == HANDLES_MAX)
        beside_mistake(step, "too many handles");
    if (i == side->handle_count)
        side->handle_count++;
    side->handles[i] = (struct handle){.fd = fd};
    memcpy(side->handles[i].name, name, strlen(name) + 1);
}

void beside_made(struct beside_step *step, int result)
{
    if (!beside_ok(step, result))
        return;
    beside_name_handle(step, step->name, result);
    beside_print(step, "ok");
}

/* ---- running ---- */

static const struct operation_row *const operations[] = {
    socket_operations,   byte_operations,    poll_operations,
    question_operations, process_operations, file_operations,
};

static const struct operation_row *find(const char *name)
{
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        for (const struct operation_row *row = operations[i]; row->name != NULL; row++) {
            if (strcmp(row->name, name) == 0)
                return row;
        }
    }
    return NULL;
}

void beside_run(struct side *side, const char *text, char ret_result[STEP_MAX])
{
    char bytes[TOKEN_BYTES];
    struct beside_step step = {.side = side, .text = text, .result = ret_result};
    const struct operation_row *row;
    int arguments;

    ret_result[0] = '\0';
    beside_split(&step, bytes);
    if (step.count == 0)
        beside_mistake(&step, "empty");
    row = find(beside_text(&step, 0));
    if (row == NULL)
        beside_mistake(&step, "unknown operation");
    arguments = (int)step.count - 1;
    if (arguments < row->least || arguments > row->most)
        beside_mistake(&step, "wrong number of arguments");
    row->run(&step);
}
