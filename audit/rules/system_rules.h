/* SPDX-License-Identifier: MIT */
/* The rules over one listening socket of the running system; the table is in rules.c. */
#ifndef AUDIT_RULES_SYSTEM_RULES_H
#define AUDIT_RULES_SYSTEM_RULES_H

#include "audit/rules/rule.h"

typedef void system_rule(const struct rule *rule, const struct place *place, struct findings *ret);

system_rule system_rule_abstract;
system_rule system_rule_abstract_user;
system_rule system_rule_backlog;
system_rule system_rule_holder;
system_rule system_rule_exec;
system_rule system_rule_twin;
system_rule system_rule_relative;
system_rule system_rule_connected;

#endif
