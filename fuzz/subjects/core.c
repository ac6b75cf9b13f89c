/* SPDX-License-Identifier: MIT */
/*
 * The subject "core": the library of this project.
 *
 * Everything is as the library has it by default. The loop is the usual one: watch the descriptor
 * for the interest, tell what happened, take the events until there are none.
 *
 * Tests: ctest -R fuzz/subject
 */
#include "fuzz/subjects/subject.h"

#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sunpath/sunpath.h>

struct subject_socket {
    struct sp_socket *socket;
    bool was_connected;
    bool is_closing;
};

struct subject_server {
    struct sp_server *server;
};

static struct sp_context *context;

static void *need(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

static void must(int r)
{
    if (r != SP_OK)
        abort();
}

static void free_context(void)
{
    sp_context_free(context);
}

static const struct sp_context *shared_context(void)
{
    if (context == NULL) {
        must(sp_context_new(&context, NULL, "/"));
        (void)atexit(free_context);
    }
    return context;
}

static int error_of(ptrdiff_t error)
{
    switch (error) {
    case SP_OK:
        return SUBJECT_OK;
    case SP_ERROR_SERVER_NOT_FOUND:
        return SUBJECT_ERROR_NOT_FOUND;
    case SP_ERROR_CONNECTION_REFUSED:
        return SUBJECT_ERROR_REFUSED;
    case SP_ERROR_ADDRESS_IN_USE:
        return SUBJECT_ERROR_IN_USE;
    case SP_ERROR_PEER_CLOSED:
        return SUBJECT_ERROR_PEER_CLOSED;
    case SP_ERROR_OPERATION:
        return SUBJECT_ERROR_STATE;
    default:
        return SUBJECT_ERROR_OTHER;
    }
}

/* What has happened to a descriptor, as sp_*_process() wants it; 0 for -1. */
static unsigned look(int fd, unsigned interest)
{
    struct pollfd entry = {.fd = interest != 0 ? fd : -1, .events = (short)sp_io_to_poll(interest)};

    return poll(&entry, 1, 0) > 0 ? sp_io_from_poll((unsigned)entry.revents) : 0;
}

/* ---- sockets ---- */

static struct subject_socket *wrap(struct sp_socket *socket)
{
    struct subject_socket *subject = need(calloc(1, sizeof(*subject)));

    subject->socket = socket;
    return subject;
}

struct subject_socket *subject_socket_new(void)
{
    struct sp_socket *socket;

    must(sp_socket_new(&socket, shared_context()));
    return wrap(socket);
}

void subject_socket_free(struct subject_socket *subject)
{
    sp_socket_free(subject->socket);
    free(subject);
}

int subject_connect(struct subject_socket *subject, const char *path)
{
    return error_of(sp_socket_connect(subject->socket, path, SP_STRLEN, SP_READ_WRITE));
}

ptrdiff_t subject_read(struct subject_socket *subject, void *bytes, size_t capacity)
{
    ptrdiff_t n = sp_socket_read(subject->socket, bytes, capacity);

    return n < 0 ? error_of(n) : n;
}

ptrdiff_t subject_write(struct subject_socket *subject, const void *bytes, size_t length)
{
    ptrdiff_t n = sp_socket_write(subject->socket, bytes, length);

    if (n == SP_ERROR_LIMIT)
        return 0;
    return n < 0 ? error_of(n) : n;
}

unsigned subject_events(struct subject_socket *subject, int *ret_error)
{
    struct sp_socket *socket = subject->socket;
    unsigned ready = look(sp_socket_fd(socket), sp_socket_interest(socket));
    struct sp_event event;
    unsigned events = 0;

    sp_socket_process(socket, ready);
    while (sp_socket_next_event(socket, &event))
        if (event.kind == SP_EVENT_CONNECTED)
            subject->was_connected = true;

    if (sp_socket_bytes_available(socket) > 0)
        events |= SUBJECT_READABLE;
    if (sp_socket_state(socket) == SP_STATE_CONNECTED)
        return events | SUBJECT_CONNECTED;
    if (subject->is_closing)
        return sp_socket_state(socket) == SP_STATE_UNCONNECTED ? SUBJECT_CLOSED : 0;
    if (subject->was_connected)
        return events | SUBJECT_ENDED; /* nobody else makes it leave that state */
    if (sp_socket_error(socket) != SP_OK && sp_socket_state(socket) == SP_STATE_UNCONNECTED) {
        *ret_error = error_of(sp_socket_error(socket));
        events |= SUBJECT_FAILED;
    }
    return events;
}

void subject_close(struct subject_socket *subject)
{
    subject->is_closing = true;
    sp_socket_close(subject->socket);
}

/* ---- servers ---- */

struct subject_server *subject_server_new(void)
{
    struct subject_server *subject = need(calloc(1, sizeof(*subject)));

    must(sp_server_new(&subject->server, shared_context()));
    return subject;
}

void subject_server_free(struct subject_server *subject)
{
    sp_server_free(subject->server);
    free(subject);
}

int subject_listen(struct subject_server *subject, const char *path)
{
    return error_of(sp_server_listen(subject->server, path, SP_STRLEN));
}

unsigned subject_server_events(struct subject_server *subject)
{
    struct sp_server *server = subject->server;
    struct sp_event event;

    sp_server_process(server, look(sp_server_fd(server), sp_server_interest(server)));
    while (sp_server_next_event(server, &event))
        ;
    return sp_server_has_pending(server) ? SUBJECT_CONNECTION : 0;
}

struct subject_socket *subject_accept(struct subject_server *subject)
{
    struct sp_socket *socket;
    struct subject_socket *accepted;

    if (subject_server_events(subject) == 0)
        return NULL;
    must(sp_server_take(subject->server, &socket));
    accepted = wrap(socket);
    accepted->was_connected = true;
    return accepted;
}

void subject_server_close(struct subject_server *subject)
{
    sp_server_close(subject->server);
}
