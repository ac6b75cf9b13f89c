/* SPDX-License-Identifier: MIT */
/* A client that talks to the echo server, whatever the loop: see talk.h. Events as callbacks. */
#include "talk.h"

#include <stdio.h>
#include <string.h>

/* What is left to be said, and how much of the echo is still to come. */
struct talk {
    const char *text;
    size_t to_write;
    size_t to_read;
};

static void say(struct sp_socket *socket, struct talk *talk)
{
    /* As much as the write limit lets through; the rest when some of it has been sent. */
    ptrdiff_t n = sp_socket_write(socket, talk->text, talk->to_write);

    if (n > 0) {
        talk->text += n;
        talk->to_write -= (size_t)n;
    }
}

static void on_connected(struct sp_socket *socket, void *talk)
{
    say(socket, talk);
}

static void on_bytes_written(struct sp_socket *socket, void *talk, uint64_t bytes)
{
    (void)bytes;
    say(socket, talk);
}

static void on_ready_read(struct sp_socket *socket, void *user)
{
    struct talk *talk = user;
    char bytes[4096];
    ptrdiff_t n;

    while ((n = sp_socket_read(socket, bytes, sizeof(bytes))) > 0) {
        (void)fwrite(bytes, 1, (size_t)n, stdout);
        talk->to_read -= (size_t)n;
    }
    if (talk->to_read == 0)
        sp_socket_disconnect(socket);
}

static void on_error(struct sp_socket *socket, void *talk, enum sp_error error)
{
    (void)talk;
    (void)fprintf(stderr, "%s: %s\n", sp_socket_name(socket, NULL), sp_error_string(error));
}

bool talk_events(struct sp_socket *socket)
{
    static const struct sp_socket_handlers handlers = {
        .connected = on_connected,
        .bytes_written = on_bytes_written,
        .ready_read = on_ready_read,
        .error_occurred = on_error,
    };

    do
        sp_socket_dispatch(socket, &handlers);
    while (sp_socket_has_events(socket));
    return sp_socket_state(socket) != SP_STATE_UNCONNECTED;
}

int talk_main(int argc, char **argv, void (*run)(struct sp_context *, struct sp_socket *))
{
    struct sp_context *context;
    struct sp_socket *socket;
    struct talk talk;
    int r;

    if (argc != 3 || sp_context_new(&context, NULL, NULL) != SP_OK ||
        sp_socket_new(&socket, context) != SP_OK)
        return 2;
    talk = (struct talk){argv[2], strlen(argv[2]), strlen(argv[2])};
    sp_socket_set_user(socket, &talk);
    r = sp_socket_connect(socket, argv[1], SP_STRLEN, SP_READ_WRITE);
    if (r == SP_OK)
        run(context, socket);
    else
        (void)fprintf(stderr, "%s: %s\n", argv[1], sp_error_string(r));
    sp_socket_free(socket);
    sp_context_free(context);
    return talk.to_read == 0 ? 0 : 1;
}
