/* SPDX-License-Identifier: MIT */
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
