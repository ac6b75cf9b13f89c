/* SPDX-License-Identifier: MIT */
/*
 * The socket object, shared by the files that implement it:
 *   socket.c         life, configuration, properties, validation
 *   socket_open.c    connecting, retrying, adopting
 *   socket_close.c   changes of state, closing and ending
 *   socket_read.c    bytes towards the application
 *   socket_write.c   bytes towards the peer
 *   socket_loop.c    interest, deadlines, process, events
 *   socket_wait.c    blocking waits
 *
 * Kept small on purpose: a server may hold tens of thousands. What few sockets need lives in blocks
 * of its own.
 */
#ifndef SP__SOCKET_H
#define SP__SOCKET_H

#include "check.h"
#include "context.h"
#include "dispatch.h"
#include "events.h"
#include "fault.h"
#include "hint.h"
#include "name.h"
#include "peer.h"
#include "queue.h"
#include "state.h"

#include <sunpath/socket.h>

enum sp__socket_flag {
    SP__READABLE = 1u << 0,       /* the loop said DATA, and the kernel has not been asked since */
    SP__INPUT_ENDED = 1u << 1,    /* end of stream seen; nothing more will be read */
    SP__OUTPUT_DEAD = 1u << 2,    /* the peer takes no more */
    SP__OUTPUT_BLOCKED = 1u << 3, /* the kernel took less than offered; wait for writability */
    SP__STALLED = 1u << 4,        /* a resource ran out; wait for the wake-up time */
    SP__DISCARD = 1u << 5,        /* closed by close(): what still arrives is thrown away */
    SP__HALF_OPEN = 1u << 6,      /* configuration: keep writing after the peer's end of stream */
    SP__TRANSACTION = 1u << 7,
    SP__WAS_CONNECTED = 1u << 8,  /* since the last open, adopt or abort: reading is meaningful */
    SP__FINISH_TOLD = 1u << 9,    /* READ_FINISHED is recorded already */
    SP__ENDED_BY_PEER = 1u << 10, /* the peer's end of stream began the closing */
    SP__DOUBTFUL = 1u << 11,      /* of READABLE: bytes came since, and perhaps those were all */
    SP__TIGHT = 1u << 12,         /* configuration: fewer bytes may be queued than are gathered */
};

/* What differs from the default in few sockets. */
struct sp__socket_options {
    struct sp__policy *policy; /* NULL: the default */
    int connect_timeout_ms;
    int close_timeout_ms;
    uint64_t closing_since; /* while CLOSING: when that began */
};

/* In the order of use: a message that is received and answered touches what lies before the ring of
 * events and its first bytes, and a loop over many sockets lives on how few cache lines that is.
 * Those are 64 bytes, a line or, where the allocator put them so, two. */
struct sp_socket {
    const struct sp_context *context;
    int fd;               /* -1: none */
    uint16_t flags;       /* enum sp__socket_flag */
    uint8_t state;        /* enum sp_state */
    uint8_t mode;         /* enum sp_mode of the current or last connection */
    struct sp__queue in;  /* received, not read; in a transaction also what was read */
    struct sp__queue out; /* accepted, not sent */
    uint64_t written;     /* sent, not reported by a BYTES_WRITTEN event */
    struct sp__events events;

    size_t read_limit;  /* 0: none */
    size_t write_limit; /* 0: none; see TIGHT */
    size_t taken;       /* bytes of in read inside the transaction; 0 outside */
    void *user;
    struct sp__dispatch *dispatch; /* innermost dispatch at work on this object */

    struct sp__name *name;              /* NULL: none */
    struct sp__socket_options *options; /* NULL: all default */
    uint64_t deadline;                  /* end of CONNECTING or CLOSING, or SP_NEVER */
    uint64_t wakeup;        /* next attempt while connecting, end of a stall, or SP_NEVER */
    uint64_t lost;          /* accepted, never sent */
    struct sp__fault fault; /* the last failure */
    uint8_t attempts;       /* connects that met a full backlog; saturates */
    int8_t ended_by;        /* enum sp_error that ended the last connection or connect, or SP_OK */
};

#define SP__SOCKET_CHECK(socket) SP__CHECK(sp_socket_validate(socket))

/* Used for answers that are not failures of their own. */
static inline const struct sp_os *sp__os(const struct sp_socket *socket)
{
    return socket->context->os;
}

static inline bool sp__has(const struct sp_socket *socket, unsigned flags)
{
    return (socket->flags & flags) != 0;
}

static inline void sp__set(struct sp_socket *socket, unsigned flags)
{
    socket->flags = (uint16_t)(socket->flags | flags);
}

static inline void sp__clear(struct sp_socket *socket, unsigned flags)
{
    socket->flags = (uint16_t)(socket->flags & ~flags);
}

/* Whether anything is timed. A connection at rest is not: its deadlines need not even be looked at.
 */
static inline bool sp__is_timed(const struct sp_socket *socket)
{
    return socket->state == SP_STATE_CONNECTING || socket->state == SP_STATE_CLOSING ||
           sp__has(socket, SP__STALLED);
}

static inline bool sp__is_open(const struct sp_socket *socket)
{
    return socket->state == SP_STATE_CONNECTED || socket->state == SP_STATE_CLOSING;
}

/** sp__refuse() - record why a call was refused; returns @error. */
SP__COLD int sp__refuse(struct sp_socket *socket, enum sp_error error, enum sp_operation operation,
                        enum sp_cause cause);

/* ---- socket.c ---- */

/** sp__socket_from_connection() - a connected socket around an accepted descriptor, without events.
 * Takes its own reference on @name, and @fd on success. */
int sp__socket_from_connection(struct sp_socket **ret, const struct sp_context *context,
                               struct sp__name *name, int fd, struct sp__fault *fault);
int sp__connect_timeout_ms(const struct sp_socket *socket);
int sp__close_timeout_ms(const struct sp_socket *socket);
/** sp__deadline_from() - @now and @ms; SP_NEVER for -1. */
uint64_t sp__deadline_from(uint64_t now, int ms);
/** sp__deadline_after() - the same from this instant on. */
uint64_t sp__deadline_after(const struct sp_os *os, int ms);

/* ---- socket_open.c ---- */

/** sp__socket_try_connect() - one attempt of a socket in state CONNECTING. */
void sp__socket_try_connect(struct sp_socket *socket);

/* ---- socket_close.c ---- */

/** sp__socket_change() - move along the table and record the events of the row. @fault becomes the
 * last failure and makes the ERROR event; NULL: there is none. */
void sp__socket_change(struct sp_socket *socket, enum sp__change change,
                       const struct sp__fault *fault);
/** sp__socket_connect_failed() - CONNECTING came to nothing. */
void sp__socket_connect_failed(struct sp_socket *socket, const struct sp__fault *fault);
/** sp__socket_input_ended() - no more bytes from the peer; @fault says how it ended: cause NONE for
 * a plain end of stream. */
void sp__socket_input_ended(struct sp_socket *socket, const struct sp__fault *fault);
/** sp__socket_output_failed() - the kernel will take no more; what is queued is lost. */
void sp__socket_output_failed(struct sp_socket *socket, int64_t result);
/** sp__socket_end() - from CONNECTED or CLOSING to UNCONNECTED; @fault as in sp__socket_change().
 */
void sp__socket_end(struct sp_socket *socket, const struct sp__fault *fault);
/** sp__socket_drained() - CLOSING has nothing left to send. */
void sp__socket_drained(struct sp_socket *socket);
/** sp__socket_close_expired() - CLOSING has lasted too long: what is queued is lost. */
void sp__socket_close_expired(struct sp_socket *socket);
/** sp__socket_hung_up() - an open connection is known to be dead in both directions. */
void sp__socket_hung_up(struct sp_socket *socket);
/** sp__socket_drop_input() - forget what was received. */
void sp__socket_drop_input(struct sp_socket *socket);

/* ---- socket_loop.c ---- */

/** sp__socket_has_hung_up() - whether the peer is gone in both directions, or our descriptor was
 * closed behind our back. The kernel is asked: the loop may be wrong. */
bool sp__socket_has_hung_up(const struct sp_socket *socket);

/* ---- socket_read.c ---- */

/** sp__socket_readable() - bytes that a read can give, without asking the kernel. */
static inline size_t sp__socket_buffered(const struct sp_socket *socket)
{
    return socket->in.size - socket->taken;
}
/** sp__socket_may_fill() - whether bytes from the kernel are wanted: open for reading, not ended,
 * below the limit. */
static inline bool sp__socket_may_fill(const struct sp_socket *socket)
{
    return sp__is_open(socket) && (socket->mode & SP_READ_ONLY) != 0 &&
           !sp__has(socket, SP__INPUT_ENDED) &&
           (socket->in.size == 0 || socket->read_limit == 0 ||
            socket->in.size < socket->read_limit);
}
/** sp__socket_fill() - move up to @budget bytes from the kernel to the buffer; handles the end of
 * the stream. Returns the number of bytes added. Records READY_READ if @tell. */
size_t sp__socket_fill(struct sp_socket *socket, size_t budget, bool tell);
/** sp__socket_fill_last() - the same when the connection is known to be at its end: little is
 * expected, so little memory is asked for at first. */
size_t sp__socket_fill_last(struct sp_socket *socket);

/* ---- socket_write.c ---- */

/** sp__socket_drain() - hand up to @budget queued bytes to the kernel; ends a closing connection
 * when the last one has left. Returns how many. */
size_t sp__socket_drain(struct sp_socket *socket, size_t budget);
/** sp__socket_sent() - what follows from a send() of the first @offered bytes of the queue. */
void sp__socket_sent(struct sp_socket *socket, int64_t result, size_t offered);
/** sp__socket_stall() - a resource is missing: look again a little later, not at once. */
void sp__socket_stall(struct sp_socket *socket);

#endif
