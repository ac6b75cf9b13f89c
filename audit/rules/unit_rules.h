/* SPDX-License-Identifier: MIT */
/* The rules over one path of a systemd .socket unit; the table is in rules.c. */
#ifndef AUDIT_RULES_UNIT_RULES_H
#define AUDIT_RULES_UNIT_RULES_H

#include "audit/rules/rule.h"

typedef void unit_rule(const struct rule *rule, const struct place *place, struct findings *ret);

unit_rule unit_rule_open, unit_rule_differs, unit_rule_directories;

#endif
