/* SPDX-License-Identifier: MIT */
/*
 * A client under epoll: says something, prints the echo.
 *
 *     client_epoll NAME TEXT
 */
#include "epoll_watch.h"
#include "talk.h"

#include <unistd.h>

static void run(struct sp_context *context, struct sp_socket *socket)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    unsigned watched = 0;

    /* Events before the first sleep: a connection is often made at once. */
    while (talk_events(socket)) {
        struct epoll_event event;
        int n;

        (void)epoll_watch(epoll, sp_socket_fd(socket), sp_socket_interest(socket), &watched, NULL);
        n = epoll_wait(epoll, &event, 1,
                       sp_context_timeout_ms(context, sp_socket_deadline(socket)));
        sp_socket_process(socket, n == 1 ? sp_io_from_poll(event.events) : 0);
    }
    close(epoll);
}

int main(int argc, char **argv)
{
    return talk_main(argc, argv, run);
}
