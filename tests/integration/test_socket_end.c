/* SPDX-License-Identifier: MIT */
/* The end of a connection on the real kernel: last bytes, resets, signals, peers that never read.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "tests/integration/client.h"

#include "tests/support/must.h"
#include "tests/support/told.h"
#include "tests/support/turn.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ADOPTS "state:connected connected"
#define GOES "state:unconnected read-finished disconnected"
#define LOSES(error) "state:unconnected error:" error " read-finished disconnected"

#define MIB ((size_t)1024 * 1024)

static struct client client;
static uint8_t pattern[MIB];
static char bytes[65536];

static void begin(void)
{
    client_begin(&client);
    for (size_t i = 0; i < sizeof(pattern); i++)
        pattern[i] = (uint8_t)(i % 251);
}

static void end(void)
{
    client_end(&client);
}

TestSuite(socket_end, .init = begin, .fini = end);

/* Reads to the end of the stream; how many bytes of the repeated pattern they were. */
static size_t read_pattern(int fd)
{
    size_t got = 0;
    ssize_t n;

    while ((n = read(fd, bytes, sizeof(bytes))) > 0) {
        for (ssize_t i = 0; i < n; i++)
            MUST((uint8_t)bytes[i] == pattern[(got + (size_t)i) % MIB]);
        got += (size_t)n;
    }
    return n == 0 ? got : 0;
}

/* A process that reads the other end; it says how many good bytes it got by its exit status, in
 * MiB. */
static pid_t reader(int *fd)
{
    pid_t pid = fork();

    MUST(pid >= 0);
    if (pid == 0) {
        (void)close(sp_socket_descriptor(client.socket));
        MUST(shutdown(*fd, SHUT_WR) == 0);
        (void)usleep(20000);
        _exit((int)(read_pattern(*fd) / MIB));
    }
    (void)close(*fd);
    return pid;
}

static int result_of(pid_t pid)
{
    int status;

    MUST(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* ---- what was accepted is delivered ---- */

/* Covers: QT-H1, QT-H8 */
Test(socket_end, a_peer_that_shut_its_sending_side_gets_all)
{
    int peer = client_adopt(&client, SP_READ_WRITE);
    struct told told;
    pid_t pid;

    sp_socket_set_write_limit(client.socket, 0);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(sp_socket_write(client.socket, pattern, MIB), (ptrdiff_t)MIB);
    cr_assert_gt(sp_socket_bytes_to_write(client.socket), 2 * MIB);
    pid = reader(&peer);
    turn_until(client.socket, SP_STATE_UNCONNECTED);
    cr_assert_eq(result_of(pid), 3);
    told = told_by(client.socket);
    cr_assert_eq(told.written, 3 * MIB);
    cr_assert_eq(sp_socket_bytes_lost(client.socket), 0);
    cr_assert_eq(sp_socket_error(client.socket), SP_ERROR_PEER_CLOSED);
}

/* Covers: QT-H8, TIME-11 */
Test(socket_end, disconnect_and_close_deliver_everything_first)
{
    void (*const ways[])(struct sp_socket *) = {sp_socket_disconnect, sp_socket_close};

    for (size_t i = 0; i < 2; i++) {
        int peer = client_adopt(&client, SP_READ_WRITE);
        struct told told;
        pid_t pid;

        cr_assert_eq(sp_socket_write(client.socket, pattern, MIB), (ptrdiff_t)MIB);
        ways[i](client.socket);
        cr_assert_eq(sp_socket_state(client.socket), SP_STATE_CLOSING);
        pid = reader(&peer);
        cr_assert_eq(sp_socket_wait_disconnected(client.socket, -1), SP_OK);
        cr_assert_eq(result_of(pid), 1);
        told = told_by(client.socket);
        cr_assert_eq(told.written, MIB);
        cr_assert_eq(told.count[SP_EVENT_ERROR], 0);
    }
}

/* Covers: QT-H5 */
Test(socket_end, free_and_abort_discard)
{
    int peer = client_adopt(&client, SP_READ_WRITE);

    cr_assert_eq(sp_socket_write(client.socket, "hello", 5), 5);
    sp_socket_abort(client.socket);
    cr_assert_eq(read(peer, bytes, 5), 0);
    cr_assert_eq(sp_socket_bytes_lost(client.socket), 5);
    (void)close(peer);
    client_expect(&client, GOES);
    peer = client_adopt(&client, SP_READ_WRITE);
    cr_assert_eq(sp_socket_write(client.socket, "hello", 5), 5);
    sp_socket_free(client.socket);
    cr_assert_eq(read(peer, bytes, 5), 0);
    (void)close(peer);
    MUST(sp_socket_new(&client.socket, client.context) == SP_OK);
}

/* ---- a peer that does not read ---- */

/* Covers: TIME-05, TIME-11, QT-H2 */
Test(socket_end, a_peer_that_never_reads_stops_nobody)
{
    int peer = client_adopt(&client, SP_READ_WRITE);
    size_t accepted = 0;
    unsigned calls;
    ptrdiff_t n;

    (void)alarm(60);
    while ((n = sp_socket_write(client.socket, pattern, 50000)) > 0)
        accepted += (size_t)n;
    cr_assert_eq(n, SP_ERROR_LIMIT);
    cr_assert_leq(sp_socket_bytes_to_write(client.socket), SP_WRITE_LIMIT_DEFAULT);
    (void)told_by(client.socket);
    calls = client.os.total;
    cr_assert_leq(turn_to_rest(client.socket, 10), 2);
    cr_assert_leq(client.os.total - calls, 10);
    cr_assert_eq(sp_socket_set_close_timeout(client.socket, 100), SP_OK);
    sp_socket_disconnect(client.socket);
    cr_assert_eq(sp_socket_wait_disconnected(client.socket, -1), SP_OK);
    client_expect(&client, "state:closing " LOSES("TIMEOUT"));
    client_expect_cause(&client, SP_ERROR_TIMEOUT, SP_OPERATION_CLOSE, SP_CAUSE_BYTES_LOST, 0);
    /* Every byte is accounted for. */
    n = 0;
    while (accepted > sp_socket_bytes_lost(client.socket) + (size_t)n) {
        ssize_t got = read(peer, bytes, sizeof(bytes));

        MUST(got > 0);
        n += got;
    }
    cr_assert_eq(read(peer, bytes, 1), 0);
    (void)close(peer);
}

/* ---- a peer that goes ---- */

/* Covers: BUFF-10, STAT-12 */
Test(socket_end, its_last_bytes_come_before_its_end)
{
    for (int unread = 0; unread < 2; unread++) {
        int peer = client_adopt(&client, SP_READ_WRITE);

        if (unread != 0) {
            cr_assert_eq(sp_socket_write(client.socket, "never read", 10), 10);
            client_expect(&client, "bytes-written:10");
        }
        MUST(write(peer, pattern, 30000) == 30000 && close(peer) == 0);
        turn_until(client.socket, SP_STATE_UNCONNECTED);
        client_expect(&client, "ready-read state:closing " LOSES("PEER_CLOSED"));
        client_expect_cause(&client, SP_ERROR_PEER_CLOSED, SP_OPERATION_RECEIVE,
                            unread != 0 ? SP_CAUSE_RESET : SP_CAUSE_NONE,
                            unread != 0 ? ECONNRESET : 0);
        cr_assert_eq(sp_socket_read(client.socket, bytes, sizeof(bytes)), 30000);
        cr_assert_eq(memcmp(bytes, pattern, 30000), 0);
        cr_assert_eq(sp_socket_read(client.socket, bytes, 1), SP_ERROR_PEER_CLOSED);
    }
}

/* With the default disposition SIGPIPE would end the process, and nobody may change it. */
/* Covers: SIGN-01, SIGN-02, QT-H7 */
Test(socket_end, writing_to_nobody_raises_no_signal)
{
    static struct sigaction before[NSIG], after[NSIG]; /* of some nothing is told: all zero */
    int peer;

    (void)signal(SIGPIPE, SIG_DFL);
    for (int i = 1; i < NSIG; i++)
        (void)sigaction(i, NULL, &before[i]);
    for (size_t length = 1; length <= 100000; length *= 10) {
        peer = client_adopt(&client, SP_READ_WRITE);
        MUST(close(peer) == 0);
        if (length < SP_DIRECT_WRITE_MIN) {
            cr_assert_eq(sp_socket_write(client.socket, pattern, length), (ptrdiff_t)length);
            cr_assert_eq(sp_socket_flush(client.socket), SP_ERROR_PEER_CLOSED);
            cr_assert_eq(sp_socket_bytes_lost(client.socket), length);
        } else {
            cr_assert_eq(sp_socket_write(client.socket, pattern, length), SP_ERROR_PEER_CLOSED);
        }
        turn_until(client.socket, SP_STATE_UNCONNECTED);
        client_expect(&client, "state:closing " LOSES("PEER_CLOSED"));
    }
    for (int i = 1; i < NSIG; i++) {
        (void)sigaction(i, NULL, &after[i]);
        if (i != SIGKILL && i != SIGSTOP)
            cr_assert_eq(before[i].sa_handler, after[i].sa_handler, "signal %d", i);
    }
}

/* shutdown(SHUT_RD): it takes nothing more, and never hangs up. */
Test(socket_end, a_peer_that_only_stops_reading)
{
    int peer = client_adopt(&client, SP_READ_WRITE);

    MUST(shutdown(peer, SHUT_RD) == 0);
    cr_assert_eq(sp_socket_write(client.socket, "hello", 5), 5);
    client_expect(&client, "error:PEER_CLOSED");
    client_expect_cause(&client, SP_ERROR_PEER_CLOSED, SP_OPERATION_SEND, SP_CAUSE_BYTES_LOST,
                        EPIPE);
    /* What it says is heard all the same, until it goes. */
    MUST(write(peer, "still here", 10) == 10);
    cr_assert_eq(sp_socket_wait_ready_read(client.socket, -1), SP_OK);
    cr_assert_eq(sp_socket_read(client.socket, bytes, sizeof(bytes)), 10);
    cr_assert_eq(turn_to_rest(client.socket, 5), 0);
    MUST(close(peer) == 0);
    turn_until(client.socket, SP_STATE_UNCONNECTED);
    client_expect(&client, "state:closing " LOSES("PEER_CLOSED"));
}

Test(socket_end, half_open_goes_on_until_the_peer_goes_altogether)
{
    int peer = client_adopt(&client, SP_READ_WRITE);

    sp_socket_set_half_open(client.socket, true);
    MUST(shutdown(peer, SHUT_WR) == 0);
    cr_assert_leq(turn_to_rest(client.socket, 5), 2);
    client_expect(&client, "read-finished");
    cr_assert_eq(sp_socket_write(client.socket, "hello", 5), 5);
    client_expect(&client, "bytes-written:5");
    MUST(read(peer, bytes, 5) == 5 && close(peer) == 0);
    turn_until(client.socket, SP_STATE_UNCONNECTED);
    client_expect(&client, "state:closing state:unconnected error:PEER_CLOSED disconnected");
}

/* Closed behind our back by some other part of the process: the connection ends, nothing spins. */
/* Covers: FDLT-05 */
Test(socket_end, a_descriptor_closed_by_somebody_else)
{
    static const enum sp_mode modes[] = {SP_READ_WRITE, SP_WRITE_ONLY};

    for (size_t i = 0; i < 2; i++) {
        int peer = client_adopt(&client, modes[i]);

        MUST(close(sp_socket_descriptor(client.socket)) == 0);
        turn_until(client.socket, SP_STATE_UNCONNECTED);
        cr_assert_eq(told_by(client.socket).count[SP_EVENT_ERROR], 1);
        (void)close(peer);
    }
}
