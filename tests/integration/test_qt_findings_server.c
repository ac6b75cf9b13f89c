/* SPDX-License-Identifier: MIT */
/*
 * Servers, where Qt's were seen to fail: the rows of docs/semantics.md that no other test of names,
 * permissions and pending connections shows.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "tests/integration/served.h"

#include "tests/support/as_uid.h"
#include "tests/support/must.h"
#include "tests/support/raw.h"
#include "tests/support/snapshot.h"
#include "tests/support/told.h"
#include "tests/support/turn.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
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

TestSuite(qt_findings_server, .init = begin, .fini = end, .timeout = 60);

/* ---- names ---- */

/* "?", two halves of a character of UTF-16, bytes that begin no character, and one cut short. */
static const char *const no_texts[] = {"?", "\xed\xa0\x80", "\xed\xb0\x81", "\xff", "\xfe", "\xc3"};

#define NO_TEXTS (sizeof(no_texts) / sizeof(no_texts[0]))

/* Below the test's own directory, or as an abstract name that is like no other's. */
static struct sp_address address_of(enum sp_namespace space, const char *leaf)
{
    char joined[TEMPDIR_JOINED_MAX];
    struct sp_address address;

    tempdir_join(&served.dir, leaf, joined);
    MUST((space == SP_NAMESPACE_PATH ? sp_address_path : sp_address_abstract)(
             &address, joined, SP_STRLEN, NULL) == SP_OK);
    return address;
}

/* Whether a client of this name meets this server, and no other. */
static void expect_meeting(struct sp_server *const servers[], size_t wanted,
                           const struct sp_address *address)
{
    struct sp_socket *socket;

    MUST(sp_socket_new(&socket, served.context) == SP_OK);
    cr_assert_eq(sp_socket_connect_address(socket, address, SP_READ_WRITE), SP_OK);
    cr_assert_eq(sp_socket_state(socket), SP_STATE_CONNECTED);
    for (size_t i = 0; i < NO_TEXTS; i++) {
        sp_server_process(servers[i], SP_IO_READ);
        cr_assert_eq(sp_server_has_pending(servers[i]), i == wanted, "%zu answers for %zu", i,
                     wanted);
    }
    MUST(close(sp_server_take_descriptor(servers[wanted])) == 0);
    sp_socket_free(socket);
}

/* Qt encodes names; what cannot be encoded becomes "?", and the client of one server talks to
 * another. */
/* Covers: QT-A5 */
Test(qt_findings_server, names_that_are_no_text_stay_apart)
{
    static const enum sp_namespace spaces[] = {SP_NAMESPACE_PATH, SP_NAMESPACE_ABSTRACT};

    for (size_t k = 0; k < 2; k++) {
        struct sp_server *servers[NO_TEXTS];
        struct sp_address address;

        for (size_t i = 0; i < NO_TEXTS; i++) {
            address = address_of(spaces[k], no_texts[i]);
            MUST(sp_server_new(&servers[i], served.context) == SP_OK);
            cr_assert_eq(sp_server_listen_address(servers[i], &address), SP_OK, "name %zu", i);
        }
        for (size_t i = 0; i < NO_TEXTS; i++) {
            address = address_of(spaces[k], no_texts[i]);
            expect_meeting(servers, i, &address);
        }
        for (size_t i = 0; i < NO_TEXTS; i++)
            sp_server_free(servers[i]);
    }
}

/* In Qt one name is both: removing an abstract server deletes the file. Here what is removed is a
 * path, and an abstract name, printed or not, leads to none. */
/* Covers: QT-A9 */
Test(qt_findings_server, removing_cannot_mean_an_abstract_name)
{
    const char *leaf = strrchr(served.dir.path, '/') + 1;
    struct snapshot before, after;
    struct sp_address address;
    struct sp_socket *socket;
    char printed[TEMPDIR_JOINED_MAX];

    MUST(sp_address_abstract(&address, leaf, SP_STRLEN, NULL) == SP_OK);
    cr_assert_eq(sp_server_listen_address(served.server, &address), SP_OK);
    (void)snprintf(printed, sizeof(printed), "@%s", leaf);
    cr_assert_eq(sp_server_remove(served.context, leaf, SP_STRLEN, SP_REMOVE_ALIVE, NULL),
                 SP_ERROR_SERVER_NOT_FOUND);
    cr_assert_eq(sp_server_remove(served.context, printed, SP_STRLEN, SP_REMOVE_ALIVE, NULL),
                 SP_ERROR_SERVER_NOT_FOUND);

    tempdir_file(&served.dir, leaf, "decoy");
    tempdir_file(&served.dir, printed, "decoy");
    before = snapshot_of(served.dir.path);
    cr_assert_eq(sp_server_remove(served.context, leaf, SP_STRLEN, SP_REMOVE_ALIVE, NULL),
                 SP_ERROR_ADDRESS_IN_USE);
    cr_assert_eq(sp_server_remove(served.context, printed, SP_STRLEN, SP_REMOVE_ALIVE, NULL),
                 SP_ERROR_ADDRESS_IN_USE);
    after = snapshot_of(served.dir.path);
    cr_assert_str_eq(after.text, before.text);

    MUST(sp_socket_new(&socket, served.context) == SP_OK);
    cr_assert_eq(sp_socket_connect_address(socket, &address, SP_READ_WRITE), SP_OK);
    cr_assert_eq(sp_socket_state(socket), SP_STATE_CONNECTED, "the server has gone");
    sp_socket_free(socket);
}

/* ---- who may connect, and who did ---- */

/* Saying nothing lets nobody in but the owner. Qt leaves it to the umask, which may be 0. */
/* Covers: QT-G2 */
Test(qt_findings_server, nothing_said_is_the_owner_only)
{
    struct stat node;

    (void)umask(0);
    served_listen(&served);
    MUST(lstat(served.path, &node) == 0);
    cr_assert_eq(node.st_mode, S_IFSOCK | 0700, "mode %o", node.st_mode);
}

static int connects(void *path)
{
    int fd = raw_connect(path);

    return fd < 0 ? fd : (int)getpid();
}

/* Covers: QT-G2 */
Test(qt_findings_server, nothing_said_keeps_strangers_out)
{
    REQUIRE_ROOT();
    (void)umask(0);
    MUST(chmod(served.dir.path, 0755) == 0);
    served_listen(&served);
    cr_assert_eq(as_nobody(connects, served.path), -EACCES);
}

static void expect_peer(struct sp_socket *socket, uid_t uid, gid_t gid, pid_t pid)
{
    struct sp_peer peer;

    cr_assert_eq(sp_socket_peer(socket, &peer), SP_OK);
    cr_assert_eq(peer.uid, uid);
    cr_assert_eq(peer.gid, gid);
    cr_assert_eq(peer.pid, pid);
}

/* Covers: QT-G5 */
Test(qt_findings_server, both_ends_can_ask_who_the_other_is)
{
    struct sp_socket *client, *accepted;

    served_listen(&served);
    MUST(sp_socket_new(&client, served.context) == SP_OK);
    cr_assert_eq(sp_socket_connect(client, "svc", SP_STRLEN, SP_READ_WRITE), SP_OK);
    accepted = served_take(&served);
    expect_peer(client, geteuid(), getegid(), getpid());
    expect_peer(accepted, geteuid(), getegid(), getpid());
    sp_socket_free(accepted);
    sp_socket_free(client);
}

/* Covers: QT-G5 */
Test(qt_findings_server, a_client_is_who_connected)
{
    struct sp_socket *socket;
    int pid;

    REQUIRE_ROOT();
    MUST(chmod(served.dir.path, 0755) == 0);
    MUST(sp_server_set_access(served.server, SP_ACCESS_WORLD) == SP_OK);
    served_listen(&served);
    pid = as_nobody(connects, served.path);
    cr_assert_gt(pid, 0);
    socket = served_take(&served);
    expect_peer(socket, NOBODY, NOGROUP, pid);
    sp_socket_free(socket);
}

/* ---- connections that nobody has taken ---- */

/* Sends until the kernel takes no more; how many bytes it took. */
static size_t flood(int fd)
{
    static const char bytes[4096];
    size_t sent = 0;
    ssize_t n;

    while ((n = send(fd, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_NOSIGNAL)) > 0)
        sent += (size_t)n;
    MUST(n < 0 && errno == EAGAIN);
    return sent;
}

/* What its client sends stays in the kernel, which holds the client back; Qt gathers it without
 * bound. @max_pending 1: the queue is full, and the server looks for dead clients in it. */
static void flood_untaken(int max_pending)
{
    struct sp_socket *socket;
    size_t sent, got = 0;
    char bytes[4096];
    int client;

    cr_assert_eq(sp_server_set_max_pending(served.server, max_pending), SP_OK);
    client = raw_connect(served.path);
    MUST(client >= 0);
    sent = flood(client);
    served_until_pending(&served);
    for (int turns = 0; turns < 20; turns++)
        served_turn(&served, 0);
    cr_assert_eq(flood(client), 0, "it was read");
    socket = served_take(&served);
    while (got < sent) {
        ptrdiff_t n = sp_socket_read(socket, bytes, sizeof(bytes));

        if (n == 0)
            cr_assert_eq(sp_socket_wait_ready_read(socket, TURN_PATIENCE_MS), SP_OK);
        cr_assert_geq(n, 0);
        got += (size_t)n;
    }
    cr_assert_eq(got, sent);
    sp_socket_free(socket);
    close(client);
}

/* Covers: QT-D9 */
Test(qt_findings_server, a_connection_that_nobody_took_is_not_read)
{
    served_listen(&served);
    flood_untaken(SP_MAX_PENDING_DEFAULT);
    flood_untaken(1);
}

/* The loop was told of a connection, and somebody who has the descriptor too took it first. Qt
 * waits for the next one, and with it everything in its loop. */
/* Covers: QT-D7 */
Test(qt_findings_server, a_connection_that_is_gone_already_is_not_waited_for)
{
    for (int adopted = 0; adopted < 2; adopted++) {
        int client, taken;

        if (adopted != 0) /* one that blocks, as whoever made it left it */
            cr_assert_eq(sp_server_adopt(served.server, raw_listen(served.path, 5)), SP_OK);
        else
            served_listen(&served);
        client = raw_connect(served.path);
        taken = accept(sp_server_descriptor(served.server), NULL, NULL);
        MUST(client >= 0 && taken >= 0);
        sp_server_process(served.server, SP_IO_READ);
        cr_assert_not(sp_server_has_pending(served.server));
        served_expect(&served, "");
        close(taken);
        close(client);
        sp_server_close(served.server);
    }
}

/* Covers: QT-D10 */
Test(qt_findings_server, what_came_before_it_was_taken_is_told_of)
{
    served_listen(&served);
    for (int accepted_first = 0; accepted_first < 2; accepted_first++) {
        int client = raw_connect(served.path);
        struct sp_socket *socket;
        struct told told;
        char bytes[8];

        MUST(client >= 0);
        if (accepted_first != 0)
            served_until_pending(&served);
        MUST(write(client, "hello", 5) == 5);
        socket = served_take(&served);
        cr_assert(turn(socket, 1000));
        told = told_by(socket);
        cr_assert_str_eq(told.text, "ready-read");
        cr_assert_eq(sp_socket_read(socket, bytes, sizeof(bytes)), 5);
        cr_assert_arr_eq(bytes, "hello", 5);
        sp_socket_free(socket);
        close(client);
    }
}
