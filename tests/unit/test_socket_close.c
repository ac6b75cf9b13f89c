/* SPDX-License-Identifier: MIT */
/* Closing: every way to end a connection, with and without bytes on the way, and using it again. */
#include "tests/unit/wire.h"

#include "tests/support/must.h"
#include "tests/support/told.h"

#include <criterion/criterion.h>

#define GOES "state:unconnected read-finished disconnected"
#define ENDS "state:closing " GOES
#define LOSES(error) "state:unconnected error:" error " read-finished disconnected"

static struct wire wire;
static char bytes[8192];

static void begin(void)
{
    wire_begin(&wire);
    wire_connect(&wire, SP_READ_WRITE);
}

static void end(void)
{
    wire_end(&wire);
}

TestSuite(socket_close, .init = begin, .fini = end);

/* Accepted, and the kernel takes none of it. */
static void queue(const char *text)
{
    size_t length = strlen(text);

    wire.room = 0;
    cr_assert_eq(sp_socket_write(wire.socket, text, length), (ptrdiff_t)length);
}

/* Closed, and as new: nothing open, nothing timed, nothing to send. */
static void expect_gone(uint64_t lost)
{
    cr_assert_eq(sp_socket_state(wire.socket), SP_STATE_UNCONNECTED);
    cr_assert_eq(sp_socket_descriptor(wire.socket), -1);
    cr_assert_eq(wire.open_descriptors, 0);
    cr_assert_eq(sp_socket_deadline(wire.socket), SP_NEVER);
    cr_assert_eq(sp_socket_bytes_to_write(wire.socket), 0);
    cr_assert_eq(sp_socket_bytes_lost(wire.socket), lost);
    cr_assert_str_eq(sp_socket_name(wire.socket, NULL), "server", "kept for a reconnect");
}

static void expect_cause(enum sp_operation operation, enum sp_cause cause)
{
    struct sp_error_detail detail;

    sp_socket_error_detail(wire.socket, &detail);
    cr_assert_eq(detail.operation, operation, "%s", sp_operation_string(detail.operation));
    cr_assert_eq(detail.cause, cause, "%s", sp_cause_string(detail.cause));
}

/* ---- disconnect ---- */

/* Covers: QT-H8 */
Test(socket_close, disconnect_sends_what_was_accepted_first)
{
    cr_assert_eq(sp_socket_write(wire.socket, "gathered", 8), 8);
    sp_socket_disconnect(wire.socket);
    wire_expect(&wire, "state:closing bytes-written:8 " GOES);
    wire_heard(&wire, "gathered");
    expect_gone(0);
    cr_assert_eq(sp_socket_error(wire.socket), SP_OK);
}

/* Covers: TIME-11 */
Test(socket_close, disconnect_waits_for_a_slow_peer)
{
    queue("bytes");
    sp_socket_disconnect(wire.socket);
    sp_socket_disconnect(wire.socket);
    wire_expect(&wire, "state:closing");
    cr_assert_eq(sp_socket_write(wire.socket, "x", 1), SP_ERROR_OPERATION);
    wire.now += WIRE_MS;
    wire.room = 2;
    cr_assert_eq(wire_settle(&wire, 10), 1);
    wire_expect(&wire, "bytes-written:2");
    wire.room = 100;
    cr_assert_eq(wire_settle(&wire, 10), 1);
    wire_expect(&wire, "bytes-written:3 " GOES);
    wire_heard(&wire, "bytes");
    expect_gone(0);
}

/* Covers: TIME-11, QT-H2 */
Test(socket_close, a_peer_that_never_reads_is_given_up_at_the_deadline)
{
    queue("bytes");
    sp_socket_disconnect(wire.socket);
    wire_expect(&wire, "state:closing");
    cr_assert_eq(sp_socket_deadline(wire.socket), wire.now + SP_CLOSE_TIMEOUT_MS_DEFAULT * WIRE_MS);
    wire.now += SP_CLOSE_TIMEOUT_MS_DEFAULT * WIRE_MS - 1;
    cr_assert_eq(wire_settle(&wire, 10), 0);
    wire.now++;
    cr_assert_eq(wire_settle(&wire, 10), 1);
    wire_expect(&wire, LOSES("TIMEOUT"));
    expect_cause(SP_OPERATION_CLOSE, SP_CAUSE_BYTES_LOST);
    expect_gone(5);
}

/* A process that was stopped for a while must not lose what the kernel would take now. */
/* Covers: TIME-11 */
Test(socket_close, what_leaves_at_the_last_moment_counts)
{
    queue("bytes");
    sp_socket_disconnect(wire.socket);
    wire_expect(&wire, "state:closing");
    wire.now += 10 * SP_CLOSE_TIMEOUT_MS_DEFAULT * WIRE_MS;
    wire.room = 100;
    sp_socket_process(wire.socket, 0);
    wire_expect(&wire, "bytes-written:5 " GOES);
    wire_heard(&wire, "bytes");
    expect_gone(0);
}

Test(socket_close, no_time_means_one_attempt)
{
    cr_assert_eq(sp_socket_set_close_timeout(wire.socket, 0), SP_OK);
    queue("bytes");
    wire_expect(&wire, "");
    /* The kernel was full and is not any more: nobody has asked since. */
    wire.room = 100;
    sp_socket_disconnect(wire.socket);
    wire_expect(&wire, "state:closing bytes-written:5 " GOES);
    expect_gone(0);
    wire_heard(&wire, "bytes");
    wire_connect(&wire, SP_READ_WRITE);
    queue("bytes");
    wire.room = 2;
    sp_socket_disconnect(wire.socket);
    wire_expect(&wire, "state:closing bytes-written:2 " LOSES("TIMEOUT"));
    expect_gone(3);
}

Test(socket_close, no_time_is_time_for_all_that_the_kernel_takes)
{
    cr_assert_eq(sp_socket_set_close_timeout(wire.socket, 0), SP_OK);
    wire.room = 0;
    for (size_t i = 0; i < 3 * SP_PROCESS_BYTES_MAX; i += sizeof(bytes))
        cr_assert_eq(sp_socket_write(wire.socket, bytes, sizeof(bytes)), sizeof(bytes));
    wire.room = WIRE_ALL;
    sp_socket_disconnect(wire.socket);
    cr_assert_eq(told_by(wire.socket).written, 3 * SP_PROCESS_BYTES_MAX);
    expect_gone(0);
}

Test(socket_close, a_timeout_set_while_closing_counts_from_its_beginning)
{
    static const int before[] = {SP_CLOSE_TIMEOUT_MS_DEFAULT, 5000, -1};

    for (size_t i = 0; i < 3; i++) {
        uint64_t begun = wire.now;

        if (i > 0)
            cr_assert_eq(sp_socket_set_close_timeout(wire.socket, before[i]), SP_OK);
        queue("bytes");
        sp_socket_disconnect(wire.socket);
        wire.now += 10 * WIRE_MS;
        cr_assert_eq(sp_socket_set_close_timeout(wire.socket, -1), SP_OK);
        cr_assert_eq(sp_socket_deadline(wire.socket), SP_NEVER);
        cr_assert_eq(sp_socket_set_close_timeout(wire.socket, 40), SP_OK);
        cr_assert_eq(sp_socket_deadline(wire.socket), begun + 40 * WIRE_MS);
        cr_assert_eq(sp_socket_set_close_timeout(wire.socket, 5), SP_OK);
        wire_expect(&wire, "state:closing");
        cr_assert_eq(wire_settle(&wire, 10), 1, "that time is over");
        wire_expect(&wire, LOSES("TIMEOUT"));
        wire_connect(&wire, SP_READ_WRITE);
    }
}

/* ---- the peer finishes ---- */

/* Covers: QT-H1 */
Test(socket_close, a_peer_that_only_stops_talking_gets_all_that_was_accepted)
{
    wire_say_text(&wire, "bye");
    wire_finish(&wire);
    queue("bytes");
    (void)wire_settle(&wire, 10);
    wire_expect(&wire, "ready-read state:closing");
    cr_assert_eq(sp_socket_read(wire.socket, bytes, 10), 3);
    cr_assert_eq(sp_socket_read(wire.socket, bytes, 10), SP_ERROR_PEER_CLOSED);
    cr_assert_eq(wire_settle(&wire, 10), 0, "its end is known");
    wire.room = 100;
    (void)wire_settle(&wire, 10);
    wire_expect(&wire, "bytes-written:5 " LOSES("PEER_CLOSED"));
    expect_cause(SP_OPERATION_RECEIVE, SP_CAUSE_NONE);
    wire_heard(&wire, "bytes");
    expect_gone(0);
}

Test(socket_close, its_patience_ends_too)
{
    wire_finish(&wire);
    queue("bytes");
    (void)wire_settle(&wire, 10);
    wire.now = sp_socket_deadline(wire.socket);
    (void)wire_settle(&wire, 10);
    wire_expect(&wire, "state:closing " LOSES("TIMEOUT"));
    expect_gone(5);
}

Test(socket_close, a_peer_that_goes_while_closing_is_an_error_when_bytes_are_lost)
{
    queue("bytes");
    sp_socket_disconnect(wire.socket);
    wire_leave(&wire, true);
    (void)wire_settle(&wire, 10);
    wire_expect(&wire, "state:closing " LOSES("PEER_CLOSED"));
    expect_cause(SP_OPERATION_SEND, SP_CAUSE_BYTES_LOST);
    expect_gone(5);
}

/* ---- what was told of can be read ---- */

/* READY_READ was recorded; whether the bytes lie in the buffer or still in the kernel is our
 * business. */
/* Covers: BUFF-10, QT-H9 */
Test(socket_close, what_was_told_of_stays_readable_after_disconnect)
{
    static const unsigned how[] = {SP_IO_READ, SP_IO_DATA};

    for (size_t i = 0; i < 2; i++) {
        wire_say_text(&wire, "hello");
        sp_socket_process(wire.socket, how[i]);
        sp_socket_disconnect(wire.socket);
        wire_expect(&wire, "ready-read " ENDS);
        cr_assert_eq(sp_socket_read(wire.socket, bytes, sizeof(bytes)), 5);
        cr_assert_eq(memcmp(bytes, "hello", 5), 0);
        cr_assert_eq(sp_socket_read(wire.socket, bytes, sizeof(bytes)), SP_ERROR_PEER_CLOSED);
        wire_connect(&wire, SP_READ_WRITE);
    }
}

Test(socket_close, what_was_told_of_stays_readable_when_the_last_byte_has_left)
{
    queue("bytes");
    wire_say_text(&wire, "hello");
    sp_socket_process(wire.socket, SP_IO_DATA);
    sp_socket_disconnect(wire.socket);
    wire.room = 100;
    cr_assert_eq(sp_socket_flush(wire.socket), 5);
    wire_expect(&wire, "ready-read state:closing bytes-written:5 " GOES);
    cr_assert_eq(sp_socket_bytes_available(wire.socket), 5);
    cr_assert_eq(sp_socket_read(wire.socket, bytes, sizeof(bytes)), 5);
}

/* Covers: QT-H10 */
Test(socket_close, what_arrives_while_closing_can_be_read)
{
    queue("bytes");
    sp_socket_disconnect(wire.socket);
    wire_say_text(&wire, "hello");
    (void)wire_settle(&wire, 10);
    wire_expect(&wire, "state:closing ready-read");
    wire.room = 100;
    (void)wire_settle(&wire, 10);
    wire_expect(&wire, "bytes-written:5 " GOES);
    cr_assert_eq(sp_socket_read(wire.socket, bytes, sizeof(bytes)), 5);
    cr_assert_eq(memcmp(bytes, "hello", 5), 0);
}

/* The end of the stream behind it must not end the connection twice. */
Test(socket_close, what_was_told_of_and_then_the_end)
{
    wire_say_text(&wire, "hello");
    sp_socket_process(wire.socket, SP_IO_DATA);
    wire_leave(&wire, false);
    sp_socket_disconnect(wire.socket);
    wire_expect(&wire, "ready-read " ENDS);
    cr_assert_eq(sp_socket_read(wire.socket, bytes, sizeof(bytes)), 5);
    expect_gone(0);
}

/* ---- close and abort ---- */

Test(socket_close, close_drops_what_was_not_read)
{
    wire_say_text(&wire, "hello");
    sp_socket_process(wire.socket, SP_IO_READ);
    sp_socket_close(wire.socket);
    wire_expect(&wire, "about-to-close " ENDS);
    cr_assert_eq(sp_socket_bytes_available(wire.socket), 0);
    cr_assert_eq(sp_socket_read(wire.socket, bytes, 10), SP_ERROR_OPERATION);
    expect_gone(0);
}

/* Covers: STAT-05 */
Test(socket_close, while_closing_by_close_there_is_nothing_to_read)
{
    queue("bytes");
    wire_say_text(&wire, "hello");
    sp_socket_process(wire.socket, SP_IO_DATA);
    sp_socket_close(wire.socket);
    wire_expect(&wire, "about-to-close state:closing");
    wire_say_text(&wire, "and more");
    (void)wire_settle(&wire, 10);
    wire_expect(&wire, "");
    cr_assert_eq(sp_socket_bytes_available(wire.socket), 0);
    cr_assert_eq(sp_socket_read(wire.socket, bytes, 10), SP_ERROR_OPERATION);
    cr_assert_eq(sp_socket_unget_char(wire.socket, 'x'), SP_ERROR_OPERATION);
    cr_assert_eq(sp_socket_start_transaction(wire.socket), SP_ERROR_OPERATION);
    cr_assert_eq(sp_socket_bytes_available(wire.socket), 0);
    /* What a peer sends meanwhile is read and thrown away, so that it is not held back. */
    cr_assert_eq(wire.received, wire.coming.length);
    wire.room = 100;
    (void)wire_settle(&wire, 10);
    wire_expect(&wire, "bytes-written:5 " GOES);
    wire_heard(&wire, "bytes");
    expect_gone(0);
}

/* What is thrown away fills no buffer. Else a peer that keeps sending would cost a system call for
 * every byte of the limit. */
Test(socket_close, what_is_thrown_away_is_not_fetched_by_the_read_limit)
{
    unsigned calls;

    queue("bytes");
    sp_socket_set_read_limit(wire.socket, 1);
    sp_socket_close(wire.socket);
    wire_say(&wire, bytes, sizeof(bytes));
    calls = wire.calls[WIRE_RECV];
    sp_socket_process(wire.socket, SP_IO_READ);
    cr_assert_eq(wire.received, wire.coming.length);
    cr_assert_leq(wire.calls[WIRE_RECV] - calls, 2);
    wire_expect(&wire, "about-to-close state:closing");
}

Test(socket_close, close_after_disconnect_drops_what_was_not_read)
{
    queue("bytes");
    wire_say_text(&wire, "hello");
    sp_socket_process(wire.socket, SP_IO_READ);
    sp_socket_disconnect(wire.socket);
    cr_assert_eq(sp_socket_bytes_available(wire.socket), 5);
    sp_socket_close(wire.socket);
    cr_assert_eq(sp_socket_bytes_available(wire.socket), 0);
    wire_expect(&wire, "state:closing");
    sp_socket_abort(wire.socket);
    wire_expect(&wire, GOES);
    expect_gone(5);
}

/* Covers: STAT-19 */
Test(socket_close, abort_drops_everything_at_once)
{
    queue("bytes");
    wire_say_text(&wire, "hello");
    sp_socket_process(wire.socket, SP_IO_READ);
    cr_assert_eq(sp_socket_start_transaction(wire.socket), SP_OK);
    cr_assert_eq(sp_socket_get_char(wire.socket), 'h');
    sp_socket_abort(wire.socket);
    wire_expect(&wire, GOES);
    cr_assert_eq(sp_socket_bytes_available(wire.socket), 0);
    cr_assert_not(sp_socket_in_transaction(wire.socket));
    cr_assert_eq(sp_socket_read(wire.socket, bytes, 10), SP_ERROR_OPERATION);
    expect_gone(5);
}

Test(socket_close, abort_drops_what_an_ended_connection_left)
{
    wire_say_text(&wire, "hello");
    wire_leave(&wire, false);
    (void)wire_settle(&wire, 10);
    sp_socket_abort(wire.socket);
    cr_assert_eq(sp_socket_bytes_available(wire.socket), 0);
    cr_assert_eq(sp_socket_read(wire.socket, bytes, 10), SP_ERROR_OPERATION);
    wire_expect(&wire, "state:closing " LOSES("PEER_CLOSED"));
}

/* A failed send leaves a connection that only can be read; closing it says what was lost. */
Test(socket_close, closing_what_cannot_send_any_more)
{
    void (*const ways[])(struct sp_socket *) = {sp_socket_disconnect, sp_socket_close};

    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(sp_socket_write(wire.socket, "bytes", 5), 5);
        wire_leave(&wire, false);
        wire_expect(&wire, "");
        ways[i](wire.socket);
        wire_expect(&wire, i == 0 ? "state:closing " LOSES("PEER_CLOSED")
                                  : "about-to-close state:closing " LOSES("PEER_CLOSED"));
        expect_gone(5);
        wire_connect(&wire, SP_READ_WRITE);
    }
}

/* ---- again ---- */

/* The ways in which a connection can be left. */
static void leave(int way)
{
    switch (way) {
    case 0:
        sp_socket_disconnect(wire.socket);
        wire.room = WIRE_ALL;
        break;
    case 1:
        sp_socket_close(wire.socket);
        wire.now += 2 * SP_CLOSE_TIMEOUT_MS_DEFAULT * WIRE_MS;
        break;
    case 2:
        sp_socket_abort(wire.socket);
        break;
    case 3:
        wire_leave(&wire, true);
        break;
    default:
        wire_finish(&wire);
        wire.room = WIRE_ALL;
        break;
    }
    (void)wire_settle(&wire, 20);
    MUST(sp_socket_state(wire.socket) == SP_STATE_UNCONNECTED);
}

/* Covers: STAT-05, STAT-06, STAT-19, REEN-07 */
Test(socket_close, nothing_of_one_connection_is_in_the_next)
{
    for (int way = 0; way < 5; way++) {
        struct told told;

        wire_say_text(&wire, "old");
        sp_socket_process(wire.socket, SP_IO_READ);
        MUST(sp_socket_start_transaction(wire.socket) == SP_OK);
        MUST(sp_socket_get_char(wire.socket) == 'o');
        queue("old bytes");
        leave(way);
        (void)told_by(wire.socket);
        wire.heard.length = 0;
        wire.room = WIRE_ALL;
        wire_connect(&wire, SP_READ_WRITE);
        cr_assert_eq(sp_socket_bytes_available(wire.socket), 0);
        cr_assert_not(sp_socket_in_transaction(wire.socket));
        cr_assert_eq(sp_socket_bytes_lost(wire.socket), 0);
        cr_assert_eq(sp_socket_bytes_to_write(wire.socket), 0);
        cr_assert_eq(sp_socket_error(wire.socket), SP_OK);
        cr_assert_eq(sp_socket_interest(wire.socket), SP_IO_READ);
        cr_assert_eq(sp_socket_deadline(wire.socket), SP_NEVER);
        wire_say_text(&wire, "new");
        cr_assert_eq(sp_socket_write(wire.socket, "new", 3), 3);
        (void)wire_settle(&wire, 10);
        told = told_by(wire.socket);
        cr_assert_eq(told.count[SP_EVENT_READY_READ], 1);
        cr_assert_eq(sp_socket_read(wire.socket, bytes, 10), 3);
        cr_assert_eq(memcmp(bytes, "new", 3), 0);
        wire_heard(&wire, "new");
    }
}

/* An event of the connection before must not be told of the next one. */
/* Covers: REEN-07 */
Test(socket_close, events_of_bytes_do_not_outlive_their_connection)
{
    wire_say_text(&wire, "old");
    cr_assert_eq(sp_socket_write(wire.socket, "old", 3), 3);
    cr_assert_eq(sp_socket_flush(wire.socket), 3);
    sp_socket_process(wire.socket, SP_IO_READ);
    wire_leave(&wire, false);
    (void)wire_settle(&wire, 10);
    cr_assert_eq(sp_socket_open(wire.socket, SP_READ_WRITE), SP_OK);
    wire_expect(&wire, "state:closing " LOSES("PEER_CLOSED") " state:connecting state:connected "
                                                             "connected");
}
