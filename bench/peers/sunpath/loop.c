/* SPDX-License-Identifier: MIT */
/*
 * The event loop around sunpath: see loop.h.
 */
#include "sunpath/loop.h"

#define CONNECT_TIMEOUT_MS 10000

void loop_open(struct loop *loop, void (*handle)(struct connection *connection))
{
    if (sp_context_new(&loop->context, NULL, NULL) < 0)
        bench_fail("sp_context_new");
    loop->poller = poller_open();
    loop->deadline = SP_NEVER;
    loop->handle = handle;
    /* Written once, so that these pages are there before anything is measured. */
    for (size_t i = 0; i < BENCH_DESCRIPTORS; i++)
        loop->connections[i] = (struct connection){.socket = NULL, .got = 1};
}

static int operation(unsigned before, unsigned now)
{
    if (before == 0)
        return EPOLL_CTL_ADD;
    return now == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
}

void loop_watch(struct loop *loop, struct connection *connection)
{
    unsigned interest = sp_socket_interest(connection->socket);
    uint64_t deadline = sp_socket_deadline(connection->socket);

    if (deadline < loop->deadline)
        loop->deadline = deadline;
    if (interest == connection->watched)
        return;
    poller_set(loop->poller, operation(connection->watched, interest),
               sp_socket_fd(connection->socket), sp_io_to_poll(interest), connection);
    connection->watched = interest;
}

void loop_connect(struct loop *loop, struct connection *connection, const char *path)
{
    if (sp_socket_new(&connection->socket, loop->context) < 0 ||
        sp_socket_connect(connection->socket, path, SP_STRLEN, SP_READ_WRITE) < 0 ||
        sp_socket_wait_connected(connection->socket, CONNECT_TIMEOUT_MS) < 0)
        bench_fail("connect");
    connection->watched = 0;
    connection->got = 0;
    loop->handle(connection);
    loop_watch(loop, connection);
}

/* ---- the server ---- */

void loop_listen(struct loop *loop, const char *path)
{
    if (sp_server_new(&loop->server, loop->context) < 0 ||
        sp_server_set_backlog(loop->server, BENCH_BACKLOG) < 0 ||
        sp_server_listen(loop->server, path, SP_STRLEN) < 0)
        bench_fail("listen");
    poller_set(loop->poller, EPOLL_CTL_ADD, sp_server_fd(loop->server),
               sp_io_to_poll(sp_server_interest(loop->server)), loop);
}

static void welcome(struct loop *loop)
{
    struct sp_socket *socket;

    while (sp_server_take(loop->server, &socket) == SP_OK) {
        int fd = sp_socket_fd(socket);

        if (fd >= BENCH_DESCRIPTORS)
            bench_fail("too many connections");
        loop->connections[fd] = (struct connection){.socket = socket};
        loop_watch(loop, &loop->connections[fd]);
    }
}

static void serve(struct loop *loop, unsigned ready)
{
    struct sp_event event;

    sp_server_process(loop->server, ready);
    while (sp_server_next_event(loop->server, &event)) {
        if (event.kind == SP_EVENT_NEW_CONNECTION)
            welcome(loop);
        else
            bench_fail("the server reports an error");
    }
}

/* ---- the loop ---- */

static void process(struct loop *loop, struct connection *connection, unsigned ready)
{
    sp_socket_process(connection->socket, ready);
    loop->handle(connection);
    if (connection->socket != NULL)
        loop_watch(loop, connection);
}

/* The timers of all connections. A deadline is rare: it is worth no order among them. */
static void process_timers(struct loop *loop)
{
    loop->deadline = SP_NEVER;
    for (size_t i = 0; i < BENCH_DESCRIPTORS; i++) {
        if (loop->connections[i].socket != NULL)
            process(loop, &loop->connections[i], 0);
    }
}

enum command loop_step(struct loop *loop)
{
    struct epoll_event events[POLLER_BATCH];
    int n = poller_wait(loop->poller, events, sp_context_timeout_ms(loop->context, loop->deadline));
    enum command command = COMMAND_NONE;

    for (int i = 0; i < n; i++) {
        unsigned ready = sp_io_from_poll(events[i].events);

        if (events[i].data.ptr == NULL)
            command = bench_command();
        else if (events[i].data.ptr == loop)
            serve(loop, ready);
        else
            process(loop, events[i].data.ptr, ready);
    }
    if (loop->deadline != SP_NEVER && bench_now_ns() >= loop->deadline)
        process_timers(loop);
    return command;
}
