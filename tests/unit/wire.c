/* SPDX-License-Identifier: MIT */
/* A socket alone, and the far end of its wire: see wire.h. */
#include "tests/unit/wire.h"

#include "tests/support/must.h"
#include "tests/support/told.h"

#include <criterion/criterion.h>

#define NOT_OPEN "asked about a descriptor that is not open"
#define DESCRIPTORS ((int)(sizeof(((struct wire *)0)->open) / sizeof(bool)))

/* Criterion reports every assertion, also one that holds, to its parent: too slow for each call of
 * a seam. */
static void check(bool holds, const char *what)
{
    if (!holds)
        cr_assert_fail("%s", what);
}

/* ---- what is planned ---- */

static int planned(struct wire *wire, enum wire_call call)
{
    struct wire_failure *failure = &wire->fail[call];

    wire->calls[call]++;
    if (failure->times == 0)
        return 0;
    if (failure->after > 0) {
        failure->after--;
        return 0;
    }
    failure->times--;
    return -failure->error;
}

/* A smaller count than @most, at random if the test wants that; never 0. */
static size_t shortened(struct wire *wire, size_t most)
{
    if (wire->shuffle == 0 || most < 2)
        return most;
    wire->shuffle = wire->shuffle * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return 1 + (size_t)(wire->shuffle >> 33) % most;
}

/* ---- bytes ---- */

static void append(struct wire_bytes *to, const void *bytes, size_t length)
{
    if (length == 0)
        return;
    if (to->length + length > to->capacity) {
        to->capacity = 2 * (to->length + length);
        to->bytes = realloc(to->bytes, to->capacity);
        MUST(to->bytes != NULL);
    }
    memcpy(to->bytes + to->length, bytes, length);
    to->length += length;
}

/* ---- memory, clock, identity ---- */

static void *wire_alloc(void *ctx, size_t size)
{
    struct wire *wire = ctx;

    if (planned(wire, WIRE_ALLOC) != 0)
        return NULL;
    wire->memory += size;
    if (wire->memory > wire->memory_peak)
        wire->memory_peak = wire->memory;
    return malloc(size);
}

static void wire_release(void *ctx, void *memory, size_t size)
{
    struct wire *wire = ctx;

    check(memory != NULL && wire->memory >= size, "gave back what it had not");
    wire->memory -= size;
    free(memory);
}

static uint64_t wire_now(void *ctx)
{
    struct wire *wire = ctx;

    wire->now += wire->tick;
    return wire->now;
}

static int32_t wire_pid(void *ctx)
{
    (void)ctx;
    return 1;
}

static uint32_t wire_id(void *ctx)
{
    (void)ctx;
    return WIRE_UID;
}

/* ---- descriptors ---- */

static bool is_open(const struct wire *wire, int fd)
{
    return fd >= 0 && fd < DESCRIPTORS && wire->open[fd];
}

int wire_descriptor(struct wire *wire)
{
    for (int fd = 0; fd < DESCRIPTORS; fd++) {
        if (!wire->open[fd]) {
            wire->open[fd] = true;
            wire->open_descriptors++;
            return fd;
        }
    }
    return -EMFILE;
}

static int wire_socket(void *ctx)
{
    int r = planned(ctx, WIRE_SOCKET);

    return r < 0 ? r : wire_descriptor(ctx);
}

static int wire_close(void *ctx, int fd)
{
    struct wire *wire = ctx;
    int r = planned(wire, WIRE_CLOSE);

    check(is_open(wire, fd), "closed a descriptor that is not open");
    wire->open[fd] = false;
    wire->open_descriptors--;
    return r;
}

static int wire_sockinfo(void *ctx, int fd, struct sp_os_sockinfo *ret)
{
    struct wire *wire = ctx;
    int r = planned(wire, WIRE_SOCKINFO);

    if (r == 0 && !is_open(wire, fd))
        r = -EBADF;
    if (r == 0)
        *ret = wire->info;
    return r;
}

static int wire_name(struct wire *wire, enum wire_call call, const uint8_t *name, int length,
                     void *ret, size_t capacity)
{
    int r = planned(wire, call);

    if (r < 0)
        return r;
    memcpy(ret, name, (size_t)length < capacity ? (size_t)length : capacity);
    return length;
}

static int wire_getsockname(void *ctx, int fd, void *ret, size_t capacity)
{
    struct wire *wire = ctx;

    check(is_open(wire, fd), NOT_OPEN);
    return wire_name(wire, WIRE_GETSOCKNAME, wire->own_name, wire->own_length, ret, capacity);
}

static int wire_getpeername(void *ctx, int fd, void *ret, size_t capacity)
{
    struct wire *wire = ctx;

    check(is_open(wire, fd), NOT_OPEN);
    return wire_name(wire, WIRE_GETPEERNAME, wire->peer_name, wire->peer_length, ret, capacity);
}

static int wire_set_nonblock(void *ctx, int fd)
{
    check(is_open(ctx, fd), NOT_OPEN);
    return planned(ctx, WIRE_SET_NONBLOCK);
}

static int wire_set_cloexec(void *ctx, int fd)
{
    check(is_open(ctx, fd), NOT_OPEN);
    return planned(ctx, WIRE_SET_CLOEXEC);
}

/* ---- the connection ---- */

static int wire_connect_call(void *ctx, int fd, const void *name, size_t length)
{
    struct wire *wire = ctx;
    int r = planned(wire, WIRE_CONNECT);

    check(is_open(wire, fd) && length <= sizeof(wire->target), "a bad connect()");
    memcpy(wire->target, name, length);
    wire->target_length = length;
    if (r < 0)
        return r;
    wire->coming.length = 0;
    wire->received = 0;
    wire->finished = wire->reset = wire->left = false;
    wire->refuse = 0;
    return 0;
}

static int64_t wire_send(void *ctx, int fd, const struct sp_os_iov *iov, size_t count)
{
    struct wire *wire = ctx;
    int r = planned(wire, WIRE_SEND);
    size_t taken = 0, most = wire->room;

    check(is_open(wire, fd) && count >= 1 && count <= SP_OS_IOV_MAX, "a bad send()");
    if (r == 0 && wire->refuse != 0)
        r = -wire->refuse;
    if (r == 0 && wire->left)
        r = -EPIPE;
    if (r < 0)
        return r;
    if (most > wire->send_max)
        most = wire->send_max;
    if (most == 0)
        return -EAGAIN;
    most = shortened(wire, most < SIZE_MAX / 2 ? most : SIZE_MAX / 2);
    for (size_t i = 0; i < count; i++) {
        size_t part = iov[i].length < most - taken ? iov[i].length : most - taken;

        check(iov[i].length > 0, "an empty piece");
        append(&wire->heard, iov[i].bytes, part);
        taken += part;
    }
    if (wire->room != WIRE_ALL)
        wire->room -= taken;
    return (int64_t)taken;
}

static int64_t wire_recv(void *ctx, int fd, void *bytes, size_t capacity, uint32_t flags)
{
    struct wire *wire = ctx;
    int r = planned(wire, WIRE_RECV);
    size_t length = wire->coming.length - wire->received;

    check(is_open(wire, fd) && capacity > 0 && flags == 0, "a bad recv()");
    if (r < 0)
        return r;
    if (length == 0) {
        if (!wire->reset)
            return wire->finished || wire->left ? 0 : -EAGAIN;
        wire->reset = false;
        return -ECONNRESET;
    }
    if (length > capacity)
        length = capacity;
    if (length > wire->recv_max)
        length = wire->recv_max;
    length = shortened(wire, length);
    memcpy(bytes, wire->coming.bytes + wire->received, length);
    wire->received += length;
    return (int64_t)length;
}

static uint32_t readiness(const struct wire *wire)
{
    uint32_t got = 0;

    if (wire->coming.length > wire->received || wire->finished || wire->left)
        got |= SP_OS_POLLIN;
    if (wire->finished || wire->left)
        got |= SP_OS_POLLRDHUP;
    if (wire->room > 0)
        got |= SP_OS_POLLOUT;
    if (wire->left)
        got |= SP_OS_POLLHUP;
    if (wire->reset)
        got |= SP_OS_POLLERR;
    return got;
}

static int wire_poll(void *ctx, struct sp_os_pollfd *fds, size_t count, uint64_t deadline)
{
    struct wire *wire = ctx;
    int r = planned(wire, WIRE_POLL);

    check(count == 1, "polls for one descriptor");
    if (r < 0)
        return r;
    fds->got = 0;
    if (fds->fd >= 0 && !is_open(wire, fds->fd))
        fds->got = SP_OS_POLLNVAL;
    else if (fds->fd >= 0)
        fds->got = readiness(wire) & (fds->want | SP_OS_POLLERR | SP_OS_POLLHUP);
    if (fds->got != 0 || deadline <= wire->now)
        return fds->got != 0;
    if (wire->interrupt_polls > 0) {
        wire->interrupt_polls--;
        wire->now += WIRE_MS;
        return -EINTR;
    }
    if (wire->asleep != NULL) {
        wire->asleep(wire, deadline);
        return -EINTR;
    }
    check(deadline != SP_NEVER, "waits for what never comes");
    wire->now = deadline;
    return 0;
}

static int wire_peer_cred(void *ctx, int fd, struct sp_os_cred *ret)
{
    struct wire *wire = ctx;
    int r = planned(wire, WIRE_PEER_CRED);

    check(is_open(wire, fd), NOT_OPEN);
    if (r == 0)
        *ret = (struct sp_os_cred){.pid = 1, .uid = wire->uid, .gid = wire->uid};
    return r;
}

static int wire_peer_pidfd(void *ctx, int fd)
{
    int r = planned(ctx, WIRE_PEER_PIDFD);

    check(is_open(ctx, fd), NOT_OPEN);
    return r < 0 ? r : wire_descriptor(ctx);
}

/* ---- for the tests ---- */

/* What a socket never asks for is NULL: asking crashes the test. */
static const struct sp_os wire_os = {
    .version = SP_OS_VERSION,
    .alloc = wire_alloc,
    .release = wire_release,
    .now_ns = wire_now,
    .euid = wire_id,
    .egid = wire_id,
    .pid = wire_pid,
    .socket = wire_socket,
    .connect = wire_connect_call,
    .getsockname = wire_getsockname,
    .getpeername = wire_getpeername,
    .send = wire_send,
    .recv = wire_recv,
    .close = wire_close,
    .poll = wire_poll,
    .sockinfo = wire_sockinfo,
    .set_nonblock = wire_set_nonblock,
    .set_cloexec = wire_set_cloexec,
    .peer_cred = wire_peer_cred,
    .peer_pidfd = wire_peer_pidfd,
};

void wire_begin(struct wire *wire)
{
    memset(wire, 0, sizeof(*wire));
    wire->os = wire_os;
    wire->os.ctx = wire;
    wire->now = 1000 * WIRE_MS;
    wire->room = wire->send_max = wire->recv_max = WIRE_ALL;
    wire->uid = WIRE_UID;
    wire->info = (struct sp_os_sockinfo){.is_unix = 1, .is_stream = 1, .is_connected = 1};
    wire->own_length = wire->peer_length = 2;
    wire->own_name[0] = wire->peer_name[0] = 1; /* AF_UNIX, and no name */
    cr_assert_eq(sp_context_new(&wire->context, &wire->os, "/base"), SP_OK);
    cr_assert_eq(sp_socket_new(&wire->socket, wire->context), SP_OK);
}

void wire_end(struct wire *wire)
{
    sp_socket_free(wire->socket);
    sp_context_free(wire->context);
    cr_assert_eq(wire->memory, 0, "%zu bytes were not given back", wire->memory);
    cr_assert_eq(wire->open_descriptors, 0, "a descriptor was not closed");
    free(wire->coming.bytes);
    free(wire->heard.bytes);
}

void wire_fail(struct wire *wire, enum wire_call call, int error, unsigned times)
{
    wire->fail[call] = (struct wire_failure){.error = error, .times = times};
}

void wire_connect(struct wire *wire, enum sp_mode mode)
{
    cr_assert_eq(sp_socket_connect(wire->socket, "server", SP_STRLEN, mode), SP_OK);
    cr_assert_eq(sp_socket_state(wire->socket), SP_STATE_CONNECTED);
    wire_expect(wire, "state:connecting state:connected connected");
}

void wire_say(struct wire *wire, const void *bytes, size_t length)
{
    check(!wire->finished && !wire->left, "it had said all");
    append(&wire->coming, bytes, length);
}

void wire_say_text(struct wire *wire, const char *text)
{
    wire_say(wire, text, strlen(text));
}

void wire_finish(struct wire *wire)
{
    wire->finished = true;
}

void wire_leave(struct wire *wire, bool reset)
{
    wire->left = true;
    wire->reset = reset;
}

unsigned wire_ready(const struct wire *wire, unsigned interest)
{
    uint32_t want = sp_io_to_poll(interest) | SP_OS_POLLERR | SP_OS_POLLHUP;

    return interest == 0 ? 0 : sp_io_from_poll(readiness(wire) & want);
}

bool wire_turn(struct wire *wire)
{
    unsigned ready = 0;

    if (sp_socket_fd(wire->socket) >= 0)
        ready = wire_ready(wire, sp_socket_interest(wire->socket));
    if (ready == 0 && sp_socket_deadline(wire->socket) > wire->now)
        return false;
    sp_socket_process(wire->socket, ready);
    return true;
}

unsigned wire_settle(struct wire *wire, unsigned most)
{
    unsigned turns = 0;

    while (turns < most && wire_turn(wire))
        turns++;
    check(turns < most, "no rest");
    return turns;
}

void wire_expect(struct wire *wire, const char *events)
{
    struct told told = told_by(wire->socket);

    cr_assert_str_eq(told.text, events);
}

void wire_heard(struct wire *wire, const char *text)
{
    cr_assert(wire->heard.length == strlen(text) &&
                  memcmp(wire->heard.bytes, text, strlen(text)) == 0,
              "the far end got %zu bytes: '%.*s'", wire->heard.length, (int)wire->heard.length,
              (const char *)wire->heard.bytes);
    wire->heard.length = 0;
}
