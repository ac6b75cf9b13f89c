/* SPDX-License-Identifier: MIT */
/*
 * The clients that send a message and wait for its echo, with sunpath; and the one that holds idle
 * connections, which does so only when told.
 */
#include "sunpath/loop.h"

#include <stdbool.h>

static struct {
    struct loop loop;
    size_t size;      /* of a message */
    bool repeat;      /* an answer is followed by the next message */
    uint64_t limit;   /* of messages; 0: none */
    unsigned waiting; /* connections whose answer has not come, if not repeating */
    char message[BENCH_BUFFER];
    char buffer[BENCH_BUFFER];
} client;

static void ping(struct connection *connection)
{
    if (sp_socket_write(connection->socket, client.message, client.size) != (ptrdiff_t)client.size)
        bench_fail("a message was not taken at once");
}

static void answered(struct connection *connection)
{
    connection->got = 0;
    bench_count++;
    if (!client.repeat)
        client.waiting--;
    else if (bench_count != client.limit)
        ping(connection);
    else
        bench_say("done");
}

static void read_answer(struct connection *connection)
{
    ptrdiff_t n;

    while ((n = sp_socket_read(connection->socket, client.buffer, sizeof(client.buffer))) > 0)
        connection->got += (size_t)n;
    if (connection->got == client.size)
        answered(connection);
}

static void handle(struct connection *connection)
{
    struct sp_event event;

    while (sp_socket_next_event(connection->socket, &event)) {
        if (event.kind == SP_EVENT_READY_READ)
            read_answer(connection);
        else if (event.kind == SP_EVENT_DISCONNECTED)
            bench_fail("the server has closed the connection");
    }
}

/* A message from outside the event handler: it leaves when there are no more events to take. */
static void start(struct connection *connection)
{
    ping(connection);
    handle(connection);
    loop_watch(&client.loop, connection);
}

static void open_connections(const struct options *options, unsigned first, unsigned end)
{
    for (unsigned i = first; i < end; i++)
        loop_connect(&client.loop, &client.loop.connections[i], options->path);
}

void bench_pingpong(const struct options *options)
{
    loop_open(&client.loop, handle);
    client.size = options->size;
    client.limit = options->limit;
    client.repeat = true;
    open_connections(options, 0, options->connections);
    bench_say("ready");
    for (unsigned i = 0; i < options->connections; i++)
        start(&client.loop.connections[i]);
    for (;;)
        (void)loop_step(&client.loop);
}

/* A message of @size on each of the first @count connections, all on their way at once. */
static void use(unsigned count, size_t size)
{
    client.size = size;
    client.waiting = count;
    for (unsigned i = 0; i < count; i++)
        start(&client.loop.connections[i]);
    while (client.waiting > 0)
        (void)loop_step(&client.loop);
}

static void use_all(const struct options *options, unsigned count)
{
    use(count, BENCH_SMALL_MESSAGE);
    use(count, options->size);
}

void bench_idle(const struct options *options)
{
    loop_open(&client.loop, handle);
    /* One connection in use, so that what the first one costs is there before the others come. */
    open_connections(options, 0, 1);
    use_all(options, 1);
    bench_say("ready");
    for (;;) {
        switch (loop_step(&client.loop)) {
        case COMMAND_OPEN:
            open_connections(options, 1, options->connections + 1);
            bench_say("opened");
            break;
        case COMMAND_USE:
            use_all(options, options->connections + 1);
            bench_say("used");
            break;
        default:
            break;
        }
    }
}
