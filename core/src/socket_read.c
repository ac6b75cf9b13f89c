/* SPDX-License-Identifier: MIT */
/*
 * Reading.
 *
 * Bytes wait in one of two places: the buffer, or still in the kernel. When a loop can tell data
 * from end of stream (SP_IO_DATA) nothing is fetched ahead; the next read goes straight to the
 * caller's memory. Everything that has to look at the bytes first (peek, lines, transactions, small
 * reads) fills the buffer with one system call and works there.
 *
 * Order matters at the end of a connection: the kernel reports hang-up and data together, and the
 * data comes first.
 *
 * Tests: tests/unit/test_socket_read.c, test_socket_lines.c; tests/integration/test_socket_stream.c
 */
#include "socket.h"

#include "hint.h"
#include "retry.h"

#include <string.h>

/* One fetch; and the first one at the end of a connection. */
#define FETCH ((size_t)16 * 1024)
#define LAST_FETCH ((size_t)512)

/* recv() failed or met the end of the stream: decide which. */
static void no_more(struct sp_socket *socket, int64_t result)
{
    struct sp__fault fault;

    switch (result) {
    case 0:
        (void)sp__fail(&fault, SP_ERROR_PEER_CLOSED, SP_OPERATION_RECEIVE, SP_CAUSE_NONE);
        sp__socket_input_ended(socket, &fault);
        break;
    case -EAGAIN:
    case -EINTR:
        sp__clear(socket, SP__READABLE);
        break;
    case -ENOMEM:
    case -ENOBUFS:
        sp__socket_stall(socket);
        break;
    case -ECONNRESET:
        /* The peer closed without reading all of ours. What it sent came before this. */
        (void)sp__fail(&fault, SP_ERROR_PEER_CLOSED, SP_OPERATION_RECEIVE, SP_CAUSE_RESET);
        fault.os_errno = ECONNRESET;
        sp__socket_input_ended(socket, &fault);
        break;
    default:
        (void)sp__fail_os(&fault, SP_OPERATION_RECEIVE, result);
        sp__socket_input_ended(socket, &fault);
        break;
    }
}

static size_t fill(struct sp_socket *socket, size_t fetch_size, size_t budget, bool tell)
{
    const struct sp_os *os = sp__os(socket);
    size_t added = 0;

    while (budget > 0 && sp__socket_may_fill(socket)) {
        size_t wanted = budget < fetch_size ? budget : fetch_size;
        size_t room;
        void *bytes;
        int64_t n;

        /* The limit is for what is kept. */
        if (socket->read_limit != 0 && !sp__has(socket, SP__DISCARD) &&
            wanted > socket->read_limit - socket->in.size)
            wanted = socket->read_limit - socket->in.size;
        bytes = sp__queue_reserve(&socket->in, os, wanted, &room);
        if (bytes == NULL) {
            sp__socket_stall(socket);
            break;
        }
        n = SP__RETRY(os->recv(os->ctx, socket->fd, bytes, room, 0));
        SP__CHECK(n <= (int64_t)room);
        sp__queue_commit(&socket->in, os, n > 0 ? (size_t)n : 0);
        if (n <= 0) {
            if (added > 0 && tell)
                sp__events_push(&socket->events, SP_EVENT_READY_READ);
            no_more(socket, n);
            return added;
        }
        if (sp__has(socket, SP__DISCARD))
            sp__queue_clear(&socket->in, os);
        else
            added += (size_t)n;
        budget -= (size_t)n;
        fetch_size = FETCH;
        if ((size_t)n < room) {
            /* The kernel had no more. Whatever came since is reported by the loop. */
            sp__clear(socket, SP__READABLE);
            break;
        }
        sp__set(socket, SP__DOUBTFUL);
    }
    if (added > 0 && tell)
        sp__events_push(&socket->events, SP_EVENT_READY_READ);
    return added;
}

size_t sp__socket_fill(struct sp_socket *socket, size_t budget, bool tell)
{
    return fill(socket, FETCH, budget, tell);
}

size_t sp__socket_fill_last(struct sp_socket *socket)
{
    return fill(socket, LAST_FETCH, SP_PROCESS_BYTES_MAX, true);
}

/* ---- the reading calls ---- */

/* Whether reading means anything. Returns SP_OK, or the refusal; PEER_CLOSED is not checked here,
 * for bytes may be left. */
static int require_readable(struct sp_socket *socket)
{
    if (!sp__has(socket, SP__WAS_CONNECTED) || sp__has(socket, SP__DISCARD))
        return sp__refuse(socket, SP_ERROR_OPERATION, SP_OPERATION_READ, SP_CAUSE_STATE);
    if ((socket->mode & SP_READ_ONLY) == 0)
        return sp__refuse(socket, SP_ERROR_OPERATION, SP_OPERATION_READ, SP_CAUSE_MODE);
    return SP_OK;
}

/* The answer when there is nothing to give: not now, or never again. */
static int nothing(struct sp_socket *socket, bool ended_before)
{
    if (!ended_before)
        return 0;
    return sp__refuse(socket, SP_ERROR_PEER_CLOSED, SP_OPERATION_READ, SP_CAUSE_NONE);
}

/* No byte will come any more. Looked at before a read, so that the read which meets the end still
 * answers 0: it moved something, and a refusal must not. */
static bool has_ended(const struct sp_socket *socket)
{
    return !sp__is_open(socket) || sp__has(socket, SP__INPUT_ENDED);
}

/* Get bytes out of the kernel if the loop said there are some and fewer than @wanted are buffered.
 */
static void fetch(struct sp_socket *socket, size_t wanted)
{
    if (sp__has(socket, SP__READABLE) && sp__socket_buffered(socket) < wanted)
        (void)sp__socket_fill(socket, SP_PROCESS_BYTES_MAX, false);
}

/* Buffered bytes leave: for good, or only as far as the transaction goes. */
static void take(struct sp_socket *socket, size_t length)
{
    if (sp__has(socket, SP__TRANSACTION))
        socket->taken += length;
    else
        sp__queue_drop(&socket->in, sp__os(socket), length);
}

static ptrdiff_t read_buffered(struct sp_socket *socket, void *bytes, size_t capacity)
{
    size_t length = sp__queue_copy(&socket->in, socket->taken, bytes, capacity);

    take(socket, length);
    return (ptrdiff_t)length;
}

static SP__HOT SP__APART ptrdiff_t read_directly(struct sp_socket *socket, void *bytes,
                                                 size_t capacity)
{
    const struct sp_os *os = sp__os(socket);
    int64_t n = SP__RETRY(os->recv(os->ctx, socket->fd, bytes, capacity, 0));

    SP__CHECK(n <= (int64_t)capacity);
    if (n <= 0) {
        no_more(socket, n);
        return 0;
    }
    if ((size_t)n < capacity)
        sp__clear(socket, SP__READABLE);
    else
        sp__set(socket, SP__DOUBTFUL);
    return (ptrdiff_t)n;
}

static SP__APART ptrdiff_t read_through_buffer(struct sp_socket *socket, void *bytes,
                                               size_t capacity)
{
    bool ended = has_ended(socket);
    ptrdiff_t n;

    if (sp__socket_buffered(socket) == 0)
        fetch(socket, capacity);
    n = read_buffered(socket, bytes, capacity);
    return n > 0 || capacity == 0 ? n : nothing(socket, ended);
}

SP__HOT ptrdiff_t sp_socket_read(struct sp_socket *socket, void *bytes, size_t capacity)
{
    ptrdiff_t n;

    SP__SOCKET_CHECK(socket);
    n = require_readable(socket);
    if (n < 0)
        return n;
    if (capacity > PTRDIFF_MAX)
        capacity = PTRDIFF_MAX;
    if (socket->in.size > 0 || capacity < SP_DIRECT_READ_MIN || sp__has(socket, SP__TRANSACTION))
        n = read_through_buffer(socket, bytes, capacity);
    else if (sp__has(socket, SP__READABLE))
        n = read_directly(socket, bytes, capacity);
    else
        n = nothing(socket, has_ended(socket));
    SP__SOCKET_CHECK(socket);
    return n;
}

ptrdiff_t sp_socket_peek(struct sp_socket *socket, void *bytes, size_t capacity)
{
    bool ended;
    size_t n;
    int r;

    SP__SOCKET_CHECK(socket);
    r = require_readable(socket);
    if (r < 0)
        return r;
    ended = has_ended(socket);
    fetch(socket, capacity);
    n = sp__queue_copy(&socket->in, socket->taken, bytes, capacity);
    SP__SOCKET_CHECK(socket);
    return n > 0 || capacity == 0 ? (ptrdiff_t)n : nothing(socket, ended);
}

ptrdiff_t sp_socket_skip(struct sp_socket *socket, size_t count)
{
    bool ended;
    size_t n;
    int r;

    SP__SOCKET_CHECK(socket);
    r = require_readable(socket);
    if (r < 0)
        return r;
    ended = has_ended(socket);
    fetch(socket, count);
    n = sp__socket_buffered(socket);
    if (n > count)
        n = count;
    take(socket, n);
    SP__SOCKET_CHECK(socket);
    return n > 0 || count == 0 ? (ptrdiff_t)n : nothing(socket, ended);
}

/* How many bytes the next line has: up to and with its newline; or all there are when no more can
 * come before some are read; or 0: the rest is still to come. */
static size_t line_length(struct sp_socket *socket, size_t capacity)
{
    size_t end = sp__queue_find(&socket->in, socket->taken, '\n');
    size_t buffered = sp__socket_buffered(socket);

    if (end == socket->in.size && sp__has(socket, SP__READABLE)) {
        (void)sp__socket_fill(socket, SP_PROCESS_BYTES_MAX, false);
        end = sp__queue_find(&socket->in, end, '\n');
        buffered = sp__socket_buffered(socket);
    }
    if (end < socket->in.size)
        return end - socket->taken + 1;
    return buffered >= capacity || !sp__socket_may_fill(socket) ? buffered : 0;
}

ptrdiff_t sp_socket_read_line(struct sp_socket *socket, void *bytes, size_t capacity)
{
    bool ended;
    size_t length;
    int r;

    SP__SOCKET_CHECK(socket);
    r = require_readable(socket);
    if (r < 0)
        return r;
    ended = has_ended(socket);
    length = line_length(socket, capacity);
    if (length > capacity)
        length = capacity;
    if (length == 0)
        return capacity == 0 || sp__socket_buffered(socket) > 0 ? 0 : nothing(socket, ended);
    return read_buffered(socket, bytes, length);
}

int sp_socket_get_char(struct sp_socket *socket)
{
    uint8_t byte;
    ptrdiff_t n = sp_socket_read(socket, &byte, 1);

    if (n == 0)
        return sp__refuse(socket, SP_ERROR_LIMIT, SP_OPERATION_READ, SP_CAUSE_NONE);
    return n < 0 ? (int)n : byte;
}

int sp_socket_unget_char(struct sp_socket *socket, unsigned char byte)
{
    int r;

    SP__SOCKET_CHECK(socket);
    r = require_readable(socket);
    if (r < 0)
        return r;
    /* What a rollback would bring back must stay what was received. */
    if (sp__has(socket, SP__TRANSACTION))
        return sp__refuse(socket, SP_ERROR_OPERATION, SP_OPERATION_READ, SP_CAUSE_STATE);
    if (!sp__queue_prepend(&socket->in, sp__os(socket), byte))
        return sp__refuse(socket, SP_ERROR_RESOURCE, SP_OPERATION_ALLOCATE, SP_CAUSE_NO_MEMORY);
    SP__SOCKET_CHECK(socket);
    return SP_OK;
}

size_t sp_socket_bytes_available(struct sp_socket *socket)
{
    SP__SOCKET_CHECK(socket);
    fetch(socket, SIZE_MAX);
    return sp__socket_buffered(socket);
}

bool sp_socket_can_read_line(struct sp_socket *socket)
{
    SP__SOCKET_CHECK(socket);
    return line_length(socket, SIZE_MAX) > 0;
}

bool sp_socket_at_end(struct sp_socket *socket)
{
    SP__SOCKET_CHECK(socket);
    fetch(socket, 1);
    return sp__socket_buffered(socket) == 0;
}

/* ---- transactions ---- */

int sp_socket_start_transaction(struct sp_socket *socket)
{
    int r;

    SP__SOCKET_CHECK(socket);
    r = require_readable(socket);
    if (r < 0)
        return r;
    if (sp__has(socket, SP__TRANSACTION))
        return sp__refuse(socket, SP_ERROR_OPERATION, SP_OPERATION_READ, SP_CAUSE_STATE);
    sp__set(socket, SP__TRANSACTION);
    return SP_OK;
}

static int end_transaction(struct sp_socket *socket, size_t consumed)
{
    SP__SOCKET_CHECK(socket);
    if (!sp__has(socket, SP__TRANSACTION))
        return sp__refuse(socket, SP_ERROR_OPERATION, SP_OPERATION_READ, SP_CAUSE_STATE);
    sp__queue_drop(&socket->in, sp__os(socket), consumed);
    socket->taken = 0;
    sp__clear(socket, SP__TRANSACTION);
    SP__SOCKET_CHECK(socket);
    return SP_OK;
}

int sp_socket_commit_transaction(struct sp_socket *socket)
{
    return end_transaction(socket, socket->taken);
}

int sp_socket_rollback_transaction(struct sp_socket *socket)
{
    return end_transaction(socket, 0);
}

bool sp_socket_in_transaction(const struct sp_socket *socket)
{
    return sp__has(socket, SP__TRANSACTION);
}
