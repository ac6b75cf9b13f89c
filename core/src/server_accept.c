/* SPDX-License-Identifier: MIT */
/*
 * The server: accepting connections, and handing out what was accepted.
 *
 * No failure of accept() ends the service. What follows from one is a table: look at the next
 * connection, wait for readiness, or pause on a timer. During a pause the descriptor is not
 * watched: the connection that could not be accepted keeps it readable, and a loop would spin.
 *
 * Pace: how many accept() calls one sp_server_process() makes. Going on until EAGAIN costs a call
 * in vain for every connection that comes alone; one call each costs a poll() for every connection
 * of a burst. So a server begins with one, and doubles while every call of a batch finds a
 * connection; after a batch that ran dry it expects as many as there were. When connections come
 * one by one it looks for a second now and then, the less often the longer that was in vain.
 *
 * Tests: tests/unit/test_server_{accept,accept_failures,take,add}.c,
 * tests/integration/test_server_{limits,exhaustion}.c
 */
#include "server.h"

#include "check.h"
#include "context.h"
#include "retry.h"
#include "socket.h"

#include <errno.h>

/* Pending connections that are looked at, at once, for whether their client has gone. */
#define SWEEP_MAX 64

_Static_assert(SP_ACCEPTS_PER_PROCESS <= UINT8_MAX, "a pace counts in bytes");
_Static_assert(SWEEP_MAX <= 64, "one bit for each in sp__pending_remove()");

/* ---- phases ---- */

void sp__server_settle(struct sp_server *server)
{
    bool full = server->pending.count >= server->max_pending;

    if (server->phase == SP__PHASE_ACCEPTING || server->phase == SP__PHASE_FULL)
        server->phase = full ? SP__PHASE_FULL : SP__PHASE_ACCEPTING;
}

void sp__server_start(struct sp_server *server)
{
    server->phase = SP__PHASE_ACCEPTING;
    server->trouble = SP__PHASE_ACCEPTING;
    server->pause_ns = 0;
    server->misses = 0;
    server->refused = 0;
    server->pace = (struct sp__pace){.batch = 1, .calm = 0, .patience = 1};
    server->fault = (struct sp__fault){.error = SP_OK};
    SP__CHECK(sp_server_validate(server));
}

/* Accepting works. */
static void recover(struct sp_server *server)
{
    server->trouble = SP__PHASE_ACCEPTING;
    server->pause_ns = 0;
    server->misses = 0;
}

/* Accepting does not work; server->fault says why. One event however long it lasts: only a trouble
 * of another kind is news. */
static void pause_accepting(struct sp_server *server, enum sp__phase trouble)
{
    const struct sp_os *os = server->context->os;
    uint64_t pause = server->pause_ns * 2;

    if (pause < SP_ACCEPT_RETRY_MIN_NS)
        pause = SP_ACCEPT_RETRY_MIN_NS;
    if (pause > SP_ACCEPT_RETRY_MAX_NS || trouble == SP__PHASE_BROKEN)
        pause = SP_ACCEPT_RETRY_MAX_NS;
    if (server->trouble != trouble)
        sp__events_push_error(&server->events, (enum sp_error)server->fault.error);
    server->pause_ns = pause;
    server->retry_ns = os->now_ns(os->ctx) + pause;
    server->phase = (uint8_t)trouble;
    server->trouble = (uint8_t)trouble;
    server->misses = 0;
    server->pace = (struct sp__pace){.batch = 1, .calm = 0, .patience = 1};
}

/* ---- failures of accept() ---- */

enum verdict {
    VERDICT_NEXT,    /* that connection is lost; there may be others */
    VERDICT_DRY,     /* there is none */
    VERDICT_LATER,   /* not now; poll() will tell again */
    VERDICT_STARVED, /* no room for one more in this process or system */
    VERDICT_BROKEN,
};

static const struct accept_row {
    int os_errno;
    enum verdict verdict;
} accept_rows[] = {
    {EAGAIN, VERDICT_DRY},        {EINTR, VERDICT_LATER}, /* after SP_EINTR_RETRIES of them */
    {ECONNABORTED, VERDICT_NEXT}, {EPROTO, VERDICT_NEXT},
    {EPERM, VERDICT_NEXT}, /* a security module or filter did not like this one */
    {EMFILE, VERDICT_STARVED},    {ENFILE, VERDICT_STARVED},
    {ENOMEM, VERDICT_STARVED},    {ENOBUFS, VERDICT_STARVED},
};

static enum verdict judge(int result)
{
    for (size_t i = 0; i < sizeof(accept_rows) / sizeof(accept_rows[0]); i++) {
        if (accept_rows[i].os_errno == -result)
            return accept_rows[i].verdict;
    }
    return VERDICT_BROKEN;
}

/* Nobody is there although the socket was said to be ready. Others may have been faster; but if
 * somebody who shares the socket has shut it down, then it is ready for ever, and accept() never
 * says why. */
static bool is_shut_down(struct sp_server *server)
{
    const struct sp_os *os = server->context->os;
    struct sp_os_pollfd entry = {.fd = server->fd, .want = SP_OS_POLLIN | SP_OS_POLLRDHUP};

    /* A deadline in the past: only look. */
    if (SP__RETRY(os->poll(os->ctx, &entry, 1, 1)) <= 0 || (entry.got & SP_OS_POLLRDHUP) == 0)
        return false;
    (void)sp__fail(&server->fault, SP_ERROR_UNSUPPORTED, SP_OPERATION_ACCEPT,
                   SP_CAUSE_NOT_LISTENING);
    return true;
}

/* @first: no call of this batch has found anything. Returns whether it makes sense to go on. */
static bool accept_failed(struct sp_server *server, int result, bool first)
{
    enum verdict verdict = judge(result);

    if (verdict == VERDICT_DRY && first && is_shut_down(server)) {
        pause_accepting(server, SP__PHASE_BROKEN);
        return false;
    }
    if (verdict == VERDICT_DRY) {
        /* The kernel reserves the descriptor before it looks for a connection: there was room. */
        recover(server);
        return false;
    }
    if (verdict == VERDICT_LATER)
        return false;
    (void)sp__fail_os(&server->fault, SP_OPERATION_ACCEPT, result);
    /* A filter that refuses the call rather than the connection leaves the connection where it is:
     * what repeats without end is no accident of one client. */
    if (verdict == VERDICT_NEXT && ++server->misses < SP_ACCEPTS_PER_PROCESS)
        return true;
    pause_accepting(server, verdict == VERDICT_BROKEN ? SP__PHASE_BROKEN : SP__PHASE_STARVED);
    return false;
}

/* ---- who may connect ---- */

static bool is_abstract(const struct sp_server *server)
{
    return server->name != NULL && server->name->space == SP_NAMESPACE_ABSTRACT;
}

/* On a path the kernel has compared the mode of the socket file already. */
static int admit(struct sp_server *server, int fd, struct sp__fault *fault)
{
    const struct sp_os *os = server->context->os;
    int r = SP_OK;

    if (is_abstract(server))
        r = sp__peer_admit_mode(os, fd, server->access, fault);
    if (r == SP_OK)
        r = sp__peer_admit(os, fd, SP_PEER_SERVER_DEFAULT, server->policy, server->name, fault);
    return r;
}

/* ---- accepting ---- */

/* Is the client of a hung-up connection gone without a byte left behind? One that said something
 * before it left is kept: a message may need no answer. */
static bool is_deserted(const struct sp_os *os, int fd)
{
    uint8_t byte;
    int64_t r = SP__RETRY(os->recv(os->ctx, fd, &byte, 1, SP_OS_PEEK));

    return r == 0 || r == -ECONNRESET;
}

/* Drop connections whose clients have gone, so that the dead cannot keep the living out. Looks at
 * the oldest SWEEP_MAX; when those are taken, the next ones are the oldest. */
static void sweep(struct sp_server *server)
{
    const struct sp_os *os = server->context->os;
    struct sp_os_pollfd fds[SWEEP_MAX];
    uint32_t count = server->pending.count < SWEEP_MAX ? server->pending.count : SWEEP_MAX;
    uint64_t gone = 0;

    for (uint32_t i = 0; i < count; i++)
        fds[i] = (struct sp_os_pollfd){.fd = sp__pending_get(&server->pending, i)};
    /* A deadline in the past: only look. */
    if (SP__RETRY(os->poll(os->ctx, fds, count, 1)) <= 0)
        return;
    for (uint32_t i = 0; i < count; i++) {
        if ((fds[i].got & SP_OS_POLLHUP) != 0 && is_deserted(os, fds[i].fd)) {
            (void)os->close(os->ctx, fds[i].fd);
            gone |= UINT64_C(1) << i;
        }
    }
    if (gone != 0)
        sp__pending_remove(&server->pending, os, count, gone);
}

/* The queue has become longer or shorter: what follows from that. */
static void queue_changed(struct sp_server *server)
{
    if (server->pending.count == 0)
        sp__events_drop(&server->events, SP_EVENT_NEW_CONNECTION);
    sp__server_settle(server);
}

static void enqueue(struct sp_server *server, int fd)
{
    sp__pending_push(&server->pending, fd);
    sp__events_push(&server->events, SP_EVENT_NEW_CONNECTION);
    if (server->pending.count >= server->max_pending)
        sweep(server);
    queue_changed(server);
}

/* Memory first: an accepted connection could not be put back. */
static bool reserve(struct sp_server *server)
{
    if (sp__pending_reserve(&server->pending, server->context->os, server->max_pending))
        return true;
    (void)sp__fail(&server->fault, SP_ERROR_RESOURCE, SP_OPERATION_ALLOCATE, SP_CAUSE_NO_MEMORY);
    return false;
}

/* What a batch teaches about the next one. @found: calls that found something. @dry: the last one
 * did not. */
static void adjust_pace(struct sp__pace *pace, unsigned found, bool dry)
{
    if (dry) {
        if (pace->batch > 1 && found <= 1 && pace->patience < SP_ACCEPTS_PER_PROCESS)
            pace->patience = (uint8_t)(pace->patience * 2);
        pace->batch = (uint8_t)(found > 1 ? found : 1);
        pace->calm = 0;
    } else if (found == pace->batch && pace->batch > 1) {
        pace->batch = pace->batch < SP_ACCEPTS_PER_PROCESS / 2 ? (uint8_t)(pace->batch * 2)
                                                               : SP_ACCEPTS_PER_PROCESS;
        pace->patience = 1;
    } else if (found == pace->batch && ++pace->calm >= pace->patience) {
        pace->batch = 2;
        pace->calm = 0;
    }
}

/* Returns whether it makes sense to go on. */
static bool accept_one(struct sp_server *server, bool first, bool *ret_dry)
{
    const struct sp_os *os = server->context->os;
    struct sp__fault fault;
    int fd;

    if (!reserve(server)) {
        pause_accepting(server, SP__PHASE_STARVED);
        return false;
    }
    fd = SP__RETRY(os->accept(os->ctx, server->fd));
    *ret_dry = fd == -EAGAIN;
    if (fd < 0)
        return accept_failed(server, fd, first);
    recover(server);
    if (admit(server, fd, &fault) == SP_OK) {
        enqueue(server, fd);
    } else {
        (void)os->close(os->ctx, fd);
        server->refused++;
    }
    return true;
}

static void accept_batch(struct sp_server *server)
{
    const unsigned batch = server->pace.batch;
    unsigned found = 0;
    bool dry = false;

    while (found < batch && server->phase == SP__PHASE_ACCEPTING &&
           accept_one(server, found == 0, &dry))
        found++;
    if (!sp__server_phases[server->phase].timed)
        adjust_pace(&server->pace, found, dry);
}

void sp_server_process(struct sp_server *server, unsigned ready)
{
    const struct sp_os *os = server->context->os;
    bool due = sp__server_phases[server->phase].timed && os->now_ns(os->ctx) >= server->retry_ns;

    SP__CHECK(sp_server_validate(server));
    if (due) {
        server->phase = SP__PHASE_ACCEPTING;
        sp__server_settle(server);
    }
    if (server->phase == SP__PHASE_ACCEPTING &&
        (due || (ready & (SP_IO_READ | SP_IO_DATA | SP_IO_HANGUP)) != 0))
        accept_batch(server);
    SP__CHECK(sp_server_validate(server));
}

/* ---- handing out ---- */

/* The oldest is somebody else's now. */
static void dequeue(struct sp_server *server)
{
    sp__pending_pop(&server->pending, server->context->os);
    queue_changed(server);
    SP__CHECK(sp_server_validate(server));
}

static int require_pending(struct sp_server *server)
{
    SP__CHECK(sp_server_validate(server));
    if (server->pending.count == 0)
        return sp__fail(&server->fault, SP_ERROR_LIMIT, SP_OPERATION_ACCEPT, SP_CAUSE_NONE);
    return SP_OK;
}

int sp_server_take(struct sp_server *server, struct sp_socket **ret)
{
    int r = require_pending(server);

    if (r == SP_OK)
        r = sp__socket_from_connection(ret, server->context, server->name,
                                       sp__pending_get(&server->pending, 0), &server->fault);
    if (r == SP_OK)
        dequeue(server);
    return r;
}

int sp_server_take_descriptor(struct sp_server *server)
{
    int r = require_pending(server);
    int fd;

    if (r < 0)
        return r;
    fd = sp__pending_get(&server->pending, 0);
    dequeue(server);
    return fd;
}

/* ---- connections made elsewhere ---- */

static enum sp_cause unfit_connection(const struct sp_os_sockinfo *info)
{
    if (!info->is_unix)
        return SP_CAUSE_WRONG_FAMILY;
    if (!info->is_stream)
        return SP_CAUSE_WRONG_TYPE;
    if (info->is_listening)
        return SP_CAUSE_LISTENING;
    return info->is_connected ? SP_CAUSE_NONE : SP_CAUSE_NOT_CONNECTED;
}

int sp_server_add(struct sp_server *server, int fd)
{
    const struct sp_os *os = server->context->os;
    int r;

    SP__CHECK(sp_server_validate(server));
    if (!sp_server_is_listening(server))
        return sp__fail(&server->fault, SP_ERROR_OPERATION, SP_OPERATION_ADOPT, SP_CAUSE_STATE);
    if (server->pending.count >= server->max_pending)
        return sp__fail(&server->fault, SP_ERROR_LIMIT, SP_OPERATION_ADOPT, SP_CAUSE_NO_ROOM);
    r = sp__server_examine(server, fd, unfit_connection);
    if (r == SP_OK)
        r = admit(server, fd, &server->fault);
    if (r < 0)
        return r;
    if (!reserve(server))
        return SP_ERROR_RESOURCE;
    r = SP__RETRY(os->set_cloexec(os->ctx, fd));
    if (r < 0)
        return sp__fail_os(&server->fault, SP_OPERATION_ADOPT, r);
    enqueue(server, fd);
    SP__CHECK(sp_server_validate(server));
    return SP_OK;
}
