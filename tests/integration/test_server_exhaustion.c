/* SPDX-License-Identifier: MIT */
/* The table of descriptors is really full: RLIMIT_NOFILE, and clients in another process. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "tests/integration/served.h"

#include "tests/support/must.h"
#include "tests/support/raw.h"
#include "tests/support/valgrind.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLIENTS 20

static struct served served;
static pid_t clients;

/* Holds CLIENTS connections until it is killed; each says its number. */
static pid_t hold_connections(const char *path)
{
    int ready[2];
    char byte;
    pid_t child;

    MUST(pipe2(ready, O_CLOEXEC) == 0);
    child = fork();
    MUST(child >= 0);
    if (child == 0) {
        for (int i = 0; i < CLIENTS; i++) {
            int fd = raw_connect(path);

            MUST(fd >= 0 && write(fd, &(char){(char)i}, 1) == 1);
        }
        MUST(write(ready[1], "", 1) == 1);
        for (;;)
            pause();
    }
    close(ready[1]);
    MUST(read(ready[0], &byte, 1) == 1);
    close(ready[0]);
    return child;
}

/* From now on @count more descriptors can be opened. */
static void leave_room_for(int count)
{
    int lowest = dup(0);
    struct rlimit limit;

    MUST(lowest >= 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = (rlim_t)(lowest + count);
    MUST(close(lowest) == 0 && setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static void room_again(void)
{
    struct rlimit limit;

    MUST(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max;
    MUST(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static void begin(void)
{
    served_begin(&served);
    served_listen(&served);
    clients = hold_connections(served.path);
}

static void end(void)
{
    room_again();
    served_end(&served);
    kill(clients, SIGKILL);
    waitpid(clients, NULL, 0);
}

TestSuite(server_exhaustion, .init = begin, .fini = end, .timeout = 60);

/* In Qt: the server closes itself and removes its file, without a signal; the next client is told
 * that there is no such file. */
/* Covers: EXHA-02, STAT-09, QT-D1 */
Test(server_exhaustion, a_full_table_is_slept_through)
{
    long cpu = cpu_ms();
    struct stat node;
    char byte;

    NOT_UNDER_VALGRIND(VALGRIND_LIMIT);
    leave_room_for(5);
    for (int i = 0; i < 40; i++)
        served_turn(&served, 50);
    cr_assert_lt(cpu_ms() - cpu, 300, "busy");
    cr_assert_lt(served.os.calls[FAULTY_ACCEPT], 40, "%u calls of accept",
                 served.os.calls[FAULTY_ACCEPT]);
    cr_assert(sp_server_is_listening(served.server));
    cr_assert_eq(sp_server_interest(served.server), 0);
    cr_assert_eq(stat(served.path, &node), 0);
    served_expect(&served, "new-connection error:-5");

    /* There is room: it recovers by itself, and nobody was forgotten. */
    room_again();
    for (int i = 0; i < CLIENTS; i++) {
        int fd;

        served_until_pending(&served);
        fd = sp_server_take_descriptor(served.server);
        cr_assert_geq(fd, 0);
        cr_assert_eq(read(fd, &byte, 1), 1);
        cr_assert_eq(byte, i);
        close(fd);
    }
    served_expect(&served, "");
}

/* Qt crashes: nextPendingConnection() after the server has closed itself. */
/* Covers: QT-D2 */
Test(server_exhaustion, taking_needs_no_descriptor)
{
    int served_clients = 0;

    NOT_UNDER_VALGRIND(VALGRIND_LIMIT);
    leave_room_for(3);
    while (served_clients < CLIENTS) {
        struct sp_socket *socket = served_take(&served);

        cr_assert_eq(sp_socket_state(socket), SP_STATE_CONNECTED);
        sp_socket_free(socket);
        served_clients++;
    }
    cr_assert(sp_server_is_listening(served.server));
}

/* Covers: EXHA-02 */
Test(server_exhaustion, a_wait_sleeps_until_its_end)
{
    bool timed_out = false;
    long cpu = cpu_ms();

    leave_room_for(0);
    cr_assert_eq(sp_server_wait_new_connection(served.server, 1500, &timed_out), SP_ERROR_TIMEOUT);
    cr_assert(timed_out);
    cr_assert_lt(cpu_ms() - cpu, 300, "busy");
    cr_assert_lt(served.os.calls[FAULTY_ACCEPT], 40);
    served_expect(&served, "error:-5");
    room_again();
    cr_assert_eq(sp_server_wait_new_connection(served.server, -1, &timed_out), SP_OK);
}

/* Out of descriptors, somebody calls listen with the name of a live server, or of a file. In Qt the
 * call fails, and what is there is removed. */
/* Covers: FDLT-14, QT-B2 */
Test(server_exhaustion, a_listen_that_fails_touches_nothing)
{
    struct sp_server *second;
    struct stat before, after;
    const int rooms[] = {0, 1, 2, 3};

    cr_assert_eq(sp_server_new(&second, served.context), SP_OK);
    cr_assert_eq(sp_server_set_take_over(second, true), SP_OK);
    MUST(stat(served.path, &before) == 0);
    for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
        leave_room_for(rooms[i]);
        cr_assert_lt(sp_server_listen(second, "svc", SP_STRLEN), 0);
        room_again();
        cr_assert_eq(stat(served.path, &after), 0);
        cr_assert(after.st_ino == before.st_ino && after.st_dev == before.st_dev);
    }
    sp_server_free(second);
    cr_assert_eq(stat(served.path, &after), 0);
}
