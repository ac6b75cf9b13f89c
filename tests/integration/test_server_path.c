/* SPDX-License-Identifier: MIT */
/*
 * Listening at paths: names, what fails, what is removed and what is not, through the public
 * interface. The socket file itself, step by step: test_sockfile.c.
 */
#include "tests/integration/served.h"

#include "tests/support/must.h"
#include "tests/support/raw.h"
#include "tests/support/snapshot.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
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

TestSuite(server_path, .init = begin, .fini = end, .timeout = 60);

static bool exists(const char *path)
{
    struct stat node;

    return lstat(path, &node) == 0;
}

static void expect_cause(enum sp_error error, enum sp_cause cause)
{
    struct sp_error_detail detail;

    sp_server_error_detail(served.server, &detail);
    cr_assert_eq(detail.error, error, "%s", sp_error_name(detail.error));
    cr_assert_eq(detail.cause, cause, "%s", sp_cause_string(detail.cause));
}

/* ---- names ---- */

Test(server_path, a_short_name_stays_short)
{
    struct sp_address address;
    struct sp_socket *socket;
    int client;

    served_listen(&served);
    cr_assert_str_eq(sp_server_name(served.server, NULL), "svc");
    sp_server_address(served.server, &address);
    cr_assert_eq(address.space, SP_NAMESPACE_PATH);
    cr_assert_eq(address.length, strlen(served.path));
    cr_assert_arr_eq(address.bytes, served.path, address.length);
    client = raw_connect(served.path);
    socket = served_take(&served);
    cr_assert_str_eq(sp_socket_name(socket, NULL), "svc");
    sp_socket_free(socket);
    close(client);
}

/* What the client chose to be bound to is not the name of a server's connection. */
/* Covers: QT-I6 */
Test(server_path, a_connection_has_the_servers_name)
{
    struct sp_socket *socket;
    struct sp_address peer;
    char claimed[TEMPDIR_JOINED_MAX];
    int client;

    served_listen(&served);
    tempdir_join(&served.dir, "com.example.trusted", claimed);
    client = raw_bind(claimed);
    {
        struct sp_os_sockinfo info;
        const struct sp_os *os = sp_os_linux();

        cr_assert_eq(os->connect(os->ctx, client, served.path, strlen(served.path)), 0);
        cr_assert_eq(os->sockinfo(os->ctx, client, &info), 0);
        cr_assert(info.is_bound && info.is_connected);
    }
    socket = served_take(&served);
    cr_assert_str_eq(sp_socket_name(socket, NULL), "svc");
    cr_assert_eq(sp_socket_peer_address(socket, &peer), SP_OK);
    cr_assert_arr_eq(peer.bytes, claimed, peer.length);
    sp_socket_free(socket);
    close(client);
}

/* Covers: PATH-09, PATH-10 */
Test(server_path, names_do_not_move)
{
    struct tempdir elsewhere = tempdir_make();
    char decoy[TEMPDIR_JOINED_MAX];

    served_listen(&served);
    tempdir_file(&elsewhere, "svc", "decoy");
    MUST(setenv("TMPDIR", elsewhere.path, 1) == 0);
    MUST(setenv("XDG_RUNTIME_DIR", elsewhere.path, 1) == 0);
    MUST(chdir(elsewhere.path) == 0);
    close(raw_connect(served.path));
    sp_server_close(served.server);
    cr_assert_not(exists(served.path));
    cr_assert(exists(tempdir_join(&elsewhere, "svc", decoy)));
    served_listen(&served);
    cr_assert(exists(served.path));
    MUST(chdir("/") == 0);
    tempdir_remove(&elsewhere);
}

/* Names that are not, on every way in: nothing is made, nothing is removed. */
/* Covers: PATH-18, QT-A2, QT-A4, QT-A7, QT-B11, QT-B13 */
Test(server_path, what_is_no_name_touches_nothing)
{
    static const struct {
        const char *name;
        size_t length;
    } rows[] = {
        {"", 0},    {".", 1},   {"..", 2},     {"/", 1},         {"//", 2},    {"sub/", 4},
        {"a/b", 3}, {"./x", 3}, {"../svc", 6}, {"svc\0evil", 8}, {"\0svc", 4}, {"/tmp/", 5},
    };
    struct snapshot before, after;

    tempdir_file(&served.dir, "svc", "decoy");
    tempdir_file(&served.dir, "x", "decoy");
    before = snapshot_of(served.dir.path);
    cr_assert_eq(sp_server_set_take_over(served.server, true), SP_OK);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cr_assert_eq(sp_server_listen(served.server, rows[i].name, rows[i].length),
                     SP_ERROR_SERVER_NOT_FOUND, "row %zu", i);
        cr_assert_eq(
            sp_server_remove(served.context, rows[i].name, rows[i].length, SP_REMOVE_ALIVE, NULL),
            SP_ERROR_SERVER_NOT_FOUND, "row %zu", i);
    }
    after = snapshot_of(served.dir.path);
    cr_assert_str_eq(after.text, before.text);
}

/* Every length around the limit: the file has exactly the name asked for, or there is none. */
/* Covers: PATH-01, PATH-02, PATH-06, FDLT-14, QT-B1, QT-B3 */
Test(server_path, a_name_that_is_too_long_is_refused)
{
    size_t base = strlen(served.dir.path) + 1;

    tempdir_file(&served.dir, "n", "decoy");
    for (size_t length = SP_LISTEN_PATH_MAX - 10; length <= 300; length++) {
        char name[301], path[TEMPDIR_JOINED_MAX];
        size_t leaf = length - base;
        struct snapshot before, after;

        memset(name, 'n', leaf);
        name[leaf] = '\0';
        before = snapshot_of(served.dir.path);
        if (length <= SP_LISTEN_PATH_MAX) {
            cr_assert_eq(sp_server_listen(served.server, name, leaf), SP_OK, "%zu bytes", length);
            cr_assert(exists(tempdir_join(&served.dir, name, path)));
            sp_server_close(served.server);
        } else {
            cr_assert_eq(sp_server_listen(served.server, name, leaf), SP_ERROR_SERVER_NOT_FOUND);
            expect_cause(SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_NAME_TOO_LONG);
        }
        after = snapshot_of(served.dir.path);
        cr_assert_str_eq(after.text, before.text, "%zu bytes", length);
    }
}

/* ---- what is there already ---- */

/* Whatever access is asked for, whatever lies there: it stays as it is. In Qt an access option
 * replaces a live server, and any file. */
/* Covers: PATH-15, PERM-09, QT-B4, QT-B5, QT-B16, QT-G6 */
Test(server_path, what_is_in_the_way_stays)
{
    static const unsigned accesses[] = {SP_ACCESS_USER, SP_ACCESS_WORLD, SP_ACCESS_UMASK};
    char path[TEMPDIR_JOINED_MAX];
    int live = raw_listen(served.path, 5);
    struct snapshot before, after;
    static const struct {
        const char *name;
        enum sp_cause cause;
    } rows[] = {
        {"svc", SP_CAUSE_SERVER_ALIVE},  {"doc", SP_CAUSE_NOT_A_SOCKET},
        {"dir", SP_CAUSE_NOT_A_SOCKET},  {"fifo", SP_CAUSE_NOT_A_SOCKET},
        {"link", SP_CAUSE_NOT_A_SOCKET}, {"dangling", SP_CAUSE_NOT_A_SOCKET},
    };

    tempdir_file(&served.dir, "doc", "decoy");
    MUST(mkdir(tempdir_join(&served.dir, "dir", path), 0700) == 0);
    MUST(mkfifo(tempdir_join(&served.dir, "fifo", path), 0600) == 0);
    MUST(symlink("doc", tempdir_join(&served.dir, "link", path)) == 0);
    MUST(symlink("nothing", tempdir_join(&served.dir, "dangling", path)) == 0);
    before = snapshot_of(served.dir.path);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t k = 0; k < sizeof(accesses) / sizeof(accesses[0]); k++) {
            cr_assert_eq(sp_server_set_access(served.server, accesses[k]), SP_OK);
            cr_assert_eq(sp_server_set_take_over(served.server, k != 0), SP_OK);
            cr_assert_eq(sp_server_listen(served.server, rows[i].name, SP_STRLEN),
                         SP_ERROR_ADDRESS_IN_USE, "%s", rows[i].name);
            expect_cause(SP_ERROR_ADDRESS_IN_USE, rows[i].cause);
        }
        if (i > 0) /* a live server is a row of its own */
            cr_assert_eq(
                sp_server_remove(served.context, rows[i].name, SP_STRLEN, SP_REMOVE_ALIVE, NULL),
                SP_ERROR_ADDRESS_IN_USE);
    }
    after = snapshot_of(served.dir.path);
    cr_assert_str_eq(after.text, before.text);
    cr_assert(raw_reaches(served.path, live));
    close(live);
}

Test(server_path, a_stale_file_is_taken_over_when_allowed)
{
    raw_stale(served.path);
    cr_assert_eq(sp_server_listen(served.server, "svc", SP_STRLEN), SP_ERROR_ADDRESS_IN_USE);
    expect_cause(SP_ERROR_ADDRESS_IN_USE, SP_CAUSE_STALE_SOCKET);
    cr_assert_eq(sp_server_set_take_over(served.server, true), SP_OK);
    served_listen(&served);
    cr_assert_eq(sp_server_error(served.server), SP_OK);
}

/* A server that was killed at any moment leaves nothing that its successor cannot pass, and the
 * successor is never harmed by one that is still alive. */
/* Covers: SIGN-07, FDLT-15 */
Test(server_path, a_killed_server_can_be_followed)
{
    cr_assert_eq(sp_server_set_take_over(served.server, true), SP_OK);
    for (int round = 0; round < 40; round++) {
        pid_t child = fork();

        MUST(child >= 0);
        if (child == 0) {
            for (;;) {
                if (sp_server_listen(served.server, "svc", SP_STRLEN) != SP_OK)
                    _exit(1);
                sp_server_close(served.server);
            }
        }
        usleep((useconds_t)(500 + 137 * round % 3000));
        MUST(kill(child, SIGKILL) == 0);
        int status;

        MUST(waitpid(child, &status, 0) == child);
        cr_assert(WIFSIGNALED(status), "could not listen: round %d", round);
        served_listen(&served);
        sp_server_close(served.server);
        cr_assert_not(exists(served.path));
    }
}

/* Qt removes whatever bears the name. */
/* Covers: PATH-15, QT-B12, QT-B18 */
Test(server_path, remove_takes_what_is_stale_unless_told_otherwise)
{
    struct sp_error_detail detail;
    int live;

    cr_assert_eq(sp_server_remove(served.context, "svc", SP_STRLEN, SP_REMOVE_STALE, &detail),
                 SP_ERROR_SERVER_NOT_FOUND);
    cr_assert_eq(detail.error, SP_ERROR_SERVER_NOT_FOUND);
    cr_assert_eq(sp_server_remove(served.context, "svc", SP_STRLEN, (enum sp_remove)7, &detail),
                 SP_ERROR_ARGUMENT);
    cr_assert_eq(detail.error, SP_ERROR_ARGUMENT);

    raw_stale(served.path);
    cr_assert_eq(sp_server_remove(served.context, "svc", SP_STRLEN, SP_REMOVE_STALE, &detail),
                 SP_OK);
    cr_assert_eq(detail.error, SP_OK);
    cr_assert_not(exists(served.path));

    live = raw_listen(served.path, 5);
    cr_assert_eq(sp_server_remove(served.context, "svc", SP_STRLEN, SP_REMOVE_STALE, &detail),
                 SP_ERROR_ADDRESS_IN_USE);
    cr_assert_eq(detail.cause, SP_CAUSE_SERVER_ALIVE);
    cr_assert(raw_reaches(served.path, live));
    cr_assert_eq(sp_server_remove(served.context, "svc", SP_STRLEN, SP_REMOVE_ALIVE, NULL), SP_OK);
    cr_assert_not(exists(served.path));
    close(live);

    tempdir_file(&served.dir, "svc", "decoy");
    cr_assert_eq(sp_server_remove(served.context, "svc", SP_STRLEN, SP_REMOVE_ALIVE, &detail),
                 SP_ERROR_ADDRESS_IN_USE);
    cr_assert_eq(detail.cause, SP_CAUSE_NOT_A_SOCKET);
    cr_assert(exists(served.path));
}

/* ---- closing ---- */

/* Covers: FDLT-11 */
Test(server_path, a_child_that_closes_its_copy_takes_nothing)
{
    pid_t child;
    int status;

    served_listen(&served);
    child = fork();
    MUST(child >= 0);
    if (child == 0) {
        sp_server_free(served.server);
        _exit(0);
    }
    MUST(waitpid(child, &status, 0) == child);
    cr_assert_eq(status, 0);
    cr_assert(exists(served.path));
    MUST(close(raw_connect(served.path)) == 0);
    sp_server_close(served.server);
    cr_assert_not(exists(served.path));
}

/* A successor has the name by now: its file stays. */
/* Covers: FDLT-13, PATH-16, QT-B6, QT-B14 */
Test(server_path, close_removes_only_its_own)
{
    char moved[TEMPDIR_JOINED_MAX];
    int successor;

    served_listen(&served);
    MUST(unlink(served.path) == 0);
    successor = raw_listen(served.path, 5);
    sp_server_close(served.server);
    cr_assert(raw_reaches(served.path, successor));
    close(successor);
    MUST(unlink(served.path) == 0);

    /* Its file has been moved: neither that one nor what took its place is removed. */
    served_listen(&served);
    MUST(rename(served.path, tempdir_join(&served.dir, "moved", moved)) == 0);
    tempdir_file(&served.dir, "svc", "decoy");
    sp_server_close(served.server);
    cr_assert(exists(moved));
    cr_assert(exists(served.path));
}

/* Covers: FDLT-15 */
Test(server_path, close_and_free_remove_the_path)
{
    struct snapshot before = snapshot_of(served.dir.path), after;

    for (int round = 0; round < 20; round++) {
        served_listen(&served);
        cr_assert(exists(served.path));
        sp_server_close(served.server);
        after = snapshot_of(served.dir.path);
        cr_assert_str_eq(after.text, before.text);
    }
    served_listen(&served);
    sp_server_free(served.server);
    served.server = NULL;
    after = snapshot_of(served.dir.path);
    cr_assert_str_eq(after.text, before.text);
}

/* A listen whose @nth call fails, and perhaps all later ones; the server is closed afterwards.
 * Returns false when it did not get that far. */
static bool listen_failing(unsigned nth, bool from_there_on)
{
    const struct faulty_plan plan = {.nth = nth, .error = ENOMEM, .from_there_on = from_there_on};
    struct snapshot before = snapshot_descriptors(), after;
    const char *member;
    bool failed;
    int r;

    faulty_os_plan(&served.os, plan);
    r = sp_server_listen(served.server, "svc", SP_STRLEN);
    failed = served.os.failed > 0;
    member = faulty_member_name(served.os.failed_member);
    faulty_os_plan(&served.os, (struct faulty_plan){.nth = 0});
    if (r == SP_OK) /* it could do without that call */
        sp_server_close(served.server);
    else
        cr_assert_eq(r, SP_ERROR_RESOURCE, "%s: %s", member, sp_error_name(r));
    cr_assert_not(sp_server_is_listening(served.server));
    after = snapshot_descriptors();
    cr_assert_str_eq(after.text, before.text, "call %u, %s", nth, member);
    return failed;
}

/* Every call that a listen makes fails in turn: descriptors, directory and object are as before. */
/* Covers: FDLT-14, FDLT-20, QT-B1 */
Test(server_path, a_listen_that_fails_anywhere_leaves_nothing)
{
    struct snapshot before = snapshot_of(served.dir.path), after;
    unsigned nth = 1;

    while (listen_failing(nth, false)) {
        after = snapshot_of(served.dir.path);
        cr_assert_str_eq(after.text, before.text, "call %u", nth);
        nth++;
    }
    cr_assert_gt(nth, 20);
}

/* From some call on nothing works, removing included: what is open is closed all the same. */
/* Covers: FDLT-20 */
Test(server_path, a_listen_in_a_failing_system_closes_everything)
{
    unsigned nth = 1;

    while (listen_failing(nth, true)) {
        served_end(&served);
        served_begin(&served);
        nth++;
    }
    cr_assert_gt(nth, 20);
}
