/* SPDX-License-Identifier: MIT */
/* A seam that counts and fails: see faulty_os.h. */
#include "tests/support/faulty_os.h"

static const char *const member_names[FAULTY_MEMBERS] = {[FAULTY_ANY] = "any",
#define NAME(name, member) [FAULTY_##name] = #member,
                                                         FAULTY_LIST(NAME)
#undef NAME
};

const char *faulty_member_name(enum faulty_member member)
{
    return member_names[member];
}

/* Counts one call; the negative errno that it is to give instead of being made, or 0. */
static int meet(struct faulty_os *faulty, enum faulty_member member)
{
    const struct faulty_plan *plan = &faulty->plan;

    faulty->total++;
    faulty->calls[member]++;
    if (faulty->before != NULL)
        faulty->before(faulty->user, member, faulty->total);
    if (plan->nth == 0 || (plan->member != FAULTY_ANY && plan->member != member))
        return 0;
    faulty->matched++;
    if (faulty->matched < plan->nth || (faulty->matched > plan->nth && !plan->from_there_on))
        return 0;
    faulty->failed++;
    faulty->failed_member = member;
    return -plan->error;
}

/* A member that is passed on unless it is to fail: FORWARD(type, ENUM, member, (parameters after
 * ctx), (arguments after ctx)). */
#define UNWRAP(...) __VA_ARGS__
#define FORWARD(type, name, member, parameters, arguments)                \
    static type faulty_##member(void *ctx, UNWRAP parameters)             \
    {                                                                     \
        struct faulty_os *faulty = ctx;                                   \
        int error = meet(faulty, FAULTY_##name);                          \
                                                                          \
        if (error != 0)                                                   \
            return error;                                                 \
        return faulty->base->member(faulty->base->ctx, UNWRAP arguments); \
    }

FORWARD(int, BIND, bind, (int fd, const void *name, size_t length), (fd, name, length))
FORWARD(int, LISTEN, listen, (int fd, int backlog), (fd, backlog))
FORWARD(int, ACCEPT, accept, (int fd), (fd))
FORWARD(int, CONNECT, connect, (int fd, const void *name, size_t length), (fd, name, length))
FORWARD(int, GETSOCKNAME, getsockname, (int fd, void *ret, size_t capacity), (fd, ret, capacity))
FORWARD(int, GETPEERNAME, getpeername, (int fd, void *ret, size_t capacity), (fd, ret, capacity))
FORWARD(int64_t, SEND, send, (int fd, const struct sp_os_iov *iov, size_t count), (fd, iov, count))
FORWARD(int64_t, RECV, recv, (int fd, void *ret, size_t capacity, uint32_t flags),
        (fd, ret, capacity, flags))
FORWARD(int, POLL, poll, (struct sp_os_pollfd * fds, size_t count, uint64_t deadline),
        (fds, count, deadline))
FORWARD(int, SOCKINFO, sockinfo, (int fd, struct sp_os_sockinfo *ret), (fd, ret))
FORWARD(int, SET_NONBLOCK, set_nonblock, (int fd), (fd))
FORWARD(int, SET_CLOEXEC, set_cloexec, (int fd), (fd))
FORWARD(int, PEER_CRED, peer_cred, (int fd, struct sp_os_cred *ret), (fd, ret))
FORWARD(int, PEER_GROUPS, peer_groups, (int fd, uint32_t *ret, size_t capacity),
        (fd, ret, capacity))
FORWARD(int, PEER_PIDFD, peer_pidfd, (int fd), (fd))
FORWARD(int, SET_SOCKET_MODE, set_socket_mode, (int fd, uint32_t mode), (fd, mode))
FORWARD(int, OPEN_DIR, open_dir, (int dir, const char *name), (dir, name))
FORWARD(int, STAT_AT, stat_at, (int dir, const char *name, struct sp_os_stat *ret),
        (dir, name, ret))
FORWARD(int, STAT_FD, stat_fd, (int fd, struct sp_os_stat *ret), (fd, ret))
FORWARD(int, READLINK_AT, readlink_at, (int dir, const char *name, char *ret, size_t capacity),
        (dir, name, ret, capacity))
FORWARD(int, UNLINK_AT, unlink_at, (int dir, const char *name), (dir, name))
FORWARD(int, CHMOD_AT, chmod_at,
        (int dir, const char *name, const struct sp_os_stat *expected, uint32_t mode),
        (dir, name, expected, mode))
FORWARD(int, LOCK_AT, lock_at, (int dir, const char *name), (dir, name))

/* ---- those that are different ---- */

static void *faulty_alloc(void *ctx, size_t size)
{
    struct faulty_os *faulty = ctx;

    return meet(faulty, FAULTY_ALLOC) != 0 ? NULL : faulty->base->alloc(faulty->base->ctx, size);
}

static int faulty_socket(void *ctx)
{
    struct faulty_os *faulty = ctx;
    int error = meet(faulty, FAULTY_SOCKET);

    return error != 0 ? error : faulty->base->socket(faulty->base->ctx);
}

static int faulty_close(void *ctx, int fd)
{
    struct faulty_os *faulty = ctx;
    int error = meet(faulty, FAULTY_CLOSE);
    int r = faulty->base->close(faulty->base->ctx, fd);

    return error != 0 ? error : r;
}

static void faulty_release(void *ctx, void *memory, size_t size)
{
    struct faulty_os *faulty = ctx;

    faulty->base->release(faulty->base->ctx, memory, size);
}

static uint64_t faulty_now_ns(void *ctx)
{
    struct faulty_os *faulty = ctx;

    return faulty->base->now_ns(faulty->base->ctx);
}

static const char *faulty_environment(void *ctx, const char *name)
{
    struct faulty_os *faulty = ctx;

    return faulty->base->environment(faulty->base->ctx, name);
}

static uint32_t faulty_euid(void *ctx)
{
    struct faulty_os *faulty = ctx;

    return faulty->base->euid(faulty->base->ctx);
}

static uint32_t faulty_egid(void *ctx)
{
    struct faulty_os *faulty = ctx;

    return faulty->base->egid(faulty->base->ctx);
}

static int32_t faulty_pid(void *ctx)
{
    struct faulty_os *faulty = ctx;

    return faulty->base->pid(faulty->base->ctx);
}

void faulty_os_init(struct faulty_os *faulty, const struct sp_os *base)
{
    *faulty = (struct faulty_os){
        .base = base,
        .os = {.version = SP_OS_VERSION,
               .ctx = faulty,
               .release = faulty_release,
               .now_ns = faulty_now_ns,
               .environment = faulty_environment,
               .euid = faulty_euid,
               .egid = faulty_egid,
               .pid = faulty_pid,
#define MEMBER(name, member) .member = faulty_##member,
               FAULTY_LIST(MEMBER)
#undef MEMBER
        },
    };
}

void faulty_os_plan(struct faulty_os *faulty, struct faulty_plan plan)
{
    faulty->plan = plan;
    faulty->matched = 0;
    faulty->failed = 0;
    faulty->failed_member = FAULTY_ANY;
}
