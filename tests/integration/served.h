/* SPDX-License-Identifier: MIT */
/*
 * A server of this library at a path in a fresh directory, on the real kernel, behind a seam that
 * counts and fails (tests/support/faulty_os.h).
 *
 *     served_begin(&served);
 *     ... sp_server_set_...(served.server, ...)
 *     served_listen(&served);
 *     ...
 *     served_end(&served);
 *
 * Clients are made with plain system calls (tests/support/raw.h) at served.path, or in the library,
 * in the same context.
 */
#ifndef TESTS_INTEGRATION_SERVED_H
#define TESTS_INTEGRATION_SERVED_H

#include <sunpath/sunpath.h>

#include "tests/support/faulty_os.h"
#include "tests/support/tempdir.h"

struct served {
    struct faulty_os os;
    struct tempdir dir;
    char path[TEMPDIR_JOINED_MAX];
    struct sp_context *context; /* its base directory is @dir */
    struct sp_server *server;
};

/** served_begin() - a server that does not listen yet. */
void served_begin(struct served *served);
/** served_listen() - at @path, which is the short name "svc". */
void served_listen(struct served *served);
void served_end(struct served *served);

/** served_turn() - one turn of a loop: waits as the server asks, @ms at the most, and processes.
 * Returns whether anything had happened. */
bool served_turn(struct served *served, int ms);
/** served_until_pending() - turns until a connection can be taken; fails the test after 10 s. */
void served_until_pending(struct served *served);
/** served_take() - waits for a connection and takes it. */
struct sp_socket *served_take(struct served *served);
/** served_expect() - the events recorded are exactly those, as words: "new-connection error:-5". */
void served_expect(struct served *served, const char *events);

/** cpu_ms() - processor time of this process so far. */
long cpu_ms(void);

#endif
