/* SPDX-License-Identifier: MIT */
/* What an earlier audit found: see baseline.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "audit/report/baseline.h"

#include "audit/rules/rule.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool baseline_begin(struct baseline *ret)
{
    *ret = (struct baseline){.known = json_object(), .seen = json_object()};
    return ret->known != NULL && ret->seen != NULL;
}

/* Printable ASCII, as every string of an audit is. */
static const char *plain_string(const json_t *line, const char *member)
{
    const json_t *value = json_object_get(line, member);
    const char *text = json_string_value(value);

    for (size_t i = 0; text != NULL && i < json_string_length(value); i++)
        if (text[i] < ' ' || text[i] > '~')
            return NULL;
    return text;
}

static bool is_hex_name(const char *text)
{
    return text != NULL && text[0] != '\0' && strlen(text) % 2 == 0 &&
           strlen(text) <= (size_t)2 * PATH_MAX && text[strspn(text, "0123456789abcdef")] == '\0';
}

static bool is_finding(const json_t *line)
{
    static const char *const members[] = {"rule",    "title",  "path",
                                          "message", "remedy", "fingerprint"};
    const char *level = plain_string(line, "severity");
    enum severity severity;

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        if (plain_string(line, members[i]) == NULL)
            return false;
    return level != NULL && severity_parse(&severity, level) &&
           is_hex_name(plain_string(line, "path_hex"));
}

/* What the earlier audit already called gone was no finding of its own. */
static bool was_gone(const json_t *line)
{
    const char *state = json_string_value(json_object_get(line, "state"));

    return state != NULL && strcmp(state, "absent") == 0;
}

bool baseline_take(struct baseline *baseline, const char *line, size_t length)
{
    json_t *value =
        length <= BASELINE_LINE_MAX ? json_loadb(line, length, JSON_REJECT_DUPLICATES, NULL) : NULL;
    const char *type = json_string_value(json_object_get(value, "type"));
    bool good = false;

    if (type != NULL && strcmp(type, "summary") == 0)
        good = true;
    else if (type != NULL && strcmp(type, "finding") == 0 && is_finding(value))
        good = was_gone(value) ||
               json_object_set(baseline->known, plain_string(value, "fingerprint"), value) == 0;
    json_decref(value);
    return good;
}

bool baseline_load(struct baseline *baseline, const char *file)
{
    FILE *from = fopen(file, "re");
    char *line = NULL;
    size_t room = 0;
    size_t number = 0;
    bool good = true;
    ssize_t length;

    if (from == NULL) {
        (void)fprintf(stderr, "sunpath audit: baseline %s: %s\n", file, strerror(errno));
        return false;
    }
    while (good && (length = getline(&line, &room, from)) > 0) {
        number++;
        good = baseline_take(baseline, line, (size_t)length);
        if (!good)
            (void)fprintf(stderr, "sunpath audit: baseline %s:%zu: not a line of --format json\n",
                          file, number);
    }
    if (ferror(from) != 0) {
        (void)fprintf(stderr, "sunpath audit: baseline %s: cannot be read\n", file);
        good = false;
    }
    free(line);
    (void)fclose(from);
    return good;
}

bool baseline_knows(struct baseline *baseline, const char *fingerprint)
{
    return json_object_get(baseline->known, fingerprint) != NULL &&
           json_object_set_new(baseline->seen, fingerprint, json_true()) == 0;
}

json_t *baseline_gone(const struct baseline *baseline)
{
    json_t *gone = json_array();
    const char *fingerprint;
    json_t *line;

    json_object_foreach(baseline->known, fingerprint,
                        line) if (json_object_get(baseline->seen, fingerprint) == NULL &&
                                  json_array_append(gone, line) != 0)
    {
        json_decref(gone);
        return NULL;
    }
    return gone;
}

void baseline_end(struct baseline *baseline)
{
    json_decref(baseline->known);
    json_decref(baseline->seen);
}
