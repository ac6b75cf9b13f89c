/* SPDX-License-Identifier: MIT */
/* How many, how fast, how fair: a server among many clients, dead clients and short limits. */
#include "tests/integration/served.h"

#include "tests/support/must.h"
#include "tests/support/raw.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct served served;

static void begin(void)
{
    served_begin(&served);
}

static void end(void)
{
    served_end(&served);
}

TestSuite(server_limits, .init = begin, .fini = end, .timeout = 60);

static unsigned open_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned count = 0;

    MUST(dir != NULL);
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

/* The backlog is what was asked for, and one more. */
/* Covers: EXHA-08 */
Test(server_limits, the_backlog_admits_one_more_than_its_number)
{
    static const int backlogs[] = {0, 1, 7, SP_BACKLOG_DEFAULT};

    for (size_t i = 0; i < sizeof(backlogs) / sizeof(backlogs[0]); i++) {
        int clients[SP_BACKLOG_DEFAULT + 2];
        int count = 0;

        cr_assert_eq(sp_server_set_backlog(served.server, backlogs[i]), SP_OK);
        served_listen(&served);
        while ((clients[count] = raw_connect(served.path)) >= 0)
            cr_assert_leq(++count, backlogs[i] + 1);
        cr_assert_eq(clients[count], -EAGAIN);
        cr_assert_eq(count, backlogs[i] + 1);
        while (count > 0)
            close(clients[--count]);
        sp_server_close(served.server);
    }
}

/* As many as allowed are accepted, not one more; the rest waits in the kernel and loses nothing. */
/* Covers: EXHA-10, QT-D5 */
Test(server_limits, pending_connections_stop_at_the_limit)
{
    static const int limits[] = {1, 3, 30};

    served_listen(&served);
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        unsigned before = open_descriptors();
        int clients[60];
        char byte;

        cr_assert_eq(sp_server_set_max_pending(served.server, limits[i]), SP_OK);
        for (int k = 0; k < 60; k++) {
            clients[k] = raw_connect(served.path);
            cr_assert_geq(clients[k], 0);
            cr_assert_eq(write(clients[k], &(char){(char)k}, 1), 1);
        }
        while (sp_server_interest(served.server) != 0)
            served_turn(&served, 0);
        cr_assert_eq(open_descriptors(), before + 60 + (unsigned)limits[i]);
        for (int k = 0; k < 60; k++) {
            int fd;

            served_until_pending(&served);
            fd = sp_server_take_descriptor(served.server);
            cr_assert_eq(read(fd, &byte, 1), 1);
            cr_assert_eq(byte, (char)k, "not in the order of their coming");
            close(fd);
            close(clients[k]);
        }
    }
}

/* A full queue is no reason to be awake. */
/* Covers: TIME-09 */
Test(server_limits, a_full_queue_sleeps)
{
    long start = cpu_ms();
    unsigned turns = 0;
    int clients[10];

    cr_assert_eq(sp_server_set_max_pending(served.server, 3), SP_OK);
    served_listen(&served);
    for (int k = 0; k < 10; k++)
        clients[k] = raw_connect(served.path);
    while (served_turn(&served, 500))
        turns++;
    cr_assert_leq(turns, 10);
    cr_assert_lt(cpu_ms() - start, 200, "busy");
    for (int k = 0; k < 10; k++)
        close(clients[k]);
}

/* Clients that connected and left without a word, while nobody looked: Qt's list is full of them.
 */
/* Covers: QT-D6 */
Test(server_limits, the_dead_do_not_keep_out_the_living)
{
    char bytes[8];

    served_listen(&served);
    for (int k = 0; k < 40; k++)
        close(raw_connect(served.path));
    for (int k = 0; k < 2; k++) { /* these two left a message */
        int fd = raw_connect(served.path);

        cr_assert_eq(write(fd, "last", 4), 4);
        close(fd);
    }
    int living = raw_connect(served.path);

    cr_assert_eq(write(living, "hello", 5), 5);
    while (served_turn(&served, 0))
        ;
    for (int messages = 0; messages < 3;) {
        struct sp_socket *socket = served_take(&served);

        if (sp_socket_wait_ready_read(socket, 1000) == SP_OK) {
            ptrdiff_t n = sp_socket_read(socket, bytes, sizeof(bytes));

            cr_assert_eq(n, messages < 2 ? 4 : 5);
            cr_assert_arr_eq(bytes, messages < 2 ? "last" : "hello", (size_t)n);
            messages++;
        }
        sp_socket_free(socket);
    }
    close(living);
}

/* ---- five thousand clients ---- */

#define CLIENTS 5000
#define PROCESSES 5
#define AT_ONCE 50

/* One client after the other: says its number, hears it again. */
static int many_clients(const char *path, int first, int count)
{
    for (int i = first; i < first + count; i++) {
        int number = 0, fd;

        while ((fd = raw_connect(path)) == -EAGAIN)
            (void)poll(NULL, 0, 1);
        if (fd < 0 || write(fd, &i, sizeof(i)) != sizeof(i) ||
            read(fd, &number, sizeof(number)) != sizeof(number) || number != i)
            return 1;
        close(fd);
    }
    return 0;
}

/* Echoes and forgets; returns whether it is over. */
static bool answer(struct sp_socket *socket, unsigned ready)
{
    char bytes[64];
    ptrdiff_t n;
    struct sp_event event;

    sp_socket_process(socket, ready);
    n = sp_socket_read(socket, bytes, sizeof(bytes));
    if (n > 0)
        cr_assert_eq(sp_socket_write(socket, bytes, (size_t)n), n);
    while (sp_socket_next_event(socket, &event))
        ;
    return sp_socket_state(socket) == SP_STATE_UNCONNECTED;
}

/* Takes no more than AT_ONCE connections at a time, from processes that make 5000. The limits hold
 * at every moment, everybody is served, and the one who came first is served all the time. */
/* Covers: EXHA-01, EXHA-11 */
Test(server_limits, five_thousand_clients_meet_the_limits)
{
    struct sp_socket *at_work[AT_ONCE + 1] = {NULL};
    pid_t children[PROCESSES];
    unsigned base, served_count = 0;
    int first, number = -1, running = PROCESSES;

    served_listen(&served);
    base = open_descriptors();
    first = raw_connect(served.path);
    cr_assert_geq(first, 0);
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        cr_assert_geq(children[i], 0);
        if (children[i] == 0)
            _exit(many_clients(served.path, i * (CLIENTS / PROCESSES), CLIENTS / PROCESSES));
    }
    for (unsigned turn = 0; running > 0; turn++) {
        struct pollfd fds[AT_ONCE + 2] = {{.fd = -1}};
        unsigned busy = 0;

        if (sp_server_interest(served.server) != 0)
            fds[0] = (struct pollfd){.fd = sp_server_fd(served.server), .events = POLLIN};
        for (int i = 0; i <= AT_ONCE; i++) {
            struct sp_socket *socket = at_work[i];

            fds[i + 1] = (struct pollfd){.fd = -1};
            if (socket != NULL && sp_socket_interest(socket) != 0)
                fds[i + 1] = (struct pollfd){
                    .fd = sp_socket_fd(socket),
                    .events = (short)sp_io_to_poll(sp_socket_interest(socket)),
                };
        }
        MUST(poll(fds, AT_ONCE + 2, 20) >= 0);
        sp_server_process(served.server, sp_io_from_poll((unsigned)fds[0].revents));
        for (int i = 0; i <= AT_ONCE; i++) {
            struct sp_socket **socket = &at_work[i];

            if (*socket == NULL && sp_server_has_pending(served.server)) {
                cr_assert_eq(sp_server_take(served.server, socket), SP_OK);
                served_count++;
            } else if (*socket != NULL &&
                       answer(*socket, sp_io_from_poll((unsigned)fds[i + 1].revents))) {
                sp_socket_free(*socket);
                *socket = NULL;
            }
            busy += *socket != NULL;
        }
        if (turn % 64 == 0) {
            cr_assert_leq(open_descriptors(), base + 2 + busy + SP_MAX_PENDING_DEFAULT);
            cr_assert_eq(write(first, &turn, sizeof(turn)), sizeof(turn));
        } else if (turn % 64 == 63 && turn > 64) {
            cr_assert_eq(recv(first, &number, sizeof(number), MSG_DONTWAIT), sizeof(number),
                         "the first client was forgotten");
        }
        for (int i = 0; i < PROCESSES && turn % 16 == 0; i++) {
            int status;

            if (children[i] > 0 && waitpid(children[i], &status, WNOHANG) == children[i]) {
                cr_assert_eq(status, 0, "a client was not served");
                children[i] = 0;
                running--;
            }
        }
    }
    cr_assert_eq(served_count, CLIENTS + 1);
    cr_assert_eq(sp_server_error(served.server), SP_OK);
    for (int i = 0; i <= AT_ONCE; i++)
        sp_socket_free(at_work[i]);
    close(first);
}
