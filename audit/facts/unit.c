/* SPDX-License-Identifier: MIT */
/* The texts of a .socket unit: see unit.h. */
#include "audit/facts/unit.h"

#include <string.h>

#define SOCKET_MODE 0666
#define DIRECTORY_MODE 0755
#define MODE_MAX 07777
#define BLANKS " \t\r"

/* Of the system's manager: what they stand for does not depend on the unit. */
static const struct {
    char letter;
    const char *text;
} specifiers[] = {
    {'%', "%"},        {'t', "/run"}, {'S', "/var/lib"}, {'C', "/var/cache"},
    {'L', "/var/log"}, {'E', "/etc"}, {'T', "/tmp"},     {'V', "/var/tmp"},
};

struct slice {
    const char *at;
    size_t length;
};

static struct slice trim(struct slice text)
{
    while (text.length > 0 && memchr(BLANKS, text.at[0], sizeof(BLANKS) - 1) != NULL)
        text.at++, text.length--;
    while (text.length > 0 && memchr(BLANKS, text.at[text.length - 1], sizeof(BLANKS) - 1) != NULL)
        text.length--;
    return text;
}

static bool is(struct slice text, const char *word)
{
    return text.length == strlen(word) && memcmp(text.at, word, text.length) == 0;
}

static const char *meaning_of(char letter)
{
    for (size_t i = 0; i < sizeof(specifiers) / sizeof(specifiers[0]); i++)
        if (specifiers[i].letter == letter)
            return specifiers[i].text;
    return NULL;
}

/* @ret has room for @size bytes with the terminator; the length, or SIZE_MAX if it is not known. */
static size_t expand(char *ret, size_t size, struct slice value)
{
    size_t length = 0;

    for (size_t i = 0; i < value.length; i++) {
        const char *text = &value.at[i];
        size_t more = 1;

        if (value.at[i] == '%') {
            text = i + 1 < value.length ? meaning_of(value.at[++i]) : NULL;
            if (text == NULL)
                return SIZE_MAX;
            more = strlen(text);
        }
        if (*text == '\0' || length + more >= size)
            return SIZE_MAX;
        (void)memcpy(ret + length, text, more);
        length += more;
    }
    ret[length] = '\0';
    return length;
}

static void take_listen(struct unit *to, struct unit_at at, struct slice value)
{
    struct unit_listen *listen = &to->listens[to->count];

    if (value.length == 0) {
        to->count = 0;
        return;
    }
    /* A number, an address of the network, or an abstract name, which has no file. */
    if (value.at[0] != '/' && value.at[0] != '%')
        return;
    if (to->count == UNIT_LISTENS_MAX) {
        to->unclear = true;
        return;
    }
    listen->at = at;
    listen->length = expand(listen->path, sizeof(listen->path), value);
    if (listen->length == SIZE_MAX)
        to->unclear = true;
    else if (listen->path[0] == '/')
        to->count++;
}

static void take_mode(struct unit *to, struct unit_at *ret_at, uint32_t *ret, uint32_t unset,
                      struct unit_at at, struct slice value)
{
    uint32_t mode = 0;

    if (value.length == 0) {
        *ret = unset;
        *ret_at = (struct unit_at){.line = 0};
        return;
    }
    for (size_t i = 0; i < value.length; i++) {
        if (value.at[i] < '0' || value.at[i] > '7' || mode > MODE_MAX) {
            to->unclear = true;
            return;
        }
        mode = mode * 8 + (uint32_t)(value.at[i] - '0');
    }
    if (mode > MODE_MAX) {
        to->unclear = true;
        return;
    }
    *ret = mode;
    *ret_at = at;
}

static void take_name(struct unit *to, char ret[UNIT_NAME_MAX + 1], struct slice value)
{
    char name[UNIT_NAME_MAX + 1];

    if (expand(name, sizeof(name), value) == SIZE_MAX)
        to->unclear = true;
    else
        (void)memcpy(ret, name, sizeof(name));
}

static void take_assignment(struct unit *to, struct unit_at at, struct slice line)
{
    const char *sign = memchr(line.at, '=', line.length);
    struct slice key;
    struct slice value;

    if (sign == NULL)
        return;
    key = trim((struct slice){line.at, (size_t)(sign - line.at)});
    value = trim((struct slice){sign + 1, line.length - (size_t)(sign - line.at) - 1});
    if (is(key, "ListenStream") || is(key, "ListenDatagram") || is(key, "ListenSequentialPacket"))
        take_listen(to, at, value);
    else if (is(key, "SocketMode"))
        take_mode(to, &to->socket_mode_at, &to->socket_mode, SOCKET_MODE, at, value);
    else if (is(key, "DirectoryMode"))
        take_mode(to, &to->directory_mode_at, &to->directory_mode, DIRECTORY_MODE, at, value);
    else if (is(key, "SocketUser"))
        take_name(to, to->user, value);
    else if (is(key, "SocketGroup"))
        take_name(to, to->group, value);
}

/* One line as systemd sees it, from as many as it goes on over. */
struct logical {
    bool open;     /* the last one ended in a backslash */
    bool too_long; /* what did not fit is left out, and with it the line */
    struct unit_at at;
    size_t length;
    char text[UNIT_LINE_MAX];
};

static void append(struct logical *to, struct slice part)
{
    if (part.length > sizeof(to->text) - to->length) {
        to->too_long = true;
        return;
    }
    (void)memcpy(to->text + to->length, part.at, part.length);
    to->length += part.length;
}

static void end_line(struct unit *to, struct logical *line, bool *in_section)
{
    const struct slice text = trim((struct slice){line->text, line->length});

    if (line->too_long)
        to->unclear = true;
    else if (text.length > 0 && text.at[0] == '[')
        *in_section = is(text, "[Socket]");
    else if (*in_section)
        take_assignment(to, line->at, text);
    line->open = line->too_long = false;
    line->length = 0;
}

void unit_init(struct unit *ret)
{
    ret->socket_mode_at = ret->directory_mode_at = (struct unit_at){.line = 0};
    ret->socket_mode = SOCKET_MODE;
    ret->directory_mode = DIRECTORY_MODE;
    ret->user[0] = ret->group[0] = '\0';
    ret->unclear = false;
    ret->count = 0;
}

void unit_parse(struct unit *to, const char *file, const char *text, size_t length)
{
    struct logical line = {.length = 0};
    bool in_section = false;
    size_t number = 0;

    for (size_t at = 0; at < length;) {
        const char *end = memchr(text + at, '\n', length - at);
        const size_t taken = end != NULL ? (size_t)(end - text) - at : length - at;
        struct slice part = trim((struct slice){text + at, taken});

        at += taken + 1;
        number++;
        /* Also between the lines of a continued one. */
        if (part.length > 0 && (part.at[0] == '#' || part.at[0] == ';'))
            continue;
        if (!line.open)
            line.at = (struct unit_at){.file = file, .line = number};
        line.open = part.length > 0 && part.at[part.length - 1] == '\\';
        if (line.open)
            part.length--;
        append(&line, part);
        if (line.open)
            append(&line, (struct slice){" ", 1});
        else
            end_line(to, &line, &in_section);
    }
    if (line.open)
        end_line(to, &line, &in_section);
}
