/* SPDX-License-Identifier: MIT */
/*
 * The subject "toy": local sockets by system calls alone, as many programs have them, with three
 * bugs that many of those programs have too. docs/tutorial-subject.md finds them.
 *
 * Tests: ctest -R subjects/toy; each bug has its input in corpus/subject/crashes
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "fuzz/subjects/subject.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* More than sixteen: who looks whether somebody is there waits too. */
#define BACKLOG 64

struct subject_socket {
    int fd;
    bool is_connected; /* or was, until its end was read */
    bool has_ended;
    bool is_closed;
};

struct subject_server {
    int fd; /* -1: does not listen */
    struct sockaddr_un address;
    struct stat file;
};

static void *need(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

static int new_fd(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        abort();
    return fd;
}

static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    return address;
}

static int last_error(void)
{
    switch (errno) {
    case ENOENT:
    case ENOTDIR:
        return SUBJECT_ERROR_NOT_FOUND;
    case ECONNREFUSED:
        return SUBJECT_ERROR_REFUSED;
    case EADDRINUSE:
        return SUBJECT_ERROR_IN_USE;
    case EPIPE:
    case ECONNRESET:
        return SUBJECT_ERROR_PEER_CLOSED;
    default:
        return SUBJECT_ERROR_OTHER;
    }
}

/* ---- sockets ---- */

static struct subject_socket *wrap(int fd, bool is_connected)
{
    struct subject_socket *socket = need(calloc(1, sizeof(*socket)));

    socket->fd = fd;
    socket->is_connected = is_connected;
    return socket;
}

struct subject_socket *subject_socket_new(void)
{
    return wrap(new_fd(), false);
}

void subject_socket_free(struct subject_socket *socket)
{
    subject_close(socket);
    free(socket);
}

int subject_connect(struct subject_socket *socket, const char *path)
{
    struct sockaddr_un address = address_of(path);

    if (socket->is_connected)
        return SUBJECT_ERROR_STATE;
    if (connect(socket->fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return last_error();
    socket->is_connected = true;
    return SUBJECT_OK;
}

ptrdiff_t subject_read(struct subject_socket *socket, void *bytes, size_t capacity)
{
    ssize_t length;

    if (!socket->is_connected)
        return SUBJECT_ERROR_STATE;
    if (socket->has_ended)
        return SUBJECT_ERROR_PEER_CLOSED;
    if (capacity == 0)
        return 0;
    length = recv(socket->fd, bytes, capacity, 0);
    if (length == 0)
        return SUBJECT_ERROR_PEER_CLOSED;
    if (length < 0)
        return errno == EAGAIN ? 0 : last_error();
    return length;
}

ptrdiff_t subject_write(struct subject_socket *socket, const void *bytes, size_t length)
{
    if (!socket->is_connected)
        return SUBJECT_ERROR_STATE;
    if (send(socket->fd, bytes, length, MSG_NOSIGNAL) < 0)
        return errno == EAGAIN ? 0 : last_error();
    return (ptrdiff_t)length; /* bug 1: the kernel may have taken less */
}

unsigned subject_events(struct subject_socket *socket, int *ret_error)
{
    struct pollfd entry = {.fd = socket->fd, .events = POLLIN | POLLRDHUP};
    unsigned events = 0;
    char byte;

    (void)ret_error; /* connecting fails at once or not at all */
    if (socket->is_closed)
        return SUBJECT_CLOSED;
    if (!socket->is_connected)
        return 0;
    (void)poll(&entry, 1, 0);
    if ((entry.revents & (POLLHUP | POLLRDHUP)) != 0)
        socket->has_ended = true; /* bug 3: there may be bytes in front of the end */
    if (!socket->has_ended && recv(socket->fd, &byte, 1, MSG_PEEK) == 1)
        events |= SUBJECT_READABLE;
    return events | (socket->has_ended ? SUBJECT_ENDED : SUBJECT_CONNECTED);
}

void subject_close(struct subject_socket *socket)
{
    if (!socket->is_closed)
        (void)close(socket->fd);
    socket->is_closed = true;
}

/* ---- servers ---- */

struct subject_server *subject_server_new(void)
{
    struct subject_server *server = need(calloc(1, sizeof(*server)));

    server->fd = -1;
    return server;
}

void subject_server_free(struct subject_server *server)
{
    subject_server_close(server);
    free(server);
}

int subject_listen(struct subject_server *server, const char *path)
{
    int error = SUBJECT_OK;

    if (server->fd >= 0)
        return SUBJECT_ERROR_STATE;
    server->fd = new_fd();
    server->address = address_of(path);
    (void)unlink(path); /* bug 2: whose file is that? */
    if (bind(server->fd, (const struct sockaddr *)&server->address, sizeof(server->address)) < 0)
        error = last_error();
    else if (lstat(path, &server->file) < 0 || listen(server->fd, BACKLOG) < 0)
        error = SUBJECT_ERROR_OTHER;
    if (error != SUBJECT_OK) {
        (void)close(server->fd);
        server->fd = -1;
    }
    return error;
}

struct subject_socket *subject_accept(struct subject_server *server)
{
    int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    return fd >= 0 ? wrap(fd, true) : NULL;
}

unsigned subject_server_events(struct subject_server *server)
{
    struct pollfd entry = {.fd = server->fd, .events = POLLIN};

    return poll(&entry, 1, 0) > 0 ? SUBJECT_CONNECTION : 0;
}

void subject_server_close(struct subject_server *server)
{
    struct stat now;

    if (server->fd < 0)
        return;
    if (lstat(server->address.sun_path, &now) == 0 && now.st_dev == server->file.st_dev &&
        now.st_ino == server->file.st_ino)
        (void)unlink(server->address.sun_path);
    (void)close(server->fd);
    server->fd = -1;
}
