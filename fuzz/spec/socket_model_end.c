/* SPDX-License-Identifier: MIT */
/*
 * The end of a connection, in two parts: model_begin_end() when it is certain, and the rest when
 * the descriptor is closed, since what a loop was told of is fetched in between. See
 * socket_model.h.
 */
#include "fuzz/spec/socket_model.h"

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

void model_lose_output(struct socket_model *model)
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
    model_lose_output(model);
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

    model_lose_output(model);
    if (model->lost > 0)
        fault.cause = SP_CAUSE_BYTES_LOST;
    model_begin_end(model, &fault);
}

bool model_may_expire(const struct socket_model *model)
{
    return model->state == SP_STATE_CLOSING &&
           (model->close_timeout == 0 || model->now >= model_closing_deadline(model));
}

void model_on_close(struct socket_model *model, int fd)
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
        model_turned_away(model);
        return;
    }
    if (!model->ending && model_may_expire(model)) {
        unsigned receives = model_top(model)->receives;

        model_begin_end(model, &too_late);
        model_top(model)->receives = receives;
    }
    MODEL_CHECK(model, model->ending, "close-allowed", "the descriptor was closed in state %s",
                sp_state_name(model->state));
    finish_end(model);
}
