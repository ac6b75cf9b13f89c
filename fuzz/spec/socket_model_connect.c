/* SPDX-License-Identifier: MIT */
/*
 * Connecting: what follows from the answers to socket() and connect(), and whether the peer was to
 * be let in. See socket_model.h.
 */
#include "fuzz/spec/socket_model.h"

#include "fuzz/spec/address_spec.h"

#include <errno.h>

void model_connect_failed(struct socket_model *model, const struct model_fault *fault)
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
void model_backlog_is_full(struct socket_model *model)
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
        model_connect_failed(model, &full);
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

void model_turned_away(struct socket_model *model)
{
    struct model_fault why = {.error = SP_ERROR_UNTRUSTED};
    bool unsure = false;
    bool allowed = model_judge_peer(model, &why, &unsure);

    MODEL_CHECK(model, !allowed || unsure, "peer-policy", "the peer of uid %u was turned away",
                model->cred.uid);
    if (allowed)
        why = (struct model_fault){
            .error = SP_ERROR_UNTRUSTED, .any_detail = true, .any_error = true};
    model_connect_failed(model, &why);
    model->close_due = false;
}

void model_on_socket(struct socket_model *model, int64_t result)
{
    model_start(model);
    MODEL_CHECK(model, model->state == SP_STATE_CONNECTING && model->fd < 0, "socket-allowed",
                "a descriptor was made in state %s", sp_state_name(model->state));
    if (result >= 0) {
        model->fd = (int)result;
    } else {
        struct model_fault fault = model_os_fault(SP_OPERATION_SOCKET, (int)-result);

        model_connect_failed(model, &fault);
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

void model_on_connect(struct socket_model *model, int64_t result)
{
    model_start(model);
    MODEL_CHECK(model, model->state == SP_STATE_CONNECTING, "connect-allowed",
                "connected in state %s", sp_state_name(model->state));
    check_address(model);
    model_top(model)->connects++;
    model->progressed = true;
    if (result == 0 || result == -EISCONN) {
        model->admitting = true;
        model->cred_error = model->groups_error = 0;
    } else if (result == -EAGAIN || result == -EINTR) {
        model->backlog_was_full = true;
    } else {
        struct model_fault fault = model_os_fault(SP_OPERATION_CONNECT, (int)-result);

        model_connect_failed(model, &fault);
    }
}
