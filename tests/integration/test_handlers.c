/* SPDX-License-Identifier: MIT */
/*
 * What applications do in handlers, to real connections: close, abort, connect again, free, run a
 * loop of their own. Real Qt crashes in a dozen of these. The helper alone:
 * tests/unit/test_dispatch.c.
 */
#include "tests/integration/served.h"

#include "tests/support/must.h"
#include "tests/support/raw.h"
#include "tests/support/snapshot.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define PEERS 64

static struct served served;
static struct sp_socket *client;
static struct sp_socket_handlers handlers;
static struct snapshot open_before;

/* The server's side: echoes, hangs up after "bye", remembers what it was told. */
static struct sp_socket *peers[PEERS];
static unsigned peer_count;
static char heard[4096];
static size_t heard_length;

static void begin(void)
{
    served_begin(&served);
    peer_count = 0;
    heard_length = 0;
    open_before = snapshot_descriptors();
    served_listen(&served);
    cr_assert_eq(sp_socket_new(&client, served.context), SP_OK);
}

/* Nothing may be open that was not open before, whatever the handlers did. */
static void end(void)
{
    struct snapshot after;

    sp_socket_free(client);
    for (unsigned i = 0; i < peer_count; i++)
        sp_socket_free(peers[i]);
    sp_server_close(served.server);
    after = snapshot_descriptors();
    cr_assert_str_eq(after.text, open_before.text);
    served_end(&served);
}

TestSuite(handlers, .init = begin, .fini = end, .timeout = 60);

/* ---- a loop ---- */

static void serve_peer(struct sp_socket *peer)
{
    char bytes[256];
    struct sp_event event;
    ptrdiff_t n;

    sp_socket_process(peer, SP_IO_READ | SP_IO_WRITE);
    while ((n = sp_socket_read(peer, bytes, sizeof(bytes))) > 0) {
        MUST(heard_length + (size_t)n < sizeof(heard));
        memcpy(heard + heard_length, bytes, (size_t)n);
        heard_length += (size_t)n;
        if (n >= 3 && memcmp(bytes + n - 3, "bye", 3) == 0)
            sp_socket_disconnect(peer);
        else if (sp_socket_state(peer) == SP_STATE_CONNECTED)
            cr_assert_eq(sp_socket_write(peer, bytes, (size_t)n), n);
    }
    while (sp_socket_next_event(peer, &event))
        ;
}

/* One turn of everything; returns whether the client still exists. */
static bool turn(void)
{
    struct pollfd entry = {.fd = -1};
    unsigned interest = sp_socket_interest(client);

    served_turn(&served, 0);
    while (sp_server_has_pending(served.server)) {
        MUST(peer_count < PEERS);
        cr_assert_eq(sp_server_take(served.server, &peers[peer_count]), SP_OK);
        peer_count++;
    }
    for (unsigned i = 0; i < peer_count; i++)
        serve_peer(peers[i]);
    if (interest != 0)
        entry =
            (struct pollfd){.fd = sp_socket_fd(client), .events = (short)sp_io_to_poll(interest)};
    MUST(poll(&entry, 1, 0) >= 0);
    sp_socket_process(client, sp_io_from_poll((unsigned)entry.revents));
    if (sp_socket_dispatch(client, &handlers))
        return true;
    client = NULL;
    return false;
}

static void turns(unsigned count)
{
    while (count-- > 0 && turn())
        ;
}

static void expect_heard(const char *text)
{
    cr_assert_eq(heard_length, strlen(text), "the server heard \"%.*s\"", (int)heard_length, heard);
    cr_assert_arr_eq(heard, text, heard_length);
}

static void connect_client(void)
{
    cr_assert_eq(sp_socket_connect(client, "svc", SP_STRLEN, SP_READ_WRITE), SP_OK);
}

static void say(struct sp_socket *socket, const char *text)
{
    cr_assert_eq(sp_socket_write(socket, text, strlen(text)), (ptrdiff_t)strlen(text));
}

static void drop_input(struct sp_socket *socket, void *user)
{
    (void)user;
    cr_assert_geq(sp_socket_skip(socket, 4096), 0);
}

/* ---- every action, in the handler of every event ---- */

enum action { FREE, CLOSE, ABORT, DISCONNECT, RECONNECT, WRITE, NESTED_LOOP, WAIT, ACTIONS };

static enum action action;
static unsigned until_action; /* events before the one whose handler acts */
static unsigned seen;

static void nested_loop(void)
{
    for (int i = 0; i < 5; i++) {
        if (!turn())
            return;
    }
}

static void act(struct sp_socket *socket)
{
    seen++;
    cr_assert_leq(sp_socket_skip(socket, 4096), 4096); /* or nothing new would be told of */
    if (until_action-- != 0)
        return;
    switch (action) {
    case FREE:
        sp_socket_free(socket);
        client = NULL;
        break;
    case CLOSE:
        sp_socket_close(socket);
        break;
    case ABORT:
        sp_socket_abort(socket);
        break;
    case DISCONNECT:
        sp_socket_disconnect(socket);
        break;
    case RECONNECT:
        sp_socket_abort(socket);
        cr_assert_eq(sp_socket_connect(socket, "svc", SP_STRLEN, SP_READ_WRITE), SP_OK);
        break;
    case WRITE:
        if (sp_socket_write(socket, "more", 4) == 4)
            sp_socket_flush(socket);
        break;
    case NESTED_LOOP:
        nested_loop();
        break;
    default:
        if (sp_socket_wait_ready_read(socket, 0) == SP_OK)
            cr_assert_gt(sp_socket_bytes_available(socket), 0);
        break;
    }
}

static void act_state(struct sp_socket *socket, void *user, enum sp_state state)
{
    (void)user, (void)state;
    act(socket);
}

static void act_plain(struct sp_socket *socket, void *user)
{
    (void)user;
    act(socket);
}

static void act_bytes(struct sp_socket *socket, void *user, uint64_t bytes)
{
    (void)user, (void)bytes;
    act(socket);
}

static void act_error(struct sp_socket *socket, void *user, enum sp_error error)
{
    (void)user, (void)error;
    act(socket);
}

static const struct sp_socket_handlers acting = {
    .state_changed = act_state,
    .connected = act_plain,
    .disconnected = act_plain,
    .ready_read = act_plain,
    .bytes_written = act_bytes,
    .read_finished = act_plain,
    .about_to_close = act_plain,
    .error_occurred = act_error,
    .events_lost = act_bytes,
};

/* A life with every event in it; @by_us: who ends it. Returns how many events there were. */
static unsigned live(bool by_us)
{
    handlers = acting;
    seen = 0;
    connect_client();
    turns(5);
    if (client != NULL && sp_socket_write(client, "hello", 5) == 5)
        turns(5);
    if (client != NULL && by_us)
        sp_socket_close(client);
    else if (client != NULL && sp_socket_write(client, "bye", 3) == 3)
        turns(5);
    if (client != NULL)
        turns(5);
    return seen;
}

/* Afterwards the object, if there is one, is as good as new: it connects and is answered. */
static void expect_usable(void)
{
    handlers = (struct sp_socket_handlers){.ready_read = NULL};
    if (client == NULL)
        cr_assert_eq(sp_socket_new(&client, served.context), SP_OK);
    sp_socket_abort(client);
    turns(5); /* the server hears of it */
    heard_length = 0;
    connect_client();
    say(client, "again");
    turns(10);
    expect_heard("again");
    cr_assert_eq(sp_socket_bytes_available(client), 5);
    cr_assert_eq(sp_socket_state(client), SP_STATE_CONNECTED);
}

/* Covers: REEN-01, REEN-02, REEN-04, REEN-05, REEN-09, QT-F2, QT-F4, QT-F5, QT-F7, QT-F9, QT-F12 */
Test(handlers, every_action_in_every_handler)
{
    for (int by_us = 0; by_us < 2; by_us++) {
        unsigned events;

        until_action = 1000;
        events = live(by_us != 0);
        cr_assert_geq(events, 7, "only %u events", events);
        end();
        begin();
        for (unsigned at = 0; at < events; at++) {
            for (action = 0; action < ACTIONS; action++) {
                until_action = at;
                (void)live(by_us != 0);
                expect_usable();
                end();
                begin();
            }
        }
    }
}

/* ---- connecting again ---- */

static unsigned reconnects_left;

static void reconnect_and_say(struct sp_socket *socket)
{
    if (reconnects_left == 0)
        return;
    reconnects_left--;
    cr_assert_eq(sp_socket_connect(socket, "svc", SP_STRLEN, SP_READ_WRITE), SP_OK);
    say(socket, "again");
}

static void reconnect_plain(struct sp_socket *socket, void *user)
{
    (void)user;
    reconnect_and_say(socket);
}

static void reconnect_unconnected(struct sp_socket *socket, void *user, enum sp_state state)
{
    (void)user;
    if (state == SP_STATE_UNCONNECTED)
        reconnect_and_say(socket);
}

/* The usual automatic reconnect, in any of the handlers that tell of the end. In Qt what is written
 * there is lost, and the next write crashes. */
/* Covers: REEN-04, QT-F1, QT-F5 */
Test(handlers, reconnect_at_the_end_of_a_connection)
{
    const struct sp_socket_handlers at[] = {
        {.disconnected = reconnect_plain},
        {.read_finished = reconnect_plain},
        {.state_changed = reconnect_unconnected},
    };

    for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
        handlers = at[i];
        handlers.ready_read = drop_input;
        reconnects_left = 3;
        connect_client();
        heard_length = 0;
        for (int round = 0; round < 3; round++) {
            say(client, "bye");
            turns(10);
            cr_assert_eq(sp_socket_state(client), SP_STATE_CONNECTED, "handler %zu", i);
        }
        expect_heard("byeagainbyeagainbyeagain");
        cr_assert_eq(peer_count, 4);
        for (unsigned k = 0; k < 3; k++)
            cr_assert_eq(sp_socket_state(peers[k]), SP_STATE_UNCONNECTED, "left half open");
        cr_assert_eq(sp_socket_state(peers[3]), SP_STATE_CONNECTED);
        end();
        begin();
    }
}

static unsigned tries;

static void try_again(struct sp_socket *socket, void *user, enum sp_error error)
{
    (void)user;
    cr_assert_eq(error, SP_ERROR_SERVER_NOT_FOUND);
    tries++;
    cr_assert_eq(sp_socket_connect(socket, "svc", SP_STRLEN, SP_READ_WRITE), SP_OK);
}

/* Nobody is there, and the handler of the error tries again at once, without end. In Qt each try is
 * a level of the stack; here the loop gets its turn, and the moment somebody listens it connects.
 */
/* Covers: REEN-04, EXHA-11, QT-F3 */
Test(handlers, retry_for_ever_leaves_the_loop_its_turn)
{
    handlers.error_occurred = try_again;
    sp_server_close(served.server);
    connect_client();
    for (unsigned i = 1; i <= 100; i++) {
        unsigned before = tries;

        cr_assert(sp_socket_dispatch(client, &handlers));
        cr_assert_gt(tries, before);
        cr_assert_leq(tries - before, SP_DISPATCH_EVENTS_MAX);
    }
    served_listen(&served);
    turns(5);
    cr_assert_eq(sp_socket_state(client), SP_STATE_CONNECTED);
}

static void move_to_busy(struct sp_socket *socket, void *user)
{
    (void)user;
    sp_socket_abort(socket);
    cr_assert_eq(sp_socket_connect(socket, "busy", SP_STRLEN, SP_READ_WRITE), SP_OK);
}

/* The handler of connected() moves to a server whose backlog is full: in Qt a descriptor is lost
 * each time, and an error is made up. */
/* Covers: REEN-05, QT-F6 */
Test(handlers, move_to_a_busy_server_when_connected)
{
    char path[TEMPDIR_JOINED_MAX];
    int busy = raw_listen(tempdir_join(&served.dir, "busy", path), 0), filler = raw_connect(path);

    for (int round = 0; round < 50; round++) {
        handlers.connected = move_to_busy;
        connect_client();
        turns(2);
        cr_assert_eq(sp_socket_state(client), SP_STATE_CONNECTING);
        cr_assert_eq(sp_socket_error(client), SP_OK);
        sp_socket_abort(client);
        turns(2);
        for (unsigned i = 0; i < peer_count; i++)
            sp_socket_free(peers[i]);
        peer_count = 0;
    }
    close(filler);
    close(busy);
}

/* ---- the rest ---- */

static unsigned errors;

static void nested_in_error(struct sp_socket *socket, void *user, enum sp_error error)
{
    (void)user, (void)error;
    errors++;
    for (int i = 0; i < 20; i++) {
        sp_socket_process(socket, 0);
        cr_assert(sp_socket_dispatch(socket, &handlers));
    }
}

/* One failure is one error, also for a loop nested in its handler. Qt tells it 60 times, each a
 * level deeper. */
/* Covers: REEN-09, QT-F8 */
Test(handlers, one_error_although_a_loop_is_nested)
{
    handlers.error_occurred = nested_in_error;
    cr_assert_eq(sp_socket_connect(client, "nobody", SP_STRLEN, SP_READ_WRITE), SP_OK);
    turns(20);
    cr_assert_eq(errors, 1);
}

static unsigned closings;

static void close_again(struct sp_socket *socket, void *user)
{
    (void)user;
    closings++;
    sp_socket_close(socket);
}

/* In Qt: 30000 levels, and the end. */
/* Covers: QT-F10 */
Test(handlers, close_in_about_to_close)
{
    handlers.about_to_close = close_again;
    connect_client();
    turns(3);
    sp_socket_close(client);
    turns(5);
    cr_assert_eq(closings, 1);
    cr_assert_eq(sp_socket_state(client), SP_STATE_UNCONNECTED);
}

static void never(struct sp_socket *socket, void *user)
{
    (void)socket, (void)user;
    cr_assert_fail("called by a free");
}

/* Freeing tells nobody anything: no handler runs on an object that is going. */
/* Covers: QT-F11 */
Test(handlers, free_calls_nobody)
{
    connect_client();
    turns(3);
    cr_assert_eq(peer_count, 1);
    handlers.disconnected = never;
    sp_socket_free(client);
    cr_assert_eq(sp_socket_new(&client, served.context), SP_OK);
    turns(5);
    cr_assert_eq(peer_count, 1, "an extra connection");
}

static unsigned reads_after_end;
static bool ended;

static void note_end(struct sp_socket *socket, void *user)
{
    (void)socket, (void)user;
    ended = true;
}

static void note_read(struct sp_socket *socket, void *user)
{
    drop_input(socket, user);
    reads_after_end += ended;
}

/* Covers: REEN-07 */
Test(handlers, no_data_is_told_of_after_the_end)
{
    handlers = (struct sp_socket_handlers){.ready_read = note_read, .disconnected = note_end};
    for (int round = 0; round < 20; round++) {
        ended = false;
        connect_client();
        turns(2);
        say(client, "hello");
        for (int i = 0; i < round % 5; i++)
            turns(1);
        say(client, "bye");
        turns(10);
        cr_assert(ended);
        cr_assert_eq(reads_after_end, 0);
        for (unsigned i = 0; i < peer_count; i++)
            sp_socket_free(peers[i]);
        peer_count = 0;
    }
}
