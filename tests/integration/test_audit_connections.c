/* SPDX-License-Identifier: MIT */
/* Who is connected: accepted, gone, at a path, at an abstract name, of another user. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "audit/facts/connections.h"
#include "audit/facts/listeners.h"
#include "tests/support/as_uid.h"
#include "tests/support/must.h"
#include "tests/support/tempdir.h"

#include <criterion/criterion.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static struct tempdir dir;
static struct sockaddr_un address;
static socklen_t address_length;
static struct bound_sockets sockets;
static struct connections connections;
static const struct connected *rows;

static void set_up(void)
{
    dir = tempdir_make();
}

static void forget(void)
{
    connections_free(&connections);
    bound_sockets_free(&sockets);
}

static void tear_down(void)
{
    forget();
    tempdir_remove(&dir);
}

TestSuite(audit_connections, .init = set_up, .fini = tear_down);

static int listen_here(bool abstract)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char path[TEMPDIR_JOINED_MAX];
    size_t length;

    address = (struct sockaddr_un){.sun_family = AF_UNIX};
    tempdir_join(&dir, "s", path);
    length = strlen(path);
    MUST(length + 1 < sizeof(address.sun_path));
    (void)memcpy(address.sun_path + abstract, path, length);
    address_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
    MUST(fd >= 0 && bind(fd, (struct sockaddr *)&address, address_length) == 0 &&
         listen(fd, 8) == 0);
    return fd;
}

/* Both ends of a connection, the client's first. */
static void connect_here(int listener, int ret[2])
{
    ret[0] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    MUST(ret[0] >= 0 && connect(ret[0], (struct sockaddr *)&address, address_length) == 0);
    ret[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    MUST(ret[1] >= 0);
}

/* The rows of the listener @fd. */
static size_t look(int fd)
{
    struct stat of;

    forget();
    sockets.connections = &connections;
    bound_sockets_add(&sockets, 0);
    bound_sockets_sort(&sockets);
    connections_join(&connections, &sockets);
    MUST(fstat(fd, &of) == 0);
    cr_assert_not(connections.partial);
    return connections_of(&connections, (uint32_t)of.st_ino, &rows);
}

static void check_own(bool abstract)
{
    const int listener = listen_here(abstract);
    int ends[2][2];

    cr_expect_eq(look(listener), 0);
    connect_here(listener, ends[0]);
    connect_here(listener, ends[1]);
    cr_assert_eq(look(listener), 1, "one user has one row");
    cr_expect_eq(rows[0].count, 2);
    cr_expect(rows[0].has_uid);
    cr_expect_eq(rows[0].uid, geteuid());
    MUST(close(ends[0][0]) == 0);
    cr_assert_eq(look(listener), 2, "who is gone is nobody");
    cr_expect(rows[0].has_uid);
    cr_expect_eq(rows[0].count, 1);
    cr_expect_not(rows[1].has_uid);
    cr_expect_eq(rows[1].count, 1);
    MUST(close(ends[1][0]) == 0 && close(ends[0][1]) == 0 && close(ends[1][1]) == 0 &&
         close(listener) == 0);
}

Test(audit_connections, at_a_path)
{
    check_own(false);
}

Test(audit_connections, at_an_abstract_name)
{
    check_own(true);
}

/* What a client has bound itself is no listener's. */
Test(audit_connections, a_client_with_a_name)
{
    const int listener = listen_here(false);
    const int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct sockaddr_un automatic = {.sun_family = AF_UNIX};
    int accepted;

    MUST(client >= 0 &&
         bind(client, (const struct sockaddr *)&automatic, sizeof(automatic.sun_family)) == 0 &&
         connect(client, (struct sockaddr *)&address, address_length) == 0);
    accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    MUST(accepted >= 0);
    cr_assert_eq(look(listener), 1);
    cr_expect_eq(rows[0].count, 1);
    MUST(close(client) == 0 && close(accepted) == 0 && close(listener) == 0);
}

/* The user who made the socket, whoever has it now. */
Test(audit_connections, of_another_user)
{
    int listener;
    int ends[2];

    REQUIRE_ROOT();
    listener = listen_here(false);
    MUST(chmod(dir.path, 0755) == 0 && chmod(address.sun_path, 0666) == 0 && seteuid(NOBODY) == 0);
    connect_here(listener, ends);
    MUST(seteuid(0) == 0);
    cr_assert_eq(look(listener), 1);
    cr_expect(rows[0].has_uid);
    cr_expect_eq(rows[0].uid, NOBODY);
    MUST(close(ends[0]) == 0 && close(ends[1]) == 0 && close(listener) == 0);
}
