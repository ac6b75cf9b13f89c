/* SPDX-License-Identifier: MIT */
/*
 * A site's own word on findings: what it allows and why, and what it takes more or less seriously.
 *
 * A file of lines, so that every mistake has a line number:
 *
 *     allow RULE PATTERN REASON...            the finding stays in the report and does not count
 *     severity RULE LEVEL PATTERN REASON...   it counts with this severity
 *
 * Blank lines and lines that begin with '#' say nothing. There is no line without a reason: a year
 * later nobody knows it. A pattern is an absolute path in the form of the reports (escape.h), where
 * '*' stands for any bytes of one component and '**' for any bytes at all; an escaped '*' stands
 * for itself. The first "allow" that fits gives the reason, the last "severity" that fits the
 * severity.
 *
 * Pure but for policy_load(). Tests: tests/unit/test_audit_policy.c, tests/cli/test_audit.py
 */
#ifndef AUDIT_RULES_POLICY_H
#define AUDIT_RULES_POLICY_H

#include "audit/rules/rule.h"

/* Text of a policy that is read at all. */
#define POLICY_BYTES_MAX ((size_t)1024 * 1024)

struct policy;

/**
 * policy_parse() - the lines of @text
 * @ret_line, @ret_why: on failure, the first line that is wrong (from 1), and what is
 *
 * Return: NULL on failure; line 0 when there is no memory.
 */
struct policy *policy_parse(const char *text, size_t length, size_t *ret_line,
                            const char **ret_why);

/** policy_load() - policy_parse() of a file; NULL, and why on stderr, on failure */
struct policy *policy_load(const char *file);

void policy_free(struct policy *policy);

/** policy_apply() - what @policy says of the findings at @path; the worst is first again */
void policy_apply(const struct policy *policy, const char *path, size_t length,
                  struct findings *findings);

#endif
