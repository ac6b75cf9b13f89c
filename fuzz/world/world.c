/* SPDX-License-Identifier: MIT */
/*
 * Programs take place: see world.h.
 *
 * The files beside this one do the operations, by subject: socket.c, server.c, peer.c, file.c,
 * machine.c. What is checked here holds in every program, whatever its target; check.c says how.
 *
 * Tests: fuzz/world/README.md
 */
#include "fuzz/engine/target.h"
#include "fuzz/world/internal.h"

#include <stddef.h>
#include <string.h>

/* ---- where programs take place ---- */

struct place {
    const char *path;
    uint8_t user; /* whose it is */
    uint16_t mode;
};

static const struct place places[] = {
    {"/run", 0, 0755},  {WORLD_BASE, 1, 0755}, {"/run/open", 1, 0777},
    {"/tmp", 0, 01777}, {"/home", 0, 0755},    {"/home/mallory", 2, 0755},
};

static const uint32_t ids[OPERATION_USERS] = {WORLD_ROOT, WORLD_OURS, WORLD_MALLORY,
                                              WORLD_GROUP_MATE};

static void make_places(struct world *world)
{
    struct sim_actor *root = world->users[0];

    sim_actor_set_umask(root, 0);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        const struct place *place = &places[i];

        (void)sim_mkdir(root, place->path, place->mode);
        if (place->user != 0)
            (void)sim_chown(root, place->path, ids[place->user], ids[place->user]);
    }
    sim_actor_set_umask(root, 022);
}

static void make_users(struct world *world)
{
    static const uint32_t our_group[] = {WORLD_OURS};

    for (unsigned i = 0; i < OPERATION_USERS; i++)
        world->users[i] = sim_actor_new(world->sim, ids[i], ids[i]);
    (void)sim_actor_set_ids(world->users[3], WORLD_GROUP_MATE, WORLD_GROUP_MATE, our_group, 1);
}

static void make_side(struct world *world, unsigned number)
{
    struct world_side *side = &world->sides[number];

    side->actor = sim_actor_new(world->sim, WORLD_OURS, WORLD_OURS);
    side->context = NULL;
    side->abandoned = 0;
    side->has_environment = false;
    world_seam_make(side);
}

/* Small buffers fill up quickly, so that much happens in few bytes; send-buffer makes larger ones.
 */
#define SEND_BUFFER 8192

static void begin(struct world *world)
{
    struct sim_options options;

    sim_options_default(&options);
    options.send_buffer = SEND_BUFFER;
    sim_reset(world->sim, &options);
    make_users(world);
    for (unsigned i = 0; i < WORLD_SIDES; i++)
        make_side(world, i);
    make_places(world);
    for (unsigned i = 0; i < OPERATION_SOCKETS; i++)
        world->sockets[i] = (struct world_socket){.world = world};
    for (unsigned i = 0; i < OPERATION_SERVERS; i++)
        world->servers[i] = (struct world_server){.world = world};
    for (unsigned i = 0; i < OPERATION_PEERS; i++)
        world->peers[i] = (struct world_peer){.fd = -1};
    world->lock = (struct world_peer){.fd = -1};
    world->race.kind = OPERATION_COUNT;
    world->last = (struct world_outcome){.operation = NULL};
    world->events_taken = 0;
    world->events_claimed = 0;
    world->step = 0;
    world->depth = 0;
    world->endless = false;
    world->patience = (struct world_patience){.ms = -1};
    sim_set_trace(world->sim, world_trace, world);
    if (world->sweep != NULL && world->sweep->plans)
        (void)sim_fault_add(world->sides[world->sweep->side].actor, &world->sweep->rule);
}

/* The sanitizer of an engine's build is told of the world's memory by sim/heap.c alone: the
 * structure itself can be static. */
struct world *world_get(void)
{
    static struct world world;

    if (world.sim == NULL) {
        world.sim = sim_new();
        world.sockets_used = OPERATION_SOCKETS;
        WORLD_CHECK(&world, world.sim != NULL, "memory", "no memory for a world");
    }
    return &world;
}

/* Whether the value of a variable, if it has one, is this directory: slashes at its end do not
 * count. */
static bool says(const char *value, const char *base)
{
    size_t length = strlen(base);

    return value != NULL && strncmp(value, base, length) == 0 &&
           value[length + strspn(value + length, "/")] == '\0';
}

/* $XDG_RUNTIME_DIR is taken only if it is ours and closed to everybody else. Somebody who changed
 * it since is not what is asked about here. */
static void check_base(struct world *world, const struct world_side *side, unsigned inner)
{
    const char *base = sp_context_base(side->context);
    const char *runtime = sim_actor_getenv(side->actor, "XDG_RUNTIME_DIR");
    const char *other = sim_actor_getenv(side->actor, "TMPDIR");
    struct sp_os_stat stat;

    if (world->inner != inner || !says(runtime, base) || says(other, base) || says("/tmp", base))
        return;
    WORLD_CHECK(world,
                sim_stat(side->actor, base, &stat) == 0 && stat.uid == WORLD_OURS &&
                    (stat.mode & 077) == 0,
                "base-is-private", "the base directory is %s", base);
}

const struct sp_context *world_context(struct world *world, unsigned side)
{
    struct world_side *here = &world->sides[side];

    if (here->context == NULL) {
        struct sp_context *context;
        unsigned inner = world->inner;

        world->walked = true;
        if (sp_context_new(&context, &here->os, here->has_environment ? NULL : WORLD_BASE) ==
            SP_OK) {
            here->context = context;
            if (here->has_environment)
                check_base(world, here, inner);
        }
    }
    return here->context;
}

/* ---- operations ---- */

typedef bool subject(struct world *world, const struct operation *operation,
                     struct world_outcome *ret);

/* The most frequent first. */
static subject *const subjects[] = {
    world_do_socket, world_do_peer, world_do_machine, world_do_server, world_do_file,
};

static void do_kill(struct world *world, unsigned side)
{
    struct world_side *here = &world->sides[side];
    struct sim_census census;

    world_forget_sockets(world, side);
    world_forget_servers(world, side);
    here->context = NULL;
    sim_actor_exit(here->actor);
    sim_census(here->actor, &census);
    here->abandoned = census.allocations;
}

static void play_one(struct world *world, const struct operation *operation,
                     struct world_outcome *ret)
{
    if (operation->kind == OPERATION_KILL) {
        ret->called = true;
        do_kill(world, (unsigned)operation->arg[0]);
        return;
    }
    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++)
        if (subjects[i](world, operation, ret))
            return;
}

void world_do(struct world *world, const struct operation *operation)
{
    const struct world_watch *watch = world->watch;
    struct world_patience outer = world->patience;
    struct world_outcome outcome = {.operation = operation};

    if (world_do_expect(world, operation))
        return;
    if (world->depth++ == 0)
        world_count_begin(world);
    else
        world->inner++;
    if (watch->before != NULL)
        watch->before(world, operation);
    world->patience = world_patience_of(operation);
    play_one(world, operation, &outcome);
    world->patience = outer;
    if (fuzz_watch.trace != NULL)
        world_tell_outcome(&outcome);
    if (watch->after != NULL)
        watch->after(world, &outcome);
    if (--world->depth == 0)
        world_check_step(world, operation);
    world->last = outcome;
}

void world_act(struct world *world, enum operation_kind kind, unsigned slot, int64_t argument)
{
    struct operation operation; /* its step is not looked at: not filled in */

    operation.kind = kind;
    operation.arg[0] = slot;
    operation.arg[1] = argument;
    for (size_t i = 2; i < OPERATION_ARGS_MAX; i++)
        operation.arg[i] = 0;
    operation.path = (struct operation_text){.bytes = NULL};
    operation.name = (struct operation_text){.bytes = NULL};
    world_do(world, &operation);
}

/* ---- races ---- */

/* A copy owns its strings. */
static void copy_operation(struct operation *to, const struct operation *from)
{
    *to = *from;
    if (from->path.bytes != NULL)
        to->path.bytes = to->step.operand + (from->path.bytes - from->step.operand);
    if (from->name.bytes != NULL)
        to->name.bytes = to->step.operand + (from->name.bytes - from->step.operand);
}

static bool race_hook(void *user, struct sim_actor *actor, enum sim_call call,
                      enum sim_moment moment)
{
    struct world *world = user;
    static struct operation now;

    (void)actor;
    if (world->race.kind == OPERATION_COUNT ||
        (world->race_at != SIM_CALL_ANY && call != world->race_at) || moment == SIM_WITHIN)
        return false;
    if (world->race_in > 0) {
        world->race_in--;
        return false;
    }
    copy_operation(&now, &world->race);
    world->race.kind = OPERATION_COUNT;
    world->race_at = call;
    sim_set_hook(world->sim, NULL, NULL);
    world_do(world, &now);
    return true;
}

/* at CALL N: */
static void begin_race(struct world *world, const struct operation *prefix,
                       const struct operation *operation)
{
    world->race_at = (enum sim_call)prefix->arg[0];
    world->race_in = (unsigned)prefix->arg[1];
    copy_operation(&world->race, operation);
    sim_set_hook(world->sim, race_hook, world);
}

/* ---- the whole program ---- */

void world_recover(struct world *world)
{
    for (unsigned i = 0; i < WORLD_SIDES; i++) {
        struct sim_actor *actor = world->sides[i].actor;

        sim_fault_clear(actor);
        sim_actor_set_descriptor_limit(actor, SIM_DESCRIPTORS_MAX);
        sim_actor_set_memory_limit(actor, SIZE_MAX);
    }
}

static void forget_race(struct world *world)
{
    world->race.kind = OPERATION_COUNT;
    sim_set_hook(world->sim, NULL, NULL);
}

/* A race that came after the recovery may have taken away what was given back. */
void world_leave_alone(struct world *world)
{
    forget_race(world);
    world_recover(world);
    for (unsigned i = 0; i < OPERATION_USERS; i++)
        sim_actor_exit(world->users[i]);
    for (unsigned i = 0; i < OPERATION_PEERS; i++)
        world->peers[i] = (struct world_peer){.fd = -1};
    world->lock = (struct world_peer){.fd = -1};
}

/* Progress is possible from here on; what was to race never will. */
static void settle(struct world *world)
{
    forget_race(world);
    world_recover(world);
    if (world->watch->settle != NULL)
        world->watch->settle(world);
}

static void end(struct world *world)
{
    world_check_objects(world);
    world_free_sockets(world);
    world_free_servers(world);
    for (unsigned i = 0; i < WORLD_SIDES; i++)
        sp_context_free(world->sides[i].context);
    world_check_end(world);
    sim_set_trace(world->sim, NULL, NULL);
}

void world_play(struct world *world, const struct step_language *language,
                const struct world_watch *watch, const uint8_t *bytes, size_t length)
{
    static struct operation prefix, operation;
    struct step_cursor cursor = step_cursor_over(language, bytes, length);

    world->language = language;
    world->watch = watch;
    world->program = bytes;
    world->program_length = length;
    begin(world);
    for (; world->step < WORLD_OPERATIONS_MAX; world->step++) {
        bool races = false;

        if (!operation_next(&cursor, &operation))
            break;
        while (operation.kind == OPERATION_RACE) {
            races = true;
            prefix = operation;
            if (!operation_next(&cursor, &operation))
                break;
        }
        if (operation.kind == OPERATION_RACE)
            break;
        fuzz_at(world->step);
        if (races && world_may_race(&operation))
            begin_race(world, &prefix, &operation);
        else
            world_do(world, &operation);
        if (sim_full(world->sim) > 0) /* too large for the world: what follows is not Linux's */
            break;
    }
    fuzz_at(world->step);
    settle(world);
    end(world);
}
