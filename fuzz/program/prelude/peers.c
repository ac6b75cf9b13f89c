/* SPDX-License-Identifier: MIT */
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
