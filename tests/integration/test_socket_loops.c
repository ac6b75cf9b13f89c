/* SPDX-License-Identifier: MIT */
/* Sockets under epoll, level-triggered: everything arrives, and then nobody wakes up any more. */
#include "tests/integration/client.h"

#include "tests/support/must.h"
#include "tests/support/told.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAIRS 16
#define TOTAL (256 * 1024)

static struct client client;
static uint8_t bytes[70000];

/* One end of a pair. What it writes, its other end must read. */
static struct end {
    struct sp_socket *socket;
    unsigned watched; /* the interest that epoll knows; 0: not registered */
    size_t written, read;
} ends[2 * PAIRS];

static int epoll;

static void watch(struct end *end)
{
    unsigned interest = sp_socket_interest(end->socket);
    struct epoll_event event = {.events = sp_io_to_poll(interest), .data = {.ptr = end}};
    int what = interest == 0 ? EPOLL_CTL_DEL : end->watched == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;

    if (interest != end->watched)
        MUST(epoll_ctl(epoll, what, sp_socket_fd(end->socket), &event) == 0);
    end->watched = interest;
}

static void begin(void)
{
    client_begin(&client);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; i < PAIRS; i++) {
        int fds[2];

        MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
        for (size_t j = 0; j < 2; j++) {
            struct end *end = &ends[2 * i + j];

            MUST(sp_socket_new(&end->socket, client.context) == SP_OK);
            MUST(sp_socket_adopt(end->socket, fds[j], SP_STATE_CONNECTED, SP_READ_WRITE) == SP_OK);
            (void)told_by(end->socket);
            watch(end);
        }
    }
}

static void end(void)
{
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        sp_socket_free(ends[i].socket);
    (void)close(epoll);
    client_end(&client);
}

TestSuite(socket_loops, .init = begin, .fini = end);

static void write_some(struct end *end)
{
    size_t length = 1 + (size_t)rand() % (rand() % 3 == 0 ? sizeof(bytes) : 200);
    ptrdiff_t n;

    if (length > TOTAL - end->written)
        length = TOTAL - end->written;
    if (length == 0)
        return;
    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)((end->written + i) % 251);
    n = sp_socket_write(end->socket, bytes, length);
    MUST(n > 0 || n == SP_ERROR_LIMIT);
    end->written += n > 0 ? (size_t)n : 0;
}

static void read_some(struct end *end)
{
    /* Not always all of it, and sometimes nothing. */
    ptrdiff_t n = sp_socket_read(end->socket, bytes, (size_t)rand() % sizeof(bytes));

    MUST(n >= 0);
    for (ptrdiff_t i = 0; i < n; i++)
        MUST(bytes[i] == (end->read + (size_t)i) % 251);
    end->read += (size_t)n;
}

static int round_of_loop(int ms)
{
    struct epoll_event events[8];
    int n = epoll_wait(epoll, events, 8, ms);

    MUST(n >= 0);
    for (int i = 0; i < n; i++) {
        struct end *end = events[i].data.ptr;

        sp_socket_process(end->socket, sp_io_from_poll(events[i].events));
        (void)told_by(end->socket);
        watch(end);
    }
    return n;
}

static bool all_arrived(void)
{
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        if (ends[i].read < TOTAL)
            return false;
    }
    return true;
}

/* Covers: BUFF-06, BUFF-08, TIME-09, EXHA-11 */
Test(socket_loops, everything_arrives_under_epoll_and_then_there_is_rest, .timeout = 120)
{
    unsigned calls;
    int late = 0;

    srand(1);
    while (!all_arrived()) {
        struct end *end = &ends[(size_t)rand() % (sizeof(ends) / sizeof(ends[0]))];

        write_some(end);
        read_some(end);
        (void)told_by(end->socket);
        watch(end);
        (void)round_of_loop(0);
    }
    /* What the last reads left to be done, and then nothing. */
    while (round_of_loop(0) > 0)
        MUST(++late < 200);
    calls = client.os.total;
    cr_assert_eq(round_of_loop(100), 0);
    cr_assert_eq(client.os.total, calls);
}

/* An application that looks at nothing: each connection is woken for a few times, then left alone.
 */
/* Covers: TIME-09, QT-H3 */
Test(socket_loops, connections_that_nobody_reads_are_left_alone)
{
    unsigned rounds = 0;

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        while (sp_socket_bytes_to_write(ends[i].socket) < SP_WRITE_LIMIT_DEFAULT / 2)
            write_some(&ends[i]), ends[i].written = 0;
        (void)told_by(ends[i].socket);
        watch(&ends[i]);
    }
    while (round_of_loop(50) > 0)
        MUST(++rounds < 1000);
    cr_assert_leq(rounds, 20 * PAIRS);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        cr_assert_eq(sp_socket_bytes_available(ends[i].socket), SP_READ_LIMIT_DEFAULT);
        cr_assert_eq(sp_socket_interest(ends[i].socket), SP_IO_WRITE);
    }
}
