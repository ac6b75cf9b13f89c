/* SPDX-License-Identifier: MIT */
/*
 * What follows from the answers to recv() and send(), and whether they were allowed: which bytes,
 * how many, and when. See socket_model.h.
 */
#include "fuzz/spec/socket_model.h"

#include <errno.h>

const struct model_fault model_plain_end = {.error = SP_ERROR_PEER_CLOSED,
                                            .operation = SP_OPERATION_RECEIVE};

/* ---- receiving ---- */

/* A wait that has gone on past the pause has seen that it is over. How long it is may not be known
 * yet, if it began in the same wait. */
void model_notice_end_of_stall(struct socket_model *model)
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
               (model->frames[model->depth - 1].readings == 0 || !model_may_expire(model));
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
    else
        model->doubtful = true;
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

void model_check_receive_allowed(struct socket_model *model)
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

void model_stall(struct socket_model *model)
{
    model->stalled = true;
    model->stall_begins = true;
}

void model_on_receive(struct socket_model *model, int64_t result)
{
    struct model_fault fault = model_plain_end;

    model_top(model)->receives++;
    if (model_top(model)->readings > 0)
        model_notice_end_of_stall(model);
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
        model_stall(model);
        return;
    case ECONNRESET:
        fault.cause = SP_CAUSE_RESET;
        fault.os_errno = ECONNRESET;
        break;
    default:
        fault = model_os_fault(SP_OPERATION_RECEIVE, (int)-result);
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
    struct model_fault fault = model_os_fault(SP_OPERATION_SEND, os_errno);

    model_lose_output(model);
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

void model_on_send(struct socket_model *model, int64_t result)
{
    struct model_frame *frame = model_top(model);
    uint64_t offered;

    MODEL_CHECK(model, model_is_open(model) && !model->output_dead && !model->ending,
                "send-allowed", "sent in state %s", sp_state_name(model->state));
    model_notice_end_of_stall(model);
    if (model_may_expire(model)) /* for the last time */
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
        model_stall(model);
        break;
    default:
        model->progressed = true;
        send_failed(model, (int)-result);
        return;
    }
    if (model->state == SP_STATE_CLOSING && model_queued(model) == 0)
        model_begin_end(model, model->ended_by_peer ? &model_plain_end : NULL);
}
