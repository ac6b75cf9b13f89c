/* SPDX-License-Identifier: MIT */
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
