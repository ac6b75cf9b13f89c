/* SPDX-License-Identifier: MIT */
/* Where findings go: see output.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "audit/report/output.h"

#include "audit/report/json.h"
#include "audit/report/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool output_format_parse(enum output_format *ret, const char *name)
{
    static const char *const names[] = {
        [OUTPUT_TEXT] = "text", [OUTPUT_JSON] = "json", [OUTPUT_SARIF] = "sarif"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], name) == 0) {
            *ret = (enum output_format)i;
            return true;
        }
    return false;
}

bool output_begin(struct output *ret, enum output_format format, size_t places)
{
    *ret = (struct output){.format = format,
                           .worst = -1,
                           .lines = json_array(),
                           .paragraphs = calloc(places, sizeof(*ret->paragraphs))};
    return ret->lines != NULL && ret->paragraphs != NULL;
}

static bool refuse(const char *file, const char *why)
{
    (void)fprintf(stderr, "sunpath audit: baseline %s: %s\n", file, why);
    return false;
}

/* One line: a finding is known from now on, a summary says nothing. False for anything else. */
static bool take_line(json_t *known, const json_t *line)
{
    const char *type = json_string_value(json_object_get(line, "type"));
    const char *fingerprint = json_string_value(json_object_get(line, "fingerprint"));

    if (type == NULL)
        return false;
    if (strcmp(type, "summary") == 0)
        return true;
    return strcmp(type, "finding") == 0 && fingerprint != NULL &&
           json_object_set_new(known, fingerprint, json_true()) == 0;
}

bool output_baseline(struct output *output, const char *file)
{
    FILE *from = fopen(file, "re");
    char *line = NULL;
    size_t room = 0;
    bool good = true;

    if (from == NULL)
        return refuse(file, strerror(errno));
    output->known = json_object();
    good = output->known != NULL;
    while (good && getline(&line, &room, from) > 0) {
        json_t *value = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

        good = value != NULL && take_line(output->known, value);
        json_decref(value);
    }
    good = good && ferror(from) == 0;
    free(line);
    (void)fclose(from);
    return good || refuse(file, "not the JSON lines of an audit");
}

static bool is_known(const struct output *output, const struct place *place,
                     const struct finding *finding)
{
    char *fingerprint = json_fingerprint(place, finding);
    const bool known = fingerprint != NULL && json_object_get(output->known, fingerprint) != NULL;

    free(fingerprint);
    return known;
}

static bool keep_text(struct output *output, const struct place *place,
                      const struct findings *findings)
{
    struct paragraph *to = &output->paragraphs[output->places];
    size_t length;
    FILE *out = open_memstream(&to->text, &length);

    if (out == NULL)
        return false;
    to->place = output->places;
    to->worst = findings->count > 0 ? (int)findings->all[0].rule->severity : -1;
    text_place(out, place, findings);
    return fclose(out) == 0;
}

static bool keep_line(struct output *output, const struct place *place,
                      const struct finding *finding, bool known)
{
    const bool sarif = output->format == OUTPUT_SARIF;
    json_t *line = sarif ? sarif_result(place, finding) : json_finding(place, finding);

    if (sarif && output->known != NULL &&
        json_object_set_new(line, "baselineState", json_string(known ? "unchanged" : "new")) != 0) {
        json_decref(line);
        return false;
    }
    return json_array_append_new(output->lines, line) == 0;
}

bool output_place(struct output *output, const struct place *place, const struct findings *findings)
{
    bool good = output->format != OUTPUT_TEXT || keep_text(output, place, findings);

    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->all[i];
        const bool known = is_known(output, place, finding);

        if (!known && (int)finding->rule->severity > output->worst)
            output->worst = (int)finding->rule->severity;
        if (output->format != OUTPUT_TEXT)
            good = keep_line(output, place, finding, known) && good;
    }
    output->places++;
    output->findings += findings->count;
    return good;
}

static int compare(const void *a, const void *b)
{
    const struct paragraph *x = a;
    const struct paragraph *y = b;

    if (x->worst != y->worst)
        return y->worst - x->worst;
    return x->place < y->place ? -1 : x->place > y->place;
}

static bool print_line(json_t *line, size_t flags)
{
    const bool good = line != NULL && json_dumpf(line, stdout, flags) == 0 && puts("") >= 0;

    json_decref(line);
    return good;
}

bool output_end(struct output *output, bool complete)
{
    bool good = true;

    switch (output->format) {
    case OUTPUT_TEXT:
        qsort(output->paragraphs, output->places, sizeof(*output->paragraphs), compare);
        for (size_t i = 0; i < output->places; i++)
            (void)printf("%s%s", i > 0 ? "\n" : "", output->paragraphs[i].text);
        break;
    case OUTPUT_JSON:
        for (size_t i = 0; i < json_array_size(output->lines); i++)
            good = print_line(json_incref(json_array_get(output->lines, i)), JSON_COMPACT) && good;
        good = print_line(json_summary(output->places, output->findings, complete), JSON_COMPACT) &&
               good;
        break;
    case OUTPUT_SARIF:
        good = print_line(sarif_log(json_incref(output->lines), complete), JSON_INDENT(1));
        break;
    }
    return fflush(stdout) == 0 && ferror(stdout) == 0 && good;
}

void output_free(struct output *output)
{
    for (size_t i = 0; output->paragraphs != NULL && i < output->places; i++)
        free(output->paragraphs[i].text);
    free(output->paragraphs);
    json_decref(output->lines);
    json_decref(output->known);
}
