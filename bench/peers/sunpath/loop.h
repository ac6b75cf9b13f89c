/* SPDX-License-Identifier: MIT */
/*
 * sunpath under epoll, as an application would write it: sunpath/socket.h and sunpath/io.h say how.
 *
 * All configuration is the library's default: policy, limits, timeouts, trust.
 */
#ifndef BENCH_LOOP_H
#define BENCH_LOOP_H

#include "poller.h"
#include "roles.h"

#include <sunpath/sunpath.h>

#include <stdbool.h>

struct connection {
    struct sp_socket *socket; /* NULL: none */
    unsigned watched;         /* the interest that epoll knows of; 0: not in its set */
    bool waits_for_room;      /* of a server: too much is still to be sent */
    size_t got;               /* of a client: of the answer that is awaited */
};

struct loop {
    struct sp_context *context;
    int poller;
    uint64_t deadline; /* not later than that of any connection */
    struct connection connections[BENCH_DESCRIPTORS];
    /* Takes the events of a connection, after sp_socket_process(). */
    void (*handle)(struct connection *connection);
    /* When that is not NULL: the loop serves it. */
    struct sp_server *server;
};

/** loop_open() - a context and a poller, without connections. */
void loop_open(struct loop *loop, void (*handle)(struct connection *connection));
/** loop_watch() - have epoll watch what the socket waits for; after every use of it. */
void loop_watch(struct loop *loop, struct connection *connection);
/** loop_listen() - serve at a path; accepted connections are placed by their descriptor. */
void loop_listen(struct loop *loop, const char *path);
/** loop_step() - wait once, and do what has become possible. Returns the last command, or NONE. */
enum command loop_step(struct loop *loop);
/** loop_connect() - connect the socket of @connection, and wait until it is connected. */
void loop_connect(struct loop *loop, struct connection *connection, const char *path);

#endif
