/* SPDX-License-Identifier: MIT */
/* Both ends of connections, the subject's and other programs': see subject_stage.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "fuzz/engine/guard.h"
#include "fuzz/targets/subject_stage.h"
#include "fuzz/world/world.h"
#include "tests/support/must.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static size_t at_most(size_t length)
{
    return length < STAGE_BYTES_MAX ? length : STAGE_BYTES_MAX;
}

/* What this end sends next. */
static const uint8_t *next_bytes(struct spec_end end)
{
    const struct spec_way *way = &end.link->ways[end.side];

    return world_bytes(way->writer, way->sent);
}

/* ---- the subject's ---- */

static unsigned ask(struct stage_socket *socket)
{
    int error = SUBJECT_OK;
    unsigned events =
        STAGE_CALL("subject_events", unsigned, subject_events(socket->socket, &error));

    if (socket->is_closing && (events & SUBJECT_CLOSED) != 0)
        socket->is_closed = true;
    return events;
}

/* Of one that was closed nothing else is asked. */
static struct spec_verdict look(struct stage_socket *socket, unsigned *ret_events)
{
    *ret_events = ask(socket);
    if (!socket->is_closing)
        return spec_events(socket->end, *ret_events);
    if (socket->is_closed)
        return (struct spec_verdict){SPEC_HOLDS, SUBJECT_PROPERTIES};
    return (struct spec_verdict){SPEC_LATER, SUBJECT_PROPERTY_CLOSING_ENDS};
}

void stage_turn(void)
{
    for (size_t i = 0; i < STAGE_SOCKETS; i++) {
        struct stage_socket *socket = &stage.sockets[i];
        struct spec_verdict verdict;
        unsigned events;

        if (socket->socket == NULL || socket->end.link == NULL)
            continue;
        verdict = look(socket, &events);
        if (verdict.is == SPEC_BROKEN)
            stage_judge(verdict, "subject_events", (ptrdiff_t)events);
    }
    for (size_t i = 0; i < OPERATION_SERVERS; i++)
        if (stage.listeners[i].server != NULL)
            (void)STAGE_CALL("subject_server_events", unsigned,
                             subject_server_events(stage.listeners[i].server));
}

void stage_new(struct stage_socket *socket)
{
    *socket = (struct stage_socket){0};
    socket->socket =
        STAGE_CALL("subject_socket_new", struct subject_socket *, subject_socket_new());
    MUST(socket->socket != NULL);
}

void stage_read(struct stage_socket *socket, size_t capacity)
{
    struct stage_patience patience = {0};
    struct spec_verdict verdict;
    ptrdiff_t result;

    capacity = at_most(capacity);
    do {
        uint8_t *bytes = guard_room(capacity);

        result =
            STAGE_CALL("subject_read", ptrdiff_t, subject_read(socket->socket, bytes, capacity));
        guard_room_check("subject_read()");
        if (socket->end.link == NULL) {
            if (result != SUBJECT_ERROR_STATE)
                stage_fail(SUBJECT_PROPERTY_STATE_REFUSED,
                           "subject_read gives %td, and it is not connected", result);
            return;
        }
        verdict = spec_read(socket->end, bytes, result, capacity);
    } while (verdict.is == SPEC_LATER && stage_again(&patience));
    stage_judge(verdict, "subject_read", result);
}

void stage_write(struct stage_socket *socket, size_t length)
{
    static const uint8_t nothing[STAGE_BYTES_MAX];
    struct stage_patience patience = {0};
    struct spec_verdict verdict;
    ptrdiff_t result;

    length = at_most(length);
    do {
        const uint8_t *bytes = socket->end.link != NULL ? next_bytes(socket->end) : nothing;

        result =
            STAGE_CALL("subject_write", ptrdiff_t, subject_write(socket->socket, bytes, length));
        if (socket->end.link == NULL) {
            if (result != SUBJECT_ERROR_STATE)
                stage_fail(SUBJECT_PROPERTY_STATE_REFUSED,
                           "subject_write gives %td, and it is not connected", result);
            return;
        }
        verdict = spec_wrote(socket->end, result, length);
    } while (verdict.is == SPEC_LATER && stage_again(&patience));
    stage_judge(verdict, "subject_write", result);
}

void stage_events(struct stage_socket *socket)
{
    struct stage_patience patience = {0};
    struct spec_verdict verdict;
    unsigned events;

    do
        verdict = look(socket, &events);
    while (verdict.is == SPEC_LATER && stage_again(&patience));
    stage_judge(verdict, "subject_events", (ptrdiff_t)events);
}

void stage_close(struct stage_socket *socket)
{
    stage_call_begin("subject_close");
    subject_close(socket->socket);
    stage_call_end();
    socket->is_closing = true;
    spec_close(socket->end);
}

void stage_free(struct stage_socket *socket)
{
    stage_call_begin("subject_socket_free");
    subject_socket_free(socket->socket);
    stage_call_end();
    if (socket->end.link != NULL && !socket->is_closed)
        spec_abort(socket->end);
    *socket = (struct stage_socket){0};
}

/* ---- other programs' ---- */

void stage_peer_put(struct stage_peer *peer, int fd, struct spec_link *link, unsigned side)
{
    *peer = (struct stage_peer){.is_used = true, .fd = fd, .end = {link, side}};
    room_lend(fd, true);
}

void stage_peer_close(struct stage_peer *peer)
{
    room_lend(peer->fd, false);
    (void)close(peer->fd);
    if (peer->end.link != NULL)
        spec_close(peer->end);
    *peer = (struct stage_peer){0};
}

/* The result of a call as a subject would have given it. */
static ptrdiff_t result_of(ssize_t result)
{
    if (result >= 0)
        return result;
    return errno == EAGAIN ? 0 : SUBJECT_ERROR_PEER_CLOSED;
}

void stage_peer_read(struct stage_peer *peer, size_t capacity)
{
    static uint8_t bytes[STAGE_BYTES_MAX];
    struct stage_patience patience = {0};
    struct spec_verdict verdict;
    ptrdiff_t result;

    capacity = at_most(capacity);
    if (capacity == 0)
        return;
    do {
        ssize_t length = recv(peer->fd, bytes, capacity, MSG_DONTWAIT);

        result = length == 0 ? SUBJECT_ERROR_PEER_CLOSED : result_of(length);
        verdict = spec_read(peer->end, bytes, result, capacity);
    } while (verdict.is == SPEC_LATER && stage_again(&patience));
    stage_judge(verdict, "what the other end reads", result);
}

static ptrdiff_t send_once(struct stage_peer *peer, size_t length, struct spec_verdict *ret)
{
    ptrdiff_t result =
        result_of(send(peer->fd, next_bytes(peer->end), length, MSG_DONTWAIT | MSG_NOSIGNAL));

    *ret = spec_wrote(peer->end, result, length);
    return result;
}

void stage_peer_write(struct stage_peer *peer, size_t length)
{
    struct stage_patience patience = {0};
    struct spec_verdict verdict;
    ptrdiff_t result;

    length = at_most(length);
    if (length == 0)
        return;
    do
        result = send_once(peer, length, &verdict);
    while (verdict.is == SPEC_LATER && stage_again(&patience));
    stage_judge(verdict, "what the other end writes", result);
}

/* Until the kernel takes no more. */
void stage_peer_fill(struct stage_peer *peer)
{
    struct spec_verdict verdict = {SPEC_HOLDS, SUBJECT_PROPERTIES};

    while (verdict.is == SPEC_HOLDS && send_once(peer, STAGE_BYTES_MAX, &verdict) > 0)
        ;
    if (verdict.is == SPEC_BROKEN)
        stage_judge(verdict, "what the other end writes", 0);
}

void stage_peer_shut(struct stage_peer *peer)
{
    (void)shutdown(peer->fd, SHUT_WR);
    spec_shut(peer->end);
}

/* ---- at the end ---- */

/* Each read waits for what must come, so this ends. */
static void drain_peer(struct stage_peer *peer)
{
    while (!spec_is_quiet(peer->end))
        stage_peer_read(peer, STAGE_BYTES_MAX);
}

static void drain_socket(struct stage_socket *socket)
{
    while (!socket->is_closing && !spec_is_quiet(socket->end))
        stage_read(socket, STAGE_BYTES_MAX);
}

void stage_drain(void)
{
    for (size_t i = 0; i < STAGE_PEERS; i++)
        if (stage.peers[i].end.link != NULL)
            drain_peer(&stage.peers[i]);
    for (size_t i = 0; i < STAGE_SOCKETS; i++)
        if (stage.sockets[i].end.link != NULL)
            drain_socket(&stage.sockets[i]);
    for (size_t i = 0; i < STAGE_SOCKETS; i++)
        if (stage.sockets[i].end.link != NULL)
            stage_events(&stage.sockets[i]);
}
