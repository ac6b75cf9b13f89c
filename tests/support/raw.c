/* SPDX-License-Identifier: MIT */
/* Sockets by plain system calls: see raw.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "tests/support/raw.h"

#include "tests/support/must.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

typedef int (*use_name)(int fd, const struct sockaddr *address, socklen_t length);

static int with_name(int flags, const char *path, use_name use)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

    MUST(fd >= 0 && strlen(path) < sizeof(address.sun_path));
    strcpy(address.sun_path, path);
    if (use(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        int error = errno;

        (void)close(fd);
        return -error;
    }
    return fd;
}

int raw_bind(const char *path)
{
    return with_name(0, path, bind);
}

int raw_listen(const char *path, int backlog)
{
    int fd = raw_bind(path);

    MUST(fd < 0 || listen(fd, backlog) == 0);
    return fd;
}

int raw_connect(const char *path)
{
    int fd = with_name(SOCK_NONBLOCK, path, connect);

    MUST(fd < 0 || fcntl(fd, F_SETFL, 0) == 0);
    return fd;
}

void raw_stale(const char *path)
{
    int fd = raw_bind(path);

    MUST(fd >= 0 && close(fd) == 0);
}

/* Has a connection to be accepted? Then accept() does not block, whatever the flags of @server. */
static int accept_waiting(int server)
{
    struct pollfd ready = {.fd = server, .events = POLLIN};

    if (poll(&ready, 1, 0) != 1 || (ready.revents & POLLIN) == 0)
        return -1;
    return accept4(server, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

/* The client says its own descriptor number, and the server must hear it. A connection is in the
 * queue as soon as connect() has returned. */
int raw_reaches(const char *path, int server)
{
    int client = raw_connect(path);
    int heard = -1;
    int accepted;

    if (client < 0)
        return 0;
    MUST(write(client, &client, sizeof(client)) == (ssize_t)sizeof(client));
    while (heard != client && (accepted = accept_waiting(server)) >= 0) {
        /* Somebody who only looked whether anybody listens has said nothing. */
        if (read(accepted, &heard, sizeof(heard)) != (ssize_t)sizeof(heard))
            heard = -1;
        (void)close(accepted);
    }
    (void)close(client);
    return heard == client;
}
