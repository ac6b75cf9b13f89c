/* SPDX-License-Identifier: MIT */
/* The parts of fuzz_audit_facts that are long enough for files of their own. */
#ifndef FUZZ_TARGETS_AUDIT_FACTS_H
#define FUZZ_TARGETS_AUDIT_FACTS_H

#include <stddef.h>
#include <stdint.h>

/** audit_facts_proc() - texts below /proc; the first byte says which */
void audit_facts_proc(const uint8_t *bytes, size_t length);

/** audit_facts_baseline() - the lines of a baseline; nothing in builds without Jansson */
void audit_facts_baseline(const uint8_t *bytes, size_t length);

#endif
