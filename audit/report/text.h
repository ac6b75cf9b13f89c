/* SPDX-License-Identifier: MIT */
/* The report for people: one paragraph a socket. */
#ifndef AUDIT_REPORT_TEXT_H
#define AUDIT_REPORT_TEXT_H

#include "audit/rules/rule.h"

#include <stdio.h>

/** text_place() - what is there, who can do what, and what the rules found */
void text_place(FILE *out, const struct place *place, const struct findings *findings);

/** text_rules() - the table, a line each */
void text_rules(FILE *out);

/** text_rule() - all of one rule */
void text_rule(FILE *out, const struct rule *rule);

/** text_rules_document() - docs/rules.md */
void text_rules_document(FILE *out);

#endif
