/* SPDX-License-Identifier: MIT */
/*
 * The seam on Linux: files. Rules: linux.h.
 *
 * Everything is relative to a directory handle and follows no link, so that a path that changes
 * under us changes nothing.
 *
 * Tests: tests/integration/test_linux_os_file.c
 */
#include "linux.h"

#include <assert.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Newer than the headers of some systems we build on; the number never changes. */
#ifndef SYS_fchmodat2
#ifdef __alpha__
#define SYS_fchmodat2 562
#else
#define SYS_fchmodat2 452
#endif
#endif

static_assert(SP_OS_IFMT == S_IFMT && SP_OS_IFSOCK == S_IFSOCK && SP_OS_IFLNK == S_IFLNK &&
                  SP_OS_IFREG == S_IFREG && SP_OS_IFDIR == S_IFDIR && SP_OS_IFIFO == S_IFIFO &&
                  SP_OS_ISVTX == S_ISVTX,
              "modes are passed on as they are");

/* O_PATH asks for no permission on the directory itself; searching it later does. With O_NOFOLLOW
 * it would open a link as a link; O_DIRECTORY then refuses that with ENOTDIR. */
int sp__linux_open_dir(void *ctx, int dir, const char *name)
{
    int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

    (void)ctx;
    return sp__linux_result(dir == SP_OS_ROOT ? open("/", flags) : openat(dir, name, flags));
}

static int stat_result(int value, const struct stat *stat, struct sp_os_stat *ret_stat)
{
    if (value < 0)
        return -errno;
    *ret_stat = (struct sp_os_stat){
        .dev = stat->st_dev,
        .ino = stat->st_ino,
        .mode = stat->st_mode,
        .uid = stat->st_uid,
        .gid = stat->st_gid,
    };
    return 0;
}

int sp__linux_stat_at(void *ctx, int dir, const char *name, struct sp_os_stat *ret_stat)
{
    struct stat stat;

    (void)ctx;
    return stat_result(fstatat(dir, name, &stat, AT_SYMLINK_NOFOLLOW), &stat, ret_stat);
}

int sp__linux_stat_fd(void *ctx, int fd, struct sp_os_stat *ret_stat)
{
    struct stat stat;

    (void)ctx;
    return stat_result(fstat(fd, &stat), &stat, ret_stat);
}

int sp__linux_readlink_at(void *ctx, int dir, const char *name, char *ret_text, size_t capacity)
{
    ssize_t length = readlinkat(dir, name, ret_text, capacity < INT_MAX ? capacity : INT_MAX);

    (void)ctx;
    return length < 0 ? -errno : (int)length;
}

int sp__linux_unlink_at(void *ctx, int dir, const char *name)
{
    (void)ctx;
    return sp__linux_result(unlinkat(dir, name, 0));
}

/* Changes the mode of what an O_PATH descriptor stands for, which fchmod() refuses to do. */
static int chmod_handle(int handle, mode_t mode)
{
    char path[sizeof("/proc/self/fd/") + 3 * sizeof(int)];
    int r;

    if (syscall(SYS_fchmodat2, handle, "", mode, AT_EMPTY_PATH) == 0)
        return 0;
    r = -errno;
    /* Linux before 6.6, or a system call filter that knows no newer calls and says EPERM. */
    if (r != -ENOSYS && r != -EPERM)
        return r;
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", handle);
    if (chmod(path, mode) == 0)
        return 0;
    /* That /proc is not mounted says nothing about the file: the first answer stands. */
    return errno == ENOENT || errno == ENOTDIR ? r : -errno;
}

int sp__linux_chmod_at(void *ctx, int dir, const char *name, const struct sp_os_stat *expected,
                       uint32_t mode)
{
    int handle = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct stat stat;
    int r;

    if (handle < 0)
        return -errno;
    if (fstat(handle, &stat) < 0)
        r = -errno;
    else if (stat.st_dev != expected->dev || stat.st_ino != expected->ino ||
             (stat.st_mode & S_IFMT) != (expected->mode & SP_OS_IFMT))
        r = -ESTALE;
    else
        r = chmod_handle(handle, mode & 07777);
    (void)sp__linux_close(ctx, handle);
    return r;
}

/* Whether an existing node can be a lock file: nothing that anybody wrote into, nothing that has
 * another name as well, nothing that another user could hold for ever. */
static int judge_lock(int fd)
{
    struct stat stat;

    if (fstat(fd, &stat) < 0)
        return -errno;
    if (!S_ISREG(stat.st_mode))
        return -EEXIST;
    if (stat.st_uid != geteuid())
        return -EACCES;
    return stat.st_size == 0 && stat.st_nlink <= 1 ? 0 : -EEXIST;
}

static int open_lock(int dir, const char *name, bool *ret_created)
{
    /* Non-blocking, and not a terminal of ours: the name may lead to anything. */
    int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    int fd = openat(dir, name, flags | O_CREAT | O_EXCL, 0600);

    *ret_created = fd >= 0;
    if (fd >= 0) {
        /* Whatever the umask took away would lock out our own other processes. */
        (void)fchmod(fd, 0600);
        return fd;
    }
    if (errno != EEXIST)
        return -errno;
    fd = openat(dir, name, flags);
    if (fd >= 0)
        return fd;
    switch (errno) {
    case ENOENT: /* Removed in between by the one who held it. */
        return -EWOULDBLOCK;
    case ELOOP:  /* a link */
    case EISDIR: /* a directory */
    case ENXIO:  /* a socket */
        return -EEXIST;
    default:
        return -errno;
    }
}

int sp__linux_lock_at(void *ctx, int dir, const char *name)
{
    bool created;
    int fd = open_lock(dir, name, &created);
    int r;

    if (fd < 0)
        return fd;
    r = created ? 0 : judge_lock(fd);
    if (r == 0)
        r = sp__linux_result(flock(fd, LOCK_EX | LOCK_NB));
    if (r == 0)
        return fd;
    /* A file system that cannot lock keeps nothing of ours. But if somebody has the lock already,
     * the file is in use, and the one who holds it removes it. */
    if (created && r != -EWOULDBLOCK)
        (void)unlinkat(dir, name, 0);
    (void)sp__linux_close(ctx, fd);
    return r;
}
