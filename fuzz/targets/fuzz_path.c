/* SPDX-License-Identifier: MIT */
/*
 * fuzz_path: names against a file system that others change.
 *
 * Under test: core/src/sockfile*.c, walk.c, node.c, lock.c, and the listen, close and remove of
 * server_listen.c on paths. Not under test: what happens on connections (fuzz_server).
 *
 * An input is a program (fuzz/program/operations.h, the rows of OPERATION_IN_PATH): servers of ours
 * listen, close and remove by name; root, we ourselves, a stranger and a member of our group make,
 * move, link, lock and remove files of all kinds, listen themselves, and do so also in the middle
 * of our calls ("at CALL N:"); any call at the seam fails.
 *
 * A run is wrong when fuzz/spec/path_spec.h says so: a file that is not ours was touched, something
 * foreign is served, a path was trusted that must not be, a result is not what the files lead to,
 * something is left behind; and when fuzz/world/check.c does.
 */
#include "fuzz/engine/digest.h"
#include "fuzz/engine/target.h"
#include "fuzz/spec/path_spec.h"

static struct path_spec spec;

static void before(struct world *world, const struct operation *operation)
{
    (void)world;
    path_spec_before(&spec, operation);
}

static void after(struct world *world, const struct world_outcome *outcome)
{
    (void)world;
    fuzz_note((uint64_t)outcome->result);
    path_spec_after(&spec, outcome);
}

static void call(struct world *world, const struct sim_trace_entry *entry)
{
    (void)world;
    path_spec_call(&spec, entry);
}

/* Every server is closed while that is watched. */
static void settle(struct world *world)
{
    for (unsigned i = 0; i < OPERATION_SERVERS; i++) {
        struct operation operation = {.kind = OPERATION_SERVER_CLOSE, .arg = {i}};

        world_do(world, &operation);
    }
    fuzz_note(sim_digest(world->sim));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct world_watch watch = {
        .before = before,
        .after = after,
        .call = call,
        .settle = settle,
    };
    struct world *world = world_get();

    fuzz_digest_reset();
    world->claims = fuzz_claims;
    path_spec_begin(&spec, world);
    world_play(world, &operation_path, &watch, data, size);
    return 0;
}
