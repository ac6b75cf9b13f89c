/* SPDX-License-Identifier: MIT */
/*
 * The system calls of the hand-written side: see raw.h.
 */
#include "raw/raw.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof(address.sun_path))
        bench_fail("the path of the socket is too long");
    memcpy(address.sun_path, path, strlen(path));
    return address;
}

int raw_listen(const char *path)
{
    struct sockaddr_un address = address_of(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(fd, BENCH_BACKLOG) < 0)
        bench_die("listen");
    return fd;
}

int raw_accept(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0 && errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
        bench_die("accept");
    if (fd >= BENCH_DESCRIPTORS)
        bench_fail("too many connections");
    return fd;
}

static int connect_socket(const char *path, int flags)
{
    struct sockaddr_un address = address_of(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        bench_die("connect");
    return fd;
}

int raw_connect(const char *path)
{
    return connect_socket(path, SOCK_NONBLOCK);
}

int raw_connect_patiently(const char *path)
{
    int fd = connect_socket(path, 0);

    if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
        bench_die("fcntl");
    return fd;
}

bool raw_trusts(int fd)
{
    struct ucred server;
    socklen_t length = sizeof(server);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &server, &length) < 0)
        bench_die("getsockopt");
    return server.uid == 0 || server.uid == geteuid();
}

ssize_t raw_recv(int fd, void *bytes, size_t capacity)
{
    ssize_t n = recv(fd, bytes, capacity, 0);

    if (n >= 0)
        return n;
    if (errno == ECONNRESET)
        return 0;
    if (errno != EAGAIN && errno != EINTR)
        bench_die("recv");
    return -1;
}

ssize_t raw_send(int fd, const void *bytes, size_t length)
{
    ssize_t n = send(fd, bytes, length, MSG_NOSIGNAL);

    if (n >= 0)
        return n;
    if (errno == EPIPE || errno == ECONNRESET)
        return -1;
    if (errno != EAGAIN && errno != EINTR)
        bench_die("send");
    return 0;
}
