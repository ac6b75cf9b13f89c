/* SPDX-License-Identifier: MIT */
/* What a loop sees: interest in every situation, readiness bits, bounded turns, events not taken.
 */
#include "tests/unit/wire.h"

#include "tests/support/must.h"
#include "tests/support/told.h"

#include <criterion/criterion.h>
#include <limits.h>

#define LOSES(error) "state:unconnected error:" error " read-finished disconnected"

static struct wire wire;
static uint8_t bytes[1024 * 1024];

static void begin(void)
{
    wire_begin(&wire);
}

static void end(void)
{
    wire_end(&wire);
}

TestSuite(socket_loop, .init = begin, .fini = end);

/* ---- bits ---- */

#define IN 0x1u
#define OUT 0x4u
#define ERR 0x8u
#define HUP 0x10u
#define NVAL 0x20u
#define RDHUP 0x2000u

Test(io, interest_as_poll_bits)
{
    cr_assert_eq(sp_io_to_poll(0), 0);
    cr_assert_eq(sp_io_to_poll(SP_IO_READ), IN | RDHUP);
    cr_assert_eq(sp_io_to_poll(SP_IO_WRITE), OUT);
    cr_assert_eq(sp_io_to_poll(SP_IO_READ | SP_IO_WRITE), IN | OUT | RDHUP);
    cr_assert_eq(sp_io_to_poll(SP_IO_HANGUP), 0, "the kernel tells of it unasked");
}

/* Certain data only where nothing hints at an end. */
Test(io, poll_bits_as_readiness)
{
    for (unsigned revents = 0; revents < 0x4000; revents++) {
        bool in = revents & IN;
        bool hint = revents & (RDHUP | HUP | ERR | NVAL);
        unsigned want = (in && !hint ? SP_IO_DATA : 0) | (in && hint ? SP_IO_READ : 0) |
                        (revents & OUT ? SP_IO_WRITE : 0) |
                        (revents & (HUP | ERR | NVAL) ? SP_IO_HANGUP : 0);

        if (sp_io_from_poll(revents) != want)
            cr_assert_eq(sp_io_from_poll(revents), want, "revents %#x", revents);
    }
}

/* ---- deadlines ---- */

/* Never woken before the deadline, never later than the next millisecond, whatever the numbers. */
Test(io, a_deadline_as_a_timeout)
{
    static const struct {
        uint64_t deadline, now;
        int ms;
    } rows[] = {
        {SP_NEVER, 0, -1},
        {SP_NEVER, SP_NEVER - 1, -1},
        {1, 1, 0},
        {1, 2, 0},
        {0, SP_NEVER - 1, 0},
        {2, 1, 1},
        {5 * WIRE_MS, 4 * WIRE_MS + 1, 1},
        {5 * WIRE_MS, 4 * WIRE_MS, 1},
        {5 * WIRE_MS, 4 * WIRE_MS - 1, 2},
        {5 * WIRE_MS + 1, 4 * WIRE_MS, 2},
        {7 + (INT_MAX - 1) * WIRE_MS, 7, INT_MAX - 1},
        {8 + (INT_MAX - 1) * WIRE_MS, 7, INT_MAX},
        {7 + INT_MAX * WIRE_MS, 7, INT_MAX},
        {8 + INT_MAX * WIRE_MS, 7, INT_MAX},
        {7 + (1 + (uint64_t)UINT_MAX) * WIRE_MS, 7, INT_MAX},
        {SP_NEVER - 1, 0, INT_MAX},
        {SP_NEVER - 1, SP_NEVER - 2, 1},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        cr_expect_eq(sp_io_timeout_ms(rows[i].deadline, rows[i].now), rows[i].ms, "row %zu: %d", i,
                     sp_io_timeout_ms(rows[i].deadline, rows[i].now));
}

/* By the clock of the context, which the deadline is of. */
Test(socket_loop, the_context_knows_the_time)
{
    cr_assert_eq(sp_context_timeout_ms(wire.context, wire.now + 3 * WIRE_MS), 3);
    wire.now += WIRE_MS + 1;
    cr_assert_eq(sp_context_timeout_ms(wire.context, wire.now + 2 * WIRE_MS), 2);
    cr_assert_eq(sp_context_timeout_ms(wire.context, wire.now), 0);
}

/* A loop at rest asks for this before every sleep. */
Test(socket_loop, without_a_deadline_nobody_looks_at_the_clock)
{
    uint64_t before = wire.now;

    wire.tick = 1;
    cr_assert_eq(sp_context_timeout_ms(wire.context, SP_NEVER), -1);
    cr_assert_eq(wire.now, before);
    (void)sp_context_timeout_ms(wire.context, before);
    cr_assert_eq(wire.now, before + 1, "this test would not see it");
}

/* ---- interest ---- */

/* Covers: TIME-02, TIME-09 */
Test(socket_loop, interest_says_what_can_be_acted_upon)
{
    cr_assert_eq(sp_socket_interest(wire.socket), 0);
    cr_assert_eq(sp_socket_fd(wire.socket), -1);
    wire_connect(&wire, SP_READ_WRITE);
    cr_assert_eq(sp_socket_interest(wire.socket), SP_IO_READ);
    wire.room = 0;
    cr_assert_eq(sp_socket_write(wire.socket, bytes, 5000), 5000);
    cr_assert_eq(sp_socket_interest(wire.socket), SP_IO_READ | SP_IO_WRITE);
    /* The buffer is full: only writing makes sense, and when that is done, nothing. */
    wire_say(&wire, bytes, 10);
    sp_socket_set_read_limit(wire.socket, 10);
    sp_socket_process(wire.socket, SP_IO_READ);
    cr_assert_eq(sp_socket_interest(wire.socket), SP_IO_WRITE);
    wire.room = WIRE_ALL;
    (void)wire_settle(&wire, 10);
    cr_assert_eq(sp_socket_interest(wire.socket), 0);
    /* An end behind bytes that cannot be fetched is not watched for. */
    wire_leave(&wire, false);
    cr_assert_eq(wire_settle(&wire, 10), 0);
    cr_assert_eq(sp_socket_skip(wire.socket, 1), 1);
    (void)wire_settle(&wire, 10);
    wire_expect(&wire, "ready-read bytes-written:5000 state:closing " LOSES("PEER_CLOSED"));
}

Test(socket_loop, interest_by_mode)
{
    wire_connect(&wire, SP_WRITE_ONLY);
    cr_assert_eq(sp_socket_interest(wire.socket), SP_IO_HANGUP);
    wire.room = 0;
    cr_assert_eq(sp_socket_write(wire.socket, bytes, 5000), 5000);
    cr_assert_eq(sp_socket_interest(wire.socket), SP_IO_WRITE);
    wire.room = WIRE_ALL;
    sp_socket_abort(wire.socket);
    (void)told_by(wire.socket);
    wire_connect(&wire, SP_READ_ONLY);
    cr_assert_eq(sp_socket_interest(wire.socket), SP_IO_READ);
}

Test(socket_loop, interest_of_one_half)
{
    sp_socket_set_half_open(wire.socket, true);
    wire_connect(&wire, SP_READ_WRITE);
    wire_finish(&wire);
    (void)wire_settle(&wire, 10);
    cr_assert_eq(sp_socket_interest(wire.socket), SP_IO_HANGUP);
    wire.room = 0;
    cr_assert_eq(sp_socket_write(wire.socket, bytes, 5000), 5000);
    cr_assert_eq(sp_socket_interest(wire.socket), SP_IO_WRITE);
    cr_assert_eq(wire_settle(&wire, 10), 0);
    sp_socket_disconnect(wire.socket);
    cr_assert_eq(sp_socket_interest(wire.socket), SP_IO_WRITE);
}

/* ---- a hang-up where nothing is read ---- */

static uint32_t told_bits;

static int told_poll(void *ctx, struct sp_os_pollfd *fds, size_t count, uint64_t deadline)
{
    (void)ctx;
    (void)deadline;
    cr_assert_eq(count, 1);
    fds->got = told_bits;
    return told_bits != 0;
}

Test(socket_loop, a_hang_up_is_believed_to_the_kernel_only)
{
    static const struct {
        uint32_t bits;
        bool ends;
    } rows[] = {{0, false},  {OUT, false}, {IN | RDHUP, false},
                {HUP, true}, {ERR, true},  {NVAL, true}};

    wire.os.poll = told_poll;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        wire_connect(&wire, SP_WRITE_ONLY);
        told_bits = rows[i].bits;
        sp_socket_process(wire.socket, SP_IO_HANGUP);
        wire_expect(&wire, rows[i].ends ? "state:closing " LOSES("PEER_CLOSED") : "");
        sp_socket_abort(wire.socket);
        (void)told_by(wire.socket);
    }
}

/* ---- one turn ---- */

/* Covers: EXHA-11 */
Test(socket_loop, a_turn_moves_so_much_and_no_more)
{
    wire_connect(&wire, SP_READ_WRITE);
    sp_socket_set_read_limit(wire.socket, 0);
    sp_socket_set_write_limit(wire.socket, 0);
    wire_say(&wire, bytes, sizeof(bytes));
    wire.room = 0;
    cr_assert_eq(sp_socket_write(wire.socket, bytes, sizeof(bytes)), sizeof(bytes));
    wire.room = WIRE_ALL;
    for (size_t turn = 1; turn <= sizeof(bytes) / SP_PROCESS_BYTES_MAX; turn++) {
        size_t moved = turn * SP_PROCESS_BYTES_MAX;

        sp_socket_process(wire.socket, SP_IO_READ | SP_IO_WRITE);
        cr_assert_leq(wire.received, moved);
        cr_assert_geq(wire.received, moved - 64 * 1024);
        /* One system call more than the bound may already be on its way. */
        cr_assert_leq(wire.heard.length, moved + SP_OS_IOV_MAX * 64 * 1024);
    }
}

Test(socket_loop, a_turn_that_sends_stops_at_the_bound)
{
    wire_connect(&wire, SP_READ_WRITE);
    sp_socket_set_write_limit(wire.socket, 0);
    wire.room = 0;
    for (int i = 0; i < 8; i++)
        cr_assert_eq(sp_socket_write(wire.socket, bytes, sizeof(bytes)), sizeof(bytes));
    wire.room = WIRE_ALL;
    wire.calls[WIRE_SEND] = 0;
    sp_socket_process(wire.socket, SP_IO_WRITE);
    cr_assert_eq(wire.calls[WIRE_SEND], 1, "a call takes more than the bound already");
}

/* ---- events that nobody takes ---- */

Test(socket_loop, events_that_nobody_takes_are_counted)
{
    struct told told;

    for (int i = 0; i < 20; i++) {
        cr_assert_eq(sp_socket_connect(wire.socket, "server", SP_STRLEN, SP_READ_WRITE), SP_OK);
        sp_socket_abort(wire.socket);
    }
    told = told_by(wire.socket);
    cr_assert_eq(told.count[SP_EVENT_LOST], 1);
    cr_assert(strncmp(told.text, "lost:104 ", 9) == 0, "%s", told.text);
    cr_assert_eq(told.count[SP_EVENT_STATE] + told.count[SP_EVENT_CONNECTED] +
                     told.count[SP_EVENT_READ_FINISHED] + told.count[SP_EVENT_DISCONNECTED],
                 SP_EVENTS_MAX);
}

Test(socket_loop, an_event_about_bytes_that_are_gone_is_not_told)
{
    wire_connect(&wire, SP_READ_WRITE);
    wire_say(&wire, "hello", 5);
    sp_socket_process(wire.socket, SP_IO_READ);
    cr_assert_eq(sp_socket_skip(wire.socket, 5), 5);
    wire_expect(&wire, "");
    wire_say(&wire, "hello", 5);
    sp_socket_process(wire.socket, SP_IO_READ);
    cr_assert_eq(sp_socket_skip(wire.socket, 4), 4);
    wire_expect(&wire, "ready-read");
}

/* What was gathered leaves when there is nothing left to say, also behind such an event. */
Test(socket_loop, gathered_bytes_leave_behind_it)
{
    wire_connect(&wire, SP_READ_WRITE);
    wire_say(&wire, "ping", 4);
    sp_socket_process(wire.socket, SP_IO_DATA);
    cr_assert_eq(sp_socket_skip(wire.socket, 4), 4);
    cr_assert_eq(sp_socket_write(wire.socket, "pong", 4), 4);
    wire_expect(&wire, "bytes-written:4");
    wire_heard(&wire, "pong");
}

Test(socket_loop, bytes_written_adds_up)
{
    wire_connect(&wire, SP_READ_WRITE);
    for (int i = 0; i < 5; i++) {
        cr_assert_eq(sp_socket_write(wire.socket, "12345", 5), 5);
        cr_assert_eq(sp_socket_flush(wire.socket), 5);
    }
    wire_expect(&wire, "bytes-written:25");
    wire_expect(&wire, "");
}

/* ---- rest ---- */

/* Covers: TIME-09 */
Test(socket_loop, an_idle_connection_asks_for_nothing)
{
    static const enum sp_mode modes[] = {SP_READ_ONLY, SP_WRITE_ONLY, SP_READ_WRITE};

    for (size_t i = 0; i < 3; i++) {
        unsigned calls = 0;

        wire_connect(&wire, modes[i]);
        for (int call = 0; call < WIRE_CALL_COUNT; call++)
            calls += wire.calls[call];
        cr_assert_eq(sp_socket_deadline(wire.socket), SP_NEVER);
        cr_assert_eq(wire_settle(&wire, 10), 0);
        wire.now += 3600 * 1000 * WIRE_MS;
        cr_assert_eq(wire_settle(&wire, 10), 0);
        wire_expect(&wire, "");
        for (int call = 0; call < WIRE_CALL_COUNT; call++)
            calls -= wire.calls[call];
        cr_assert_eq(calls, 0);
        sp_socket_abort(wire.socket);
        (void)told_by(wire.socket);
    }
}
