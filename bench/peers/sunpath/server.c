/* SPDX-License-Identifier: MIT */
/*
 * The servers, with sunpath: one that echoes, one that throws away.
 */
#include "sunpath/loop.h"

static struct {
    struct loop loop;
    char buffer[BENCH_BUFFER];
} server;

/* Reads while there is room for the answer; a peer that does not read its answers is not read. */
static void echo(struct connection *connection)
{
    struct sp_socket *socket = connection->socket;

    connection->waits_for_room = false;
    while (sp_socket_bytes_to_write(socket) + BENCH_BUFFER <= SP_WRITE_LIMIT_DEFAULT) {
        ptrdiff_t n = sp_socket_read(socket, server.buffer, sizeof(server.buffer));

        if (n <= 0)
            return;
        bench_count += (uint64_t)n;
        if (sp_socket_write(socket, server.buffer, (size_t)n) != n) {
            sp_socket_abort(socket);
            return;
        }
    }
    connection->waits_for_room = true;
}

static void discard(struct sp_socket *socket)
{
    ptrdiff_t n;

    while ((n = sp_socket_read(socket, server.buffer, sizeof(server.buffer))) > 0)
        bench_count += (uint64_t)n;
}

static void close_connection(struct connection *connection)
{
    sp_socket_free(connection->socket);
    connection->socket = NULL;
}

static void handle_echo(struct connection *connection)
{
    struct sp_event event;

    while (sp_socket_next_event(connection->socket, &event)) {
        if (event.kind == SP_EVENT_READY_READ ||
            (event.kind == SP_EVENT_BYTES_WRITTEN && connection->waits_for_room)) {
            echo(connection);
        } else if (event.kind == SP_EVENT_DISCONNECTED) {
            close_connection(connection);
            return;
        }
    }
}

static void handle_sink(struct connection *connection)
{
    struct sp_event event;

    while (sp_socket_next_event(connection->socket, &event)) {
        if (event.kind == SP_EVENT_READY_READ) {
            discard(connection->socket);
        } else if (event.kind == SP_EVENT_DISCONNECTED) {
            close_connection(connection);
            return;
        }
    }
}

static void run(const struct options *options, void (*handle)(struct connection *connection))
{
    loop_open(&server.loop, handle);
    loop_listen(&server.loop, options->path);
    bench_say("ready");
    for (;;)
        (void)loop_step(&server.loop);
}

void bench_echo(const struct options *options)
{
    run(options, handle_echo);
}

void bench_sink(const struct options *options)
{
    run(options, handle_sink);
}
