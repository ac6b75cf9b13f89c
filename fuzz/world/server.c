/* SPDX-License-Identifier: MIT */
/*
 * What a program does with servers of the library.
 *
 * A slot is filled by the first operation that configures it, listens or adopts; on the server's
 * side, unless "new" said otherwise. A descriptor that goes from a peer to a server arrives as
 * SCM_RIGHTS or fork() would bring it: adopted, the peer keeps his; added, he gives it away.
 *
 * "turn" is one round of an application's loop that never sleeps; "events" is its loop over events.
 */
#include "fuzz/world/internal.h"
#include "fuzz/world/names.h"
#include "fuzz/world/policy.h"

#include "server.h"

#include <string.h>

/* The library's own, seen by the programs' author as user u1. */
#define OURS 1

static unsigned slot_number(const struct world_server *slot)
{
    return (unsigned)(slot - slot->world->servers);
}

/* ---- slots ---- */

static int make(struct world_server *slot, unsigned side)
{
    const struct sp_context *context = world_context(slot->world, side);
    int r = SP_ERROR_RESOURCE;

    if (context != NULL)
        r = sp_server_new(&slot->server, context);
    if (r < 0)
        return r;
    slot->side = (uint8_t)side;
    slot->on = (struct world_handlers){.action = {0}};
    sp_server_set_user(slot->server, slot);
    return SP_OK;
}

/* What was configured is what is asked for later. */
static void check_kept(const struct world_server *slot, bool is_kept, const char *what)
{
    WORLD_CHECK(slot->world, is_kept, "configuration-kept", "s%u: the %s is not what was set",
                slot_number(slot), what);
}

static void drop(struct world_server *slot)
{
    struct sp_server *server = slot->server;

    check_kept(slot, server == NULL || sp_server_user(server) == slot, "user pointer");
    slot->server = NULL;
    sp_server_free(server);
}

void world_forget_servers(struct world *world, unsigned side)
{
    for (unsigned i = 0; i < OPERATION_SERVERS; i++)
        if (world->servers[i].side == side)
            world->servers[i].server = NULL;
}

void world_free_servers(struct world *world)
{
    for (unsigned i = 0; i < OPERATION_SERVERS; i++)
        drop(&world->servers[i]);
}

unsigned world_server_descriptors(const struct world_server *slot)
{
    const struct sp_server *server = slot->server;

    return (unsigned)(server->fd >= 0) + (server->file.dir >= 0 ? 1u : 0u) + server->pending.count;
}

/* ---- configuring and listening ---- */

static int set_policy(struct sp_server *server, unsigned word)
{
    return sp_server_set_peer_policy(server, world_policy(word));
}

static int listen_abstract(struct sp_server *server, struct operation_text name)
{
    struct sp_address address;
    int r = sp_address_abstract(&address, name.bytes, name.length, NULL);

    return r < 0 ? r : sp_server_listen_address(server, &address);
}

static int adopt(struct world_server *slot, const struct world_peer *peer)
{
    struct sim_actor *actor = slot->world->sides[slot->side].actor;
    int fd = -1;
    int r;

    if (peer->actor != NULL)
        fd = sim_give(peer->actor, peer->fd, actor);
    r = sp_server_adopt(slot->server, fd);
    if (r < 0 && fd >= 0)
        (void)sim_close(actor, fd);
    return r;
}

/* What fills an empty slot; false for an operation that needs a server. */
static bool configure(struct world_server *slot, const struct operation *operation, int *ret_result)
{
    struct world *world = slot->world;
    int64_t value = operation->arg[1];

    if (operation->kind < OPERATION_LISTEN || operation->kind > OPERATION_SERVER_POLICY ||
        operation->kind == OPERATION_SERVER_CLOSE || operation->kind == OPERATION_SERVER_FREE)
        return false;
    if (operation->kind == OPERATION_SERVER_NEW)
        drop(slot);
    if (slot->server == NULL) {
        bool new = operation->kind == OPERATION_SERVER_NEW;

        *ret_result = make(slot, new ? (unsigned)value : WORLD_SERVER);
        if (*ret_result < 0 || new)
            return true;
    }
    switch (operation->kind) {
    case OPERATION_LISTEN:
        *ret_result = sp_server_listen(slot->server, operation->name.bytes, operation->name.length);
        return true;
    case OPERATION_LISTEN_ABSTRACT:
        *ret_result = listen_abstract(slot->server, operation->name);
        return true;
    case OPERATION_SERVER_ADOPT:
        *ret_result = adopt(slot, &world->peers[value]);
        return true;
    case OPERATION_ACCESS:
        *ret_result = sp_server_set_access(slot->server, (unsigned)value);
        return true;
    case OPERATION_BACKLOG:
        *ret_result = sp_server_set_backlog(slot->server, (int)value);
        check_kept(slot, *ret_result < 0 || sp_server_backlog(slot->server) == (int)value,
                   "backlog");
        return true;
    case OPERATION_MAX_PENDING:
        *ret_result = sp_server_set_max_pending(slot->server, (int)value);
        check_kept(slot, *ret_result < 0 || sp_server_max_pending(slot->server) == (int)value,
                   "limit of pending connections");
        return true;
    case OPERATION_TRUST:
        *ret_result = sp_server_set_trust(slot->server, (enum sp_trust)value);
        return true;
    case OPERATION_TAKE_OVER:
        *ret_result = sp_server_set_take_over(slot->server, value != 0);
        return true;
    default:
        *ret_result = set_policy(slot->server, (unsigned)value);
        return true;
    }
}

static int64_t remove_name(struct world *world, const struct operation *operation,
                           struct world_outcome *ret)
{
    const struct sp_context *context = world_context(world, WORLD_SERVER);

    if (context == NULL)
        return SP_ERROR_RESOURCE;
    return sp_server_remove(context, operation->name.bytes, operation->name.length,
                            (enum sp_remove)operation->arg[0], &ret->detail);
}

/* ---- connections ---- */

/* Into a socket's slot, whose old one is freed. */
static int take(struct world_server *slot, struct world_socket *into)
{
    struct sp_socket *socket;
    int r = sp_server_take(slot->server, &socket);

    if (r < 0)
        return r;
    sp_socket_free(into->socket);
    *into = (struct world_socket){
        .world = slot->world,
        .socket = socket,
        .side = slot->side,
        .end = (uint8_t)(slot_number(slot) + 1),
    };
    sp_socket_set_user(socket, into);
    return SP_OK;
}

/* Out of the library's hands, into those of the user it runs as. */
static int take_descriptor(struct world_server *slot, struct world_peer *into)
{
    struct world *world = slot->world;
    struct sim_actor *from = world->sides[slot->side].actor;
    struct sim_actor *to = world->users[OURS];
    int fd = sp_server_take_descriptor(slot->server);
    int given;

    if (fd < 0)
        return fd;
    if (into->actor != NULL)
        (void)sim_close(into->actor, into->fd);
    *into = (struct world_peer){.fd = -1};
    given = sim_give(from, fd, to);
    (void)sim_close(from, fd);
    if (given >= 0)
        *into = (struct world_peer){.actor = to, .fd = given};
    return fd;
}

static int add(struct world_server *slot, struct world_peer *peer)
{
    struct sim_actor *actor = slot->world->sides[slot->side].actor;
    int fd = -1;
    int r;

    if (peer->actor != NULL)
        fd = sim_give(peer->actor, peer->fd, actor);
    r = sp_server_add(slot->server, fd);
    if (r < 0 && fd >= 0)
        (void)sim_close(actor, fd);
    if (r == SP_OK) {
        (void)sim_close(peer->actor, peer->fd);
        *peer = (struct world_peer){.fd = -1};
    }
    return r;
}

/* ---- the loop ---- */

/* One operation of our own making; without strings. */
static void act(struct world_server *slot, enum operation_kind kind, int64_t argument)
{
    struct operation operation;

    operation.kind = kind;
    operation.arg[0] = slot_number(slot);
    operation.arg[1] = argument;
    operation.path = (struct operation_text){NULL, 0};
    operation.name = (struct operation_text){NULL, 0};
    world_do(slot->world, &operation);
}

static void turn(struct world_server *slot)
{
    struct sim_actor *actor = slot->world->sides[slot->side].actor;
    unsigned interest = sp_server_interest(slot->server);
    unsigned ready = 0;

    if (interest != 0)
        ready =
            sp_io_from_poll(sim_poll(actor, sp_server_fd(slot->server), sp_io_to_poll(interest)));
    if (ready != 0 || sp_server_deadline(slot->server) <= sim_now(slot->world->sim))
        act(slot, OPERATION_SERVER_PROCESS, ready);
}

static int64_t take_events(struct world_server *slot)
{
    struct sp_event event;
    int64_t count = 0;

    while (sp_server_next_event(slot->server, &event)) {
        world_took_server_event(slot->world, slot_number(slot), &event);
        count++;
    }
    return count;
}

/* ---- handlers ---- */

/* Where what a handler takes goes: any slot that is free, or the first. */
static unsigned free_socket(const struct world *world)
{
    for (unsigned i = 0; i < world->sockets_used; i++)
        if (world->sockets[i].socket == NULL)
            return i;
    return 0;
}

static void listen_again(struct world_server *slot)
{
    struct operation operation;
    size_t length;
    const char *name = sp_server_name(slot->server, &length);

    operation.kind = OPERATION_LISTEN;
    operation.arg[0] = slot_number(slot);
    operation.path = (struct operation_text){NULL, 0};
    operation.name = (struct operation_text){operation.step.operand, length};
    memcpy(operation.step.operand, name, length);
    act(slot, OPERATION_SERVER_CLOSE, 0);
    world_do(slot->world, &operation);
}

/* Words of {action}. */
enum {
    ACT_NOTHING,
    ACT_READ,
    ACT_WRITE,
    ACT_FLUSH,
    ACT_DISCONNECT,
    ACT_CLOSE,
    ACT_ABORT,
    ACT_FREE,
    ACT_REOPEN,
    ACT_DISPATCH,
    ACT_TAKE,
};

/* What a socket alone can do is nothing for a server. */
static void handle(struct world_server *slot, const struct sp_event *event)
{
    world_took_server_event(slot->world, slot_number(slot), event);
    switch (slot->on.action[event->kind]) {
    case ACT_DISCONNECT:
    case ACT_CLOSE:
    case ACT_ABORT:
        act(slot, OPERATION_SERVER_CLOSE, 0);
        break;
    case ACT_FREE:
        act(slot, OPERATION_SERVER_FREE, 0);
        break;
    case ACT_REOPEN:
        listen_again(slot);
        break;
    case ACT_DISPATCH:
        act(slot, OPERATION_SERVER_DISPATCH, 0);
        break;
    case ACT_TAKE:
        act(slot, OPERATION_TAKE, free_socket(slot->world));
        break;
    default:
        break;
    }
}

static void on_new_connection(struct sp_server *server, void *user)
{
    (void)server;
    handle(user, &(struct sp_event){.kind = SP_EVENT_NEW_CONNECTION});
}

static void on_error(struct sp_server *server, void *user, enum sp_error error)
{
    (void)server;
    handle(user, &(struct sp_event){.kind = SP_EVENT_ERROR, .error = error});
}

static void on_lost(struct sp_server *server, void *user, uint64_t count)
{
    (void)server;
    handle(user, &(struct sp_event){.kind = SP_EVENT_LOST, .bytes = count});
}

static const struct sp_server_handlers handlers = {
    .new_connection = on_new_connection,
    .error_occurred = on_error,
    .events_lost = on_lost,
};

static int64_t dispatch(struct world_server *slot)
{
    const struct sp_server *server = slot->server;
    bool exists = sp_server_dispatch(slot->server, &handlers);

    WORLD_CHECK(slot->world, exists == (slot->server == server), "dispatch-knows-the-end",
                "s%u: sp_server_dispatch() gave %d, and the server %s", slot_number(slot), exists,
                slot->server == server ? "exists" : "does not");
    return exists;
}

/* ---- operations ---- */

static int wait_for_connection(struct world_server *slot, int ms)
{
    bool timed_out = false;
    int r = sp_server_wait_new_connection(slot->server, ms, &timed_out);

    WORLD_CHECK(slot->world, timed_out == (r == SP_ERROR_TIMEOUT), "wait-says-why-it-ended",
                "s%u: the wait gave %d, and timed out is %d", slot_number(slot), r, timed_out);
    return r;
}

/* With the server that there is. */
static int64_t use(struct world_server *slot, const struct operation *operation)
{
    struct world *world = slot->world;
    int64_t value = operation->arg[1];

    switch (operation->kind) {
    case OPERATION_SERVER_CLOSE:
        sp_server_close(slot->server);
        return SP_OK;
    case OPERATION_SERVER_FREE:
        drop(slot);
        return SP_OK;
    case OPERATION_TAKE:
        return take(slot, &world->sockets[value % world->sockets_used]);
    case OPERATION_TAKE_DESCRIPTOR:
        return take_descriptor(slot, &world->peers[value]);
    case OPERATION_ADD:
        return add(slot, &world->peers[value]);
    case OPERATION_SERVER_WAIT:
        return wait_for_connection(slot, (int)value);
    case OPERATION_SERVER_PROCESS:
        sp_server_process(slot->server, (unsigned)value);
        return SP_OK;
    case OPERATION_SERVER_TURN:
        turn(slot);
        return SP_OK;
    case OPERATION_SERVER_EVENTS:
        return take_events(slot);
    case OPERATION_SERVER_HANDLER:
        slot->on.action[value] = (uint8_t)operation->arg[2];
        return SP_OK;
    default:
        return dispatch(slot);
    }
}

bool world_do_server(struct world *world, const struct operation *operation,
                     struct world_outcome *ret)
{
    struct world_server *slot;
    int result;

    if (operation->kind < OPERATION_LISTEN || operation->kind > OPERATION_SERVER_DISPATCH)
        return false;
    if (operation->kind == OPERATION_REMOVE) {
        ret->called = true;
        ret->result = remove_name(world, operation, ret);
        return true;
    }
    slot = &world->servers[operation->arg[0]];
    if (configure(slot, operation, &result)) {
        ret->called = true;
        ret->result = result;
        return true;
    }
    if (slot->server == NULL)
        return true;
    ret->called = true;
    ret->result = use(slot, operation);
    return true;
}
