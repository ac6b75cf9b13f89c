/* SPDX-License-Identifier: MIT */
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
