/* SPDX-License-Identifier: MIT */
/* Operations, and the comparison with the server: see server_model.h. */
#include "fuzz/spec/server_model.h"

#include "fuzz/spec/address_spec.h"

#include <string.h>

/* Of those that wait the oldest are looked at, at the bound: SP_MAX_PENDING may be larger. */
#define LOOKED_AT_MAX 64

static bool is_about_a_server(const struct operation *operation)
{
    return operation->kind >= OPERATION_LISTEN && operation->kind <= OPERATION_SERVER_DISPATCH &&
           operation->kind != OPERATION_REMOVE;
}

static const struct sp_server *object(const struct server_model *model,
                                      const struct server_one *one)
{
    return model->world->servers[one - model->servers].server;
}

static struct sim_actor *actor_of(const struct server_model *model, const struct server_one *one)
{
    return model->world->sides[one->side].actor;
}

static void make(struct server_one *one, uint8_t side)
{
    one->listens = false;
    one->side = side;
    one->access = SP_ACCESS_USER;
    one->backlog = SP_BACKLOG_DEFAULT;
    one->max_pending = SP_MAX_PENDING_DEFAULT;
    one->policy = 8; /* default */
    one->fd = -1;
    one->is_abstract = false;
    one->has_file = false;
    one->refused = 0;
    one->count = 0;
    one->trouble = TROUBLE_NONE;
    one->paused = false;
    one->pause_begins = false;
    one->pause = 0;
    one->lost = 0;
    one->event_count = 0;
    one->events_lost = 0;
    one->error = SP_OK;
}

/* ---- before ---- */

static bool is_taken(const struct server_model *model, const struct operation *operation)
{
    char name[1 + SP_ABSTRACT_MAX] = {0};
    size_t length = operation->name.length;
    struct sim_actor *root = model->world->users[0];
    bool taken = false;
    int fd;

    /* Found out by taking it for a moment. */
    if (length == 0 || length > SP_ABSTRACT_MAX)
        return false;
    memcpy(name + 1, operation->name.bytes, length);
    fd = sim_socket(root, SIM_STREAM);
    if (fd >= 0)
        taken = sim_bind(root, fd, name, 1 + length) == -EADDRINUSE;
    (void)sim_close(root, fd);
    return taken;
}

void server_model_before(struct server_model *model, const struct operation *operation)
{
    struct server_one *one;

    if (!is_about_a_server(operation)) {
        model->disturbed = true;
        return;
    }
    one = &model->servers[operation->arg[0]];
    if (object(model, one) == NULL && one->exists)
        one->exists = false;
    if (!one->exists)
        make(one, WORLD_SERVER);
    model->now = one;
    model->kind = operation->kind;
    model->argument = operation->arg[1];
    model->disturbed = false;
    model->was_listening = one->listens;
    model->was_paused = one->paused;
    model->was_pending = one->count;
    model->name_was_taken =
        operation->kind == OPERATION_LISTEN_ABSTRACT && is_taken(model, operation);
    model->began = sim_now(model->world->sim);
    model->accept_calls = 0;
    model->accepts = 0;
    model->accepted = 0;
    model->processes = operation->kind == OPERATION_SERVER_PROCESS && one->paused;
    model->reserve_failed = false;
    model->wants_groups = false;
    model->examined = -1;
    model->info = (struct sp_os_sockinfo){0};
    model->peer = (struct server_peer){.fd = -1};
    model->was_vain = false;
    model->interruptions = 0;
    model->sweeps = false;
    model->deserted = 0;
}

/* ---- events ---- */

void server_model_event(struct server_model *model, unsigned slot, const struct sp_event *event)
{
    struct server_one *one = &model->servers[slot];
    struct server_event expected = one->events[0];

    if (one->events_lost > 0) {
        SERVER_CHECK(model, event->kind == SP_EVENT_LOST && event->bytes == one->events_lost,
                     "event", "s%u: %s, must be that %llu were lost", slot,
                     sp_event_name(event->kind), (unsigned long long)one->events_lost);
        one->events_lost = 0;
        return;
    }
    SERVER_CHECK(model, one->event_count > 0, "event", "s%u: %s, and there must be none", slot,
                 sp_event_name(event->kind));
    SERVER_CHECK(model, event->kind == expected.kind, "event", "s%u: %s, must be %s", slot,
                 sp_event_name(event->kind), sp_event_name(expected.kind));
    SERVER_CHECK(model, event->kind != SP_EVENT_ERROR || event->error == expected.error, "event",
                 "s%u: error %s, must be %s", slot, sp_error_name(event->error),
                 sp_error_name(expected.error));
    one->event_count--;
    for (unsigned i = 0; i < one->event_count; i++)
        one->events[i] = one->events[i + 1];
}

/* ---- after: what an operation changes ---- */

static void start(struct server_one *one, bool is_abstract, bool has_file)
{
    one->listens = true;
    one->is_abstract = is_abstract;
    one->has_file = has_file;
    one->refused = 0;
    one->trouble = TROUBLE_NONE;
    one->paused = false;
    one->pause_begins = false;
    one->pause = 0;
    one->lost = 0;
    one->error = SP_OK;
}

static void stop(struct server_model *model, struct server_one *one)
{
    SERVER_CHECK(model, one->count == 0, "connection-lost",
                 "a server was closed, and %u connections of it are open", one->count);
    one->listens = false;
    one->is_abstract = false;
    one->has_file = false;
    one->paused = false;
    server_drop_new_connection(one);
}

static void adopted(struct server_model *model, struct server_one *one)
{
    int wanted = SIM_CLOEXEC | SIM_NONBLOCK;

    one->fd = model->examined;
    SERVER_CHECK(model, sim_descriptor_flags(actor_of(model, one), one->fd) == wanted,
                 "descriptor-flags", "an adopted descriptor blocks, or is inherited");
    start(one, one->is_abstract, false);
}

static void taken(struct server_model *model, struct server_one *one,
                  const struct world_outcome *outcome)
{
    if (model->kind == OPERATION_TAKE) {
        unsigned slot = (unsigned)outcome->operation->arg[1] % model->world->sockets_used;
        const struct sp_socket *socket = model->world->sockets[slot].socket;

        SERVER_CHECK(model, sp_socket_descriptor(socket) == one->queue[0], "order",
                     "descriptor %d was handed out, %d is the oldest", sp_socket_descriptor(socket),
                     one->queue[0]);
        SERVER_CHECK(model,
                     sp_socket_state(socket) == SP_STATE_CONNECTED &&
                         sp_socket_mode(socket) == SP_READ_WRITE && !sp_socket_has_events(socket),
                     "handed-out", "a connection is not as it must be when it is handed out");
    }
    one->count--;
    for (unsigned i = 0; i < one->count; i++)
        one->queue[i] = one->queue[i + 1];
    if (one->count == 0)
        server_drop_new_connection(one);
}

static void configured(struct server_one *one, enum operation_kind kind, int64_t value)
{
    switch (kind) {
    case OPERATION_ACCESS:
        one->access = (unsigned)value;
        break;
    case OPERATION_BACKLOG:
        one->backlog = (int)value;
        break;
    case OPERATION_MAX_PENDING:
        one->max_pending = (int)value;
        break;
    case OPERATION_SERVER_POLICY:
        one->policy = (unsigned)value;
        break;
    default:
        break;
    }
}

static void succeeded(struct server_model *model, struct server_one *one,
                      const struct world_outcome *outcome)
{
    switch (model->kind) {
    case OPERATION_LISTEN:
        start(one, false, true);
        break;
    case OPERATION_LISTEN_ABSTRACT:
        start(one, true, false);
        break;
    case OPERATION_SERVER_ADOPT:
        adopted(model, one);
        break;
    case OPERATION_SERVER_CLOSE:
    case OPERATION_SERVER_FREE:
        stop(model, one);
        break;
    case OPERATION_TAKE:
    case OPERATION_TAKE_DESCRIPTOR:
        taken(model, one, outcome);
        break;
    case OPERATION_SERVER_EVENTS:
        SERVER_CHECK(model, one->event_count == 0 && one->events_lost == 0, "event",
                     "an event must still be there: %s", sp_event_name(one->events[0].kind));
        break;
    default:
        configured(one, model->kind, outcome->operation->arg[1]);
        break;
    }
}

/* Refused calls are remembered; a name that is no address never came to the server. */
static void failed(struct server_model *model, struct server_one *one,
                   const struct world_outcome *outcome)
{
    if (model->kind == OPERATION_LISTEN_ABSTRACT &&
        (outcome->operation->name.length == 0 || outcome->operation->name.length > SP_ABSTRACT_MAX))
        return;
    one->error = (enum sp_error)outcome->result;
}

/* ---- after: the comparison ---- */

/* Clients that have gone and said nothing do not keep others out. */
static void check_no_deserted(struct server_model *model, const struct server_one *one)
{
    struct sim_actor *actor = actor_of(model, one);
    unsigned count = one->count < LOOKED_AT_MAX ? one->count : LOOKED_AT_MAX;

    if (model->disturbed || model->accepted == 0 || one->count < (unsigned)one->max_pending)
        return;
    for (unsigned i = 0; i < count; i++)
        SERVER_CHECK(model,
                     (sim_poll(actor, one->queue[i], 0) & SP_OS_POLLHUP) == 0 ||
                         sim_unread(actor, one->queue[i]) > 0,
                     "deserted-kept", "the queue is full, and client %u of it has gone", i);
}

/* Nobody is there, and it will be ready for ever: a loop that watches it would spin. */
static void check_rests(struct server_model *model, const struct server_one *one)
{
    uint32_t got;

    if (model->disturbed || model->accepts == 0 || model->accepted > 0 || one->paused)
        return;
    got = sim_poll(actor_of(model, one), one->fd, SP_OS_POLLIN | SP_OS_POLLRDHUP);
    SERVER_CHECK(model, (got & SP_OS_POLLRDHUP) == 0, "spins",
                 "the socket was shut down, and is still watched");
}

static void compare(struct server_model *model, struct server_one *one)
{
    const struct sp_server *server = object(model, one);
    bool full = one->count >= (unsigned)one->max_pending;
    unsigned interest = one->listens && !one->paused && !full ? SP_IO_READ : 0;
    uint64_t deadline = one->listens && one->paused ? one->until : SP_NEVER;
    unsigned open = one->count + one->listens + one->has_file;

#define SAME(what, is, must_be)                                              \
    SERVER_CHECK(model, (is) == (must_be), what, "it is %llu, must be %llu", \
                 (unsigned long long)(is), (unsigned long long)(must_be))
    SAME("is-listening", sp_server_is_listening(server), one->listens);
    SAME("has-pending", sp_server_has_pending(server), one->count > 0);
    SAME("descriptor", sp_server_descriptor(server), one->listens ? one->fd : -1);
    SAME("descriptors", world_server_descriptors(&model->world->servers[one - model->servers]),
         open);
    SAME("refused", sp_server_refused(server), one->refused);
    SAME("max-pending", sp_server_max_pending(server), one->max_pending);
    SAME("backlog", sp_server_backlog(server), one->backlog);
    SAME("access", sp_server_access(server), one->access);
    SAME("interest", sp_server_interest(server), interest);
    SAME("deadline", sp_server_deadline(server), deadline);
    SAME("has-events", sp_server_has_events(server), one->event_count > 0 || one->events_lost > 0);
#undef SAME
    SERVER_CHECK(model, sp_server_error(server) == one->error, "error", "it is %s, must be %s",
                 sp_error_name(sp_server_error(server)), sp_error_name(one->error));
}

/* ---- after ---- */

static void after(struct server_model *model, struct server_one *one,
                  const struct world_outcome *outcome)
{
    bool is_new = model->kind == OPERATION_SERVER_NEW;

    one->exists = object(model, one) != NULL;
    if (is_new) {
        stop(model, one);
        make(one, (uint8_t)model->argument);
        return;
    }
    if (!one->exists && outcome->result < 0) /* it could not even be made */
        return;
    server_settle_peer(model);
    server_check_result(model, outcome);
    if (outcome->result >= 0)
        succeeded(model, one, outcome);
    else
        failed(model, one, outcome);
    if (!one->listens)
        one->is_abstract = false;
}

void server_model_after(struct server_model *model, const struct world_outcome *outcome)
{
    const struct operation *operation = outcome->operation;
    struct server_one *one;

    if (!is_about_a_server(operation))
        return;
    one = &model->servers[operation->arg[0]];
    /* Of those that have others inside, the others have said all. */
    if (outcome->called && operation->kind != OPERATION_SERVER_TURN &&
        operation->kind != OPERATION_SERVER_DISPATCH)
        after(model, one, outcome);
    if (object(model, one) != NULL) {
        if (operation->kind == OPERATION_SERVER_PROCESS ||
            operation->kind == OPERATION_SERVER_WAIT || operation->kind == OPERATION_ADD)
            check_no_deserted(model, one);
        if (operation->kind == OPERATION_SERVER_PROCESS && one->listens)
            check_rests(model, one);
        compare(model, one);
    }
    model->now = NULL;
}

void server_model_begin(struct server_model *model, struct world *world)
{
    model->world = world;
    model->now = NULL;
    for (unsigned i = 0; i < OPERATION_SERVERS; i++)
        model->servers[i].exists = false;
}
