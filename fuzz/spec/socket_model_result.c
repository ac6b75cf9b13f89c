/* SPDX-License-Identifier: MIT */
/*
 * What each call must return, given what happened while it was under way: see socket_model.h.
 *
 * A call that is refused is remembered as the last failure and has moved nothing; that nothing
 * moved is seen by the comparison that follows, because nothing is changed here either.
 */
#include "fuzz/spec/socket_model.h"

#include "fuzz/spec/address_spec.h"

#include <errno.h>

typedef const struct model_frame frame_t;

int64_t model_refused(struct socket_model *model, enum sp_error error, enum sp_operation operation,
                      enum sp_cause cause)
{
    model->fault = (struct model_fault){.error = error, .operation = operation, .cause = cause};
    return error;
}

int64_t model_no_memory(struct socket_model *model)
{
    return model_refused(model, SP_ERROR_RESOURCE, SP_OPERATION_ALLOCATE, SP_CAUSE_NO_MEMORY);
}

/* ---- connecting ---- */

static int because(struct model_fault *ret, enum sp_error error, enum sp_operation operation,
                   enum sp_cause cause)
{
    *ret = (struct model_fault){.error = error, .operation = operation, .cause = cause};
    return error;
}

static bool is_mode(int64_t word)
{
    return word < 3; /* rw, r, w; then none, all */
}

static struct spec_verdict judge_name(const struct operation *operation)
{
    static const char base[] = WORLD_BASE;
    struct spec_bytes name = {operation->name.bytes, operation->name.length};

    if (operation->kind == OPERATION_CONNECT_ABSTRACT)
        return spec_abstract(name);
    return spec_name(name, (struct spec_bytes){(const uint8_t *)base, sizeof(base) - 1});
}

int model_refusal(const struct socket_model *model, const struct model_frame *frame,
                  struct model_fault *ret, struct sp_address *ret_name)
{
    const struct operation *operation = frame->operation;
    bool brings_name = operation->kind != OPERATION_OPEN;
    enum sp_operation what =
        operation->kind == OPERATION_SET_NAME ? SP_OPERATION_NAME : SP_OPERATION_CONNECT;
    struct spec_verdict verdict = {.error = SP_OK};

    if (brings_name)
        verdict = judge_name(operation);
    if (frame->state != SP_STATE_UNCONNECTED)
        return because(ret, SP_ERROR_OPERATION, what, SP_CAUSE_STATE);
    if (operation->kind != OPERATION_SET_NAME && !is_mode(operation->arg[1]))
        return because(ret, SP_ERROR_ARGUMENT, what, SP_CAUSE_MODE);
    if (verdict.error != SP_OK)
        return because(ret, (enum sp_error)verdict.error, SP_OPERATION_NAME, verdict.cause);
    if (!brings_name && !model->has_name)
        return because(ret, SP_ERROR_SERVER_NOT_FOUND, what, SP_CAUSE_NAME_EMPTY);
    if (brings_name)
        *ret_name = verdict.address;
    return SP_OK;
}

static void take_name(struct socket_model *model, const struct operation *operation)
{
    model->has_name = true;
    model->name_length = operation->name.length;
    for (size_t i = 0; i < model->name_length; i++)
        model->name[i] = operation->name.bytes[i];
}

static int64_t of_opening(struct socket_model *model, frame_t *frame)
{
    struct sp_address address;
    struct model_fault why;
    int r;

    if (frame->opened)
        return SP_OK;
    /* No abstract address could be made: the library was not even called. */
    if (frame->kind == OPERATION_CONNECT_ABSTRACT && judge_name(frame->operation).error != SP_OK)
        return judge_name(frame->operation).error;
    r = model_refusal(model, frame, &why, &address);
    if (r != SP_OK) {
        model->fault = why;
        return r;
    }
    if (frame->alloc_failed)
        return model_no_memory(model);
    MODEL_CHECK(model, frame->kind == OPERATION_SET_NAME, "connect-attempted",
                "nothing was asked of the kernel");
    model->address = address;
    take_name(model, frame->operation);
    return SP_OK;
}

static enum sp_cause why_unfit(const struct sp_os_sockinfo *info, enum sp_state state)
{
    if (!info->is_unix)
        return SP_CAUSE_WRONG_FAMILY;
    if (!info->is_stream)
        return SP_CAUSE_WRONG_TYPE;
    if (info->is_listening)
        return SP_CAUSE_LISTENING;
    if (info->is_connected == (state == SP_STATE_CONNECTED))
        return SP_CAUSE_NONE;
    return info->is_connected ? SP_CAUSE_ALREADY_CONNECTED : SP_CAUSE_NOT_CONNECTED;
}

/* A connection that somebody else made has the server's name: that of the end that has one. Where
 * both have one nobody knows whose it is; a relative path was relative to somebody else. */
static const struct sp_address *adopted_name(frame_t *frame)
{
    const struct sp_address *name = frame->own.length > 0 ? &frame->own : &frame->peer;

    if ((frame->own.length > 0) == (frame->peer.length > 0))
        return NULL;
    return name->space == SP_NAMESPACE_PATH && name->bytes[0] != '/' ? NULL : name;
}

static void adopt_connection(struct socket_model *model, frame_t *frame)
{
    static const enum sp_mode modes[] = {SP_READ_WRITE, SP_READ_ONLY, SP_WRITE_ONLY};
    const struct sp_address *name = adopted_name(frame);

    model_forget_connection(model);
    model->has_name = name != NULL;
    if (name != NULL) {
        model->address = *name;
        model->name_length = name->length;
        for (size_t i = 0; i < name->length; i++)
            model->name[i] = name->bytes[i];
    }
    model->mode = modes[frame->operation->arg[3]];
    model->was_connected = true;
    model_push_state(model, SP_STATE_CONNECTED);
    model_push(model, SP_EVENT_CONNECTED);
}

static int64_t refused_by_system(struct socket_model *model, int os_errno)
{
    model->fault = model_os_fault(SP_OPERATION_ADOPT, os_errno);
    return model->fault.error;
}

static int64_t of_adopt(struct socket_model *model, frame_t *frame)
{
    enum sp_state state = (enum sp_state)frame->operation->arg[2];
    enum sp_cause cause;

    if (frame->state != SP_STATE_UNCONNECTED || model->fd >= 0)
        return model_refused(model, SP_ERROR_OPERATION, SP_OPERATION_ADOPT, SP_CAUSE_STATE);
    if (!is_mode(frame->operation->arg[3]))
        return model_refused(model, SP_ERROR_ARGUMENT, SP_OPERATION_ADOPT, SP_CAUSE_MODE);
    if (state != SP_STATE_CONNECTED && state != SP_STATE_UNCONNECTED)
        return model_refused(model, SP_ERROR_ARGUMENT, SP_OPERATION_ADOPT, SP_CAUSE_STATE);
    if (frame->fd < 0 || frame->info_error == EBADF)
        return model_refused(model, SP_ERROR_UNSUPPORTED, SP_OPERATION_ADOPT,
                             SP_CAUSE_BAD_DESCRIPTOR);
    if (frame->info_error == ENOTSOCK)
        return model_refused(model, SP_ERROR_UNSUPPORTED, SP_OPERATION_ADOPT,
                             SP_CAUSE_WRONG_FAMILY);
    if (frame->info_error != 0)
        return refused_by_system(model, frame->info_error);
    cause = why_unfit(&frame->info, state);
    if (cause != SP_CAUSE_NONE)
        return model_refused(model, SP_ERROR_UNSUPPORTED, SP_OPERATION_ADOPT, cause);
    if (frame->alloc_failed)
        return model_no_memory(model);
    if (frame->prepare_error != 0)
        return refused_by_system(model, frame->prepare_error);
    model->fd = frame->fd;
    if (state == SP_STATE_CONNECTED)
        adopt_connection(model, frame);
    return SP_OK;
}

/* ---- configuration ---- */

static int64_t of_connect_timeout(struct socket_model *model, frame_t *frame)
{
    if (frame->operation->arg[1] < -1)
        return model_refused(model, SP_ERROR_ARGUMENT, SP_OPERATION_CONFIGURE, SP_CAUSE_NONE);
    if (frame->state != SP_STATE_UNCONNECTED)
        return model_refused(model, SP_ERROR_OPERATION, SP_OPERATION_CONFIGURE, SP_CAUSE_STATE);
    if (frame->alloc_failed)
        return model_no_memory(model);
    model->connect_timeout = (int)frame->operation->arg[1];
    return SP_OK;
}

static int64_t of_close_timeout(struct socket_model *model, frame_t *frame)
{
    if (frame->operation->arg[1] < -1)
        return model_refused(model, SP_ERROR_ARGUMENT, SP_OPERATION_CONFIGURE, SP_CAUSE_NONE);
    if (frame->alloc_failed)
        return model_no_memory(model);
    model->close_timeout = (int)frame->operation->arg[1];
    return SP_OK;
}

static int64_t of_policy(struct socket_model *model, frame_t *frame)
{
    if (frame->state != SP_STATE_UNCONNECTED)
        return model_refused(model, SP_ERROR_OPERATION, SP_OPERATION_CONFIGURE, SP_CAUSE_STATE);
    if (frame->operation->arg[1] == 9) /* none */
        return model_refused(model, SP_ERROR_ARGUMENT, SP_OPERATION_CONFIGURE, SP_CAUSE_NONE);
    if (frame->alloc_failed)
        return model_no_memory(model);
    model->policy = (unsigned)frame->operation->arg[1];
    return SP_OK;
}

/* ---- waiting ---- */

/* What the wait is for; what makes it hopeless. */
static bool has_come(const struct socket_model *model, frame_t *frame)
{
    switch (frame->kind) {
    case OPERATION_WAIT_CONNECTED:
        return model->state == SP_STATE_CONNECTED;
    case OPERATION_WAIT_READY_READ:
        return model_available(model) > frame->available;
    case OPERATION_WAIT_WRITTEN:
        return model->written > frame->written;
    default:
        return model->state == SP_STATE_UNCONNECTED;
    }
}

static bool is_hopeless(const struct socket_model *model, frame_t *frame)
{
    switch (frame->kind) {
    case OPERATION_WAIT_CONNECTED:
        return model->state != SP_STATE_CONNECTING;
    case OPERATION_WAIT_READY_READ:
        return model->state != SP_STATE_CONNECTING &&
               (!model_is_open(model) || (model->mode & SP_READ_ONLY) == 0 || model->input_ended ||
                model->discards);
    case OPERATION_WAIT_WRITTEN:
        return !model_is_open(model) || model_queued(model) == 0;
    default:
        return false;
    }
}

/* It can still come true, and the wait is over all the same. */
static int64_t of_given_up(struct socket_model *model, frame_t *frame, int64_t result)
{
    int64_t ms = frame->operation->arg[1];

    if (frame->poll_error != 0) {
        (void)model_refused(model, model_meaning(SP_OPERATION_POLL, frame->poll_error),
                            SP_OPERATION_POLL, SP_CAUSE_OS);
        model->fault.os_errno = frame->poll_error;
        return model->fault.error;
    }
    if (result == SP_ERROR_LIMIT) {
        model_notice_end_of_stall(model);
        MODEL_CHECK(model, model_interest(model) == 0 && model_deadline(model) == SP_NEVER,
                    "result", "the wait was refused, and something could still happen");
        return model_refused(model, SP_ERROR_LIMIT, SP_OPERATION_POLL, SP_CAUSE_NO_ROOM);
    }
    MODEL_CHECK(model, ms >= 0 && model->now >= frame->started + (uint64_t)ms * NS_PER_MS, "result",
                "the wait of %lld ms from %llu on is over at %llu", (long long)ms,
                (unsigned long long)frame->started, (unsigned long long)model->now);
    return model_refused(model, SP_ERROR_TIMEOUT, SP_OPERATION_POLL, SP_CAUSE_DEADLINE);
}

static int64_t of_wait(struct socket_model *model, frame_t *frame, int64_t result)
{
    if (frame->kind == OPERATION_WAIT_DISCONNECTED && frame->state == SP_STATE_UNCONNECTED)
        return model_refused(model, SP_ERROR_OPERATION, SP_OPERATION_POLL, SP_CAUSE_STATE);
    if (frame->operation->arg[1] < -1)
        return model_refused(model, SP_ERROR_ARGUMENT, SP_OPERATION_POLL, SP_CAUSE_NONE);
    if (has_come(model, frame))
        return SP_OK;
    if (frame->kind == OPERATION_WAIT_WRITTEN && model->output_dead)
        return model_refused(model, SP_ERROR_PEER_CLOSED, SP_OPERATION_WRITE, SP_CAUSE_NONE);
    if (!is_hopeless(model, frame))
        return of_given_up(model, frame, result);
    if (model->state != SP_STATE_UNCONNECTED || model->ended_by == SP_OK)
        return model_refused(model, SP_ERROR_OPERATION, SP_OPERATION_POLL, SP_CAUSE_STATE);
    /* What ended the connection, of which the failure may still be the last one or not. */
    model->fault.any_error = model->any_ended_by;
    if (model->fault.error != model->ended_by)
        model->fault = (struct model_fault){.error = model->ended_by, .any_detail = true};
    return model->any_ended_by ? result : (int64_t)model->ended_by;
}

/* ---- events ---- */

/* There is no event left to take: then nothing is gathered any more either. */
static int64_t of_events(struct socket_model *model, frame_t *frame, int64_t result)
{
    bool is_drained = frame->kind == OPERATION_NEXT_EVENT ? result == 0 : result < 64;

    if (!is_drained)
        return result;
    model_settle_events(model);
    MODEL_CHECK(model, model->event_count == 0 && model->events_lost == 0, "event-missing",
                "%s was not told", sp_event_name(model->events[0].kind));
    MODEL_CHECK(
        model, model_queued(model) == 0 || model->blocked || model->stalled || frame->sends > 0,
        "gathered-leaves", "%llu bytes stay behind", (unsigned long long)model_queued(model));
    return result;
}

/* ---- every call ---- */

static int64_t expected_of(struct socket_model *model, frame_t *frame,
                           const struct world_outcome *outcome)
{
    const struct operation *operation = frame->operation;
    int64_t result = outcome->result;

    switch (frame->kind) {
    case OPERATION_CONNECT:
    case OPERATION_CONNECT_ABSTRACT:
    case OPERATION_SET_NAME:
    case OPERATION_OPEN:
        return of_opening(model, frame);
    case OPERATION_ADOPT:
        return of_adopt(model, frame);
    case OPERATION_CONNECT_TIMEOUT:
        return of_connect_timeout(model, frame);
    case OPERATION_CLOSE_TIMEOUT:
        return of_close_timeout(model, frame);
    case OPERATION_SOCKET_POLICY:
        return of_policy(model, frame);
    case OPERATION_HALF_OPEN:
        model->half_open = operation->arg[1] != 0;
        return result;
    case OPERATION_READ:
    case OPERATION_PEEK:
    case OPERATION_SKIP:
    case OPERATION_READ_LINE:
        return model_of_reading(model, frame, outcome);
    case OPERATION_GET_CHAR:
        return model_of_get_char(model, frame);
    case OPERATION_UNGET_CHAR:
        return model_of_unget_char(model, frame);
    case OPERATION_BYTES_AVAILABLE:
        return (int64_t)model_available(model);
    case OPERATION_CAN_READ_LINE:
        return model_line_length(model, SIZE_MAX) > 0;
    case OPERATION_READ_LIMIT:
        model->read_limit = (size_t)operation->arg[1];
        return result;
    case OPERATION_BEGIN:
        return model_of_begin(model, frame);
    case OPERATION_COMMIT:
        return model_of_end_of_transaction(model, true);
    case OPERATION_ROLLBACK:
        return model_of_end_of_transaction(model, false);
    case OPERATION_WRITE:
    case OPERATION_WRITE_LARGE:
        return model_of_write(model, frame, (size_t)operation->arg[1] % (WORLD_BYTES_MAX + 1),
                              result);
    case OPERATION_PUT_CHAR:
        return model_of_write(model, frame, 1, result == SP_OK ? 1 : result) == 1
                   ? SP_OK
                   : model->fault.error;
    case OPERATION_FLUSH:
        return model_of_flush(model, frame);
    case OPERATION_WRITE_LIMIT:
        model->write_limit = (size_t)operation->arg[1];
        return result;
    case OPERATION_WAIT_CONNECTED:
    case OPERATION_WAIT_READY_READ:
    case OPERATION_WAIT_WRITTEN:
    case OPERATION_WAIT_DISCONNECTED:
        return of_wait(model, frame, result);
    case OPERATION_NEXT_EVENT:
    case OPERATION_EVENTS:
        return of_events(model, frame, result);
    case OPERATION_DISPATCH: /* what it found untrue it did not deliver */
        if (!sp_socket_has_events(model->world->sockets[model->slot].socket))
            model_settle_events(model);
        return result;
    default: /* nothing is returned */
        return result;
    }
}

void model_check_result(struct socket_model *model, const struct world_outcome *outcome)
{
    int64_t expected = expected_of(model, model_top(model), outcome);

    MODEL_CHECK(model, outcome->result == expected, "result",
                "the result is %lld (%s), must be %lld (%s)", (long long)outcome->result,
                outcome->result < 0 ? sp_error_name((int)outcome->result) : "", (long long)expected,
                expected < 0 ? sp_error_name((int)expected) : "");
}
