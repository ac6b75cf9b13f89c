/* SPDX-License-Identifier: MIT */
/* Both loops, run honestly until nothing happens any more: see pair_settle.h. */
#include "fuzz/targets/pair_settle.h"

/* What is waited for nothing before it is called rest: longer than any time limit of a program. */
#define PATIENCE_NS (UINT64_C(70) * 1000 * 1000 * 1000)
#define FIRST_PAUSE_NS UINT64_C(1000000)
/* Bytes under way that small buffers and limits may go on carrying one by one. */
#define TRICKLE_MAX 64
/* Rounds that need no bytes: attempts at a full backlog, pauses, the steps of a close. */
#define ROUNDS_MIN 1024
#define READ_SIZE UINT16_MAX
#define SEND_BUFFER 212992

struct settling {
    struct ledger *ledger;
    struct world *world;
    uint64_t rounds_left;
    /* In this round: */
    bool woken;    /* a loop, at all */
    bool happened; /* something that brings the end nearer */
};

/* ---- one socket ---- */

static struct sp_socket *socket_of(const struct settling *now, unsigned slot)
{
    return now->world->sockets[slot].socket;
}

/* What a loop can see of a socket, or would be woken for. */
struct look {
    enum sp_state state;
    unsigned interest;
    uint64_t deadline;
    uint64_t sent, received;
    bool has_events;
};

static struct look look_at(const struct settling *now, unsigned slot)
{
    const struct sp_socket *socket = socket_of(now, slot);
    const struct ledger_end *end = &now->ledger->ends[slot];

    return (struct look){
        .state = sp_socket_state(socket),
        .interest = sp_socket_interest(socket),
        .deadline = sp_socket_deadline(socket),
        .sent = end->sent,
        .received = end->received,
        .has_events = sp_socket_has_events(socket),
    };
}

static bool is_progress(const struct look *before, const struct look *after)
{
    return before->state != after->state || before->sent != after->sent ||
           before->received != after->received;
}

static void read_all(struct settling *now, unsigned slot)
{
    do {
        world_act(now->world, OPERATION_READ, slot, READ_SIZE);
    } while (now->world->last.result > 0);
}

/* What an application does with its events. */
static void attend(struct settling *now, unsigned slot)
{
    const struct ledger_end *end = &now->ledger->ends[slot];

    world_act(now->world, OPERATION_EVENTS, slot, 0);
    if (end->promised)
        read_all(now, slot);
}

static void turn_socket(struct settling *now, unsigned slot)
{
    struct world *world = now->world;
    const struct world_socket *here = &world->sockets[slot];
    struct look before = look_at(now, slot), after;
    unsigned ready = 0;

    if (before.interest != 0)
        ready = sp_io_from_poll(sim_poll(world->sides[here->side].actor, sp_socket_fd(here->socket),
                                         sp_io_to_poll(before.interest)));
    if (ready == 0 && before.deadline > sim_now(world->sim))
        return;
    now->woken = true;
    world_act(world, OPERATION_PROCESS, slot, ready);
    after = look_at(now, slot);
    WORLD_CHECK(world, after.deadline > sim_now(world->sim), "deadline-moves",
                "c%u: the deadline has passed and is still there", slot);
    WORLD_CHECK(world,
                is_progress(&before, &after) || before.interest != after.interest ||
                    before.deadline != after.deadline || before.has_events != after.has_events,
                "no-spin", "c%u was told of %u, and nothing has changed", slot, ready);
    attend(now, slot);
    after = look_at(now, slot);
    now->happened |= is_progress(&before, &after);
}

/* ---- one server ---- */

struct server_look {
    int waiting; /* in the kernel */
    uint64_t refused;
    unsigned interest;
    uint64_t deadline;
};

static struct server_look look_at_server(const struct settling *now,
                                         const struct world_server *here)
{
    return (struct server_look){
        .waiting = sim_pending(now->world->sides[here->side].actor, sp_server_fd(here->server)),
        .refused = sp_server_refused(here->server),
        .interest = sp_server_interest(here->server),
        .deadline = sp_server_deadline(here->server),
    };
}

/* Where a connection can be put: where there is none, and nothing left to read of the last one. */
static bool has_room(const struct settling *now, unsigned *ret_slot)
{
    for (unsigned i = 0; i < now->world->sockets_used; i++) {
        const struct sp_socket *socket = socket_of(now, i);

        if (socket == NULL || (sp_socket_state(socket) == SP_STATE_UNCONNECTED &&
                               ledger_available(&now->ledger->ends[i]) == 0)) {
            *ret_slot = i;
            return true;
        }
    }
    return false;
}

static void take_connections(struct settling *now, unsigned server)
{
    struct world *world = now->world;
    unsigned slot;

    while (sp_server_has_pending(world->servers[server].server) && has_room(now, &slot)) {
        world_act(world, OPERATION_TAKE, server, slot);
        WORLD_CHECK(world, world->last.result == SP_OK, "drains",
                    "s%u: a connection waits and cannot be taken", server);
        now->happened = true;
    }
}

static void turn_server(struct settling *now, unsigned server)
{
    struct world *world = now->world;
    const struct world_server *here = &world->servers[server];
    struct server_look before = look_at_server(now, here), after;
    unsigned ready = 0;

    if (before.interest != 0)
        ready = sp_io_from_poll(sim_poll(world->sides[here->side].actor, sp_server_fd(here->server),
                                         sp_io_to_poll(before.interest)));
    if (ready != 0 || before.deadline <= sim_now(world->sim)) {
        now->woken = true;
        world_act(world, OPERATION_SERVER_PROCESS, server, ready);
        after = look_at_server(now, here);
        WORLD_CHECK(world, after.deadline > sim_now(world->sim), "deadline-moves",
                    "s%u: the deadline has passed and is still there", server);
        WORLD_CHECK(world,
                    before.waiting != after.waiting || before.refused != after.refused ||
                        before.interest != after.interest || before.deadline != after.deadline,
                    "no-spin", "s%u was told of %u, and nothing has changed", server, ready);
        world_act(world, OPERATION_SERVER_EVENTS, server, 0);
        now->happened |= before.waiting != after.waiting;
    }
    take_connections(now, server);
}

/* ---- both loops ---- */

static void one_round(struct settling *now)
{
    const struct world *world = now->world;

    now->woken = now->happened = false;
    for (unsigned i = 0; i < OPERATION_SERVERS; i++)
        if (world->servers[i].server != NULL && sp_server_is_listening(world->servers[i].server))
            turn_server(now, i);
    for (unsigned i = 0; i < world->sockets_used; i++)
        if (world->sockets[i].socket != NULL &&
            sp_socket_state(world->sockets[i].socket) != SP_STATE_UNCONNECTED)
            turn_socket(now, i);
}

static uint64_t nearest_deadline(const struct world *world)
{
    uint64_t nearest = SP_NEVER;

    for (unsigned i = 0; i < OPERATION_SERVERS; i++)
        if (world->servers[i].server != NULL &&
            sp_server_deadline(world->servers[i].server) < nearest)
            nearest = sp_server_deadline(world->servers[i].server);
    for (unsigned i = 0; i < world->sockets_used; i++)
        if (world->sockets[i].socket != NULL &&
            sp_socket_deadline(world->sockets[i].socket) < nearest)
            nearest = sp_socket_deadline(world->sockets[i].socket);
    return nearest;
}

/* Until nothing happens. A loop may come late, and here it comes the later the longer nothing has
 * happened: somebody who may wait for ever would keep us for ever. */
static void run(struct settling *now)
{
    struct sim *sim = now->world->sim;
    uint64_t pause = FIRST_PAUSE_NS;
    uint64_t waited = 0;

    while (waited < PATIENCE_NS) {
        uint64_t until;

        WORLD_CHECK(now->world, now->rounds_left > 0, "drains",
                    "the loops still turn, and everything there was should have gone");
        now->rounds_left--;
        one_round(now);
        if (now->happened) {
            pause = FIRST_PAUSE_NS;
            waited = 0;
        }
        if (now->happened || now->woken)
            continue;
        until = nearest_deadline(now->world);
        if (until == SP_NEVER)
            return;
        if (until < sim_now(sim) + pause)
            until = sim_now(sim) + pause;
        waited += until - sim_now(sim);
        sim_advance(sim, until - sim_now(sim));
        pause *= 2;
    }
}

/* ---- what must be so at rest ---- */

/* Whether somebody takes what is sent to whom this label belongs. */
static bool reads(const struct settling *now, uint32_t label)
{
    const struct ledger_end *end = &now->ledger->ends[label - 1];

    return label != 0 && end->object != NULL && end->state != SP_STATE_UNCONNECTED &&
           end->readable && !end->refused_receiving;
}

static void check_open(const struct settling *now, unsigned slot)
{
    const struct ledger_end *end = &now->ledger->ends[slot];
    const struct sp_socket *socket = socket_of(now, slot);
    struct sim_connection wire;

    if (!ledger_wire(now->ledger, slot, &wire))
        return;
    WORLD_CHECK(now->world, wire.unread == 0 || !end->readable || end->refused_receiving,
                "nothing-unread", "c%u: %llu bytes wait in the kernel, and READY_READ was not told",
                slot, (unsigned long long)wire.unread);
    WORLD_CHECK(now->world, ledger_available(end) == 0, "nothing-unread",
                "c%u: %llu bytes wait, and READY_READ was not told", slot,
                (unsigned long long)ledger_available(end));
    WORLD_CHECK(now->world, !wire.peer_closed, "everybody-ends", "c%u is %s, and its peer has gone",
                slot, sp_state_name(end->state));
    WORLD_CHECK(now->world, sp_socket_bytes_to_write(socket) == 0 || !reads(now, wire.peer_label),
                "nothing-unsent", "c%u: %zu bytes are queued, and the peer reads", slot,
                sp_socket_bytes_to_write(socket));
    WORLD_CHECK(now->world,
                end->state != SP_STATE_CLOSING ||
                    (end->close_timeout < 0 && !reads(now, wire.peer_label)),
                "everybody-ends", "c%u is still closing", slot);
}

static void check_rest(const struct settling *now)
{
    for (unsigned i = 0; i < now->world->sockets_used; i++) {
        const struct sp_socket *socket = socket_of(now, i);

        if (socket == NULL)
            continue;
        if (sp_socket_state(socket) == SP_STATE_CONNECTING)
            WORLD_CHECK(now->world, now->ledger->ends[i].connect_timeout < 0, "everybody-ends",
                        "c%u is still connecting", i);
        else if (sp_socket_state(socket) != SP_STATE_UNCONNECTED)
            check_open(now, i);
    }
}

/* ---- the end ---- */

/* All that the loops find to be done, in bytes. */
static uint64_t under_way(const struct settling *now)
{
    uint64_t bytes = 0;

    for (unsigned i = 0; i < now->world->sockets_used; i++) {
        struct sim_connection wire;

        if (socket_of(now, i) == NULL)
            continue;
        bytes += sp_socket_bytes_to_write(socket_of(now, i));
        if (ledger_wire(now->ledger, i, &wire))
            bytes += wire.unread;
    }
    return bytes;
}

/* Limits go, unless little has to pass through them; what the application has put off is done. */
static void begin(struct settling *now)
{
    struct world *world = now->world;
    uint64_t bytes = under_way(now);

    now->rounds_left = ROUNDS_MIN + bytes;
    for (unsigned i = 0; i < world->sockets_used; i++) {
        const struct ledger_end *end = &now->ledger->ends[i];

        if (world->sockets[i].socket == NULL)
            continue;
        if (bytes > TRICKLE_MAX) {
            world_act(world, OPERATION_SEND_BUFFER, i, SEND_BUFFER);
            world_act(world, OPERATION_READ_LIMIT, i, SP_READ_LIMIT_DEFAULT);
        }
        if (sp_socket_in_transaction(world->sockets[i].socket))
            world_act(world, OPERATION_ROLLBACK, i, 0);
        if (sp_socket_has_events(world->sockets[i].socket) ||
            sp_socket_bytes_to_write(world->sockets[i].socket) > 0 || end->promised)
            attend(now, i);
        if (ledger_available(end) > 0)
            read_all(now, i);
    }
}

/* Who connected leaves first: so one end sees the other one go. Whether anybody was told to: who is
 * closing already was told before. */
static bool disconnect(struct settling *now, bool all)
{
    struct world *world = now->world;
    bool any = false;

    for (unsigned i = 0; i < world->sockets_used; i++) {
        const struct world_socket *here = &world->sockets[i];

        if (here->socket == NULL || (here->end != 0 && !all) ||
            sp_socket_state(here->socket) == SP_STATE_UNCONNECTED ||
            sp_socket_state(here->socket) == SP_STATE_CLOSING)
            continue;
        world_act(world, OPERATION_DISCONNECT, i, 0);
        attend(now, i);
        any = true;
    }
    return any;
}

static void check_all_left(const struct settling *now)
{
    for (unsigned i = 0; i < now->world->sockets_used; i++) {
        const struct sp_socket *socket = socket_of(now, i);

        /* Whom nobody reads, and who may wait for ever, may be closing for ever. */
        WORLD_CHECK(now->world,
                    socket == NULL || sp_socket_state(socket) == SP_STATE_UNCONNECTED ||
                        now->ledger->ends[i].close_timeout < 0,
                    "everybody-ends", "c%u is %s, after all were disconnected", i,
                    sp_state_name(sp_socket_state(socket)));
    }
}

static void settle(struct settling *now)
{
    run(now);
    check_rest(now);
}

void pair_settle(struct ledger *ledger)
{
    struct settling now = {.ledger = ledger, .world = ledger->world};

    begin(&now);
    settle(&now);
    if (disconnect(&now, false))
        settle(&now);
    /* Again and again: the places of those that left go to who waits at a server. */
    while (disconnect(&now, true)) {
        now.rounds_left = ROUNDS_MIN;
        settle(&now);
    }
    check_all_left(&now);
}
