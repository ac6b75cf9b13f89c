/* SPDX-License-Identifier: MIT */
/* Taking over descriptors of every kind the system has. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "tests/integration/client.h"

#include "tests/support/must.h"
#include "tests/support/raw.h"
#include "tests/support/told.h"
#include "tests/support/turn.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static struct client client;

static void begin(void)
{
    client_begin(&client);
}

static void end(void)
{
    client_end(&client);
}

TestSuite(socket_descriptors, .init = begin, .fini = end);

static int adopt(int fd, enum sp_state state)
{
    return sp_socket_adopt(client.socket, fd, state, SP_READ_WRITE);
}

/* ---- what is refused ---- */

static int pair_of(int type)
{
    int ends[2];

    MUST(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) == 0);
    (void)close(ends[1]);
    return ends[0];
}

static int tcp_pair(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof(address);
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    MUST(bind(server, (struct sockaddr *)&address, length) == 0 && listen(server, 1) == 0);
    MUST(getsockname(server, (struct sockaddr *)&address, &length) == 0);
    MUST(connect(fd, (struct sockaddr *)&address, length) == 0);
    (void)close(server);
    return fd;
}

static int half_a_pipe(void)
{
    int ends[2];

    MUST(pipe2(ends, O_CLOEXEC) == 0);
    (void)close(ends[1]);
    return ends[0];
}

/* Covers: STAT-04, QT-I2, QT-I4, QT-I5, QT-I8 */
Test(socket_descriptors, what_is_no_connection_is_refused)
{
    struct {
        const char *name;
        int fd;
        enum sp_cause connected, unconnected;
    } rows[] = {
        {"-1", -1, SP_CAUSE_BAD_DESCRIPTOR, SP_CAUSE_BAD_DESCRIPTOR},
        {"closed", 777, SP_CAUSE_BAD_DESCRIPTOR, SP_CAUSE_BAD_DESCRIPTOR},
        {"pipe", half_a_pipe(), SP_CAUSE_WRONG_FAMILY, SP_CAUSE_WRONG_FAMILY},
        {"file", open("/proc/self/status", O_RDONLY), SP_CAUSE_WRONG_FAMILY, SP_CAUSE_WRONG_FAMILY},
        {"directory", open("/", O_PATH), SP_CAUSE_BAD_DESCRIPTOR, SP_CAUSE_BAD_DESCRIPTOR},
        {"device", open("/dev/null", O_RDWR), SP_CAUSE_WRONG_FAMILY, SP_CAUSE_WRONG_FAMILY},
        {"eventfd", eventfd(0, 0), SP_CAUSE_WRONG_FAMILY, SP_CAUSE_WRONG_FAMILY},
        {"epoll", epoll_create1(0), SP_CAUSE_WRONG_FAMILY, SP_CAUSE_WRONG_FAMILY},
        {"memfd", memfd_create("x", 0), SP_CAUSE_WRONG_FAMILY, SP_CAUSE_WRONG_FAMILY},
        {"tcp", tcp_pair(), SP_CAUSE_WRONG_FAMILY, SP_CAUSE_WRONG_FAMILY},
        {"udp", socket(AF_INET, SOCK_DGRAM, 0), SP_CAUSE_WRONG_FAMILY, SP_CAUSE_WRONG_FAMILY},
        {"netlink", socket(AF_NETLINK, SOCK_RAW, 0), SP_CAUSE_WRONG_FAMILY, SP_CAUSE_WRONG_FAMILY},
        {"datagram", pair_of(SOCK_DGRAM), SP_CAUSE_WRONG_TYPE, SP_CAUSE_WRONG_TYPE},
        {"seqpacket", pair_of(SOCK_SEQPACKET), SP_CAUSE_WRONG_TYPE, SP_CAUSE_WRONG_TYPE},
        {"listening", raw_listen(client_path(&client, "a"), 5), SP_CAUSE_LISTENING,
         SP_CAUSE_LISTENING},
        {"new", socket(AF_UNIX, SOCK_STREAM, 0), SP_CAUSE_NOT_CONNECTED, SP_CAUSE_NONE},
        {"bound", raw_bind(client_path(&client, "b")), SP_CAUSE_NOT_CONNECTED, SP_CAUSE_NONE},
        {"connected", pair_of(SOCK_STREAM), SP_CAUSE_NONE, SP_CAUSE_ALREADY_CONNECTED},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (int connected = 0; connected < 2; connected++) {
            enum sp_cause cause = connected != 0 ? rows[i].connected : rows[i].unconnected;
            struct snapshot before = snapshot_descriptors(), after;
            struct sp_error_detail detail;

            if (cause == SP_CAUSE_NONE)
                continue;
            cr_assert_eq(
                adopt(rows[i].fd, connected != 0 ? SP_STATE_CONNECTED : SP_STATE_UNCONNECTED),
                SP_ERROR_UNSUPPORTED, "%s", rows[i].name);
            sp_socket_error_detail(client.socket, &detail);
            cr_assert_eq(detail.cause, cause, "%s: %s", rows[i].name,
                         sp_cause_string(detail.cause));
            cr_assert_eq(sp_socket_state(client.socket), SP_STATE_UNCONNECTED);
            cr_assert_eq(sp_socket_descriptor(client.socket), -1);
            /* Nor are its flags changed. */
            after = snapshot_descriptors();
            cr_assert_str_eq(after.text, before.text, "%s", rows[i].name);
            client_expect(&client, "");
        }
        if (rows[i].fd >= 0 && rows[i].fd != 777)
            MUST(close(rows[i].fd) == 0);
    }
}

/* ---- what is taken ---- */

/* Covers: FDLT-04, QT-I7 */
Test(socket_descriptors, descriptor_0_is_one_like_others)
{
    int saved = dup(0);
    int peer;
    char byte;

    MUST(saved >= 0 && close(0) == 0);
    peer = client_adopt(&client, SP_READ_WRITE);
    cr_assert_eq(sp_socket_descriptor(client.socket), 0);
    cr_assert_eq(sp_socket_write(client.socket, "x", 1), 1);
    cr_assert_eq(sp_socket_flush(client.socket), 1);
    MUST(read(peer, &byte, 1) == 1 && write(peer, &byte, 1) == 1);
    cr_assert_eq(sp_socket_wait_ready_read(client.socket, -1), SP_OK);
    cr_assert_eq(sp_socket_get_char(client.socket), 'x');
    sp_socket_abort(client.socket);
    cr_assert_eq(read(peer, &byte, 1), 0, "it was not closed");
    MUST(dup2(saved, 0) == 0 && close(saved) == 0 && close(peer) == 0);
}

/* Covers: FDLT-02, FDLT-17, QT-I7 */
Test(socket_descriptors, flags_that_are_shared_stay_as_they_are)
{
    int ends[2], copy;

    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    copy = dup(ends[0]);
    cr_assert_eq(adopt(ends[0], SP_STATE_CONNECTED), SP_OK);
    cr_assert(fcntl(ends[0], F_GETFD) & FD_CLOEXEC);
    cr_assert_not(fcntl(copy, F_GETFL) & O_NONBLOCK, "shared with whoever has a copy");
    /* And still nothing here blocks. */
    cr_assert_eq(sp_socket_wait_ready_read(client.socket, 10), SP_ERROR_TIMEOUT);
    cr_assert_eq(sp_socket_wait_bytes_written(client.socket, 10), SP_ERROR_OPERATION);
    sp_socket_process(client.socket, SP_IO_READ);
    client_expect(&client, "state:connected connected");
    sp_socket_abort(client.socket);
    (void)close(copy);
    (void)close(ends[1]);
}

/* Data and end are there already. */
Test(socket_descriptors, one_whose_peer_has_gone)
{
    int ends[2];
    char bytes[10];

    MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    MUST(write(ends[1], "hello", 5) == 5 && close(ends[1]) == 0);
    cr_assert_eq(adopt(ends[0], SP_STATE_CONNECTED), SP_OK);
    turn_until(client.socket, SP_STATE_UNCONNECTED);
    client_expect(&client, "state:connected connected ready-read state:closing state:unconnected "
                           "error:PEER_CLOSED read-finished disconnected");
    cr_assert_eq(sp_socket_read(client.socket, bytes, sizeof(bytes)), 5);
}

/* Covers: STAT-13, QT-I9 */
Test(socket_descriptors, one_that_is_bound_is_used_by_the_next_connect)
{
    int server = raw_listen(client_path(&client, "svc"), 5);
    int fd = raw_bind(client_path(&client, "mine"));
    struct sockaddr_un name = {0};
    socklen_t length = sizeof(name);
    struct stat before, after;
    int accepted;

    MUST(server >= 0 && fd >= 0 && fstat(fd, &before) == 0);
    cr_assert_eq(adopt(fd, SP_STATE_UNCONNECTED), SP_OK);
    cr_assert_eq(sp_socket_connect(client.socket, "svc", SP_STRLEN, SP_READ_WRITE), SP_OK);
    client_expect(&client, "state:connecting state:connected connected");
    cr_assert_eq(sp_socket_descriptor(client.socket), fd);
    MUST(fstat(fd, &after) == 0);
    cr_assert_eq(before.st_ino, after.st_ino);
    MUST((accepted = accept(server, (struct sockaddr *)&name, &length)) >= 0);
    cr_assert_str_eq(name.sun_path, client_path(&client, "mine"));
    sp_socket_abort(client.socket);
    (void)close(accepted);
    (void)close(server);
}

/* Its owner left it blocking: a connect must not wait for room in the backlog. The alarm ends what
 * would last for ever. */
/* Covers: FDLT-17, TIME-01 */
Test(socket_descriptors, one_that_blocks_does_not_block_its_connect)
{
    int server = raw_listen(client_path(&client, "svc"), 0);
    int filler = raw_connect(client_path(&client, "svc"));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    MUST(server >= 0 && filler >= 0 && fd >= 0);
    (void)alarm(30);
    cr_assert_eq(adopt(fd, SP_STATE_UNCONNECTED), SP_OK);
    cr_assert_eq(sp_socket_connect(client.socket, "svc", SP_STRLEN, SP_READ_WRITE), SP_OK);
    cr_assert_eq(sp_socket_state(client.socket), SP_STATE_CONNECTING);
    (void)alarm(0);
    sp_socket_abort(client.socket);
    (void)close(filler);
    (void)close(server);
}

/* ---- names ---- */

/* A server's end whose client had bound a name that sounds trustworthy. */
/* Covers: QT-I6 */
Test(socket_descriptors, a_client_does_not_choose_the_name_of_our_end)
{
    int server = raw_listen(client_path(&client, "svc"), 5);
    int peer = raw_bind(client_path(&client, "com.example.trusted"));
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct sp_address chosen;
    int accepted;

    strcpy(address.sun_path, client_path(&client, "svc"));
    MUST(connect(peer, (struct sockaddr *)&address, sizeof(address)) == 0);
    MUST((accepted = accept4(server, NULL, NULL, SOCK_CLOEXEC)) >= 0);
    cr_assert_eq(adopt(accepted, SP_STATE_CONNECTED), SP_OK);
    cr_assert_str_eq(sp_socket_name(client.socket, NULL), "");
    /* It can be asked for, by a name that says whose word it is. */
    cr_assert_eq(sp_socket_peer_address(client.socket, &chosen), SP_OK);
    cr_assert_eq(chosen.length, strlen(client_path(&client, "com.example.trusted")));
    sp_socket_abort(client.socket);
    (void)close(peer);
    peer = raw_connect(client_path(&client, "svc"));
    MUST((accepted = accept4(server, NULL, NULL, SOCK_CLOEXEC)) >= 0);
    cr_assert_eq(adopt(accepted, SP_STATE_CONNECTED), SP_OK);
    cr_assert_str_eq(sp_socket_name(client.socket, NULL), client_path(&client, "svc"));
    sp_socket_abort(client.socket);
    (void)close(peer);
    (void)close(server);
}

/* ---- who it is ---- */

/* Covers: PEER-02 */
Test(socket_descriptors, the_process_at_the_other_end)
{
    int peer = client_adopt(&client, SP_READ_WRITE);
    struct sp_peer who;
    int pidfd;

    cr_assert_eq(sp_socket_peer(client.socket, &who), SP_OK);
    cr_assert(who.uid == geteuid() && who.gid == getegid() && who.pid == getpid());
    pidfd = sp_socket_peer_pidfd(client.socket);
    cr_assert(pidfd >= 0 || pidfd == SP_ERROR_UNSUPPORTED);
    if (pidfd >= 0) {
        cr_assert(fcntl(pidfd, F_GETFD) & FD_CLOEXEC);
        (void)close(pidfd);
    }
    sp_socket_abort(client.socket);
    (void)close(peer);
}
