/* SPDX-License-Identifier: MIT */
/*
 * What small files and links below /proc say, as bytes. Pure.
 *
 * Tests: fuzz/targets/fuzz_audit_facts.c, tests/integration/test_audit_system.c
 */
#ifndef AUDIT_FACTS_PROC_TEXT_H
#define AUDIT_FACTS_PROC_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** proc_text_socket() - the number in "socket:[NUMBER]", where a descriptor's link points; false
 * when it is something else */
bool proc_text_socket(uint32_t *ret, const char *link, size_t length);

/** proc_text_survives_exec() - does this fdinfo say that close-on-exec is not set? False also when
 * it says nothing of flags. */
bool proc_text_survives_exec(const char *fdinfo, size_t length);

/** proc_text_maps_all() - does this uid_map give every user a number of his own? */
bool proc_text_maps_all(const char *uid_map, size_t length);

#endif
