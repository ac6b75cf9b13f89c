/* SPDX-License-Identifier: MIT */
/*
 * The servers, by hand: one that echoes, one that throws away.
 */
#include "raw/raw.h"

#include <stdlib.h>
#include <string.h>

static struct {
    int poller;
    struct connection listener;
    bool echo;
    struct connection connections[BENCH_DESCRIPTORS]; /* by descriptor */
    char buffer[BENCH_BUFFER];
} server;

static void close_connection(struct connection *connection)
{
    (void)close(connection->fd);
    free(connection->unsent);
    *connection = (struct connection){.fd = -1};
}

/* The kernel did not take all: no more is read from this peer until it has read what is its. */
static void keep(struct connection *connection, const char *bytes, size_t length)
{
    connection->unsent = malloc(length);
    if (connection->unsent == NULL)
        bench_die("malloc");
    memcpy(connection->unsent, bytes, length);
    connection->unsent_length = length;
    poller_set(server.poller, EPOLL_CTL_MOD, connection->fd, EPOLLOUT, connection);
}

static void send_kept(struct connection *connection)
{
    ssize_t sent = raw_send(connection->fd, connection->unsent, connection->unsent_length);

    if (sent < 0) {
        close_connection(connection);
        return;
    }
    connection->unsent_length -= (size_t)sent;
    if (connection->unsent_length > 0) {
        memmove(connection->unsent, connection->unsent + sent, connection->unsent_length);
        return;
    }
    free(connection->unsent);
    connection->unsent = NULL;
    poller_set(server.poller, EPOLL_CTL_MOD, connection->fd, EPOLLIN, connection);
}

/* Returns false if the connection is closed or must wait for its peer. */
static bool answer(struct connection *connection, size_t length)
{
    ssize_t sent = raw_send(connection->fd, server.buffer, length);

    if (sent < 0) {
        close_connection(connection);
        return false;
    }
    if ((size_t)sent == length)
        return true;
    keep(connection, server.buffer + sent, length - (size_t)sent);
    return false;
}

static void serve(struct connection *connection)
{
    ssize_t n;

    do {
        n = raw_recv(connection->fd, server.buffer, sizeof(server.buffer));
        if (n == 0)
            close_connection(connection);
        if (n <= 0)
            return;
        bench_count += (uint64_t)n;
        if (server.echo && !answer(connection, (size_t)n))
            return;
    } while ((size_t)n == sizeof(server.buffer));
}

static void welcome(void)
{
    int fd = raw_accept(server.listener.fd);

    if (fd < 0)
        return;
    server.connections[fd].fd = fd;
    poller_set(server.poller, EPOLL_CTL_ADD, fd, EPOLLIN, &server.connections[fd]);
}

static void run(const struct options *options, bool echo)
{
    server.echo = echo;
    /* Written once, so that these pages are there before anything is measured. */
    for (size_t i = 0; i < BENCH_DESCRIPTORS; i++)
        server.connections[i].fd = -1;
    server.poller = poller_open();
    server.listener.fd = raw_listen(options->path);
    poller_set(server.poller, EPOLL_CTL_ADD, server.listener.fd, EPOLLIN, &server.listener);
    bench_say("ready");
    for (;;) {
        struct epoll_event events[POLLER_BATCH];
        int n = poller_wait(server.poller, events, -1);

        for (int i = 0; i < n; i++) {
            struct connection *connection = events[i].data.ptr;

            if (connection == NULL)
                (void)bench_command();
            else if (connection == &server.listener)
                welcome();
            else if (connection->unsent != NULL)
                send_kept(connection);
            else
                serve(connection);
        }
    }
}

void bench_echo(const struct options *options)
{
    run(options, true);
}

void bench_sink(const struct options *options)
{
    run(options, false);
}
