/* SPDX-License-Identifier: MIT */
/*
 * The reports for programs: JSON lines (docs/audit.schema.json) and SARIF 2.1.0.
 *
 * Names are escaped as in the text, and given in hex besides: they need not be UTF-8. Functions
 * return new references, NULL when there is no memory.
 *
 * Tests: tests/cli/check
 */
#ifndef AUDIT_REPORT_JSON_H
#define AUDIT_REPORT_JSON_H

#include "audit/rules/rule.h"

#include <jansson.h>

/**
 * json_fingerprint() - what makes a finding the same one in the next audit
 *
 * Rule, path and owner; never an inode or a process, which change when the machine starts again.
 */
char *json_fingerprint(const struct place *place, const struct finding *finding);

/** json_finding() - one line */
json_t *json_finding(const struct place *place, const struct finding *finding);

/** json_gone() - the line of a finding that an earlier audit had and this one has not */
json_t *json_gone(json_t *line);

/** json_summary() - the last line: how many sockets and findings, and whether anything is missing
 */
json_t *json_summary(size_t places, size_t findings, size_t gone, bool complete);

/** sarif_result() - one element of the results of a run */
json_t *sarif_result(const struct place *place, const struct finding *finding);

/** sarif_gone() - such a line as a result */
json_t *sarif_gone(const json_t *line);

/** sarif_log() - the whole file; steals @results */
json_t *sarif_log(json_t *results, bool complete);

#endif
