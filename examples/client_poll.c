/* SPDX-License-Identifier: MIT */
/*
 * A client under poll(): says something, prints the echo.
 *
 *     client_poll NAME TEXT
 */
#include "talk.h"

#include <poll.h>

static void run(struct sp_context *context, struct sp_socket *socket)
{
    /* Events before the first sleep: a connection is often made at once. */
    while (talk_events(socket)) {
        struct pollfd entry = {.fd = -1}; /* interest 0: poll() must not look at all */
        unsigned interest = sp_socket_interest(socket);

        if (interest != 0)
            entry = (struct pollfd){.fd = sp_socket_fd(socket),
                                    .events = (short)sp_io_to_poll(interest)};
        (void)poll(&entry, 1, sp_context_timeout_ms(context, sp_socket_deadline(socket)));
        sp_socket_process(socket, sp_io_from_poll((unsigned)entry.revents));
    }
}

int main(int argc, char **argv)
{
    return talk_main(argc, argv, run);
}
