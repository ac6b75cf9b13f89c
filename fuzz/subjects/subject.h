/* SPDX-License-Identifier: MIT */
/*
 * A subject: an implementation of local sockets that the harness is aimed at.
 *
 * A subject is one C or C++ file that defines the functions below by calling the implementation
 * under test. The harness plays its programs on it: it calls these functions, is itself other
 * programs at the other end of connections, and holds what comes of it against fuzz/spec. Sockets
 * are real ones, in a fresh directory. See fuzz/subjects/README.md and docs/tutorial-subject.md.
 *
 * Rules for all of them:
 *   - No function waits. What cannot be done now is said to be so, and the harness calls again. One
 *     that has not returned after five seconds is reported as one that hangs.
 *   - Everything happens in one thread, inside these functions. An implementation with an event
 *     loop turns it, without sleeping, in subject_events(), subject_server_events() and
 *     subject_accept(). The harness calls them until what must come has come, 200 times, at
 *     first without a pause and then with one of 50 us.
 *   - SIGPIPE is ignored.
 *   - Objects end only by the two functions that free them.
 */
#ifndef FUZZ_SUBJECT_H
#define FUZZ_SUBJECT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Defined by the subject as it likes; the harness only passes pointers. */
struct subject_socket;
struct subject_server;

/* Why something was not done. Which system call failed and how does not matter. */
enum subject_error {
    SUBJECT_OK = 0,
    SUBJECT_ERROR_NOT_FOUND = -1,   /* nothing has this name, or its directory does not exist */
    SUBJECT_ERROR_REFUSED = -2,     /* something has this name, but nobody listens there */
    SUBJECT_ERROR_IN_USE = -3,      /* the name is taken */
    SUBJECT_ERROR_PEER_CLOSED = -4, /* the other end has closed the connection */
    SUBJECT_ERROR_STATE = -5,       /* not in this state: not connected, already listening */
    SUBJECT_ERROR_OTHER = -6,       /* anything else */
};

/* What is so now, as bits. */
enum subject_event {
    SUBJECT_CONNECTED = 1 << 0,  /* the connection was made, and is not over */
    SUBJECT_READABLE = 1 << 1,   /* subject_read() would give at least one byte */
    SUBJECT_ENDED = 1 << 2,      /* the other end sends no more, or has gone */
    SUBJECT_CLOSED = 1 << 3,     /* subject_close() was called, and its work is done */
    SUBJECT_FAILED = 1 << 4,     /* the connection that was begun could not be made */
    SUBJECT_CONNECTION = 1 << 5, /* of a server: subject_accept() would give one */
};

/* ---- sockets ---- */

/** subject_socket_new() - create: a socket that is not connected; never NULL */
struct subject_socket *subject_socket_new(void);

/** subject_socket_free() - the end, in any state. Bytes not sent yet may be lost; descriptors and
 * memory may not. */
void subject_socket_free(struct subject_socket *socket);

/**
 * subject_connect() - to the server at a path
 * @path: absolute, short enough for a socket address
 *
 * Return: SUBJECT_OK: connected, or begun; then SUBJECT_CONNECTED or SUBJECT_FAILED follows as an
 * event. SUBJECT_ERROR_NOT_FOUND, SUBJECT_ERROR_REFUSED; SUBJECT_ERROR_STATE if it has connected
 * already. A socket makes one connection in its life: the harness frees one that failed.
 */
int subject_connect(struct subject_socket *socket, const char *path);

/**
 * subject_read() - take bytes
 *
 * Return: how many, at most @capacity; 0 if there are none now; SUBJECT_ERROR_PEER_CLOSED behind
 * the last byte of a peer that has gone, never before it; SUBJECT_ERROR_STATE if not connected.
 */
ptrdiff_t subject_read(struct subject_socket *socket, void *bytes, size_t capacity);

/**
 * subject_write() - accept bytes for the peer
 *
 * Return: how many were accepted, at most @length, 0 if there is no room now. What is accepted
 * arrives, once and in order, unless the socket is freed or the reader goes. With nothing on its
 * way there is room. SUBJECT_ERROR_PEER_CLOSED, SUBJECT_ERROR_STATE. It may refuse, too, once the
 * peer has ended its side.
 */
ptrdiff_t subject_write(struct subject_socket *socket, const void *bytes, size_t length);

/**
 * subject_events() - what is so now, after doing whatever can be done without waiting
 * @ret_error: set if SUBJECT_FAILED is told: why, as subject_connect() would have said it
 *
 * Return: enum subject_event bits.
 */
unsigned subject_events(struct subject_socket *socket, int *ret_error);

/** subject_close() - in order: what was accepted still arrives, nothing is read any more. Done when
 * SUBJECT_CLOSED is told, which the harness waits for while the peer reads. */
void subject_close(struct subject_socket *socket);

/* ---- servers ---- */

/** subject_server_new() - create: a server that does not listen; never NULL */
struct subject_server *subject_server_new(void);

/** subject_server_free() - as subject_server_close(), and the end of the object */
void subject_server_free(struct subject_server *server);

/**
 * subject_listen() - at a path, with room for at least 16 connections that nobody has accepted
 *
 * Makes a socket there, and nothing else. Return: SUBJECT_OK; SUBJECT_ERROR_IN_USE if anything has
 * that name, which stays as it is (only a socket behind which nobody listens may be replaced);
 * SUBJECT_ERROR_NOT_FOUND; SUBJECT_ERROR_STATE if it listens already.
 */
int subject_listen(struct subject_server *server, const char *path);

/** subject_accept() - the oldest connection that was not handed out yet, also if its client has
 * gone since; or NULL */
struct subject_socket *subject_accept(struct subject_server *server);

/** subject_server_events() - SUBJECT_CONNECTION or 0; turns the loop as subject_events() */
unsigned subject_server_events(struct subject_server *server);

/** subject_server_close() - stop listening: its own file is removed, and no file that somebody else
 * has put in its place. Connections not handed out are closed. May listen again. */
void subject_server_close(struct subject_server *server);

#ifdef __cplusplus
}
#endif

#endif
