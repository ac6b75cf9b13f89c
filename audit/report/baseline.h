/* SPDX-License-Identifier: MIT */
/*
 * What an earlier audit found, read from the JSON lines it printed.
 *
 * Findings are the same when their fingerprints are. Lines come from a file that anybody may have
 * written: a line is taken only when what will be printed of it is what an audit prints.
 *
 * Tests: tests/cli/test_audit.py
 */
#ifndef AUDIT_REPORT_BASELINE_H
#define AUDIT_REPORT_BASELINE_H

#include <jansson.h>
#include <stdbool.h>

/* Bytes of one line that are looked at. */
#define BASELINE_LINE_MAX ((size_t)1024 * 1024)

struct baseline {
    json_t *known; /* fingerprint -> the line */
    json_t *seen;  /* fingerprints that were found again, as keys */
};

/** baseline_begin() - with nothing in it; false when there is no memory */
bool baseline_begin(struct baseline *ret);

/** baseline_take() - one line; false when it is none of an audit */
bool baseline_take(struct baseline *baseline, const char *line, size_t length);

/** baseline_load() - a file; false, and why on stderr, on failure */
bool baseline_load(struct baseline *baseline, const char *file);

/** baseline_knows() - was it found before? Remembers that it was found again. */
bool baseline_knows(struct baseline *baseline, const char *fingerprint);

/** baseline_gone() - an array of the lines that were not found again; NULL without memory */
json_t *baseline_gone(const struct baseline *baseline);

void baseline_end(struct baseline *baseline);

#endif
