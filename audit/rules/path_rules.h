/* SPDX-License-Identifier: MIT */
/* The rules over one path. Each adds at most one finding. Tests: tests/unit/test_audit_rules.c */
#ifndef AUDIT_RULES_PATH_RULES_H
#define AUDIT_RULES_PATH_RULES_H

#include "audit/rules/rule.h"

typedef void path_rule(const struct rule *rule, const struct place *place, struct findings *ret);

path_rule path_rule_connect;
path_rule path_rule_replace_anybody;
path_rule path_rule_replace_user;
path_rule path_rule_replace_group;
path_rule path_rule_replace_link;
path_rule path_rule_create;
path_rule path_rule_too_long;
path_rule path_rule_near_limit;
path_rule path_rule_bytes;
path_rule path_rule_stale;
path_rule path_rule_orphan;
path_rule path_rule_owner;
path_rule path_rule_inherited;
path_rule path_rule_alike;
path_rule path_rule_convention; /* conventions.c */

#endif
