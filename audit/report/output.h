/* SPDX-License-Identifier: MIT */
/*
 * Where findings go: text or a page for people, JSON lines, or SARIF; on stdout, all at the end.
 *
 * For people the place with the worst finding comes first; for programs the order is that of the
 * arguments.
 *
 * Tests: tests/cli/check
 */
#ifndef AUDIT_REPORT_OUTPUT_H
#define AUDIT_REPORT_OUTPUT_H

#include "audit/report/baseline.h"
#include "audit/rules/policy.h"

#include <jansson.h>

enum output_format { OUTPUT_TEXT, OUTPUT_JSON, OUTPUT_SARIF, OUTPUT_HTML };

struct paragraph {
    int worst;
    size_t place;
    char *text;
};

struct output {
    enum output_format format;
    const struct policy *policy; /* NULL without one */
    struct baseline baseline;
    bool compares; /* with the baseline, */
    bool tells;    /* and tells what is gone */
    json_t *lines; /* the findings so far; in HTML the places */
    size_t places;
    size_t findings;
    size_t gone;
    int worst; /* enum severity of the worst finding that counts; -1 when there is none */
    struct paragraph *paragraphs;
};

/** output_format_parse() - false when there is no such name */
bool output_format_parse(enum output_format *ret, const char *name);

/** output_begin() - for @places at most; false when there is no memory */
bool output_begin(struct output *ret, enum output_format format, size_t places);

/**
 * output_baseline() - findings of an earlier audit, as JSON lines, do not count
 * @tells: print also which of them are gone
 *
 * Return: false, and why on stderr, when the file cannot be read or is something else.
 */
bool output_baseline(struct output *output, const char *file, bool tells);

/** output_place() - what was found at one place, policy and baseline applied; false: no memory */
bool output_place(struct output *output, const struct place *place, struct findings *findings);

/** output_end() - print it; false when that fails */
bool output_end(struct output *output, bool complete);

void output_free(struct output *output);

#endif
