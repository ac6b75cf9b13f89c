/* SPDX-License-Identifier: MIT */
/*
 * Writing.
 *
 * Small writes are copied and leave together; a large one with little queued before it is offered
 * to the kernel from the caller's memory, in the same system call as what was gathered. Only what
 * the kernel did not take is copied.
 *
 * Tests: tests/unit/test_socket_write.c, tests/integration/test_socket_stream.c
 */
#include "socket.h"

#include "hint.h"
#include "retry.h"

#define STALL_NS ((uint64_t)10 * 1000 * 1000)

void sp__socket_stall(struct sp_socket *socket)
{
    const struct sp_os *os = sp__os(socket);

    sp__set(socket, SP__STALLED);
    socket->wakeup = os->now_ns(os->ctx) + STALL_NS;
}

static bool takes_output(const struct sp_socket *socket)
{
    return sp__is_open(socket) && !sp__has(socket, SP__OUTPUT_DEAD | SP__STALLED);
}

/* Bytes went to the kernel. */
static void sent(struct sp_socket *socket, size_t length)
{
    socket->written += length;
    sp__events_push(&socket->events, SP_EVENT_BYTES_WRITTEN);
}

/* send() took nothing: decide why. */
static SP__COLD void not_sent(struct sp_socket *socket, int64_t result)
{
    switch (result) {
    case 0:
    case -EAGAIN:
    case -EINTR:
        break;
    case -ENOBUFS:
    case -ENOMEM:
    case -ETOOMANYREFS:
        /* The socket stays writable all the while: poll() would report it at once, again and again.
         */
        sp__socket_stall(socket);
        break;
    default:
        sp__socket_output_failed(socket, result);
        break;
    }
}

/* One send() of the queue and, behind it, @extra bytes of the caller's. Returns how many bytes
 * went, counted over both. */
static size_t send_once(struct sp_socket *socket, const void *extra, size_t extra_length,
                        size_t *ret_offered)
{
    const struct sp_os *os = sp__os(socket);
    struct sp_os_iov pieces[SP_OS_IOV_MAX];
    size_t count = sp__queue_pieces(&socket->out, pieces, SP_OS_IOV_MAX - 1);
    size_t offered = 0;
    int64_t n;

    for (size_t i = 0; i < count; i++)
        offered += pieces[i].length;
    if (extra_length > 0 && offered == socket->out.size) {
        pieces[count].bytes = extra;
        pieces[count].length = extra_length;
        count++;
        offered += extra_length;
    }
    *ret_offered = offered;
    n = SP__RETRY(os->send(os->ctx, socket->fd, pieces, count));
    SP__CHECK(n <= (int64_t)offered);
    if (n > 0)
        return (size_t)n;
    not_sent(socket, n);
    return 0;
}

SP__HOT void sp__socket_sent(struct sp_socket *socket, int64_t result, size_t offered)
{
    SP__CHECK(result <= (int64_t)offered);
    if (result > 0) {
        sp__queue_drop(&socket->out, sp__os(socket), (size_t)result);
        sent(socket, (size_t)result);
    } else {
        not_sent(socket, result);
    }
    if (result < (int64_t)offered && socket->out.size > 0)
        sp__set(socket, SP__OUTPUT_BLOCKED);
}

size_t sp__socket_drain(struct sp_socket *socket, size_t budget)
{
    size_t total = 0;

    while (socket->out.size > 0 && total < budget && takes_output(socket)) {
        size_t offered;
        size_t n = send_once(socket, NULL, 0, &offered);

        if (n > 0) {
            sp__queue_drop(&socket->out, sp__os(socket), n);
            /* At once: the next send may find that the peer has gone, and end the connection. */
            sent(socket, n);
            total += n;
        }
        if (n < offered) {
            /* The kernel's buffer is full. Asking again before it says so would be wasted. */
            if (socket->out.size > 0)
                sp__set(socket, SP__OUTPUT_BLOCKED);
            break;
        }
    }
    if (socket->state == SP_STATE_CLOSING && socket->out.size == 0)
        sp__socket_drained(socket);
    return total;
}

/* Offer the queue and @bytes to the kernel. Returns how many of @bytes it took. */
static size_t write_directly(struct sp_socket *socket, const void *bytes, size_t length)
{
    size_t queued = socket->out.size;
    size_t offered;
    size_t n = send_once(socket, bytes, length, &offered);
    size_t from_queue = n < queued ? n : queued;

    if (n == 0)
        return 0;
    sp__queue_drop(&socket->out, sp__os(socket), from_queue);
    sent(socket, n);
    return n - from_queue;
}

static size_t room(const struct sp_socket *socket)
{
    if (socket->write_limit == 0)
        return PTRDIFF_MAX;
    return socket->out.size < socket->write_limit ? socket->write_limit - socket->out.size : 0;
}

static int require_writable(struct sp_socket *socket)
{
    if (socket->state != SP_STATE_CONNECTED)
        return sp__refuse(socket, SP_ERROR_OPERATION, SP_OPERATION_WRITE, SP_CAUSE_STATE);
    if ((socket->mode & SP_WRITE_ONLY) == 0)
        return sp__refuse(socket, SP_ERROR_OPERATION, SP_OPERATION_WRITE, SP_CAUSE_MODE);
    if (sp__has(socket, SP__OUTPUT_DEAD))
        return sp__refuse(socket, SP_ERROR_PEER_CLOSED, SP_OPERATION_WRITE, SP_CAUSE_NONE);
    return SP_OK;
}

static bool append(struct sp_socket *socket, const void *bytes, size_t length)
{
    return sp__queue_append(&socket->out, sp__os(socket), bytes, length);
}

/* What is gathered whatever the limit is: the limit lies on a cache line that a small message need
 * not touch. */
static bool is_small(const struct sp_socket *socket, size_t length)
{
    return length < SP_DIRECT_WRITE_MIN && socket->out.size <= SP_GATHER_MAX - length &&
           !sp__has(socket, SP__TIGHT);
}

static ptrdiff_t gather(struct sp_socket *socket, const void *bytes, size_t length)
{
    return append(socket, bytes, length)
               ? (ptrdiff_t)length
               : sp__refuse(socket, SP_ERROR_RESOURCE, SP_OPERATION_ALLOCATE, SP_CAUSE_NO_MEMORY);
}

/* A write too large to be worth copying, or one that would make the gathered bytes too many. */
static SP__APART ptrdiff_t write_large(struct sp_socket *socket, const uint8_t *bytes,
                                       size_t length)
{
    size_t direct = write_directly(socket, bytes, length);
    size_t rest = length - direct;

    if (sp__has(socket, SP__OUTPUT_DEAD))
        return sp__refuse(socket, SP_ERROR_PEER_CLOSED, SP_OPERATION_WRITE, SP_CAUSE_NONE);
    if (rest == 0)
        return (ptrdiff_t)length;
    if (rest > room(socket))
        rest = room(socket);
    if (rest > 0 && !append(socket, bytes + direct, rest))
        rest = 0;
    if (direct == 0 && rest == 0)
        return sp__refuse(socket, SP_ERROR_RESOURCE, SP_OPERATION_ALLOCATE, SP_CAUSE_NO_MEMORY);
    /* The kernel took less than it was offered. */
    if (socket->out.size > 0)
        sp__set(socket, SP__OUTPUT_BLOCKED);
    return (ptrdiff_t)(direct + rest);
}

/* What is held against the limit. */
static SP__APART ptrdiff_t write_within(struct sp_socket *socket, const void *bytes, size_t length)
{
    const size_t free_room = room(socket);

    if (free_room == 0)
        return sp__refuse(socket, SP_ERROR_LIMIT, SP_OPERATION_WRITE, SP_CAUSE_NO_ROOM);
    /* Together with what is queued it must be countable. */
    if (length > PTRDIFF_MAX - socket->out.size)
        length = PTRDIFF_MAX - socket->out.size;
    if (!sp__has(socket, SP__OUTPUT_BLOCKED | SP__STALLED) &&
        (length >= SP_DIRECT_WRITE_MIN || socket->out.size + length > SP_GATHER_MAX ||
         length > free_room))
        return write_large(socket, bytes, length);
    return gather(socket, bytes, length < free_room ? length : free_room);
}

SP__HOT ptrdiff_t sp_socket_write(struct sp_socket *socket, const void *bytes, size_t length)
{
    ptrdiff_t n;
    int r;

    SP__SOCKET_CHECK(socket);
    r = require_writable(socket);
    if (r < 0)
        return r;
    if (length == 0)
        return 0;
    n = is_small(socket, length) ? gather(socket, bytes, length)
                                 : write_within(socket, bytes, length);
    SP__SOCKET_CHECK(socket);
    return n;
}

int sp_socket_put_char(struct sp_socket *socket, unsigned char byte)
{
    ptrdiff_t n = sp_socket_write(socket, &byte, 1);

    return n < 0 ? (int)n : SP_OK;
}

ptrdiff_t sp_socket_flush(struct sp_socket *socket)
{
    size_t n;

    SP__SOCKET_CHECK(socket);
    if (!sp__is_open(socket))
        return sp__refuse(socket, SP_ERROR_OPERATION, SP_OPERATION_WRITE, SP_CAUSE_STATE);
    if (sp__has(socket, SP__OUTPUT_DEAD))
        return sp__refuse(socket, SP_ERROR_PEER_CLOSED, SP_OPERATION_WRITE, SP_CAUSE_NONE);
    sp__clear(socket, SP__OUTPUT_BLOCKED);
    n = sp__socket_drain(socket, SIZE_MAX);
    SP__SOCKET_CHECK(socket);
    /* A closing connection that cannot send ends at once; a connected one remembers. */
    if (n == 0 && (sp__has(socket, SP__OUTPUT_DEAD) || !sp__is_open(socket)))
        return SP_ERROR_PEER_CLOSED;
    return (ptrdiff_t)n;
}

size_t sp_socket_bytes_to_write(const struct sp_socket *socket)
{
    return socket->out.size;
}
