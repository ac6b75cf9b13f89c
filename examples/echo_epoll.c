/* SPDX-License-Identifier: MIT */
/*
 * An echo server under epoll, for many connections.
 *
 *     echo_epoll NAME     until SIGINT or SIGTERM
 */
#include "echo.h"
#include "epoll_watch.h"

#include <stdlib.h>
#include <sys/queue.h>
#include <unistd.h>

struct client {
    struct sp_socket *socket;
    unsigned watched; /* the interest that epoll knows of */
    LIST_ENTRY(client) link;
};

static LIST_HEAD(, client) clients = LIST_HEAD_INITIALIZER(clients);
static uint64_t nearest = SP_NEVER; /* no client has a deadline before this */
static int epoll;

static void drop(struct client *client)
{
    LIST_REMOVE(client, link);
    sp_socket_free(client->socket);
    free(client);
}

static void advance(struct client *client, unsigned ready)
{
    struct sp_socket *socket = client->socket;

    sp_socket_process(socket, ready);
    if (!echo_events(socket) || !epoll_watch(epoll, sp_socket_fd(socket),
                                             sp_socket_interest(socket), &client->watched, client))
        drop(client);
    else if (sp_socket_deadline(socket) < nearest)
        nearest = sp_socket_deadline(socket);
}

/* Deadlines are rare (a close that waits, memory that ran out): worth no order among them. */
static void advance_all(void)
{
    struct client *client, *next;

    nearest = SP_NEVER;
    for (client = LIST_FIRST(&clients); client != NULL; client = next) {
        next = LIST_NEXT(client, link);
        advance(client, 0);
    }
}

static void take(struct sp_server *server)
{
    struct sp_socket *socket;

    while (sp_server_take(server, &socket) == SP_OK) {
        struct client *client = malloc(sizeof(*client));

        if (client == NULL) {
            sp_socket_free(socket);
            break;
        }
        *client = (struct client){.socket = socket};
        LIST_INSERT_HEAD(&clients, client, link);
        advance(client, 0);
    }
}

static void run(struct sp_context *context, struct sp_server *server)
{
    int signals = stop_signals();
    struct epoll_event events[64] = {{.events = EPOLLIN, .data.ptr = &signals}};
    unsigned watched = 0;
    bool running = true;

    epoll = epoll_create1(EPOLL_CLOEXEC);
    (void)epoll_ctl(epoll, EPOLL_CTL_ADD, signals, &events[0]);
    while (running) {
        uint64_t deadline = sp_server_deadline(server);
        unsigned ready = 0;
        int n;

        if (sp_context_timeout_ms(context, nearest) == 0)
            advance_all();
        (void)epoll_watch(epoll, sp_server_fd(server), sp_server_interest(server), &watched,
                          server);
        n = epoll_wait(epoll, events, 64,
                       sp_context_timeout_ms(context, nearest < deadline ? nearest : deadline));
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == &signals)
                running = false;
            else if (events[i].data.ptr == server)
                ready = sp_io_from_poll(events[i].events);
            else
                advance(events[i].data.ptr, sp_io_from_poll(events[i].events));
        }
        sp_server_process(server, ready);
        take(server);
    }
    while (!LIST_EMPTY(&clients))
        drop(LIST_FIRST(&clients));
    close(signals);
    close(epoll);
}

int main(int argc, char **argv)
{
    return echo_main(argc, argv, run);
}
