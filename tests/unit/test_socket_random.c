/* SPDX-License-Identifier: MIT */
/*
 * Random programs against a socket and the far end of its wire, with failures and wrong readiness.
 *
 * After every step, whatever it was:
 *   - the object is valid
 *   - bytes read are those that were said, in order, none missing before the end
 *   - bytes heard are those that were accepted, in order; accepted = heard + queued + lost
 *   - events obey the grammar: states change along the table, nothing about bytes behind
 *     DISCONNECTED, no DISCONNECTED without CONNECTED
 * And when the failures stop, the loop comes to rest within a few turns.
 */
#include "tests/unit/wire.h"

#include "tests/support/must.h"

#include <criterion/criterion.h>

#define PROGRAMS 3000
#define STEPS 120
#define BUFFER (96 * 1024)

static struct wire wire;
static uint64_t seed;
static uint8_t buffer[BUFFER];

/* What should be so. */
static struct {
    unsigned connection;
    size_t read;        /* of what the far end has said */
    size_t transaction; /* where it began */
    uint64_t accepted;
    size_t heard_before; /* by the far end, of earlier connections */
    bool ours;           /* we closed, so what was not told of may be lost */
    bool dropped;        /* by close or abort */
} model;

static struct {
    enum sp_state state;
    bool connected, finished, lost;
} grammar;

static unsigned connections;
static const char *wrong;

#define CLAIM(holds)                   \
    do {                               \
        if (!(holds) && wrong == NULL) \
            wrong = #holds;            \
    } while (0)

/* Any answer will do. A cast to void is not enough for gcc where a result must be looked at. */
static void whatever(int result)
{
    (void)result;
}

static unsigned pick(unsigned most)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(seed >> 33) % most;
}

static size_t some_size(void)
{
    static const size_t sizes[] = {1, 2, 7, 100, 1000, 1024, 4095, 4096, 20000, 66000};

    return sizes[pick(10)];
}

/* ---- streams that show every lost, doubled or shifted byte, and bytes of another connection ----
 */

static uint8_t said_byte(size_t at)
{
    return at % 61 == 60 ? '\n' : (uint8_t)(at * 7 + model.connection * 13);
}

static uint8_t written_byte(uint64_t at)
{
    return (uint8_t)(at * 11 + at / 251 + model.connection * 17);
}

static void check_read(const uint8_t *bytes, ptrdiff_t n)
{
    CLAIM(n < 0 || model.read + (size_t)n <= wire.coming.length);
    CLAIM(n != SP_ERROR_PEER_CLOSED || model.ours || model.dropped ||
          model.read == wire.coming.length || wire.reset);
    CLAIM(n <= 0 || !model.dropped);
    for (ptrdiff_t i = 0; i < n && wrong == NULL; i++)
        CLAIM(bytes[i] == said_byte(model.read + (size_t)i));
}

static void check_heard(void)
{
    size_t heard = wire.heard.length - model.heard_before;

    CLAIM(model.accepted ==
          heard + sp_socket_bytes_to_write(wire.socket) + sp_socket_bytes_lost(wire.socket));
    /* Only the newest bytes: the others were looked at before. */
    for (size_t i = heard > 300 ? heard - 300 : 0; i < heard && wrong == NULL; i++)
        CLAIM(wire.heard.bytes[model.heard_before + i] == written_byte(i));
}

/* ---- events ---- */

static bool is_change(enum sp_state from, enum sp_state to)
{
    static const bool legal[4][4] = {
        [SP_STATE_UNCONNECTED] = {[SP_STATE_CONNECTING] = true},
        [SP_STATE_CONNECTING] = {[SP_STATE_CONNECTED] = true, [SP_STATE_UNCONNECTED] = true},
        [SP_STATE_CONNECTED] = {[SP_STATE_CLOSING] = true, [SP_STATE_UNCONNECTED] = true},
        [SP_STATE_CLOSING] = {[SP_STATE_UNCONNECTED] = true},
    };

    return legal[from][to];
}

static void check_event(const struct sp_event *event)
{
    switch (event->kind) {
    case SP_EVENT_STATE:
        CLAIM(grammar.lost || is_change(grammar.state, event->state));
        grammar.state = event->state;
        if (event->state == SP_STATE_CONNECTING)
            grammar.connected = grammar.finished = false;
        break;
    case SP_EVENT_CONNECTED:
        CLAIM(grammar.lost || (grammar.state == SP_STATE_CONNECTED && !grammar.connected));
        grammar.connected = true;
        break;
    case SP_EVENT_DISCONNECTED:
        CLAIM(grammar.lost ||
              (grammar.connected && grammar.finished && grammar.state == SP_STATE_UNCONNECTED));
        /* Whatever was dropped before, from here on everything is known again. */
        grammar.state = SP_STATE_UNCONNECTED;
        grammar.connected = grammar.lost = false;
        break;
    case SP_EVENT_READ_FINISHED:
        CLAIM(grammar.lost || (grammar.connected && !grammar.finished));
        grammar.finished = true;
        break;
    case SP_EVENT_READY_READ:
    case SP_EVENT_BYTES_WRITTEN:
    case SP_EVENT_ABOUT_TO_CLOSE:
        CLAIM(grammar.lost || grammar.connected);
        CLAIM(event->kind != SP_EVENT_BYTES_WRITTEN || event->bytes > 0);
        break;
    case SP_EVENT_LOST:
        CLAIM(event->bytes > 0);
        grammar.lost = true;
        break;
    default:
        CLAIM(event->kind == SP_EVENT_ERROR && event->error < 0);
        break;
    }
}

static void take_events(unsigned most)
{
    struct sp_event event;

    while (most-- > 0 && sp_socket_next_event(wire.socket, &event))
        check_event(&event);
    if (most < UINT32_MAX / 2)
        return;
    CLAIM(sp_socket_has_events(wire.socket) || grammar.lost ||
          grammar.state == sp_socket_state(wire.socket));
}

/* ---- what the application does ---- */

static void do_read(void)
{
    size_t length = some_size();
    size_t peeked;
    ptrdiff_t n;

    if (length > BUFFER)
        length = BUFFER;
    switch (pick(6)) {
    case 0:
    case 1:
        n = sp_socket_read(wire.socket, buffer, length);
        break;
    case 2:
        n = sp_socket_peek(wire.socket, buffer, length);
        check_read(buffer, n);
        peeked = n > 0 ? (size_t)n : 0;
        n = sp_socket_skip(wire.socket, peeked);
        CLAIM(n < 0 || (size_t)n == peeked);
        break;
    case 3:
        n = sp_socket_read_line(wire.socket, buffer, length);
        CLAIM(n <= 0 || memchr(buffer, '\n', (size_t)n - 1) == NULL);
        break;
    case 4:
        n = sp_socket_get_char(wire.socket);
        buffer[0] = (uint8_t)n;
        n = n >= 0 ? 1 : n == SP_ERROR_LIMIT ? 0 : n;
        break;
    default:
        n = sp_socket_skip(wire.socket, length);
        if (n > 0)
            model.read += (size_t)n;
        CLAIM(model.read <= wire.coming.length);
        return;
    }
    check_read(buffer, n);
    if (n > 0)
        model.read += (size_t)n;
}

static void do_put_back(void)
{
    if (model.read > 0 && sp_socket_unget_char(wire.socket, said_byte(model.read - 1)) == SP_OK)
        model.read--;
}

static void do_transaction(void)
{
    if (sp_socket_start_transaction(wire.socket) == SP_OK)
        model.transaction = model.read;
    else if (pick(2) != 0)
        whatever(sp_socket_commit_transaction(wire.socket));
    else if (sp_socket_rollback_transaction(wire.socket) == SP_OK)
        model.read = model.transaction;
}

static void do_write(void)
{
    size_t length = some_size();
    ptrdiff_t n;

    for (size_t i = 0; i < length; i++)
        buffer[i] = written_byte(model.accepted + i);
    n = sp_socket_write(wire.socket, buffer, length);
    CLAIM(n != 0 && n <= (ptrdiff_t)length);
    if (n > 0)
        model.accepted += (uint64_t)n;
}

static void do_connect(void)
{
    enum sp_mode mode = (enum sp_mode)(pick(4) != 0 ? SP_READ_WRITE : 1 + pick(2));

    if (sp_socket_state(wire.socket) != SP_STATE_UNCONNECTED)
        return;
    if (sp_socket_connect(wire.socket, "server", SP_STRLEN, mode) < 0) {
        CLAIM(sp_socket_error(wire.socket) == SP_ERROR_RESOURCE);
        return;
    }
    /* Connecting moves no bytes: it is early enough. */
    memset(&model, 0, sizeof(model));
    model.connection = ++connections;
    model.heard_before = wire.heard.length;
    wire.coming.length = wire.received = 0;
    wire.finished = wire.left = wire.reset = false;
}

static void do_close(void)
{
    enum sp_state before = sp_socket_state(wire.socket);

    switch (pick(3)) {
    case 0:
        sp_socket_disconnect(wire.socket);
        break;
    case 1:
        sp_socket_close(wire.socket);
        model.dropped = true;
        break;
    default:
        sp_socket_abort(wire.socket);
        model.dropped = true;
        break;
    }
    if (before != SP_STATE_UNCONNECTED)
        model.ours = true;
}

static void do_configure(void)
{
    switch (pick(4)) {
    case 0:
        sp_socket_set_read_limit(wire.socket, pick(2) != 0 ? some_size() : 0);
        break;
    case 1:
        sp_socket_set_write_limit(wire.socket, pick(2) != 0 ? some_size() : 0);
        break;
    case 2:
        sp_socket_set_half_open(wire.socket, pick(2) != 0);
        break;
    default:
        whatever(sp_socket_set_close_timeout(wire.socket, (int)pick(50) - 1));
        break;
    }
}

static void do_wait(void)
{
    switch (pick(4)) {
    case 0:
        whatever(sp_socket_wait_connected(wire.socket, (int)pick(3)));
        break;
    case 1:
        whatever(sp_socket_wait_ready_read(wire.socket, (int)pick(3)));
        break;
    case 2:
        whatever(sp_socket_wait_bytes_written(wire.socket, (int)pick(3)));
        break;
    default:
        whatever(sp_socket_wait_disconnected(wire.socket, (int)pick(3)));
        break;
    }
}

/* ---- what the world does ---- */

static void say(void)
{
    size_t length = some_size();

    if (wire.finished || wire.left || sp_socket_state(wire.socket) < SP_STATE_CONNECTED ||
        wire.coming.length > 4 * BUFFER)
        return;
    for (size_t i = 0; i < length; i++) {
        uint8_t byte = said_byte(wire.coming.length);

        wire_say(&wire, &byte, 1);
    }
}

static void trouble(void)
{
    static const struct {
        enum wire_call call;
        int error;
    } troubles[] = {
        {WIRE_CONNECT, EAGAIN},   {WIRE_CONNECT, ECONNREFUSED}, {WIRE_SOCKET, EMFILE},
        {WIRE_SEND, EAGAIN},      {WIRE_SEND, ENOBUFS},         {WIRE_SEND, EINTR},
        {WIRE_SEND, EPIPE},       {WIRE_RECV, EAGAIN},          {WIRE_RECV, ENOMEM},
        {WIRE_RECV, EINTR},       {WIRE_POLL, EINTR},           {WIRE_ALLOC, ENOMEM},
        {WIRE_PEER_CRED, EACCES},
    };
    unsigned which = pick(sizeof(troubles) / sizeof(troubles[0]));

    wire.fail[troubles[which].call] = (struct wire_failure){
        .error = troubles[which].error, .after = pick(3), .times = 1 + pick(20)};
}

static void move_world(void)
{
    switch (pick(12)) {
    case 0:
        wire_finish(&wire);
        break;
    case 1:
        if (sp_socket_state(wire.socket) >= SP_STATE_CONNECTED)
            wire_leave(&wire, pick(2) != 0);
        break;
    case 2:
    case 3:
        wire.room = pick(3) != 0 ? some_size() : WIRE_ALL;
        break;
    case 4:
        wire.recv_max = pick(2) != 0 ? some_size() : WIRE_ALL;
        wire.send_max = pick(2) != 0 ? some_size() : WIRE_ALL;
        break;
    case 5:
    case 6:
        wire.now += pick(40) * WIRE_MS;
        break;
    case 7:
    case 8:
        trouble();
        break;
    default:
        say();
        break;
    }
}

static void step(void)
{
    switch (pick(16)) {
    case 0:
        do_connect();
        break;
    case 1:
        if (pick(4) == 0)
            do_close();
        break;
    case 2:
        do_configure();
        break;
    case 3:
        do_wait();
        break;
    case 4:
        do_transaction();
        break;
    case 5:
        do_put_back();
        break;
    case 6:
        (void)sp_socket_flush(wire.socket);
        break;
    case 7:
        sp_socket_process(wire.socket, pick(16));
        break;
    case 8:
        take_events(pick(6));
        break;
    case 9:
        (void)wire_turn(&wire);
        break;
    case 10:
        do_write();
        break;
    case 11:
    case 12:
        do_read();
        break;
    default:
        move_world();
        break;
    }
    CLAIM(sp_socket_validate(wire.socket));
    check_heard();
}

/* Nothing fails any more, and the application goes on: all that was accepted must arrive. */
static void heal(void)
{
    memset(wire.fail, 0, sizeof(wire.fail));
    wire.room = wire.send_max = wire.recv_max = WIRE_ALL;
    wire.shuffle = 0;
    for (int i = 0; i < 8; i++) {
        wire.now += 200 * WIRE_MS;
        (void)wire_settle(&wire, 40);
        take_events(UINT32_MAX);
        do_read();
    }
    wire.now += 200 * WIRE_MS;
    take_events(UINT32_MAX);
    (void)wire_settle(&wire, 40);
    CLAIM(sp_socket_bytes_to_write(wire.socket) == 0);
    CLAIM(sp_socket_deadline(wire.socket) == SP_NEVER);
    CLAIM(!wire_turn(&wire));
    check_heard();
}

/* Covers: STAT-05, STAT-06, BUFF-01, BUFF-08, BUFF-15, REEN-07, TIME-09 */
Test(socket_random, programs, .timeout = 600)
{
    for (unsigned program = 0; program < PROGRAMS && wrong == NULL; program++) {
        unsigned done = 0;

        seed = program;
        memset(&model, 0, sizeof(model));
        memset(&grammar, 0, sizeof(grammar));
        wire_begin(&wire);
        wire.shuffle = program % 3 == 0 ? program + 1 : 0;
        while (done < STEPS && wrong == NULL) {
            step();
            done++;
        }
        if (wrong == NULL)
            heal();
        cr_assert_null(wrong, "program %u, step %u: %s", program, done, wrong);
        wire_end(&wire);
    }
    cr_assert_gt(connections, PROGRAMS, "hardly anything was connected");
}
