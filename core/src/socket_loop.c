/* SPDX-License-Identifier: MIT */
/*
 * What a loop needs: descriptor, interest, deadline, process, events.
 *
 * Tests: tests/unit/test_socket_loop.c, tests/integration/test_socket_loops.c
 */
#include "socket.h"

#include "hint.h"
#include "retry.h"

int sp_socket_fd(const struct sp_socket *socket)
{
    return socket->state == SP_STATE_UNCONNECTED ? -1 : socket->fd;
}

/* The kernel reports a hang-up whether asked or not. Where one could not be acted upon (the buffer
 * is full, and the end of the stream lies behind bytes that cannot be fetched) the descriptor has
 * to leave the poll set: interest 0. */
SP__HOT unsigned sp_socket_interest(const struct sp_socket *socket)
{
    unsigned interest = 0;

    if (!sp__is_open(socket) || sp__has(socket, SP__STALLED))
        return 0;
    if (sp__socket_may_fill(socket))
        interest |= SP_IO_READ;
    if (socket->out.size > 0)
        interest |= SP_IO_WRITE;
    if (interest == 0 && ((socket->mode & SP_READ_ONLY) == 0 || sp__has(socket, SP__INPUT_ENDED)))
        interest = SP_IO_HANGUP;
    return interest;
}

SP__HOT uint64_t sp_socket_deadline(const struct sp_socket *socket)
{
    if (!sp__is_timed(socket))
        return SP_NEVER;
    return socket->deadline < socket->wakeup ? socket->deadline : socket->wakeup;
}

SP__COLD bool sp__socket_has_hung_up(const struct sp_socket *socket)
{
    const struct sp_os *os = sp__os(socket);
    struct sp_os_pollfd entry = {.fd = socket->fd};

    return SP__RETRY(os->poll(os->ctx, &entry, 1, 0)) == 1 &&
           (entry.got & (SP_OS_POLLHUP | SP_OS_POLLERR | SP_OS_POLLNVAL)) != 0;
}

static SP__COLD void process_connecting(struct sp_socket *socket)
{
    const struct sp_os *os = sp__os(socket);

    if (os->now_ns(os->ctx) >= sp_socket_deadline(socket))
        sp__socket_try_connect(socket);
}

/* Timers of an open connection. Returns false if it ended or must still wait. */
static SP__COLD bool timers_allow(struct sp_socket *socket)
{
    const struct sp_os *os = sp__os(socket);
    uint64_t now;

    if (sp_socket_deadline(socket) == SP_NEVER)
        return true;
    now = os->now_ns(os->ctx);
    if (now >= socket->deadline) {
        sp__socket_close_expired(socket);
        return false;
    }
    if (now < socket->wakeup)
        return !sp__has(socket, SP__STALLED);
    sp__clear(socket, SP__STALLED);
    socket->wakeup = SP_NEVER;
    return true;
}

static void process_input(struct sp_socket *socket, unsigned ready)
{
    bool uncertain =
        (ready & SP_IO_READ) != 0 || sp__has(socket, SP__READABLE) || sp__has(socket, SP__DISCARD);

    if (!sp__socket_may_fill(socket))
        return;
    if (ready & SP_IO_HANGUP) {
        (void)sp__socket_fill_last(socket);
    } else if (uncertain) {
        /* End of stream or data: only reading tells. Or the application left what it was told of:
         * then it is buffered, up to the limit, so that a loop does not report it for ever. */
        (void)sp__socket_fill(socket, SP_PROCESS_BYTES_MAX, true);
    } else if (ready & SP_IO_DATA) {
        sp__set(socket, SP__READABLE);
        sp__clear(socket, SP__DOUBTFUL);
        sp__events_push(&socket->events, SP_EVENT_READY_READ);
    }
}

static void process_output(struct sp_socket *socket, unsigned ready)
{
    if (socket->out.size == 0 || !(ready & (SP_IO_WRITE | SP_IO_HANGUP)))
        return;
    sp__clear(socket, SP__OUTPUT_BLOCKED);
    (void)sp__socket_drain(socket, SP_PROCESS_BYTES_MAX);
}

static void process_open(struct sp_socket *socket, unsigned ready)
{
    if (sp__is_timed(socket) && !timers_allow(socket))
        return;
    /* A failed send means that the end of the stream is there to be read, behind what the peer sent
     * last. */
    if (sp__has(socket, SP__OUTPUT_DEAD))
        ready |= SP_IO_HANGUP;
    process_input(socket, ready);
    if (sp__is_open(socket))
        process_output(socket, ready);
    if (sp__is_open(socket) && (ready & SP_IO_HANGUP) &&
        ((socket->mode & SP_READ_ONLY) == 0 || sp__has(socket, SP__INPUT_ENDED)) &&
        sp__socket_has_hung_up(socket))
        /* No read will confirm it, because nothing is read. */
        sp__socket_hung_up(socket);
}

SP__HOT void sp_socket_process(struct sp_socket *socket, unsigned ready)
{
    /* With thousands of sockets none is in the cache. The second line of the object is needed next:
     * waiting for both at once costs half. */
    __builtin_prefetch(&socket->events, 1);
    SP__SOCKET_CHECK(socket);
    if (socket->state == SP_STATE_CONNECTING)
        process_connecting(socket);
    else if (sp__is_open(socket))
        process_open(socket, ready);
    SP__SOCKET_CHECK(socket);
}

/* Completes an event; false if it told of bytes that are gone by now: it would be untrue. */
static bool still_holds(struct sp_socket *socket, struct sp_event *event)
{
    switch (event->kind) {
    case SP_EVENT_READY_READ:
        /* In doubt it is not told: if there is more, the loop says so again. */
        return (sp__has(socket, SP__READABLE) && !sp__has(socket, SP__DOUBTFUL)) ||
               sp__socket_buffered(socket) > 0;
    case SP_EVENT_BYTES_WRITTEN:
        event->bytes = socket->written;
        socket->written = 0;
        return event->bytes > 0;
    default:
        return true;
    }
}

static SP__FLAT bool take_event(struct sp_socket *socket, struct sp_event *ret_event)
{
    while (sp__events_pop(&socket->events, ret_event)) {
        if (still_holds(socket, ret_event))
            return true;
    }
    return false;
}

/* Nothing more to say: the application is done with its turn, and what it wrote in small pieces
 * leaves together. Then there may be an event again. */
static SP__HOT SP__APART bool flush_gathered(struct sp_socket *socket, struct sp_event *ret_event)
{
    const struct sp_os *os = sp__os(socket);
    struct sp_os_iov piece;

    if (socket->state == SP_STATE_CONNECTED && !sp__has(socket, SP__STALLED) &&
        sp__queue_whole(&socket->out, &piece)) {
        /* The ordinary case, without the frames of the others: see hint.h. */
        int64_t n = SP__RETRY(os->send(os->ctx, socket->fd, &piece, 1));

        sp__socket_sent(socket, n, piece.length);
    } else {
        (void)sp__socket_drain(socket, SP_PROCESS_BYTES_MAX);
    }
    return take_event(socket, ret_event);
}

SP__HOT bool sp_socket_next_event(struct sp_socket *socket, struct sp_event *ret_event)
{
    SP__SOCKET_CHECK(socket);
    if (take_event(socket, ret_event))
        return true;
    if (socket->out.size == 0 || sp__has(socket, SP__OUTPUT_BLOCKED))
        return false;
    return flush_gathered(socket, ret_event);
}
