/* SPDX-License-Identifier: MIT */
/*
 * The dispatch helper alone: events are put in by hand. What handlers do to real connections:
 * tests/integration/test_handlers.c.
 */
#include "server.h"
#include "socket.h"
#include "tests/unit/server_world.h"

#include <sunpath/dispatch.h>

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct world world;
static struct sp_socket *socket;
static struct sp_socket_handlers handlers;
static char told[4096];

static void begin(void)
{
    world_begin(&world);
    world_listen(&world);
    cr_assert_eq(sp__socket_from_connection(&socket, world.context, NULL,
                                            world_open(&world, WORLD_ALIVE),
                                            &(struct sp__fault){.error = SP_OK}),
                 SP_OK);
}

static void end(void)
{
    sp_socket_free(socket);
    world_end(&world);
}

TestSuite(dispatch, .init = begin, .fini = end);

/* ---- handlers ---- */

static void tell(const char *what, long long value)
{
    size_t used = strlen(told);

    cr_assert_lt(snprintf(told + used, sizeof(told) - used, "%s:%lld ", what, value),
                 (int)(sizeof(told) - used));
}

#define TELL(name) static void tell_##name(struct sp_socket *from, void *user)
#define TELL_VALUE(name, type) \
    static void tell_##name(struct sp_socket *from, void *user, type value)
#define CHECK_FROM() cr_assert(from == socket && user == from->user)

TELL_VALUE(state_changed, enum sp_state)
{
    CHECK_FROM();
    tell("state", value);
}

TELL(connected)
{
    CHECK_FROM();
    tell("connected", 0);
}

TELL(disconnected)
{
    CHECK_FROM();
    tell("disconnected", 0);
}

TELL(ready_read)
{
    CHECK_FROM();
    tell("ready_read", 0);
}

TELL_VALUE(bytes_written, uint64_t)
{
    CHECK_FROM();
    tell("bytes_written", (long long)value);
}

TELL(read_finished)
{
    CHECK_FROM();
    tell("read_finished", 0);
}

TELL(about_to_close)
{
    CHECK_FROM();
    tell("about_to_close", 0);
}

TELL_VALUE(error_occurred, enum sp_error)
{
    CHECK_FROM();
    tell("error", value);
}

TELL_VALUE(events_lost, uint64_t)
{
    CHECK_FROM();
    tell("lost", (long long)value);
}

static const struct sp_socket_handlers all = {
    .state_changed = tell_state_changed,
    .connected = tell_connected,
    .disconnected = tell_disconnected,
    .ready_read = tell_ready_read,
    .bytes_written = tell_bytes_written,
    .read_finished = tell_read_finished,
    .about_to_close = tell_about_to_close,
    .error_occurred = tell_error_occurred,
    .events_lost = tell_events_lost,
};

/* One of each kind that a socket can have. */
static void record_all(void)
{
    struct sp__events *events = &socket->events;

    events->lost = 3;
    sp__events_push_state(events, SP_STATE_CONNECTED);
    sp__events_push(events, SP_EVENT_CONNECTED);
    sp__events_push(events, SP_EVENT_READY_READ);
    sp__set(socket, SP__READABLE); /* or it would not be true */
    sp__events_push(events, SP_EVENT_BYTES_WRITTEN);
    socket->written = 5;
    sp__events_push(events, SP_EVENT_ABOUT_TO_CLOSE);
    sp__events_push_error(events, SP_ERROR_PEER_CLOSED);
    sp__events_push(events, SP_EVENT_READ_FINISHED);
    sp__events_push(events, SP_EVENT_DISCONNECTED);
}

#define KINDS 9

Test(dispatch, calls_the_handler_of_each_event_in_order)
{
    sp_socket_set_user(socket, told);
    record_all();
    cr_assert(sp_socket_has_events(socket));
    cr_assert(sp_socket_dispatch(socket, &all));
    cr_assert_str_eq(told, "lost:3 state:2 connected:0 ready_read:0 bytes_written:5 "
                           "about_to_close:0 error:-2 read_finished:0 disconnected:0 ");
    cr_assert_not(sp_socket_has_events(socket));
    cr_assert_null(socket->dispatch);
    cr_assert(sp_socket_dispatch(socket, &all), "with nothing to say");
}

Test(dispatch, handlers_may_be_missing)
{
    record_all();
    cr_assert(sp_socket_dispatch(socket, &handlers));
    cr_assert_not(sp_socket_has_events(socket));
}

/* ---- an object freed in its handler ---- */

static unsigned until_free; /* deliveries before the one that frees */

static void maybe_free(struct sp_socket *from)
{
    if (until_free-- > 0)
        return;
    sp_socket_free(from);
    socket = NULL;
}

static void free_plain(struct sp_socket *from, void *user)
{
    (void)user;
    maybe_free(from);
}

static void free_state(struct sp_socket *from, void *user, enum sp_state state)
{
    (void)user, (void)state;
    maybe_free(from);
}

static void free_bytes(struct sp_socket *from, void *user, uint64_t bytes)
{
    (void)user, (void)bytes;
    maybe_free(from);
}

static void free_error(struct sp_socket *from, void *user, enum sp_error error)
{
    (void)user, (void)error;
    maybe_free(from);
}

static const struct sp_socket_handlers freeing = {
    .state_changed = free_state,
    .connected = free_plain,
    .disconnected = free_plain,
    .ready_read = free_plain,
    .bytes_written = free_bytes,
    .read_finished = free_plain,
    .about_to_close = free_plain,
    .error_occurred = free_error,
    .events_lost = free_bytes,
};

/* In the handler of every kind of event: nothing of the object is touched afterwards. */
/* Covers: REEN-01, REEN-02, QT-F9 */
Test(dispatch, survives_a_handler_that_frees)
{
    for (unsigned kind = 0; kind < KINDS; kind++) {
        record_all();
        until_free = kind;
        cr_assert_not(sp_socket_dispatch(socket, &freeing));
        cr_assert_null(socket);
        end();
        begin();
    }
}

/* ---- dispatching inside a handler ---- */

static unsigned depth, deepest, delivered;

static void dispatch_again(struct sp_socket *from, void *user, enum sp_error error)
{
    (void)user;
    delivered++;
    depth++;
    deepest = depth > deepest ? depth : deepest;
    sp__events_push_error(&from->events, error);
    cr_assert(sp_socket_dispatch(from, &handlers));
    depth--;
}

/* A handler of errors that causes the next error and dispatches it: Qt needs a stack frame for each
 * until there is no more stack. */
/* Covers: REEN-06, QT-F3, QT-F8 */
Test(dispatch, is_bounded_in_depth_and_number)
{
    handlers.error_occurred = dispatch_again;
    sp__events_push_error(&socket->events, SP_ERROR_TIMEOUT);
    cr_assert(sp_socket_dispatch(socket, &handlers));
    cr_assert_eq(deepest, SP_DISPATCH_DEPTH_MAX);
    cr_assert_leq(delivered, SP_DISPATCH_EVENTS_MAX * SP_DISPATCH_DEPTH_MAX);
    cr_assert(sp_socket_has_events(socket));
    cr_assert_null(socket->dispatch);
}

static void cause_another(struct sp_socket *from, void *user, enum sp_error error)
{
    (void)user;
    delivered++;
    sp__events_push_error(&from->events, error);
}

/* Events that make events: the loop gets its turn, and nothing is lost. */
/* Covers: EXHA-11 */
Test(dispatch, returns_although_events_never_end)
{
    handlers.error_occurred = cause_another;
    sp__events_push_error(&socket->events, SP_ERROR_TIMEOUT);
    for (unsigned turn = 1; turn <= 10; turn++) {
        cr_assert(sp_socket_dispatch(socket, &handlers));
        cr_assert_eq(delivered, turn * SP_DISPATCH_EVENTS_MAX);
        cr_assert(sp_socket_has_events(socket));
    }
}

static void nested_loop(struct sp_socket *from, void *user)
{
    (void)user;
    tell("<", 0);
    for (unsigned i = 0; i < 3; i++)
        cr_assert(sp_socket_dispatch(from, &handlers));
    tell(">", 0);
}

/* A loop nested in a handler goes on with the events where the outer one is; each comes once. */
/* Covers: REEN-09 */
Test(dispatch, a_nested_loop_takes_the_next_ones)
{
    handlers = all;
    handlers.connected = nested_loop;
    record_all();
    cr_assert(sp_socket_dispatch(socket, &handlers));
    cr_assert_str_eq(told, "lost:3 state:2 <:0 ready_read:0 bytes_written:5 about_to_close:0 >:0 "
                           "error:-2 read_finished:0 disconnected:0 ");
}

static void dispatch_freeing(struct sp_socket *from, void *user)
{
    (void)user;
    until_free = 0;
    cr_assert_not(sp_socket_dispatch(from, &freeing));
}

/* Freed in the nested one: the outer ones know as well. */
/* Covers: REEN-09 */
Test(dispatch, the_outer_call_knows_what_the_nested_one_freed)
{
    handlers.connected = dispatch_freeing;
    record_all();
    cr_assert_not(sp_socket_dispatch(socket, &handlers));
    cr_assert_null(socket);
}

static void free_the_socket(struct sp_server *from, void *user)
{
    (void)from, (void)user;
    sp_socket_free(socket);
    socket = NULL;
}

static void dispatch_the_server(struct sp_socket *from, void *user)
{
    static const struct sp_server_handlers server_handlers = {.new_connection = free_the_socket};

    (void)from, (void)user;
    cr_assert(sp_server_dispatch(world.server, &server_handlers));
}

/* Freed from the handler of another object. */
Test(dispatch, knows_what_another_object_freed)
{
    world_connect(&world, WORLD_ALIVE, 1);
    world_turns(&world, 10);
    handlers.connected = dispatch_the_server;
    record_all();
    cr_assert_not(sp_socket_dispatch(socket, &handlers));
    cr_assert_null(socket);
}

static void change_user(struct sp_socket *from, void *user, enum sp_state state)
{
    (void)state;
    cr_assert_null(user);
    sp_socket_set_user(from, told);
}

Test(dispatch, the_users_pointer_is_that_of_the_moment)
{
    handlers = all;
    handlers.state_changed = change_user;
    record_all();
    cr_assert(sp_socket_dispatch(socket, &handlers));
}

/* ---- servers ---- */

static void server_new_connection(struct sp_server *from, void *user)
{
    cr_assert(from == world.server && user == told);
    tell("new_connection", 0);
}

static void server_error(struct sp_server *from, void *user, enum sp_error error)
{
    cr_assert(from == world.server && user == told);
    tell("error", error);
}

static void server_lost(struct sp_server *from, void *user, uint64_t count)
{
    cr_assert(from == world.server && user == told);
    tell("lost", (long long)count);
}

static void record_server(void)
{
    world_connect(&world, WORLD_ALIVE, 1);
    world_turns(&world, 10);
    world.server->events.lost = 2;
    sp__events_push_error(&world.server->events, SP_ERROR_RESOURCE);
}

Test(dispatch, of_a_server)
{
    static const struct sp_server_handlers server_handlers = {
        .new_connection = server_new_connection,
        .error_occurred = server_error,
        .events_lost = server_lost,
    };
    static const struct sp_server_handlers none;

    sp_server_set_user(world.server, told);
    record_server();
    cr_assert(sp_server_has_events(world.server));
    cr_assert(sp_server_dispatch(world.server, &server_handlers));
    cr_assert_str_eq(told, "lost:2 new_connection:0 error:-5 ");
    cr_assert_not(sp_server_has_events(world.server));
    record_server();
    cr_assert(sp_server_dispatch(world.server, &none));
    cr_assert_not(sp_server_has_events(world.server));
}

static void free_server(struct sp_server *from)
{
    if (until_free-- > 0)
        return;
    sp_server_free(from);
    world.server = NULL;
}

static void free_server_new(struct sp_server *from, void *user)
{
    (void)user;
    free_server(from);
}

static void free_server_error(struct sp_server *from, void *user, enum sp_error error)
{
    (void)user, (void)error;
    free_server(from);
}

static void free_server_lost(struct sp_server *from, void *user, uint64_t count)
{
    (void)user, (void)count;
    free_server(from);
}

/* Covers: REEN-01, QT-F12 */
Test(dispatch, survives_a_handler_that_frees_the_server)
{
    static const struct sp_server_handlers server_handlers = {
        .new_connection = free_server_new,
        .error_occurred = free_server_error,
        .events_lost = free_server_lost,
    };

    for (unsigned kind = 0; kind < 3; kind++) {
        record_server();
        until_free = kind;
        cr_assert_not(sp_server_dispatch(world.server, &server_handlers));
        cr_assert_null(world.server);
        end();
        begin();
    }
}

static void close_server(struct sp_server *from, void *user)
{
    (void)user;
    tell("new_connection", 0);
    sp_server_close(from);
}

/* Close, and listen again, inside the handler of a new connection: what was pending is gone. */
/* Covers: QT-F12 */
Test(dispatch, a_server_closed_in_its_handler)
{
    static const struct sp_server_handlers server_handlers = {.new_connection = close_server};

    for (int round = 0; round < 3; round++) {
        told[0] = '\0';
        world_connect(&world, WORLD_ALIVE, 3);
        world_turns(&world, 10);
        cr_assert(sp_server_dispatch(world.server, &server_handlers));
        cr_assert_str_eq(told, "new_connection:0 ");
        cr_assert_eq(world_open_count(&world), 1, "only the socket of the fixture");
        world_listen(&world);
    }
}
