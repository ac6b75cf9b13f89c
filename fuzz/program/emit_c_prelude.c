/* SPDX-License-Identifier: MIT */
/*
 * A program of sunpath's fuzz targets, to be played on the real kernel with nothing but the
 * library.
 *
 *   cc this.c $(pkg-config --cflags --libs sunpath) && ./a.out
 *
 * It works in a directory of its own below $TMPDIR or /tmp, which stands for "/", and removes it at
 * the end. Each step is printed with what it came to: a result or a count, or the error; and above
 * that, behind a dot, the system calls that the library made for it. The clock
 * of the library stands still but for "advance", for what its waits sleep, which takes no real
 * time, and for a moment that each call takes. Faults are planned for the calls of its seam
 * (sunpath/os.h).
 *
 * u1 is who you are. What another user does is done when root starts this, and skipped otherwise;
 * the library then runs as user 1000. Skipped are also tapes of faults, and passing descriptors.
 *
 * Exit status: 0; 1 if a claim ("expect") does not hold though nothing was skipped before it.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sunpath/sunpath.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Most programs use a part of this. */
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-variable"
#pragma GCC diagnostic ignored "-Wunused-const-variable"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Results that are none. */
#define NOTHING LLONG_MIN       /* there was nothing to do it with */
#define SKIPPED (LLONG_MIN + 1) /* it cannot be done here */

/* ---- where it takes place ---- */

static char root[64]; /* stands for "/" */

/* A path of the program as one of this machine; a short one is below /run/sun. */
static const char *path(const char *bytes, size_t length)
{
    static char paths[2][4096];
    static unsigned next;
    char *result = paths[next++ % 2];

    snprintf(result, sizeof(paths[0]), "%s%s%.*s", root,
             length > 0 && *bytes == '/' ? "" : "/run/sun/", (int)length, bytes);
    return result;
}

/* A name for the library: a short one stays short, and may hold NUL. */
static const char *name(const char *bytes, size_t length, size_t *ret_length)
{
    static char named[4096];
    size_t prefix = length > 0 && *bytes == '/' ? strlen(root) : 0;

    memcpy(named, root, prefix);
    memcpy(named + prefix, bytes, length);
    *ret_length = prefix + length;
    return named;
}

static const unsigned ids[] = {0, 1000, 2000, 2001};
static const struct {
    const char *path;
    unsigned user;
    mode_t mode;
} places[] = {
    {"/run", 0, 0755},  {"/run/sun", 1, 0755}, {"/run/open", 1, 0777},
    {"/tmp", 0, 01777}, {"/home", 0, 0755},    {"/home/mallory", 2, 0755},
};

/* From here on this is user number @user; false if that cannot be. */
static int become(unsigned user)
{
    if (getuid() != 0)
        return user == 1;
    /* u3 is in the group of u1. */
    return seteuid(0) == 0 && setgroups(user == 3, (gid_t[]){ids[1]}) == 0 &&
           setegid(ids[user]) == 0 && seteuid(ids[user]) == 0;
}

static void make_places(void)
{
    const char *tmp = getenv("TMPDIR");

    snprintf(root, sizeof(root), "%.40s/sunpath-XXXXXX", tmp != NULL && *tmp == '/' ? tmp : "/tmp");
    if (mkdtemp(root) == NULL || chmod(root, 0755) < 0) {
        perror(root);
        exit(2);
    }
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        const char *place = path(places[i].path, strlen(places[i].path));

        if (mkdir(place, 0700) < 0 || chmod(place, places[i].mode) < 0 ||
            (getuid() == 0 && chown(place, ids[places[i].user], ids[places[i].user]) < 0))
            perror(place);
    }
    (void)become(1);
}

static void remove_tree(int above, const char *entry)
{
    int fd = openat(above, entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *below;

    while (directory != NULL && (below = readdir(directory)) != NULL)
        if (strcmp(below->d_name, ".") != 0 && strcmp(below->d_name, "..") != 0)
            remove_tree(fd, below->d_name);
    if (directory != NULL)
        closedir(directory);
    if (unlinkat(above, entry, directory != NULL ? AT_REMOVEDIR : 0) < 0)
        perror(entry);
}

static _Noreturn void leave(int status)
{
    if (getuid() == 0 && seteuid(0) < 0)
        perror("seteuid");
    remove_tree(AT_FDCWD, root);
    exit(status);
}

/* ---- what is printed ---- */

static const char *const *program; /* its steps */
static int was_skipped, was_wrong;
static long long last;

static void changes(void);

static void step(int number)
{
    changes();
    printf("%3d  %s\n", number, program[number]);
    fflush(stdout);
}

static void did(long long result)
{
    last = result;
    if (result == NOTHING) {
        printf("       there is nothing to do it with\n");
    } else if (result == SKIPPED) {
        printf("       SKIPPED: cannot be done here\n");
        was_skipped = 1;
    } else if (result < 0 && result >= -15) {
        printf("       %s\n", sp_error_name((int)result));
    } else {
        printf("       %lld\n", result);
    }
}

/* What a system call of a program beside the library came to. */
static void called(long long result)
{
    if (result < 0 && result > SKIPPED) {
        printf("       %s\n", strerror(errno));
        last = -errno;
    } else {
        did(result);
    }
}

static void expect(int holds)
{
    printf("       %s\n", holds ? "holds" : "DOES NOT HOLD");
    if (!holds && !was_skipped)
        was_wrong = 1;
}

/* ---- the seam: the real one, with faults, limits and a clock ---- */

enum side_number { client, server, BOTH };

#define CALLS(X)       \
    X(alloc)           \
    X(release)         \
    X(now_ns)          \
    X(environment)     \
    X(euid)            \
    X(egid)            \
    X(pid)             \
    X(socket)          \
    X(bind)            \
    X(listen)          \
    X(accept)          \
    X(connect)         \
    X(getsockname)     \
    X(getpeername)     \
    X(send)            \
    X(recv)            \
    X(close)           \
    X(poll)            \
    X(sockinfo)        \
    X(set_nonblock)    \
    X(set_cloexec)     \
    X(peer_cred)       \
    X(peer_groups)     \
    X(peer_pidfd)      \
    X(set_socket_mode) \
    X(open_dir)        \
    X(stat_at)         \
    X(stat_fd)         \
    X(readlink_at)     \
    X(unlink_at)       \
    X(chmod_at)        \
    X(lock_at)

enum call {
#define X(member) CALL_##member,
    CALLS(X)
#undef X
        CALL_any
};

static const char *const call_names[] = {
#define X(member) #member,
    CALLS(X)
#undef X
};

enum fault_kind { FAIL, AFTER, SHORT, DELAY };

struct fault {
    enum call call;
    enum fault_kind kind;
    long long value;
    unsigned skip, times, seen; /* times 0: for ever */
};

#define DESCRIPTORS 1024

static struct side {
    struct fault faults[64];
    size_t fault_count;
    size_t memory, memory_limit;
    unsigned descriptor_limit;
    char is_open[DESCRIPTORS];
    char environment[2][4096]; /* XDG_RUNTIME_DIR, TMPDIR */
    int has_environment;
    struct sp_context *context;
} sides[2];

static const struct sp_os *real;
static uint64_t now = UINT64_C(1000000000);

/* What every call takes by that clock: without it a wait in which a call fails at once, again and
 * again, would not end. */
#define CALL_NS 10000

static struct {
    enum call at;
    unsigned in;
    void (*act)(void); /* NULL: none */
} racing;

static void race(enum call at, unsigned in, void (*act)(void))
{
    racing.at = at;
    racing.in = in;
    racing.act = act;
}

static void fault(enum side_number number, enum call call, enum fault_kind kind, long long value,
                  unsigned times, unsigned skip)
{
    for (unsigned i = 0; i < 2; i++) {
        struct side *side = &sides[i];

        if ((number == BOTH || number == i) && side->fault_count < COUNT_OF(side->faults))
            side->faults[side->fault_count++] = (struct fault){call, kind, value, skip, times, 0};
    }
}

/* The fault of a call that is about to be made, or NULL; a delay has passed already. */
static const struct fault *enter(void *ctx, enum call call)
{
    struct side *side = ctx;

    now += CALL_NS;
    if (racing.act != NULL && (racing.at == call || racing.at == CALL_any) && racing.in-- == 0) {
        void (*act)(void) = racing.act;

        racing.act = NULL;
        act();
        (void)become(1);
    }
    for (size_t i = 0; i < side->fault_count; i++) {
        struct fault *fault = &side->faults[i];

        if (fault->call != call || fault->seen++ < fault->skip ||
            (fault->times != 0 && fault->seen > fault->skip + fault->times))
            continue;
        if (fault->seen <= fault->skip + 3)
            printf("       (fault in %s)\n", call_names[call]);
        if (fault->kind != DELAY)
            return fault;
        now += (uint64_t)fault->value;
    }
    return NULL;
}

/* Says what a call came to, for the reader. */
static long long made(enum call call, long long result)
{
    if (result < 0)
        printf("       . %s: %s\n", call_names[call], strerror((int)-result));
    else
        printf("       . %s %lld\n", call_names[call], result);
    return result;
}

/* A call without a result of its own beside "0 or an errno". @what is not made if it fails. */
#define PLAIN(member, what)                                \
    const struct fault *fault = enter(ctx, CALL_##member); \
    if (fault != NULL && fault->kind == FAIL)              \
        return (int)made(CALL_##member, -fault->value);    \
    int result = what;                                     \
    return (int)made(CALL_##member, fault != NULL && fault->kind == AFTER ? -fault->value : result)

/* The same for one that makes a descriptor. */
#define OPENING(member, what)                              \
    const struct fault *fault = enter(ctx, CALL_##member); \
    if (fault != NULL && fault->kind == FAIL)              \
        return (int)made(CALL_##member, -fault->value);    \
    return (int)made(CALL_##member, opened(ctx, what))

static int opened(struct side *side, int fd)
{
    unsigned count = 0;

    if (fd < 0 || fd >= DESCRIPTORS)
        return fd;
    for (size_t i = 0; i < DESCRIPTORS; i++)
        count += side->is_open[i] != 0;
    if (count >= side->descriptor_limit) {
        (void)real->close(real->ctx, fd);
        return -EMFILE;
    }
    side->is_open[fd] = 1;
    return fd;
}

/* Buffers as small as in the world of the fuzz targets: 8 KiB, which the kernel takes for twice
 * what is asked for. So they fill up after few bytes. */
static int small(int fd)
{
    int size = 4096;

    if (fd >= 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    return fd;
}

static void *os_alloc(void *ctx, size_t size)
{
    struct side *side = ctx;

    if (enter(ctx, CALL_alloc) != NULL || size > side->memory_limit - side->memory)
        return NULL;
    side->memory += size;
    return real->alloc(real->ctx, size);
}

static void os_release(void *ctx, void *memory, size_t size)
{
    (void)enter(ctx, CALL_release);
    ((struct side *)ctx)->memory -= size;
    real->release(real->ctx, memory, size);
}

static uint64_t os_now_ns(void *ctx)
{
    (void)enter(ctx, CALL_now_ns);
    return now;
}

static const char *os_environment(void *ctx, const char *variable)
{
    const struct side *side = ctx;
    const char *value = side->environment[strcmp(variable, "TMPDIR") == 0];

    (void)enter(ctx, CALL_environment);
    return *value != '\0' ? value : NULL;
}

static uint32_t os_euid(void *ctx)
{
    (void)enter(ctx, CALL_euid);
    return real->euid(real->ctx);
}

static uint32_t os_egid(void *ctx)
{
    (void)enter(ctx, CALL_egid);
    return real->egid(real->ctx);
}

static int32_t os_pid(void *ctx)
{
    (void)enter(ctx, CALL_pid);
    return real->pid(real->ctx);
}

static int os_socket(void *ctx)
{
    OPENING(socket, small(real->socket(real->ctx)));
}

static int os_bind(void *ctx, int fd, const void *bytes, size_t length)
{
    PLAIN(bind, real->bind(real->ctx, fd, bytes, length));
}

static int os_listen(void *ctx, int fd, int backlog)
{
    PLAIN(listen, real->listen(real->ctx, fd, backlog));
}

static int os_accept(void *ctx, int fd)
{
    OPENING(accept, small(real->accept(real->ctx, fd)));
}

static int os_connect(void *ctx, int fd, const void *bytes, size_t length)
{
    PLAIN(connect, real->connect(real->ctx, fd, bytes, length));
}

static int os_getsockname(void *ctx, int fd, void *ret, size_t capacity)
{
    PLAIN(getsockname, real->getsockname(real->ctx, fd, ret, capacity));
}

static int os_getpeername(void *ctx, int fd, void *ret, size_t capacity)
{
    PLAIN(getpeername, real->getpeername(real->ctx, fd, ret, capacity));
}

static int64_t os_send(void *ctx, int fd, const struct sp_os_iov *iov, size_t count)
{
    const struct fault *fault = enter(ctx, CALL_send);
    struct sp_os_iov first = iov[0];

    if (fault == NULL)
        return made(CALL_send, real->send(real->ctx, fd, iov, count));
    if (fault->kind != SHORT)
        return made(CALL_send, -fault->value);
    if (first.length > (size_t)fault->value)
        first.length = (size_t)fault->value;
    return made(CALL_send, real->send(real->ctx, fd, &first, 1));
}

static int64_t os_recv(void *ctx, int fd, void *ret, size_t capacity, uint32_t flags)
{
    const struct fault *fault = enter(ctx, CALL_recv);

    if (fault != NULL && fault->kind != SHORT)
        return made(CALL_recv, -fault->value);
    if (fault != NULL && capacity > (size_t)fault->value)
        capacity = (size_t)fault->value;
    printf(flags != 0 ? "       . recv with flags %u\n" : "", flags);
    return made(CALL_recv, real->recv(real->ctx, fd, ret, capacity, flags));
}

static int os_close(void *ctx, int fd)
{
    if (fd >= 0 && fd < DESCRIPTORS)
        ((struct side *)ctx)->is_open[fd] = 0;
    PLAIN(close, real->close(real->ctx, fd));
}

/* Looks once; when nothing is there, the clock goes to the deadline. Nobody else acts meanwhile, so
 * a wait without a deadline would never end. */
static int os_poll(void *ctx, struct sp_os_pollfd *fds, size_t count, uint64_t deadline)
{
    const struct fault *fault = enter(ctx, CALL_poll);
    int ready;

    if (fault != NULL && fault->kind == FAIL)
        return -(int)fault->value;
    ready = real->poll(real->ctx, fds, count, 0);
    if (ready == 0 && deadline == SP_NEVER) {
        printf("       this waits for ever\n");
        leave(was_wrong);
    }
    if (ready == 0 && now < deadline)
        now = deadline;
    return (int)made(CALL_poll, ready);
}

static int os_sockinfo(void *ctx, int fd, struct sp_os_sockinfo *ret)
{
    PLAIN(sockinfo, real->sockinfo(real->ctx, fd, ret));
}

static int os_set_nonblock(void *ctx, int fd)
{
    PLAIN(set_nonblock, real->set_nonblock(real->ctx, fd));
}

static int os_set_cloexec(void *ctx, int fd)
{
    PLAIN(set_cloexec, real->set_cloexec(real->ctx, fd));
}

static int os_peer_cred(void *ctx, int fd, struct sp_os_cred *ret)
{
    PLAIN(peer_cred, real->peer_cred(real->ctx, fd, ret));
}

static int os_peer_groups(void *ctx, int fd, uint32_t *ret, size_t capacity)
{
    PLAIN(peer_groups, real->peer_groups(real->ctx, fd, ret, capacity));
}

static int os_peer_pidfd(void *ctx, int fd)
{
    OPENING(peer_pidfd, real->peer_pidfd(real->ctx, fd));
}

static int os_set_socket_mode(void *ctx, int fd, uint32_t mode)
{
    PLAIN(set_socket_mode, real->set_socket_mode(real->ctx, fd, mode));
}

static int os_open_dir(void *ctx, int dir, const char *entry)
{
    OPENING(open_dir, real->open_dir(real->ctx, dir, entry));
}

static int os_stat_at(void *ctx, int dir, const char *entry, struct sp_os_stat *ret)
{
    PLAIN(stat_at, real->stat_at(real->ctx, dir, entry, ret));
}

static int os_stat_fd(void *ctx, int fd, struct sp_os_stat *ret)
{
    PLAIN(stat_fd, real->stat_fd(real->ctx, fd, ret));
}

static int os_readlink_at(void *ctx, int dir, const char *entry, char *ret, size_t capacity)
{
    PLAIN(readlink_at, real->readlink_at(real->ctx, dir, entry, ret, capacity));
}

static int os_unlink_at(void *ctx, int dir, const char *entry)
{
    PLAIN(unlink_at, real->unlink_at(real->ctx, dir, entry));
}

static int os_chmod_at(void *ctx, int dir, const char *entry, const struct sp_os_stat *expected,
                       uint32_t mode)
{
    PLAIN(chmod_at, real->chmod_at(real->ctx, dir, entry, expected, mode));
}

static int os_lock_at(void *ctx, int dir, const char *entry)
{
    OPENING(lock_at, real->lock_at(real->ctx, dir, entry));
}

static const struct sp_context *context(enum side_number number)
{
    static struct sp_os seams[2];
    struct side *side = &sides[number];

    seams[number] = (struct sp_os){.version = SP_OS_VERSION,
                                   .ctx = side,
#define X(member) .member = os_##member,
                                   CALLS(X)
#undef X
    };
    if (side->context == NULL)
        (void)!sp_context_new(&side->context, &seams[number],
                              side->has_environment ? NULL : path("", 0));
    return side->context;
}

static void no_faults(void)
{
    sides[client].fault_count = sides[server].fault_count = 0;
}

static long long set_environment(enum side_number number, unsigned variable, const char *bytes,
                                 size_t length)
{
    struct side *side = &sides[number];

    snprintf(side->environment[variable], sizeof(side->environment[0]), "%s%.*s",
             length > 0 && *bytes == '/' ? root : "", (int)length, bytes);
    side->has_environment = 1;
    return 0;
}

/* ---- sockets ---- */

#define SOCKETS 8
#define SERVERS 4
#define PEERS 8

/* A call with what must be there; it gives a number, or with DO() nothing. */
#define ON(object, call) ((object) == NULL ? NOTHING : (long long)(call))
#define DO(object, call) ((object) == NULL ? NOTHING : ((call), 0LL))

enum action {
    do_nothing,
    do_read,
    do_write,
    do_flush,
    do_disconnect,
    do_close,
    do_abort,
    do_free,
    do_reopen,
    do_dispatch,
    do_take
};

static struct sp_socket *c[SOCKETS];
static struct sp_server *s[SERVERS];
static enum side_number side_of_socket[SOCKETS], side_of_server[SERVERS];
static enum action on_socket[SOCKETS][16], on_server[SERVERS][16]; /* by enum sp_event_kind */
static unsigned events_seen, events_claimed;
static int events[4096];

static char bytes[1 << 20]; /* what is read */

/* Says what was read; returns @count. */
static long long got(long long count)
{
    unsigned sum = 0;

    if (count <= 0)
        return count;
    printf("       \"");
    for (long long i = 0; i < count; i++) {
        sum = sum * 31 + (unsigned char)bytes[i];
        if (i < 48)
            printf(bytes[i] >= ' ' && bytes[i] <= '~' ? "%c" : "\\x%02x", bytes[i] & 0xff);
    }
    printf("\" (sum %08x)\n", sum);
    return count;
}

/* What is written: so that lines can be read, one byte in 16 ends one. */
static const char *written(size_t length)
{
    static char pattern[1 << 17];

    if (*pattern == '\0')
        for (size_t i = 0; i < sizeof(pattern); i++)
            pattern[i] = i % 16 == 15 ? '\n' : (char)('a' + i % 26);
    return length <= sizeof(pattern) ? pattern : NULL; /* of an operation: 64 KiB at most */
}

static void advance(long long ms)
{
    now += ms > 0 ? (uint64_t)ms * 1000000 : 0;
}

static int event_was(int kind)
{
    return events_claimed < events_seen && events[events_claimed++] == kind;
}

static struct sp_socket *fill(unsigned slot, enum side_number side)
{
    if (c[slot] == NULL && context(side) != NULL &&
        sp_socket_new(&c[slot], context(side)) == SP_OK) {
        sp_socket_set_user(c[slot], &on_socket[slot]);
        side_of_socket[slot] = side;
    }
    return c[slot];
}

static void socket_free(unsigned slot)
{
    struct sp_socket *socket = c[slot];

    c[slot] = NULL;
    sp_socket_free(socket);
}

static long long socket_new(unsigned slot, enum side_number side)
{
    socket_free(slot);
    return fill(slot, side) != NULL ? SP_OK : SP_ERROR_RESOURCE;
}

static long long socket_connect(unsigned slot, const char *to, size_t length, int mode)
{
    const char *full = name(to, length, &length);

    if (fill(slot, client) == NULL)
        return SP_ERROR_RESOURCE;
    return sp_socket_connect(c[slot], full, length, (enum sp_mode)mode);
}

static long long socket_connect_abstract(unsigned slot, const char *to, size_t length, int mode)
{
    struct sp_address address;
    int r = sp_address_abstract(&address, to, length, NULL);

    if (fill(slot, client) == NULL)
        return SP_ERROR_RESOURCE;
    return r < 0 ? r : sp_socket_connect_address(c[slot], &address, (enum sp_mode)mode);
}

static long long socket_set_name(unsigned slot, const char *to, size_t length)
{
    const char *full = name(to, length, &length);

    return ON(c[slot], sp_socket_set_name(c[slot], full, length));
}

static long long socket_write_large(unsigned slot, size_t length)
{
    length %= 131073;
    return ON(c[slot], sp_socket_write(c[slot], written(length), length));
}

static long long socket_policy(unsigned slot, const struct sp_peer_policy *policy)
{
    return ON(c[slot], sp_socket_set_peer_policy(c[slot], policy));
}

static unsigned ready(int fd, unsigned interest)
{
    struct pollfd watched = {.fd = fd, .events = (short)sp_io_to_poll(interest)};

    return interest != 0 && poll(&watched, 1, 0) > 0 ? sp_io_from_poll((unsigned)watched.revents)
                                                     : 0;
}

/* One round of an application's loop. */
static long long socket_turn(unsigned slot)
{
    unsigned io;

    if (c[slot] == NULL)
        return NOTHING;
    io = ready(sp_socket_fd(c[slot]), sp_socket_interest(c[slot]));
    if (io != 0 || now >= sp_socket_deadline(c[slot]))
        sp_socket_process(c[slot], io);
    return io;
}

static void event_is(enum sp_event_kind kind, const struct sp_event *event)
{
    printf("       event %s", sp_event_name(kind));
    if (event != NULL)
        printf(" (%s, %s, %llu)", sp_state_name(event->state), sp_error_name((int)event->error),
               (unsigned long long)event->bytes);
    printf("\n");
    if (events_seen < COUNT_OF(events))
        events[events_seen++] = kind;
}

static long long socket_events(unsigned slot, int most)
{
    struct sp_event event;
    int taken = 0;

    if (c[slot] == NULL)
        return NOTHING;
    for (; taken < most && sp_socket_next_event(c[slot], &event); taken++)
        event_is(event.kind, &event);
    return taken;
}

static long long socket_dispatch(unsigned slot);

static void handle_socket(void *user, enum sp_event_kind kind)
{
    unsigned slot = (unsigned)((enum action(*)[16])user - on_socket);
    size_t name_length;

    event_is(kind, NULL);
    switch (on_socket[slot][kind]) {
    case do_read:
        (void)!sp_socket_read(c[slot], bytes, 64);
        break;
    case do_write:
        (void)!sp_socket_write(c[slot], written(32), 32);
        break;
    case do_flush:
        sp_socket_flush(c[slot]);
        break;
    case do_disconnect:
        sp_socket_disconnect(c[slot]);
        break;
    case do_close:
        sp_socket_close(c[slot]);
        break;
    case do_abort:
        sp_socket_abort(c[slot]);
        break;
    case do_free:
        socket_free(slot);
        break;
    case do_reopen:
        if (*sp_socket_name(c[slot], &name_length) != '\0')
            (void)!sp_socket_open(c[slot], SP_READ_WRITE);
        break;
    case do_dispatch:
        (void)socket_dispatch(slot);
        break;
    default:
        break;
    }
}

#define HANDLER(function, KIND, ...)   \
    static void function(__VA_ARGS__)  \
    {                                  \
        (void)object;                  \
        HANDLE(user, SP_EVENT_##KIND); \
    }
#define HANDLE handle_socket
#define FIRST struct sp_socket *object, void *user
HANDLER(on_connected, CONNECTED, FIRST)
HANDLER(on_disconnected, DISCONNECTED, FIRST)
HANDLER(on_ready_read, READY_READ, FIRST)
HANDLER(on_read_finished, READ_FINISHED, FIRST)
HANDLER(on_about_to_close, ABOUT_TO_CLOSE, FIRST)
HANDLER(on_state, STATE, FIRST, enum sp_state state __attribute__((unused)))
HANDLER(on_bytes_written, BYTES_WRITTEN, FIRST, uint64_t count __attribute__((unused)))
HANDLER(on_error, ERROR, FIRST, enum sp_error error __attribute__((unused)))
HANDLER(on_lost, LOST, FIRST, uint64_t count __attribute__((unused)))
#undef FIRST
#undef HANDLE

static long long socket_dispatch(unsigned slot)
{
    static const struct sp_socket_handlers handlers = {
        on_state,         on_connected,      on_disconnected, on_ready_read, on_bytes_written,
        on_read_finished, on_about_to_close, on_error,        on_lost,
    };

    return ON(c[slot], sp_socket_dispatch(c[slot], &handlers));
}

static const uint32_t u1_ids[] = {1000}, u2_ids[] = {2000};
static const struct sp_peer_policy policies[] = {
    {.allow = SP_PEER_ANY},
    {.allow = SP_PEER_SELF},
    {.allow = SP_PEER_ROOT},
    {.allow = SP_PEER_DIRECTORY_OWNER},
    {.allow = SP_PEER_SELF | SP_PEER_ROOT},
    {.allow = SP_PEER_UIDS, .uids = u1_ids, .uid_count = 1},
    {.allow = SP_PEER_UIDS, .uids = u2_ids, .uid_count = 1},
    {.allow = SP_PEER_GIDS, .gids = u1_ids, .gid_count = 1},
};
static const struct sp_peer_policy nobody = {.allow = 0};

#define allow_any (&policies[0])
#define allow_self (&policies[1])
#define allow_root (&policies[2])
#define allow_directory_owner (&policies[3])
#define allow_self_root (&policies[4])
#define allow_u1 (&policies[5])
#define allow_u2 (&policies[6])
#define allow_group (&policies[7])
#define allow_default ((const struct sp_peer_policy *)NULL)
#define allow_none (&nobody)

enum { mode_rw = 3, mode_r = 1, mode_w = 2, mode_none = 0, mode_all = 7 };

/* ---- servers ---- */

static struct sp_server *make_server(unsigned slot, enum side_number side)
{
    if (s[slot] == NULL && context(side) != NULL &&
        sp_server_new(&s[slot], context(side)) == SP_OK) {
        sp_server_set_user(s[slot], &on_server[slot]);
        side_of_server[slot] = side;
    }
    return s[slot];
}

/* The server of a slot, made when it is first needed. */
static struct sp_server *serve(unsigned slot)
{
    return make_server(slot, server);
}

static void server_free(unsigned slot)
{
    struct sp_server *object = s[slot];

    s[slot] = NULL;
    sp_server_free(object);
}

static long long server_new(unsigned slot, enum side_number side)
{
    server_free(slot);
    return make_server(slot, side) != NULL ? SP_OK : SP_ERROR_RESOURCE;
}

static long long server_listen(unsigned slot, const char *at, size_t length)
{
    const char *full = name(at, length, &length);

    return ON(serve(slot), sp_server_listen(s[slot], full, length));
}

static long long server_listen_abstract(unsigned slot, const char *at, size_t length)
{
    struct sp_address address;
    int r = sp_address_abstract(&address, at, length, NULL);

    return ON(serve(slot), r < 0 ? r : sp_server_listen_address(s[slot], &address));
}

static long long server_take(unsigned slot, unsigned into)
{
    struct sp_socket *taken;
    int r;

    if (s[slot] == NULL)
        return NOTHING;
    r = sp_server_take(s[slot], &taken);
    if (r == SP_OK) {
        socket_free(into);
        c[into] = taken;
        side_of_socket[into] = side_of_server[slot];
        sp_socket_set_user(taken, &on_socket[into]);
    }
    return r;
}

static long long server_turn(unsigned slot)
{
    unsigned io;

    if (s[slot] == NULL)
        return NOTHING;
    io = ready(sp_server_fd(s[slot]), sp_server_interest(s[slot]));
    if (io != 0 || now >= sp_server_deadline(s[slot]))
        sp_server_process(s[slot], io);
    return io;
}

static long long server_events(unsigned slot)
{
    struct sp_event event;
    int taken = 0;

    if (s[slot] == NULL)
        return NOTHING;
    for (; sp_server_next_event(s[slot], &event); taken++)
        event_is(event.kind, &event);
    return taken;
}

static long long server_dispatch(unsigned slot);

static void handle_server(void *user, enum sp_event_kind kind)
{
    unsigned slot = (unsigned)((enum action(*)[16])user - on_server);
    char at[SP_PATH_MAX];
    size_t length;
    const char *listens;

    event_is(kind, NULL);
    switch (on_server[slot][kind]) {
    case do_disconnect:
    case do_close:
    case do_abort:
        sp_server_close(s[slot]);
        break;
    case do_free:
        server_free(slot);
        break;
    case do_reopen:
        listens = sp_server_name(s[slot], &length);
        memcpy(at, listens, length < sizeof(at) ? length : 0);
        sp_server_close(s[slot]);
        (void)!sp_server_listen(s[slot], at, length);
        break;
    case do_dispatch:
        (void)server_dispatch(slot);
        break;
    case do_take:
        for (unsigned i = 0; i < SOCKETS; i++)
            if (c[i] == NULL || i == SOCKETS - 1) {
                (void)server_take(slot, c[i] == NULL ? i : 0);
                break;
            }
        break;
    default:
        break;
    }
}

#define HANDLE handle_server
#define FIRST struct sp_server *object, void *user
HANDLER(on_new_connection, NEW_CONNECTION, FIRST)
HANDLER(on_server_error, ERROR, FIRST, enum sp_error error __attribute__((unused)))
HANDLER(on_server_lost, LOST, FIRST, uint64_t count __attribute__((unused)))

static long long server_dispatch(unsigned slot)
{
    static const struct sp_server_handlers handlers = {
        on_new_connection,
        on_server_error,
        on_server_lost,
    };

    return ON(s[slot], sp_server_dispatch(s[slot], &handlers));
}

static long long server_remove(const char *at, size_t length, enum sp_remove what)
{
    const char *full = name(at, length, &length);

    return ON(context(server), sp_server_remove(context(server), full, length, what, NULL));
}

/* A process that ends at once: its descriptors are closed, and nothing is tidied up. */
static long long kill_side(enum side_number number)
{
    struct side *side = &sides[number];

    for (unsigned i = 0; i < SOCKETS; i++)
        if (side_of_socket[i] == number)
            c[i] = NULL;
    for (unsigned i = 0; i < SERVERS; i++)
        if (side_of_server[i] == number)
            s[i] = NULL;
    for (int fd = 0; fd < DESCRIPTORS; fd++)
        if (side->is_open[fd])
            (void)real->close(real->ctx, fd);
    memset(side->is_open, 0, sizeof(side->is_open));
    side->context = NULL;
    side->memory = 0;
    return 0;
}

/* ---- programs beside the library ---- */

static struct {
    int fd; /* -1: none */
    unsigned user;
} p[PEERS];
static int locked = -1;

static void put_down(unsigned slot)
{
    if (p[slot].fd >= 0)
        close(p[slot].fd);
    p[slot].fd = -1;
}

static long long pick_up(unsigned slot, unsigned user, int fd)
{
    put_down(slot);
    /* Out of the way: the lowest numbers are the library's, as in the world. */
    p[slot].fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 100);
    p[slot].user = user;
    if (fd >= 0)
        close(fd);
    return p[slot].fd < 0 ? -1 : 0;
}

enum purpose { to_listen, to_bind, to_connect };

static long long peer_use(unsigned slot, unsigned user, const void *sun_path, size_t length,
                          enum purpose purpose, int backlog)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    int fd, r, error;

    put_down(slot);
    if (!become(user))
        return SKIPPED;
    if (length > sizeof(address.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, sun_path, length);
    fd = small(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    umask(0);
    r = purpose == to_connect ? connect(fd, (const struct sockaddr *)&address, size)
                              : bind(fd, (const struct sockaddr *)&address, size);
    if (r == 0 && purpose == to_listen)
        r = listen(fd, backlog);
    error = errno;
    umask(022);
    (void)become(1);
    (void)pick_up(slot, user, fd);
    if (r < 0)
        put_down(slot);
    errno = error;
    return r;
}

static long long peer_path(unsigned slot, unsigned user, const char *at, size_t length,
                           enum purpose purpose, int backlog)
{
    const char *full = path(at, length);

    return peer_use(slot, user, full, strlen(full), purpose, backlog);
}

static long long peer_abstract(unsigned slot, unsigned user, const char *at, size_t length,
                               enum purpose purpose, int backlog)
{
    char sun_path[4096] = {0};

    memcpy(sun_path + 1, at, length);
    return peer_use(slot, user, sun_path, length + 1, purpose, backlog);
}

static long long peer_accept(unsigned slot, unsigned listener)
{
    int fd;

    if (p[listener].fd < 0)
        return NOTHING;
    fd = small(accept4(p[listener].fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));
    return fd < 0 ? -1 : pick_up(slot, p[listener].user, fd);
}

enum peer_kind { kind_stream, kind_datagram, kind_foreign, kind_none };

static long long peer_socket(unsigned slot, unsigned user, enum peer_kind kind)
{
    if (!become(user))
        return SKIPPED;
    if (kind == kind_none)
        return pick_up(slot, user, open("/", O_RDONLY | O_CLOEXEC));
    return pick_up(
        slot, user,
        socket(kind == kind_foreign ? AF_INET : AF_UNIX,
               (kind == kind_datagram ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC,
               0));
}

static long long peer_pair(unsigned one, unsigned user, unsigned other)
{
    int fds[2];

    put_down(one);
    put_down(other);
    if (!become(user))
        return SKIPPED;
    if (one == other)
        return NOTHING;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0)
        return -1;
    (void)pick_up(one, user, small(fds[0]));
    return pick_up(other, user, small(fds[1]));
}

static long long peer_send(unsigned slot, const char *what, size_t length, int flags)
{
    if (p[slot].fd < 0)
        return NOTHING;
    return length == 0 ? 0 : send(p[slot].fd, what, length, MSG_NOSIGNAL | MSG_DONTWAIT | flags);
}

static long long peer_fill(unsigned slot)
{
    long long sent = 0, n;

    while ((n = peer_send(slot, written(4096), 4096, 0)) > 0)
        sent += n;
    return n == NOTHING ? NOTHING : sent;
}

static long long peer_receive(unsigned slot, size_t capacity)
{
    return p[slot].fd < 0 ? NOTHING : got(recv(p[slot].fd, bytes, capacity, MSG_DONTWAIT));
}

static long long peer_buffer(int fd, int size)
{
    return fd < 0 ? NOTHING : setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

static long long peer_close(unsigned slot)
{
    put_down(slot);
    return 0;
}

static long long peer_exit(unsigned user)
{
    for (unsigned i = 0; i < PEERS; i++)
        if (p[i].user == user)
            put_down(i);
    return 0;
}

/* A copy of a peer's descriptor for the library, which has it closed if it does not take it. */
static int copy_of(unsigned slot)
{
    return p[slot].fd < 0 ? -1 : fcntl(p[slot].fd, F_DUPFD_CLOEXEC, 0);
}

static long long given(long long r, int fd)
{
    if (r < 0 && fd >= 0)
        close(fd);
    return r;
}

static long long socket_adopt(unsigned slot, unsigned peer, enum sp_state state, int mode)
{
    int fd = copy_of(peer);
    long long r;

    if (fill(slot, client) == NULL)
        return given(SP_ERROR_RESOURCE, fd);
    r = given(sp_socket_adopt(c[slot], fd, state, (enum sp_mode)mode), fd);
    if (r == SP_OK)
        put_down(peer);
    return r;
}

static long long server_adopt(unsigned slot, unsigned peer)
{
    int fd = copy_of(peer);

    return serve(slot) == NULL ? given(SP_ERROR_RESOURCE, fd)
                               : given(sp_server_adopt(s[slot], fd), fd);
}

static long long server_add(unsigned slot, unsigned peer)
{
    int fd = s[slot] != NULL ? copy_of(peer) : -1;
    long long r;

    if (s[slot] == NULL)
        return NOTHING;
    r = given(sp_server_add(s[slot], fd), fd);
    if (r == SP_OK)
        put_down(peer);
    return r;
}

static long long server_take_descriptor(unsigned slot, unsigned peer)
{
    int fd;

    if (s[slot] == NULL)
        return NOTHING;
    fd = sp_server_take_descriptor(s[slot]);
    return fd < 0 ? fd : pick_up(peer, 1, fd);
}

/* ---- files ---- */

/* A system call of @user. */
#define AS(user, call) (become(user) ? (umask(0), as_before(call)) : SKIPPED)

static long long as_before(long long result)
{
    int error = errno;

    umask(022);
    (void)become(1);
    errno = error;
    return result;
}

enum file_kind { file_regular, file_fifo, file_socket };

static long long file_create(const char *at, enum file_kind kind, mode_t mode)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd, r;

    if (kind == file_fifo)
        return mkfifo(at, mode);
    if (kind == file_regular) {
        fd = open(at, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, mode);
        if (fd < 0)
            return -1;
        r = write(fd, at, strlen(at)) < 0 ? -1 : 0;
        close(fd);
        return r;
    }
    if (strlen(at) >= sizeof(address.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, at, strlen(at));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    umask(~mode & 0777);
    r = bind(fd, (const struct sockaddr *)&address, sizeof(address));
    close(fd);
    return r;
}

static long long file_lock(const char *at)
{
    if (locked >= 0)
        close(locked);
    locked = open(at, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    return locked < 0 ? -1 : flock(locked, LOCK_EX | LOCK_NB);
}

static long long file_unlock(void)
{
    if (locked >= 0)
        close(locked);
    locked = -1;
    return 0;
}

static int file_exists(const char *at)
{
    struct stat status;

    return lstat(at, &status) == 0;
}

/* The text of a link: absolute where the program says so. */
static const char *link_text(const char *text, size_t length)
{
    static char full[4096];

    snprintf(full, sizeof(full), "%s%.*s", length > 0 && *text == '/' ? root : "", (int)length,
             text);
    return full;
}

/* ---- the whole ---- */

static void begin(const char *const *steps)
{
    program = steps;
    real = sp_os_linux();
    make_places();
    for (unsigned i = 0; i < PEERS; i++)
        p[i].fd = -1;
    for (unsigned i = 0; i < 2; i++) {
        sides[i].memory_limit = SIZE_MAX;
        sides[i].descriptor_limit = DESCRIPTORS;
    }
    printf("in %s\n", root);
    close(0); /* so that a descriptor can have this number, too */
}

static void print_tree(const char *at)
{
    struct dirent **entries;
    struct stat found;
    int count;

    if (lstat(at, &found) < 0)
        return;
    if (at[strlen(root)] != '\0')
        printf("       %s, mode %o\n", at + strlen(root), (unsigned)found.st_mode);
    count = S_ISDIR(found.st_mode) ? scandir(at, &entries, NULL, alphasort) : 0;
    for (int i = 0; i < count; i++) {
        char below[PATH_MAX];

        if (strcmp(entries[i]->d_name, ".") != 0 && strcmp(entries[i]->d_name, "..") != 0 &&
            snprintf(below, sizeof(below), "%s/%s", at, entries[i]->d_name) < PATH_MAX)
            print_tree(below);
        free(entries[i]);
    }
    if (count > 0)
        free(entries);
}

/* Prints line @now of an object unless @before was the same. */
static void print_change(const char *now, char *before, size_t capacity)
{
    if (strcmp(now, before) == 0)
        return;
    snprintf(before, capacity, "%s", now);
    printf("       %s\n", now);
}

/* What the last step has changed in sockets and servers: of what can be seen without acting. */
static void changes(void)
{
    static char before[SOCKETS + SERVERS][512];
    char line[512];

    for (unsigned i = 0; i < SOCKETS + SERVERS; i++) {
        struct sp_socket *socket = i < SOCKETS ? c[i] : NULL;
        struct sp_server *server = i < SOCKETS ? NULL : s[i - SOCKETS];
        struct sp_error_detail why = {SP_OK, 0, 0, 0};
        const char *named = "";
        uint64_t deadline = SP_NEVER;

        if (socket != NULL) {
            sp_socket_error_detail(socket, &why);
            named = sp_socket_name(socket, NULL);
            deadline = sp_socket_deadline(socket);
        } else if (server != NULL) {
            sp_server_error_detail(server, &why);
            named = sp_server_name(server, NULL);
            deadline = sp_server_deadline(server);
        }
        snprintf(line, sizeof(line), "%c%u: \"%s\", %s, %s in %s (%u, %d)%s%s, until %lld ms",
                 i < SOCKETS ? 'c' : 's', i < SOCKETS ? i : i - SOCKETS, named,
                 socket != NULL   ? sp_state_name(sp_socket_state(socket))
                 : server != NULL ? "server"
                                  : "gone",
                 sp_error_name((int)why.error), sp_operation_string(why.operation),
                 (unsigned)why.cause, why.os_errno,
                 socket != NULL && sp_socket_in_transaction(socket) ? ", in a transaction" : "",
                 (socket != NULL && sp_socket_has_events(socket)) ||
                         (server != NULL && sp_server_has_events(server))
                     ? ", has events"
                     : "",
                 deadline == SP_NEVER ? -1 : (long long)(deadline / 1000000));
        if (socket != NULL || server != NULL || *before[i] != '\0')
            print_change(line, before[i], sizeof(before[i]));
    }
}

/* Everybody goes on until there is nothing more to do, so that what is stuck or lost shows. */
static void settle(void)
{
    int goes_on = 1;

    printf("and then\n");
    for (unsigned round = 0; goes_on && round < 64; round++) {
        goes_on = 0;
        for (unsigned i = 0; i < SERVERS; i++)
            goes_on |= server_turn(i) > 0;
        for (unsigned i = 0; i < SOCKETS; i++) {
            goes_on |= socket_turn(i) > 0;
            if (c[i] != NULL && sp_socket_bytes_available(c[i]) > 0)
                goes_on |= got(sp_socket_read(c[i], bytes, sizeof(bytes))) > 0;
            (void)socket_events(i, 64);
        }
        for (unsigned i = 0; i < SERVERS; i++) {
            unsigned into = 0;

            (void)server_events(i);
            while (into < SOCKETS && c[into] != NULL)
                into++;
            if (into < SOCKETS && s[i] != NULL && sp_server_has_pending(s[i]))
                goes_on |= server_take(i, into) == SP_OK;
        }
        for (unsigned i = 0; i < PEERS; i++)
            goes_on |= peer_receive(i, sizeof(bytes)) > 0;
    }
}

/* How everything stands at the end. */
static void look(void)
{
    printf("at the end, after %llu ms\n", (unsigned long long)(now / 1000000));
    for (unsigned i = 0; i < SOCKETS; i++)
        if (c[i] != NULL)
            printf("       c%u: %s, %s, %zu to read, %zu to write, %llu lost, interest %u\n", i,
                   sp_state_name(sp_socket_state(c[i])), sp_error_name(sp_socket_error(c[i])),
                   sp_socket_bytes_available(c[i]), sp_socket_bytes_to_write(c[i]),
                   (unsigned long long)sp_socket_bytes_lost(c[i]), sp_socket_interest(c[i]));
    for (unsigned i = 0; i < SERVERS; i++)
        if (s[i] != NULL)
            printf("       s%u: %s, %s pending, interest %u, refused %llu\n", i,
                   sp_server_is_listening(s[i]) ? "listens" : "does not listen",
                   sp_server_has_pending(s[i]) ? "some" : "none", sp_server_interest(s[i]),
                   (unsigned long long)sp_server_refused(s[i]));
    (void)become(0);
    print_tree(root);
    (void)become(1);
}

static _Noreturn void end(void)
{
    no_faults();
    racing.act = NULL;
    changes();
    settle();
    changes();
    look();
    for (unsigned i = 0; i < SOCKETS; i++)
        socket_free(i);
    for (unsigned i = 0; i < SERVERS; i++)
        server_free(i);
    for (unsigned i = 0; i < 2; i++)
        sp_context_free(sides[i].context);
    for (unsigned i = 0; i < PEERS; i++)
        put_down(i);
    (void)file_unlock();
    leave(was_wrong);
}
