/* SPDX-License-Identifier: MIT */
/*
 * An implementation of local sockets, any: a subject (fuzz/subjects/subject.h).
 *
 * Under test:   the subject that is linked to it. fuzz_subject has `core`, this library; there is
 *               one fuzz_subject_NAME for each other file of fuzz/subjects
 * Not covered:  what that interface does not show: faults, deadlines, half-open connections, users
 * Input:        a program of fuzz/program/operations.h, the rows of OPERATION_IN_SUBJECT: sockets
 *               and servers of the subject, other programs at the other end, files in their way.
 *               Users, modes and backlogs that rows have besides are not looked at
 * Oracle:       fuzz/spec/subject_spec.h, after each step; at the end everything that was sent
 *               arrives, every end is told, and nothing is left: no descriptor, no file
 *
 * On the real kernel, in a fresh directory for each input, so it does something on the machine:
 * below one temporary directory, which goes when the process does. It is as slow as that.
 */
#include "fuzz/engine/digest.h"
#include "fuzz/engine/target.h"
#include "fuzz/targets/subject_stage.h"
#include "tests/support/must.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Words of {file}. */
enum { FILE_REGULAR, FILE_FIFO, FILE_SOCKET };
/* Words of {shut}. */
enum { SHUT_READING, SHUT_WRITING, SHUT_BOTH };

struct stage stage;

/* ---- the subject's sockets ---- */

static void do_socket(const struct operation *operation, struct stage_socket *socket)
{
    size_t number = (size_t)operation->arg[1];

    if (operation->kind == OPERATION_CONNECT) {
        if (!socket->is_closing)
            stage_connect(socket, room_name(operation->name));
        return;
    }
    if (operation->kind == OPERATION_SOCKET_NEW) {
        if (socket->socket != NULL)
            stage_free(socket);
        stage_new(socket);
        return;
    }
    if (socket->socket == NULL)
        return;
    if (operation->kind == OPERATION_FREE) {
        stage_free(socket);
        return;
    }
    if (socket->is_closing)
        return;
    if (operation->kind == OPERATION_READ)
        stage_read(socket, number);
    else if (operation->kind == OPERATION_WRITE || operation->kind == OPERATION_WRITE_LARGE)
        stage_write(socket, number);
    else if (socket->end.link == NULL)
        return;
    else if (operation->kind == OPERATION_EVENTS)
        stage_events(socket);
    else
        stage_close(socket);
}

/* ---- the subject's servers ---- */

static void do_server(const struct operation *operation, struct stage_listener *listener)
{
    bool makes = operation->kind == OPERATION_LISTEN || operation->kind == OPERATION_SERVER_NEW;

    if (operation->kind == OPERATION_SERVER_NEW && listener->server != NULL)
        stage_server_close(listener, true);
    if (listener->server == NULL && makes)
        listener->server =
            STAGE_CALL("subject_server_new", struct subject_server *, subject_server_new());
    if (listener->server == NULL)
        return;
    if (operation->kind == OPERATION_LISTEN)
        stage_listen(listener, room_name(operation->name));
    else if (operation->kind == OPERATION_SERVER_CLOSE)
        stage_server_close(listener, false);
    else if (operation->kind == OPERATION_SERVER_FREE)
        stage_server_close(listener, true);
    else if (operation->kind == OPERATION_TAKE)
        stage_accept(listener, &stage.sockets[operation->arg[1]]);
    else if (operation->kind == OPERATION_SERVER_EVENTS)
        stage_server_events(listener);
}

/* ---- other programs ---- */

static void put_down(struct stage_peer *peer)
{
    if (peer->is_used && peer->end.link == NULL)
        stage_peer_leave(peer);
    else if (peer->is_used)
        stage_peer_close(peer);
}

static void accept_from(struct stage_peer *listening, struct stage_peer *peer)
{
    if (!listening->is_used || listening->end.link != NULL || listening == peer)
        return;
    put_down(peer);
    stage_peer_accept(listening, peer);
}

/* With a connection that there is. */
static void use(const struct operation *operation, struct stage_peer *peer)
{
    size_t number = (size_t)operation->arg[1];

    if (operation->kind == OPERATION_PEER_RECEIVE)
        stage_peer_read(peer, number);
    else if (peer->end.link->ways[peer->end.side].finished)
        return;
    else if (operation->kind == OPERATION_PEER_SHUTDOWN && number != SHUT_READING)
        stage_peer_shut(peer);
    else if (operation->kind == OPERATION_PEER_FILL)
        stage_peer_fill(peer);
    else if (operation->kind == OPERATION_PEER_SEND)
        stage_peer_write(peer, number);
}

static void do_peer(const struct operation *operation, struct stage_peer *peer)
{
    switch (operation->kind) {
    case OPERATION_PEER_CONNECT:
        put_down(peer);
        stage_peer_connect(peer, room_name(operation->name));
        break;
    case OPERATION_PEER_LISTEN:
        put_down(peer);
        stage_peer_listen(peer, room_name(operation->name));
        break;
    case OPERATION_PEER_ACCEPT:
        accept_from(&stage.peers[operation->arg[1]], peer);
        break;
    case OPERATION_PEER_CLOSE:
        put_down(peer);
        break;
    default:
        if (peer->end.link != NULL)
            use(operation, peer);
    }
}

/* ---- files ---- */

/* A socket behind which nobody listens. */
static void make_stale(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    MUST(fd >= 0);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    (void)bind(fd, (const struct sockaddr *)&address, sizeof(address));
    (void)close(fd);
}

static void make_file(const char *path, int64_t kind)
{
    if (kind == FILE_REGULAR)
        (void)mknod(path, S_IFREG | 0600, 0);
    else if (kind == FILE_FIFO)
        (void)mkfifo(path, 0600);
    else
        make_stale(path);
}

/* What the kernel refuses does not take place. */
static void do_file(const struct operation *operation)
{
    const char *path = room_path(room_name(operation->path));
    const char *other = room_path(room_name(operation->name));

    room_touched();
    switch (operation->kind) {
    case OPERATION_MKDIR:
        (void)mkdir(path, 0700);
        break;
    case OPERATION_RMDIR:
        (void)rmdir(path);
        break;
    case OPERATION_CREATE:
        make_file(path, operation->arg[1]);
        break;
    case OPERATION_SYMLINK:
        (void)!symlink(other, path);
        break;
    case OPERATION_RENAME:
        (void)rename(path, other);
        break;
    default:
        (void)unlink(path);
    }
}

/* ---- the program ---- */

static void play(const struct operation *operation)
{
    fuzz_note(operation->kind);
    if (operation->kind >= OPERATION_MKDIR)
        do_file(operation);
    else if (operation->kind >= OPERATION_PEER_LISTEN)
        do_peer(operation, &stage.peers[operation->arg[0]]);
    else if (operation->kind >= OPERATION_LISTEN)
        do_server(operation, &stage.listeners[operation->arg[0]]);
    else
        do_socket(operation, &stage.sockets[operation->arg[0]]);
}

/* Connections that nobody has taken yet are taken, so that what was sent on them can arrive. */
static void take_all(void)
{
    size_t socket = OPERATION_SOCKETS, peer = OPERATION_PEERS;

    for (size_t i = 0; i < OPERATION_SERVERS; i++)
        while (stage.listeners[i].waiting > 0)
            stage_accept(&stage.listeners[i], &stage.sockets[socket++]);
    for (size_t i = 0; i < OPERATION_PEERS; i++)
        while (stage_peer_listener(i)->waiting > 0)
            stage_peer_accept(&stage.peers[i], &stage.peers[peer++]);
}

static void free_all(void)
{
    unsigned left;

    for (size_t i = 0; i < STAGE_SOCKETS; i++)
        if (stage.sockets[i].socket != NULL)
            stage_free(&stage.sockets[i]);
    for (size_t i = 0; i < OPERATION_SERVERS; i++)
        if (stage.listeners[i].server != NULL)
            stage_server_close(&stage.listeners[i], true);
    for (size_t i = 0; i < STAGE_PEERS; i++)
        put_down(&stage.peers[i]);
    left = room_descriptors();
    if (left > 0)
        stage_fail(SUBJECT_PROPERTY_DESCRIPTOR_LEFT, "everything is freed, and %u are open", left);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct step_cursor cursor = step_cursor_over(fuzz_language, data, size);
    static struct operation operation;

    memset(&stage, 0, sizeof(stage));
    stage.program = data;
    stage.length = size;
    room_open();
    for (; stage.step < STAGE_STEPS_MAX && operation_next(&cursor, &operation); stage.step++)
        play(&operation);
    take_all();
    stage_drain();
    free_all();
    room_close();
    return 0;
}
