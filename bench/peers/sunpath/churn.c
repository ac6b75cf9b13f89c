/* SPDX-License-Identifier: MIT */
/*
 * The client that connects, sends a byte, waits for it, and closes, with sunpath.
 */
#include "sunpath/loop.h"

static struct {
    struct loop loop;
    const char *path;
    uint64_t limit;
    char buffer[BENCH_BUFFER];
} client;

static void begin(struct connection *connection)
{
    if (sp_socket_new(&connection->socket, client.loop.context) < 0 ||
        sp_socket_connect(connection->socket, client.path, SP_STRLEN, SP_READ_WRITE) < 0)
        bench_fail("connect");
    connection->watched = 0;
}

static void finish(struct connection *connection)
{
    sp_socket_free(connection->socket);
    connection->socket = NULL;
    bench_count++;
    if (bench_count == client.limit)
        bench_say("done");
    else
        begin(connection);
}

/* The events of a connection, until it is over. Returns false when a new one has taken its place,
 * with events of its own. */
static bool take_events(struct connection *connection)
{
    struct sp_event event;

    while (sp_socket_next_event(connection->socket, &event)) {
        switch (event.kind) {
        case SP_EVENT_CONNECTED:
            if (sp_socket_put_char(connection->socket, 0) < 0)
                bench_fail("a byte was not taken at once");
            break;
        case SP_EVENT_READY_READ:
            if (sp_socket_read(connection->socket, client.buffer, sizeof(client.buffer)) > 0) {
                finish(connection);
                return false;
            }
            break;
        case SP_EVENT_DISCONNECTED:
        case SP_EVENT_ERROR:
            bench_fail("the connection has failed");
        default:
            break;
        }
    }
    return true;
}

static void handle(struct connection *connection)
{
    while (connection->socket != NULL && !take_events(connection))
        ;
}

void bench_churn(const struct options *options)
{
    struct connection *connection = &client.loop.connections[0];

    client.path = options->path;
    client.limit = options->limit;
    loop_open(&client.loop, handle);
    bench_say("ready");
    begin(connection);
    handle(connection);
    loop_watch(&client.loop, connection);
    for (;;)
        (void)loop_step(&client.loop);
}

void bench_churn_asking(const struct options *options)
{
    bench_churn(options);
}
