/* SPDX-License-Identifier: MIT */
/*
 * A client under libuv: says something, prints the echo.
 *
 *     client_libuv NAME TEXT
 */
#include "libuv_watcher.h"
#include "talk.h"

struct client {
    struct watcher watcher; /* first: a watcher is its client */
    struct sp_context *context;
    struct sp_socket *socket;
};

static void advance(struct watcher *watcher, unsigned ready)
{
    struct client *client = (struct client *)watcher;

    sp_socket_process(client->socket, ready);
    if (talk_events(client->socket))
        watcher_arm(watcher, client->context, sp_socket_interest(client->socket),
                    sp_socket_deadline(client->socket));
    else
        watcher_close(watcher, NULL); /* the last handles: uv_run() returns */
}

static void run(struct sp_context *context, struct sp_socket *socket)
{
    struct client client = {.context = context, .socket = socket};
    uv_loop_t loop;

    if (uv_loop_init(&loop) < 0)
        return;
    /* Events before the first sleep: a connection is often made at once, or refused. */
    if (talk_events(socket) &&
        watcher_open(&client.watcher, &loop, sp_socket_fd(socket), advance) == 0) {
        advance(&client.watcher, 0);
        (void)uv_run(&loop, UV_RUN_DEFAULT);
    }
    (void)uv_loop_close(&loop);
}

int main(int argc, char **argv)
{
    return talk_main(argc, argv, run);
}
