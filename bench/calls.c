/* SPDX-License-Identifier: MIT */
/* Programs to be watched, for bench/audit_run. Usage: calls unrelated|server ROUNDS */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int unrelated(int rounds)
{
    const int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    char byte;

    for (int i = 0; i < rounds; i++)
        if (read(zero, &byte, 1) != 1)
            return 1;
    return 0;
}

/* One that is its own client: a connection a round, asked who it is, a byte to and fro. */
static int server(int rounds)
{
    const struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct sockaddr_un bound;
    socklen_t length = sizeof(sa_family_t);
    const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    /* No name is given: the kernel chooses a free one. */
    if (bind(listener, (const struct sockaddr *)&address, length) != 0 || listen(listener, 1) != 0)
        return 1;
    length = sizeof(bound);
    if (getsockname(listener, (struct sockaddr *)&bound, &length) != 0)
        return 1;
    for (int i = 0; i < rounds; i++) {
        const int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct ucred peer;
        socklen_t size = sizeof(peer);
        char byte = 'x';
        int connection;

        if (connect(client, (struct sockaddr *)&bound, length) != 0)
            return 1;
        connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 ||
            send(client, &byte, 1, MSG_NOSIGNAL) != 1 || recv(connection, &byte, 1, 0) != 1 ||
            send(connection, &byte, 1, MSG_NOSIGNAL) != 1 || recv(client, &byte, 1, 0) != 1)
            return 1;
        (void)close(connection);
        (void)close(client);
    }
    return 0;
}

int main(int argc, char **argv)
{
    const int rounds = argc == 3 ? atoi(argv[2]) : 0;

    if (rounds > 0 && strcmp(argv[1], "unrelated") == 0)
        return unrelated(rounds);
    if (rounds > 0 && strcmp(argv[1], "server") == 0)
        return server(rounds);
    (void)fputs("usage: calls unrelated|server ROUNDS\n", stderr);
    return 2;
}
