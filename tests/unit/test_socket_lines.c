/* SPDX-License-Identifier: MIT */
/* Lines, and reading without taking: peek, skip, putting back, transactions. */
#include "tests/unit/wire.h"

#include "tests/support/must.h"

#include <criterion/criterion.h>

#define ENDS "state:closing state:unconnected error:PEER_CLOSED read-finished disconnected"

static struct wire wire;
static char bytes[1024];

static void begin(void)
{
    wire_begin(&wire);
    wire_connect(&wire, SP_READ_WRITE);
}

static void end(void)
{
    wire_end(&wire);
}

TestSuite(socket_lines, .init = begin, .fini = end);

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

static void expect_line(const char *text, size_t capacity)
{
    ptrdiff_t n;

    memset(bytes, '#', capacity + 1);
    n = sp_socket_read_line(wire.socket, bytes, capacity);
    cr_assert(n == (ptrdiff_t)strlen(text) && memcmp(bytes, text, strlen(text)) == 0, "got '%.*s'",
              (int)(n > 0 ? n : 0), bytes);
    cr_assert_eq(bytes[strlen(text)], '#', "something was written behind the line");
}

/* ---- lines ---- */

/* Covers: BUFF-08, BUFF-09 */
Test(socket_lines, a_newline_at_every_place_around_the_capacity)
{
    static char line[64];

    for (size_t capacity = 1; capacity <= 20; capacity++) {
        for (size_t length = 1; length <= 24; length++) { /* with its newline */
            size_t cut = length < capacity ? length : capacity;

            memset(line, 'x', sizeof(line));
            line[length - 1] = '\n';
            line[length] = '\0';
            hear(line);
            for (size_t at = 0; at < length; at += cut) {
                char want[64];

                cut = length - at < capacity ? length - at : capacity;
                memcpy(want, line + at, cut);
                want[cut] = '\0';
                expect_line(want, capacity);
            }
            expect_line("", capacity);
        }
    }
}

/* Covers: BUFF-08 */
Test(socket_lines, a_line_in_pieces_comes_out_whole)
{
    hear("ab");
    cr_assert_not(sp_socket_can_read_line(wire.socket));
    expect_line("", 100);
    hear("cd");
    expect_line("", 100);
    hear("\nef");
    cr_assert(sp_socket_can_read_line(wire.socket));
    expect_line("abcd\n", 100);
    expect_line("", 100);
    wire_finish(&wire);
    (void)wire_settle(&wire, 10);
    cr_assert(sp_socket_can_read_line(wire.socket));
    expect_line("ef", 100);
    cr_assert_not(sp_socket_can_read_line(wire.socket));
    cr_assert_eq(sp_socket_read_line(wire.socket, bytes, 10), SP_ERROR_PEER_CLOSED);
}

/* Qt waits for ever where no newline fits below the limit. */
/* Covers: EXHA-05, BUFF-06, QT-H15 */
Test(socket_lines, a_line_longer_than_the_limit_comes_in_parts)
{
    sp_socket_set_read_limit(wire.socket, 8);
    for (size_t length = 1; length <= 20; length++) {
        size_t got = 0;

        memset(bytes, 'x', length);
        bytes[length - 1] = '\n';
        wire_say(&wire, bytes, length);
        while (got < length) {
            ptrdiff_t n;

            (void)wire_settle(&wire, 10);
            cr_assert_eq(sp_socket_can_read_line(wire.socket), true);
            n = sp_socket_read_line(wire.socket, bytes, 100);
            cr_assert(n == 8 || (n > 0 && got + (size_t)n == length), "%td of %zu", n, length);
            got += (size_t)n;
        }
        cr_assert_eq(bytes[(length - 1) % 8], '\n');
        (void)wire_settle(&wire, 10);
        cr_assert(sp_socket_at_end(wire.socket));
        wire_expect(&wire, "");
    }
}

Test(socket_lines, a_nul_in_a_line_is_a_byte)
{
    wire_say(&wire, "a\0b\nc", 5);
    (void)wire_settle(&wire, 10);
    cr_assert_eq(sp_socket_read_line(wire.socket, bytes, 10), 4);
    cr_assert_eq(memcmp(bytes, "a\0b\n", 4), 0);
}

/* ---- looking, skipping, putting back ---- */

/* Covers: BUFF-15 */
Test(socket_lines, peek_and_skip_are_a_read)
{
    static const char text[] = "abcdef";
    size_t taken = 0;

    hear(text);
    for (size_t length = 1; length <= 3; taken += length++) {
        char seen[3];

        cr_assert_eq(sp_socket_peek(wire.socket, seen, length), (ptrdiff_t)length);
        cr_assert_eq(sp_socket_peek(wire.socket, bytes, 6), (ptrdiff_t)(6 - taken));
        cr_assert_eq(memcmp(seen, &text[taken], length), 0);
        cr_assert_eq(sp_socket_skip(wire.socket, length), (ptrdiff_t)length);
    }
    cr_assert_eq(sp_socket_peek(wire.socket, bytes, 6), 0);
    cr_assert_eq(sp_socket_skip(wire.socket, SIZE_MAX), 0);
}

/* Covers: BUFF-15 */
Test(socket_lines, a_byte_put_back_comes_first_even_above_the_limit)
{
    sp_socket_set_read_limit(wire.socket, 4);
    wire_say_text(&wire, "abcdef");
    (void)wire_settle(&wire, 10);
    cr_assert_eq(sp_socket_bytes_available(wire.socket), 4);
    cr_assert_eq(sp_socket_unget_char(wire.socket, 'Z'), SP_OK);
    cr_assert_eq(sp_socket_unget_char(wire.socket, '\0'), SP_OK);
    cr_assert_eq(sp_socket_bytes_available(wire.socket), 6);
    cr_assert_eq(sp_socket_interest(wire.socket), 0);
    cr_assert_eq(sp_socket_read(wire.socket, bytes, 6), 6);
    cr_assert_eq(memcmp(bytes, "\0Zabcd", 6), 0);
    (void)wire_settle(&wire, 10);
    expect_read("ef");
}

Test(socket_lines, a_byte_cannot_be_put_back_without_memory)
{
    wire_fail(&wire, WIRE_ALLOC, ENOMEM, 1);
    cr_assert_eq(sp_socket_unget_char(wire.socket, 'x'), SP_ERROR_RESOURCE);
    cr_assert_eq(sp_socket_bytes_available(wire.socket), 0);
    cr_assert_eq(sp_socket_unget_char(wire.socket, 'x'), SP_OK);
    expect_read("x");
}

/* ---- transactions ---- */

/* Covers: BUFF-15, BUFF-16 */
Test(socket_lines, a_transaction_can_be_taken_back)
{
    hear("abcdef");
    cr_assert_eq(sp_socket_start_transaction(wire.socket), SP_OK);
    cr_assert_eq(sp_socket_start_transaction(wire.socket), SP_ERROR_OPERATION);
    cr_assert(sp_socket_in_transaction(wire.socket));
    cr_assert_eq(sp_socket_read(wire.socket, bytes, 3), 3);
    cr_assert_eq(sp_socket_bytes_available(wire.socket), 3);
    cr_assert_eq(sp_socket_unget_char(wire.socket, 'x'), SP_ERROR_OPERATION);
    hear("gh");
    cr_assert_eq(sp_socket_skip(wire.socket, 4), 4);
    cr_assert_eq(sp_socket_get_char(wire.socket), 'h');
    cr_assert_eq(sp_socket_get_char(wire.socket), SP_ERROR_LIMIT);
    cr_assert_eq(sp_socket_rollback_transaction(wire.socket), SP_OK);
    expect_read("abcdefgh");
}

Test(socket_lines, a_transaction_that_is_kept_frees_its_bytes)
{
    hear("abcdef");
    cr_assert_eq(sp_socket_start_transaction(wire.socket), SP_OK);
    cr_assert_eq(sp_socket_read(wire.socket, bytes, 5), 5);
    cr_assert_eq(sp_socket_commit_transaction(wire.socket), SP_OK);
    cr_assert_eq(sp_socket_commit_transaction(wire.socket), SP_ERROR_OPERATION);
    expect_read("f");
}

Test(socket_lines, bytes_of_a_transaction_count_towards_the_limit)
{
    sp_socket_set_read_limit(wire.socket, 8);
    cr_assert_eq(sp_socket_start_transaction(wire.socket), SP_OK);
    wire_say_text(&wire, "0123456789abcdef");
    (void)wire_settle(&wire, 10);
    cr_assert_eq(sp_socket_read(wire.socket, bytes, 100), 8);
    (void)wire_settle(&wire, 10);
    cr_assert_eq(sp_socket_interest(wire.socket), 0);
    cr_assert_eq(sp_socket_read(wire.socket, bytes, 100), 0);
    cr_assert_eq(sp_socket_commit_transaction(wire.socket), SP_OK);
    (void)wire_settle(&wire, 10);
    expect_read("89abcdef");
}

/* Covers: STAT-19, QT-L8 */
Test(socket_lines, a_transaction_survives_the_end_but_not_the_next_connection)
{
    hear("abc");
    cr_assert_eq(sp_socket_start_transaction(wire.socket), SP_OK);
    cr_assert_eq(sp_socket_read(wire.socket, bytes, 3), 3);
    wire_leave(&wire, false);
    (void)wire_settle(&wire, 10);
    cr_assert_eq(sp_socket_state(wire.socket), SP_STATE_UNCONNECTED);
    cr_assert_eq(sp_socket_rollback_transaction(wire.socket), SP_OK);
    expect_read("abc");
    cr_assert_eq(sp_socket_start_transaction(wire.socket), SP_OK);
    wire_expect(&wire, ENDS);
    wire_connect(&wire, SP_READ_WRITE);
    cr_assert_not(sp_socket_in_transaction(wire.socket));
    cr_assert_eq(sp_socket_bytes_available(wire.socket), 0);
}
