/* SPDX-License-Identifier: MIT */
/* Reading: what each call gives, when the kernel is asked, limits, and the end of the stream. */
#include "tests/unit/wire.h"

#include "tests/support/must.h"

#include <criterion/criterion.h>

#define ENDS "state:closing state:unconnected error:PEER_CLOSED read-finished disconnected"

static struct wire wire;
static char bytes[256 * 1024];

static void begin(void)
{
    wire_begin(&wire);
    wire_connect(&wire, SP_READ_WRITE);
}

static void end(void)
{
    wire_end(&wire);
}

TestSuite(socket_read, .init = begin, .fini = end);

/* The far end says it, the loop is told so, and the event is taken. */
static void hear(const char *text)
{
    wire_say_text(&wire, text);
    (void)wire_settle(&wire, 10);
    wire_expect(&wire, "ready-read");
}

static void expect_read(const char *text)
{
    ptrdiff_t n = sp_socket_read(wire.socket, bytes, sizeof(bytes));

    cr_assert(n == (ptrdiff_t)strlen(text) && memcmp(bytes, text, strlen(text)) == 0, "got '%.*s'",
              (int)(n > 0 ? n : 0), bytes);
}

/* As much as the far end can say in one turn, then some. */
static void flood(size_t length)
{
    for (size_t i = 0; i < length; i++)
        bytes[i] = (char)(i % 251);
    wire_say(&wire, bytes, length);
}

/* ---- where bytes wait ---- */

Test(socket_read, bytes_wait_in_the_kernel_until_they_are_asked_for)
{
    size_t memory = wire.memory;

    wire_say_text(&wire, "hello");
    cr_assert(wire_turn(&wire));
    cr_assert_eq(wire.calls[WIRE_RECV], 0);
    wire_expect(&wire, "ready-read");
    expect_read("hello");
    cr_assert_eq(wire.calls[WIRE_RECV], 1);
    cr_assert_eq(wire.memory, memory);
    /* The call got less than it had room for: there is no more, and nobody needs to ask. */
    expect_read("");
    cr_assert_eq(wire.calls[WIRE_RECV], 1);
}

Test(socket_read, a_loop_that_is_not_sure_has_them_fetched)
{
    wire_say_text(&wire, "hello");
    sp_socket_process(wire.socket, SP_IO_READ);
    cr_assert_eq(wire.calls[WIRE_RECV], 1);
    cr_assert_eq(sp_socket_bytes_available(wire.socket), 5);
    wire_expect(&wire, "ready-read");
    expect_read("hello");
    cr_assert_eq(wire.calls[WIRE_RECV], 1);
}

Test(socket_read, small_reads_share_one_call)
{
    hear("hello");
    for (size_t i = 0; i < 5; i++)
        cr_assert_eq(sp_socket_get_char(wire.socket), "hello"[i]);
    cr_assert_eq(wire.calls[WIRE_RECV], 1);
}

Test(socket_read, the_buffer_goes_first_then_the_kernel)
{
    wire_say_text(&wire, "buffered");
    sp_socket_process(wire.socket, SP_IO_READ);
    wire_say_text(&wire, "waiting");
    sp_socket_process(wire.socket, SP_IO_DATA);
    expect_read("buffered");
    expect_read("waiting");
    wire_say_text(&wire, "a");
    sp_socket_process(wire.socket, SP_IO_READ);
    wire_say_text(&wire, "b");
    sp_socket_process(wire.socket, SP_IO_DATA);
    cr_assert_eq(sp_socket_bytes_available(wire.socket), 2);
    expect_read("ab");
}

/* A read can take exactly what there is, before the event is taken. The kernel is not asked for it.
 */
Test(socket_read, what_was_read_to_the_last_byte_is_not_told_of)
{
    flood(4096);
    sp_socket_process(wire.socket, SP_IO_DATA);
    cr_assert_eq(sp_socket_read(wire.socket, bytes, 4096), 4096);
    wire_expect(&wire, "");
    flood(8192);
    sp_socket_process(wire.socket, SP_IO_DATA);
    cr_assert_eq(sp_socket_read(wire.socket, bytes, 4096), 4096);
    sp_socket_process(wire.socket, SP_IO_DATA);
    wire_expect(&wire, "ready-read");
    cr_assert_eq(sp_socket_bytes_available(wire.socket), 4096);
}

Test(socket_read, what_fills_the_buffer_to_its_limit_is_not_told_of_twice)
{
    sp_socket_set_read_limit(wire.socket, 16);
    flood(16);
    sp_socket_process(wire.socket, SP_IO_DATA);
    cr_assert_eq(sp_socket_bytes_available(wire.socket), 16);
    cr_assert_eq(sp_socket_read(wire.socket, bytes, 16), 16);
    wire_expect(&wire, "");
}

/* A loop reports for ever what nobody reads: so it goes to the buffer, up to the limit, and then
 * the descriptor leaves the poll set. */
/* Covers: TIME-09, EXHA-05, QT-H3 */
Test(socket_read, an_application_that_does_not_read_costs_no_turns)
{
    flood(sizeof(bytes));
    cr_assert_leq(wire_settle(&wire, 20), 10);
    cr_assert_eq(sp_socket_interest(wire.socket), 0);
    cr_assert_eq(sp_socket_bytes_available(wire.socket), SP_READ_LIMIT_DEFAULT);
    cr_assert_leq(wire.memory, 2 * SP_READ_LIMIT_DEFAULT);
    wire_expect(&wire, "ready-read");
}

/* Covers: BUFF-16 */
Test(socket_read, what_is_available_is_what_can_be_read)
{
    for (size_t length = 0; length < 200 * 1024; length += 9973) {
        size_t available;

        sp_socket_set_read_limit(wire.socket, 0);
        flood(length);
        sp_socket_process(wire.socket, length > 0 ? SP_IO_DATA : 0);
        available = sp_socket_bytes_available(wire.socket);
        cr_assert_eq(available, length);
        cr_assert_eq(sp_socket_read(wire.socket, bytes, sizeof(bytes)), (ptrdiff_t)available);
        cr_assert(sp_socket_at_end(wire.socket));
    }
}

/* ---- limits ---- */

/* Covers: BUFF-06, QT-H6, QT-H14 */
Test(socket_read, reading_pauses_at_the_limit_and_resumes_below)
{
    unsigned turns = 0;
    size_t got = 0;

    sp_socket_set_read_limit(wire.socket, 128);
    flood(1000);
    while (got < 1000) {
        char part[100];
        ptrdiff_t n;

        turns += wire_settle(&wire, 10);
        cr_assert_leq(sp_socket_bytes_available(wire.socket), 128);
        cr_assert_leq(sp_socket_peek(wire.socket, part, 100), 100);
        n = sp_socket_read(wire.socket, part, 100);
        cr_assert_gt(n, 0);
        cr_assert_eq(memcmp(part, bytes + got, (size_t)n), 0);
        got += (size_t)n;
    }
    cr_assert_leq(turns, 40);
    /* Writing does not depend on it. */
    flood(1000);
    (void)wire_settle(&wire, 10);
    cr_assert_eq(sp_socket_write(wire.socket, "x", 1), 1);
    cr_assert_eq(sp_socket_flush(wire.socket), 1);
}

Test(socket_read, a_limit_below_what_is_buffered_pauses_until_it_is_drained)
{
    wire_say_text(&wire, "0123456789");
    sp_socket_process(wire.socket, SP_IO_READ);
    sp_socket_set_read_limit(wire.socket, 4);
    wire_say_text(&wire, "ab");
    cr_assert_eq(sp_socket_interest(wire.socket), 0);
    cr_assert_eq(sp_socket_read(wire.socket, bytes, 6), 6);
    cr_assert_eq(sp_socket_interest(wire.socket), 0);
    cr_assert_eq(sp_socket_read(wire.socket, bytes, 1), 1);
    cr_assert_eq(sp_socket_interest(wire.socket), SP_IO_READ);
    (void)wire_settle(&wire, 10);
    cr_assert_eq(sp_socket_read(wire.socket, bytes, 100), 4);
}

/* Covers: BUFF-18, QT-H4, QT-H13 */
Test(socket_read, an_object_for_writing_gathers_nothing)
{
    size_t memory;

    sp_socket_abort(wire.socket);
    wire_expect(&wire, "state:unconnected read-finished disconnected");
    wire_connect(&wire, SP_WRITE_ONLY);
    memory = wire.memory;
    for (int i = 0; i < 10; i++) {
        flood(sizeof(bytes));
        cr_assert_eq(wire_settle(&wire, 10), 0, "woken for what is not wanted");
        sp_socket_process(wire.socket, ~0u);
    }
    cr_assert_eq(wire.calls[WIRE_RECV], 0);
    cr_assert_eq(wire.memory, memory);
    cr_assert_eq(sp_socket_read(wire.socket, bytes, 1), SP_ERROR_OPERATION);
    wire_finish(&wire);
    cr_assert_eq(wire_settle(&wire, 10), 0);
    wire_leave(&wire, false);
    (void)wire_settle(&wire, 10);
    wire_expect(&wire, ENDS);
}

/* ---- the end ---- */

/* Covers: BUFF-10, STAT-12, QT-H9 */
Test(socket_read, the_last_bytes_come_before_the_end_and_the_end_stays)
{
    for (int reset = 0; reset < 2; reset++) {
        wire_say_text(&wire, "bye");
        wire_leave(&wire, reset != 0);
        (void)wire_settle(&wire, 10);
        wire_expect(&wire, "ready-read " ENDS);
        cr_assert_eq(sp_socket_read(wire.socket, bytes, 0), 0);
        cr_assert_eq(sp_socket_bytes_available(wire.socket), 3);
        expect_read("bye");
        for (int i = 0; i < 3; i++) {
            cr_assert_eq(sp_socket_read(wire.socket, bytes, 10), SP_ERROR_PEER_CLOSED);
            cr_assert_eq(sp_socket_peek(wire.socket, bytes, 10), SP_ERROR_PEER_CLOSED);
            cr_assert_eq(sp_socket_skip(wire.socket, 10), SP_ERROR_PEER_CLOSED);
            cr_assert_eq(sp_socket_read_line(wire.socket, bytes, 10), SP_ERROR_PEER_CLOSED);
            cr_assert_eq(sp_socket_get_char(wire.socket), SP_ERROR_PEER_CLOSED);
            cr_assert_eq(sp_socket_read(wire.socket, bytes, 0), 0);
            cr_assert_eq(sp_socket_write(wire.socket, "x", 1), SP_ERROR_OPERATION);
        }
        cr_assert_eq(wire.open_descriptors, 0);
        wire_connect(&wire, SP_READ_WRITE);
    }
}

/* The read that meets the end moved something, so it is no refusal; the next one is. */
Test(socket_read, the_end_found_by_a_read)
{
    flood(SP_DIRECT_READ_MIN);
    cr_assert(wire_turn(&wire));
    wire_expect(&wire, "ready-read");
    wire_finish(&wire);
    cr_assert_eq(sp_socket_read(wire.socket, bytes, SP_DIRECT_READ_MIN),
                 (ptrdiff_t)SP_DIRECT_READ_MIN);
    cr_assert_eq(sp_socket_read(wire.socket, bytes, SP_DIRECT_READ_MIN), 0);
    cr_assert_eq(sp_socket_read(wire.socket, bytes, SP_DIRECT_READ_MIN), SP_ERROR_PEER_CLOSED);
    wire_expect(&wire, ENDS);
}

Test(socket_read, how_it_ended_is_in_the_detail)
{
    static const struct {
        int os_errno;
        enum sp_error error;
        enum sp_cause cause;
    } rows[] = {
        {ECONNRESET, SP_ERROR_PEER_CLOSED, SP_CAUSE_RESET},
        {ENOTCONN, SP_ERROR_PEER_CLOSED, SP_CAUSE_OS},
        {EIO, SP_ERROR_UNKNOWN, SP_CAUSE_OS},
        {EBADF, SP_ERROR_UNSUPPORTED, SP_CAUSE_OS},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sp_error_detail detail;

        wire_fail(&wire, WIRE_RECV, rows[i].os_errno, 1);
        sp_socket_process(wire.socket, SP_IO_READ);
        sp_socket_error_detail(wire.socket, &detail);
        cr_assert_eq(detail.error, rows[i].error);
        cr_assert_eq(detail.operation, SP_OPERATION_RECEIVE);
        cr_assert_eq(detail.cause, rows[i].cause);
        cr_assert_eq(detail.os_errno, rows[i].os_errno);
        cr_assert_eq(sp_socket_state(wire.socket), SP_STATE_UNCONNECTED);
        while (sp_socket_has_events(wire.socket)) {
            struct sp_event event;

            MUST(sp_socket_next_event(wire.socket, &event));
        }
        wire_connect(&wire, SP_READ_WRITE);
    }
}

/* Covers: QT-H1 */
Test(socket_read, half_open_goes_on_writing_after_the_peers_end)
{
    sp_socket_set_half_open(wire.socket, true);
    wire_say_text(&wire, "bye");
    wire_finish(&wire);
    (void)wire_settle(&wire, 10);
    wire_expect(&wire, "ready-read read-finished");
    cr_assert_eq(sp_socket_state(wire.socket), SP_STATE_CONNECTED);
    expect_read("bye");
    cr_assert_eq(sp_socket_read(wire.socket, bytes, 1), SP_ERROR_PEER_CLOSED);
    cr_assert_eq(wire_settle(&wire, 10), 0, "an end that is known is no news");
    cr_assert_eq(sp_socket_write(wire.socket, "still here", 10), 10);
    wire_expect(&wire, "bytes-written:10");
    wire_heard(&wire, "still here");
    wire_leave(&wire, false);
    (void)wire_settle(&wire, 10);
    wire_expect(&wire, "state:closing state:unconnected error:PEER_CLOSED disconnected");
}

/* ---- trouble ---- */

/* Covers: SIGN-04 */
Test(socket_read, interruptions_are_nothing)
{
    wire_say_text(&wire, "hello");
    wire_fail(&wire, WIRE_RECV, EINTR, SP_EINTR_RETRIES - 1);
    sp_socket_process(wire.socket, SP_IO_READ);
    expect_read("hello");
    wire_say_text(&wire, "again");
    wire_fail(&wire, WIRE_RECV, EINTR, 5 * SP_EINTR_RETRIES);
    cr_assert_leq(wire_settle(&wire, 20), 12);
    expect_read("again");
}

/* Urgent data makes a socket readable, and the call then finds nothing. */
/* Covers: TIME-09 */
Test(socket_read, readiness_that_does_not_hold_moves_nothing)
{
    for (unsigned bits = 0; bits < 16; bits++) {
        sp_socket_process(wire.socket, bits);
        cr_assert_eq(sp_socket_state(wire.socket), SP_STATE_CONNECTED);
        expect_read("");
    }
    cr_assert_leq(wire.calls[WIRE_RECV], 32);
    wire_say_text(&wire, "hello");
    (void)wire_settle(&wire, 10);
    expect_read("hello");
}

/* Covers: FDLT-20 */
Test(socket_read, without_memory_it_looks_again_a_little_later)
{
    wire_say_text(&wire, "hello");
    wire_fail(&wire, WIRE_ALLOC, ENOMEM, 3);
    sp_socket_process(wire.socket, SP_IO_READ);
    cr_assert_eq(sp_socket_interest(wire.socket), 0, "readiness would be reported at once");
    cr_assert_neq(sp_socket_deadline(wire.socket), SP_NEVER);
    cr_assert_eq(wire_settle(&wire, 10), 0);
    cr_assert_eq(sp_socket_wait_ready_read(wire.socket, -1), SP_OK);
    expect_read("hello");
    wire_say_text(&wire, "kernel");
    wire_fail(&wire, WIRE_RECV, ENOBUFS, 2);
    sp_socket_process(wire.socket, SP_IO_READ);
    cr_assert_eq(sp_socket_interest(wire.socket), 0);
    cr_assert_eq(sp_socket_wait_ready_read(wire.socket, -1), SP_OK);
    expect_read("kernel");
    cr_assert_eq(sp_socket_deadline(wire.socket), SP_NEVER);
}
