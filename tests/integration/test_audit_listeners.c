/* SPDX-License-Identifier: MIT */
/* Whether something listens at a socket file, as the kernel's list has it; and what the walk says
 * of paths that lead nowhere. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "audit/facts/listeners.h"
#include "tests/support/must.h"
#include "tests/support/tempdir.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static struct tempdir dir;
static char path[TEMPDIR_JOINED_MAX];
static struct path_facts facts;
static struct bound_sockets sockets;

static void set_up(void)
{
    dir = tempdir_make();
    tempdir_join(&dir, "s", path);
}

static void tear_down(void)
{
    bound_sockets_free(&sockets);
    tempdir_remove(&dir);
}

TestSuite(audit_listeners, .init = set_up, .fini = tear_down);

static int bind_at(const char *where, int type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

    MUST(fd >= 0 && strlen(where) < sizeof(address.sun_path));
    (void)strcpy(address.sun_path, where);
    MUST(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    return fd;
}

static enum service look(const char *where, const struct bound_socket **ret)
{
    bound_sockets_free(&sockets);
    bound_sockets_read(&sockets);
    cr_assert_eq(sockets.error, 0);
    cr_assert(path_read(&facts, where));
    return service_at(&sockets, &facts, ret);
}

Test(audit_listeners, a_file_and_its_socket_through_life)
{
    const struct bound_socket *bound;
    char moved[TEMPDIR_JOINED_MAX];
    int fd = bind_at(path, SOCK_STREAM);
    int other;

    (void)look(path, NULL);
    if (path_end_step(&facts)->node.unmatched)
        cr_skip_test("this file system shows other inode numbers to stat() than to sockets");
    cr_assert_eq(look(path, &bound), SERVICE_BOUND);
    MUST(listen(fd, 1) == 0);
    cr_assert_eq(look(path, &bound), SERVICE_LISTENS);
    cr_expect(bound->has_uid);
    cr_expect_eq(bound->uid, geteuid());

    /* The name that the kernel shows stays as it was. */
    MUST(rename(path, tempdir_join(&dir, "moved", moved)) == 0);
    cr_expect_eq(look(moved, &bound), SERVICE_LISTENS);
    other = bind_at(path, SOCK_STREAM);
    (void)close(other);
    cr_expect_eq(look(path, &bound), SERVICE_NONE);
    cr_assert_not_null(bound, "the listener that was here");
    cr_expect_eq(bound->inode, (uint32_t)sockets.sockets[bound - sockets.sockets].inode);
    (void)close(fd);
    cr_expect_eq(look(moved, &bound), SERVICE_NONE);
    cr_expect_null(bound);
}

Test(audit_listeners, datagrams_need_no_listener)
{
    const int fd = bind_at(path, SOCK_DGRAM);

    (void)look(path, NULL);
    if (path_end_step(&facts)->node.unmatched)
        cr_skip_test("this file system shows other inode numbers to stat() than to sockets");
    cr_expect_eq(look(path, NULL), SERVICE_BOUND);
    (void)close(fd);
    cr_expect_eq(look(path, NULL), SERVICE_NONE);
}

Test(audit_listeners, a_list_that_is_not_whole_proves_nothing)
{
    const int fd = bind_at(path, SOCK_STREAM);

    (void)close(fd);
    (void)look(path, NULL);
    sockets.error = EPERM;
    cr_expect_eq(service_at(&sockets, &facts, NULL), SERVICE_UNKNOWN);
}

Test(audit_listeners, paths_that_lead_nowhere)
{
    char link[TEMPDIR_JOINED_MAX];
    char beyond[TEMPDIR_JOINED_MAX];

    cr_expect_not(path_read(&facts, "relative"));
    cr_expect_not(path_read(&facts, ""));
    cr_assert(path_read(&facts, path));
    cr_expect_eq(facts.end, PATH_MISSING);
    cr_expect(facts.missing_last);
    cr_expect_str_eq(facts.missing, "s");
    cr_assert(path_read(&facts, tempdir_join(&dir, "no/s", beyond)));
    cr_expect_eq(facts.end, PATH_MISSING);
    cr_expect_not(facts.missing_last);
    cr_expect_not(path_plan(&facts, 1, 1, 0600));

    MUST(symlink("loop", tempdir_join(&dir, "loop", link)) == 0);
    cr_assert(path_read(&facts, link));
    cr_expect_eq(facts.end, PATH_UNREADABLE);
    cr_expect_eq(facts.error, ELOOP);
    tempdir_file(&dir, "file", "");
    cr_assert(path_read(&facts, tempdir_join(&dir, "file/s", beyond)));
    cr_expect_eq(facts.end, PATH_UNREADABLE);
    cr_expect_eq(facts.error, ENOTDIR);
}

Test(audit_listeners, a_planned_socket_is_what_would_be_bound)
{
    struct stat node;
    int fd;

    MUST(chmod(dir.path, 02755) == 0);
    MUST(stat(dir.path, &node) == 0);
    cr_assert(path_read(&facts, path));
    cr_assert(path_plan(&facts, 12, node.st_gid + 1, 0640));
    cr_expect(path_is_socket(&facts));
    cr_expect_eq(path_end_step(&facts)->node.uid, 12);
    cr_expect_eq(path_end_step(&facts)->node.gid, node.st_gid, "the directory's");
    fd = bind_at(path, SOCK_STREAM);
    MUST(stat(path, &node) == 0);
    cr_expect_eq(path_end_step(&facts)->node.gid, node.st_gid, "as the kernel does it");
    (void)close(fd);
}
