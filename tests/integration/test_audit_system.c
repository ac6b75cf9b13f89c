/* SPDX-License-Identifier: MIT */
/*
 * What the audit sees of the running system: sockets with names of any bytes, who holds them, other
 * network namespaces, other roots, full backlogs, and files that nobody serves.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "audit/facts/files.h"
#include "audit/facts/holders.h"
#include "audit/facts/namespaces.h"
#include "tests/support/as_uid.h"
#include "tests/support/must.h"
#include "tests/support/tempdir.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static struct tempdir dir;
static char path[TEMPDIR_JOINED_MAX];
static struct bound_sockets sockets;
static struct holders holders;

static void set_up(void)
{
    dir = tempdir_make();
    tempdir_join(&dir, "s", path);
}

static void tear_down(void)
{
    holders_free(&holders);
    bound_sockets_free(&sockets);
    tempdir_remove(&dir);
}

TestSuite(audit_system, .init = set_up, .fini = tear_down);

static int listen_as(const void *bytes, size_t length, int flags)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | flags, 0);

    MUST(fd >= 0 && length <= sizeof(address.sun_path));
    (void)memcpy(address.sun_path, bytes, length);
    MUST(bind(fd, (struct sockaddr *)&address,
              (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) == 0);
    MUST(listen(fd, 1) == 0);
    return fd;
}

/* A name that no other test has, whatever runs at the same time: NUL, tag, process. */
static size_t abstract_name(char ret[64], const char *tag)
{
    ret[0] = '\0';
    return 1 + (size_t)snprintf(ret + 1, 63, "%s\n@ \377%d", tag, (int)getpid());
}

static const struct bound_socket *find(const char *bytes, size_t length)
{
    for (size_t i = 0; i < sockets.count; i++) {
        const struct bound_socket *one = &sockets.sockets[i];

        if (one->name.space == SP_NAMESPACE_ABSTRACT && one->name.length == length - 1 &&
            memcmp(one->name.bytes, bytes + 1, length - 1) == 0)
            return one;
    }
    return NULL;
}

static void read_all(void)
{
    bound_sockets_read(&sockets);
    cr_assert_eq(sockets.error, 0);
    holders_read(&holders, &sockets);
    cr_assert_eq(holders.error, 0);
}

Test(audit_system, an_abstract_name_is_its_bytes)
{
    char name[64];
    const size_t length = abstract_name(name, "bytes");
    const int fd = listen_as(name, length, SOCK_CLOEXEC);
    const struct bound_socket *found;

    read_all();
    found = find(name, length);
    cr_assert_not_null(found);
    cr_expect(found->listening);
    cr_expect_not(found->has_file);
    cr_expect(found->has_uid);
    cr_expect_eq(found->uid, geteuid());
    cr_expect_eq(found->netns, 0);
    MUST(close(fd) == 0);
}

Test(audit_system, who_has_it_open_and_whether_an_exec_keeps_it)
{
    char name[64];
    const size_t length = abstract_name(name, "holder");
    const int fd = listen_as(name, length, SOCK_CLOEXEC);
    const int copy = dup(fd); /* without the flag */
    const struct bound_socket *found;
    const struct holder *who;
    size_t count;
    unsigned kept = 0;

    MUST(copy >= 0);
    read_all();
    found = find(name, length);
    cr_assert_not_null(found);
    count = holders_of(&holders, found->number, &who);
    cr_assert_eq(count, 2);
    for (size_t i = 0; i < count; i++) {
        cr_expect_eq(who[i].pid, getpid());
        cr_expect_eq(who[i].uid, geteuid());
        cr_expect_eq(who[i].survives_exec, who[i].fd == copy);
        cr_expect_not(who[i].other_root);
        kept += who[i].survives_exec;
    }
    cr_expect_eq(kept, 1);
    MUST(close(fd) == 0 && close(copy) == 0);
}

Test(audit_system, how_many_wait)
{
    char name[64];
    const size_t length = abstract_name(name, "queue");
    const int fd = listen_as(name, length, SOCK_CLOEXEC);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int clients[2];

    (void)memcpy(address.sun_path, name, length);
    for (unsigned i = 0; i < 2; i++) {
        const struct bound_socket *found;

        clients[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        MUST(connect(clients[i], (struct sockaddr *)&address,
                     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) == 0);
        bound_sockets_free(&sockets);
        bound_sockets_read(&sockets);
        found = find(name, length);
        cr_assert_not_null(found);
        cr_expect(found->has_queue);
        cr_expect_eq(found->backlog, 1);
        cr_expect_eq(found->pending, i + 1);
    }
    MUST(close(fd) == 0 && close(clients[0]) == 0 && close(clients[1]) == 0);
}

/* A child that listens and waits to be told to go; @prepare is what it does before. */
static pid_t start_listener(const void *bytes, size_t length, bool (*prepare)(void), int *ret_end)
{
    int ready[2];
    int end[2];
    pid_t pid;
    char byte = '-';

    MUST(pipe2(ready, O_CLOEXEC) == 0 && pipe2(end, O_CLOEXEC) == 0);
    pid = fork();
    MUST(pid >= 0);
    if (pid == 0) {
        (void)close(end[1]);
        if (prepare != NULL && !prepare())
            _exit(1);
        (void)listen_as(bytes, length, SOCK_CLOEXEC);
        if (write(ready[1], "+", 1) == 1)
            (void)!read(end[0], &byte, 1);
        _exit(0);
    }
    (void)close(end[0]);
    (void)close(ready[1]);
    if (read(ready[0], &byte, 1) != 1)
        byte = '-';
    (void)close(ready[0]);
    *ret_end = end[1];
    if (byte == '+')
        return pid;
    (void)close(end[1]);
    MUST(waitpid(pid, NULL, 0) == pid);
    return -1;
}

static void stop_listener(pid_t pid, int end)
{
    MUST(close(end) == 0 && waitpid(pid, NULL, 0) == pid);
}

static bool leave_network(void)
{
    return unshare(CLONE_NEWNET) == 0;
}

Test(audit_system, another_network_namespace)
{
    char name[64];
    const size_t length = abstract_name(name, "netns");
    const struct bound_socket *found;
    struct stat own;
    struct stat now;
    int end;
    pid_t pid;

    REQUIRE_ROOT();
    pid = start_listener(name, length, leave_network, &end);
    if (pid < 0)
        cr_skip_test("no network namespace can be made here");
    bound_sockets_read(&sockets);
    cr_expect_null(find(name, length), "not of ours");
    MUST(stat("/proc/self/ns/net", &own) == 0);
    (void)namespaces_read(&sockets);
    MUST(stat("/proc/self/ns/net", &now) == 0);
    cr_expect_eq(own.st_ino, now.st_ino, "we are back");
    found = find(name, length);
    cr_assert_not_null(found);
    cr_expect_neq(found->netns, 0);
    cr_expect_neq(found->netns, own.st_ino);
    stop_listener(pid, end);
}

/* As `ip netns add` leaves it: a namespace that is mounted on a file, and nobody in it. What
 * listens there is held open by a process elsewhere. */
static int look_for_named(const char *name, size_t length)
{
    const int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    int file;

    if (own < 0 || unshare(CLONE_NEWNS | CLONE_NEWNET) != 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", "/run", "tmpfs", 0, NULL) != 0 || mkdir("/run/netns", 0755) != 0 ||
        (file = open("/run/netns/n", O_CREAT | O_WRONLY | O_CLOEXEC, 0644)) < 0 ||
        mount("/proc/self/ns/net", "/run/netns/n", NULL, MS_BIND, NULL) != 0)
        return 77;
    (void)close(file);
    file = open("/run/netns/plain", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    (void)close(file);
    (void)listen_as(name, length, SOCK_CLOEXEC);
    if (setns(own, CLONE_NEWNET) != 0)
        return 2;
    bound_sockets_read(&sockets);
    if (find(name, length) != NULL)
        return 3;
    (void)namespaces_read(&sockets);
    return find(name, length) != NULL ? 0 : 4;
}

Test(audit_system, a_network_namespace_that_only_has_a_name)
{
    char name[64];
    const size_t length = abstract_name(name, "named");
    int status;
    pid_t pid;

    REQUIRE_ROOT();
    pid = fork();
    MUST(pid >= 0);
    if (pid == 0)
        _exit(look_for_named(name, length));
    MUST(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        cr_skip_test("nothing can be mounted here");
    cr_expect_eq(WEXITSTATUS(status), 0);
}

static bool change_root(void)
{
    return chroot(dir.path) == 0 && chdir("/") == 0;
}

Test(audit_system, a_listener_with_another_root)
{
    static struct path_facts facts;
    const struct bound_socket *found;
    const struct holder *who;
    char root[64];
    int end;
    pid_t pid;

    REQUIRE_ROOT();
    pid = start_listener("/s", 2, change_root, &end);
    MUST(pid > 0);
    read_all();
    (void)snprintf(root, sizeof(root), "/proc/%d/root", (int)pid);
    cr_assert(path_read_in(&facts, root, "/../s"));
    cr_expect(path_is_socket(&facts), "nothing is above the root, for it as for us");
    cr_expect_eq(service_at(&sockets, &facts, &found), SERVICE_LISTENS);
    cr_assert_not_null(found);
    cr_assert_eq(holders_of(&holders, found->number, &who), 1);
    cr_expect_eq(who->pid, pid);
    cr_expect(who->other_root);
    stop_listener(pid, end);
}

static bool mount_something(void)
{
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", dir.path, "tmpfs", 0, NULL) == 0;
}

/* As systemd does for a service with PrivateTmp. */
Test(audit_system, a_listener_with_mounts_of_its_own)
{
    static struct path_facts facts;
    const struct bound_socket *found = NULL;
    const struct holder *who;
    char root[64];
    int end;
    pid_t pid;

    REQUIRE_ROOT();
    pid = start_listener(path, strlen(path), mount_something, &end);
    if (pid < 0)
        cr_skip_test("nothing can be mounted here");
    read_all();
    cr_assert(path_read(&facts, path));
    cr_expect_eq(facts.end, PATH_MISSING, "not with our mounts");
    (void)snprintf(root, sizeof(root), "/proc/%d/root", (int)pid);
    cr_assert(path_read_in(&facts, root, path));
    cr_expect_eq(service_at(&sockets, &facts, &found), SERVICE_LISTENS);
    cr_assert_not_null(found);
    cr_assert_eq(holders_of(&holders, found->number, &who), 1);
    cr_expect_eq(who->pid, pid);
    cr_expect(who->other_root);
    stop_listener(pid, end);
}

static int look_as_nobody(void *arg)
{
    (void)arg;
    bound_sockets_read(&sockets);
    holders_read(&holders, &sockets);
    return holders.error == 0 && holders.unreadable > 0;
}

Test(audit_system, without_rights_it_says_what_it_could_not_see)
{
    REQUIRE_ROOT();
    cr_expect_eq(as_nobody(look_as_nobody, NULL), 1);
}

Test(audit_system, socket_files_and_nothing_else)
{
    struct files files = {.partial = false};
    char below[TEMPDIR_JOINED_MAX];
    char deep[TEMPDIR_JOINED_MAX + 8];
    char link_name[TEMPDIR_JOINED_MAX];

    tempdir_join(&dir, "d", below);
    tempdir_join(&dir, "l", link_name);
    (void)snprintf(deep, sizeof(deep), "%s/t", below);
    tempdir_file(&dir, "f", "text");
    MUST(mkdir(below, 0700) == 0 && symlink(below, link_name) == 0);
    MUST(close(listen_as(path, strlen(path), SOCK_CLOEXEC)) == 0);
    MUST(close(listen_as(deep, strlen(deep), SOCK_CLOEXEC)) == 0);
    files_add(&files, dir.path);
    cr_expect_not(files.partial);
    cr_assert_eq(files.count, 2, "each once, and not through the link");
    cr_expect(strcmp(files.paths[0], path) == 0 || strcmp(files.paths[1], path) == 0);
    cr_expect(strcmp(files.paths[0], deep) == 0 || strcmp(files.paths[1], deep) == 0);
    files_free(&files);

    files_add(&files, link_name);
    cr_assert_eq(files.count, 1, "the directory itself can be named by a link");
    files_free(&files);
    files_add(&files, "/nowhere/at/all");
    cr_expect_not(files.partial, "what is not there is not unread");
    cr_expect_eq(files.count, 0);
}
