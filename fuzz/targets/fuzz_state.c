/* SPDX-License-Identifier: MIT */
/*
 * One socket, as a client, in every state, under everything that the kernel can answer.
 *
 * Under test:   core/src/socket*.c, state.c, events.c, dispatch.c, error_map.c, name.c, peer.c and
 *               what they stand on
 * Not covered:  servers (fuzz_server), two ends at once (fuzz_pair), the queues' own corners
 *               (fuzz_buffer), names against a file system (fuzz_path)
 * Input:        a program of fuzz/program/operations.h; every {c} is c0, so that few bytes bring
 *               it far
 * Oracle:       fuzz/spec/socket_model.h after every operation, also those of handlers; the checks
 *               of fuzz/world; and in the end, when there are no faults and no peers any more: that
 *               the socket comes to its own end, if only its loop goes on and what it has is read
 */
#include "fuzz/engine/digest.h"
#include "fuzz/engine/target.h"
#include "fuzz/spec/socket_model.h"

#define SLOT 0
/* Rounds of the loop in which a socket whose peers are gone must have ended. Bytes come in pieces,
 * and attempts at a full backlog lie apart. */
#define ROUNDS_MAX 256

static struct socket_model model;

static void before(struct world *world, const struct operation *operation)
{
    (void)world;
    model_before(&model, operation);
}

static void after(struct world *world, const struct world_outcome *outcome)
{
    (void)world;
    fuzz_note((uint64_t)outcome->result);
    model_after(&model, outcome);
}

static void on_event(struct world *world, unsigned slot, const struct sp_event *event)
{
    (void)world;
    (void)slot;
    model_event(&model, event);
}

static void on_call(struct world *world, const struct sim_trace_entry *entry)
{
    (void)world;
    model_call(&model, entry);
}

/* ---- an application that goes on ---- */

static const struct sp_socket *socket_of(const struct world *world)
{
    return world->sockets[SLOT].socket;
}

static bool is_alive(const struct world *world)
{
    return socket_of(world) != NULL && sp_socket_state(socket_of(world)) != SP_STATE_UNCONNECTED;
}

/* One round of an application that reads whatever comes. Returns false if nothing can happen any
 * more. */
static bool go_on(struct world *world)
{
    uint64_t deadline;

    world_act(world, OPERATION_TURN, SLOT, 0);
    world_act(world, OPERATION_EVENTS, SLOT, 0);
    if (model.in_transaction)
        world_act(world, OPERATION_COMMIT, SLOT, 0);
    if (model_available(&model) > 0)
        world_act(world, OPERATION_SKIP, SLOT, UINT32_MAX);
    if (!is_alive(world))
        return false;
    deadline = sp_socket_deadline(socket_of(world));
    if (deadline == SP_NEVER)
        return sp_socket_interest(socket_of(world)) != 0;
    if (deadline > sim_now(world->sim))
        sim_advance(world->sim, deadline - sim_now(world->sim));
    return true;
}

/* Whether the kernel says that nobody is there. A peer's end that lies in somebody's queue, being
 * passed on, is still there; and so is a listener, whose backlog then stays full. */
static bool is_left(const struct world *world)
{
    struct sim_actor *actor = world->sides[world->sockets[SLOT].side].actor;

    return sp_socket_is_valid(socket_of(world)) &&
           (sim_poll(actor, sp_socket_fd(socket_of(world)), 0) & SP_OS_POLLHUP) != 0;
}

/* ---- questions ---- */

/* What a refusal leaves as the last failure; the detail where it is not promised is taken. */
static void note_refusal(int result, enum sp_operation operation)
{
    if (result >= 0)
        return;
    if (result == SP_ERROR_OPERATION)
        (void)model_refused(&model, SP_ERROR_OPERATION, operation, SP_CAUSE_STATE);
    else
        model.fault = (struct model_fault){.error = (enum sp_error)result, .any_detail = true};
}

/* What no operation asks: who is at the other end. Once, at the end; nothing fails any more. */
static void ask(struct world *world)
{
    struct sp_socket *socket = world->sockets[SLOT].socket;
    struct sim_actor *actor = world->sides[world->sockets[SLOT].side].actor;
    bool is_open = model_is_open(&model);
    struct sp_address address;
    struct sp_peer peer;
    int r;

    if (!model.readable)
        WORLD_CHECK(world, sp_socket_at_end(socket) == (model_available(&model) == 0), "at-end",
                    "with %zu bytes available", model_available(&model));
    r = sp_socket_peer(socket, &peer);
    WORLD_CHECK(world, is_open ? r == SP_OK : r == SP_ERROR_OPERATION, "peer", "the result is %d",
                r);
    note_refusal(r, SP_OPERATION_CREDENTIALS);
    r = sp_socket_peer_address(socket, &address);
    WORLD_CHECK(world, is_open || r == SP_ERROR_OPERATION, "peer-address", "the result is %d", r);
    note_refusal(r, SP_OPERATION_NAME);
    r = sp_socket_peer_pidfd(socket);
    WORLD_CHECK(world, is_open || r == SP_ERROR_OPERATION, "peer-pidfd", "the result is %d", r);
    note_refusal(r, SP_OPERATION_CREDENTIALS);
    if (r >= 0)
        (void)sim_close(actor, r);
}

/* ---- the end ---- */

static void settle(struct world *world)
{
    unsigned rounds = 0;

    if (socket_of(world) != NULL)
        ask(world);
    world_leave_alone(world);
    world_act(world, OPERATION_READ_LIMIT, SLOT, 0);
    while (is_alive(world) && rounds < ROUNDS_MAX && go_on(world))
        rounds++;
    if (is_alive(world)) {
        WORLD_CHECK(world, !is_left(world), "progress",
                    "everybody has gone, and after %u rounds it is still %s", rounds,
                    sp_state_name(sp_socket_state(socket_of(world))));
        world_act(world, OPERATION_ABORT, SLOT, 0);
    }
    if (socket_of(world) != NULL)
        world_act(world, OPERATION_EVENTS, SLOT, 0);
}

static const struct world_watch watch = {
    .before = before,
    .after = after,
    .socket_event = on_event,
    .call = on_call,
    .settle = settle,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world *world = world_get();

    world->sockets_used = 1;
    world->claims = fuzz_claims;
    model_begin(&model, world, SLOT);
    world_play(world, &operation_state, &watch, data, size);
    fuzz_note(sim_digest(world->sim));
    return 0;
}
