/* SPDX-License-Identifier: MIT */
/* Writing: what leaves when and in how many calls, limits, trouble, and a peer that has gone. */
#include "tests/unit/wire.h"

#include "tests/support/must.h"
#include "tests/support/told.h"

#include <criterion/criterion.h>

#define ENDS "state:closing state:unconnected error:PEER_CLOSED read-finished disconnected"

static struct wire wire;
static uint8_t pattern[1024 * 1024];

static void begin(void)
{
    for (size_t i = 0; i < sizeof(pattern); i++)
        pattern[i] = (uint8_t)(i % 251);
    wire_begin(&wire);
    wire_connect(&wire, SP_READ_WRITE);
}

static void end(void)
{
    wire_end(&wire);
}

TestSuite(socket_write, .init = begin, .fini = end);

static ptrdiff_t put(const char *text)
{
    return sp_socket_write(wire.socket, text, strlen(text));
}

/* The next @length bytes of the pattern; how many were accepted. */
static size_t put_pattern(size_t from, size_t length)
{
    ptrdiff_t n = sp_socket_write(wire.socket, pattern + from, length);

    MUST(n > 0 && (size_t)n <= length);
    return (size_t)n;
}

static void expect_heard_pattern(size_t length)
{
    cr_assert_eq(wire.heard.length, length);
    cr_assert_eq(memcmp(wire.heard.bytes, pattern, length), 0);
}

static void expect_cause(enum sp_operation operation, enum sp_cause cause)
{
    struct sp_error_detail detail;

    sp_socket_error_detail(wire.socket, &detail);
    cr_assert_eq(detail.operation, operation, "%s", sp_operation_string(detail.operation));
    cr_assert_eq(detail.cause, cause, "%s", sp_cause_string(detail.cause));
}

/* ---- gathering ---- */

/* Covers: BUFF-13 */
Test(socket_write, small_writes_leave_together_when_nothing_is_left_to_say)
{
    for (int i = 0; i < 10; i++)
        cr_assert_eq(put("abc"), 3);
    cr_assert_eq(wire.calls[WIRE_SEND], 0);
    cr_assert_eq(sp_socket_bytes_to_write(wire.socket), 30);
    wire_expect(&wire, "bytes-written:30");
    cr_assert_eq(wire.calls[WIRE_SEND], 1);
    cr_assert_eq(sp_socket_bytes_to_write(wire.socket), 0);
    wire_heard(&wire, "abcabcabcabcabcabcabcabcabcabc");
}

Test(socket_write, they_leave_at_flush_and_when_they_are_many)
{
    struct told told;
    size_t at = 0;

    cr_assert_eq(sp_socket_put_char(wire.socket, 0), SP_OK);
    cr_assert_eq(sp_socket_flush(wire.socket), 1);
    cr_assert_eq(sp_socket_flush(wire.socket), 0);
    cr_assert_eq(wire.calls[WIRE_SEND], 1);
    wire.heard.length = 0;
    while (at < 10 * SP_GATHER_MAX) {
        at += put_pattern(at, 1000);
        cr_assert_leq(sp_socket_bytes_to_write(wire.socket), SP_GATHER_MAX);
    }
    cr_assert_leq(wire.calls[WIRE_SEND], 11);
    cr_assert_geq(wire.calls[WIRE_SEND], 9);
    told = told_by(wire.socket);
    cr_assert_eq(told.written, 1 + at);
    expect_heard_pattern(at);
}

Test(socket_write, a_large_write_is_sent_from_where_it_lies)
{
    size_t memory = wire.memory;

    wire.calls[WIRE_ALLOC] = 0;
    cr_assert_eq(put_pattern(0, SP_DIRECT_WRITE_MIN), SP_DIRECT_WRITE_MIN);
    cr_assert_eq(wire.calls[WIRE_SEND], 1);
    cr_assert_eq(wire.calls[WIRE_ALLOC], 0);
    /* Behind a small one: in the same call. */
    put_pattern(SP_DIRECT_WRITE_MIN, 10);
    put_pattern(SP_DIRECT_WRITE_MIN + 10, 100000);
    cr_assert_eq(wire.calls[WIRE_SEND], 2);
    cr_assert_eq(wire.memory, memory);
    expect_heard_pattern(SP_DIRECT_WRITE_MIN + 100010);
    wire_expect(&wire, "bytes-written:104106");
}

Test(socket_write, what_the_kernel_does_not_take_waits_for_it)
{
    wire.room = 5000;
    cr_assert_eq(put_pattern(0, 10000), 10000);
    cr_assert_eq(sp_socket_bytes_to_write(wire.socket), 5000);
    cr_assert_eq(sp_socket_interest(wire.socket), SP_IO_READ | SP_IO_WRITE);
    wire_expect(&wire, "bytes-written:5000");
    /* Not asked again before poll() says so, whatever is written meanwhile. */
    put_pattern(10000, 10);
    put_pattern(10010, 20000);
    wire_expect(&wire, "");
    cr_assert_eq(wire.calls[WIRE_SEND], 1);
    cr_assert_eq(wire_settle(&wire, 10), 0);
    wire.room = WIRE_ALL;
    cr_assert_eq(wire_settle(&wire, 10), 1);
    wire_expect(&wire, "bytes-written:25010");
    cr_assert_eq(sp_socket_interest(wire.socket), SP_IO_READ);
    expect_heard_pattern(30010);
}

/* Covers: BUFF-01, BUFF-02 */
Test(socket_write, short_counts_of_every_length)
{
    for (size_t most = 1; most <= 40; most++) {
        size_t at = 0;

        wire.heard.length = 0;
        wire.send_max = most;
        while (at < 6000) {
            at += put_pattern(at, at % 3 != 0 ? 700 : 5000);
            (void)told_by(wire.socket);
        }
        (void)wire_settle(&wire, 20000);
        (void)told_by(wire.socket);
        cr_assert_eq(sp_socket_bytes_to_write(wire.socket), 0);
        expect_heard_pattern(at);
    }
}

/* Covers: BUFF-03 */
Test(socket_write, flush_sends_all_that_is_taken)
{
    wire.room = 0;
    cr_assert_eq(put_pattern(0, 900000), 900000);
    wire.room = WIRE_ALL;
    wire.send_max = 10000;
    /* One call is short, so the kernel is taken to be full; the next flush tries again. */
    while (sp_socket_bytes_to_write(wire.socket) > 0)
        cr_assert_gt(sp_socket_flush(wire.socket), 0);
    expect_heard_pattern(900000);
    wire.heard.length = 0;
    wire.room = 0;
    cr_assert_eq(put_pattern(0, 900000), 900000);
    wire.room = wire.send_max = WIRE_ALL;
    cr_assert_eq(sp_socket_flush(wire.socket), 900000);
    expect_heard_pattern(900000);
}

/* More chunks than one system call takes. */
Test(socket_write, a_queue_of_more_pieces_than_a_call_takes)
{
    size_t at = 0;

    sp_socket_set_write_limit(wire.socket, 0);
    wire.room = 0;
    cr_assert_eq(put_pattern(0, 4096), 4096);
    for (at = 4096; at < sizeof(pattern); at += 4096)
        put_pattern(at, 4096);
    /* A chunk holds at most 32 KiB: so many times the pattern are more than 64 of them. */
    for (int i = 0; i < 5; i++)
        put_pattern(0, sizeof(pattern));
    wire.room = WIRE_ALL;
    cr_assert_eq(sp_socket_flush(wire.socket), 6 * (ptrdiff_t)sizeof(pattern));
    cr_assert_leq(wire.calls[WIRE_SEND], 7);
    cr_assert_eq(wire.heard.length, 6 * sizeof(pattern));
    for (size_t i = 0; i < 6; i++)
        cr_assert_eq(memcmp(wire.heard.bytes + i * sizeof(pattern), pattern, sizeof(pattern)), 0);
}

/* Covers: BUFF-12 */
Test(socket_write, nothing_is_a_success)
{
    cr_assert_eq(sp_socket_write(wire.socket, NULL, 0), 0);
    cr_assert_eq(sp_socket_flush(wire.socket), 0);
    cr_assert_eq(wire.calls[WIRE_SEND], 0);
    wire_expect(&wire, "");
}

/* ---- the write limit ---- */

/* Covers: QT-H3 */
Test(socket_write, at_the_limit_less_is_accepted_and_then_nothing)
{
    sp_socket_set_write_limit(wire.socket, 10000);
    wire.room = 0;
    cr_assert_eq(put_pattern(0, 6000), 6000);
    cr_assert_eq(put_pattern(6000, 6000), 4000);
    cr_assert_eq(sp_socket_bytes_to_write(wire.socket), 10000);
    cr_assert_eq(put("x"), SP_ERROR_LIMIT);
    expect_cause(SP_OPERATION_WRITE, SP_CAUSE_NO_ROOM);
    cr_assert_eq(sp_socket_put_char(wire.socket, 'x'), SP_ERROR_LIMIT);
    wire.room = 2000;
    cr_assert_eq(wire_settle(&wire, 10), 1);
    wire_expect(&wire, "bytes-written:2000");
    cr_assert_eq(put_pattern(10000, 6000), 2000);
    wire.room = WIRE_ALL;
    (void)wire_settle(&wire, 10);
    expect_heard_pattern(12000);
    /* Below what is queued: no more until it is drained. */
    wire_expect(&wire, "bytes-written:10000");
    put_pattern(0, 100);
    sp_socket_set_write_limit(wire.socket, 50);
    cr_assert_eq(put("x"), SP_ERROR_LIMIT);
    wire_expect(&wire, "bytes-written:100");
    cr_assert_eq(put("x"), 1);
}

Test(socket_write, the_limit_bounds_the_queue_not_what_leaves_at_once)
{
    sp_socket_set_write_limit(wire.socket, 100);
    cr_assert_eq(put_pattern(0, 100000), 100000);
    expect_heard_pattern(100000);
    wire.room = 70000;
    wire.heard.length = 0;
    cr_assert_eq(put_pattern(0, 100000), 70100);
    cr_assert_eq(sp_socket_bytes_to_write(wire.socket), 100);
}

/* ---- sizes ---- */

/* Takes everything without looking at it. */
static int64_t bottomless_send(void *ctx, int fd, const struct sp_os_iov *iov, size_t count)
{
    size_t total = 0;

    (void)ctx;
    (void)fd;
    for (size_t i = 0; i < count; i++)
        total += iov[i].length;
    return (int64_t)total;
}

/* Covers: BUFF-05 */
Test(socket_write, sizes_beyond_32_bits)
{
    static const uint64_t sizes[] = {UINT64_C(3) << 30, (UINT64_C(4) << 30) + 5, PTRDIFF_MAX - 1};

    wire.os.send = bottomless_send;
    sp_socket_set_write_limit(wire.socket, 0);
    for (size_t i = 0; i < 3; i++) {
        struct sp_event event;

        cr_assert_eq(put("x"), 1);
        cr_assert_eq(sp_socket_write(wire.socket, pattern, sizes[i]), (ptrdiff_t)sizes[i]);
        cr_assert(sp_socket_next_event(wire.socket, &event));
        cr_assert_eq(event.kind, SP_EVENT_BYTES_WRITTEN);
        cr_assert_eq(event.bytes, sizes[i] + 1);
    }
    cr_assert_eq(put("x"), 1);
    cr_assert_eq(sp_socket_write(wire.socket, pattern, SIZE_MAX), PTRDIFF_MAX - 1);
}

/* ---- no memory, no buffer space, interruptions ---- */

/* Covers: FDLT-20 */
Test(socket_write, without_memory_nothing_is_accepted)
{
    wire_fail(&wire, WIRE_ALLOC, ENOMEM, 1);
    cr_assert_eq(put("abc"), SP_ERROR_RESOURCE);
    expect_cause(SP_OPERATION_ALLOCATE, SP_CAUSE_NO_MEMORY);
    cr_assert_eq(sp_socket_bytes_to_write(wire.socket), 0);
    wire.room = 0;
    wire_fail(&wire, WIRE_ALLOC, ENOMEM, 1);
    cr_assert_eq(sp_socket_write(wire.socket, pattern, 5000), SP_ERROR_RESOURCE);
    cr_assert_eq(sp_socket_bytes_to_write(wire.socket), 0);
    wire.room = 3000;
    wire_fail(&wire, WIRE_ALLOC, ENOMEM, 1);
    cr_assert_eq(put_pattern(0, 5000), 3000, "what the kernel has cannot be taken back");
    wire_expect(&wire, "bytes-written:3000");
    cr_assert_eq(sp_socket_interest(wire.socket), SP_IO_READ);
    wire.room = WIRE_ALL;
    put_pattern(3000, 5000);
    expect_heard_pattern(8000);
}

/* The socket stays writable all the while: only a timer helps. */
/* Covers: EXHA-13, TIME-09 */
Test(socket_write, without_buffer_space_it_tries_a_little_later)
{
    static const int errnos[] = {ENOBUFS, ENOMEM, ETOOMANYREFS};

    for (size_t i = 0; i < 3; i++) {
        unsigned sends = wire.calls[WIRE_SEND];

        wire_fail(&wire, WIRE_SEND, errnos[i], 3);
        cr_assert_eq(put("hello"), 5);
        wire_expect(&wire, "");
        cr_assert_eq(sp_socket_interest(wire.socket), 0);
        cr_assert_eq(wire_settle(&wire, 10), 0);
        cr_assert_eq(sp_socket_flush(wire.socket), 0);
        cr_assert_eq(put("!"), 1);
        cr_assert_eq(wire.calls[WIRE_SEND], sends + 1);
        while (sp_socket_bytes_to_write(wire.socket) > 0)
            cr_assert_eq(sp_socket_wait_bytes_written(wire.socket, 1000), SP_OK);
        cr_assert_eq(wire.calls[WIRE_SEND], sends + 4);
        cr_assert_eq(sp_socket_deadline(wire.socket), SP_NEVER);
        wire_expect(&wire, "bytes-written:6");
        wire_heard(&wire, "hello!");
    }
    cr_assert_eq(sp_socket_state(wire.socket), SP_STATE_CONNECTED);
}

/* Covers: SIGN-04, SIGN-05 */
Test(socket_write, interruptions_are_nothing)
{
    wire_fail(&wire, WIRE_SEND, EINTR, SP_EINTR_RETRIES - 1);
    cr_assert_eq(put("hello"), 5);
    wire_expect(&wire, "bytes-written:5");
    wire_fail(&wire, WIRE_SEND, EINTR, 3 * SP_EINTR_RETRIES);
    cr_assert_eq(put("again"), 5);
    wire_expect(&wire, "");
    (void)wire_settle(&wire, 10);
    wire_expect(&wire, "bytes-written:5");
    wire_heard(&wire, "helloagain");
}

/* ---- the peer has gone ---- */

/* Covers: STAT-12, QT-H7, QT-H12 */
Test(socket_write, bytes_that_cannot_be_sent_are_counted_and_told)
{
    struct sp_error_detail detail;

    wire.room = 3;
    cr_assert_eq(put("hello"), 5);
    wire_expect(&wire, "bytes-written:3");
    cr_assert_eq(put("world"), 5);
    wire_say_text(&wire, "bye");
    wire_leave(&wire, false);
    (void)wire_settle(&wire, 10);
    wire_expect(&wire, "ready-read " ENDS);
    cr_assert_eq(sp_socket_bytes_lost(wire.socket), 7);
    sp_socket_error_detail(wire.socket, &detail);
    cr_assert_eq(detail.cause, SP_CAUSE_BYTES_LOST);
    cr_assert_eq(sp_socket_bytes_available(wire.socket), 3);
    wire_connect(&wire, SP_READ_WRITE);
    cr_assert_eq(sp_socket_bytes_lost(wire.socket), 0, "of this connection");
}

/* Covers: STAT-12, BUFF-10 */
Test(socket_write, a_write_that_finds_nobody_is_refused_and_the_last_words_are_heard)
{
    wire_say_text(&wire, "last words");
    wire_leave(&wire, true);
    cr_assert_eq(sp_socket_write(wire.socket, pattern, 5000), SP_ERROR_PEER_CLOSED);
    cr_assert_eq(sp_socket_state(wire.socket), SP_STATE_CONNECTED);
    cr_assert_eq(put("x"), SP_ERROR_PEER_CLOSED);
    cr_assert_eq(sp_socket_flush(wire.socket), SP_ERROR_PEER_CLOSED);
    cr_assert_eq(sp_socket_bytes_lost(wire.socket), 0, "nothing was accepted");
    (void)wire_settle(&wire, 10);
    wire_expect(&wire, "ready-read " ENDS);
    cr_assert_eq(sp_socket_bytes_available(wire.socket), 10);
    cr_assert_eq(sp_socket_bytes_lost(wire.socket), 0);
}

Test(socket_write, a_flush_that_finds_nobody_says_so)
{
    cr_assert_eq(put("hello"), 5);
    wire_leave(&wire, false);
    cr_assert_eq(sp_socket_flush(wire.socket), SP_ERROR_PEER_CLOSED);
    (void)wire_settle(&wire, 10);
    wire_expect(&wire, ENDS);
    cr_assert_eq(sp_socket_bytes_lost(wire.socket), 5);
}

Test(socket_write, a_flush_that_finds_nobody_while_closing_says_so_too)
{
    wire.room = 0;
    cr_assert_eq(put("hello"), 5);
    sp_socket_disconnect(wire.socket);
    wire_leave(&wire, false);
    cr_assert_eq(sp_socket_flush(wire.socket), SP_ERROR_PEER_CLOSED);
    wire_expect(&wire, ENDS);
    cr_assert_eq(sp_socket_bytes_lost(wire.socket), 5);
}

/* Some of it left, then the peer did: what left is told before the end. */
Test(socket_write, bytes_written_are_told_before_the_end)
{
    struct told told;

    sp_socket_set_write_limit(wire.socket, 0);
    wire.room = 0;
    for (int i = 0; i < 6; i++)
        put_pattern(0, sizeof(pattern));
    sp_socket_disconnect(wire.socket);
    wire_expect(&wire, "state:closing");
    wire.room = WIRE_ALL;
    wire.fail[WIRE_SEND] = (struct wire_failure){.error = EPIPE, .after = 1, .times = 1};
    cr_assert_gt(sp_socket_flush(wire.socket), 0);
    told = told_by(wire.socket);
    cr_assert_eq(told.count[SP_EVENT_BYTES_WRITTEN], 1);
    cr_assert(strncmp(told.text, "bytes-written:", 14) == 0, "%s", told.text);
    cr_assert_eq(told.written + sp_socket_bytes_lost(wire.socket), 6 * sizeof(pattern));
}

/* The peer closed its reading side alone: no end of stream and no hang-up will ever tell of it. */
Test(socket_write, bytes_refused_by_a_peer_that_stays_are_told_at_once)
{
    static const enum sp_mode modes[] = {SP_READ_WRITE, SP_WRITE_ONLY};

    for (size_t i = 0; i < 2; i++) {
        sp_socket_abort(wire.socket);
        wire_expect(&wire, "state:unconnected read-finished disconnected");
        wire_connect(&wire, modes[i]);
        cr_assert_eq(put("hello"), 5);
        wire.refuse = EPIPE;
        wire_expect(&wire, "error:PEER_CLOSED");
        expect_cause(SP_OPERATION_SEND, SP_CAUSE_BYTES_LOST);
        cr_assert_eq(sp_socket_bytes_lost(wire.socket), 5);
        cr_assert_eq(sp_socket_state(wire.socket), SP_STATE_CONNECTED);
        cr_assert_eq(put("more"), SP_ERROR_PEER_CLOSED);
        cr_assert_eq(wire_settle(&wire, 10), 0);
        wire_expect(&wire, "");
    }
}

Test(socket_write, an_object_for_reading_takes_none)
{
    sp_socket_abort(wire.socket);
    wire_expect(&wire, "state:unconnected read-finished disconnected");
    wire_connect(&wire, SP_READ_ONLY);
    cr_assert_eq(put("x"), SP_ERROR_OPERATION);
    expect_cause(SP_OPERATION_WRITE, SP_CAUSE_MODE);
    cr_assert_eq(sp_socket_write(wire.socket, NULL, 0), SP_ERROR_OPERATION);
    cr_assert_eq(sp_socket_flush(wire.socket), 0);
}
