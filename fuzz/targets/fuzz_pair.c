/* SPDX-License-Identifier: MIT */
/*
 * Servers and clients that talk through the simulated kernel, both ends the library.
 *
 * Under test:   core/src/socket*.c, queue.c, events.c, server_accept.c, pending.c, and that one end
 *               of them understands the other
 * Not covered:  what a server makes of names and files (fuzz_server, fuzz_path), programs that do
 *               not play by the rules of a stream (fuzz_state)
 * Input:        a program of fuzz/program/operations.h, the rows of OPERATION_IN_PAIR: two
 *               processes, sockets that connect and sockets that a server gave; short buffers,
 *               limits, faults at every call on both sides, deadlines, a process that is killed
 * Oracle:       fuzz/spec/ledger.h: every byte is delivered once, in order, or accounted for;
 *               pair_settle.h: when the faults stop everything drains; the checks of fuzz/world
 */
#include "fuzz/engine/digest.h"
#include "fuzz/engine/target.h"
#include "fuzz/spec/ledger.h"
#include "fuzz/targets/pair_settle.h"

static struct ledger ledger;

static void before(struct world *world, const struct operation *operation)
{
    (void)world;
    ledger_before(&ledger, operation);
}

static void after(struct world *world, const struct world_outcome *outcome)
{
    (void)world;
    fuzz_note((uint64_t)outcome->result);
    ledger_after(&ledger, outcome);
}

static void on_event(struct world *world, unsigned slot, const struct sp_event *event)
{
    (void)world;
    fuzz_note(event->kind);
    ledger_event(&ledger, slot, event);
}

static void on_call(struct world *world, const struct sim_trace_entry *entry)
{
    (void)world;
    ledger_call(&ledger, entry);
}

static void settle(struct world *world)
{
    (void)world;
    pair_settle(&ledger);
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

    world->claims = fuzz_claims;
    ledger_begin(&ledger, world);
    world_play(world, &operation_pair, &watch, data, size);
    fuzz_note(sim_digest(world->sim));
    return 0;
}
