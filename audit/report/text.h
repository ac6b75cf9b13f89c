/* SPDX-License-Identifier: MIT */
/* The report for people: one paragraph a socket. */
#ifndef AUDIT_REPORT_TEXT_H
#define AUDIT_REPORT_TEXT_H

#include "audit/rules/rule.h"

#include <jansson.h>
#include <stdio.h>

/** text_place() - what is there, who can do what, and what the rules found */
void text_place(FILE *out, const struct place *place, const struct findings *findings);

/** text_state() - its second line: what is at the end of the path */
void text_state(FILE *out, const struct place *place);

/** text_gone() - a finding of an earlier audit that is not there any more: its line */
void text_gone(FILE *out, const json_t *line);

/** text_rules() - the table, a line each */
void text_rules(FILE *out);

/** text_rule() - all of one rule */
void text_rule(FILE *out, const struct rule *rule);

/** text_rules_document() - docs/rules.md */
void text_rules_document(FILE *out);

#endif
