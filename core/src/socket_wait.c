/* SPDX-License-Identifier: MIT */
/*
 * Blocking waits: a loop of one descriptor.
 *
 * One deadline is fixed at the start, so neither signals nor a stream of other events prolong a
 * wait.
 *
 * Tests: tests/unit/test_socket_wait.c, tests/integration/test_socket_signals.c
 */
#include "socket.h"

#include <errno.h>

/* What a wait has come to. PEER_GONE: it takes no more bytes, though the connection has not ended
 * yet. */
enum outcome { GO_ON, DONE, REFUSED, PEER_GONE };

struct goal {
    enum outcome (*look)(const struct sp_socket *socket, const struct goal *goal);
    size_t buffered;  /* at the start */
    uint64_t written; /* at the start */
};

/* The wait cannot come true any more: because of what ended the connection, or because of the state
 * it began in. */
static int refuse(struct sp_socket *socket)
{
    if (socket->state == SP_STATE_UNCONNECTED && socket->ended_by != SP_OK) {
        /* The details of the end are kept while nothing else has failed since. */
        if (socket->fault.error != socket->ended_by)
            (void)sp__refuse(socket, (enum sp_error)socket->ended_by, SP_OPERATION_POLL,
                             SP_CAUSE_STATE);
        return socket->ended_by;
    }
    return sp__refuse(socket, SP_ERROR_OPERATION, SP_OPERATION_POLL, SP_CAUSE_STATE);
}

/* Waits for readiness until the nearer of @deadline and the socket's own, and acts on it. Returns
 * SP_OK or why no waiting can help. */
static int turn(struct sp_socket *socket, uint64_t deadline)
{
    const struct sp_os *os = sp__os(socket);
    unsigned interest = sp_socket_interest(socket);
    uint64_t until = sp_socket_deadline(socket);
    struct sp_os_pollfd entry = {.fd = -1};
    unsigned ready = 0;
    int n;

    if (interest == 0 && until == SP_NEVER)
        /* The buffer is full: only a read lets anything happen. */
        return sp__refuse(socket, SP_ERROR_LIMIT, SP_OPERATION_POLL, SP_CAUSE_NO_ROOM);
    if (interest != 0) {
        entry.fd = sp_socket_fd(socket);
        entry.want = sp_io_to_poll(interest);
    }
    n = os->poll(os->ctx, &entry, 1, until < deadline ? until : deadline);
    if (n < 0 && n != -EINTR)
        return sp__fail_os(&socket->fault, SP_OPERATION_POLL, n);
    if (n > 0) {
        ready = sp_io_from_poll(entry.got);
        /* A wait promises bytes that are there, not bytes that are on their way. */
        if (ready & SP_IO_DATA)
            ready = (ready & ~(unsigned)SP_IO_DATA) | SP_IO_READ;
    }
    sp_socket_process(socket, ready);
    return SP_OK;
}

static int wait_for(struct sp_socket *socket, int ms, const struct goal *goal)
{
    const struct sp_os *os = sp__os(socket);
    uint64_t deadline;
    bool last = false;

    if (ms < -1)
        return sp__refuse(socket, SP_ERROR_ARGUMENT, SP_OPERATION_POLL, SP_CAUSE_NONE);
    /* Nothing to wait for: the clock need not be read. */
    if (goal->look(socket, goal) == DONE)
        return SP_OK;
    deadline = sp__deadline_after(os, ms);
    for (;;) {
        enum outcome outcome = goal->look(socket, goal);
        int r;

        if (outcome == DONE)
            return SP_OK;
        if (outcome == REFUSED)
            return refuse(socket);
        if (outcome == PEER_GONE)
            return sp__refuse(socket, SP_ERROR_PEER_CLOSED, SP_OPERATION_WRITE, SP_CAUSE_NONE);
        if (last)
            return sp__refuse(socket, SP_ERROR_TIMEOUT, SP_OPERATION_POLL, SP_CAUSE_DEADLINE);
        r = turn(socket, deadline);
        if (r < 0)
            return r;
        /* Looked at once more after the deadline: what came at the last moment counts. */
        last = ms >= 0 && os->now_ns(os->ctx) >= deadline;
    }
}

/* ---- connected ---- */

static enum outcome look_connected(const struct sp_socket *socket, const struct goal *goal)
{
    (void)goal;
    switch (socket->state) {
    case SP_STATE_CONNECTED:
        return DONE;
    case SP_STATE_CONNECTING:
        return GO_ON;
    default:
        return REFUSED;
    }
}

int sp_socket_wait_connected(struct sp_socket *socket, int ms)
{
    const struct goal goal = {.look = look_connected};

    SP__SOCKET_CHECK(socket);
    return wait_for(socket, ms, &goal);
}

/* ---- ready to read ---- */

static enum outcome look_ready_read(const struct sp_socket *socket, const struct goal *goal)
{
    if (sp__socket_buffered(socket) > goal->buffered)
        return DONE;
    if (socket->state == SP_STATE_CONNECTING)
        return GO_ON;
    if (!sp__is_open(socket) || (socket->mode & SP_READ_ONLY) == 0 ||
        sp__has(socket, SP__INPUT_ENDED | SP__DISCARD))
        return REFUSED;
    return GO_ON;
}

int sp_socket_wait_ready_read(struct sp_socket *socket, int ms)
{
    const struct goal goal = {.look = look_ready_read, .buffered = sp__socket_buffered(socket)};

    SP__SOCKET_CHECK(socket);
    /* What the loop reported and nobody fetched is new as well. */
    if (ms >= -1 && sp__has(socket, SP__READABLE))
        (void)sp__socket_fill(socket, SP_PROCESS_BYTES_MAX, true);
    return wait_for(socket, ms, &goal);
}

/* ---- bytes written ---- */

static enum outcome look_bytes_written(const struct sp_socket *socket, const struct goal *goal)
{
    if (socket->written > goal->written)
        return DONE;
    if (sp__has(socket, SP__OUTPUT_DEAD))
        return PEER_GONE;
    return sp__is_open(socket) && socket->out.size > 0 ? GO_ON : REFUSED;
}

int sp_socket_wait_bytes_written(struct sp_socket *socket, int ms)
{
    const struct goal goal = {.look = look_bytes_written, .written = socket->written};

    SP__SOCKET_CHECK(socket);
    if (ms >= -1 && socket->out.size > 0 && !sp__has(socket, SP__OUTPUT_BLOCKED))
        (void)sp__socket_drain(socket, SP_PROCESS_BYTES_MAX);
    return wait_for(socket, ms, &goal);
}

/* ---- disconnected ---- */

static enum outcome look_disconnected(const struct sp_socket *socket, const struct goal *goal)
{
    (void)goal;
    return socket->state == SP_STATE_UNCONNECTED ? DONE : GO_ON;
}

int sp_socket_wait_disconnected(struct sp_socket *socket, int ms)
{
    const struct goal goal = {.look = look_disconnected};

    SP__SOCKET_CHECK(socket);
    if (socket->state == SP_STATE_UNCONNECTED)
        return sp__refuse(socket, SP_ERROR_OPERATION, SP_OPERATION_POLL, SP_CAUSE_STATE);
    return wait_for(socket, ms, &goal);
}
