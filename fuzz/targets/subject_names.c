/* SPDX-License-Identifier: MIT */
/*
 * Connecting, listening and their files: see subject_stage.h.
 *
 * What is at a path is looked up on the machine, and whether somebody listens behind a socket file
 * in our own book, by the file's number. While a socket is bound the kernel keeps its file, so no
 * other file gets that number.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "fuzz/engine/digest.h"
#include "fuzz/targets/subject_stage.h"
#include "tests/support/must.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* More than may wait, because a subject may connect to see whether somebody is there. */
#define PEER_BACKLOG (2 * STAGE_WAITING)

/* ---- the book ---- */

static struct stage_listener *listener_of(const struct stat *status)
{
    for (size_t i = 0; i < STAGE_LISTENERS; i++) {
        struct stage_listener *listener = &stage.listeners[i];

        if (listener->listens && listener->file.device == status->st_dev &&
            listener->file.inode == status->st_ino)
            return listener;
    }
    return NULL;
}

static enum spec_place place_of_nothing(const char *path)
{
    char directory[ROOM_PATH_MAX];
    struct stat status;

    (void)snprintf(directory, sizeof(directory), "%s", path);
    *strrchr(directory, '/') = '\0';
    if (stat(directory, &status) == 0 && S_ISDIR(status.st_mode))
        return SPEC_PLACE_NOTHING;
    return errno == ELOOP ? SPEC_PLACE_UNKNOWN : SPEC_PLACE_NO_DIRECTORY;
}

/* What is at a path, and who listens there. Whoever makes a file does not follow a link. */
static enum spec_place look_up(unsigned name, bool follows, struct stage_listener **ret_listener)
{
    const char *path = room_path(name);
    struct stat status;

    *ret_listener = NULL;
    if ((follows ? stat(path, &status) : lstat(path, &status)) < 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return place_of_nothing(path);
        return SPEC_PLACE_UNKNOWN;
    }
    if (!S_ISSOCK(status.st_mode))
        return SPEC_PLACE_OTHER;
    *ret_listener = listener_of(&status);
    return *ret_listener != NULL ? SPEC_PLACE_LISTENING : SPEC_PLACE_STALE;
}

/* A connection that was made, and waits to be handed out. */
static struct spec_link *connected(struct stage_listener *listener)
{
    struct spec_link *link = &stage.links[stage.links_used];

    MUST(stage.links_used < STAGE_LINKS && listener->waiting < STAGE_WAITING);
    memset(link, 0, sizeof(*link));
    link->ways[0].writer = (unsigned)(2 * stage.links_used);
    link->ways[1].writer = (unsigned)(2 * stage.links_used + 1);
    stage.links_used++;
    listener->queue[listener->waiting++] = link;
    return link;
}

static struct spec_link *handed_out(struct stage_listener *listener)
{
    struct spec_link *link = listener->queue[0];

    memmove(listener->queue, listener->queue + 1, --listener->waiting * sizeof(link));
    return link;
}

/* Nobody listens any more: who waits has lost the other end. */
static void forget(struct stage_listener *listener)
{
    for (size_t i = 0; i < listener->waiting; i++)
        spec_abort((struct spec_end){listener->queue[i], 1});
    listener->waiting = 0;
    listener->listens = false;
}

/* ---- files ---- */

static void check_strays(const struct room_view *before, const struct room_view *after,
                         const char *call)
{
    if (after->stray[0] != '\0' && before->stray[0] == '\0')
        stage_fail(SUBJECT_PROPERTY_STRAY_FILE, "%s leaves \"%s\"", call, after->stray);
}

/* Whether what has happened to one name is the file that the call may make: a socket, where was
 * nothing or a socket behind which nobody listened. */
static bool may_become(const struct room_node *before, const struct room_node *after,
                       const struct room_node *made)
{
    return made != NULL && room_is_same(after, made) && (!before->exists || before->is_socket);
}

static void check_files_kept(const struct room_view *before, const struct room_view *after,
                             const struct room_node *made, const char *call)
{
    for (unsigned i = 0; i < ROOM_NAMES; i++) {
        const struct room_node *was = &before->nodes[i], *is = &after->nodes[i];

        if (room_is_same(was, is) || may_become(was, is, made))
            continue;
        if (was->exists)
            stage_fail(SUBJECT_PROPERTY_FOREIGN_FILE, "%s has %s \"%s\"", call,
                       is->exists ? "replaced" : "removed", room_text(i));
        stage_fail(SUBJECT_PROPERTY_STRAY_FILE, "%s has made \"%s\"", call, room_text(i));
    }
    check_strays(before, after, call);
}

/* A server is gone: its own file must go if it is where it was made, and may go elsewhere. */
static void check_files_removed(const struct stage_listener *listener,
                                const struct room_view *before, struct room_view *after)
{
    if (!listener->listens) {
        check_files_kept(before, after, NULL, "closing a server that does not listen");
        return;
    }
    if (room_is_same(&before->nodes[listener->name], &listener->file) &&
        room_is_same(&after->nodes[listener->name], &listener->file))
        stage_fail(SUBJECT_PROPERTY_OWN_FILE, "closing the server leaves \"%s\"",
                   room_text(listener->name));
    for (unsigned i = 0; i < ROOM_NAMES; i++)
        if (!after->nodes[i].exists && room_is_same(&before->nodes[i], &listener->file))
            after->nodes[i] = before->nodes[i];
    check_files_kept(before, after, NULL, "closing a server");
}

/* ---- the subject ---- */

/* What a connection that was begun comes to. */
static int outcome(struct stage_socket *socket)
{
    struct stage_patience patience = {0};
    int error = SUBJECT_ERROR_OTHER;

    do {
        unsigned events =
            STAGE_CALL("subject_events", unsigned, subject_events(socket->socket, &error));

        if ((events & SUBJECT_FAILED) != 0)
            return error;
        if ((events & (SUBJECT_CONNECTED | SUBJECT_READABLE | SUBJECT_ENDED)) != 0)
            return SUBJECT_OK;
    } while (stage_again(&patience));
    stage_fail(SUBJECT_PROPERTY_CONNECT_RESULT, "a connection that was begun comes to nothing");
}

/* One whose connection is over may make another, or not: it is not asked. */
static void connect_again(struct stage_socket *socket, unsigned name)
{
    int result;

    if (spec_may_end(socket->end))
        return;
    result = STAGE_CALL("subject_connect", int, subject_connect(socket->socket, room_path(name)));
    if (result != SUBJECT_ERROR_STATE)
        stage_fail(SUBJECT_PROPERTY_STATE_REFUSED,
                   "subject_connect gives %d, and it has connected already", result);
}

void stage_connect(struct stage_socket *socket, unsigned name)
{
    struct stage_listener *listener;
    enum spec_place place = look_up(name, true, &listener);
    struct room_view before, after;
    int result;

    if (socket->end.link != NULL) {
        connect_again(socket, name);
        return;
    }
    if (listener != NULL && listener->waiting == STAGE_WAITING)
        return;
    if (socket->socket == NULL)
        stage_new(socket);
    before = room_before();
    result = STAGE_CALL("subject_connect", int, subject_connect(socket->socket, room_path(name)));
    if (result == SUBJECT_OK)
        result = outcome(socket);
    after = room_after();
    fuzz_note((uint64_t)(int64_t)result);
    stage_judge(spec_connect(place, result), "subject_connect", result);
    check_files_kept(&before, &after, NULL, "subject_connect");
    if (result == SUBJECT_OK)
        socket->end = (struct spec_end){connected(listener), 0};
    else
        stage_free(socket);
}

/* Whoever finds a name taken may have connected to see whether somebody listens. Nobody else
 * waits. */
static void dismiss_visitors(struct stage_listener *visited)
{
    size_t number = (size_t)(visited - stage.listeners);

    if (visited->server != NULL) {
        struct subject_socket *visitor;

        while ((visitor = STAGE_CALL("subject_accept", struct subject_socket *,
                                     subject_accept(visited->server))) != NULL) {
            stage_call_begin("subject_socket_free");
            subject_socket_free(visitor);
            stage_call_end();
        }
    } else {
        int listening = stage.peers[number - OPERATION_SERVERS].fd;
        int fd;

        while ((fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC)) >= 0)
            (void)close(fd);
    }
}

static void listen_again(struct stage_listener *listener, unsigned name)
{
    int result =
        STAGE_CALL("subject_listen", int, subject_listen(listener->server, room_path(name)));

    if (result != SUBJECT_ERROR_STATE)
        stage_fail(SUBJECT_PROPERTY_STATE_REFUSED,
                   "subject_listen gives %d, and it listens already", result);
}

void stage_listen(struct stage_listener *listener, unsigned name)
{
    struct stage_listener *other;
    enum spec_place place = look_up(name, false, &other);
    struct room_view before, after;
    int result;

    if (listener->listens) {
        listen_again(listener, name);
        return;
    }
    if (other != NULL && other->waiting > 0)
        return;
    before = room_before();
    result = STAGE_CALL("subject_listen", int, subject_listen(listener->server, room_path(name)));
    after = room_after();
    fuzz_note((uint64_t)(int64_t)result);
    stage_judge(spec_listen(place, result), "subject_listen", result);
    if (result == SUBJECT_OK && !after.nodes[name].is_socket)
        stage_fail(SUBJECT_PROPERTY_LISTEN_RESULT, "it listens, and \"%s\" is no socket",
                   room_text(name));
    check_files_kept(&before, &after, result == SUBJECT_OK ? &after.nodes[name] : NULL,
                     "subject_listen");
    if (other != NULL)
        dismiss_visitors(other);
    if (result == SUBJECT_OK) {
        listener->listens = true;
        listener->name = name;
        listener->file = after.nodes[name];
    }
}

void stage_accept(struct stage_listener *listener, struct stage_socket *socket)
{
    struct stage_patience patience = {0};
    struct subject_socket *accepted;

    if (socket->socket != NULL)
        stage_free(socket);
    do
        accepted =
            STAGE_CALL("subject_accept", struct subject_socket *, subject_accept(listener->server));
    while (accepted == NULL && listener->waiting > 0 && stage_again(&patience));
    if (accepted == NULL && listener->waiting > 0)
        stage_fail(SUBJECT_PROPERTY_HANDED_OUT, "%zu connections wait, subject_accept gives none",
                   listener->waiting);
    if (accepted != NULL && listener->waiting == 0)
        stage_fail(SUBJECT_PROPERTY_FROM_NOWHERE, "subject_accept gives one, and none was made");
    if (accepted != NULL)
        *socket = (struct stage_socket){.socket = accepted, .end = {handed_out(listener), 1}};
}

void stage_server_events(struct stage_listener *listener)
{
    struct stage_patience patience = {0};
    bool waits, tells;

    do {
        waits = listener->waiting > 0;
        tells = (STAGE_CALL("subject_server_events", unsigned,
                            subject_server_events(listener->server)) &
                 SUBJECT_CONNECTION) != 0;
    } while (waits && !tells && stage_again(&patience));
    if (waits != tells)
        stage_fail(SUBJECT_PROPERTY_WAITING_TOLD, "subject_server_events tells %s, and %zu wait",
                   tells ? "of a connection" : "nothing", listener->waiting);
}

void stage_server_close(struct stage_listener *listener, bool frees)
{
    struct room_view before, after;

    before = room_before();
    if (frees) {
        stage_call_begin("subject_server_free");
        subject_server_free(listener->server);
        listener->server = NULL;
    } else {
        stage_call_begin("subject_server_close");
        subject_server_close(listener->server);
    }
    stage_call_end();
    after = room_after();
    check_files_removed(listener, &before, &after);
    forget(listener);
}

/* ---- other programs ---- */

static struct sockaddr_un address_of(unsigned name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", room_path(name));
    return address;
}

static int new_socket(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    MUST(fd >= 0);
    return fd;
}

void stage_peer_connect(struct stage_peer *peer, unsigned name)
{
    struct sockaddr_un address = address_of(name);
    struct stage_listener *listener;
    enum spec_place place = look_up(name, true, &listener);
    bool succeeds;
    int fd;

    if (listener != NULL && listener->waiting == STAGE_WAITING)
        return;
    fd = new_socket();
    succeeds = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
    if (succeeds && place != SPEC_PLACE_LISTENING)
        stage_fail(SUBJECT_PROPERTY_CLOSED_SERVES, "somebody connects to \"%s\"", room_text(name));
    if (!succeeds && place == SPEC_PLACE_LISTENING)
        stage_fail(SUBJECT_PROPERTY_REACHABLE, "\"%s\" cannot be connected to, with %zu waiting",
                   room_text(name), listener->waiting);
    if (succeeds)
        stage_peer_put(peer, fd, connected(listener), 0);
    else
        (void)close(fd);
}

void stage_peer_listen(struct stage_peer *peer, unsigned name)
{
    struct stage_listener *listener = stage_peer_listener((size_t)(peer - stage.peers));
    struct sockaddr_un address = address_of(name);
    struct room_view view;
    int fd = new_socket();

    if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
        (void)close(fd);
        return;
    }
    MUST(listen(fd, PEER_BACKLOG) == 0);
    view = room_after();
    *listener = (struct stage_listener){.listens = true, .name = name, .file = view.nodes[name]};
    stage_peer_put(peer, fd, NULL, 0);
}

void stage_peer_accept(struct stage_peer *listening, struct stage_peer *peer)
{
    struct stage_listener *listener = stage_peer_listener((size_t)(listening - stage.peers));
    int fd = accept4(listening->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0 && listener->waiting > 0)
        stage_fail(SUBJECT_PROPERTY_CONNECT_RESULT,
                   "it said that it is connected, and nobody arrived");
    if (fd >= 0 && listener->waiting == 0)
        stage_fail(SUBJECT_PROPERTY_FROM_NOWHERE, "it has connected where it was not told to");
    if (fd >= 0)
        stage_peer_put(peer, fd, handed_out(listener), 1);
}

void stage_peer_leave(struct stage_peer *peer)
{
    forget(stage_peer_listener((size_t)(peer - stage.peers)));
    stage_peer_close(peer);
}
