/* SPDX-License-Identifier: MIT */
/* Connecting on the real kernel: whoever is or is not there, a full backlog, names of full length.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "tests/integration/client.h"

#include "tests/support/as_uid.h"
#include "tests/support/must.h"
#include "tests/support/raw.h"
#include "tests/support/told.h"
#include "tests/support/turn.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#define CONNECTS "state:connecting state:connected connected"
#define FAILS(error) "state:connecting state:unconnected error:" error

static struct client client;

static void begin(void)
{
    client_begin(&client);
}

static void end(void)
{
    client_end(&client);
}

TestSuite(socket_connect, .init = begin, .fini = end);

static void start(const char *name)
{
    cr_assert_eq(sp_socket_connect(client.socket, name, SP_STRLEN, SP_READ_WRITE), SP_OK);
}

/* A bound socket of another type. */
static int bind_type(const char *leaf, int type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

    MUST(fd >= 0);
    strcpy(address.sun_path, client_path(&client, leaf));
    MUST(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    return fd;
}

/* ---- nobody to connect to ---- */

static void expect_failure(const char *name, enum sp_error error, int os_errno)
{
    static const int sentinels[] = {0, EAGAIN, EADDRINUSE, EINPROGRESS, EACCES};

    for (size_t i = 0; i < sizeof(sentinels) / sizeof(sentinels[0]); i++) {
        struct told told;

        /* What was left in errno must not matter. */
        errno = sentinels[i];
        start(name);
        client_expect_cause(&client, error, SP_OPERATION_CONNECT, SP_CAUSE_OS, os_errno);
        told = told_by(client.socket);
        cr_assert_eq(told.count[SP_EVENT_STATE], 2, "%s: %s", name, told.text);
        cr_assert_eq(told.count[SP_EVENT_ERROR], 1);
        cr_assert_eq(told.count[SP_EVENT_DISCONNECTED], 0);
        cr_assert_eq(sp_socket_wait_connected(client.socket, -1), (int)error);
    }
}

/* Covers: STAT-08, STAT-15, QT-L3 */
Test(socket_connect, every_way_in_which_there_is_nobody)
{
    int bound = raw_bind(client_path(&client, "bound"));
    int datagram = bind_type("datagram", SOCK_DGRAM);
    int seqpacket = bind_type("seqpacket", SOCK_SEQPACKET);

    MUST(bound >= 0 && listen(seqpacket, 5) == 0);
    raw_stale(client_path(&client, "stale"));
    tempdir_file(&client.dir, "file", "");
    MUST(mkdir(client_path(&client, "directory"), 0700) == 0);
    MUST(symlink("loop", client_path(&client, "loop")) == 0);
    MUST(symlink("missing", client_path(&client, "dangling")) == 0);

    expect_failure("missing", SP_ERROR_SERVER_NOT_FOUND, ENOENT);
    expect_failure("dangling", SP_ERROR_SERVER_NOT_FOUND, ENOENT);
    expect_failure(client_path(&client, "file/x"), SP_ERROR_SERVER_NOT_FOUND, ENOTDIR);
    expect_failure(client_path(&client, "missing/x"), SP_ERROR_SERVER_NOT_FOUND, ENOENT);
    expect_failure("loop", SP_ERROR_SERVER_NOT_FOUND, ELOOP);
    expect_failure("stale", SP_ERROR_CONNECTION_REFUSED, ECONNREFUSED);
    expect_failure("bound", SP_ERROR_CONNECTION_REFUSED, ECONNREFUSED);
    expect_failure("file", SP_ERROR_CONNECTION_REFUSED, ECONNREFUSED);
    expect_failure("directory", SP_ERROR_CONNECTION_REFUSED, ECONNREFUSED);
    expect_failure("datagram", SP_ERROR_UNSUPPORTED, EPROTOTYPE);
    expect_failure("seqpacket", SP_ERROR_UNSUPPORTED, EPROTOTYPE);
    (void)close(bound);
    (void)close(datagram);
    (void)close(seqpacket);
}

/* In a child as nobody: the name of the error. */
static int connect_as_nobody(void *path)
{
    struct sp_context *context;
    struct sp_socket *socket;
    int error;

    MUST(sp_context_new(&context, NULL, "/tmp") == SP_OK);
    MUST(sp_socket_new(&socket, context) == SP_OK);
    MUST(sp_socket_connect(socket, path, SP_STRLEN, SP_READ_WRITE) == SP_OK);
    error = sp_socket_error(socket);
    sp_socket_free(socket);
    sp_context_free(context);
    return error;
}

Test(socket_connect, a_socket_of_somebody_else)
{
    int server = raw_listen(client_path(&client, "svc"), 5);
    char path[TEMPDIR_JOINED_MAX];

    REQUIRE_ROOT();
    strcpy(path, client_path(&client, "svc"));
    MUST(chmod(path, 0600) == 0);
    MUST(chmod(client.dir.path, 0755) == 0);
    cr_assert_eq(as_nobody(connect_as_nobody, path), SP_ERROR_ACCESS);
    /* Reaching it is allowed; and root may serve anybody. */
    MUST(chmod(path, 0602) == 0);
    cr_assert_eq(as_nobody(connect_as_nobody, path), SP_OK);
    (void)close(server);
}

/* A server of another user at a name that anybody could have taken. */
/* Covers: PERM-10, QT-G4 */
Test(socket_connect, an_impostor_gets_no_byte)
{
    int server;
    char byte;
    int accepted;

    REQUIRE_ROOT();
    MUST(chmod(client.dir.path, 01777) == 0);
    MUST(seteuid(NOBODY) == 0);
    server = raw_listen(client_path(&client, "svc"), 5);
    MUST(seteuid(0) == 0);
    start("svc");
    client_expect(&client, FAILS("UNTRUSTED"));
    MUST((accepted = accept(server, NULL, NULL)) >= 0);
    cr_assert_eq(read(accepted, &byte, 1), 0, "it was told something");
    (void)close(accepted);
    /* In a directory of its own nobody else can have put it there. */
    MUST(chmod(client.dir.path, 0755) == 0 && chown(client.dir.path, NOBODY, 0) == 0);
    start("svc");
    client_expect(&client, CONNECTS);
    sp_socket_abort(client.socket);
    (void)close(server);
}

/* ---- names ---- */

/* Covers: QT-J1 */
Test(socket_connect, a_path_of_108_bytes)
{
    /* static: valgrind takes the path for a string, and looks at the byte behind it. */
    static struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct sp_address resolved, peer;
    char path[SP_PATH_MAX + 1];
    int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    MUST(snprintf(path, sizeof(path), "%s/%0*d", client.dir.path,
                  SP_PATH_MAX - (int)strlen(client.dir.path) - 1, 7) == SP_PATH_MAX);
    memcpy(address.sun_path, path, SP_PATH_MAX);
    MUST(bind(server, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(server, 5) == 0);
    start(path);
    client_expect(&client, CONNECTS);
    sp_socket_address(client.socket, &resolved);
    cr_assert_eq(sp_socket_peer_address(client.socket, &peer), SP_OK);
    cr_assert_eq(memcmp(&resolved, &peer, sizeof(peer)), 0);
    cr_assert_eq(peer.length, SP_PATH_MAX);
    sp_socket_abort(client.socket);
    (void)close(server);
}

static int listen_abstract(const void *name, size_t length)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memcpy(address.sun_path + 1, name, length);
    MUST(bind(server, (struct sockaddr *)&address, (socklen_t)(3 + length)) == 0);
    MUST(listen(server, 5) == 0);
    return server;
}

/* Of a C server that gave the length of the structure, and of one that chose its bytes freely. */
/* Covers: ABST-05, QT-A8 */
Test(socket_connect, abstract_names_of_every_kind)
{
    uint8_t padded[SP_ABSTRACT_MAX] = {0}, odd[20];
    struct sp_address address;
    int servers[3];

    MUST(snprintf((char *)padded, sizeof(padded), "sunpath-test-%d", (int)getpid()) > 0);
    memcpy(odd, padded, sizeof(odd));
    odd[17] = 0xff;
    odd[18] = 0;
    odd[19] = '\n';
    servers[0] = listen_abstract(padded, sizeof(padded));
    servers[1] = listen_abstract(padded, strlen((char *)padded));
    servers[2] = listen_abstract(odd, sizeof(odd));
    for (size_t i = 0; i < 3; i++) {
        const void *name = i < 2 ? padded : odd;
        size_t length = i == 0 ? sizeof(padded) : i == 1 ? strlen((char *)padded) : sizeof(odd);
        int accepted;

        MUST(sp_address_abstract(&address, name, length, NULL) == SP_OK);
        cr_assert_eq(sp_socket_connect_address(client.socket, &address, SP_READ_WRITE), SP_OK);
        cr_assert_eq(sp_socket_state(client.socket), SP_STATE_CONNECTED);
        MUST((accepted = accept(servers[i], NULL, NULL)) >= 0);
        sp_socket_abort(client.socket);
        (void)close(accepted);
        (void)close(servers[i]);
    }
}

/* ---- the backlog is full ---- */

static int clients[2];

static int full_server(void)
{
    int server = raw_listen(client_path(&client, "svc"), 0);

    clients[0] = raw_connect(client_path(&client, "svc"));
    clients[1] = raw_connect(client_path(&client, "svc"));
    MUST(server >= 0 && clients[0] >= 0 && clients[1] == -EAGAIN);
    return server;
}

static void end_server(int server)
{
    (void)close(clients[0]);
    (void)close(server);
}

static int64_t elapsed_ms(const struct timespec *begun)
{
    struct timespec now;

    MUST(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (now.tv_sec - begun->tv_sec) * 1000 + (now.tv_nsec - begun->tv_nsec) / 1000000;
}

/* Covers: TIME-01, TIME-02, QT-C1, QT-C2, QT-C3 */
Test(socket_connect, waiting_for_the_backlog_is_sleeping)
{
    int server = full_server();

    for (int under_poll = 0; under_poll < 2; under_poll++) {
        struct timespec begun;
        unsigned before = client.os.total;

        MUST(clock_gettime(CLOCK_MONOTONIC, &begun) == 0);
        cr_assert_eq(sp_socket_set_connect_timeout(client.socket, 500), SP_OK);
        start("svc");
        if (under_poll != 0)
            turn_until(client.socket, SP_STATE_UNCONNECTED);
        else
            cr_assert_eq(sp_socket_wait_connected(client.socket, -1), SP_ERROR_TIMEOUT);
        cr_assert_geq(elapsed_ms(&begun), 499);
        client_expect(&client, FAILS("TIMEOUT"));
        client_expect_cause(&client, SP_ERROR_TIMEOUT, SP_OPERATION_CONNECT, SP_CAUSE_BACKLOG_FULL,
                            0);
        cr_assert_leq(client.os.total - before, 60, "%u calls of the kernel in half a second",
                      client.os.total - before);
    }
    end_server(server);
}

/* Covers: QT-C6, STAT-13 */
Test(socket_connect, room_in_the_backlog_is_found)
{
    int server = full_server();
    struct stat before, after;
    int accepted;

    start("svc");
    MUST(fstat(sp_socket_descriptor(client.socket), &before) == 0);
    cr_assert_eq(sp_socket_wait_connected(client.socket, 50), SP_ERROR_TIMEOUT);
    MUST((accepted = accept(server, NULL, NULL)) >= 0);
    (void)close(accepted);
    turn_until(client.socket, SP_STATE_CONNECTED);
    client_expect(&client, CONNECTS);
    MUST(fstat(sp_socket_descriptor(client.socket), &after) == 0);
    cr_assert_eq(before.st_ino, after.st_ino, "another descriptor");
    sp_socket_abort(client.socket);
    end_server(server);
}

/* Covers: QT-C6 */
Test(socket_connect, a_server_that_dies_or_is_removed_meanwhile)
{
    int server = full_server();

    start("svc");
    end_server(server);
    cr_assert_eq(sp_socket_wait_connected(client.socket, -1), SP_ERROR_CONNECTION_REFUSED);
    client_expect(&client, FAILS("CONNECTION_REFUSED"));
    MUST(unlink(client_path(&client, "svc")) == 0);
    server = full_server();
    start("svc");
    MUST(unlink(client_path(&client, "svc")) == 0);
    cr_assert_eq(sp_socket_wait_connected(client.socket, -1), SP_ERROR_SERVER_NOT_FOUND);
    client_expect(&client, FAILS("SERVER_NOT_FOUND"));
    end_server(server);
}

/* Covers: QT-K1, STAT-19 */
Test(socket_connect, waiting_and_giving_up_loses_no_descriptor)
{
    int server = full_server();

    for (int i = 0; i < 100; i++) {
        start("svc");
        cr_assert_eq(sp_socket_wait_ready_read(client.socket, 0), SP_ERROR_TIMEOUT);
        if (i % 2 != 0)
            sp_socket_abort(client.socket);
        else
            sp_socket_close(client.socket);
        cr_assert_eq(told_by(client.socket).count[SP_EVENT_STATE], 2);
    }
    end_server(server);
    /* client_end() counts them. */
}

/* ---- out of descriptors ---- */

/* Covers: QT-L11 */
Test(socket_connect, no_descriptor_left)
{
    int server = raw_listen(client_path(&client, "svc"), 5);
    struct rlimit before, none;

    MUST(getrlimit(RLIMIT_NOFILE, &before) == 0);
    none = (struct rlimit){.rlim_cur = 3, .rlim_max = before.rlim_max};
    MUST(setrlimit(RLIMIT_NOFILE, &none) == 0);
    start("svc");
    MUST(setrlimit(RLIMIT_NOFILE, &before) == 0);
    client_expect(&client, FAILS("RESOURCE"));
    client_expect_cause(&client, SP_ERROR_RESOURCE, SP_OPERATION_SOCKET, SP_CAUSE_OS, EMFILE);
    start("svc");
    client_expect(&client, CONNECTS);
    sp_socket_abort(client.socket);
    (void)close(server);
}

/* Covers: FDLT-01 */
Test(socket_connect, its_descriptor_is_not_inherited_and_does_not_block)
{
    int server = raw_listen(client_path(&client, "svc"), 5);
    int fd;

    start("svc");
    fd = sp_socket_descriptor(client.socket);
    cr_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    cr_assert(fcntl(fd, F_GETFL) & O_NONBLOCK);
    sp_socket_abort(client.socket);
    (void)close(server);
}
