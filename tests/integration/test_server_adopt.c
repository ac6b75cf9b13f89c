/* SPDX-License-Identifier: MIT */
/* Descriptors from elsewhere: taken over, shared with other processes, inherited by children. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "tests/integration/served.h"

#include "tests/support/as_uid.h"
#include "tests/support/must.h"
#include "tests/support/raw.h"
#include "tests/support/snapshot.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
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

TestSuite(server_adopt, .init = begin, .fini = end, .timeout = 60);

static bool exists(const char *path)
{
    struct stat node;

    return lstat(path, &node) == 0;
}

/* ---- what is not adopted ---- */

static int make_closed(void)
{
    int fd = dup(0);

    MUST(fd >= 0 && close(fd) == 0);
    return fd;
}

static int make_minus_one(void)
{
    return -1;
}

static int make_file(void)
{
    return open("/proc/self/status", O_RDONLY | O_CLOEXEC);
}

static int make_directory(void)
{
    return open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int make_pipe(void)
{
    int ends[2];

    MUST(pipe2(ends, O_CLOEXEC) == 0 && close(ends[1]) == 0);
    return ends[0];
}

static int make_tcp(void)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    MUST(fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0);
    MUST(listen(fd, 1) == 0);
    return fd;
}

static int make_datagram(void)
{
    return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

/* Autobound: address length 2. */
static int make_seqpacket(void)
{
    const struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    MUST(fd >= 0 && bind(fd, (const struct sockaddr *)&address, 2) == 0 && listen(fd, 1) == 0);
    return fd;
}

static int make_unbound(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int make_bound(void)
{
    return raw_bind(served.path);
}

static int make_connected(void)
{
    int ends[2];

    MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0 && close(ends[1]) == 0);
    return ends[0];
}

/* Qt takes each of them, returns true, accepts nothing, and loses the descriptor. */
/* Covers: QT-I3, QT-I11 */
Test(server_adopt, refuses_what_does_not_listen)
{
    static const struct {
        const char *what;
        int (*make)(void);
        enum sp_cause cause;
    } rows[] = {
        {"closed", make_closed, SP_CAUSE_BAD_DESCRIPTOR},
        {"-1", make_minus_one, SP_CAUSE_BAD_DESCRIPTOR},
        {"file", make_file, SP_CAUSE_WRONG_FAMILY},
        {"directory", make_directory, SP_CAUSE_WRONG_FAMILY},
        {"pipe", make_pipe, SP_CAUSE_WRONG_FAMILY},
        {"tcp", make_tcp, SP_CAUSE_WRONG_FAMILY},
        {"datagram", make_datagram, SP_CAUSE_WRONG_TYPE},
        {"seqpacket", make_seqpacket, SP_CAUSE_WRONG_TYPE},
        {"unbound", make_unbound, SP_CAUSE_NOT_LISTENING},
        {"bound", make_bound, SP_CAUSE_NOT_LISTENING},
        {"connected", make_connected, SP_CAUSE_NOT_LISTENING},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int fd = rows[i].make();
        int flags = fcntl(fd, F_GETFL);
        struct snapshot before = snapshot_descriptors(), after;
        struct sp_error_detail detail;

        for (int round = 0; round < 20; round++) {
            cr_assert_eq(sp_server_adopt(served.server, fd), SP_ERROR_UNSUPPORTED, "%s",
                         rows[i].what);
            sp_server_error_detail(served.server, &detail);
            cr_assert_eq(detail.cause, rows[i].cause, "%s", rows[i].what);
            cr_assert_not(sp_server_is_listening(served.server));
        }
        after = snapshot_descriptors();
        cr_assert_str_eq(after.text, before.text, "%s", rows[i].what);
        cr_assert_eq(fcntl(fd, F_GETFL), flags, "%s", rows[i].what);
        if (fd >= 0)
            close(fd);
    }
}

/* ---- what is adopted ---- */

/* Qt leaves it blocking; and removes the path of whoever made it. */
/* Covers: FDLT-11, FDLT-17, QT-B8, QT-I7 */
Test(server_adopt, serves_and_leaves_the_path)
{
    int fd = raw_listen(served.path, 10);
    int client;
    struct sp_socket *socket;

    cr_assert_eq(sp_server_adopt(served.server, fd), SP_OK);
    cr_assert_eq(sp_server_descriptor(served.server), fd);
    cr_assert_str_eq(sp_server_name(served.server, NULL), served.path);
    cr_assert(fcntl(fd, F_GETFL) & O_NONBLOCK);
    cr_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    client = raw_connect(served.path);
    socket = served_take(&served);
    cr_assert_str_eq(sp_socket_name(socket, NULL), served.path);
    sp_socket_free(socket);
    close(client);
    sp_server_close(served.server);
    cr_assert(exists(served.path));
    cr_assert_eq(fcntl(fd, F_GETFD), -1, "not closed");
}

/* Handed to another process, which serves and closes: the path stays, and the one who made it goes
 * on serving. */
static int adopt_and_serve_one(void *arg)
{
    const int *fd = arg;
    struct sp_context *context;
    struct sp_server *server;
    struct sp_socket *socket;

    if (sp_context_new(&context, NULL, "/tmp") != SP_OK ||
        sp_server_new(&server, context) != SP_OK || sp_server_adopt(server, *fd) != SP_OK ||
        sp_server_wait_new_connection(server, 10000, NULL) != SP_OK ||
        sp_server_take(server, &socket) != SP_OK)
        return 1;
    sp_socket_free(socket);
    sp_server_free(server);
    sp_context_free(context);
    return 0;
}

/* Covers: FDLT-11 */
Test(server_adopt, the_path_of_an_inherited_listener_stays)
{
    int fd, client;

    served_listen(&served);
    fd = sp_server_descriptor(served.server);
    client = raw_connect(served.path);
    cr_assert_eq(as_child(adopt_and_serve_one, &fd), 0);
    close(client);
    cr_assert(exists(served.path));
    client = raw_connect(served.path);
    cr_assert_geq(client, 0);
    sp_socket_free(served_take(&served));
    close(client);
    sp_server_close(served.server);
    cr_assert_not(exists(served.path));
}

/* A path that fills the address has no terminator, and the kernel calls it 111 bytes long, one more
 * than there is room for. Qt reads the byte behind; the name is here exactly what it is. */
/* Covers: ALEN-04, ALEN-05, QT-I1 */
Test(server_adopt, a_name_of_108_bytes)
{
    /* static: valgrind takes the path for a string, and looks at the byte behind it. */
    static struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t used = strlen(served.dir.path), length;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const char *name;

    memset(address.sun_path, 'n', sizeof(address.sun_path));
    memcpy(address.sun_path, served.dir.path, used);
    address.sun_path[used] = '/';
    MUST(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 1) == 0);
    cr_assert_eq(sp_server_adopt(served.server, fd), SP_OK);
    name = sp_server_name(served.server, &length);
    cr_assert_eq(length, sizeof(address.sun_path));
    cr_assert_arr_eq(name, address.sun_path, length);
}

/* Covers: ALEN-06 */
Test(server_adopt, a_name_that_is_not_utf8_or_not_given)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "\0\xff\xfe\0z"};
    const socklen_t lengths[] = {2, offsetof(struct sockaddr_un, sun_path) + 5};
    size_t length;

    for (size_t i = 0; i < 2; i++) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const char *name;

        MUST(bind(fd, (struct sockaddr *)&address, lengths[i]) == 0 && listen(fd, 1) == 0);
        cr_assert_eq(sp_server_adopt(served.server, fd), SP_OK);
        name = sp_server_name(served.server, &length);
        if (i == 0) /* the kernel chose five hexadecimal digits */
            cr_assert(length == 5 && strspn(name, "0123456789abcdef") == 5);
        else
            cr_assert(length == 4 && memcmp(name, "\xff\xfe\0z", 4) == 0);
        sp_server_close(served.server);
    }
}

/* ---- one listening socket, several servers ---- */

/* Both are told of the connection, one gets it. In Qt the other one closes itself and removes the
 * path. */
/* Covers: STAT-09, FDLT-17, QT-D3 */
Test(server_adopt, a_connection_taken_by_another_is_no_error)
{
    struct sp_server *second;
    int client;

    served_listen(&served);
    cr_assert_eq(sp_server_new(&second, served.context), SP_OK);
    cr_assert_eq(sp_server_adopt(second, dup(sp_server_descriptor(served.server))), SP_OK);
    for (int round = 0; round < 20; round++) {
        client = raw_connect(served.path);
        cr_assert_geq(client, 0);
        sp_server_process(round % 2 == 0 ? served.server : second, SP_IO_READ);
        sp_server_process(round % 2 == 0 ? second : served.server, SP_IO_READ);
        cr_assert_neq(sp_server_has_pending(served.server), sp_server_has_pending(second));
        close(sp_server_take_descriptor(round % 2 == 0 ? served.server : second));
        cr_assert_eq(sp_server_interest(served.server), SP_IO_READ);
        cr_assert_eq(sp_server_interest(second), SP_IO_READ);
        close(client);
    }
    sp_server_free(second);
    cr_assert(exists(served.path));
}

#define WORKERS 4
#define PER_ROUND 200

/* Serves until it hears "q"; returns how many it has served, or 255 when something was wrong. */
static int worker(int fd)
{
    struct sp_context *context;
    struct sp_server *server;
    int count = 0;

    MUST(sp_context_new(&context, NULL, "/tmp") == SP_OK);
    MUST(sp_server_new(&server, context) == SP_OK && sp_server_adopt(server, fd) == SP_OK);
    for (;;) {
        struct sp_socket *socket;
        char byte;

        if (sp_server_wait_new_connection(server, 10000, NULL) != SP_OK)
            return 255;
        if (sp_server_take(server, &socket) != SP_OK ||
            sp_socket_wait_ready_read(socket, 10000) != SP_OK ||
            sp_socket_read(socket, &byte, 1) != 1 || sp_socket_write(socket, &byte, 1) != 1 ||
            sp_socket_wait_bytes_written(socket, 10000) != SP_OK)
            return 255;
        sp_socket_free(socket);
        if (byte == 'q')
            break;
        count++;
    }
    sp_server_free(server);
    sp_context_free(context);
    return count;
}

/* Worker processes on one socket: none of them dies of a connection that another one took. */
/* Covers: STAT-09, QT-D4 */
Test(server_adopt, workers_share_a_socket)
{
    int fd = raw_listen(served.path, 50), status, total = 0;
    pid_t workers[WORKERS];

    for (int i = 0; i < WORKERS; i++) {
        workers[i] = fork();
        MUST(workers[i] >= 0);
        if (workers[i] == 0)
            _exit(worker(fd));
    }
    for (int i = 0; i < PER_ROUND + WORKERS; i++) {
        char byte = i < PER_ROUND ? 'x' : 'q', echo = 0;
        int client = raw_connect(served.path);

        cr_assert_geq(client, 0);
        cr_assert_eq(write(client, &byte, 1), 1);
        cr_assert_eq(read(client, &echo, 1), 1);
        cr_assert_eq(echo, byte);
        close(client);
    }
    for (int i = 0; i < WORKERS; i++) {
        cr_assert_eq(waitpid(workers[i], &status, 0), workers[i]);
        cr_assert(WIFEXITED(status) && WEXITSTATUS(status) != 255, "worker %d", i);
        total += WEXITSTATUS(status);
    }
    cr_assert_eq(total, PER_ROUND);
    cr_assert(exists(served.path));
    close(fd);
}

/* A process that shares the socket has shut it down. poll() reports that for ever, and accept(),
 * which does not block, says only that nobody is there. */
/* Covers: TIME-09 */
Test(server_adopt, a_socket_that_was_shut_down_is_not_polled_in_a_loop)
{
    int fd = raw_listen(served.path, 5);
    int shared = dup(fd);
    int client;
    unsigned turns = 0;

    MUST(fd >= 0 && shared >= 0);
    cr_assert_eq(sp_server_adopt(served.server, fd), SP_OK);
    client = raw_connect(served.path);
    MUST(client >= 0 && shutdown(shared, SHUT_RDWR) == 0);
    sp_socket_free(served_take(&served));
    while (sp_server_interest(served.server) != 0 && turns < 10) {
        (void)served_turn(&served, 0);
        turns++;
    }
    cr_assert_lt(turns, 10, "readable for ever, and nothing comes of it");
    cr_assert_neq(sp_server_deadline(served.server), SP_NEVER);
    served_expect(&served, "error:-9");
    cr_assert_eq(sp_server_wait_new_connection(served.server, 10000, NULL), SP_ERROR_UNSUPPORTED);
    cr_assert_lt(served.os.total, 100u);
    cr_assert(sp_server_is_listening(served.server));
    close(client);
    close(shared);
}

/* ---- children ---- */

/* A program started later has neither the listening descriptor nor a connection: the name is free
 * again, and the peer sees its end, as soon as we close them. */
/* Covers: FDLT-01, FDLT-02 */
Test(server_adopt, programs_started_later_inherit_nothing)
{
    struct sp_socket *socket;
    int client, status;
    pid_t child;
    char listening[16], connection[16];

    served_listen(&served);
    client = raw_connect(served.path);
    socket = served_take(&served);
    snprintf(listening, sizeof(listening), "%d", sp_server_descriptor(served.server));
    snprintf(connection, sizeof(connection), "%d", sp_socket_descriptor(socket));
    child = fork();
    MUST(child >= 0);
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", "for fd; do [ ! -e /proc/self/fd/$fd ] || exit 7; done", "sh",
              listening, connection, (char *)NULL);
        _exit(9);
    }
    MUST(waitpid(child, &status, 0) == child);
    cr_assert_eq(status, 0);
    sp_socket_free(socket);
    close(client);
}
