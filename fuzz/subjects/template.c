/* SPDX-License-Identifier: MIT */
/*
 * A subject to begin with: copy it, and put the calls of your implementation in the place of the
 * comments. subject.h says what each function must do, docs/tutorial-subject.md how to go on.
 *
 * As it stands it can do nothing, and says so: the harness reports the first connection that fails.
 */
#include "fuzz/subjects/subject.h"

#include <stdlib.h>

/* What your implementation has for a connection: an object, a descriptor, buffers. */
struct subject_socket {
    int is_closed;
};

/* What it has for a server. */
struct subject_server {
    int listens;
};

static void *need(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

/* ---- sockets ---- */

struct subject_socket *subject_socket_new(void)
{
    return need(calloc(1, sizeof(struct subject_socket)));
}

void subject_socket_free(struct subject_socket *socket)
{
    /* End the connection, whatever its state, and give everything back. */
    free(socket);
}

int subject_connect(struct subject_socket *socket, const char *path)
{
    /* Connect, or begin to. */
    (void)socket;
    (void)path;
    return SUBJECT_ERROR_OTHER;
}

ptrdiff_t subject_read(struct subject_socket *socket, void *bytes, size_t capacity)
{
    /* Take what has arrived; never wait. */
    (void)socket;
    (void)bytes;
    (void)capacity;
    return SUBJECT_ERROR_STATE;
}

ptrdiff_t subject_write(struct subject_socket *socket, const void *bytes, size_t length)
{
    /* Send or keep: what you say you accepted must arrive. */
    (void)socket;
    (void)bytes;
    (void)length;
    return SUBJECT_ERROR_STATE;
}

unsigned subject_events(struct subject_socket *socket, int *ret_error)
{
    /* Turn your loop once, without sleeping: send what waits, see what has come, and say it. If a
     * connection that was begun has failed: SUBJECT_FAILED, and why in *ret_error. */
    (void)ret_error;
    return socket->is_closed ? SUBJECT_CLOSED : 0;
}

void subject_close(struct subject_socket *socket)
{
    /* Send what was accepted, then close: perhaps later, in subject_events(). */
    socket->is_closed = 1;
}

/* ---- servers ---- */

struct subject_server *subject_server_new(void)
{
    return need(calloc(1, sizeof(struct subject_server)));
}

void subject_server_free(struct subject_server *server)
{
    subject_server_close(server);
    free(server);
}

int subject_listen(struct subject_server *server, const char *path)
{
    /* Make the socket at @path; what is there already stays. */
    (void)path;
    return server->listens ? SUBJECT_ERROR_STATE : SUBJECT_ERROR_OTHER;
}

struct subject_socket *subject_accept(struct subject_server *server)
{
    /* Hand out the oldest connection. */
    (void)server;
    return NULL;
}

unsigned subject_server_events(struct subject_server *server)
{
    /* Turn your loop, and say whether subject_accept() would give a connection. */
    (void)server;
    return 0;
}

void subject_server_close(struct subject_server *server)
{
    /* Stop listening, and remove the file of your own. */
    server->listens = 0;
}
