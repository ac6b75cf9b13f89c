/* SPDX-License-Identifier: MIT */
/*
 * Among listeners, those whose names look alike (alike.h), where an abstract name and a path that
 * are written the same look alike, too. Pure.
 *
 * Tests: tests/unit/test_audit_twins.c
 */
#ifndef AUDIT_RULES_TWINS_H
#define AUDIT_RULES_TWINS_H

#include "audit/facts/listeners.h"

struct twins {
    size_t count;
    struct twins_entry *entries; /* sorted by how the name looks */
};

/** twins_read() - over all listeners; false when there is no memory */
bool twins_read(struct twins *ret, const struct bound_sockets *sockets);
void twins_free(struct twins *twins);

/** twin_of() - another listener whose name looks like that of @socket, or NULL */
const struct bound_socket *twin_of(const struct twins *twins, const struct bound_socket *socket);

#endif
