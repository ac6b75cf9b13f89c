/* SPDX-License-Identifier: MIT */
/* Abstract names on the real kernel: who may connect, and what is not a file. */
#include "tests/integration/served.h"

#include "tests/support/as_uid.h"
#include "tests/support/must.h"
#include "tests/support/snapshot.h"

#include <criterion/criterion.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static struct served served;
static struct sp_address address;

static void begin(void)
{
    served_begin(&served);
    /* Names are shared by the whole network namespace: ours is like no other's. */
    cr_assert_eq(sp_address_abstract(&address, served.dir.path, SP_STRLEN, NULL), SP_OK);
}

static void end(void)
{
    served_end(&served);
}

TestSuite(server_abstract, .init = begin, .fini = end, .timeout = 60);

static void listen_abstract(void)
{
    cr_assert_eq(sp_server_listen_address(served.server, &address), SP_OK);
}

static int connect_abstract(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    MUST(fd >= 0);
    memcpy(name.sun_path + 1, address.bytes, address.length);
    if (connect(fd, (struct sockaddr *)&name,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + address.length)) == 0)
        return fd;
    close(fd);
    return -1;
}

/* A client that says something and waits for an answer; whether it got one. */
static int talks(void *arg)
{
    const char *what = arg;
    int fd = connect_abstract();
    char byte = 0;
    ssize_t n;

    MUST(fd >= 0);
    (void)send(fd, what, strlen(what), MSG_NOSIGNAL);
    n = read(fd, &byte, 1);
    close(fd);
    return n == 1 && byte == '!';
}

/* Answers each connection with one byte, until one says "q". */
static void serve(void)
{
    char bytes[8] = "";

    while (bytes[0] != 'q') {
        struct sp_socket *socket = served_take(&served);

        cr_assert_eq(sp_socket_wait_ready_read(socket, 10000), SP_OK);
        cr_assert_gt(sp_socket_read(socket, bytes, sizeof(bytes)), 0);
        cr_assert_eq(sp_socket_write(socket, "!", 1), 1);
        sp_socket_flush(socket);
        sp_socket_free(socket);
    }
}

struct visit {
    uid_t uid;
    gid_t gid, extra; /* primary and one supplementary group */
    int served;       /* whether it should be */
};

/* Each visitor in turn; returns how many the server refused. */
static uint64_t visit_all(const struct visit *visits, size_t count)
{
    pid_t child = fork();
    int status;

    MUST(child >= 0);
    if (child == 0) {
        int wrong = 0;

        for (size_t i = 0; i < count; i++) {
            const struct visit *visit = &visits[i];

            if (as_uid(visit->uid, visit->gid, &visit->extra, 1, talks, "hello") != visit->served)
                wrong = (int)i + 1;
        }
        MUST(talks("q"));
        _exit(wrong);
    }
    serve();
    MUST(waitpid(child, &status, 0) == child);
    cr_assert_eq(status, 0, "visit %d went otherwise", WEXITSTATUS(status) - 1);
    return sp_server_refused(served.server);
}

/* Qt: whoever is on the host connects, silently, whatever access option is set. */
/* Covers: ABST-01, QT-G3 */
Test(server_abstract, only_the_owner_by_default)
{
    const struct visit visits[] = {{0, 0, 0, 1}, {NOBODY, NOGROUP, NOGROUP, 0}, {1234, 0, 0, 0}};

    REQUIRE_ROOT();
    listen_abstract();
    cr_assert_eq(visit_all(visits, 3), 2);
    cr_assert_eq(sp_server_error(served.server), SP_OK);
}

/* Covers: ABST-01, PEER-06 */
Test(server_abstract, the_group_if_allowed)
{
    const struct visit visits[] = {
        {1234, 0, NOGROUP, 1}, /* by primary group: that of the server, which is root's */
        {1234, NOGROUP, 0, 1}, /* by a supplementary one */
        {1234, NOGROUP, NOGROUP, 0},
    };

    REQUIRE_ROOT();
    cr_assert_eq(sp_server_set_access(served.server, SP_ACCESS_USER | SP_ACCESS_GROUP), SP_OK);
    listen_abstract();
    cr_assert_eq(visit_all(visits, 3), 1);
}

/* Covers: ABST-08 */
Test(server_abstract, everybody_if_asked_for)
{
    const struct visit visits[] = {{0, 0, 0, 1}, {NOBODY, NOGROUP, NOGROUP, 1}};

    REQUIRE_ROOT();
    cr_assert_eq(sp_server_set_access(served.server, SP_ACCESS_WORLD), SP_OK);
    listen_abstract();
    cr_assert_eq(visit_all(visits, 2), 0);
}

/* Nothing that looks like the name is touched: not as a path, not as it is printed. */
/* Covers: ABST-03, QT-B15 */
Test(server_abstract, files_with_such_names_stay)
{
    const char *leaf = strrchr(served.dir.path, '/') + 1;
    struct snapshot before, after;
    char printed[TEMPDIR_JOINED_MAX], path[TEMPDIR_JOINED_MAX];
    const char *names[] = {leaf, tempdir_join(&served.dir, leaf, path)};

    MUST(chdir(served.dir.path) == 0);
    (void)snprintf(printed, sizeof(printed), "@%s", leaf);
    tempdir_file(&served.dir, printed, "decoy");
    tempdir_file(&served.dir, leaf, "decoy");
    before = snapshot_of(served.dir.path);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(sp_address_abstract(&address, names[i], SP_STRLEN, NULL), SP_OK);
        listen_abstract();
        /* Here Qt takes the option, and takes the name for a path from then on. */
        cr_assert_eq(sp_server_set_access(served.server, SP_ACCESS_WORLD), SP_ERROR_OPERATION);
        sp_server_close(served.server);
    }
    MUST(chdir("/") == 0);
    after = snapshot_of(served.dir.path);
    cr_assert_str_eq(after.text, before.text);
}

Test(server_abstract, a_name_in_use)
{
    struct sp_server *second;
    struct sp_error_detail detail;

    listen_abstract();
    cr_assert_eq(sp_server_new(&second, served.context), SP_OK);
    cr_assert_eq(sp_server_set_take_over(second, true), SP_OK);
    cr_assert_eq(sp_server_listen_address(second, &address), SP_ERROR_ADDRESS_IN_USE);
    sp_server_error_detail(second, &detail);
    cr_assert_eq(detail.operation, SP_OPERATION_BIND);
    sp_server_close(served.server);
    cr_assert_eq(sp_server_listen_address(second, &address), SP_OK);
    sp_server_free(second);
}
