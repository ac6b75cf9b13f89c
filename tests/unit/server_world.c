/* SPDX-License-Identifier: MIT */
/* A world for a server alone: see server_world.h. */
#include "tests/unit/server_world.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUR_ID 1000u
#define MS UINT64_C(1000000)

/* ---- memory, clock, identity ---- */

static void *world_alloc(void *ctx, size_t size)
{
    struct world *world = ctx;

    if (world->no_memory)
        return NULL;
    world->bytes += size;
    return malloc(size);
}

static void world_release(void *ctx, void *memory, size_t size)
{
    struct world *world = ctx;

    cr_assert(memory != NULL && world->bytes >= size);
    world->bytes -= size;
    free(memory);
}

static uint64_t world_now(void *ctx)
{
    struct world *world = ctx;

    return world->now;
}

static int32_t world_pid(void *ctx)
{
    (void)ctx;
    return 1;
}

static uint32_t world_id(void *ctx)
{
    (void)ctx;
    return OUR_ID;
}

/* ---- descriptors ---- */

static int take_slot(struct world *world, struct world_client what)
{
    for (int fd = 0; fd < world->descriptors; fd++) {
        if (world->open[fd].kind == WORLD_CLOSED) {
            world->open[fd] = what;
            return fd;
        }
    }
    return -EMFILE;
}

static bool is_open(const struct world *world, int fd)
{
    return fd >= 0 && fd < WORLD_DESCRIPTORS && world->open[fd].kind != WORLD_CLOSED;
}

static int world_close(void *ctx, int fd)
{
    struct world *world = ctx;

    cr_assert(is_open(world, fd), "closed a descriptor that is not open: %d", fd);
    world->open[fd].kind = WORLD_CLOSED;
    world->closes++;
    return 0;
}

/* 0, or the failure that the test wants now. */
static int planned(struct world *world)
{
    int error = world->fail_next;

    if (error == 0 || world->fail_after-- > 0)
        return 0;
    world->fail_next = 0;
    return -error;
}

static int world_socket(void *ctx)
{
    int r = planned(ctx);

    return r < 0 ? r : take_slot(ctx, (struct world_client){.kind = WORLD_SOCKET});
}

static int world_bind(void *ctx, int fd, const void *name, size_t length)
{
    struct world *world = ctx;
    int r = planned(world);

    cr_assert(is_open(world, fd) && length <= sizeof(world->bound));
    if (r == 0) {
        memcpy(world->bound, name, length);
        world->bound_length = length;
    }
    return r;
}

static int world_listen_call(void *ctx, int fd, int backlog)
{
    struct world *world = ctx;
    int r = planned(world);

    cr_assert(is_open(world, fd));
    if (r == 0)
        world->backlog = backlog;
    return r;
}

static int world_sockinfo(void *ctx, int fd, struct sp_os_sockinfo *ret)
{
    struct world *world = ctx;
    int r = is_open(world, fd) ? planned(world) : -EBADF;

    if (r == 0)
        *ret = world->info;
    return r;
}

static int world_getsockname(void *ctx, int fd, void *ret, size_t capacity)
{
    struct world *world = ctx;
    size_t length = (size_t)world->sockaddr_length;
    int r = planned(world);

    cr_assert(is_open(world, fd));
    if (r < 0)
        return r;
    memcpy(ret, world->sockaddr, length < capacity ? length : capacity);
    return world->sockaddr_length;
}

static int world_set_nonblock(void *ctx, int fd)
{
    struct world *world = ctx;
    int r = planned(world);

    cr_assert(is_open(world, fd));
    world->nonblock |= r == 0;
    return r;
}

static int world_set_cloexec(void *ctx, int fd)
{
    struct world *world = ctx;
    int r = planned(world);

    cr_assert(is_open(world, fd));
    world->cloexec |= r == 0;
    return r;
}

/* ---- connections ---- */

static int world_accept(void *ctx, int fd)
{
    struct world *world = ctx;
    int r;

    cr_assert(is_open(world, fd));
    world->accepts++;
    if (world->accept_always != 0)
        return -world->accept_always;
    if (world->fail_accept_count > 0) {
        r = -world->fail_accept[0];
        world->fail_accept_count--;
        memmove(world->fail_accept, world->fail_accept + 1,
                world->fail_accept_count * sizeof(world->fail_accept[0]));
        return r;
    }
    /* As on Linux: the descriptor comes first. */
    r = take_slot(world, (struct world_client){.kind = WORLD_SOCKET});
    if (r < 0)
        return r;
    if (world->queue_count == 0) {
        world->open[r].kind = WORLD_CLOSED;
        return -EAGAIN;
    }
    world->open[r] = world->queue[world->queue_head];
    world->queue_head = (world->queue_head + 1) % WORLD_QUEUE;
    world->queue_count--;
    return r;
}

static int64_t world_recv(void *ctx, int fd, void *bytes, size_t capacity, uint32_t flags)
{
    struct world *world = ctx;

    cr_assert(is_open(world, fd) && capacity > 0 && flags == SP_OS_PEEK);
    world->recvs++;
    switch (world->open[fd].kind) {
    case WORLD_GONE:
        return 0;
    case WORLD_RESET:
        return -ECONNRESET;
    case WORLD_GONE_WITH_BYTES:
        memcpy(bytes, "x", 1);
        return 1;
    default:
        return -EAGAIN;
    }
}

static uint32_t readiness(const struct world *world, int fd)
{
    switch (world->open[fd].kind) {
    case WORLD_SOCKET:
        return world->queue_count > 0 || world->fail_accept_count > 0 || world->accept_always != 0
                   ? SP_OS_POLLIN
                   : 0;
    case WORLD_ALIVE:
        return SP_OS_POLLOUT;
    default:
        return SP_OS_POLLIN | SP_OS_POLLOUT | SP_OS_POLLHUP | SP_OS_POLLRDHUP;
    }
}

static int world_poll(void *ctx, struct sp_os_pollfd *fds, size_t count, uint64_t deadline)
{
    struct world *world = ctx;
    int ready = 0;

    world->polls++;
    for (size_t i = 0; i < count; i++) {
        fds[i].got = 0;
        if (fds[i].fd >= 0)
            fds[i].got =
                readiness(world, fds[i].fd) & (fds[i].want | SP_OS_POLLERR | SP_OS_POLLHUP);
        ready += fds[i].got != 0;
    }
    if (ready > 0 || deadline <= world->now)
        return ready;
    if (world->interrupt_polls > 0) {
        world->interrupt_polls--;
        world->now += MS;
        return -EINTR;
    }
    cr_assert_neq(deadline, SP_NEVER, "waits for what never comes");
    world->now = deadline;
    return 0;
}

static int world_peer_cred(void *ctx, int fd, struct sp_os_cred *ret)
{
    struct world *world = ctx;

    cr_assert(is_open(world, fd));
    world->creds++;
    if (world->fail_cred != 0)
        return -world->fail_cred;
    *ret = (struct sp_os_cred){.pid = 1, .uid = world->open[fd].uid, .gid = world->open[fd].uid};
    return 0;
}

static int world_peer_groups(void *ctx, int fd, uint32_t *ret, size_t capacity)
{
    struct world *world = ctx;

    cr_assert(is_open(world, fd));
    (void)ret;
    (void)capacity;
    return 0;
}

/* ---- for the tests ---- */

static const struct sp_os world_os = {
    .version = SP_OS_VERSION,
    .alloc = world_alloc,
    .release = world_release,
    .now_ns = world_now,
    .euid = world_id,
    .egid = world_id,
    .pid = world_pid,
    .socket = world_socket,
    .bind = world_bind,
    .listen = world_listen_call,
    .accept = world_accept,
    .getsockname = world_getsockname,
    .recv = world_recv,
    .close = world_close,
    .poll = world_poll,
    .sockinfo = world_sockinfo,
    .set_nonblock = world_set_nonblock,
    .set_cloexec = world_set_cloexec,
    .peer_cred = world_peer_cred,
    .peer_groups = world_peer_groups,
};

void world_begin(struct world *world)
{
    memset(world, 0, sizeof(*world));
    world->os = world_os;
    world->os.ctx = world;
    world->now = 1000 * MS;
    world->descriptors = WORLD_DESCRIPTORS;
    world->info = (struct sp_os_sockinfo){.is_unix = 1, .is_stream = 1, .is_connected = 1};
    cr_assert_eq(sp_context_new(&world->context, &world->os, "/base"), SP_OK);
    cr_assert_eq(sp_server_new(&world->server, world->context), SP_OK);
}

void world_listen(struct world *world)
{
    struct sp_address address;

    cr_assert_eq(sp_address_abstract(&address, WORLD_NAME, SP_STRLEN, NULL), SP_OK);
    cr_assert_eq(sp_server_listen_address(world->server, &address), SP_OK);
}

void world_end(struct world *world)
{
    sp_server_free(world->server);
    sp_context_free(world->context);
    cr_assert_eq(world->bytes, 0, "%zu bytes were not given back", world->bytes);
    cr_assert_eq(world_open_count(world), 0, "a descriptor was not closed");
}

void world_connect(struct world *world, enum world_kind kind, unsigned count)
{
    while (count-- > 0) {
        cr_assert_lt(world->queue_count, WORLD_QUEUE);
        world->queue[(world->queue_head + world->queue_count++) % WORLD_QUEUE] =
            (struct world_client){.kind = kind, .uid = OUR_ID};
    }
}

void world_connect_as(struct world *world, uint32_t uid)
{
    world_connect(world, WORLD_ALIVE, 1);
    world->queue[(world->queue_head + world->queue_count - 1) % WORLD_QUEUE].uid = uid;
}

int world_open(struct world *world, enum world_kind kind)
{
    return take_slot(world, (struct world_client){.kind = kind, .uid = OUR_ID});
}

unsigned world_open_count(const struct world *world)
{
    unsigned count = 0;

    for (int fd = 0; fd < WORLD_DESCRIPTORS; fd++)
        count += world->open[fd].kind != WORLD_CLOSED;
    return count;
}

unsigned world_pending_count(const struct world *world)
{
    return world_open_count(world) - 1; /* less the listening one */
}

unsigned world_turns(struct world *world, unsigned most)
{
    unsigned turns = 0;

    while (turns < most) {
        bool due = sp_server_deadline(world->server) <= world->now;
        bool ready = (sp_server_interest(world->server) & SP_IO_READ) != 0 &&
                     readiness(world, sp_server_fd(world->server)) != 0;

        if (!due && !ready)
            break;
        sp_server_process(world->server, ready ? SP_IO_DATA : 0);
        turns++;
    }
    return turns;
}

unsigned world_take_all(struct world *world)
{
    struct sp_socket *socket;
    unsigned count = 0;

    while (sp_server_take(world->server, &socket) == SP_OK) {
        sp_socket_free(socket);
        count++;
    }
    cr_assert_eq(sp_server_error(world->server), SP_ERROR_LIMIT);
    return count;
}

void world_expect(struct world *world, const char *events)
{
    struct sp_event event;
    char text[512] = "";
    size_t used = 0;

    while (sp_server_next_event(world->server, &event)) {
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", used > 0 ? " " : "",
                                 sp_event_name(event.kind));
        if (event.kind == SP_EVENT_ERROR)
            used += (size_t)snprintf(text + used, sizeof(text) - used, ":%d", event.error);
        cr_assert_lt(used, sizeof(text));
    }
    cr_assert_str_eq(text, events);
}
