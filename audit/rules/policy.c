/* SPDX-License-Identifier: MIT */
/* A site's own word on findings: see policy.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "audit/rules/policy.h"

#include "audit/report/escape.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a pattern consists of: bytes that stand for themselves, and two signs outside of them. */
enum { WITHIN_COMPONENT = 256, ACROSS_COMPONENTS };

struct line {
    struct line *next;
    const struct rule *rule;
    bool allows;
    enum severity severity;
    char *reason;
    size_t length;
    uint16_t pattern[];
};

struct policy {
    struct line *first;
    struct line **end;
};

/* A piece of the text; never terminated. */
struct piece {
    const char *at;
    size_t length;
};

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

/* The next word of @rest, which then begins behind it and its blanks. */
static struct piece next_word(struct piece *rest)
{
    struct piece word = {.at = rest->at};

    while (word.length < rest->length && !is_blank(word.at[word.length]))
        word.length++;
    rest->at += word.length;
    rest->length -= word.length;
    while (rest->length > 0 && is_blank(rest->at[0])) {
        rest->at++;
        rest->length--;
    }
    return word;
}

static bool is_word(struct piece piece, const char *word)
{
    return piece.length == strlen(word) && memcmp(piece.at, word, piece.length) == 0;
}

static const struct rule *find_rule(struct piece id)
{
    for (size_t i = 0; i < rules_count; i++)
        if (is_word(id, rules[i].id))
            return &rules[i];
    return NULL;
}

static bool find_severity(enum severity *ret, struct piece name)
{
    for (int i = SEVERITY_INFO; i <= SEVERITY_HIGH; i++)
        if (is_word(name, severity_name((enum severity)i))) {
            *ret = (enum severity)i;
            return true;
        }
    return false;
}

static int digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* One byte in the form of the reports, the backslash read; the bytes taken, 0 when it is none. */
static size_t unescape(uint16_t *ret, struct piece rest)
{
    if (rest.length >= 2 && rest.at[1] == '\\') {
        *ret = '\\';
        return 2;
    }
    if (rest.length < 4 || rest.at[1] != 'x' || digit(rest.at[2]) < 0 || digit(rest.at[3]) < 0)
        return 0;
    *ret = (uint16_t)(digit(rest.at[2]) << 4 | digit(rest.at[3]));
    return 4;
}

/* @ret has room for as many elements as @text has bytes; false when a backslash means nothing. */
static bool read_pattern(uint16_t *ret, size_t *ret_length, struct piece text)
{
    size_t taken;

    for (*ret_length = 0; text.length > 0; text.at += taken, text.length -= taken) {
        uint16_t *to = &ret[(*ret_length)++];

        taken = 1;
        *to = (unsigned char)text.at[0];
        if (text.at[0] == '\\') {
            taken = unescape(to, text);
            if (taken == 0)
                return false;
        } else if (text.at[0] == '*') {
            taken = text.length >= 2 && text.at[1] == '*' ? 2 : 1;
            *to = taken == 2 ? ACROSS_COMPONENTS : WITHIN_COMPONENT;
        }
    }
    return true;
}

/* What is wrong with the line, or NULL; *ret is NULL then when there is no memory. */
static const char *parse_line(struct line **ret, struct piece rest)
{
    const struct piece verb = next_word(&rest);
    const bool allows = is_word(verb, "allow");
    const struct rule *rule;
    enum severity severity = SEVERITY_INFO;
    struct piece pattern;

    if (!allows && !is_word(verb, "severity"))
        return "begins with neither \"allow\" nor \"severity\"";
    rule = find_rule(next_word(&rest));
    if (rule == NULL)
        return "no such rule (sunpath audit --list-rules)";
    if (!allows && !find_severity(&severity, next_word(&rest)))
        return "not a severity: info, low, medium, high";
    pattern = next_word(&rest);
    if (pattern.length == 0 || pattern.at[0] != '/')
        return "the pattern is not an absolute path";
    if (rest.length == 0)
        return "no reason is given behind the pattern";

    *ret = calloc(1, sizeof(**ret) + pattern.length * sizeof((*ret)->pattern[0]));
    if (*ret == NULL)
        return NULL;
    **ret = (struct line){.rule = rule, .allows = allows, .severity = severity};
    if (!read_pattern((*ret)->pattern, &(*ret)->length, pattern)) {
        free(*ret);
        return "a backslash in the pattern is followed by neither a second one nor xHH";
    }
    /* Whatever the reason holds, it cannot forge a line of the report. Blanks are left as they are.
     */
    (*ret)->reason = malloc(ESCAPED_MAX(rest.length));
    if ((*ret)->reason == NULL) {
        free(*ret);
        *ret = NULL;
        return NULL;
    }
    escape_text((*ret)->reason, rest.at, rest.length);
    return NULL;
}

static struct piece trimmed(struct piece line)
{
    while (line.length > 0 && is_blank(line.at[line.length - 1]))
        line.length--;
    while (line.length > 0 && is_blank(line.at[0])) {
        line.at++;
        line.length--;
    }
    return line;
}

struct policy *policy_parse(const char *text, size_t length, size_t *ret_line, const char **ret_why)
{
    struct policy *policy = calloc(1, sizeof(*policy));
    const char *const end = text + length;
    size_t number = 0;

    *ret_line = 0;
    *ret_why = "no memory";
    if (policy == NULL)
        return NULL;
    policy->end = &policy->first;
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const size_t taken = newline != NULL ? (size_t)(newline - text) : (size_t)(end - text);
        const struct piece line = trimmed((struct piece){text, taken});
        struct line *made = NULL;
        const char *why;

        number++;
        text += taken + (newline != NULL);
        if (line.length == 0 || line.at[0] == '#')
            continue;
        why = parse_line(&made, line);
        if (why != NULL) {
            *ret_line = number;
            *ret_why = why;
        }
        if (why != NULL || made == NULL) {
            policy_free(policy);
            return NULL;
        }
        *policy->end = made;
        policy->end = &made->next;
    }
    return policy;
}

static struct policy *refuse(const char *file, const char *why)
{
    (void)fprintf(stderr, "sunpath audit: policy %s: %s\n", file, why);
    return NULL;
}

struct policy *policy_load(const char *file)
{
    FILE *from = fopen(file, "re");
    const int error = errno;
    char *text = malloc(POLICY_BYTES_MAX + 1);
    struct policy *policy = NULL;
    const char *why = NULL;
    size_t line = 0;
    size_t length = 0;

    if (from != NULL && text != NULL)
        length = fread(text, 1, POLICY_BYTES_MAX + 1, from);
    if (from == NULL || text == NULL || ferror(from) != 0)
        (void)refuse(file, from == NULL ? strerror(error) : "cannot be read");
    else if (length > POLICY_BYTES_MAX)
        (void)refuse(file, "longer than any policy");
    else
        policy = policy_parse(text, length, &line, &why);
    if (policy == NULL && why != NULL)
        (void)fprintf(stderr, "sunpath audit: policy %s:%zu: %s\n", file, line, why);
    free(text);
    if (from != NULL)
        (void)fclose(from);
    return policy;
}

void policy_free(struct policy *policy)
{
    while (policy != NULL && policy->first != NULL) {
        struct line *line = policy->first;

        policy->first = line->next;
        free(line->reason);
        free(line);
    }
    free(policy);
}

/*
 * Goes back to the last sign only, which tries at most as many places as the path has bytes, for
 * each sign. A '*' that cannot grow over a slash gives way to the '**' before it.
 */
static bool fits(const struct line *line, const char *path, size_t length)
{
    const size_t none = SIZE_MAX;
    size_t star[2] = {none, none}; /* where behind the last '*' and '**' the pattern goes on, */
    size_t from[2] = {0, 0};       /* and from which byte of the path */
    size_t at = 0;
    size_t i = 0;

    while (true) {
        const uint16_t sign = at < line->length ? line->pattern[at] : 0;

        if (at == line->length && i == length)
            return true;
        if (at < line->length && sign >= WITHIN_COMPONENT) {
            const size_t kind = sign == ACROSS_COMPONENTS;

            at++;
            star[kind] = at;
            from[kind] = i;
            if (kind == 1)
                star[0] = none;
            continue;
        }
        if (at < line->length && i < length && sign == (unsigned char)path[i]) {
            at++;
            i++;
            continue;
        }
        if (star[0] != none && from[0] < length && path[from[0]] != '/') {
            i = ++from[0];
            at = star[0];
        } else if (star[1] != none && from[1] < length) {
            i = ++from[1];
            at = star[1];
            star[0] = none;
        } else {
            return false;
        }
    }
}

static int compare(const void *a, const void *b)
{
    const struct finding *x = a;
    const struct finding *y = b;

    if (x->severity != y->severity)
        return (int)y->severity - (int)x->severity;
    return strcmp(x->rule->id, y->rule->id);
}

void policy_apply(const struct policy *policy, const char *path, size_t length,
                  struct findings *findings)
{
    for (const struct line *line = policy->first; line != NULL; line = line->next)
        for (size_t i = 0; i < findings->count; i++) {
            struct finding *finding = &findings->all[i];

            if (line->rule != finding->rule || !fits(line, path, length))
                continue;
            if (!line->allows)
                finding->severity = line->severity;
            else if (finding->allowed == NULL)
                finding->allowed = line->reason;
        }
    qsort(findings->all, findings->count, sizeof(findings->all[0]), compare);
}
