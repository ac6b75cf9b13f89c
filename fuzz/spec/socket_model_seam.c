/* SPDX-License-Identifier: MIT */
/*
 * What follows from each answer of the kernel, and whether the call was allowed.
 *
 * Consequences are drawn at once, because the library draws them at once: events lie in the order
 * of the calls that caused them. A connection ends in two parts: model_begin_end() when it is
 * certain, and the rest when the descriptor is closed, since what a loop was told of is fetched in
 * between.
 */
#include "fuzz/spec/socket_model.h"

#include "fuzz/spec/address_spec.h"

#include <errno.h>

#define NS_PER_MS ((uint64_t)1000000)

static const struct model_fault plain_end = {.error = SP_ERROR_PEER_CLOSED,
                                             .operation = SP_OPERATION_RECEIVE};

static struct model_fault fault_of(enum sp_operation operation, int os_errno)
{
    return (struct model_fault){
        .error = model_meaning(operation, os_errno),
        .operation = operation,
        .cause = SP_CAUSE_OS,
        .os_errno = os_errno,
    };
}

/* ---- connecting ---- */

static void connect_failed(struct socket_model *model, const struct model_fault *fault)
{
    model->admitting = false;
    model->backlog_was_full = false;
    model->close_due = model->fd >= 0;
    model->fault = *fault;
    model->ended_by = fault->error;
    model->any_ended_by = fault->any_error;
    model_push_state(model, SP_STATE_UNCONNECTED);
    model_push_error(model, fault);
}

/* The backlog is full: that was tried at the time of this reading. */
static void wait_for_backlog(struct socket_model *model)
{
    static const struct model_fault full = {.error = SP_ERROR_TIMEOUT,
                                            .operation = SP_OPERATION_CONNECT,
                                            .cause = SP_CAUSE_BACKLOG_FULL};

    model->backlog_was_full = false;
    if (model->connect_deadline == 0)
        model->connect_deadline = model->connect_timeout < 0
                                      ? SP_NEVER
                                      : model->now + (uint64_t)model->connect_timeout * NS_PER_MS;
    if (model->now >= model->connect_deadline) {
        connect_failed(model, &full);
        return;
    }
    model->retry = model->now + model->pause;
    model->pause *= 2;
    if (model->pause > SP_CONNECT_RETRY_MAX_NS)
        model->pause = SP_CONNECT_RETRY_MAX_NS;
}

void model_admit(struct socket_model *model)
{
    struct model_fault why;
    bool unsure = false;

    MODEL_CHECK(model, model_judge_peer(model, &why, &unsure), "peer-policy",
                "the peer of uid %u was let in", model->cred.uid);
    model->admitting = false;
    model->was_connected = true;
    model_push_state(model, SP_STATE_CONNECTED);
    model_push(model, SP_EVENT_CONNECTED);
}

static void turned_away(struct socket_model *model)
{
    struct model_fault why = {.error = SP_ERROR_UNTRUSTED};
    bool unsure = false;
    bool allowed = model_judge_peer(model, &why, &unsure);

    MODEL_CHECK(model, !allowed || unsure, "peer-policy", "the peer of uid %u was turned away",
                model->cred.uid);
    if (allowed)
        why = (struct model_fault){
            .error = SP_ERROR_UNTRUSTED, .any_detail = true, .any_error = true};
    connect_failed(model, &why);
    model->close_due = false;
}

static void on_socket(struct socket_model *model, int64_t result)
{
    model_start(model);
    MODEL_CHECK(model, model->state == SP_STATE_CONNECTING && model->fd < 0, "socket-allowed",
                "a descriptor was made in state %s", sp_state_name(model->state));
    if (result >= 0) {
        model->fd = (int)result;
    } else {
        struct model_fault fault = fault_of(SP_OPERATION_SOCKET, (int)-result);

        connect_failed(model, &fault);
    }
}

static void check_address(struct socket_model *model)
{
    uint8_t expected[SP_PATH_MAX];
    size_t length = spec_encode(&model->address, expected);
    const struct world_io *io = &model->world->io;
    unsigned difference = io->capacity != length;

    for (size_t i = 0; difference == 0 && i < length; i++)
        difference |= expected[i] ^ io->bytes[i];
    MODEL_CHECK(model, difference == 0, "connect-address",
                "the address of %zu bytes is not that of the name, of %zu", io->capacity, length);
}

static void on_connect(struct socket_model *model, int64_t result)
{
    model_start(model);
    MODEL_CHECK(model, model->state == SP_STATE_CONNECTING, "connect-allowed",
                "connected in state %s", sp_state_name(model->state));
    check_address(model);
    model_top(model)->connects++;
    model->progressed = true;
    if (result == 0 || result == -EISCONN) {
        model->admitting = true;
        model->cred_error = 0;
    } else if (result == -EAGAIN || result == -EINTR) {
        model->backlog_was_full = true;
    } else {
        struct model_fault fault = fault_of(SP_OPERATION_CONNECT, (int)-result);

        connect_failed(model, &fault);
    }
}

/* ---- closing and ending ---- */

void model_begin_end(struct socket_model *model, const struct model_fault *fault)
{
    if (model->state == SP_STATE_CONNECTED)
        model_push_state(model, SP_STATE_CLOSING);
    model->ending = true;
    model->ends_with_fault = fault != NULL;
    if (fault != NULL)
        model->end_fault = *fault;
    /* What was told of stays readable, so it has to be fetched. */
    model_top(model)->must_receive = model->readable && model_wants_input(model);
    model_top(model)->receives = 0;
}

static void lose_output(struct socket_model *model)
{
    model->lost += model_queued(model);
    model->accepted = model->sent;
    model->blocked = false;
}

static void finish_end(struct socket_model *model)
{
    const struct model_frame *frame = model_top(model);

    MODEL_CHECK(model, !frame->must_receive || frame->receives > 0 || frame->alloc_failed,
                "told-bytes-kept", "the connection ended and what was told of was not fetched");
    lose_output(model);
    model->ending = false;
    model->expired = false;
    model_push_state(model, SP_STATE_UNCONNECTED);
    if (model->ends_with_fault) {
        model->fault = model->end_fault;
        model->ended_by = model->end_fault.error;
        model_push_error(model, &model->end_fault);
    }
    if (!model->finish_told)
        model_push(model, SP_EVENT_READ_FINISHED);
    model->finish_told = true;
    model_push(model, SP_EVENT_DISCONNECTED);
    model->readable = false;
    model->output_dead = false;
    model->ended_by_peer = false;
    model->stalled = false;
    model->stall_begins = false;
    model->closing_begins = false;
    if (model->discards) {
        model->discards = false;
        model->was_connected = false;
    }
}

void model_begin_closing(struct socket_model *model)
{
    model->closing_begins = true;
    model_push_state(model, SP_STATE_CLOSING);
}

void model_peer_is_gone(struct socket_model *model)
{
    struct model_fault fault = {.error = SP_ERROR_PEER_CLOSED, .operation = SP_OPERATION_POLL};

    lose_output(model);
    if (model->lost > 0)
        fault.cause = SP_CAUSE_BYTES_LOST;
    model_begin_end(model, &fault);
}

static bool may_expire(const struct socket_model *model)
{
    return model->state == SP_STATE_CLOSING &&
           (model->close_timeout == 0 || model->now >= model_closing_deadline(model));
}

static void on_close(struct socket_model *model, int fd)
{
    static const struct model_fault too_late = {
        .error = SP_ERROR_TIMEOUT, .operation = SP_OPERATION_CLOSE, .cause = SP_CAUSE_BYTES_LOST};

    if (model->admitting && fd != model->fd)
        return; /* a directory on the way to the server's */
    MODEL_CHECK(model, fd == model->fd && fd >= 0, "descriptor-owned",
                "descriptor %d was closed, ours is %d", fd, model->fd);
    model->fd = -1;
    model->progressed = true;
    if (model->close_due) {
        model->close_due = false;
        return;
    }
    if (model->admitting) {
        turned_away(model);
        return;
    }
    if (!model->ending && may_expire(model)) {
        unsigned receives = model_top(model)->receives;

        model_begin_end(model, &too_late);
        model_top(model)->receives = receives;
    }
    MODEL_CHECK(model, model->ending, "close-allowed", "the descriptor was closed in state %s",
                sp_state_name(model->state));
    finish_end(model);
}

/* ---- receiving ---- */

/* A wait that has gone on past the pause has seen that it is over. How long it is may not be known
 * yet, if it began in the same wait. */
static void notice_end_of_stall(struct socket_model *model)
{
    enum operation_kind kind = model_top(model)->kind;
    bool waits = kind >= OPERATION_WAIT_CONNECTED && kind <= OPERATION_WAIT_DISCONNECTED;

    if (waits && model->now > model->stalled_since && model->now >= model->stalled_until)
        model->stalled = false;
}

/* The peer has finished: @fault says how. */
static void input_ended(struct socket_model *model, const struct model_fault *how)
{
    struct model_fault fault = *how;

    model->input_ended = true;
    model->readable = false;
    if (model->state == SP_STATE_CLOSING)
        return;
    if (model->output_dead) {
        if (model->lost > 0)
            fault.cause = SP_CAUSE_BYTES_LOST;
        model_begin_end(model, &fault);
    } else if (model->half_open && fault.cause == SP_CAUSE_NONE) {
        model_push(model, SP_EVENT_READ_FINISHED);
        model->finish_told = true;
    } else if (model_queued(model) == 0) {
        model_begin_end(model, &fault);
    } else {
        model->ended_by_peer = true;
        model_begin_closing(model);
    }
}

/* Whether bytes that arrive in this operation are told of. A reading call takes them itself. */
static bool is_telling(const struct socket_model *model)
{
    switch (model->frames[model->depth - 1].kind) {
    case OPERATION_PROCESS:
    case OPERATION_WAIT_CONNECTED:
    case OPERATION_WAIT_READY_READ:
    case OPERATION_WAIT_WRITTEN:
    case OPERATION_WAIT_DISCONNECTED:
        /* What is fetched while it ends is not told of. */
        return !model->ending &&
               (model->frames[model->depth - 1].readings == 0 || !may_expire(model));
    default:
        return false;
    }
}

static void received(struct socket_model *model, size_t length)
{
    const struct world_io *io = &model->world->io;

    model_top(model)->received += length;
    model->progressed = true;
    if (length < io->capacity)
        model->readable = false;
    if (model->discards)
        return;
    if (model->begin == model->end && !model->in_transaction)
        model->mark = model->begin = model->end = MODEL_UNGET_MAX;
    MODEL_CHECK(model, length <= MODEL_INPUT_MAX - model->end, "memory", "too much was received");
    for (size_t i = 0; i < length; i++)
        model->input[model->end + i] = io->bytes[i];
    model->end += length;
    if (is_telling(model))
        model_push(model, SP_EVENT_READY_READ);
}

static void check_receive_allowed(struct socket_model *model)
{
    const struct world_io *io = &model->world->io;
    size_t held = model->end - model->mark;
    /* The limit is for what is kept: not for what is thrown away, nor for a read that has nothing
     * buffered and gives its bytes away at once. */
    bool is_direct = model_top(model)->kind == OPERATION_READ && held == 0;

    MODEL_CHECK(model, model_is_open(model) && (model->mode & SP_READ_ONLY) != 0, "receive-allowed",
                "received in state %s, mode %d", sp_state_name(model->state), (int)model->mode);
    MODEL_CHECK(model, !model->input_ended, "receive-allowed", "received behind the end");
    MODEL_CHECK(model,
                is_direct || model->discards || model->read_limit == 0 ||
                    (held < model->read_limit && io->capacity <= model->read_limit - held),
                "read-limit", "asked for %zu bytes, with %zu held and a limit of %zu", io->capacity,
                held, model->read_limit);
    MODEL_CHECK(model, io->flags == 0, "receive-allowed", "received with flags %u", io->flags);
}

static void stall(struct socket_model *model)
{
    model->stalled = true;
    model->stall_begins = true;
}

static void on_receive(struct socket_model *model, int64_t result)
{
    struct model_fault fault = plain_end;

    model_top(model)->receives++;
    if (model_top(model)->readings > 0)
        notice_end_of_stall(model);
    if (result > 0) {
        received(model, (size_t)result);
        return;
    }
    switch (-result) {
    case 0:
        break;
    case EAGAIN:
    case EINTR:
        model->readable = false;
        return;
    case ENOMEM:
    case ENOBUFS:
        stall(model);
        return;
    case ECONNRESET:
        fault.cause = SP_CAUSE_RESET;
        fault.os_errno = ECONNRESET;
        break;
    default:
        fault = fault_of(SP_OPERATION_RECEIVE, (int)-result);
        break;
    }
    model->progressed = true;
    input_ended(model, &fault);
}

/* ---- sending ---- */

/* Bytes go out in the order in which they were accepted. Those of a write that is under way lie
 * behind the others; how many of them count is known when it returns. */
static void check_sent_bytes(struct socket_model *model, uint64_t length, uint64_t *ret_offered)
{
    const struct world_io *io = &model->world->io;
    const uint8_t *expected = world_bytes(WORLD_WRITER_SOCKET(model->slot), model->sent);
    uint64_t offered = 0;
    uint64_t at = 0;

    for (size_t i = 0; i < io->count; i++) {
        const uint8_t *bytes = io->iov[i].bytes;
        size_t piece = io->iov[i].length;
        unsigned difference = 0;

        for (size_t j = 0; j < piece && at < length; j++, at++)
            difference |= bytes[j] ^ expected[at];
        MODEL_CHECK(model, difference == 0, "bytes-sent",
                    "other bytes than were accepted, from %llu on",
                    (unsigned long long)model->sent);
        offered += piece;
    }
    *ret_offered = offered;
}

static uint64_t longest_offer(const struct socket_model *model)
{
    const struct model_frame *frame = &model->frames[model->depth - 1];

    switch (frame->kind) {
    case OPERATION_WRITE:
    case OPERATION_WRITE_LARGE:
        return model_queued(model) + (uint64_t)frame->operation->arg[1] % (WORLD_BYTES_MAX + 1);
    case OPERATION_PUT_CHAR:
        return model_queued(model) + 1;
    default:
        return model_queued(model);
    }
}

static void send_failed(struct socket_model *model, int os_errno)
{
    struct model_fault fault = fault_of(SP_OPERATION_SEND, os_errno);

    lose_output(model);
    model->output_dead = true;
    if (model->lost > 0)
        fault.cause = SP_CAUSE_BYTES_LOST;
    if (model->state == SP_STATE_CLOSING) {
        model_begin_end(model, &fault);
        return;
    }
    model->fault = fault;
    model->probing = model->lost > 0;
}

static void on_send(struct socket_model *model, int64_t result)
{
    struct model_frame *frame = model_top(model);
    uint64_t offered;

    MODEL_CHECK(model, model_is_open(model) && !model->output_dead && !model->ending,
                "send-allowed", "sent in state %s", sp_state_name(model->state));
    notice_end_of_stall(model);
    if (may_expire(model)) /* for the last time */
        model->stalled = false;
    MODEL_CHECK(model, !model->stalled, "send-allowed", "sent while resources are missing");
    check_sent_bytes(model, result > 0 ? (uint64_t)result : 0, &offered);
    MODEL_CHECK(model, offered <= longest_offer(model), "bytes-sent",
                "offered %llu bytes, of %llu that were accepted", (unsigned long long)offered,
                (unsigned long long)longest_offer(model));
    frame->sends++;
    if (result > 0) {
        frame->sent += (uint64_t)result;
        model->sent += (uint64_t)result;
        model->written += (uint64_t)result;
        model_push(model, SP_EVENT_BYTES_WRITTEN);
    }
    if (result < (int64_t)offered) {
        frame->send_was_short = true;
        model->blocked = true;
    }
    switch (result < 0 ? -result : 0) {
    case 0:
    case EAGAIN:
    case EINTR:
        break;
    case ENOBUFS:
    case ENOMEM:
    case ETOOMANYREFS:
        stall(model);
        break;
    default:
        model->progressed = true;
        send_failed(model, (int)-result);
        return;
    }
    if (model->state == SP_STATE_CLOSING && model_queued(model) == 0)
        model_begin_end(model, model->ended_by_peer ? &plain_end : NULL);
}

/* ---- time and readiness ---- */

void model_told_of_data(struct socket_model *model)
{
    model->readable = true;
    model_push(model, SP_EVENT_READY_READ);
}

/* The first reading of the clock in a {c}.process, of an open connection in which something is
 * timed. */
static void look_at_timers(struct socket_model *model, struct model_frame *frame)
{
    if (model->state == SP_STATE_CLOSING && model->now >= model_closing_deadline(model)) {
        model->expired = true;
        model->stalled = false;
        frame->must_receive = false;
        frame->must_send = false;
        return;
    }
    if (model->stalled && model->now >= model->stalled_until)
        model->stalled = false;
    if (model->stalled) {
        frame->must_receive = false;
        frame->must_send = false;
        return;
    }
    if (frame->had_data_only)
        model_told_of_data(model);
}

static void on_clock(struct socket_model *model, uint64_t now)
{
    struct model_frame *frame = model_top(model);

    model->now = now;
    if (frame->readings++ == 0)
        frame->started = now;
    if (model->admitting)
        model_admit(model);
    if (model->closing_begins) {
        model->closing_begins = false;
        model->closing_since = now;
    } else if (model->stall_begins) {
        model->stall_begins = false;
        model->stalled_since = now;
        model->stalled_until = 0;
    } else if (model->backlog_was_full) {
        wait_for_backlog(model);
    } else if (frame->kind == OPERATION_PROCESS && frame->readings == 1 && model_is_open(model)) {
        look_at_timers(model, frame);
    }
}

static bool is_hung_up(const struct socket_model *model, int64_t result)
{
    return result == 1 &&
           (model->world->io.polled[0].got & (SP_OS_POLLHUP | SP_OS_POLLERR | SP_OS_POLLNVAL)) != 0;
}

static void on_poll(struct socket_model *model, int64_t result)
{
    const struct world_io *io = &model->world->io;
    struct model_frame *frame = model_top(model);
    bool hung_up = is_hung_up(model, result);

    if (model->admitting)
        model_admit(model);
    if (model->probing) {
        model->probing = false;
        if (!hung_up)
            model_push_error(model, &model->fault);
        return;
    }
    if (io->deadline == 0) { /* looking, not waiting: is anybody there? */
        if (hung_up && model_is_open(model))
            model_peer_is_gone(model);
        return;
    }
    if (io->polled[0].fd >= 0) /* it watches for something again */
        notice_end_of_stall(model);
    MODEL_CHECK(model, io->deadline <= model_deadline(model), "deadline-kept",
                "waits until %llu, and has a deadline at %llu", (unsigned long long)io->deadline,
                (unsigned long long)model_deadline(model));
    if (result < 0 && result != -EINTR)
        frame->poll_error = (int)-result;
}

/* ---- adopting ---- */

static void decode(struct sp_address *ret, int64_t result, const struct world_io *io)
{
    size_t written = result < 0 ? 0 : (size_t)result;
    struct spec_verdict verdict;

    *ret = (struct sp_address){.space = SP_NAMESPACE_UNNAMED};
    if (result < 0)
        return;
    if (written > io->capacity)
        written = io->capacity;
    verdict = spec_decode((struct spec_bytes){io->bytes, written}, (size_t)result);
    if (verdict.error == SP_OK)
        *ret = verdict.address;
}

/* ---- every call ---- */

/* An interrupted call is made again SP_EINTR_RETRIES times, and then the interruption is its
 * answer. */
static bool is_an_answer(struct model_frame *frame, int64_t result)
{
    if (result != -EINTR) {
        frame->interruptions = 0;
        return true;
    }
    if (++frame->interruptions < SP_EINTR_RETRIES)
        return false;
    frame->interruptions = 0;
    return true;
}

static void note_allocation(struct socket_model *model, struct model_frame *frame)
{
    frame->alloc_failed = true;
    /* Without memory for what is to be received it waits a little. */
    switch (frame->kind) {
    case OPERATION_READ:
    case OPERATION_PEEK:
    case OPERATION_SKIP:
    case OPERATION_READ_LINE:
    case OPERATION_GET_CHAR:
    case OPERATION_BYTES_AVAILABLE:
    case OPERATION_CAN_READ_LINE:
    case OPERATION_PROCESS:
    case OPERATION_WAIT_CONNECTED:
    case OPERATION_WAIT_READY_READ:
    case OPERATION_WAIT_WRITTEN:
    case OPERATION_WAIT_DISCONNECTED:
        if (!model->admitting)
            stall(model);
        break;
    default:
        break;
    }
}

static void check_before_answer(struct socket_model *model, enum sim_call call)
{
    if (call == SIM_CALL_RECV || call == SIM_CALL_SEND) {
        if (model->admitting)
            model_admit(model);
        MODEL_CHECK(model, !model->probing, "event-order",
                    "went on before it was known who is there");
    }
    if (call == SIM_CALL_RECV)
        check_receive_allowed(model);
}

void model_call(struct socket_model *model, const struct sim_trace_entry *entry)
{
    const struct world_io *io = &model->world->io;
    int64_t result = entry->result;
    struct model_frame *frame;

    if (model->depth == 0)
        return;
    frame = model_top(model);
    switch (entry->call) {
    case SIM_CALL_ALLOC:
        if (result < 0)
            note_allocation(model, frame);
        return;
    case SIM_CALL_NOW:
        on_clock(model, (uint64_t)result);
        return;
    case SIM_CALL_CLOSE:
        on_close(model, entry->fd);
        return;
    case SIM_CALL_POLL:
        if (io->deadline != 0 || is_an_answer(frame, result))
            on_poll(model, result);
        return;
    default:
        break;
    }
    check_before_answer(model, entry->call);
    if (!is_an_answer(frame, result))
        return;
    switch (entry->call) {
    case SIM_CALL_SOCKET:
        on_socket(model, result);
        break;
    case SIM_CALL_CONNECT:
        on_connect(model, result);
        break;
    case SIM_CALL_RECV:
        on_receive(model, result);
        break;
    case SIM_CALL_SEND:
        on_send(model, result);
        break;
    case SIM_CALL_PEER_CRED:
        if (result < 0)
            model->cred_error = (int)-result;
        else
            model->cred = *(const struct sp_os_cred *)io->ret;
        break;
    case SIM_CALL_PEER_GROUPS:
        if (result < 0)
            model->cred_error = (int)-result;
        break;
    case SIM_CALL_SOCKINFO:
        frame->fd = entry->fd;
        frame->info_error = result < 0 ? (int)-result : 0;
        if (result >= 0)
            frame->info = *(const struct sp_os_sockinfo *)io->ret;
        break;
    case SIM_CALL_GETSOCKNAME:
        decode(&frame->own, result, io);
        break;
    case SIM_CALL_GETPEERNAME:
        decode(&frame->peer, result, io);
        break;
    case SIM_CALL_OPEN_DIR:
    case SIM_CALL_STAT_AT:
    case SIM_CALL_STAT_FD:
    case SIM_CALL_READLINK_AT:
        frame->look_failed |= result < 0;
        break;
    case SIM_CALL_SET_CLOEXEC:
    case SIM_CALL_SET_NONBLOCK:
        if (result < 0)
            frame->prepare_error = (int)-result;
        break;
    default:
        break;
    }
}
