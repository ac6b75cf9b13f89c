/* SPDX-License-Identifier: MIT */
/*
 * An echo server under libuv.
 *
 *     echo_libuv NAME     until SIGINT or SIGTERM
 */
#include "echo.h"
#include "libuv_watcher.h"

#include <signal.h>
#include <stdlib.h>

struct client {
    struct watcher watcher; /* first: a watcher is its client */
    struct sp_socket *socket;
};

struct service {
    struct watcher watcher; /* first: a watcher is its service */
    struct sp_context *context;
    struct sp_server *server;
};

static void free_client(struct watcher *watcher)
{
    free(watcher);
}

static void advance_client(struct watcher *watcher, unsigned ready)
{
    struct client *client = (struct client *)watcher;
    struct service *service = watcher->poll.loop->data;

    sp_socket_process(client->socket, ready);
    if (echo_events(client->socket)) {
        watcher_arm(watcher, service->context, sp_socket_interest(client->socket),
                    sp_socket_deadline(client->socket));
    } else {
        sp_socket_free(client->socket);
        watcher_close(watcher, free_client);
    }
}

static void take(struct service *service)
{
    struct sp_socket *socket;

    while (sp_server_take(service->server, &socket) == SP_OK) {
        struct client *client = malloc(sizeof(*client));

        if (client == NULL || watcher_open(&client->watcher, service->watcher.poll.loop,
                                           sp_socket_fd(socket), advance_client) < 0) {
            sp_socket_free(socket);
            free(client);
            break;
        }
        client->socket = socket;
        advance_client(&client->watcher, 0);
    }
}

static void advance_service(struct watcher *watcher, unsigned ready)
{
    struct service *service = (struct service *)watcher;

    sp_server_process(service->server, ready);
    take(service);
    watcher_arm(watcher, service->context, sp_server_interest(service->server),
                sp_server_deadline(service->server));
}

/* What is still open at the end: connections. */
static void close_handle(uv_handle_t *handle, void *unused)
{
    (void)unused;
    if (handle->type == UV_POLL && !uv_is_closing(handle)) {
        sp_socket_free(((struct client *)handle->data)->socket);
        watcher_close(handle->data, free_client);
    }
}

static void on_signal(uv_signal_t *signal, int number)
{
    (void)number;
    uv_stop(signal->loop);
}

static void run(struct sp_context *context, struct sp_server *server)
{
    struct service service = {.context = context, .server = server};
    static const int numbers[2] = {SIGINT, SIGTERM};
    uv_signal_t signals[2];
    uv_loop_t loop;

    if (uv_loop_init(&loop) < 0)
        return;
    loop.data = &service;
    for (int i = 0; i < 2; i++) {
        (void)uv_signal_init(&loop, &signals[i]);
        (void)uv_signal_start(&signals[i], on_signal, numbers[i]);
    }
    if (watcher_open(&service.watcher, &loop, sp_server_fd(server), advance_service) == 0) {
        advance_service(&service.watcher, 0);
        (void)uv_run(&loop, UV_RUN_DEFAULT);
        watcher_close(&service.watcher, NULL);
    }
    for (int i = 0; i < 2; i++)
        uv_close((uv_handle_t *)&signals[i], NULL);
    uv_walk(&loop, close_handle, NULL);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&loop);
}

int main(int argc, char **argv)
{
    return echo_main(argc, argv, run);
}
