/* SPDX-License-Identifier: MIT */
/*
 * The .socket units that the system's manager would read.
 *
 * Of units of the same name the one in the first directory counts; what masks a unit is no unit.
 * Templates are left out: they listen nowhere before they have an instance. Everything is bounded,
 * and nothing but regular files is read. Users are looked up in /etc/passwd and /etc/group
 * alone, for other ways to ask connect to somebody.
 *
 * Tests: tests/integration/test_audit_units.c
 */
#ifndef AUDIT_FACTS_UNITS_H
#define AUDIT_FACTS_UNITS_H

#include "audit/facts/unit.h"

#define UNITS_MAX 4096
#define UNIT_TEXTS_MAX 64           /* of one unit: its own and what is dropped in */
#define UNIT_BYTES_MAX (256 * 1024) /* of one text */

struct known_unit {
    struct unit unit;
    uint32_t uid;
    uint32_t gid;
    bool knows_owner; /* .uid and .gid are what SocketUser and SocketGroup mean */
    size_t texts;
    char *files[UNIT_TEXTS_MAX]; /* what struct unit_at points to */
};

struct units {
    bool partial; /* something could not be read, or was too much */
    size_t count;
    struct known_unit **all;
};

/** units_read() - from @directories, the most important first; where the manager looks if NULL */
void units_read(struct units *ret, const char *const *directories, size_t count);
void units_free(struct units *units);

#endif
