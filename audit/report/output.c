/* SPDX-License-Identifier: MIT */
/* Where findings go: see output.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "audit/report/output.h"

#include "audit/report/html.h"
#include "audit/report/json.h"
#include "audit/report/text.h"

#include <stdlib.h>
#include <string.h>

bool output_format_parse(enum output_format *ret, const char *name)
{
    static const char *const names[] = {[OUTPUT_TEXT] = "text",
                                        [OUTPUT_JSON] = "json",
                                        [OUTPUT_SARIF] = "sarif",
                                        [OUTPUT_HTML] = "html"};

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
    return baseline_begin(&ret->baseline) && ret->lines != NULL && ret->paragraphs != NULL;
}

bool output_baseline(struct output *output, const char *file, bool tells)
{
    output->compares = true;
    output->tells = tells;
    return baseline_load(&output->baseline, file);
}

/* Whether the earlier audit found it too; NULL when there is none to compare with. */
static const char *state_of(struct output *output, const struct place *place,
                            const struct finding *finding)
{
    char *fingerprint;
    bool known;

    if (!output->compares)
        return NULL;
    fingerprint = json_fingerprint(place, finding);
    known = fingerprint != NULL && baseline_knows(&output->baseline, fingerprint);
    free(fingerprint);
    return known ? "unchanged" : "new";
}

/* What is allowed does not push a place to the top. */
static int worst_of(const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        if (findings->all[i].allowed == NULL)
            return (int)findings->all[i].severity;
    return -1;
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
    to->worst = worst_of(findings);
    text_place(out, place, findings);
    return fclose(out) == 0;
}

/* What a program or a page says of each finding; the page has them all in one element. */
static bool keep_lines(struct output *output, const struct place *place,
                       const struct findings *findings)
{
    json_t *lines = output->format == OUTPUT_HTML ? json_array() : json_incref(output->lines);
    bool good = lines != NULL;

    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->all[i];

        good = json_array_append_new(lines, output->format == OUTPUT_SARIF
                                                ? sarif_result(place, finding)
                                                : json_finding(place, finding)) == 0 &&
               good;
    }
    if (output->format == OUTPUT_HTML)
        good = json_array_append_new(output->lines, html_place(place, lines)) == 0 && good;
    json_decref(lines);
    return good;
}

bool output_place(struct output *output, const struct place *place, struct findings *findings)
{
    char name[PLACE_NAME_MAX] = "";
    bool good;

    if (output->policy != NULL && place->path != NULL) {
        policy_apply(output->policy, place->path->path, place->path->length, findings);
    } else if (output->policy != NULL) {
        (void)place_name(place, name);
        policy_apply(output->policy, name, strlen(name), findings);
    }
    for (size_t i = 0; i < findings->count; i++) {
        struct finding *finding = &findings->all[i];

        finding->state = state_of(output, place, finding);
        if (finding->allowed == NULL &&
            (finding->state == NULL || strcmp(finding->state, "new") == 0) &&
            (int)finding->severity > output->worst)
            output->worst = (int)finding->severity;
    }
    good = output->format == OUTPUT_TEXT ? keep_text(output, place, findings)
                                         : keep_lines(output, place, findings);
    output->findings += findings->count;
    output->places++;
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

/* What the earlier audit found and this one did not, in the form of the output. */
static bool add_gone(struct output *output)
{
    json_t *gone = output->tells ? baseline_gone(&output->baseline) : json_array();
    bool good = gone != NULL;

    output->gone = json_array_size(gone);
    for (size_t i = 0; i < output->gone; i++) {
        json_t *line = json_array_get(gone, i);

        if (output->format == OUTPUT_TEXT)
            text_gone(stdout, line);
        else
            good = json_array_append_new(output->lines, output->format == OUTPUT_SARIF
                                                            ? sarif_gone(line)
                                                            : json_gone(line)) == 0 &&
                   good;
    }
    json_decref(gone);
    return good;
}

static bool print_page(const struct output *output, bool complete)
{
    json_t *summary = json_summary(output->places, output->findings, output->gone, complete);

    if (summary == NULL)
        return false;
    html_page(stdout, output->lines, summary);
    json_decref(summary);
    return true;
}

bool output_end(struct output *output, bool complete)
{
    bool good = true;

    if (output->format != OUTPUT_TEXT)
        good = add_gone(output);
    switch (output->format) {
    case OUTPUT_TEXT:
        qsort(output->paragraphs, output->places, sizeof(*output->paragraphs), compare);
        for (size_t i = 0; i < output->places; i++)
            (void)printf("%s%s", i > 0 ? "\n" : "", output->paragraphs[i].text);
        good = add_gone(output);
        break;
    case OUTPUT_JSON:
        for (size_t i = 0; i < json_array_size(output->lines); i++)
            good = print_line(json_incref(json_array_get(output->lines, i)), JSON_COMPACT) && good;
        good = print_line(json_summary(output->places, output->findings, output->gone, complete),
                          JSON_COMPACT) &&
               good;
        break;
    case OUTPUT_SARIF:
        good = print_line(sarif_log(json_incref(output->lines), complete), JSON_INDENT(1)) && good;
        break;
    case OUTPUT_HTML:
        good = print_page(output, complete) && good;
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
    baseline_end(&output->baseline);
}
