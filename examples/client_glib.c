/* SPDX-License-Identifier: MIT */
/*
 * A client under GLib: says something, prints the echo.
 *
 *     client_glib NAME TEXT
 */
#include "glib_source.h"
#include "talk.h"

struct client {
    struct sp_socket *socket;
    struct object_source *source;
    GMainLoop *loop;
    gboolean over;
};

static void advance(void *user, unsigned ready)
{
    struct client *client = user;
    struct sp_socket *socket = client->socket;

    sp_socket_process(socket, ready);
    client->over = !talk_events(socket);
    object_source_arm(client->source, sp_socket_fd(socket), sp_socket_interest(socket),
                      sp_socket_deadline(socket));
    if (client->over)
        g_main_loop_quit(client->loop);
}

static void run(struct sp_context *context, struct sp_socket *socket)
{
    struct client client = {.socket = socket, .loop = g_main_loop_new(NULL, FALSE)};

    (void)context;
    client.source = object_source_new(advance, &client);
    /* Events before the first sleep: a connection is often made at once, or refused. */
    advance(&client, 0);
    if (!client.over)
        g_main_loop_run(client.loop);
    object_source_free(client.source);
    g_main_loop_unref(client.loop);
}

int main(int argc, char **argv)
{
    return talk_main(argc, argv, run);
}
