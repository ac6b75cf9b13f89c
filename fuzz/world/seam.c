/* SPDX-License-Identifier: MIT */
/*
 * A side's seam: the simulated kernel's, with a note of what each call is about.
 *
 * The kernel's own trace says which call was made and what came of it. A model also has to know the
 * bytes, the readiness and the addresses that went over; they stand in world.io while the trace of
 * their call is shown.
 *
 * Tests: fuzz/world/README.md
 */
#include "fuzz/engine/target.h"
#include "fuzz/world/internal.h"

/* A storm of faults ends after so many in one operation. No clock moves while it lasts, so a wait
 * would never come to its end; on Linux it would. */
#define FAULTS_MAX 64
/* A wait without end, or a long one, meets a machine that recovers after so many times of sleep,
 * and then peers that all leave: so it has an end. */
#define SLEEPS_UNTIL_RECOVERY 64
#define SLEEPS_UNTIL_ALONE 512

static struct world_io *note(void)
{
    return &world_get()->io;
}

static const struct sp_os *kernel_of(void *ctx)
{
    return sim_os(ctx);
}

static int64_t seam_send(void *ctx, int fd, const struct sp_os_iov *iov, size_t count)
{
    note()->iov = iov;
    note()->count = count;
    return kernel_of(ctx)->send(ctx, fd, iov, count);
}

static int64_t seam_recv(void *ctx, int fd, void *ret_bytes, size_t capacity, uint32_t flags)
{
    note()->bytes = ret_bytes;
    note()->capacity = capacity;
    note()->flags = flags;
    return kernel_of(ctx)->recv(ctx, fd, ret_bytes, capacity, flags);
}

static int seam_connect(void *ctx, int fd, const void *name, size_t length)
{
    note()->bytes = name;
    note()->capacity = length;
    return kernel_of(ctx)->connect(ctx, fd, name, length);
}

static int seam_bind(void *ctx, int fd, const void *name, size_t length)
{
    note()->bytes = name;
    note()->capacity = length;
    return kernel_of(ctx)->bind(ctx, fd, name, length);
}

static int seam_getsockname(void *ctx, int fd, void *ret_sockaddr, size_t capacity)
{
    note()->bytes = ret_sockaddr;
    note()->capacity = capacity;
    return kernel_of(ctx)->getsockname(ctx, fd, ret_sockaddr, capacity);
}

static int seam_getpeername(void *ctx, int fd, void *ret_sockaddr, size_t capacity)
{
    note()->bytes = ret_sockaddr;
    note()->capacity = capacity;
    return kernel_of(ctx)->getpeername(ctx, fd, ret_sockaddr, capacity);
}

static int seam_poll(void *ctx, struct sp_os_pollfd *fds, size_t count, uint64_t deadline_ns)
{
    note()->polled = fds;
    note()->count = count;
    note()->deadline = deadline_ns;
    world_check_sleep(world_get(), deadline_ns);
    return kernel_of(ctx)->poll(ctx, fds, count, deadline_ns);
}

static int seam_sockinfo(void *ctx, int fd, struct sp_os_sockinfo *ret_info)
{
    note()->ret = ret_info;
    return kernel_of(ctx)->sockinfo(ctx, fd, ret_info);
}

static int seam_peer_cred(void *ctx, int fd, struct sp_os_cred *ret_cred)
{
    note()->ret = ret_cred;
    return kernel_of(ctx)->peer_cred(ctx, fd, ret_cred);
}

static int seam_stat_at(void *ctx, int dir, const char *name, struct sp_os_stat *ret_stat)
{
    note()->ret = ret_stat;
    return kernel_of(ctx)->stat_at(ctx, dir, name, ret_stat);
}

void world_seam_make(struct world_side *side)
{
    side->os = *sim_os(side->actor);
    side->os.send = seam_send;
    side->os.recv = seam_recv;
    side->os.connect = seam_connect;
    side->os.bind = seam_bind;
    side->os.getsockname = seam_getsockname;
    side->os.getpeername = seam_getpeername;
    side->os.poll = seam_poll;
    side->os.sockinfo = seam_sockinfo;
    side->os.peer_cred = seam_peer_cred;
    side->os.stat_at = seam_stat_at;
}

static void note_call(struct world *world, const struct sim_trace_entry *entry)
{
    struct world_sweep *sweep = world->sweep;

    if (entry->actor == world->sides[sweep->side].actor && sweep->count < sizeof(sweep->calls))
        sweep->calls[sweep->count++] = (uint8_t)entry->call;
}

void world_trace(void *user, const struct sim_trace_entry *entry)
{
    struct world *world = user;

    world->calls++;
    if (fuzz_watch.trace != NULL)
        world_tell_call(world, entry);
    if (world->sweep != NULL && !world->sweep->plans)
        note_call(world, entry);
    if (entry->call == SIM_CALL_POLL && sim_now(world->sim) != world->slept_until) {
        world->slept_until = sim_now(world->sim);
        world->slept++;
        if (world->slept == SLEEPS_UNTIL_RECOVERY)
            world_recover(world);
        if (world->slept == SLEEPS_UNTIL_ALONE)
            world_leave_alone(world);
    }
    if (entry->result > 0 && (entry->call == SIM_CALL_SEND || entry->call == SIM_CALL_RECV))
        world->moved += (uint64_t)entry->result;
    if (entry->result >= 0 && entry->call == SIM_CALL_ACCEPT)
        world->clients++;
    if (entry->faulted && ++world->faults >= FAULTS_MAX)
        world_recover(world);
    if (world->watch->call != NULL)
        world->watch->call(world, entry);
}
