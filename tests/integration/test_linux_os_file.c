/* SPDX-License-Identifier: MIT */
/*
 * The seam on Linux, files: each member of core/os/linux_file.c against its contract in
 * sunpath/os.h.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "node.h"
#include "tests/support/as_uid.h"
#include "tests/support/fchmodat2.h"
#include "tests/support/must.h"
#include "tests/support/snapshot.h"
#include "tests/support/tempdir.h"
#include "tests/support/valgrind.h"

#include <sunpath/os.h>

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const struct sp_os *os;
static struct tempdir dir;
static int at; /* a handle on dir */

/* A handle on an absolute path, one component after the other. */
static int open_path(const char *path)
{
    char copy[256];
    int handle = os->open_dir(os->ctx, SP_OS_ROOT, "");

    MUST(strlen(path) < sizeof(copy) && handle >= 0);
    strcpy(copy, path);
    for (char *name = strtok(copy, "/"); name != NULL; name = strtok(NULL, "/")) {
        int next = os->open_dir(os->ctx, handle, name);

        (void)close(handle);
        if (next < 0)
            return next;
        handle = next;
    }
    return handle;
}

static void set_up(void)
{
    os = sp_os_linux();
    dir = tempdir_make();
    at = open_path(dir.path);
    MUST(at >= 0);
}

static void tear_down(void)
{
    tempdir_remove(&dir);
}

TestSuite(linux_file, .init = set_up, .fini = tear_down);

static void make_directory(const char *leaf, mode_t mode)
{
    char path[TEMPDIR_JOINED_MAX];

    MUST(mkdir(tempdir_join(&dir, leaf, path), 0700) == 0 && chmod(path, mode) == 0);
}

static void make_link(const char *leaf, const char *text)
{
    char path[TEMPDIR_JOINED_MAX];

    MUST(symlink(text, tempdir_join(&dir, leaf, path)) == 0);
}

static void make_socket(const char *leaf)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char path[TEMPDIR_JOINED_MAX];
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    MUST(strlen(tempdir_join(&dir, leaf, path)) < sizeof(address.sun_path));
    strcpy(address.sun_path, path);
    MUST(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    (void)close(fd);
}

static mode_t mode_of(const char *leaf)
{
    struct stat node;

    MUST(fstatat(at, leaf, &node, AT_SYMLINK_NOFOLLOW) == 0);
    return node.st_mode & 07777;
}

/* ---- looking ---- */

Test(linux_file, a_directory_is_opened_and_nothing_else_is)
{
    int handle;

    make_directory("real", 0700);
    make_link("link", "real");
    make_link("dangling", "nowhere");
    tempdir_file(&dir, "file", "");
    handle = os->open_dir(os->ctx, at, "real");
    cr_assert_geq(handle, 0);
    cr_assert(fcntl(handle, F_GETFD) & FD_CLOEXEC);
    cr_assert_geq(os->open_dir(os->ctx, handle, ".."), 0);
    cr_assert_eq(os->open_dir(os->ctx, at, "link"), -ENOTDIR, "never through a link");
    cr_assert_eq(os->open_dir(os->ctx, at, "dangling"), -ENOTDIR);
    cr_assert_eq(os->open_dir(os->ctx, at, "file"), -ENOTDIR);
    cr_assert_eq(os->open_dir(os->ctx, at, "missing"), -ENOENT);
}

static int open_below_search_only(void *arg)
{
    (void)arg;
    return open_path(dir.path) >= 0 ? open_path(dir.path) : -1;
}

Test(linux_file, search_permission_is_enough)
{
    REQUIRE_ROOT();
    MUST(chmod(dir.path, 0711) == 0);
    cr_assert_geq(as_nobody(open_below_search_only, NULL), 0);
}

Test(linux_file, a_handle_stays_with_its_directory)
{
    struct sp_os_stat before;
    struct sp_os_stat after;
    char from[TEMPDIR_JOINED_MAX];
    char to[TEMPDIR_JOINED_MAX];
    int handle;

    make_directory("old", 0700);
    handle = os->open_dir(os->ctx, at, "old");
    cr_assert_eq(os->stat_fd(os->ctx, handle, &before), 0);
    MUST(rename(tempdir_join(&dir, "old", from), tempdir_join(&dir, "new", to)) == 0);
    make_directory("old", 0700);
    cr_assert_eq(os->stat_fd(os->ctx, handle, &after), 0);
    cr_assert(sp__node_same(&after, &before));
    cr_assert_eq(os->stat_at(os->ctx, at, "new", &after), 0);
    cr_assert_eq(after.ino, before.ino);
}

Test(linux_file, stat_sees_the_link_and_not_where_it_leads)
{
    struct sp_os_stat stat = {.mode = 7};
    struct stat real;

    tempdir_file(&dir, "file", "text");
    make_link("link", "file");
    make_socket("socket");
    cr_assert_eq(os->stat_at(os->ctx, at, "missing", &stat), -ENOENT);
    cr_assert_eq(stat.mode, 7, "nothing is written on failure");
    cr_assert_eq(os->stat_at(os->ctx, at, "link", &stat), 0);
    cr_assert_eq(stat.mode & SP_OS_IFMT, SP_OS_IFLNK);
    cr_assert_eq(os->stat_at(os->ctx, at, "socket", &stat), 0);
    cr_assert_eq(stat.mode & SP_OS_IFMT, SP_OS_IFSOCK);
    MUST(fstatat(at, "file", &real, 0) == 0);
    cr_assert_eq(os->stat_at(os->ctx, at, "file", &stat), 0);
    cr_assert_eq(stat.dev, real.st_dev);
    cr_assert_eq(stat.ino, real.st_ino);
    cr_assert_eq(stat.mode, real.st_mode);
    cr_assert_eq(stat.uid, real.st_uid);
    cr_assert_eq(stat.gid, real.st_gid);
}

Test(linux_file, a_link_text_that_may_be_cut_shows_by_its_length)
{
    char text[16];

    make_link("link", "twelve-bytes");
    memset(text, '#', sizeof(text));
    cr_assert_eq(os->readlink_at(os->ctx, at, "link", text, sizeof(text)), 12);
    cr_assert_arr_eq(text, "twelve-bytes####", 16);
    cr_assert_eq(os->readlink_at(os->ctx, at, "link", text, 12), 12);
    cr_assert_eq(os->readlink_at(os->ctx, at, "link", text, 5), 5);
    cr_assert_eq(os->readlink_at(os->ctx, at, "missing", text, 5), -ENOENT);
    cr_assert_eq(os->readlink_at(os->ctx, at, ".", text, 5), -EINVAL);
}

Test(linux_file, unlink_removes_a_name_and_never_a_directory)
{
    make_directory("directory", 0700);
    tempdir_file(&dir, "file", "");
    make_link("link", "file");
    cr_assert_eq(os->unlink_at(os->ctx, at, "directory"), -EISDIR);
    cr_assert_eq(os->unlink_at(os->ctx, at, "link"), 0);
    cr_assert_eq(faccessat(at, "file", F_OK, 0), 0);
    cr_assert_eq(os->unlink_at(os->ctx, at, "link"), -ENOENT);
}

/* ---- changing a mode ---- */

/* For the rest of this process a system call fails, if @count comparisons of its arguments hold. */
static void forbid(int number, int error, unsigned count, struct scmp_arg_cmp comparison)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

    MUST(filter != NULL);
    MUST(seccomp_rule_add_array(filter, SCMP_ACT_ERRNO((uint32_t)error), number, count,
                                &comparison) == 0);
    MUST(seccomp_load(filter) == 0);
    seccomp_release(filter);
}

static void forbid_always(int number, int error)
{
    forbid(number, error, 0, (struct scmp_arg_cmp){0});
}

static void forbid_fchmodat2(int error)
{
    forbid_always(LINUX_FCHMODAT2, error);
}

static void assert_chmod_at_works(void)
{
    struct sp_os_stat node;

    MUST(os->stat_at(os->ctx, at, "s", &node) == 0);
    for (uint32_t mode = 0; mode <= 0777; mode++) {
        cr_assert_eq(os->chmod_at(os->ctx, at, "s", &node, mode), 0);
        cr_assert_eq(mode_of("s"), mode);
    }
}

Test(linux_file, chmod_sets_every_mode)
{
    make_socket("s");
    assert_chmod_at_works();
}

Test(linux_file, chmod_works_on_kernels_without_the_system_call_for_it)
{
    make_socket("s");
    forbid_fchmodat2(ENOSYS);
    assert_chmod_at_works();
}

Test(linux_file, chmod_works_under_a_filter_that_does_not_know_the_system_call)
{
    make_socket("s");
    forbid_fchmodat2(EPERM);
    assert_chmod_at_works();
}

static int chmod_read_only(void *arg)
{
    forbid_fchmodat2(EROFS);
    return os->chmod_at(os->ctx, at, "s", arg, 0777);
}

static int chmod_unseen(void *arg)
{
    forbid_always(SCMP_SYS(newfstatat), EIO);
    return os->chmod_at(os->ctx, at, "s", arg, 0777);
}

Test(linux_file, chmod_reports_what_the_system_says)
{
    struct sp_os_stat node;

    NOT_UNDER_VALGRIND(VALGRIND_FCHMODAT2);
    make_socket("s");
    MUST(os->stat_at(os->ctx, at, "s", &node) == 0);
    cr_assert_eq(as_child(chmod_read_only, &node), -EROFS);
    cr_assert_eq(as_child(chmod_unseen, &node), -EIO);
}

/* In a root directory without /proc. */
static int chmod_without_proc(void *arg)
{
    MUST(chroot(dir.path) == 0);
    forbid_fchmodat2(ENOSYS);
    return os->chmod_at(os->ctx, at, "s", arg, 0777);
}

Test(linux_file, that_proc_is_missing_says_nothing_about_the_file)
{
    struct sp_os_stat node;

    REQUIRE_ROOT();
    make_socket("s");
    MUST(os->stat_at(os->ctx, at, "s", &node) == 0);
    cr_assert_eq(as_child(chmod_without_proc, &node), -ENOSYS);
}

/* Covers: PERM-06 */
Test(linux_file, chmod_touches_no_other_node)
{
    struct sp_os_stat expected;
    struct sp_os_stat other;
    struct snapshot before;
    struct snapshot after;

    make_socket("ours");
    make_socket("other");
    tempdir_file(&dir, "victim", "secret");
    make_link("link", "victim");
    MUST(os->stat_at(os->ctx, at, "ours", &expected) == 0);
    before = snapshot_of(dir.path);
    cr_assert_eq(os->chmod_at(os->ctx, at, "other", &expected, 0777), -ESTALE);
    cr_assert_eq(os->chmod_at(os->ctx, at, "link", &expected, 0777), -ESTALE);
    cr_assert_eq(os->chmod_at(os->ctx, at, "victim", &expected, 0777), -ESTALE);
    cr_assert_eq(os->chmod_at(os->ctx, at, "missing", &expected, 0777), -ENOENT);
    /* The same number, of another kind or on another device, is another node. */
    other = expected;
    other.mode = SP_OS_IFREG | 0600;
    cr_assert_eq(os->chmod_at(os->ctx, at, "ours", &other, 0777), -ESTALE);
    other = expected;
    other.dev++;
    cr_assert_eq(os->chmod_at(os->ctx, at, "ours", &other, 0777), -ESTALE);
    after = snapshot_of(dir.path);
    cr_assert_str_eq(after.text, before.text);
}

static int chmod_ours(void *arg)
{
    return os->chmod_at(os->ctx, at, "s", arg, 0777);
}

Test(linux_file, chmod_needs_to_be_the_owner)
{
    struct sp_os_stat node;

    REQUIRE_ROOT();
    MUST(chmod(dir.path, 0755) == 0);
    make_socket("s");
    MUST(os->stat_at(os->ctx, at, "s", &node) == 0);
    cr_assert_eq(as_nobody(chmod_ours, &node), -EPERM);
    cr_assert_neq(mode_of("s"), 0777);
}

/* ---- locking ---- */

Test(linux_file, a_lock_is_held_by_one_and_given_back_by_close)
{
    int fd = os->lock_at(os->ctx, at, ".l.lock");

    cr_assert_geq(fd, 0);
    cr_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    cr_assert_eq(os->lock_at(os->ctx, at, ".l.lock"), -EWOULDBLOCK);
    cr_assert_geq(os->lock_at(os->ctx, at, ".other.lock"), 0);
    cr_assert_eq(os->close(os->ctx, fd), 0);
    fd = os->lock_at(os->ctx, at, ".l.lock");
    cr_assert_geq(fd, 0, "the file is still there and can be locked again");
}

/* Covers: PERM-05 */
Test(linux_file, a_lock_file_is_ours_alone_whatever_the_umask)
{
    for (mode_t mask = 0; mask <= 0777; mask += 0111) {
        mode_t before = umask(mask);
        int fd = os->lock_at(os->ctx, at, ".l.lock");

        cr_assert_geq(fd, 0);
        cr_assert_eq(mode_of(".l.lock"), 0600);
        cr_assert_eq(umask(before), mask);
        MUST(close(fd) == 0 && unlinkat(at, ".l.lock", 0) == 0);
    }
}

/* Covers: PATH-15 */
Test(linux_file, what_is_no_lock_file_is_neither_locked_nor_touched)
{
    static const char *const names[] = {"full", "directory", "link", "fifo", "socket", "two"};
    struct snapshot before;
    struct snapshot after;
    char path[TEMPDIR_JOINED_MAX];

    tempdir_file(&dir, "full", "somebody wrote this");
    make_directory("directory", 0700);
    tempdir_file(&dir, "empty", "");
    make_link("link", "empty");
    make_socket("socket");
    MUST(mkfifo(tempdir_join(&dir, "fifo", path), 0600) == 0);
    tempdir_file(&dir, "two", "");
    MUST(linkat(at, "two", at, "names", 0) == 0);
    before = snapshot_of(dir.path);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        cr_assert_eq(os->lock_at(os->ctx, at, names[i]), -EEXIST, "%s", names[i]);
    after = snapshot_of(dir.path);
    cr_assert_str_eq(after.text, before.text);
}

Test(linux_file, a_lock_file_of_another_user_is_refused)
{
    char path[TEMPDIR_JOINED_MAX];

    REQUIRE_ROOT();
    tempdir_file(&dir, "foreign", "");
    MUST(chown(tempdir_join(&dir, "foreign", path), NOBODY, NOGROUP) == 0);
    cr_assert_eq(os->lock_at(os->ctx, at, "foreign"), -EACCES);
}

static int lock_here(void *arg)
{
    return os->lock_at(os->ctx, at, arg);
}

Test(linux_file, a_lock_in_a_directory_that_may_not_be_written_is_refused)
{
    REQUIRE_ROOT();
    MUST(chmod(dir.path, 0755) == 0);
    cr_assert_eq(as_nobody(lock_here, ".l.lock"), -EACCES);
}

Test(linux_file, nothing_is_left_where_files_cannot_be_locked)
{
    struct snapshot before = snapshot_descriptors();
    struct snapshot after;

    forbid_always(SCMP_SYS(flock), ENOLCK);
    cr_assert_eq(os->lock_at(os->ctx, at, ".l.lock"), -ENOLCK);
    cr_assert_eq(faccessat(at, ".l.lock", F_OK, 0), -1);
    after = snapshot_descriptors();
    cr_assert_str_eq(after.text, before.text);
}

/* There is a file, says the call that would create it; there is none, says the next. */
static int lock_vanishing(void *arg)
{
    forbid(SCMP_SYS(openat), EEXIST, 1, SCMP_A2(SCMP_CMP_MASKED_EQ, O_CREAT, O_CREAT));
    return lock_here(arg);
}

/* There is a file, but no descriptor for it. */
static int lock_without_descriptors(void *arg)
{
    forbid(SCMP_SYS(openat), EMFILE, 1, SCMP_A2(SCMP_CMP_MASKED_EQ, O_CREAT, 0));
    return lock_here(arg);
}

static int lock_unseen(void *arg)
{
    forbid_always(SCMP_SYS(newfstatat), EIO);
    return lock_here(arg);
}

Test(linux_file, a_lock_reports_what_the_system_says)
{
    cr_assert_eq(os->lock_at(os->ctx, -1, ".l.lock"), -EBADF);
    cr_assert_eq(as_child(lock_vanishing, ".l.lock"), -EWOULDBLOCK,
                 "who has removed it between two looks was holding it");
    tempdir_file(&dir, ".l.lock", "");
    cr_assert_eq(as_child(lock_without_descriptors, ".l.lock"), -EMFILE);
    cr_assert_eq(as_child(lock_unseen, ".l.lock"), -EIO, "not used without knowing what it is");
}
