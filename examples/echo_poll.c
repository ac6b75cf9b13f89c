/* SPDX-License-Identifier: MIT */
/*
 * An echo server under poll().
 *
 *     echo_poll NAME      until SIGINT or SIGTERM
 */
#include "echo.h"

#include <poll.h>
#include <unistd.h>

#define CLIENTS 64

/* Interest 0: poll() must not look at it at all, because it reports a hang-up unasked. */
static struct pollfd watch(int fd, unsigned interest)
{
    return (struct pollfd){.fd = interest != 0 ? fd : -1, .events = (short)sp_io_to_poll(interest)};
}

static void run(struct sp_context *context, struct sp_server *server)
{
    int signals = stop_signals();
    struct sp_socket *clients[CLIENTS];
    size_t count = 0;

    for (;;) {
        struct pollfd fds[2 + CLIENTS] = {
            {.fd = signals, .events = POLLIN},
            watch(sp_server_fd(server), sp_server_interest(server)),
        };
        uint64_t deadline = sp_server_deadline(server);
        size_t kept = 0;

        for (size_t i = 0; i < count; i++) {
            fds[2 + i] = watch(sp_socket_fd(clients[i]), sp_socket_interest(clients[i]));
            if (sp_socket_deadline(clients[i]) < deadline)
                deadline = sp_socket_deadline(clients[i]);
        }
        (void)poll(fds, 2 + count, sp_context_timeout_ms(context, deadline));
        if (fds[0].revents != 0)
            break;

        for (size_t i = 0; i < count; i++) {
            sp_socket_process(clients[i], sp_io_from_poll((unsigned)fds[2 + i].revents));
            if (echo_events(clients[i]))
                clients[kept++] = clients[i];
            else
                sp_socket_free(clients[i]);
        }
        count = kept;
        /* Who is not taken waits: in the server, then in the kernel, then in his connect. */
        sp_server_process(server, sp_io_from_poll((unsigned)fds[1].revents));
        while (count < CLIENTS && sp_server_take(server, &clients[count]) == SP_OK)
            count++;
    }
    while (count > 0)
        sp_socket_free(clients[--count]);
    close(signals);
}

int main(int argc, char **argv)
{
    return echo_main(argc, argv, run);
}
