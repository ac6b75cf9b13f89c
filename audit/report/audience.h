/* SPDX-License-Identifier: MIT */
/* A class of users, or a list of them, in words. */
#ifndef AUDIT_REPORT_AUDIENCE_H
#define AUDIT_REPORT_AUDIENCE_H

#include "audit/rules/verdict.h"

#define AUDIENCE_TEXT_MAX 512

/** audience_format() - "anybody except user 7", "group 5, user 1000"; a long list ends in "..." */
char *audience_format(char ret[AUDIENCE_TEXT_MAX], const struct audience *audience);

#endif
