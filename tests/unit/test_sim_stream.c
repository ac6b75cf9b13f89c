/* SPDX-License-Identifier: MIT */
/*
 * The simulated kernel carries bytes: every one, once, in order, for any sizes of send and receive.
 *
 * Compared with a plain array. How much a queue takes at a time is in tests/conformance.
 */
#include "sim/actor.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

#define TOTAL ((size_t)3 << 20)
#define PIECE_MAX 70000

static struct sim *sim;
static struct sim_actor *actor;
static int fds[2];

static void setup(void)
{
    sim = sim_new();
    actor = sim_actor_new(sim, 0, 0);
    cr_assert_eq(sim_socketpair(actor, fds), 0);
}

static void teardown(void)
{
    sim_free(sim);
}

TestSuite(sim_stream, .init = setup, .fini = teardown);

/* Repeatable, with short and long ones. */
static size_t next_size(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 8) % 4 == 0 ? 1 + (*state >> 10) % PIECE_MAX : 1 + (*state >> 10) % 600;
}

static uint8_t byte_at(size_t position)
{
    return (uint8_t)(position ^ position >> 8 ^ position >> 16);
}

static void send_some(size_t *sent, uint32_t *state)
{
    static uint8_t bytes[PIECE_MAX];
    size_t size = next_size(state);
    struct sp_os_iov iov[3];
    const struct sp_os *os = sim_os(actor);
    int64_t r;

    if (size > TOTAL - *sent)
        size = TOTAL - *sent;
    if (size < 3)
        return;
    for (size_t i = 0; i < size; i++)
        bytes[i] = byte_at(*sent + i);
    iov[0] = (struct sp_os_iov){bytes, 1};
    iov[1] = (struct sp_os_iov){bytes + 1, size - 2};
    iov[2] = (struct sp_os_iov){bytes + size - 1, 1};
    r = os->send(os->ctx, fds[0], iov, 3);
    cr_assert(r > 0 || r == -EAGAIN);
    *sent += r > 0 ? (size_t)r : 0;
}

static void receive_some(size_t *received, uint32_t *state)
{
    static uint8_t bytes[PIECE_MAX], peeked[PIECE_MAX];
    size_t size = next_size(state);
    int64_t looked = sim_recv(actor, fds[1], peeked, size, true);
    int64_t r = sim_recv(actor, fds[1], bytes, size, false);

    cr_assert_eq(r, looked);
    if (r < 0) {
        cr_assert_eq(r, -EAGAIN);
        return;
    }
    for (size_t i = 0; i < (size_t)r; i++)
        cr_assert_eq(bytes[i], byte_at(*received + i), "byte %zu", *received + i);
    cr_assert_eq(memcmp(bytes, peeked, (size_t)r), 0);
    *received += (size_t)r;
}

static void play(uint32_t seed, unsigned sends, unsigned receives)
{
    size_t sent = 0, received = 0;
    uint32_t state = seed;

    while (received + 2 < TOTAL) {
        for (unsigned i = 0; i < sends; i++)
            send_some(&sent, &state);
        cr_assert_eq(sim_unread(actor, fds[1]), (int64_t)(sent - received));
        for (unsigned i = 0; i < receives; i++)
            receive_some(&received, &state);
        if (sent + 2 >= TOTAL && sim_unread(actor, fds[1]) == 0)
            break;
    }
    cr_expect_eq(received, sent);
    cr_expect_eq(sim_unsent(actor, fds[0]), 0, "all buffer space is given back");
    cr_expect_eq(sim_full(sim), 0);
}

Test(sim_stream, in_turns)
{
    play(1, 1, 1);
}

Test(sim_stream, sender_ahead)
{
    play(2, 40, 1);
}

Test(sim_stream, receiver_ahead)
{
    play(3, 1, 40);
}

Test(sim_stream, tiny_send_buffer)
{
    cr_assert_eq(sim_set_send_buffer(actor, fds[0], 300), 0);
    play(4, 3, 2);
}

Test(sim_stream, no_send_buffer_at_all)
{
    uint8_t byte;

    cr_assert_eq(sim_set_send_buffer(actor, fds[0], 0), 0);
    for (int i = 0; i < 3; i++) {
        cr_expect_eq(sim_poll(actor, fds[0], SP_OS_POLLOUT), SP_OS_POLLOUT);
        cr_expect_eq(sim_send(actor, fds[0], "abc", 3), 1, "one message always fits");
        cr_expect_eq(sim_poll(actor, fds[0], SP_OS_POLLOUT), 0);
        cr_expect_eq(sim_send(actor, fds[0], "bc", 2), -EAGAIN);
        cr_assert_eq(sim_recv(actor, fds[1], &byte, 1, false), 1);
    }
}

/* The pieces of all queues come from one place. When it is empty a send fails, and nothing else. */
Test(sim_stream, blocks_run_out)
{
    int pairs[20][2];
    uint8_t byte;
    size_t i = 0;
    int64_t r = 0;

    for (; i < 20; i++) {
        cr_assert_eq(sim_socketpair(actor, pairs[i]), 0);
        r = sim_fill(actor, pairs[i][0], (uint8_t)i);
        if (r == -ENOBUFS || sim_full(sim) > 0)
            break;
    }
    cr_assert_lt(i, 20);
    cr_expect_gt(sim_full(sim), 0);
    cr_assert_eq(sim_recv(actor, pairs[0][1], &byte, 1, false), 1);
    cr_expect_eq(byte, 0);
    cr_assert_eq(sim_close(actor, pairs[0][1]), 0);
    cr_expect_gt(sim_send(actor, pairs[i][0], "x", 1), 0);
}

/* ---- what an oracle asks ---- */

Test(sim_stream, connection_is_known_from_both_ends)
{
    struct sim_connection ends[2];
    uint8_t bytes[3];

    cr_assert_eq(sim_set_label(actor, fds[0], 7), 0);
    cr_assert_eq(sim_send(actor, fds[0], "abcdef", 6), 6);
    cr_assert_eq(sim_send(actor, fds[1], "xy", 2), 2);
    cr_assert_eq(sim_recv(actor, fds[1], bytes, sizeof(bytes), false), 3);
    for (int i = 0; i < 2; i++)
        cr_assert_eq(sim_connection(actor, fds[i], &ends[i]), 0);
    cr_expect_eq(ends[0].sent, 6);
    cr_expect_eq(ends[0].peer_sent, 2);
    cr_expect_eq(ends[0].unread, 2);
    cr_expect_eq(ends[0].peer_label, 0);
    cr_expect_not(ends[0].peer_closed);
    cr_expect_eq(ends[1].sent, 2);
    cr_expect_eq(ends[1].peer_sent, 6);
    cr_expect_eq(ends[1].unread, 3);
    cr_expect_eq(ends[1].peer_label, 7);
}

Test(sim_stream, closed_end_is_still_known)
{
    struct sim_connection end;

    cr_assert_eq(sim_set_label(actor, fds[0], 7), 0);
    cr_assert_eq(sim_send(actor, fds[0], "abc", 3), 3);
    cr_assert_eq(sim_close(actor, fds[0]), 0);
    cr_assert_eq(sim_connection(actor, fds[1], &end), 0);
    cr_expect(end.peer_closed);
    cr_expect_eq(end.peer_sent, 3);
    cr_expect_eq(end.unread, 3);
    cr_expect_eq(end.peer_label, 7);
}

Test(sim_stream, no_connection_is_none)
{
    struct sim_connection end;
    int fd = sim_socket(actor, SIM_STREAM);

    cr_assert_geq(fd, 0);
    cr_expect_eq(sim_connection(actor, fd, &end), -ENOTCONN);
    cr_expect_eq(sim_connection(actor, 60, &end), -EBADF);
    cr_expect_eq(sim_set_label(actor, 60, 1), -EBADF);
}
