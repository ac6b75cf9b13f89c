/* SPDX-License-Identifier: MIT */
/*
 * Blocking waits: what they return, how long they last, and what they leave alone.
 *
 * A wait of 0 ms in every state is a row of test_socket_calls.c.
 */
#include "tests/unit/wire.h"

#include "tests/support/must.h"
#include "tests/support/told.h"

#include <criterion/criterion.h>

static struct wire wire;
static char bytes[8192];

static void begin(void)
{
    wire_begin(&wire);
}

static void end(void)
{
    wire_end(&wire);
}

TestSuite(socket_wait, .init = begin, .fini = end);

typedef int (*wait_function)(struct sp_socket *socket, int ms);

static const wait_function waits[] = {sp_socket_wait_connected, sp_socket_wait_ready_read,
                                      sp_socket_wait_bytes_written, sp_socket_wait_disconnected};

/* ---- what happens during a wait ---- */

static unsigned sleeps;

/* The far end acts 10 ms into the wait. */
static void then(struct wire *w, uint64_t until)
{
    uint64_t left = until - w->now;

    w->now += left < 10 * WIRE_MS ? left : 10 * WIRE_MS;
    sleeps++;
}

static void says_hello(struct wire *w, uint64_t until)
{
    then(w, until);
    wire_say_text(w, "hello");
}

static void leaves(struct wire *w, uint64_t until)
{
    then(w, until);
    wire_leave(w, false);
}

static void makes_room(struct wire *w, uint64_t until)
{
    then(w, until);
    w->room = WIRE_ALL;
}

static void nothing_happens(struct wire *w, uint64_t until)
{
    cr_assert_neq(until, SP_NEVER, "waits for what never comes");
    w->now = until;
    sleeps++;
}

static void queue(size_t length)
{
    wire.room = 0;
    MUST(sp_socket_write(wire.socket, bytes, length) == (ptrdiff_t)length);
}

/* ---- coming true ---- */

Test(socket_wait, connected_is_true_at_once)
{
    wire_connect(&wire, SP_READ_WRITE);
    for (int ms = -1; ms < 2; ms++)
        cr_assert_eq(sp_socket_wait_connected(wire.socket, ms), SP_OK);
    cr_assert_eq(wire.calls[WIRE_POLL], 0);
}

/* Covers: TIME-06 */
Test(socket_wait, ready_read_is_true_when_bytes_were_added)
{
    wire_connect(&wire, SP_READ_WRITE);
    wire.asleep = says_hello;
    cr_assert_eq(sp_socket_wait_ready_read(wire.socket, -1), SP_OK);
    cr_assert_eq(sp_socket_bytes_available(wire.socket), 5);
    wire_expect(&wire, "ready-read");
    /* Bytes that were there before are not new; the next ones are. */
    cr_assert_eq(sp_socket_wait_ready_read(wire.socket, 50), SP_OK);
    cr_assert_eq(sp_socket_bytes_available(wire.socket), 10);
    cr_assert_eq(sleeps, 2);
    wire.asleep = nothing_happens;
    cr_assert_eq(sp_socket_wait_ready_read(wire.socket, 50), SP_ERROR_TIMEOUT);
    cr_assert_eq(sp_socket_bytes_available(wire.socket), 10);
}

/* Told by the loop, not fetched by anybody: new. */
Test(socket_wait, ready_read_counts_what_the_loop_reported)
{
    wire_connect(&wire, SP_READ_WRITE);
    wire_say_text(&wire, "hello");
    sp_socket_process(wire.socket, SP_IO_DATA);
    cr_assert_eq(sp_socket_wait_ready_read(wire.socket, 0), SP_OK);
    cr_assert_eq(wire.calls[WIRE_POLL], 0);
    cr_assert_eq(sp_socket_wait_ready_read(wire.socket, 0), SP_ERROR_TIMEOUT);
}

Test(socket_wait, ready_read_sends_what_was_gathered)
{
    wire_connect(&wire, SP_READ_WRITE);
    cr_assert_eq(sp_socket_write(wire.socket, "ping", 4), 4);
    wire.asleep = says_hello;
    cr_assert_eq(sp_socket_wait_ready_read(wire.socket, 100), SP_OK);
    wire_heard(&wire, "ping");
}

Test(socket_wait, bytes_written_is_true_when_some_went)
{
    wire_connect(&wire, SP_READ_WRITE);
    cr_assert_eq(sp_socket_write(wire.socket, "hello", 5), 5);
    cr_assert_eq(sp_socket_wait_bytes_written(wire.socket, 0), SP_OK);
    cr_assert_eq(sp_socket_wait_bytes_written(wire.socket, -1), SP_ERROR_OPERATION, "none queued");
    queue(5000);
    wire.asleep = makes_room;
    cr_assert_eq(sp_socket_wait_bytes_written(wire.socket, -1), SP_OK);
    cr_assert_eq(sp_socket_bytes_to_write(wire.socket), 0);
    wire_expect(&wire, "bytes-written:5005");
}

Test(socket_wait, disconnected_is_true_when_the_last_byte_has_left_or_the_peer_has)
{
    wire_connect(&wire, SP_READ_WRITE);
    queue(5000);
    sp_socket_disconnect(wire.socket);
    wire.asleep = makes_room;
    cr_assert_eq(sp_socket_wait_disconnected(wire.socket, -1), SP_OK);
    (void)told_by(wire.socket);
    wire_connect(&wire, SP_READ_WRITE);
    wire.asleep = leaves;
    cr_assert_eq(sp_socket_wait_disconnected(wire.socket, -1), SP_OK);
    cr_assert_eq(sp_socket_error(wire.socket), SP_ERROR_PEER_CLOSED);
}

Test(socket_wait, disconnected_is_bounded_by_the_close_timeout)
{
    uint64_t begun;

    wire_connect(&wire, SP_READ_WRITE);
    cr_assert_eq(sp_socket_set_close_timeout(wire.socket, 70), SP_OK);
    queue(5000);
    sp_socket_disconnect(wire.socket);
    begun = wire.now;
    wire.asleep = nothing_happens;
    cr_assert_eq(sp_socket_wait_disconnected(wire.socket, -1), SP_OK);
    cr_assert_eq(wire.now, begun + 70 * WIRE_MS);
    cr_assert_eq(sp_socket_bytes_lost(wire.socket), 5000);
}

/* ---- not coming true ---- */

/* Covers: TIME-03, SIGN-04, QT-L5 */
Test(socket_wait, signals_do_not_prolong_a_wait)
{
    for (int ms = 0; ms <= 200; ms += 50) {
        for (size_t i = 1; i < 4; i++) {
            uint64_t begun;

            wire_connect(&wire, SP_READ_WRITE);
            queue(5000);
            wire.interrupt_polls = 1000; /* one each ms */
            begun = wire.now;
            cr_assert_eq(waits[i](wire.socket, ms), SP_ERROR_TIMEOUT);
            cr_assert_eq(wire.now, begun + (uint64_t)ms * WIRE_MS);
            cr_assert_eq(sp_socket_error(wire.socket), SP_ERROR_TIMEOUT);
            cr_assert_eq(sp_socket_state(wire.socket), SP_STATE_CONNECTED);
            wire_expect(&wire, "");
            wire.room = WIRE_ALL;
            sp_socket_abort(wire.socket);
            (void)told_by(wire.socket);
        }
    }
}

/* Other events must not prolong it either. */
Test(socket_wait, a_stream_of_other_events_does_not_prolong_a_wait)
{
    uint64_t begun;

    wire_connect(&wire, SP_READ_WRITE);
    begun = wire.now;
    wire.asleep = says_hello;
    cr_assert_eq(sp_socket_wait_disconnected(wire.socket, 95), SP_ERROR_TIMEOUT);
    cr_assert_eq(wire.now, begun + 95 * WIRE_MS);
    cr_assert_geq(sp_socket_bytes_available(wire.socket), 45);
}

/* Covers: STAT-10, QT-C2, QT-C5 */
Test(socket_wait, while_connecting)
{
    for (size_t i = 0; i < 4; i++) {
        uint64_t begun = wire.now;
        int want = waits[i] == sp_socket_wait_bytes_written ? SP_ERROR_OPERATION : SP_ERROR_TIMEOUT;

        wire_fail(&wire, WIRE_CONNECT, EAGAIN, 1000);
        cr_assert_eq(sp_socket_connect(wire.socket, "server", SP_STRLEN, SP_READ_WRITE), SP_OK);
        cr_assert_eq(waits[i](wire.socket, 1000), want);
        cr_assert_eq(wire.now - begun, want == SP_ERROR_TIMEOUT ? 1000 * WIRE_MS : 0);
        cr_assert_leq(wire.calls[WIRE_CONNECT], 20 * (i + 1));
        cr_assert_eq(sp_socket_state(wire.socket), SP_STATE_CONNECTING, "a wait changes nothing");
        wire_expect(&wire, "state:connecting");
        sp_socket_abort(wire.socket);
        wire_expect(&wire, "state:unconnected");
    }
}

/* Why it cannot come true: what ended the connection, if that was an error. */
/* Covers: STAT-08, STAT-10 */
Test(socket_wait, what_ended_the_connection_is_the_answer)
{
    wire_fail(&wire, WIRE_CONNECT, ENOENT, 1);
    cr_assert_eq(sp_socket_connect(wire.socket, "server", SP_STRLEN, SP_READ_WRITE), SP_OK);
    cr_assert_eq(sp_socket_wait_connected(wire.socket, -1), SP_ERROR_SERVER_NOT_FOUND);
    cr_assert_eq(sp_socket_error(wire.socket), SP_ERROR_SERVER_NOT_FOUND);
    (void)told_by(wire.socket);
    wire_connect(&wire, SP_READ_WRITE);
    wire.asleep = leaves;
    cr_assert_eq(sp_socket_wait_ready_read(wire.socket, -1), SP_ERROR_PEER_CLOSED);
    (void)told_by(wire.socket);
    wire_connect(&wire, SP_READ_WRITE);
    queue(5000);
    cr_assert_eq(sp_socket_wait_bytes_written(wire.socket, -1), SP_ERROR_PEER_CLOSED);
    cr_assert_eq(sp_socket_bytes_lost(wire.socket), 5000);
}

/* Any error that is remembered of other calls is not it. */
/* Covers: STAT-08, STAT-10, QT-L10 */
Test(socket_wait, an_error_of_another_call_is_not_the_answer)
{
    cr_assert_eq(sp_socket_set_connect_timeout(wire.socket, -5), SP_ERROR_ARGUMENT);
    for (size_t i = 0; i < 4; i++)
        cr_assert_eq(waits[i](wire.socket, -1), SP_ERROR_OPERATION);
    wire_connect(&wire, SP_READ_WRITE);
    cr_assert_eq(sp_socket_wait_ready_read(wire.socket, 5), SP_ERROR_TIMEOUT);
    sp_socket_disconnect(wire.socket);
    for (size_t i = 0; i < 4; i++) {
        cr_assert_eq(waits[i](wire.socket, -1), SP_ERROR_OPERATION);
        cr_assert_eq(sp_socket_get_char(wire.socket), SP_ERROR_PEER_CLOSED);
    }
    (void)told_by(wire.socket);
    wire_fail(&wire, WIRE_CONNECT, ENOENT, 1);
    cr_assert_eq(sp_socket_open(wire.socket, SP_READ_WRITE), SP_OK);
    cr_assert_eq(sp_socket_set_connect_timeout(wire.socket, -5), SP_ERROR_ARGUMENT);
    cr_assert_eq(sp_socket_wait_connected(wire.socket, 0), SP_ERROR_SERVER_NOT_FOUND);
    cr_assert_eq(sp_socket_error(wire.socket), SP_ERROR_SERVER_NOT_FOUND, "the last failure");
    (void)told_by(wire.socket);
    wire_connect(&wire, SP_READ_WRITE);
    sp_socket_abort(wire.socket);
    cr_assert_eq(sp_socket_wait_ready_read(wire.socket, 0), SP_ERROR_OPERATION);
}

/* A send that failed before the wait, with the peer's last words still to be read. */
Test(socket_wait, bytes_that_were_lost_are_not_none_queued)
{
    wire_connect(&wire, SP_READ_WRITE);
    cr_assert_eq(sp_socket_write(wire.socket, "hello", 5), 5);
    wire_say_text(&wire, "last words");
    wire_leave(&wire, false);
    cr_assert_eq(sp_socket_wait_bytes_written(wire.socket, 100), SP_ERROR_PEER_CLOSED);
    cr_assert_eq(sp_socket_wait_bytes_written(wire.socket, 100), SP_ERROR_PEER_CLOSED);
    cr_assert_eq(sp_socket_state(wire.socket), SP_STATE_CONNECTED);
    cr_assert_eq(sp_socket_wait_disconnected(wire.socket, 100), SP_OK);
    cr_assert_eq(sp_socket_read(wire.socket, bytes, sizeof(bytes)), 10);
}

Test(socket_wait, a_full_buffer_lets_nothing_happen)
{
    wire_connect(&wire, SP_READ_WRITE);
    sp_socket_set_read_limit(wire.socket, 5);
    wire_say_text(&wire, "hello, world");
    (void)wire_settle(&wire, 10);
    cr_assert_eq(sp_socket_wait_ready_read(wire.socket, -1), SP_ERROR_LIMIT);
    cr_assert_eq(sp_socket_wait_disconnected(wire.socket, -1), SP_ERROR_LIMIT);
    cr_assert_eq(sp_socket_skip(wire.socket, 5), 5);
    cr_assert_eq(sp_socket_wait_ready_read(wire.socket, 0), SP_OK);
}

Test(socket_wait, what_can_never_be_is_refused)
{
    sp_socket_set_half_open(wire.socket, true);
    wire_connect(&wire, SP_READ_WRITE);
    wire_finish(&wire);
    (void)wire_settle(&wire, 10);
    cr_assert_eq(sp_socket_wait_ready_read(wire.socket, -1), SP_ERROR_OPERATION);
    sp_socket_abort(wire.socket);
    (void)told_by(wire.socket);
    wire_connect(&wire, SP_WRITE_ONLY);
    cr_assert_eq(sp_socket_wait_ready_read(wire.socket, -1), SP_ERROR_OPERATION);
    queue(5000);
    sp_socket_close(wire.socket);
    cr_assert_eq(sp_socket_wait_connected(wire.socket, -1), SP_ERROR_OPERATION);
    cr_assert_eq(sp_socket_wait_ready_read(wire.socket, -1), SP_ERROR_OPERATION);
}

Test(socket_wait, a_poll_that_fails_ends_the_wait_and_nothing_else)
{
    struct sp_error_detail detail;

    wire_connect(&wire, SP_READ_WRITE);
    wire_fail(&wire, WIRE_POLL, ENOMEM, 1);
    cr_assert_eq(sp_socket_wait_ready_read(wire.socket, -1), SP_ERROR_RESOURCE);
    sp_socket_error_detail(wire.socket, &detail);
    cr_assert_eq(detail.operation, SP_OPERATION_POLL);
    cr_assert_eq(detail.os_errno, ENOMEM);
    cr_assert_eq(sp_socket_state(wire.socket), SP_STATE_CONNECTED);
    wire_expect(&wire, "");
}
