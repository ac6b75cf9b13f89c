/* SPDX-License-Identifier: MIT */
/*
 * A signal every millisecond, without SA_RESTART: nothing fails, nothing is lost, no wait becomes
 * longer.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "tests/integration/client.h"

#include "tests/support/must.h"
#include "tests/support/raw.h"
#include "tests/support/told.h"
#include "tests/support/turn.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct client client;
static volatile sig_atomic_t signals;

static void count(int number)
{
    (void)number;
    signals++;
}

static void set_storm(long period_us)
{
    const struct itimerval timer = {{0, period_us}, {0, period_us}};
    struct sigaction action = {.sa_handler = count};

    MUST(sigaction(SIGALRM, &action, NULL) == 0);
    MUST(setitimer(ITIMER_REAL, &timer, NULL) == 0);
}

static void begin(void)
{
    client_begin(&client);
    set_storm(1000);
}

static void end(void)
{
    set_storm(0);
    client_end(&client);
    /* How many come through depends on how much of the processor we get. */
    cr_assert_gt(signals, 0, "there was no storm");
}

TestSuite(socket_signals, .init = begin, .fini = end);

static int64_t now_ms(void)
{
    struct timespec now;

    MUST(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits that nothing ends: @ms, not less; and if a signal began them anew, they would never end. */
static void expect_timeout(int (*wait)(struct sp_socket *socket, int ms), int ms)
{
    int64_t begun = now_ms(), took;

    cr_assert_eq(wait(client.socket, ms), SP_ERROR_TIMEOUT);
    took = now_ms() - begun;
    cr_assert_geq(took, ms - 1);
    cr_assert_leq(took, ms + 5000);
}

/* Covers: SIGN-04, TIME-03 */
Test(socket_signals, waits_end_when_they_should)
{
    int peer = client_adopt(&client, SP_READ_WRITE);
    char bytes[100000] = {0};

    expect_timeout(sp_socket_wait_ready_read, 150);
    expect_timeout(sp_socket_wait_disconnected, 150);
    while (sp_socket_write(client.socket, bytes, sizeof(bytes)) > 0)
        ;
    (void)told_by(client.socket);
    expect_timeout(sp_socket_wait_bytes_written, 150);
    cr_assert_eq(sp_socket_state(client.socket), SP_STATE_CONNECTED);
    client_expect(&client, "");
    sp_socket_abort(client.socket);
    (void)close(peer);
}

/* Covers: SIGN-04, TIME-01, TIME-03 */
Test(socket_signals, a_full_backlog_is_waited_for_as_long_as_was_said)
{
    int server = raw_listen(client_path(&client, "svc"), 0);
    int filler = raw_connect(client_path(&client, "svc"));
    int64_t begun;

    MUST(server >= 0 && filler >= 0);
    cr_assert_eq(sp_socket_set_connect_timeout(client.socket, 200), SP_OK);
    cr_assert_eq(sp_socket_connect(client.socket, "svc", SP_STRLEN, SP_READ_WRITE), SP_OK);
    expect_timeout(sp_socket_wait_connected, 100);
    begun = now_ms();
    cr_assert_eq(sp_socket_wait_connected(client.socket, -1), SP_ERROR_TIMEOUT);
    cr_assert_leq(now_ms() - begun, 5000);
    client_expect(&client, "state:connecting state:unconnected error:TIMEOUT");
    client_expect_cause(&client, SP_ERROR_TIMEOUT, SP_OPERATION_CONNECT, SP_CAUSE_BACKLOG_FULL, 0);
    (void)close(filler);
    (void)close(server);
}

/* Covers: SIGN-04, SIGN-05 */
Test(socket_signals, connecting_succeeds)
{
    int server = raw_listen(client_path(&client, "svc"), 1000);

    MUST(server >= 0);
    while (signals < 100) {
        int accepted;

        cr_assert_eq(sp_socket_connect(client.socket, "svc", SP_STRLEN, SP_READ_WRITE), SP_OK);
        cr_assert_eq(sp_socket_state(client.socket), SP_STATE_CONNECTED);
        sp_socket_abort(client.socket);
        (void)told_by(client.socket);
        while ((accepted = accept(server, NULL, NULL)) < 0)
            MUST(errno == EINTR);
        (void)close(accepted);
    }
    (void)close(server);
}

/* The other end in a process of its own: it sends back what it gets. */
static void echo(int fd)
{
    char bytes[3000];
    ssize_t n;

    while ((n = read(fd, bytes, sizeof(bytes))) > 0) {
        for (ssize_t at = 0, part; at < n; at += part)
            MUST((part = write(fd, bytes + at, (size_t)(n - at))) > 0);
    }
    _exit(n == 0 ? 0 : 1);
}

/* Covers: SIGN-04, SIGN-05, BUFF-02 */
Test(socket_signals, a_stream_arrives_whole, .timeout = 120)
{
    int peer = client_adopt(&client, SP_READ_WRITE);
    uint8_t bytes[5000];
    uint64_t sent = 0, got = 0;
    int status;
    pid_t pid;

    MUST((pid = fork()) >= 0);
    if (pid == 0) {
        (void)close(sp_socket_descriptor(client.socket));
        echo(peer);
    }
    (void)close(peer);
    while (signals < 300 || got < sent) {
        ptrdiff_t n;

        if (signals < 300) {
            for (size_t i = 0; i < sizeof(bytes); i++)
                bytes[i] = (uint8_t)((sent + i) % 251);
            n = sp_socket_write(client.socket, bytes, sizeof(bytes));
            MUST(n > 0 || n == SP_ERROR_LIMIT);
            sent += n > 0 ? (uint64_t)n : 0;
        }
        cr_assert_eq(sp_socket_wait_ready_read(client.socket, -1), SP_OK);
        while ((n = sp_socket_read(client.socket, bytes, sizeof(bytes))) > 0) {
            for (ptrdiff_t i = 0; i < n; i++)
                MUST(bytes[i] == (got + (uint64_t)i) % 251);
            got += (uint64_t)n;
        }
        MUST(n == 0);
    }
    cr_assert_gt(sent, 0);
    sp_socket_disconnect(client.socket);
    while (waitpid(pid, &status, 0) < 0)
        MUST(errno == EINTR);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
