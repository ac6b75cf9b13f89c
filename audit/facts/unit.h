/* SPDX-License-Identifier: MIT */
/*
 * What a systemd .socket unit says about paths: one unit, from its texts. Pure.
 *
 * As systemd.syntax(7), systemd.unit(5) and systemd.socket(5) have it: sections, comments,
 * continued lines, lists that an empty assignment empties, later texts over earlier ones. What
 * needs more than the text (most specifiers) is not guessed: the unit is unclear then.
 *
 * Tests: tests/unit/test_audit_unit.c, fuzz/targets/fuzz_audit_facts.c
 */
#ifndef AUDIT_FACTS_UNIT_H
#define AUDIT_FACTS_UNIT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UNIT_LISTENS_MAX 32
#define UNIT_LINE_MAX (PATH_MAX + 64)
#define UNIT_NAME_MAX 32 /* of a user or a group */

/* Where something stands; line 0: nowhere, it is the default. */
struct unit_at {
    const char *file; /* the caller's */
    size_t line;
};

struct unit_listen {
    struct unit_at at;
    size_t length;
    char path[PATH_MAX];
};

struct unit {
    struct unit_at socket_mode_at;
    struct unit_at directory_mode_at;
    uint32_t socket_mode;
    uint32_t directory_mode;
    char user[UNIT_NAME_MAX + 1]; /* empty: root */
    char group[UNIT_NAME_MAX + 1];
    bool unclear; /* something was left out: it could not be understood, or there was no room */
    size_t count;
    struct unit_listen listens[UNIT_LISTENS_MAX]; /* at paths; other addresses are left out */
};

/** unit_init() - as an empty text */
void unit_init(struct unit *ret);

/** unit_parse() - the next text of the unit, which stands in @file */
void unit_parse(struct unit *to, const char *file, const char *text, size_t length);

#endif
