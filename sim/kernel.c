/* SPDX-License-Identifier: MIT */
/*
 * The world and its actors: making, resetting, identities, clock, and what oracles ask.
 *
 * The kernel's parts are in the other files of this folder; README.md has the map.
 *
 * Tests: tests/unit/test_sim_kernel.c
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_PID 100
#define NS_MAX (SP_NEVER - 1)

/* ---- tables ---- */

sim_index sim__take(struct sim *sim, struct sim_pool *pool, const sim_index *links, size_t capacity)
{
    sim_index index = pool->free;

    if (index != SIM_NIL) {
        pool->free = links[index];
    } else if (pool->top < capacity) {
        index = pool->top++;
    } else {
        sim->full++;
        return SIM_NIL;
    }
    pool->live++;
    return index;
}

void sim__give_back(struct sim_pool *pool, sim_index *links, sim_index index)
{
    links[index] = pool->free;
    pool->free = index;
    pool->live--;
}

uint32_t sim__text_add(struct sim *sim, const void *bytes, size_t length)
{
    uint32_t offset = sim->text_used;

    if (length >= SIM_TEXT_MAX - offset) {
        sim->full++;
        return 0;
    }
    memcpy(sim->text + offset, bytes, length);
    sim->text[offset + length] = '\0';
    sim->text_used = offset + (uint32_t)length + 1;
    return offset;
}

static void pool_reset(struct sim_pool *pool)
{
    *pool = (struct sim_pool){.top = 0, .free = SIM_NIL, .live = 0};
}

/* ---- the world ---- */

void sim_options_default(struct sim_options *ret)
{
    *ret = (struct sim_options){
        .start_ns = 1000000000,
        .send_buffer = 212992,
        .somaxconn = 4096,
        .files_max = SIM_FILES_MAX,
        .reuse_inodes = true,
        .proc = true,
        .heap = SIM_HEAP_WORLD,
    };
}

struct sim *sim_new(void)
{
    struct sim *sim = malloc(sizeof(*sim));

    if (sim == NULL)
        return NULL;
    sim->text = malloc(SIM_TEXT_MAX);
    sim->blocks = malloc((size_t)SIM_BLOCKS_MAX * SIM_BLOCK_SIZE);
    if (sim->text == NULL || sim->blocks == NULL || !sim__heap_init(sim)) {
        free(sim->blocks);
        free(sim->text);
        free(sim);
        return NULL;
    }
    sim->oracle = (struct sim_actor){.sim = sim};
    for (unsigned i = 0; i < SIM_ACTORS_MAX; i++) {
        struct sim_actor *actor = &sim->actors[i];

        actor->sim = sim;
        actor->number = i;
        actor->os = sim__seam;
        actor->os.ctx = actor;
    }
    sim_reset(sim, NULL);
    return sim;
}

size_t sim_size(void)
{
    return sizeof(struct sim);
}

void sim_free(struct sim *sim)
{
    if (sim == NULL)
        return;
    sim__heap_free(sim);
    free(sim->blocks);
    free(sim->text);
    free(sim);
}

void sim_reset(struct sim *sim, const struct sim_options *options)
{
    if (options != NULL)
        sim->options = *options;
    else
        sim_options_default(&sim->options);
    sim->now_ns = sim->options.start_ns;
    sim->digest = 0;
    sim->last_ino = 0;
    sim->last_socket_ino = 0;
    sim->last_autobind = 0;
    sim->text_used = 1;
    sim->actor_count = 0;
    sim->full = 0;
    sim->misused = 0;
    sim->last_device = 1;
    sim->hook = NULL;
    sim->trace = NULL;
    sim->witness = NULL;
    sim->cred_count = 0;
    pool_reset(&sim->node_pool);
    pool_reset(&sim->entry_pool);
    pool_reset(&sim->file_pool);
    pool_reset(&sim->sock_pool);
    pool_reset(&sim->message_pool);
    pool_reset(&sim->block_pool);
    sim__heap_reset(sim);
    sim->root = sim__node_new(sim, SP_OS_IFDIR | 0755, 0, 0, 1);
    sim->nodes[sim->root].parent = sim->root;
    sim->nodes[sim->root].names = 1;
    sim->oracle.cred = sim__cred_add(sim, &(struct sim_cred){.pid = 1});
    sim->oracle.cwd = sim->root;
}

/* ---- actors ---- */

sim_index sim__cred_add(struct sim *sim, const struct sim_cred *cred)
{
    for (sim_index i = 0; i < sim->cred_count; i++) {
        const struct sim_cred *old = &sim->creds[i];

        if (old->pid == cred->pid && old->uid == cred->uid && old->gid == cred->gid &&
            old->group_count == cred->group_count &&
            memcmp(sim->text + old->groups, sim->text + cred->groups,
                   cred->group_count * sizeof(uint32_t)) == 0)
            return i;
    }
    if (sim->cred_count >= SIM_CREDS_MAX) {
        sim->full++;
        return SIM_NIL;
    }
    sim->creds[sim->cred_count] = *cred;
    return sim->cred_count++;
}

struct sim_actor *sim_actor_new(struct sim *sim, uint32_t uid, uint32_t gid)
{
    struct sim_cred cred = {.uid = uid, .gid = gid};
    struct sim_actor *actor;

    if (sim->actor_count >= SIM_ACTORS_MAX) {
        sim->full++;
        return NULL;
    }
    actor = &sim->actors[sim->actor_count];
    cred.pid = FIRST_PID + (int32_t)sim->actor_count;
    actor->cred = sim__cred_add(sim, &cred);
    if (actor->cred == SIM_NIL)
        return NULL;
    sim->actor_count++;
    actor->cwd = sim->root;
    sim__node_ref(sim, actor->cwd);
    actor->umask = 022;
    actor->descriptor_limit = SIM_DESCRIPTORS_MAX;
    actor->open = 0;
    actor->cloexec = 0;
    actor->memory_limit = SIZE_MAX;
    actor->allocations = 0;
    actor->allocated_bytes = 0;
    actor->environment_count = 0;
    memset(actor->misuse, 0, sizeof(actor->misuse));
    memset(actor->calls, 0, sizeof(actor->calls));
    sim__faults_reset(actor);
    return actor;
}

struct sim_actor *sim_actor(struct sim *sim, unsigned number)
{
    return number < sim->actor_count ? &sim->actors[number] : NULL;
}

unsigned sim_actor_number(const struct sim_actor *actor)
{
    return actor->number;
}

unsigned sim_actor_count(const struct sim *sim)
{
    return sim->actor_count;
}

struct sim *sim_of(const struct sim_actor *actor)
{
    return actor->sim;
}

const struct sp_os *sim_os(const struct sim_actor *actor)
{
    return &actor->os;
}

void sim_actor_exit(struct sim_actor *actor)
{
    while (actor->open != 0)
        (void)sim_close(actor, __builtin_ctzll(actor->open));
}

/* The kernel keeps them in ascending order. */
static void sort_groups(const struct sim *sim, const struct sim_cred *cred)
{
    uint32_t a, b;
    char *at = sim->text + cred->groups;

    for (uint32_t i = 1; i < cred->group_count; i++) {
        for (uint32_t j = i; j > 0; j--) {
            memcpy(&a, at + (j - 1) * sizeof(a), sizeof(a));
            memcpy(&b, at + j * sizeof(b), sizeof(b));
            if (a <= b)
                break;
            memcpy(at + (j - 1) * sizeof(b), &b, sizeof(b));
            memcpy(at + j * sizeof(a), &a, sizeof(a));
        }
    }
}

int sim_actor_set_ids(struct sim_actor *actor, uint32_t uid, uint32_t gid, const uint32_t *groups,
                      size_t group_count)
{
    struct sim *sim = actor->sim;
    struct sim_cred cred = {.pid = sim__cred(actor)->pid, .uid = uid, .gid = gid};
    sim_index index;

    if (group_count > 0) {
        if (group_count > SIM_TEXT_MAX / sizeof(*groups))
            return -ENOMEM;
        cred.group_count = (uint32_t)group_count;
        cred.groups = sim__text_add(sim, groups, group_count * sizeof(*groups));
        if (cred.groups == 0)
            return -ENOMEM;
        sort_groups(sim, &cred);
    }
    index = sim__cred_add(sim, &cred);
    if (index == SIM_NIL)
        return -ENOMEM;
    actor->cred = index;
    return 0;
}

int32_t sim_actor_pid(const struct sim_actor *actor)
{
    return sim__cred(actor)->pid;
}

void sim_actor_set_umask(struct sim_actor *actor, uint32_t mask)
{
    actor->umask = mask & 0777;
}

void sim_actor_set_descriptor_limit(struct sim_actor *actor, unsigned limit)
{
    actor->descriptor_limit = limit < SIM_DESCRIPTORS_MAX ? limit : SIM_DESCRIPTORS_MAX;
}

void sim_actor_set_memory_limit(struct sim_actor *actor, size_t bytes)
{
    actor->memory_limit = bytes;
}

static unsigned find_variable(const struct sim_actor *actor, const char *name)
{
    unsigned i = 0;

    while (i < actor->environment_count &&
           strcmp(actor->sim->text + actor->environment[i].name, name) != 0)
        i++;
    return i;
}

int sim_actor_setenv(struct sim_actor *actor, const char *name, const char *value)
{
    struct sim *sim = actor->sim;
    unsigned i = find_variable(actor, name);
    bool is_new = i == actor->environment_count;
    uint32_t name_text, value_text;

    if (value == NULL) {
        if (!is_new)
            actor->environment[i] = actor->environment[--actor->environment_count];
        return 0;
    }
    if (is_new && i == SIM_ENVIRONMENT_MAX) {
        sim->full++;
        return -ENOMEM;
    }
    name_text = is_new ? sim__text_add(sim, name, strlen(name)) : actor->environment[i].name;
    value_text = sim__text_add(sim, value, strlen(value));
    if (name_text == 0 || value_text == 0)
        return -ENOMEM;
    actor->environment[i].name = name_text;
    actor->environment[i].value = value_text;
    actor->environment_count += is_new;
    return 0;
}

const char *sim_actor_getenv(const struct sim_actor *actor, const char *name)
{
    unsigned i = find_variable(actor, name);

    return i < actor->environment_count ? actor->sim->text + actor->environment[i].value : NULL;
}

/* ---- clock, hook, trace, digest ---- */

uint64_t sim_now(const struct sim *sim)
{
    return sim->now_ns;
}

void sim_advance(struct sim *sim, uint64_t ns)
{
    sim->now_ns = ns < NS_MAX - sim->now_ns ? sim->now_ns + ns : NS_MAX;
}

void sim_set_hook(struct sim *sim, sim_hook *hook, void *user)
{
    sim->hook = hook;
    sim->hook_user = user;
}

void sim_set_trace(struct sim *sim, sim_trace *trace, void *user)
{
    sim->trace = trace;
    sim->trace_user = user;
}

void sim_set_witness(struct sim *sim, sim_witness *witness, void *user)
{
    sim->witness = witness;
    sim->witness_user = user;
}

uint64_t sim_digest(const struct sim *sim)
{
    return sim->digest;
}

void sim_digest_add(struct sim *sim, uint64_t value)
{
    sim->digest = sim__mix(sim->digest, value);
}

/* ---- for oracles ---- */

unsigned sim_descriptors(const struct sim_actor *actor)
{
    return (unsigned)__builtin_popcountll(actor->open);
}

void sim_census(const struct sim_actor *actor, struct sim_census *ret)
{
    const struct sim *sim = actor->sim;

    *ret = (struct sim_census){
        .descriptors = sim_descriptors(actor),
        .descriptor_set = actor->open,
        .allocations = actor->allocations,
        .allocated_bytes = actor->allocated_bytes,
        .files = sim->file_pool.live,
        .sockets = sim->sock_pool.live,
        .nodes = sim->node_pool.live,
        .entries = sim->entry_pool.live,
    };
    for (sim_index i = 0; i < sim->sock_pool.top; i++)
        if (sim->socks[i].refs > 0)
            ret->queued_bytes += sim->socks[i].unread;
    for (sim_index i = 0; i < sim->node_pool.top; i++)
        if ((sim->nodes[i].refs > 0 || sim->nodes[i].names > 0) && sim->nodes[i].locker != SIM_NIL)
            ret->locks++;
}

void sim__misuse(struct sim_actor *actor, enum sim_misuse misuse)
{
    actor->misuse[misuse]++;
    actor->sim->misused++;
}

unsigned sim_misuse(const struct sim_actor *actor, enum sim_misuse misuse)
{
    return actor->misuse[misuse];
}

bool sim_misused(const struct sim *sim)
{
    return sim->misused > 0;
}

const char *sim_misuse_text(enum sim_misuse misuse)
{
    static const char *const texts[SIM_MISUSE_COUNT] = {
#define X(name, text) [SIM_MISUSE_##name] = text,
        SIM_MISUSES(X)
#undef X
    };

    return misuse < SIM_MISUSE_COUNT ? texts[misuse] : "?";
}

unsigned sim_full(const struct sim *sim)
{
    return sim->full;
}

uint64_t sim_calls(const struct sim_actor *actor, enum sim_call call)
{
    uint64_t sum = 0;

    if (call < SIM_CALL_COUNT)
        return actor->calls[call];
    for (unsigned i = 0; i < SIM_CALL_COUNT; i++)
        sum += actor->calls[i];
    return sum;
}
