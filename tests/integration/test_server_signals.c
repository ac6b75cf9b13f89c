/* SPDX-License-Identifier: MIT */
/* A thousand signals a second, whose handler does not restart system calls. */
#include "tests/integration/served.h"

#include "tests/support/must.h"
#include "tests/support/raw.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static struct served served;
static volatile sig_atomic_t signals;

static void count_signal(int number)
{
    (void)number;
    signals++;
}

static void storm(long us)
{
    struct sigaction action = {.sa_handler = count_signal};
    const struct itimerval timer = {{0, us}, {0, us}};

    MUST(sigaction(SIGALRM, &action, NULL) == 0 && setitimer(ITIMER_REAL, &timer, NULL) == 0);
}

static void begin(void)
{
    served_begin(&served);
    storm(1000);
    served_listen(&served);
}

static void end(void)
{
    served_end(&served);
    storm(0);
}

TestSuite(server_signals, .init = begin, .fini = end, .timeout = 60);

/* If an interruption began the wait anew it would never end. */
/* Covers: SIGN-04, TIME-03 */
Test(server_signals, a_wait_keeps_its_deadline)
{
    const struct sp_os *os = sp_os_linux();
    uint64_t start = os->now_ns(os->ctx);
    bool timed_out = false;

    cr_assert_eq(sp_server_wait_new_connection(served.server, 300, &timed_out), SP_ERROR_TIMEOUT);
    cr_assert(timed_out);
    cr_assert_geq(os->now_ns(os->ctx) - start, UINT64_C(300000000));
    cr_assert_gt(served.os.calls[FAULTY_POLL], 10, "no signal interrupted it");
}

/* Every call of a server's life is hit sooner or later; none of them fails. */
/* Covers: SIGN-04, SIGN-05 */
Test(server_signals, no_call_fails)
{
    storm(200);
    for (int round = 0; round < 300; round++) {
        struct sp_socket *socket;
        int client;

        sp_server_close(served.server);
        served_listen(&served);
        client = raw_connect(served.path);
        cr_assert_geq(client, 0);
        cr_assert_eq(sp_server_wait_new_connection(served.server, -1, NULL), SP_OK);
        cr_assert_eq(sp_server_take(served.server, &socket), SP_OK);
        close(client);
        cr_assert_eq(sp_socket_wait_disconnected(socket, -1), SP_OK);
        sp_socket_free(socket);
    }
    cr_assert_gt(signals, 10);
}

/* What the process does on a signal is none of a library's business. */
/* Covers: SIGN-02 */
Test(server_signals, dispositions_stay)
{
    struct sigaction before[NSIG], after;
    struct sp_socket *socket;
    int client;

    for (int number = 1; number < NSIG; number++)
        if (sigaction(number, NULL, &before[number]) < 0)
            before[number].sa_handler = SIG_ERR;
    sp_server_close(served.server);
    served_listen(&served);
    client = raw_connect(served.path);
    socket = served_take(&served);
    close(client);
    if (sp_socket_write(socket, "x", 1) > 0)
        sp_socket_flush(socket);
    sp_socket_free(socket);
    sp_server_close(served.server);
    for (int number = 1; number < NSIG; number++) {
        if (sigaction(number, NULL, &after) < 0)
            after.sa_handler = SIG_ERR;
        cr_assert(after.sa_handler == before[number].sa_handler, "signal %d", number);
    }
}
