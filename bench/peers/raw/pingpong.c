/* SPDX-License-Identifier: MIT */
/*
 * The clients that send a message and wait for its echo, by hand; and the one that holds idle
 * connections, which does so only when told.
 */
#include "raw/raw.h"

static struct {
    int poller;
    size_t size;      /* of a message */
    bool repeat;      /* an answer is followed by the next message */
    uint64_t limit;   /* of messages; 0: none */
    unsigned waiting; /* connections whose answer has not come, if not repeating */
    struct connection connections[BENCH_DESCRIPTORS];
    char message[BENCH_BUFFER];
    char buffer[BENCH_BUFFER];
} client;

/* One message at a time never fills the kernel's buffer: a short write is a broken benchmark. */
static void ping(struct connection *connection)
{
    if (raw_send(connection->fd, client.message, client.size) != (ssize_t)client.size)
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
    ssize_t n = raw_recv(connection->fd, client.buffer, sizeof(client.buffer));

    if (n == 0)
        bench_fail("the server has closed the connection");
    if (n < 0)
        return;
    connection->got += (size_t)n;
    if (connection->got == client.size)
        answered(connection);
}

/* Wait once, and do what has become possible. Returns the last command, or NONE. */
static enum command step(void)
{
    struct epoll_event events[POLLER_BATCH];
    int n = poller_wait(client.poller, events, -1);
    enum command command = COMMAND_NONE;

    for (int i = 0; i < n; i++) {
        if (events[i].data.ptr == NULL)
            command = bench_command();
        else
            read_answer(events[i].data.ptr);
    }
    return command;
}

static void start(void)
{
    client.poller = poller_open();
    for (size_t i = 0; i < BENCH_DESCRIPTORS; i++)
        client.connections[i].fd = -1;
}

static void open_connections(const struct options *options, unsigned first, unsigned end)
{
    for (unsigned i = first; i < end; i++) {
        struct connection *connection = &client.connections[i];

        connection->fd = raw_connect_patiently(options->path);
        poller_set(client.poller, EPOLL_CTL_ADD, connection->fd, EPOLLIN, connection);
    }
}

void bench_pingpong(const struct options *options)
{
    start();
    client.size = options->size;
    client.limit = options->limit;
    client.repeat = true;
    open_connections(options, 0, options->connections);
    bench_say("ready");
    for (unsigned i = 0; i < options->connections; i++)
        ping(&client.connections[i]);
    for (;;)
        (void)step();
}

/* A message of @size on each of the first @count connections, all on their way at once. */
static void use(unsigned count, size_t size)
{
    client.size = size;
    client.waiting = count;
    for (unsigned i = 0; i < count; i++)
        ping(&client.connections[i]);
    while (client.waiting > 0)
        (void)step();
}

static void use_all(const struct options *options, unsigned count)
{
    use(count, BENCH_SMALL_MESSAGE);
    use(count, options->size);
}

void bench_idle(const struct options *options)
{
    start();
    /* One connection in use, so that what the first one costs is there before the others come. */
    open_connections(options, 0, 1);
    use_all(options, 1);
    bench_say("ready");
    for (;;) {
        switch (step()) {
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
