/* SPDX-License-Identifier: MIT */
/*
 * The system calls beside the seam, on Linux, by the process that calls.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "machine.h"

#include "sim/actor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNUSED(who) (void)(who)

static int result(int64_t value)
{
    return value < 0 ? -errno : (int)value;
}

static int linux_socket(void *who, int kind)
{
    UNUSED(who);
    switch (kind) {
    case SIM_STREAM:
        return result(socket(AF_UNIX, SOCK_STREAM, 0));
    case SIM_DGRAM:
        return result(socket(AF_UNIX, SOCK_DGRAM, 0));
    default:
        return result(socket(AF_INET, SOCK_STREAM, 0));
    }
}

static int linux_socketpair(void *who, int ret_fds[2])
{
    UNUSED(who);
    return result(socketpair(AF_UNIX, SOCK_STREAM, 0, ret_fds));
}

static int linux_autobind(void *who, int fd)
{
    const struct sockaddr family = {.sa_family = AF_UNIX};

    UNUSED(who);
    return result(bind(fd, &family, sizeof(family.sa_family)));
}

static int linux_dup(void *who, int fd)
{
    UNUSED(who);
    return result(dup(fd));
}

static int linux_close_all(void *who)
{
    UNUSED(who);
    return result(close_range(3, LINUX_CHANNEL - 1, 0));
}

static int linux_flags(void *who, int fd)
{
    int descriptor = fcntl(fd, F_GETFD), file = fcntl(fd, F_GETFL);

    UNUSED(who);
    if (descriptor < 0 || file < 0)
        return -errno;
    return ((descriptor & FD_CLOEXEC) != 0 ? SIM_CLOEXEC : 0) |
           ((file & O_NONBLOCK) != 0 ? SIM_NONBLOCK : 0);
}

static int linux_shutdown(void *who, int fd, int how)
{
    UNUSED(who);
    return result(shutdown(fd, how));
}

static int64_t linux_send_urgent(void *who, int fd, const void *bytes, size_t length)
{
    UNUSED(who);
    return result(send(fd, bytes, length, MSG_OOB | MSG_NOSIGNAL | MSG_DONTWAIT));
}

static int64_t linux_send_descriptor(void *who, int fd, const void *bytes, size_t length,
                                     int passed)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec iov = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = length};
    struct msghdr message = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control.room)};

    UNUSED(who);
    memset(&control, 0, sizeof(control));
    control.header = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(&control.header), &passed, sizeof(passed));
    return result(sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT));
}

static int linux_take_error(void *who, int fd)
{
    int error = 0;
    socklen_t length = sizeof(error);

    UNUSED(who);
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0 ? -errno : error;
}

/* An ioctl() says ENOTTY for it. */
static int not_a_socket(int error)
{
    return error == ENOTTY ? -ENOTSOCK : -error;
}

static int64_t linux_unread(void *who, int fd)
{
    int bytes = 0;

    UNUSED(who);
    return ioctl(fd, SIOCINQ, &bytes) < 0 ? not_a_socket(errno) : bytes;
}

static int64_t linux_unsent(void *who, int fd)
{
    int bytes = 0;

    UNUSED(who);
    return ioctl(fd, SIOCOUTQ, &bytes) < 0 ? not_a_socket(errno) : bytes;
}

static int linux_set_send_buffer(void *who, int fd, uint32_t bytes)
{
    int half = (int)bytes / 2; /* the kernel doubles it */

    UNUSED(who);
    return result(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &half, sizeof(half)));
}

static int linux_chdir(void *who, const char *path)
{
    UNUSED(who);
    return result(chdir(path));
}

static int linux_mkdir(void *who, const char *path, uint32_t mode)
{
    UNUSED(who);
    return result(mkdir(path, mode));
}

static int linux_rmdir(void *who, const char *path)
{
    UNUSED(who);
    return result(rmdir(path));
}

static int linux_create(void *who, const char *path, uint32_t type, uint32_t mode)
{
    UNUSED(who);
    return result(mknod(path, type | mode, 0));
}

static int linux_write(void *who, const char *path, const void *bytes, size_t length)
{
    int fd = open(path, O_WRONLY | O_TRUNC | O_NONBLOCK | O_CLOEXEC);
    ssize_t written;

    UNUSED(who);
    if (fd < 0)
        return -errno;
    written = write(fd, bytes, length);
    (void)close(fd);
    return written == (ssize_t)length ? 0 : -EIO;
}

static int linux_symlink(void *who, const char *text, const char *path)
{
    UNUSED(who);
    return result(symlink(text, path));
}

static int linux_link(void *who, const char *from, const char *to)
{
    UNUSED(who);
    return result(link(from, to));
}

static int linux_unlink(void *who, const char *path)
{
    UNUSED(who);
    return result(unlink(path));
}

static int linux_rename(void *who, const char *from, const char *to)
{
    UNUSED(who);
    return result(rename(from, to));
}

static int linux_chmod(void *who, const char *path, uint32_t mode)
{
    UNUSED(who);
    return result(chmod(path, mode));
}

static int linux_chown(void *who, const char *path, uint32_t uid, uint32_t gid)
{
    UNUSED(who);
    return result(lchown(path, uid, gid));
}

static int linux_stat(void *who, const char *path, bool follow, struct sp_os_stat *ret_stat)
{
    struct stat stat;

    UNUSED(who);
    if (fstatat(AT_FDCWD, path, &stat, follow ? 0 : AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    *ret_stat = (struct sp_os_stat){.dev = stat.st_dev,
                                    .ino = stat.st_ino,
                                    .mode = stat.st_mode,
                                    .uid = stat.st_uid,
                                    .gid = stat.st_gid};
    return 0;
}

static int linux_readlink(void *who, const char *path, char *ret_text, size_t capacity)
{
    UNUSED(who);
    return result(readlink(path, ret_text, capacity));
}

static int linux_open(void *who, const char *path, bool handle)
{
    UNUSED(who);
    return result(open(path, handle ? O_PATH | O_NOFOLLOW : O_RDONLY | O_NONBLOCK));
}

static int linux_flock(void *who, int fd, bool lock)
{
    UNUSED(who);
    return result(flock(fd, lock ? LOCK_EX | LOCK_NB : LOCK_UN));
}

static int linux_list(void *who, const char *path, char ret_names[LIST_MAX][256])
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    int count = 0;

    UNUSED(who);
    if (dir == NULL)
        return -errno;
    while (count < LIST_MAX && (entry = readdir(dir)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            (void)snprintf(ret_names[count++], 256, "%s", entry->d_name);
    (void)closedir(dir);
    return count;
}

static int linux_umask(void *who, uint32_t mask)
{
    UNUSED(who);
    (void)umask(mask);
    return 0;
}

static int linux_limit(void *who, unsigned descriptors)
{
    struct rlimit limit;

    UNUSED(who);
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return -errno;
    limit.rlim_cur = descriptors;
    return result(setrlimit(RLIMIT_NOFILE, &limit));
}

static int linux_ids(void *who, uint32_t uid, uint32_t gid, const uint32_t *groups, size_t count)
{
    UNUSED(who);
    if (setgroups(count, groups) < 0 || setresgid(gid, gid, gid) < 0 ||
        setresuid(uid, uid, uid) < 0)
        return -errno;
    return 0;
}

const struct beside beside_linux = {
    .socket = linux_socket,
    .socketpair = linux_socketpair,
    .autobind = linux_autobind,
    .dup = linux_dup,
    .close_all = linux_close_all,
    .flags = linux_flags,
    .shutdown = linux_shutdown,
    .send_urgent = linux_send_urgent,
    .send_descriptor = linux_send_descriptor,
    .take_error = linux_take_error,
    .unread = linux_unread,
    .unsent = linux_unsent,
    .set_send_buffer = linux_set_send_buffer,
    .chdir = linux_chdir,
    .mkdir = linux_mkdir,
    .rmdir = linux_rmdir,
    .create = linux_create,
    .write = linux_write,
    .symlink = linux_symlink,
    .link = linux_link,
    .unlink = linux_unlink,
    .rename = linux_rename,
    .chmod = linux_chmod,
    .chown = linux_chown,
    .stat = linux_stat,
    .readlink = linux_readlink,
    .open = linux_open,
    .flock = linux_flock,
    .list = linux_list,
    .umask = linux_umask,
    .limit = linux_limit,
    .ids = linux_ids,
};
