/* SPDX-License-Identifier: MIT */
/*
 * Changes of state, and every way in which a connection ends.
 *
 * Unless it is aborted, a connection ends by the same two steps of the table, CLOSE and ENDED; they
 * only differ in how long lies between them. Bytes that were accepted and could not be sent are
 * counted in lost, and an ERROR event says so.
 *
 * Tests: tests/unit/test_socket_close.c, tests/integration/test_socket_end.c
 */
#include "socket.h"

void sp__socket_change(struct sp_socket *socket, enum sp__change change,
                       const struct sp__fault *fault)
{
    const struct sp__transition *row = sp__transition_find((enum sp_state)socket->state, change);

    SP__CHECK(row != NULL);
    if (row == NULL)
        return;
    socket->state = (uint8_t)row->to;
    if (row->tell & SP__TELL_STATE)
        sp__events_push_state(&socket->events, row->to);
    if (row->tell & SP__TELL_CONNECTED)
        sp__events_push(&socket->events, SP_EVENT_CONNECTED);
    if ((row->tell & SP__TELL_ERROR) && fault != NULL) {
        socket->fault = *fault;
        socket->ended_by = fault->error;
        sp__events_push_error(&socket->events, (enum sp_error)fault->error);
    }
    if ((row->tell & SP__TELL_READ_FINISHED) && !sp__has(socket, SP__FINISH_TOLD)) {
        sp__events_push(&socket->events, SP_EVENT_READ_FINISHED);
        sp__set(socket, SP__FINISH_TOLD);
    }
    if (row->tell & SP__TELL_DISCONNECTED)
        sp__events_push(&socket->events, SP_EVENT_DISCONNECTED);
}

static void close_descriptor(struct sp_socket *socket)
{
    const struct sp_os *os = sp__os(socket);
    int fd = socket->fd;

    socket->fd = -1;
    if (fd >= 0)
        (void)os->close(os->ctx, fd);
}

static void reset_timers(struct sp_socket *socket)
{
    socket->deadline = SP_NEVER;
    socket->wakeup = SP_NEVER;
    socket->attempts = 0;
    sp__clear(socket, SP__STALLED);
}

void sp__socket_drop_input(struct sp_socket *socket)
{
    sp__queue_clear(&socket->in, sp__os(socket));
    socket->taken = 0;
    sp__clear(socket, SP__TRANSACTION | SP__READABLE);
    sp__events_drop(&socket->events, SP_EVENT_READY_READ);
}

static void drop_output(struct sp_socket *socket)
{
    socket->lost += socket->out.size;
    sp__queue_clear(&socket->out, sp__os(socket));
    sp__clear(socket, SP__OUTPUT_BLOCKED);
}

void sp__socket_connect_failed(struct sp_socket *socket, const struct sp__fault *fault)
{
    close_descriptor(socket);
    reset_timers(socket);
    sp__socket_change(socket, SP__CHANGE_FAILED, fault);
}

/* Everything that belonged to the connection goes. The change of state is the caller's. */
static void tear_down(struct sp_socket *socket)
{
    drop_output(socket);
    close_descriptor(socket);
    reset_timers(socket);
    sp__clear(socket, SP__READABLE | SP__OUTPUT_DEAD | SP__ENDED_BY_PEER);
    if (sp__has(socket, SP__DISCARD))
        sp__clear(socket, SP__DISCARD | SP__WAS_CONNECTED);
}

void sp__socket_end(struct sp_socket *socket, const struct sp__fault *fault)
{
    if (socket->state == SP_STATE_CONNECTED)
        sp__socket_change(socket, SP__CHANGE_CLOSE, NULL);
    /* What READY_READ told of stays readable, so it must not go with the descriptor. */
    if (sp__has(socket, SP__READABLE))
        (void)sp__socket_fill(socket, SP_PROCESS_BYTES_MAX, false);
    tear_down(socket);
    sp__socket_change(socket, SP__CHANGE_ENDED, fault);
}

void sp__socket_drained(struct sp_socket *socket)
{
    struct sp__fault fault;

    if (sp__has(socket, SP__ENDED_BY_PEER)) {
        (void)sp__fail(&fault, SP_ERROR_PEER_CLOSED, SP_OPERATION_RECEIVE, SP_CAUSE_NONE);
        sp__socket_end(socket, &fault);
    } else {
        sp__socket_end(socket, NULL);
    }
}

/* No more time. Whatever the kernel takes at this moment still leaves: nobody may have asked it
 * since it was full. */
static void expire(struct sp_socket *socket, size_t budget)
{
    struct sp__fault fault;

    reset_timers(socket);
    sp__clear(socket, SP__OUTPUT_BLOCKED);
    (void)sp__socket_drain(socket, budget);
    if (socket->state != SP_STATE_CLOSING)
        return;
    (void)sp__fail(&fault, SP_ERROR_TIMEOUT, SP_OPERATION_CLOSE, SP_CAUSE_BYTES_LOST);
    sp__socket_end(socket, &fault);
}

void sp__socket_close_expired(struct sp_socket *socket)
{
    expire(socket, SP_PROCESS_BYTES_MAX);
}

/* Closing begins: what is queued may still leave, for a while. */
static void start_closing(struct sp_socket *socket)
{
    const struct sp_os *os = sp__os(socket);
    int ms = sp__close_timeout_ms(socket);
    uint64_t now = os->now_ns(os->ctx);

    sp__socket_change(socket, SP__CHANGE_CLOSE, NULL);
    socket->deadline = sp__deadline_from(now, ms);
    if (socket->options != NULL)
        socket->options->closing_since = now;
    if (ms == 0)
        expire(socket, SIZE_MAX);
    else if (!sp__has(socket, SP__OUTPUT_BLOCKED))
        (void)sp__socket_drain(socket, SP_PROCESS_BYTES_MAX);
}

/* The peer takes no more and sends no more. */
static void end_of_peer(struct sp_socket *socket, const struct sp__fault *why)
{
    struct sp__fault fault = *why;

    if (socket->lost > 0)
        fault.cause = SP_CAUSE_BYTES_LOST;
    sp__socket_end(socket, &fault);
}

void sp__socket_input_ended(struct sp_socket *socket, const struct sp__fault *fault)
{
    sp__set(socket, SP__INPUT_ENDED);
    sp__clear(socket, SP__READABLE);
    if (socket->state == SP_STATE_CLOSING)
        return;
    if (sp__has(socket, SP__OUTPUT_DEAD)) {
        end_of_peer(socket, fault);
    } else if (sp__has(socket, SP__HALF_OPEN) && fault->cause == SP_CAUSE_NONE) {
        sp__events_push(&socket->events, SP_EVENT_READ_FINISHED);
        sp__set(socket, SP__FINISH_TOLD);
    } else if (socket->out.size == 0) {
        sp__socket_end(socket, fault);
    } else {
        /* The peer may have shut only its sending side and still read: what was accepted goes out
         * first. */
        sp__set(socket, SP__ENDED_BY_PEER);
        start_closing(socket);
    }
}

void sp__socket_output_failed(struct sp_socket *socket, int64_t result)
{
    struct sp__fault fault;

    drop_output(socket);
    sp__set(socket, SP__OUTPUT_DEAD);
    (void)sp__fail_os(&fault, SP_OPERATION_SEND, result);
    if (socket->lost > 0)
        fault.cause = SP_CAUSE_BYTES_LOST;
    if (socket->state == SP_STATE_CLOSING) {
        sp__socket_end(socket, &fault);
        return;
    }
    /* What the peer sent before it left may still be in the kernel: a connected socket ends when
     * that has been read, and says then what was lost. But a peer that only takes no more may stay
     * for ever. */
    socket->fault = fault;
    if (socket->lost > 0 && !sp__socket_has_hung_up(socket))
        sp__events_push_error(&socket->events, (enum sp_error)fault.error);
}

void sp__socket_hung_up(struct sp_socket *socket)
{
    struct sp__fault fault;

    (void)sp__fail(&fault, SP_ERROR_PEER_CLOSED, SP_OPERATION_POLL, SP_CAUSE_NONE);
    drop_output(socket);
    end_of_peer(socket, &fault);
}

void sp_socket_disconnect(struct sp_socket *socket)
{
    SP__SOCKET_CHECK(socket);
    if (socket->state == SP_STATE_CONNECTING)
        sp_socket_abort(socket);
    else if (socket->state == SP_STATE_CONNECTED && sp__has(socket, SP__OUTPUT_DEAD))
        sp__socket_hung_up(socket);
    else if (socket->state == SP_STATE_CONNECTED && socket->out.size == 0)
        sp__socket_end(socket, NULL);
    else if (socket->state == SP_STATE_CONNECTED)
        start_closing(socket);
    SP__SOCKET_CHECK(socket);
}

void sp_socket_close(struct sp_socket *socket)
{
    SP__SOCKET_CHECK(socket);
    sp__socket_drop_input(socket);
    switch (socket->state) {
    case SP_STATE_CONNECTED:
        sp__events_push(&socket->events, SP_EVENT_ABOUT_TO_CLOSE);
        sp__set(socket, SP__DISCARD);
        sp_socket_disconnect(socket);
        break;
    case SP_STATE_CLOSING:
        sp__set(socket, SP__DISCARD);
        break;
    default:
        sp_socket_abort(socket);
        break;
    }
    SP__SOCKET_CHECK(socket);
}

void sp_socket_abort(struct sp_socket *socket)
{
    SP__SOCKET_CHECK(socket);
    if (socket->state == SP_STATE_CONNECTING) {
        close_descriptor(socket);
        reset_timers(socket);
        sp__socket_change(socket, SP__CHANGE_ABANDONED, NULL);
    } else if (sp__is_open(socket)) {
        tear_down(socket);
        sp__socket_change(socket, SP__CHANGE_ABORTED, NULL);
    } else {
        close_descriptor(socket); /* one that was adopted unconnected */
    }
    sp__socket_drop_input(socket);
    sp__events_drop(&socket->events, SP_EVENT_BYTES_WRITTEN);
    socket->written = 0;
    socket->ended_by = SP_OK;
    sp__clear(socket, SP__DISCARD | SP__WAS_CONNECTED | SP__INPUT_ENDED);
    SP__SOCKET_CHECK(socket);
}
