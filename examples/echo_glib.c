/* SPDX-License-Identifier: MIT */
/*
 * An echo server under GLib.
 *
 *     echo_glib NAME      until SIGINT or SIGTERM
 */
#include "echo.h"
#include "glib_source.h"

#include <glib-unix.h>

struct client {
    struct sp_socket *socket;
    struct object_source *source;
    GList *link; /* in the list of all */
};

struct service {
    struct sp_server *server;
    struct object_source *source;
};

static GQueue clients = G_QUEUE_INIT;

static void drop(struct client *client)
{
    g_queue_delete_link(&clients, client->link);
    object_source_free(client->source);
    sp_socket_free(client->socket);
    g_free(client);
}

static void advance_client(void *user, unsigned ready)
{
    struct client *client = user;
    struct sp_socket *socket = client->socket;

    sp_socket_process(socket, ready);
    if (echo_events(socket))
        object_source_arm(client->source, sp_socket_fd(socket), sp_socket_interest(socket),
                          sp_socket_deadline(socket));
    else
        drop(client);
}

static void advance_service(void *user, unsigned ready)
{
    struct service *service = user;
    struct sp_socket *socket;

    sp_server_process(service->server, ready);
    while (sp_server_take(service->server, &socket) == SP_OK) {
        struct client *client = g_new0(struct client, 1);

        client->socket = socket;
        client->source = object_source_new(advance_client, client);
        g_queue_push_tail(&clients, client);
        client->link = clients.tail;
        advance_client(client, 0);
    }
    object_source_arm(service->source, sp_server_fd(service->server),
                      sp_server_interest(service->server), sp_server_deadline(service->server));
}

static gboolean on_signal(gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_CONTINUE;
}

static void run(struct sp_context *context, struct sp_server *server)
{
    struct service service = {.server = server};
    GMainLoop *loop = g_main_loop_new(NULL, FALSE);
    guint signals[2];

    (void)context;
    signals[0] = g_unix_signal_add(SIGINT, on_signal, loop);
    signals[1] = g_unix_signal_add(SIGTERM, on_signal, loop);
    service.source = object_source_new(advance_service, &service);
    advance_service(&service, 0);
    g_main_loop_run(loop);

    while (!g_queue_is_empty(&clients))
        drop(clients.head->data);
    object_source_free(service.source);
    for (int i = 0; i < 2; i++)
        (void)g_source_remove(signals[i]);
    g_main_loop_unref(loop);
}

int main(int argc, char **argv)
{
    return echo_main(argc, argv, run);
}
