/* SPDX-License-Identifier: MIT */
/*
 * fuzz_server: servers, and everybody who can come to them or get into their way.
 *
 * Under test: core/src/server*.c, pending.c, sockfile*.c, peer.c, dispatch.c and what they stand
 * on. Not under test: what happens on a connection once it was taken (fuzz_state, fuzz_pair).
 *
 * An input is a program (fuzz/program/operations.h, the rows of OPERATION_IN_SERVER): servers
 * listen at paths and abstract names, adopt, accept, hand out, pause, close, also inside their own
 * handlers; users connect, leave, squat, and change files, also in the middle of our calls; any
 * call at the seam fails, and descriptors and memory run out.
 *
 * A run is wrong when fuzz/spec/server_model.h, fuzz/spec/path_spec.h or fuzz/world/check.c says
 * so; and when a server, with faults and shortages gone, does not hand out or refuse everybody who
 * waits for it.
 */
#include "fuzz/engine/digest.h"
#include "fuzz/engine/target.h"
#include "fuzz/spec/path_spec.h"
#include "fuzz/spec/server_model.h"

/* Turns in which a server must have come to the end of those who wait: each gets at least one in,
 * and a queue that is full is emptied in between. */
#define TURNS_MAX 512
/* A peer's slot through which connections pass on their way out. */
#define EXIT_SLOT 0

static struct path_spec files;
static struct server_model servers;

static void before(struct world *world, const struct operation *operation)
{
    (void)world;
    path_spec_before(&files, operation);
    server_model_before(&servers, operation);
}

static void after(struct world *world, const struct world_outcome *outcome)
{
    (void)world;
    fuzz_note((uint64_t)outcome->result);
    path_spec_after(&files, outcome);
    server_model_after(&servers, outcome);
}

static void event(struct world *world, unsigned slot, const struct sp_event *event)
{
    (void)world;
    fuzz_note((uint64_t)event->kind << 8 | (uint8_t)-event->error);
    server_model_event(&servers, slot, event);
}

static void call(struct world *world, const struct sim_trace_entry *entry)
{
    (void)world;
    path_spec_call(&files, entry);
    server_model_call(&servers, entry);
}

/* ---- the end ---- */

/* A listening socket that somebody else has shut down accepts nobody any more. */
static bool is_beyond_help(unsigned slot)
{
    return servers.servers[slot].trouble == TROUBLE_BROKEN;
}

static bool has_work(struct world *world, unsigned slot)
{
    const struct world_server *server = &world->servers[slot];

    return sp_server_has_pending(server->server) ||
           sp_server_deadline(server->server) != SP_NEVER ||
           sim_pending(world->sides[server->side].actor, sp_server_descriptor(server->server)) > 0;
}

/* What an application does that has nothing else to do. */
static void serve(struct world *world, unsigned slot)
{
    const struct sp_server *server = world->servers[slot].server;
    uint64_t deadline = sp_server_deadline(server);

    while (sp_server_has_pending(server))
        world_act(world, OPERATION_TAKE_DESCRIPTOR, slot, EXIT_SLOT);
    if (deadline != SP_NEVER && deadline > sim_now(world->sim))
        sim_advance(world->sim, deadline - sim_now(world->sim));
    world_act(world, OPERATION_SERVER_TURN, slot, 0);
    world_act(world, OPERATION_SERVER_EVENTS, slot, 0);
}

static void settle_one(struct world *world, unsigned slot)
{
    unsigned turns = 0;

    while (has_work(world, slot)) {
        serve(world, slot);
        if (is_beyond_help(slot))
            break;
        WORLD_CHECK(world, ++turns < TURNS_MAX, "progress",
                    "s%u: after %u turns without faults somebody still waits", slot, turns);
    }
}

static void settle(struct world *world)
{
    for (unsigned i = 0; i < OPERATION_SERVERS; i++) {
        const struct sp_server *server = world->servers[i].server;

        if (server != NULL && sp_server_is_listening(server))
            settle_one(world, i);
        world_act(world, OPERATION_SERVER_CLOSE, i, 0);
        world_act(world, OPERATION_SERVER_EVENTS, i, 0);
    }
    fuzz_note(sim_digest(world->sim));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct world_watch watch = {
        .before = before,
        .after = after,
        .server_event = event,
        .call = call,
        .settle = settle,
    };
    struct world *world = world_get();

    fuzz_digest_reset();
    world->claims = fuzz_claims;
    path_spec_begin(&files, world);
    server_model_begin(&servers, world);
    world_play(world, &operation_server, &watch, data, size);
    return 0;
}
