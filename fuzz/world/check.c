/* SPDX-License-Identifier: MIT */
/*
 * What must hold in every program, and the report when it does not.
 *
 * Tests: tests/defects has a planted defect for each of these alarms
 */
#include "fuzz/world/internal.h"

#include "fuzz/engine/target.h"
#include "fuzz/program/steps_text.h"

#include <stdarg.h>

void world_fail(const struct world *world, const char *property, const char *format, ...)
{
    char what[256];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    if (world->language != NULL) {
        fputs("\nthe program:\n", stderr);
        steps_print(world->language, world->program, world->program_length, stderr);
    }
    fuzz_fail("world", (int)world->step, property, "in step %zu: %s", world->step, what);
}

static bool is_wait(enum operation_kind kind)
{
    switch (kind) {
    case OPERATION_WAIT_CONNECTED:
    case OPERATION_WAIT_READY_READ:
    case OPERATION_WAIT_WRITTEN:
    case OPERATION_WAIT_DISCONNECTED:
    case OPERATION_SERVER_WAIT:
        return true;
    default:
        return false;
    }
}

struct world_patience world_patience_of(const struct operation *operation)
{
    return (struct world_patience){.ms = is_wait(operation->kind) ? operation->arg[1] : -1};
}

void world_count_begin(struct world *world)
{
    world->calls = 0;
    world->moved = 0;
    world->clients = 0;
    world->walked = false;
    world->faults = 0;
    world->slept = 0;
    world->inner = 0;
    world->slept_until = sim_now(world->sim);
}

static bool waits_for_ever(const struct operation *operation)
{
    return is_wait(operation->kind) && operation->arg[1] == -1;
}

/* The wait has read the clock before it sleeps for the first time, so its end is not later than
 * counted from here. */
void world_check_sleep(struct world *world, uint64_t until)
{
    struct world_patience *patience = &world->patience;

    if (patience->ms < 0 || until == 0) /* 0: it looks, and does not sleep */
        return;
    if (patience->ends == 0)
        patience->ends = sim_now(world->sim) + (uint64_t)patience->ms * NS_PER_MS;
    WORLD_CHECK(world, until <= patience->ends, "wait-prolonged",
                "a wait of %lld ms that must be over at %llu sleeps until %llu",
                (long long)patience->ms, (unsigned long long)patience->ends,
                (unsigned long long)until);
}

static void check_misuse(struct world *world, const struct sim_actor *actor)
{
    for (unsigned i = 0; i < SIM_MISUSE_COUNT; i++) {
        if (i == SIM_MISUSE_STUCK && world->endless)
            continue;
        WORLD_CHECK(world, sim_misuse(actor, (enum sim_misuse)i) == 0, "seam-misused",
                    "%s (%u times)", sim_misuse_text((enum sim_misuse)i),
                    sim_misuse(actor, (enum sim_misuse)i));
    }
}

static void check_socket(const struct world *world, unsigned number)
{
    const struct sp_socket *socket = world->sockets[number].socket;

    WORLD_CHECK(world, socket == NULL || sp_socket_validate(socket), "invariants",
                "c%u: sp_socket_validate() says no", number);
}

static void check_server(const struct world *world, unsigned number)
{
    const struct sp_server *server = world->servers[number].server;

    WORLD_CHECK(world, server == NULL || sp_server_validate(server), "invariants",
                "s%u: sp_server_validate() says no", number);
}

void world_check_objects(const struct world *world)
{
    for (unsigned i = 0; i < world->sockets_used; i++)
        check_socket(world, i);
    for (unsigned i = 0; i < OPERATION_SERVERS; i++)
        check_server(world, i);
}

/* Objects are independent, and each look takes as long as an operation: those that this one is not
 * about are looked at in the end. */
static void check_touched(const struct world *world, const struct operation *operation)
{
    unsigned number = (unsigned)operation->arg[0];

    if (operation->kind < OPERATION_LISTEN) {
        check_socket(world, number % world->sockets_used);
    } else if (operation->kind == OPERATION_SERVER_DISPATCH) { /* handlers take connections */
        world_check_objects(world);
    } else if (operation->kind < OPERATION_SERVER_DISPATCH && operation->kind != OPERATION_REMOVE) {
        check_server(world, number);
        if (operation->kind == OPERATION_TAKE)
            check_socket(world, (unsigned)operation->arg[1] % world->sockets_used);
    }
}

static void check_descriptors(struct world *world)
{
    unsigned expected[WORLD_SIDES] = {0};

    for (unsigned i = 0; i < world->sockets_used; i++) {
        const struct world_socket *slot = &world->sockets[i];

        if (slot->socket != NULL)
            expected[slot->side] += sp_socket_descriptor(slot->socket) >= 0;
    }
    for (unsigned i = 0; i < OPERATION_SERVERS; i++) {
        const struct world_server *slot = &world->servers[i];

        if (slot->server != NULL)
            expected[slot->side] += world_server_descriptors(slot);
    }
    for (unsigned i = 0; i < WORLD_SIDES; i++) {
        unsigned open = sim_descriptors(world->sides[i].actor);

        WORLD_CHECK(world, open == expected[i], "descriptors",
                    "side %u has %u descriptors open, its objects answer for %u", i, open,
                    expected[i]);
    }
}

/* A name can lead through forty links with hundreds of components each. */
static uint64_t most_calls(const struct world *world, const struct operation *operation)
{
    return world->walked || operation->kind == OPERATION_LISTEN ||
                   operation->kind == OPERATION_REMOVE
               ? WORLD_CALLS_WALK
               : WORLD_CALLS_MAX;
}

void world_check_step(struct world *world, const struct operation *operation)
{
    if (waits_for_ever(operation)) /* the program asked for it; the library has to believe it */
        world->endless = true;
    if (sim_misused(world->sim))
        for (unsigned i = 0; i < WORLD_SIDES; i++)
            check_misuse(world, world->sides[i].actor);
    WORLD_CHECK(world,
                world->calls <= most_calls(world, operation) * (1 + world->inner) +
                                    WORLD_CALLS_A_BYTE * world->moved +
                                    (uint64_t)WORLD_CALLS_A_CLIENT * world->clients +
                                    (uint64_t)WORLD_CALLS_AWAKE * world->slept,
                "bounded-work",
                "%llu calls at the seam for %llu bytes and %u clients, having slept %u times",
                (unsigned long long)world->calls, (unsigned long long)world->moved, world->clients,
                world->slept);
    check_touched(world, operation);
    check_descriptors(world);
}

void world_check_end(struct world *world)
{
    for (unsigned i = 0; i < WORLD_SIDES; i++) {
        const struct world_side *side = &world->sides[i];
        struct sim_census census;

        sim_census(side->actor, &census);
        WORLD_CHECK(world, census.descriptors == 0, "descriptor-leak",
                    "side %u: %u descriptors are left when everything is freed", i,
                    census.descriptors);
        WORLD_CHECK(world, census.allocations == side->abandoned, "memory-leak",
                    "side %u: %zu allocations are left when everything is freed", i,
                    census.allocations - side->abandoned);
    }
    if (sim_misused(world->sim))
        for (unsigned i = 0; i < WORLD_SIDES; i++)
            check_misuse(world, world->sides[i].actor);
}
