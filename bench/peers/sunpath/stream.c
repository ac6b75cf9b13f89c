/* SPDX-License-Identifier: MIT */
/*
 * The client that writes as fast as its peer reads, with sunpath.
 *
 * At most one buffer waits in the library: a large write is made when the one before has left,
 * small ones are made while they fit.
 */
#include "sunpath/loop.h"

static struct {
    struct loop loop;
    size_t size; /* of a write */
    char message[BENCH_BUFFER];
} client;

static void write_on(struct sp_socket *socket)
{
    while (sp_socket_bytes_to_write(socket) + client.size <= BENCH_BUFFER) {
        if (sp_socket_write(socket, client.message, client.size) != (ptrdiff_t)client.size)
            bench_fail("a write within the limits was not taken");
    }
}

static void handle(struct connection *connection)
{
    struct sp_event event;

    while (sp_socket_next_event(connection->socket, &event)) {
        if (event.kind == SP_EVENT_BYTES_WRITTEN)
            write_on(connection->socket);
        else if (event.kind == SP_EVENT_DISCONNECTED)
            bench_fail("the server has closed the connection");
    }
}

void bench_stream(const struct options *options)
{
    struct connection *connection = &client.loop.connections[0];

    loop_open(&client.loop, handle);
    client.size = options->size;
    loop_connect(&client.loop, connection, options->path);
    bench_say("ready");
    write_on(connection->socket);
    handle(connection);
    loop_watch(&client.loop, connection);
    for (;;)
        (void)loop_step(&client.loop);
}
