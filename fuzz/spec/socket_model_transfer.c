/* SPDX-License-Identifier: MIT */
/*
 * What each reading and writing call must return, given what happened while it was under way. See
 * socket_model.h.
 */
#include "fuzz/spec/socket_model.h"

typedef const struct model_frame frame_t;

/* ---- reading ---- */

static void check_bytes(struct socket_model *model, const struct world_outcome *outcome)
{
    const uint8_t *expected = model->input + model->begin;
    unsigned difference = 0;

    for (int64_t i = 0; i < outcome->result; i++)
        difference |= outcome->bytes[i] ^ expected[i];
    MODEL_CHECK(model, difference == 0, "bytes-read", "other bytes than were received");
}

static void take(struct socket_model *model, size_t length)
{
    model->begin += length;
    if (!model->in_transaction)
        model->mark = model->begin;
}

/* Where the next newline ends; 0 if there is none. */
static size_t line_end(const struct socket_model *model)
{
    for (size_t i = model->begin; i < model->end; i++)
        if (model->input[i] == '\n')
            return i + 1 - model->begin;
    return 0;
}

bool model_has_line(const struct socket_model *model)
{
    return line_end(model) > 0;
}

/* How much of a line a read of @capacity gives. */
size_t model_line_length(const struct socket_model *model, size_t capacity)
{
    size_t end = line_end(model);
    size_t available = model_available(model);

    if (end > 0)
        return end < capacity ? end : capacity;
    if (available >= capacity)
        return capacity;
    return model_wants_input(model) ? 0 : available;
}

/* Nothing to give: not now, or never again. */
static int64_t nothing(struct socket_model *model, frame_t *frame)
{
    if (!frame->had_ended)
        return 0;
    return model_refused(model, SP_ERROR_PEER_CLOSED, SP_OPERATION_READ, SP_CAUSE_NONE);
}

static int64_t unreadable(struct socket_model *model, frame_t *frame)
{
    return model_refused(model, SP_ERROR_OPERATION, SP_OPERATION_READ, frame->unreadable);
}

int64_t model_of_reading(struct socket_model *model, frame_t *frame,
                         const struct world_outcome *outcome)
{
    size_t available = model_available(model);
    size_t length = (size_t)frame->operation->arg[1];
    bool is_empty = length == 0;

    if (frame->unreadable != SP_CAUSE_NONE)
        return unreadable(model, frame);
    if (frame->kind == OPERATION_READ_LINE) {
        length = model_line_length(model, length);
        if (length == 0 && available > 0)
            return 0;
    }
    if (length > available)
        length = available;
    if (length == 0)
        return is_empty ? 0 : nothing(model, frame);
    if (outcome->result == (int64_t)length && outcome->bytes != NULL)
        check_bytes(model, outcome);
    if (frame->kind != OPERATION_PEEK)
        take(model, length);
    return (int64_t)length;
}

int64_t model_of_get_char(struct socket_model *model, frame_t *frame)
{
    if (frame->unreadable != SP_CAUSE_NONE)
        return unreadable(model, frame);
    if (model_available(model) > 0) {
        take(model, 1);
        return model->input[model->begin - 1];
    }
    if (frame->had_ended)
        return nothing(model, frame);
    return model_refused(model, SP_ERROR_LIMIT, SP_OPERATION_READ, SP_CAUSE_NONE);
}

int64_t model_of_unget_char(struct socket_model *model, frame_t *frame)
{
    if (frame->unreadable != SP_CAUSE_NONE)
        return unreadable(model, frame);
    if (model->in_transaction)
        return model_refused(model, SP_ERROR_OPERATION, SP_OPERATION_READ, SP_CAUSE_STATE);
    if (frame->alloc_failed)
        return model_no_memory(model);
    MODEL_CHECK(model, model->begin > 0, "memory", "too many bytes were put back");
    model->input[--model->begin] = (uint8_t)frame->operation->arg[1];
    model->mark = model->begin;
    return SP_OK;
}

int64_t model_of_begin(struct socket_model *model, frame_t *frame)
{
    if (frame->unreadable != SP_CAUSE_NONE)
        return unreadable(model, frame);
    if (model->in_transaction)
        return model_refused(model, SP_ERROR_OPERATION, SP_OPERATION_READ, SP_CAUSE_STATE);
    model->in_transaction = true;
    model->mark = model->begin;
    return SP_OK;
}

int64_t model_of_end_of_transaction(struct socket_model *model, bool is_taken)
{
    if (!model->in_transaction)
        return model_refused(model, SP_ERROR_OPERATION, SP_OPERATION_READ, SP_CAUSE_STATE);
    model->in_transaction = false;
    if (is_taken)
        model->mark = model->begin;
    else
        model->begin = model->mark;
    return SP_OK;
}

/* ---- writing ---- */

/* What was accepted decides: the limit may be met with bytes that are gone by now. */
int64_t model_of_write(struct socket_model *model, frame_t *frame, size_t length, int64_t result)
{
    uint64_t queued = model_queued(model);
    uint64_t limit = model->write_limit;
    uint64_t direct;

    if (frame->state != SP_STATE_CONNECTED)
        return model_refused(model, SP_ERROR_OPERATION, SP_OPERATION_WRITE, SP_CAUSE_STATE);
    if ((model->mode & SP_WRITE_ONLY) == 0)
        return model_refused(model, SP_ERROR_OPERATION, SP_OPERATION_WRITE, SP_CAUSE_MODE);
    if (model->output_dead)
        return model_refused(model, SP_ERROR_PEER_CLOSED, SP_OPERATION_WRITE, SP_CAUSE_NONE);
    if (length == 0)
        return 0;
    if (limit != 0 && frame->queued >= limit)
        return model_refused(model, SP_ERROR_LIMIT, SP_OPERATION_WRITE, SP_CAUSE_NO_ROOM);
    /* Of this write's own bytes, those that went past the queue. */
    direct = frame->sent > frame->queued ? frame->sent - frame->queued : 0;
    if (direct > 0)
        queued = 0;
    if (frame->alloc_failed && direct == 0)
        return model_no_memory(model);
    if (!frame->alloc_failed) {
        uint64_t room = limit == 0 ? UINT64_MAX : limit > queued ? limit - queued : 0;
        uint64_t rest = length - direct;

        if (rest > room)
            rest = room;
        direct += rest;
    }
    MODEL_CHECK(model, result == (int64_t)direct, "result", "the result is %lld, must be %llu",
                (long long)result, (unsigned long long)direct);
    model->accepted += direct;
    if (frame->sends > 0)
        model->blocked = frame->send_was_short && model_queued(model) > 0;
    return (int64_t)direct;
}

int64_t model_of_flush(struct socket_model *model, frame_t *frame)
{
    if (frame->state != SP_STATE_CONNECTED && frame->state != SP_STATE_CLOSING)
        return model_refused(model, SP_ERROR_OPERATION, SP_OPERATION_WRITE, SP_CAUSE_STATE);
    if (model->output_dead && frame->sends == 0)
        return model_refused(model, SP_ERROR_PEER_CLOSED, SP_OPERATION_WRITE, SP_CAUSE_NONE);
    MODEL_CHECK(model, frame->queued == 0 || frame->sends > 0 || model->stalled, "flush-sends",
                "nothing was handed to the kernel");
    if (frame->sent > 0)
        return (int64_t)frame->sent;
    return model->output_dead || !model_is_open(model) ? SP_ERROR_PEER_CLOSED : 0;
}
