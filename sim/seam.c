/* SPDX-License-Identifier: MIT */
/*
 * struct sp_os over the simulated kernel, one for each actor.
 *
 * Every member goes the same way: it is counted, the hook may let other actors act, the fault plan
 * is asked, the kernel does the work, and what came of it goes into the digest and the trace. The
 * members that are several system calls on Linux (chmod_at, lock_at) let other actors act in
 * between too, at the places where core/os/linux_file.c would.
 *
 * Tests: tests/unit/test_sim_kernel.c; tests/conformance for what the members do
 */
#include "internal.h"
#include "text.h"

#include <stddef.h>

_Static_assert((sizeof(struct sp_os) - offsetof(struct sp_os, alloc)) / sizeof(void (*)(void)) ==
                   SIM_CALL_COUNT,
               "SIM_CALLS lists every member");
#define X(upper, lower)                                                                           \
    _Static_assert(offsetof(struct sp_os, lower) ==                                               \
                       offsetof(struct sp_os, alloc) + SIM_CALL_##upper * sizeof(void (*)(void)), \
                   "SIM_CALLS has the order of struct sp_os");
SIM_CALLS(X)
#undef X

/* ---- one call ---- */

void sim__add(const struct sim_visit *visit, uint64_t value)
{
    visit->actor->sim->digest = sim__mix(visit->actor->sim->digest, value);
}

/* By value, not by memory: the same on machines of either byte order. */
static uint64_t word_at(const uint8_t *from)
{
    return (uint64_t)from[0] | (uint64_t)from[1] << 8 | (uint64_t)from[2] << 16 |
           (uint64_t)from[3] << 24 | (uint64_t)from[4] << 32 | (uint64_t)from[5] << 40 |
           (uint64_t)from[6] << 48 | (uint64_t)from[7] << 56;
}

/* One multiplication waits for the one before it; in several lanes they go side by side. */
#define LANES 4

void sim__add_bytes(const struct sim_visit *visit, const void *bytes, size_t length)
{
    const uint8_t *from = bytes;
    uint64_t digest = sim__mix(visit->actor->sim->digest, length);

    if (length >= LANES * 8) {
        uint64_t lanes[LANES] = {1, 2, 3, 4};

        for (; length >= LANES * 8; length -= LANES * 8)
            for (size_t i = 0; i < LANES; i++, from += 8)
                lanes[i] = sim__mix(lanes[i], word_at(from));
        for (size_t i = 0; i < LANES; i++)
            digest = sim__mix(digest, lanes[i]);
    }
    for (; length >= 8; length -= 8, from += 8)
        digest = sim__mix(digest, word_at(from));
    for (; length > 0; length--, from++)
        digest = sim__mix(digest, *from);
    visit->actor->sim->digest = digest;
}

void sim__add_name(struct sim_visit *visit, const char *name)
{
    visit->name = name;
    sim__add_bytes(visit, name, sim__length(name));
}

bool sim__act(struct sim_actor *actor, enum sim_call call, enum sim_moment moment)
{
    struct sim *sim = actor->sim;

    return sim->hook != NULL && sim->hook(sim->hook_user, actor, call, moment);
}

struct sim_visit sim__enter(void *ctx, enum sim_call call, int fd)
{
    struct sim_visit visit = {.actor = ctx, .call = call, .fd = fd};

    visit.actor->calls[call]++;
    (void)sim__act(visit.actor, call, SIM_BEFORE);
    visit.fault = sim__fault_next(visit.actor, call);
    if (visit.fault.kind == SIM_FAULT_DELAY)
        sim_advance(visit.actor->sim, visit.fault.value);
    sim__add(&visit, (uint64_t)call << 32 | (uint32_t)fd);
    return visit;
}

bool sim__fails(const struct sim_visit *visit)
{
    return visit->fault.kind == SIM_FAULT_ERRNO;
}

int sim__planned_errno(const struct sim_visit *visit)
{
    return -(int)visit->fault.value;
}

int64_t sim__leave(const struct sim_visit *visit, int64_t result)
{
    struct sim *sim = visit->actor->sim;

    if (visit->fault.kind == SIM_FAULT_AFTER && result >= 0)
        result = sim__planned_errno(visit);
    sim__add(visit, (uint64_t)result);
    if (sim->trace != NULL)
        sim->trace(sim->trace_user, &(struct sim_trace_entry){
                                        .actor = visit->actor,
                                        .call = visit->call,
                                        .fd = visit->fd,
                                        .result = result,
                                        .faulted = visit->fault.kind != SIM_FAULT_NONE,
                                        .name = visit->name,
                                    });
    return result;
}

int sim__leave_int(const struct sim_visit *visit, int result)
{
    return (int)sim__leave(visit, result);
}

void sim__require(const struct sim_visit *visit, bool kept)
{
    if (!kept)
        sim__misuse(visit->actor, SIM_MISUSE_ARGUMENT);
}

void sim__require_open(const struct sim_visit *visit, int fd)
{
    if (sim__file(visit->actor, fd) == NULL)
        sim__misuse(visit->actor, SIM_MISUSE_DESCRIPTOR);
}

struct sim_visit sim__enter_with(void *ctx, enum sim_call call, int fd)
{
    struct sim_visit visit = sim__enter(ctx, call, fd);

    sim__require_open(&visit, fd);
    return visit;
}

/* ---- memory, clock, environment, identity ---- */

static void *sim__seam_alloc(void *ctx, size_t size)
{
    struct sim_visit visit = sim__enter(ctx, SIM_CALL_ALLOC, -1);
    void *memory;

    /* The size stays out of the digest: objects have other sizes on other machines. */
    sim__require(&visit, size > 0);
    memory = sim__fails(&visit) ? NULL : sim__alloc(ctx, size > 0 ? size : 1);
    (void)sim__leave(&visit, memory != NULL ? 0 : -ENOMEM);
    return memory;
}

static void sim__seam_release(void *ctx, void *memory, size_t size)
{
    struct sim_visit visit = sim__enter(ctx, SIM_CALL_RELEASE, -1);

    sim__require(&visit, memory != NULL);
    if (memory != NULL)
        sim__release(ctx, memory, size);
    (void)sim__leave(&visit, 0);
}

static uint64_t sim__seam_now_ns(void *ctx)
{
    struct sim_visit visit = sim__enter(ctx, SIM_CALL_NOW, -1);

    return (uint64_t)sim__leave(&visit, (int64_t)visit.actor->sim->now_ns);
}

static const char *sim__seam_environment(void *ctx, const char *name)
{
    struct sim_visit visit = sim__enter(ctx, SIM_CALL_ENVIRONMENT, -1);
    const char *value = sim_actor_getenv(ctx, name);

    sim__add_name(&visit, name);
    (void)sim__leave(&visit, value != NULL);
    return value;
}

static uint32_t sim__seam_euid(void *ctx)
{
    struct sim_visit visit = sim__enter(ctx, SIM_CALL_EUID, -1);

    return (uint32_t)sim__leave(&visit, sim__cred(ctx)->uid);
}

static uint32_t sim__seam_egid(void *ctx)
{
    struct sim_visit visit = sim__enter(ctx, SIM_CALL_EGID, -1);

    return (uint32_t)sim__leave(&visit, sim__cred(ctx)->gid);
}

static int32_t sim__seam_pid(void *ctx)
{
    struct sim_visit visit = sim__enter(ctx, SIM_CALL_PID, -1);

    return (int32_t)sim__leave(&visit, sim_actor_pid(ctx));
}

const struct sp_os sim__seam = {.version = SP_OS_VERSION,
#define X(upper, lower) .lower = sim__seam_##lower,
                                SIM_CALLS(X)
#undef X
};
