/* SPDX-License-Identifier: MIT */
/* An echo server, whatever the loop: see echo.h. */
#include "echo.h"

#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>

/* Reads no more than can be written: who does not read the echo is not read either. */
static void echo(struct sp_socket *socket)
{
    char bytes[4096];
    ptrdiff_t n;

    do {
        size_t room = sp_socket_write_limit(socket) - sp_socket_bytes_to_write(socket);

        n = sp_socket_read(socket, bytes, room < sizeof(bytes) ? room : sizeof(bytes));
    } while (n > 0 && sp_socket_write(socket, bytes, (size_t)n) == n);
}

bool echo_events(struct sp_socket *socket)
{
    struct sp_event event;

    while (sp_socket_next_event(socket, &event)) {
        if (event.kind == SP_EVENT_READY_READ || event.kind == SP_EVENT_BYTES_WRITTEN)
            echo(socket);
    }
    return sp_socket_state(socket) != SP_STATE_UNCONNECTED;
}

int stop_signals(void)
{
    sigset_t mask;

    sigemptyset(&mask);
    sigaddset(&mask, SIGINT);
    sigaddset(&mask, SIGTERM);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    return signalfd(-1, &mask, SFD_CLOEXEC);
}

int echo_main(int argc, char **argv, void (*run)(struct sp_context *, struct sp_server *))
{
    struct sp_context *context;
    struct sp_server *server;
    int r;

    if (argc != 2 || sp_context_new(&context, NULL, NULL) != SP_OK ||
        sp_server_new(&server, context) != SP_OK)
        return 2;
    r = sp_server_listen(server, argv[1], SP_STRLEN);
    if (r == SP_OK)
        run(context, server);
    else
        (void)fprintf(stderr, "%s: %s\n", argv[1], sp_error_string(r));
    sp_server_free(server); /* removes the socket file */
    sp_context_free(context);
    return r == SP_OK ? 0 : 1;
}
