/* SPDX-License-Identifier: MIT */
/*
 * Operations on sockets.
 *
 * Each is one call of the public interface, but for two: `turn` is what a loop does (watch the
 * descriptor for the interest, tell what happened), and `dispatch` delivers events to handlers that
 * do what {c}.on said. Both act through world_do(), so a watch sees every call by itself.
 *
 * Tests: fuzz/world/README.md
 */
#include "fuzz/world/internal.h"
#include "fuzz/world/policy.h"

/* Bytes that one {c}.read can ask for, and one more to see that no more were written. */
#define READ_MAX ((size_t)UINT16_MAX)
#define CANARY 0xa5
/* What a handler reads and writes. */
#define HANDLER_READ 64
#define HANDLER_WRITE 32
/* What handlers do in one operation: one that reconnects whenever a connection ends would take the
 * time of many inputs, and show nothing after the first few times. */
#define HANDLER_ACTIONS_MAX 12
/* Events taken by one {c}.events: more than an object can hold, and an end for handlers that make
 * new ones. */
#define EVENTS_MAX 64

static uint8_t read_buffer[READ_MAX + 1];

static const enum sp_mode modes[] = {SP_READ_WRITE, SP_READ_ONLY, SP_WRITE_ONLY, (enum sp_mode)0,
                                     (enum sp_mode)7};

/* ---- slots ---- */

static unsigned slot_number(const struct world *world, const struct operation *operation)
{
    return (unsigned)operation->arg[0] % world->sockets_used;
}

static struct world_socket *slot_of(struct world *world, const struct operation *operation)
{
    return &world->sockets[slot_number(world, operation)];
}

static unsigned number_of(const struct world_socket *slot)
{
    return (unsigned)(slot - slot->world->sockets);
}

static int fill_slot(struct world_socket *slot, unsigned side)
{
    const struct sp_context *context = world_context(slot->world, side);
    struct sp_socket *socket;
    int r;

    if (context == NULL)
        return SP_ERROR_RESOURCE;
    r = sp_socket_new(&socket, context);
    if (r < 0)
        return r;
    sp_socket_set_user(socket, slot);
    slot->socket = socket;
    slot->side = (uint8_t)side;
    slot->end = 0;
    slot->written = 0;
    return SP_OK;
}

/* What was configured is what is asked for later. */
static void check_kept(const struct world_socket *slot, bool is_kept, const char *what)
{
    WORLD_CHECK(slot->world, is_kept, "configuration-kept", "c%u: the %s is not what was set",
                number_of(slot), what);
}

static void empty_slot(struct world_socket *slot)
{
    struct sp_socket *socket = slot->socket;

    check_kept(slot, sp_socket_user(socket) == slot, "user pointer");
    slot->socket = NULL;
    sp_socket_free(socket);
}

void world_free_sockets(struct world *world)
{
    for (unsigned i = 0; i < OPERATION_SOCKETS; i++)
        if (world->sockets[i].socket != NULL)
            empty_slot(&world->sockets[i]);
}

void world_forget_sockets(struct world *world, unsigned side)
{
    for (unsigned i = 0; i < OPERATION_SOCKETS; i++)
        if (world->sockets[i].side == side)
            world->sockets[i].socket = NULL;
}

/* ---- connecting ---- */

/* A connection that begins has no bytes yet. */
static int64_t began(struct world_socket *slot, int r)
{
    if (r == SP_OK)
        slot->written = 0;
    return r;
}

static int64_t do_connect(struct world_socket *slot, const struct operation *operation)
{
    enum sp_mode mode = modes[operation->arg[1]];
    struct sp_address address;
    int r;

    if (operation->kind == OPERATION_CONNECT)
        return began(slot, sp_socket_connect(slot->socket, operation->name.bytes,
                                             operation->name.length, mode));
    r = sp_address_abstract(&address, operation->name.bytes, operation->name.length, NULL);
    if (r < 0)
        return r;
    return began(slot, sp_socket_connect_address(slot->socket, &address, mode));
}

/* The descriptor moves: where it is not taken, the program keeps it. */
static int64_t do_adopt(struct world_socket *slot, const struct operation *operation)
{
    struct world *world = slot->world;
    struct world_peer *peer = &world->peers[operation->arg[1]];
    struct sim_actor *actor = world->sides[slot->side].actor;
    enum sp_state state = (enum sp_state)operation->arg[2];
    enum sp_mode mode = modes[operation->arg[3]];
    int fd = -1;
    int r;

    if (peer->actor != NULL)
        fd = sim_give(peer->actor, peer->fd, actor);
    r = sp_socket_adopt(slot->socket, fd, state, mode);
    if (r == SP_OK) {
        (void)sim_close(peer->actor, peer->fd);
        peer->actor = NULL;
        return state == SP_STATE_CONNECTED ? began(slot, r) : r;
    }
    if (fd >= 0)
        WORLD_CHECK(world, sim_close(actor, fd) == 0, "refused-adopt-keeps-descriptor",
                    "c%u: a descriptor that was not adopted is closed", number_of(slot));
    return r;
}

static bool do_opening(struct world_socket *slot, const struct operation *operation,
                       struct world_outcome *ret)
{
    struct sp_socket *socket = slot->socket;

    switch (operation->kind) {
    case OPERATION_CONNECT:
    case OPERATION_CONNECT_ABSTRACT:
        ret->result = do_connect(slot, operation);
        return true;
    case OPERATION_SET_NAME:
        ret->result = sp_socket_set_name(socket, operation->name.bytes, operation->name.length);
        return true;
    case OPERATION_OPEN:
        ret->result = began(slot, sp_socket_open(socket, modes[operation->arg[1]]));
        return true;
    case OPERATION_ADOPT:
        ret->result = do_adopt(slot, operation);
        return true;
    case OPERATION_CONNECT_TIMEOUT:
        ret->result = sp_socket_set_connect_timeout(socket, (int)operation->arg[1]);
        return true;
    case OPERATION_SOCKET_POLICY:
        ret->result = sp_socket_set_peer_policy(socket, world_policy((unsigned)operation->arg[1]));
        return true;
    default:
        return false;
    }
}

/* ---- closing ---- */

static bool do_closing(struct world_socket *slot, const struct operation *operation,
                       struct world_outcome *ret)
{
    switch (operation->kind) {
    case OPERATION_DISCONNECT:
        sp_socket_disconnect(slot->socket);
        return true;
    case OPERATION_CLOSE:
        sp_socket_close(slot->socket);
        return true;
    case OPERATION_ABORT:
        sp_socket_abort(slot->socket);
        return true;
    case OPERATION_FREE:
        empty_slot(slot);
        return true;
    case OPERATION_CLOSE_TIMEOUT:
        ret->result = sp_socket_set_close_timeout(slot->socket, (int)operation->arg[1]);
        return true;
    case OPERATION_HALF_OPEN:
        sp_socket_set_half_open(slot->socket, operation->arg[1] != 0);
        return true;
    default:
        return false;
    }
}

/* ---- reading ---- */

typedef ptrdiff_t reader(struct sp_socket *socket, void *bytes, size_t capacity);

static void do_bytes(struct world_socket *slot, const struct operation *operation, reader *read,
                     struct world_outcome *ret)
{
    size_t capacity = (size_t)operation->arg[1];

    read_buffer[capacity] = CANARY;
    ret->result = read(slot->socket, read_buffer, capacity);
    ret->bytes = read_buffer;
    WORLD_CHECK(slot->world, ret->result <= (int64_t)capacity && read_buffer[capacity] == CANARY,
                "read-within-capacity", "c%u: more than %zu bytes were given", number_of(slot),
                capacity);
}

static bool do_reading(struct world_socket *slot, const struct operation *operation,
                       struct world_outcome *ret)
{
    struct sp_socket *socket = slot->socket;

    switch (operation->kind) {
    case OPERATION_READ:
        do_bytes(slot, operation, sp_socket_read, ret);
        return true;
    case OPERATION_PEEK:
        do_bytes(slot, operation, sp_socket_peek, ret);
        return true;
    case OPERATION_READ_LINE:
        do_bytes(slot, operation, sp_socket_read_line, ret);
        return true;
    case OPERATION_SKIP:
        ret->result = sp_socket_skip(socket, (size_t)operation->arg[1]);
        return true;
    case OPERATION_GET_CHAR:
        ret->result = sp_socket_get_char(socket);
        return true;
    case OPERATION_UNGET_CHAR:
        ret->result = sp_socket_unget_char(socket, (unsigned char)operation->arg[1]);
        return true;
    case OPERATION_BYTES_AVAILABLE:
        ret->result = (int64_t)sp_socket_bytes_available(socket);
        return true;
    case OPERATION_CAN_READ_LINE:
        ret->result = sp_socket_can_read_line(socket);
        return true;
    case OPERATION_READ_LIMIT:
        sp_socket_set_read_limit(socket, (size_t)operation->arg[1]);
        check_kept(slot, sp_socket_read_limit(socket) == (size_t)operation->arg[1], "read limit");
        return true;
    case OPERATION_BEGIN:
        ret->result = sp_socket_start_transaction(socket);
        return true;
    case OPERATION_COMMIT:
        ret->result = sp_socket_commit_transaction(socket);
        return true;
    case OPERATION_ROLLBACK:
        ret->result = sp_socket_rollback_transaction(socket);
        return true;
    default:
        return false;
    }
}

/* ---- writing ---- */

static int64_t do_write(struct world_socket *slot, size_t length)
{
    const uint8_t *bytes = world_bytes(WORLD_WRITER_SOCKET(number_of(slot)), slot->written);
    ptrdiff_t n = sp_socket_write(slot->socket, bytes, length);

    if (n > 0)
        slot->written += (uint64_t)n;
    return n;
}

static int64_t do_put_char(struct world_socket *slot)
{
    uint8_t byte = world_byte(WORLD_WRITER_SOCKET(number_of(slot)), slot->written);
    int r = sp_socket_put_char(slot->socket, byte);

    if (r == SP_OK)
        slot->written++;
    return r;
}

static bool do_writing(struct world_socket *slot, const struct operation *operation,
                       struct world_outcome *ret)
{
    switch (operation->kind) {
    case OPERATION_WRITE:
        ret->result = do_write(slot, (size_t)operation->arg[1]);
        return true;
    case OPERATION_WRITE_LARGE:
        ret->result = do_write(slot, (size_t)operation->arg[1] % (WORLD_BYTES_MAX + 1));
        return true;
    case OPERATION_PUT_CHAR:
        ret->result = do_put_char(slot);
        return true;
    case OPERATION_FLUSH:
        ret->result = sp_socket_flush(slot->socket);
        return true;
    case OPERATION_WRITE_LIMIT:
        sp_socket_set_write_limit(slot->socket, (size_t)operation->arg[1]);
        check_kept(slot, sp_socket_write_limit(slot->socket) == (size_t)operation->arg[1],
                   "write limit");
        return true;
    default:
        return false;
    }
}

/* ---- waiting, and the loop ---- */

/* What a loop does: a descriptor is watched for the interest, and a timer for the deadline. */
static void do_turn(struct world_socket *slot, struct world_outcome *ret)
{
    struct world *world = slot->world;
    unsigned interest = sp_socket_interest(slot->socket);
    unsigned ready = 0;

    if (interest != 0)
        ready = sp_io_from_poll(sim_poll(world->sides[slot->side].actor, sp_socket_fd(slot->socket),
                                         sp_io_to_poll(interest)));
    ret->result = ready;
    ret->called = ready != 0 || sim_now(world->sim) >= sp_socket_deadline(slot->socket);
    if (ret->called)
        world_act(world, OPERATION_PROCESS, number_of(slot), ready);
}

static int64_t take_events(struct world_socket *slot, unsigned most)
{
    struct world *world = slot->world;
    struct sp_event event;
    unsigned taken = 0;

    while (taken < most && sp_socket_next_event(slot->socket, &event)) {
        taken++;
        world_took_socket_event(world, number_of(slot), &event);
    }
    return taken;
}

static bool do_looping(struct world_socket *slot, const struct operation *operation,
                       struct world_outcome *ret)
{
    struct sp_socket *socket = slot->socket;
    int ms = (int)operation->arg[1];

    switch (operation->kind) {
    case OPERATION_WAIT_CONNECTED:
        ret->result = sp_socket_wait_connected(socket, ms);
        return true;
    case OPERATION_WAIT_READY_READ:
        ret->result = sp_socket_wait_ready_read(socket, ms);
        return true;
    case OPERATION_WAIT_WRITTEN:
        ret->result = sp_socket_wait_bytes_written(socket, ms);
        return true;
    case OPERATION_WAIT_DISCONNECTED:
        ret->result = sp_socket_wait_disconnected(socket, ms);
        return true;
    case OPERATION_PROCESS:
        sp_socket_process(socket, (unsigned)operation->arg[1]);
        return true;
    case OPERATION_TURN:
        do_turn(slot, ret);
        return true;
    case OPERATION_NEXT_EVENT:
        ret->result = take_events(slot, 1);
        return true;
    case OPERATION_EVENTS:
        ret->result = take_events(slot, EVENTS_MAX);
        return true;
    default:
        return false;
    }
}

/* ---- handlers ---- */

/* The words of {action}: what is done to the socket whose event it is. */
static const struct {
    enum operation_kind kind; /* OPERATION_COUNT: nothing */
    uint8_t argument;
} actions[] = {
    {OPERATION_COUNT, 0},
    {OPERATION_READ, HANDLER_READ},
    {OPERATION_WRITE, HANDLER_WRITE},
    {OPERATION_FLUSH, 0},
    {OPERATION_DISCONNECT, 0},
    {OPERATION_CLOSE, 0},
    {OPERATION_ABORT, 0},
    {OPERATION_FREE, 0},
    {OPERATION_OPEN, 0},
    {OPERATION_DISPATCH, 0},
    {OPERATION_COUNT, 0} /* take: servers */,
};

static void handle(void *user, struct sp_event event)
{
    struct world_socket *slot = user;
    struct world *world = slot->world;
    uint8_t action = slot->on.action[event.kind];

    world_took_socket_event(world, number_of(slot), &event);
    if (actions[action].kind != OPERATION_COUNT && world->inner < HANDLER_ACTIONS_MAX)
        world_act(world, actions[action].kind, number_of(slot), actions[action].argument);
}

static void on_state(struct sp_socket *socket, void *user, enum sp_state state)
{
    (void)socket;
    handle(user, (struct sp_event){.kind = SP_EVENT_STATE, .state = state});
}

static void on_connected(struct sp_socket *socket, void *user)
{
    (void)socket;
    handle(user, (struct sp_event){.kind = SP_EVENT_CONNECTED});
}

static void on_disconnected(struct sp_socket *socket, void *user)
{
    (void)socket;
    handle(user, (struct sp_event){.kind = SP_EVENT_DISCONNECTED});
}

static void on_ready_read(struct sp_socket *socket, void *user)
{
    (void)socket;
    handle(user, (struct sp_event){.kind = SP_EVENT_READY_READ});
}

static void on_bytes_written(struct sp_socket *socket, void *user, uint64_t bytes)
{
    (void)socket;
    handle(user, (struct sp_event){.kind = SP_EVENT_BYTES_WRITTEN, .bytes = bytes});
}

static void on_read_finished(struct sp_socket *socket, void *user)
{
    (void)socket;
    handle(user, (struct sp_event){.kind = SP_EVENT_READ_FINISHED});
}

static void on_about_to_close(struct sp_socket *socket, void *user)
{
    (void)socket;
    handle(user, (struct sp_event){.kind = SP_EVENT_ABOUT_TO_CLOSE});
}

static void on_error(struct sp_socket *socket, void *user, enum sp_error error)
{
    (void)socket;
    handle(user, (struct sp_event){.kind = SP_EVENT_ERROR, .error = error});
}

static void on_lost(struct sp_socket *socket, void *user, uint64_t count)
{
    (void)socket;
    handle(user, (struct sp_event){.kind = SP_EVENT_LOST, .bytes = count});
}

static void do_dispatch(struct world_socket *slot, struct world_outcome *ret)
{
    static const struct sp_socket_handlers handlers = {
        .state_changed = on_state,
        .connected = on_connected,
        .disconnected = on_disconnected,
        .ready_read = on_ready_read,
        .bytes_written = on_bytes_written,
        .read_finished = on_read_finished,
        .about_to_close = on_about_to_close,
        .error_occurred = on_error,
        .events_lost = on_lost,
    };
    const struct sp_socket *socket = slot->socket;
    bool exists = sp_socket_dispatch(slot->socket, &handlers);

    WORLD_CHECK(slot->world, exists == (slot->socket == socket), "dispatch-knows-the-end",
                "c%u: sp_socket_dispatch() gave %d, and the socket %s", number_of(slot), exists,
                slot->socket == socket ? "exists" : "does not");
    ret->result = exists;
}

/* ---- all of them ---- */

static void do_send_buffer(struct world_socket *slot, const struct operation *operation)
{
    int fd = sp_socket_descriptor(slot->socket);

    if (fd >= 0)
        (void)sim_set_send_buffer(slot->world->sides[slot->side].actor, fd,
                                  (uint32_t)operation->arg[1]);
}

bool world_do_socket(struct world *world, const struct operation *operation,
                     struct world_outcome *ret)
{
    enum operation_kind kind = operation->kind;
    struct world_socket *slot;

    if (kind > OPERATION_DISPATCH && kind != OPERATION_SEND_BUFFER)
        return false;
    slot = slot_of(world, operation);
    if (kind == OPERATION_HANDLER) {
        slot->on.action[operation->arg[1]] = (uint8_t)operation->arg[2];
        return true;
    }
    if (kind == OPERATION_SOCKET_NEW) {
        if (slot->socket != NULL)
            empty_slot(slot);
        ret->called = true;
        ret->result = fill_slot(slot, (unsigned)operation->arg[1]);
        return true;
    }
    if (slot->socket == NULL && (kind == OPERATION_CONNECT || kind == OPERATION_CONNECT_ABSTRACT ||
                                 kind == OPERATION_ADOPT)) {
        ret->result = fill_slot(slot, WORLD_CLIENT);
    }
    if (slot->socket == NULL)
        return true;
    ret->called = true;
    if (kind == OPERATION_SEND_BUFFER)
        do_send_buffer(slot, operation);
    else if (kind == OPERATION_DISPATCH)
        do_dispatch(slot, ret);
    else
        (void)(do_reading(slot, operation, ret) || do_writing(slot, operation, ret) ||
               do_looping(slot, operation, ret) || do_closing(slot, operation, ret) ||
               do_opening(slot, operation, ret));
    return true;
}
