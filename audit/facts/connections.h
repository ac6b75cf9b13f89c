/* SPDX-License-Identifier: MIT */
/*
 * Who is connected to a listener: from the ends of connections in the kernel's list of sockets.
 *
 * An accepted end has the name and the file of its listener and the number of the other end; that
 * one has the user who made it. Those that wait to be accepted are not counted: the kernel would
 * name them with the listener (UDIAG_SHOW_ICONS), and leaves a listener out, without a word, when
 * that makes its answer too long. With 9,500 waiting it did, so whoever fills a queue could hide
 * the service.
 *
 * Tests: tests/integration/test_audit_connections.c
 */
#ifndef AUDIT_FACTS_CONNECTIONS_H
#define AUDIT_FACTS_CONNECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bound_socket;
struct bound_sockets;

/* Connections of one listener from one user, accepted ones. */
struct connected {
    uint32_t listener; /* its number */
    bool has_uid;      /* false: the other end is in a namespace that was not looked at, or gone */
    uint32_t uid;      /* of who made the other end */
    size_t count;
};

struct end;
struct accepted;

struct connections {
    bool partial; /* no memory for all */
    size_t ends_count;
    size_t ends_room;
    struct end *ends; /* every end of a connection, for its user */
    size_t accepted_count;
    size_t accepted_room;
    struct accepted *accepted; /* those that have a name */
    size_t count;
    struct connected *all; /* sorted by listener, then user */
};

/** connections_add() - one end, as diag_parse() gives it; it may be any, of any namespace */
void connections_add(struct connections *to, const struct bound_socket *end);

/** connections_join() - finds whose they are, once all are added and @sockets are sorted */
void connections_join(struct connections *connections, const struct bound_sockets *sockets);

/** connections_of() - of the listener with this number, a row for each user; how many rows */
size_t connections_of(const struct connections *connections, uint32_t listener,
                      const struct connected **ret);

void connections_free(struct connections *connections);

#endif
