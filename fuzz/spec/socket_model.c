/* SPDX-License-Identifier: MIT */
/*
 * The model of a socket: operations, and the comparison with the socket after each. See
 * socket_model.h.
 */
#include "fuzz/spec/socket_model.h"

#include <stdlib.h>

/* The longest pause after a resource was missing that anybody would wait for. The contract names
 * none, so what the library chooses is taken if it is not longer. */
#define STALL_MAX_NS (1000 * NS_PER_MS)
/* Turns of a loop, each told of something, that may pass in one instant without anything coming of
 * them. An out-of-band byte makes one or two. */
#define IDLE_TURNS_MAX 8

/* ---- what follows from the rest ---- */

uint64_t model_closing_deadline(const struct socket_model *model)
{
    if (model->close_timeout < 0)
        return SP_NEVER;
    return model->closing_since + (uint64_t)model->close_timeout * NS_PER_MS;
}

uint64_t model_deadline(const struct socket_model *model)
{
    uint64_t deadline = SP_NEVER;

    if (model->state == SP_STATE_CONNECTING)
        return model->retry < model->connect_deadline ? model->retry : model->connect_deadline;
    if (model->state == SP_STATE_CLOSING)
        deadline = model_closing_deadline(model);
    if (model->stalled && model->stalled_until != 0 && model->stalled_until < deadline)
        deadline = model->stalled_until;
    return deadline;
}

unsigned model_interest(const struct socket_model *model)
{
    unsigned interest = 0;

    if (!model_is_open(model) || model->stalled)
        return 0;
    if (model_wants_input(model))
        interest |= SP_IO_READ;
    if (model_queued(model) > 0)
        interest |= SP_IO_WRITE;
    /* Only where nothing else is waited for, and where a hang-up is not hidden by bytes unread. */
    if (interest == 0 && ((model->mode & SP_READ_ONLY) == 0 || model->input_ended))
        interest = SP_IO_HANGUP;
    return interest;
}

/* ---- life ---- */

static void make_fresh(struct socket_model *model)
{
    static const struct model_fault none;

    model->state = SP_STATE_UNCONNECTED;
    model->mode = (enum sp_mode)0;
    model->fd = -1;
    model->has_name = false;
    model->name_length = 0;
    model->connect_timeout = SP_CONNECT_TIMEOUT_MS_DEFAULT;
    model->close_timeout = SP_CLOSE_TIMEOUT_MS_DEFAULT;
    model->half_open = false;
    model->read_limit = SP_READ_LIMIT_DEFAULT;
    model->write_limit = SP_WRITE_LIMIT_DEFAULT;
    model->policy = 8; /* default */
    model->mark = model->begin = model->end = MODEL_UNGET_MAX;
    model->in_transaction = model->readable = model->input_ended = false;
    model->was_connected = model->discards = false;
    model->accepted = model->sent = model->lost = 0;
    model->output_dead = model->blocked = false;
    model->stalled = model->stall_begins = false;
    model->admitting = model->close_due = model->ending = model->ended_by_peer = false;
    model->closing_begins = model->backlog_was_full = model->expired = model->probing = false;
    model->fault = none;
    model->ended_by = SP_OK;
    model->any_ended_by = false;
    model->finish_told = false;
    model->written = 0;
    model->event_count = 0;
    model->events_lost = 0;
    model->idle_turns = 0;
    model->idle_since = 0;
}

void model_begin(struct socket_model *model, struct world *world, unsigned slot)
{
    if (model->input == NULL)
        model->input = malloc(MODEL_INPUT_MAX);
    WORLD_CHECK(world, model->input != NULL, "memory", "no memory for a model");
    model->world = world;
    model->slot = slot;
    model->exists = false;
    model->depth = 0;
    make_fresh(model);
}

void model_drop_input(struct socket_model *model)
{
    model->mark = model->begin = model->end = MODEL_UNGET_MAX;
    model->in_transaction = false;
    model->readable = false;
    model_drop_events(model, SP_EVENT_READY_READ);
}

void model_forget_connection(struct socket_model *model)
{
    static const struct model_fault none;

    model_drop_input(model);
    model_drop_events(model, SP_EVENT_BYTES_WRITTEN);
    model->input_ended = model->discards = model->was_connected = model->finish_told = false;
    model->accepted = model->sent = model->lost = 0;
    model->written = 0;
    model->fault = none;
    model->ended_by = SP_OK;
    model->any_ended_by = false;
    model->connect_deadline = 0;
    model->retry = SP_NEVER;
    model->pause = SP_CONNECT_RETRY_MIN_NS;
}

static bool is_opening(enum operation_kind kind)
{
    return kind == OPERATION_CONNECT || kind == OPERATION_CONNECT_ABSTRACT ||
           kind == OPERATION_OPEN;
}

void model_start(struct socket_model *model)
{
    static const enum sp_mode modes[] = {SP_READ_WRITE, SP_READ_ONLY, SP_WRITE_ONLY};
    struct model_frame *frame = model_top(model);
    struct model_fault why;
    int r;

    if (!is_opening(frame->kind) || frame->opened)
        return;
    r = model_refusal(model, frame, &why, &model->address);
    MODEL_CHECK(model, r == SP_OK && !frame->alloc_failed, "refused-call-moves-nothing",
                "it begins to connect, and must be refused with %s", sp_error_name(r));
    frame->opened = true;
    if (frame->kind != OPERATION_OPEN) {
        model->has_name = true;
        model->name_length = frame->operation->name.length;
        for (size_t i = 0; i < model->name_length; i++)
            model->name[i] = frame->operation->name.bytes[i];
    }
    model_forget_connection(model);
    model->mode = modes[frame->operation->arg[1]];
    model_push_state(model, SP_STATE_CONNECTING);
}

/* ---- before ---- */

static void abort_now(struct socket_model *model)
{
    bool was_open = model_is_open(model);

    model->close_due = model->fd >= 0;
    if (was_open) {
        model->lost += model_queued(model);
        model->accepted = model->sent;
    }
    model->output_dead = model->blocked = model->stalled = model->ended_by_peer = false;
    model->backlog_was_full = model->admitting = false;
    if (model->state != SP_STATE_UNCONNECTED)
        model_push_state(model, SP_STATE_UNCONNECTED);
    if (was_open) {
        if (!model->finish_told)
            model_push(model, SP_EVENT_READ_FINISHED);
        model->finish_told = true;
        model_push(model, SP_EVENT_DISCONNECTED);
    }
    model_drop_input(model);
    model_drop_events(model, SP_EVENT_BYTES_WRITTEN);
    model->written = 0;
    model->discards = model->was_connected = model->input_ended = false;
    model->ended_by = SP_OK;
    model->any_ended_by = false;
}

static void disconnect(struct socket_model *model)
{
    if (model->state == SP_STATE_CONNECTING)
        abort_now(model);
    if (model->state != SP_STATE_CONNECTED)
        return;
    if (model->output_dead)
        model_peer_is_gone(model);
    else if (model_queued(model) == 0)
        model_begin_end(model, NULL);
    else
        model_begin_closing(model);
}

static void close_now(struct socket_model *model)
{
    model_drop_input(model);
    if (!model_is_open(model)) {
        abort_now(model);
        return;
    }
    model->discards = true;
    if (model->state == SP_STATE_CONNECTED) {
        model_push(model, SP_EVENT_ABOUT_TO_CLOSE);
        disconnect(model);
    }
}

static void process(struct socket_model *model, struct model_frame *frame, unsigned ready)
{
    if (!model_is_open(model))
        return;
    if (model->output_dead)
        ready |= SP_IO_HANGUP;
    if (model_wants_input(model)) {
        bool asks = (ready & (SP_IO_READ | SP_IO_HANGUP)) != 0;
        bool is_known = asks || model->readable || model->discards;

        frame->must_receive = asks || (is_known && (ready & SP_IO_DATA) != 0);
        frame->had_data_only = !is_known && (ready & SP_IO_DATA) != 0;
    }
    frame->must_send = model_queued(model) > 0 && (ready & (SP_IO_WRITE | SP_IO_HANGUP)) != 0;
    if (frame->had_data_only && !model->stalled && model_deadline(model) == SP_NEVER)
        model_told_of_data(model);
}

/* Whether what a loop told of has to be fetched for this call. */
static bool must_fetch(const struct socket_model *model, const struct operation *operation)
{
    size_t available = model_available(model);
    uint64_t wanted = (uint64_t)operation->arg[1];

    if (!model->readable || !model_wants_input(model))
        return false;
    switch (operation->kind) {
    case OPERATION_READ:
        return available == 0 && wanted > 0;
    case OPERATION_GET_CHAR:
        return available == 0;
    case OPERATION_PEEK:
    case OPERATION_SKIP:
        return available < wanted;
    case OPERATION_READ_LINE:
    case OPERATION_CAN_READ_LINE:
        return !model_has_line(model);
    case OPERATION_BYTES_AVAILABLE:
        return true;
    case OPERATION_WAIT_READY_READ:
        return operation->arg[1] >= -1;
    default:
        return false;
    }
}

static enum sp_cause why_unreadable(const struct socket_model *model)
{
    if (!model->was_connected || model->discards)
        return SP_CAUSE_STATE;
    return (model->mode & SP_READ_ONLY) == 0 ? SP_CAUSE_MODE : SP_CAUSE_NONE;
}

static void begin_frame(struct socket_model *model, const struct operation *operation)
{
    struct model_frame *frame;

    MODEL_CHECK(model, model->depth < MODEL_FRAMES_MAX, "nesting",
                "too many operations inside each other");
    frame = &model->frames[model->depth++];
    frame->operation = operation;
    frame->kind = operation->kind;
    frame->state = model->state;
    frame->available = model_available(model);
    frame->written = model->written;
    frame->queued = model_queued(model);
    frame->sent_before = model->sent;
    frame->had_ended = !model_is_open(model) || model->input_ended;
    frame->unreadable = why_unreadable(model);
    frame->must_receive = frame->unreadable == SP_CAUSE_NONE && must_fetch(model, operation);
    frame->must_send = frame->had_data_only = false;
    frame->receives = frame->sends = frame->connects = frame->readings = 0;
    frame->interruptions = 0;
    frame->sent = frame->received = 0;
    frame->alloc_failed = frame->look_failed = frame->opened = frame->send_was_short = false;
    frame->poll_error = frame->info_error = frame->prepare_error = 0;
    frame->fd = -1;
    if (operation->kind == OPERATION_ADOPT) {
        frame->own = (struct sp_address){.space = SP_NAMESPACE_UNNAMED};
        frame->peer = (struct sp_address){.space = SP_NAMESPACE_UNNAMED};
    }
}

static bool is_ours(const struct socket_model *model, const struct operation *operation)
{
    return (operation->kind <= OPERATION_DISPATCH || operation->kind == OPERATION_SEND_BUFFER) &&
           (unsigned)operation->arg[0] % model->world->sockets_used == model->slot;
}

void model_before(struct socket_model *model, const struct operation *operation)
{
    struct model_frame *frame;

    if (!is_ours(model, operation))
        return;
    begin_frame(model, operation);
    frame = model_top(model);
    if (!model->exists)
        return;
    switch (operation->kind) {
    case OPERATION_SOCKET_NEW: /* in the place of the one that is there */
    case OPERATION_FREE:
        model->close_due = model->fd >= 0;
        break;
    case OPERATION_DISCONNECT:
        disconnect(model);
        break;
    case OPERATION_CLOSE:
        close_now(model);
        break;
    case OPERATION_ABORT:
        abort_now(model);
        break;
    case OPERATION_PROCESS:
        process(model, frame, (unsigned)operation->arg[1]);
        break;
    case OPERATION_TURN:
        model->progressed = false;
        break;
    default:
        break;
    }
}

/* ---- after ---- */

static void check_fault(struct socket_model *model, const struct sp_socket *socket)
{
    const struct model_fault *expected = &model->fault;
    struct sp_error_detail actual;

    sp_socket_error_detail(socket, &actual);
    MODEL_CHECK(model, expected->any_error ? actual.error < 0 : actual.error == expected->error,
                "error", "the error is %s, must be %s", sp_error_name(actual.error),
                expected->any_error ? "any" : sp_error_name(expected->error));
    if (expected->any_detail) {
        model->fault = (struct model_fault){
            actual.error, actual.operation, actual.cause, actual.os_errno, false, false};
        if (model->any_ended_by)
            model->ended_by = actual.error;
        model->any_ended_by = false;
        return;
    }
    MODEL_CHECK(model, actual.operation == expected->operation && actual.cause == expected->cause,
                "error-detail", "%s: \"%s\", \"%s\", must be \"%s\", \"%s\"",
                sp_error_name(actual.error), sp_operation_string(actual.operation),
                sp_cause_string(actual.cause), sp_operation_string(expected->operation),
                sp_cause_string(expected->cause));
    MODEL_CHECK(model, actual.os_errno == expected->os_errno, "error-detail",
                "errno %d, must be %d", actual.os_errno, expected->os_errno);
}

/* The pause after a resource was missing is the library's choice. So is when it looks whether the
 * pause is over, in a wait, which reads the clock for itself as well. */
static void take_stall(struct socket_model *model, unsigned interest, uint64_t deadline)
{
    uint64_t closing = model->state == SP_STATE_CLOSING ? model_closing_deadline(model) : SP_NEVER;
    enum operation_kind kind = model_top(model)->kind;
    bool waits = kind >= OPERATION_WAIT_CONNECTED && kind <= OPERATION_WAIT_DISCONNECTED;

    if (waits && model->now > model->stalled_since && model->now >= model->stalled_until) {
        model->stalled = false;
        if (interest != 0 || (deadline == closing && model_interest(model) == 0))
            return;
        model->stalled = true;
    }
    if (model->stalled_until != 0 || deadline == closing)
        return;
    MODEL_CHECK(model,
                deadline > model->stalled_since && deadline - model->stalled_since <= STALL_MAX_NS,
                "deadline", "a resource was missing at %llu, and it waits until %llu",
                (unsigned long long)model->stalled_since, (unsigned long long)deadline);
    model->stalled_until = deadline;
}

static void check_loop(struct socket_model *model, const struct sp_socket *socket)
{
    unsigned interest = sp_socket_interest(socket);
    uint64_t deadline = sp_socket_deadline(socket);

    if (model->stalled)
        take_stall(model, interest, deadline);
    MODEL_CHECK(model, interest == model_interest(model), "interest", "interest is %u, must be %u",
                interest, model_interest(model));
    MODEL_CHECK(model, deadline == model_deadline(model), "deadline",
                "the deadline is %llu, must be %llu", (unsigned long long)deadline,
                (unsigned long long)model_deadline(model));
    MODEL_CHECK(model,
                sp_socket_fd(socket) == (model->state == SP_STATE_UNCONNECTED ? -1 : model->fd),
                "descriptor", "the descriptor to watch is %d", sp_socket_fd(socket));
}

static void check_name(struct socket_model *model, const struct sp_socket *socket)
{
    size_t length;
    const char *name = sp_socket_name(socket, &length);
    size_t expected = model->has_name ? model->name_length : 0;
    struct sp_address address;
    unsigned difference = length != expected;

    for (size_t i = 0; difference == 0 && i < length; i++)
        difference |= (uint8_t)name[i] ^ model->name[i];
    MODEL_CHECK(model, difference == 0 && name[length] == '\0', "name",
                "the name has %zu bytes, must have %zu, or others", length, expected);
    sp_socket_address(socket, &address);
    MODEL_CHECK(model,
                model->has_name ? sp_address_equal(&address, &model->address)
                                : address.space == SP_NAMESPACE_UNNAMED,
                "name", "the address is not that of the name");
}

static void compare(struct socket_model *model, const struct sp_socket *socket)
{
    enum sp_state state = sp_socket_state(socket);

    MODEL_CHECK(model, state == model->state, "state", "it is %s, must be %s", sp_state_name(state),
                sp_state_name(model->state));
    MODEL_CHECK(model, !model->close_due, "descriptor-closed", "descriptor %d was not closed",
                model->fd);
    MODEL_CHECK(model, sp_socket_descriptor(socket) == model->fd, "descriptor",
                "the descriptor is %d, must be %d", sp_socket_descriptor(socket), model->fd);
    MODEL_CHECK(model,
                sp_socket_mode(socket) == (state == SP_STATE_UNCONNECTED ? 0 : (int)model->mode),
                "mode", "the mode is %d", sp_socket_mode(socket));
    MODEL_CHECK(model, sp_socket_is_valid(socket) == model_is_open(model), "valid", "valid is %d",
                sp_socket_is_valid(socket));
    check_fault(model, socket);
    MODEL_CHECK(model, sp_socket_bytes_to_write(socket) == model_queued(model), "bytes-to-write",
                "%zu bytes to write, must be %llu", sp_socket_bytes_to_write(socket),
                (unsigned long long)model_queued(model));
    MODEL_CHECK(model, sp_socket_bytes_lost(socket) == model->lost, "bytes-lost",
                "%llu bytes lost, must be %llu", (unsigned long long)sp_socket_bytes_lost(socket),
                (unsigned long long)model->lost);
    MODEL_CHECK(model, sp_socket_in_transaction(socket) == model->in_transaction, "transaction",
                "in a transaction: %d", sp_socket_in_transaction(socket));
    MODEL_CHECK(model,
                sp_socket_has_events(socket) == (model->event_count > 0 || model->events_lost > 0),
                "event-missing", "events wait: %d, must be %u", sp_socket_has_events(socket),
                model->event_count);
    check_loop(model, socket);
}

/* What the kernel had to be asked for. */
static void check_duties(struct socket_model *model, const struct model_frame *frame)
{
    MODEL_CHECK(model,
                !model->ending && !model->closing_begins && !model->probing && !model->expired,
                "end-is-finished", "the connection neither goes on nor has it ended");
    MODEL_CHECK(model, !frame->must_receive || frame->receives > 0 || frame->alloc_failed,
                "readiness-ignored", "there are bytes that it wants, and it did not ask for them");
    MODEL_CHECK(model,
                !frame->must_send || frame->sends > 0 || !model_is_open(model) ||
                    model_queued(model) == 0 || model->stalled,
                "readiness-ignored", "the kernel takes bytes again, and it did not send");
    if (frame->kind == OPERATION_PROCESS && frame->state == SP_STATE_CONNECTING)
        MODEL_CHECK(model,
                    frame->connects > 0 || model->state != SP_STATE_CONNECTING ||
                        model->now < model_deadline(model),
                    "deadline-ignored", "the time for another attempt has come");
}

/* A loop that is told something again and again, and nothing comes of it, spins. */
static void check_turn(struct socket_model *model, const struct world_outcome *outcome)
{
    uint64_t now = sim_now(model->world->sim);

    if (!outcome->called || model->progressed || now != model->idle_since) {
        model->idle_turns = 0;
        model->idle_since = now;
        return;
    }
    model->idle_turns++;
    MODEL_CHECK(model, model->idle_turns <= IDLE_TURNS_MAX, "spin",
                "%u turns of the loop were told of readiness %lld, and nothing came of it",
                model->idle_turns, (long long)outcome->result);
}

static bool may_change_name(enum operation_kind kind)
{
    return is_opening(kind) || kind == OPERATION_SET_NAME || kind == OPERATION_ADOPT ||
           kind == OPERATION_SOCKET_NEW;
}

void model_after(struct socket_model *model, const struct world_outcome *outcome)
{
    const struct operation *operation = outcome->operation;
    const struct sp_socket *socket = model->world->sockets[model->slot].socket;
    struct model_frame *frame;

    if (!is_ours(model, operation))
        return;
    frame = model_top(model);
    if (operation->kind == OPERATION_FREE || operation->kind == OPERATION_SOCKET_NEW) {
        if (model->exists)
            MODEL_CHECK(model, !model->close_due, "descriptor-closed",
                        "freed, and descriptor %d was not closed", model->fd);
        make_fresh(model);
        model->exists = false;
    }
    if (socket == NULL) {
        model->exists = false;
        model->depth--;
        return;
    }
    model->exists = true;
    if (model->admitting)
        model_admit(model);
    if (outcome->called)
        model_check_result(model, outcome);
    check_duties(model, frame);
    if (operation->kind == OPERATION_TURN)
        check_turn(model, outcome);
    compare(model, socket);
    if (may_change_name(operation->kind))
        check_name(model, socket);
    model->depth--;
}
