/* SPDX-License-Identifier: MIT */
/*
 * Every call that the library makes at the seam, with what the kernel answered. Consequences are
 * drawn at once, because the library draws them at once: events lie in the order of the calls that
 * caused them. See socket_model.h.
 */
#include "fuzz/spec/socket_model.h"

#include "fuzz/spec/address_spec.h"

#include <errno.h>

/* ---- time and readiness ---- */

void model_told_of_data(struct socket_model *model)
{
    model->readable = true;
    model->doubtful = false;
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
    /* A pause whose end is not known yet is longer than closing may last. */
    if (model->stalled_until != 0 && model->now >= model->stalled_until)
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
        model_backlog_is_full(model);
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
        model_notice_end_of_stall(model);
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
            model_stall(model);
        break;
    default:
        break;
    }
}

static bool takes_events(const struct model_frame *frame)
{
    return frame->kind == OPERATION_NEXT_EVENT || frame->kind == OPERATION_EVENTS ||
           frame->kind == OPERATION_DISPATCH;
}

static void check_before_answer(struct socket_model *model, enum sim_call call)
{
    /* What was gathered leaves when there is no event left: what told of bytes that are gone has
     * been passed over by now, though the last words of the peer may make it true again. */
    if (call == SIM_CALL_SEND && takes_events(model_top(model)))
        model_settle_events(model);
    if (call == SIM_CALL_RECV || call == SIM_CALL_SEND) {
        if (model->admitting)
            model_admit(model);
        MODEL_CHECK(model, !model->probing, "event-order",
                    "went on before it was known who is there");
    }
    if (call == SIM_CALL_RECV)
        model_check_receive_allowed(model);
}

void model_call(struct socket_model *model, const struct sim_trace_entry *entry)
{
    const struct world_io *io = &model->world->io;
    int64_t result = entry->result;
    struct model_frame *frame;

    if (model->depth == 0)
        return;
    frame = model_top(model);
    if (entry->faulted) /* it says why nothing came of a turn */
        model->progressed = true;
    switch (entry->call) {
    case SIM_CALL_ALLOC:
        if (result < 0)
            note_allocation(model, frame);
        return;
    case SIM_CALL_NOW:
        on_clock(model, (uint64_t)result);
        return;
    case SIM_CALL_CLOSE:
        model_on_close(model, entry->fd);
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
        model_on_socket(model, result);
        break;
    case SIM_CALL_CONNECT:
        model_on_connect(model, result);
        break;
    case SIM_CALL_RECV:
        model_on_receive(model, result);
        break;
    case SIM_CALL_SEND:
        model_on_send(model, result);
        break;
    case SIM_CALL_PEER_CRED:
        if (result < 0)
            model->cred_error = (int)-result;
        else
            model->cred = *(const struct sp_os_cred *)io->ret;
        break;
    case SIM_CALL_PEER_GROUPS:
        model->groups_error = result < 0 ? (int)-result : 0;
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
