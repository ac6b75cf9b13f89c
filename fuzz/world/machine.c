/* SPDX-License-Identifier: MIT */
/*
 * Operations on the machine: faults, limits, the clock, the environment.
 *
 * `fault` and `fault tape` hit both processes of the library; `fault SIDE` one of them.
 *
 * Tests: fuzz/world/README.md
 */
#include "fuzz/world/internal.h"

static void add_fault(struct sim_actor *actor, const struct sim_rule *rule)
{
    /* What the table of faults does not allow, or has no room for, is no fault. */
    (void)sim_fault_add(actor, rule);
}

/* @from: the first of the four arguments call, choice, times, after. */
static struct sim_rule rule_of(const int64_t *from, bool is_later)
{
    return (struct sim_rule){
        .call = (enum sim_call)from[0],
        .skip = is_later ? (uint32_t)from[3] : 0,
        .times = (uint32_t)from[2],
        .fault = {SIM_FAULT_CHOICE, (uint64_t)from[1]},
    };
}

static void do_fault(struct world *world, const struct operation *operation)
{
    struct sim_rule rule = rule_of(operation->arg, false);

    for (unsigned i = 0; i < WORLD_SIDES; i++)
        add_fault(world->sides[i].actor, &rule);
}

static void do_fault_later(struct world *world, const struct operation *operation)
{
    struct sim_rule rule = rule_of(operation->arg + 1, true);

    add_fault(world->sides[operation->arg[0]].actor, &rule);
}

static void do_tape(struct world *world, const struct operation *operation)
{
    for (size_t i = 0; i < operation->name.length; i++)
        world->tape[i] = operation->name.bytes[i];
    for (unsigned i = 0; i < WORLD_SIDES; i++)
        sim_fault_tape(world->sides[i].actor, world->tape, operation->name.length);
}

static void do_environment(struct world *world, const struct operation *operation)
{
    static const char *const variables[] = {"XDG_RUNTIME_DIR", "TMPDIR"};
    struct world_side *side = &world->sides[operation->arg[0]];
    char value[STEP_OPERAND_MAX + 1];
    size_t length = 0;

    for (; length < operation->name.length; length++)
        value[length] = (char)operation->name.bytes[length];
    value[length] = '\0';
    (void)sim_actor_setenv(side->actor, variables[operation->arg[1]], value);
    side->has_environment = true;
}

bool world_do_machine(struct world *world, const struct operation *operation,
                      struct world_outcome *ret)
{
    const int64_t *arg = operation->arg;

    ret->called = true;
    switch (operation->kind) {
    case OPERATION_FAULT:
        do_fault(world, operation);
        return true;
    case OPERATION_FAULT_LATER:
        do_fault_later(world, operation);
        return true;
    case OPERATION_TAPE:
        do_tape(world, operation);
        return true;
    case OPERATION_NO_FAULTS:
        for (unsigned i = 0; i < WORLD_SIDES; i++)
            sim_fault_clear(world->sides[i].actor);
        return true;
    case OPERATION_ADVANCE:
        if (arg[0] > 0)
            sim_advance(world->sim, (uint64_t)arg[0] * NS_PER_MS);
        return true;
    case OPERATION_LIMIT_DESCRIPTORS:
        sim_actor_set_descriptor_limit(world->sides[arg[0]].actor, arg[1] < SIM_DESCRIPTORS_MAX
                                                                       ? (unsigned)arg[1]
                                                                       : SIM_DESCRIPTORS_MAX);
        return true;
    case OPERATION_LIMIT_MEMORY:
        sim_actor_set_memory_limit(world->sides[arg[0]].actor, (size_t)arg[1]);
        return true;
    case OPERATION_UMASK:
        sim_actor_set_umask(world->sides[arg[0]].actor, (uint32_t)arg[1] & 0777);
        return true;
    case OPERATION_ENVIRONMENT:
        do_environment(world, operation);
        return true;
    default:
        ret->called = false;
        return false;
    }
}

/* Programs beside the library, files, and the machine: what uses no object of the library. */
bool world_may_race(const struct operation *operation)
{
    switch (operation->kind) {
    case OPERATION_ADVANCE:
    case OPERATION_LIMIT_DESCRIPTORS:
    case OPERATION_LIMIT_MEMORY:
        return true;
    default:
        return (operation->kind >= OPERATION_PEER_LISTEN &&
                operation->kind <= OPERATION_PEER_EXIT) ||
               (operation->kind >= OPERATION_MKDIR && operation->kind <= OPERATION_UNLOCK);
    }
}
