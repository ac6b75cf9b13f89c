/* SPDX-License-Identifier: MIT */
/*
 * The seam: sockets and poll().
 *
 * Tests: tests/conformance
 */
#include "internal.h"

#include <string.h>

#define PATH_ROOM 108
/* How often a hook may wake one poll() for nothing before the clock moves on. */
#define WAKE_UPS_MAX 64

static bool would_block(const struct sim_visit *visit, int64_t result)
{
    const struct sim_file *file = sim__file(visit->actor, visit->fd);

    return result == -EAGAIN && file != NULL && !file->nonblock;
}

int sim__seam_socket(void *ctx)
{
    struct sim_visit visit = sim__enter(ctx, SIM_CALL_SOCKET, -1);

    return sim__leave_int(&visit,
                          sim__fails(&visit) ? sim__planned_errno(&visit) : sim__socket(ctx));
}

/* As core/os/linux_socket.c has it: no name at all would pick one. */
static int unfit_name(size_t length)
{
    if (length == 0)
        return -EINVAL;
    return length > PATH_ROOM ? -ENAMETOOLONG : 0;
}

int sim__seam_bind(void *ctx, int fd, const void *name, size_t length)
{
    struct sim_visit visit = sim__enter_with(ctx, SIM_CALL_BIND, fd);
    int r = unfit_name(length);

    sim__add_bytes(&visit, name, length);
    if (r == 0)
        r = sim__fails(&visit) ? sim__planned_errno(&visit) : sim_bind(ctx, fd, name, length);
    return sim__leave_int(&visit, r);
}

int sim__seam_listen(void *ctx, int fd, int backlog)
{
    struct sim_visit visit = sim__enter_with(ctx, SIM_CALL_LISTEN, fd);

    sim__add(&visit, (uint64_t)backlog);
    return sim__leave_int(&visit, sim__fails(&visit) ? sim__planned_errno(&visit)
                                                     : sim_listen(ctx, fd, backlog));
}

int sim__seam_accept(void *ctx, int fd)
{
    struct sim_visit visit = sim__enter_with(ctx, SIM_CALL_ACCEPT, fd);
    int r = sim__fails(&visit) ? sim__planned_errno(&visit) : sim__accept(ctx, fd, true, true);

    if (would_block(&visit, r))
        sim__misuse(ctx, SIM_MISUSE_BLOCK);
    return sim__leave_int(&visit, r);
}

int sim__seam_connect(void *ctx, int fd, const void *name, size_t length)
{
    struct sim_visit visit = sim__enter_with(ctx, SIM_CALL_CONNECT, fd);
    int r = unfit_name(length);

    sim__add_bytes(&visit, name, length);
    if (r == 0)
        r = sim__fails(&visit) ? sim__planned_errno(&visit) : sim_connect(ctx, fd, name, length);
    if (would_block(&visit, r))
        sim__misuse(ctx, SIM_MISUSE_BLOCK);
    return sim__leave_int(&visit, r);
}

static int leave_name(const struct sim_visit *visit, int r, const void *sockaddr, size_t capacity)
{
    if (r > 0)
        sim__add_bytes(visit, sockaddr, (size_t)r < capacity ? (size_t)r : capacity);
    return sim__leave_int(visit, r);
}

int sim__seam_getsockname(void *ctx, int fd, void *ret_sockaddr, size_t capacity)
{
    struct sim_visit visit = sim__enter_with(ctx, SIM_CALL_GETSOCKNAME, fd);
    int r = sim__fails(&visit) ? sim__planned_errno(&visit)
                               : sim_getsockname(ctx, fd, ret_sockaddr, capacity);

    return leave_name(&visit, r, ret_sockaddr, capacity);
}

int sim__seam_getpeername(void *ctx, int fd, void *ret_sockaddr, size_t capacity)
{
    struct sim_visit visit = sim__enter_with(ctx, SIM_CALL_GETPEERNAME, fd);
    int r = sim__fails(&visit) ? sim__planned_errno(&visit)
                               : sim_getpeername(ctx, fd, ret_sockaddr, capacity);

    return leave_name(&visit, r, ret_sockaddr, capacity);
}

static size_t limit_of(const struct sim_visit *visit, size_t wanted)
{
    return visit->fault.kind == SIM_FAULT_SHORT && visit->fault.value < wanted
               ? (size_t)visit->fault.value
               : wanted;
}

int64_t sim__seam_send(void *ctx, int fd, const struct sp_os_iov *iov, size_t count)
{
    struct sim_visit visit = sim__enter_with(ctx, SIM_CALL_SEND, fd);
    const struct sim_send what = {
        .iov = iov, .count = count, .limit = limit_of(&visit, SIZE_MAX), .passed = SIM_NIL};
    int64_t r;

    sim__require(&visit, count > 0 && count <= SP_OS_IOV_MAX);
    for (size_t i = 0; i < count; i++)
        sim__require(&visit, iov[i].length > 0);
    r = sim__fails(&visit) ? sim__planned_errno(&visit) : sim__send(ctx, fd, &what);
    for (size_t i = 0, left = r > 0 ? (size_t)r : 0; left > 0; i++) {
        size_t n = iov[i].length < left ? iov[i].length : left;

        sim__add_bytes(&visit, iov[i].bytes, n);
        left -= n;
    }
    return sim__leave(&visit, r);
}

int64_t sim__seam_recv(void *ctx, int fd, void *ret_bytes, size_t capacity, uint32_t flags)
{
    struct sim_visit visit = sim__enter_with(ctx, SIM_CALL_RECV, fd);
    bool peek = (flags & SP_OS_PEEK) != 0;
    int64_t r;

    sim__require(&visit, capacity > 0 && (flags & ~SP_OS_PEEK) == 0);
    r = sim__fails(&visit) ? sim__planned_errno(&visit)
                           : sim__recv(ctx, fd, ret_bytes, limit_of(&visit, capacity), peek);
    if (r > 0)
        sim__add_bytes(&visit, ret_bytes, (size_t)r);
    return sim__leave(&visit, r);
}

int sim__seam_close(void *ctx, int fd)
{
    struct sim_visit visit = sim__enter(ctx, SIM_CALL_CLOSE, fd);
    int r = sim_close(ctx, fd);

    if (r == -EBADF)
        sim__misuse(ctx, SIM_MISUSE_CLOSE);
    return sim__leave_int(&visit, r);
}

static int look(struct sim_actor *actor, struct sp_os_pollfd *fds, size_t count)
{
    int ready = 0;

    for (size_t i = 0; i < count; i++) {
        fds[i].got = sim_poll(actor, fds[i].fd, fds[i].want);
        ready += fds[i].got != 0;
    }
    return ready;
}

static int wait_ready(struct sim_actor *actor, struct sp_os_pollfd *fds, size_t count,
                      uint64_t deadline_ns)
{
    struct sim *sim = actor->sim;

    for (unsigned wake_ups = 0;; wake_ups++) {
        int ready = look(actor, fds, count);

        if (ready > 0 || sim->now_ns >= deadline_ns)
            return ready;
        if (wake_ups < WAKE_UPS_MAX && sim__act(actor, SIM_CALL_POLL, SIM_BLOCKED))
            continue;
        if (deadline_ns == SP_NEVER) {
            sim__misuse(actor, SIM_MISUSE_STUCK);
            return -ENOMEM;
        }
        sim->now_ns = deadline_ns;
    }
}

int sim__seam_poll(void *ctx, struct sp_os_pollfd *fds, size_t count, uint64_t deadline_ns)
{
    struct sim_visit visit = sim__enter(ctx, SIM_CALL_POLL, count > 0 ? fds[0].fd : -1);
    int r;

    sim__require(&visit, count <= SP_OS_POLL_MAX);
    for (size_t i = 0; i < count; i++)
        if (fds[i].fd >= 0)
            sim__require_open(&visit, fds[i].fd);
    if (count > SP_OS_POLL_MAX)
        r = -EINVAL;
    else
        r = sim__fails(&visit) ? sim__planned_errno(&visit)
                               : wait_ready(ctx, fds, count, deadline_ns);
    for (size_t i = 0; r >= 0 && i < count; i++)
        sim__add(&visit, (uint64_t)fds[i].want << 32 | fds[i].got);
    return sim__leave_int(&visit, r);
}

static int sockinfo(struct sim_actor *actor, int fd, struct sp_os_sockinfo *ret_info)
{
    int error;
    const struct sim_sock *sock = sim__sock(actor, fd, &error);

    if (sock == NULL)
        return error;
    *ret_info = (struct sp_os_sockinfo){
        .is_unix = sock->kind != SIM_FOREIGN,
        .is_stream = sock->kind != SIM_DGRAM,
        .is_listening = sock->state == SIM_SOCK_LISTENING,
        .is_connected = sock->peer != SIM_NIL,
        /* The address of another family is never without a port. */
        .is_bound = sock->address_length > 0 || sock->kind == SIM_FOREIGN,
    };
    return 0;
}

int sim__seam_sockinfo(void *ctx, int fd, struct sp_os_sockinfo *ret_info)
{
    struct sim_visit visit = sim__enter(ctx, SIM_CALL_SOCKINFO, fd);

    return sim__leave_int(&visit, sim__fails(&visit) ? sim__planned_errno(&visit)
                                                     : sockinfo(ctx, fd, ret_info));
}

static int set_nonblock(struct sim_actor *actor, int fd)
{
    struct sim_file *file = sim__file(actor, fd);

    if (file == NULL || file->kind == SIM_FILE_HANDLE)
        return -EBADF;
    file->nonblock = true;
    return 0;
}

int sim__seam_set_nonblock(void *ctx, int fd)
{
    struct sim_visit visit = sim__enter_with(ctx, SIM_CALL_SET_NONBLOCK, fd);

    return sim__leave_int(&visit,
                          sim__fails(&visit) ? sim__planned_errno(&visit) : set_nonblock(ctx, fd));
}

static int set_cloexec(struct sim_actor *actor, int fd)
{
    if (sim__file(actor, fd) == NULL)
        return -EBADF;
    actor->cloexec |= UINT64_C(1) << fd;
    return 0;
}

int sim__seam_set_cloexec(void *ctx, int fd)
{
    struct sim_visit visit = sim__enter_with(ctx, SIM_CALL_SET_CLOEXEC, fd);

    return sim__leave_int(&visit,
                          sim__fails(&visit) ? sim__planned_errno(&visit) : set_cloexec(ctx, fd));
}

static int peer_cred(struct sim_actor *actor, int fd, struct sp_os_cred *ret_cred)
{
    int error;
    const struct sim_sock *sock = sim__sock(actor, fd, &error);
    const struct sim_cred *cred;

    if (sock == NULL)
        return error;
    if (sock->cred == SIM_NIL) {
        *ret_cred = (struct sp_os_cred){.pid = 0, .uid = UINT32_MAX, .gid = UINT32_MAX};
        return 0;
    }
    cred = &actor->sim->creds[sock->cred];
    *ret_cred = (struct sp_os_cred){.pid = cred->pid, .uid = cred->uid, .gid = cred->gid};
    return 0;
}

int sim__seam_peer_cred(void *ctx, int fd, struct sp_os_cred *ret_cred)
{
    struct sim_visit visit = sim__enter_with(ctx, SIM_CALL_PEER_CRED, fd);

    return sim__leave_int(&visit, sim__fails(&visit) ? sim__planned_errno(&visit)
                                                     : peer_cred(ctx, fd, ret_cred));
}

static int peer_groups(struct sim_actor *actor, int fd, uint32_t *ret_groups, size_t capacity)
{
    int error;
    const struct sim_sock *sock = sim__sock(actor, fd, &error);
    const struct sim_cred *cred;

    if (sock == NULL)
        return error;
    if (sock->cred == SIM_NIL)
        return -ENODATA;
    cred = &actor->sim->creds[sock->cred];
    if (cred->group_count > capacity)
        return -ERANGE;
    memcpy(ret_groups, actor->sim->text + cred->groups, cred->group_count * sizeof(*ret_groups));
    return (int)cred->group_count;
}

int sim__seam_peer_groups(void *ctx, int fd, uint32_t *ret_groups, size_t capacity)
{
    struct sim_visit visit = sim__enter_with(ctx, SIM_CALL_PEER_GROUPS, fd);

    return sim__leave_int(&visit, sim__fails(&visit) ? sim__planned_errno(&visit)
                                                     : peer_groups(ctx, fd, ret_groups, capacity));
}

static int peer_pidfd(struct sim_actor *actor, int fd)
{
    int error;
    const struct sim_sock *sock = sim__sock(actor, fd, &error);

    if (sock == NULL)
        return error;
    if (sock->cred == SIM_NIL)
        return -ENODATA;
    return sim__descriptor_new(actor, SIM_FILE_PROCESS, 0, true, false);
}

int sim__seam_peer_pidfd(void *ctx, int fd)
{
    struct sim_visit visit = sim__enter_with(ctx, SIM_CALL_PEER_PIDFD, fd);

    return sim__leave_int(&visit,
                          sim__fails(&visit) ? sim__planned_errno(&visit) : peer_pidfd(ctx, fd));
}

static int set_socket_mode(struct sim_actor *actor, int fd, uint32_t mode)
{
    const struct sim_file *file = sim__file(actor, fd);
    int error;
    struct sim_sock *sock = sim__sock(actor, fd, &error);

    if (sock != NULL) {
        if (!sim__is_root(actor) && sim__cred(actor)->uid != sock->uid)
            return -EPERM;
        if (!sim__is_root(actor) && !sim__in_group(actor, sock->gid))
            mode &= ~SETGID;
        sock->mode = (uint16_t)(mode & 07777);
        return 0;
    }
    /* fchmod() does not ask what it is. */
    return error == -ENOTSOCK && file->kind == SIM_FILE_NODE
               ? sim__chmod_node(actor, file->target, mode)
               : error;
}

int sim__seam_set_socket_mode(void *ctx, int fd, uint32_t mode)
{
    struct sim_visit visit = sim__enter_with(ctx, SIM_CALL_SET_SOCKET_MODE, fd);

    sim__add(&visit, mode);
    return sim__leave_int(&visit, sim__fails(&visit) ? sim__planned_errno(&visit)
                                                     : set_socket_mode(ctx, fd, mode));
}
