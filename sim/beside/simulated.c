/* SPDX-License-Identifier: MIT */
/*
 * The system calls beside the seam, on the simulated kernel.
 */
#include "machine.h"

#include "sim/actor.h"

#include <errno.h>
#include <string.h>

static int sim_beside_socket(void *who, int kind)
{
    return sim_socket(who, (enum sim_socket_kind)kind);
}

static int sim_beside_socketpair(void *who, int ret_fds[2])
{
    return sim_socketpair(who, ret_fds);
}

static int sim_beside_autobind(void *who, int fd)
{
    return sim_bind(who, fd, "", 0);
}

static int sim_beside_dup(void *who, int fd)
{
    return sim_dup(who, fd);
}

static int sim_beside_close_all(void *who)
{
    struct sim_census census;

    sim_census(who, &census);
    for (int fd = 3; fd < SIM_DESCRIPTORS_MAX; fd++)
        if ((census.descriptor_set >> fd & 1) != 0)
            (void)sim_close(who, fd);
    return 0;
}

static int sim_beside_flags(void *who, int fd)
{
    return sim_descriptor_flags(who, fd);
}

static int sim_beside_shutdown(void *who, int fd, int how)
{
    return sim_shutdown(who, fd, how);
}

static int64_t sim_beside_send_urgent(void *who, int fd, const void *bytes, size_t length)
{
    return sim_send_urgent(who, fd, bytes, length);
}

static int64_t sim_beside_send_descriptor(void *who, int fd, const void *bytes, size_t length,
                                          int passed)
{
    return sim_send_descriptor(who, fd, bytes, length, passed);
}

static int sim_beside_take_error(void *who, int fd)
{
    return sim_take_error(who, fd);
}

static int64_t sim_beside_unread(void *who, int fd)
{
    return sim_unread(who, fd);
}

static int64_t sim_beside_unsent(void *who, int fd)
{
    return sim_unsent(who, fd);
}

static int sim_beside_set_send_buffer(void *who, int fd, uint32_t bytes)
{
    return sim_set_send_buffer(who, fd, bytes);
}

static int sim_beside_chdir(void *who, const char *path)
{
    return sim_chdir(who, path);
}

static int sim_beside_mkdir(void *who, const char *path, uint32_t mode)
{
    return sim_mkdir(who, path, mode);
}

static int sim_beside_rmdir(void *who, const char *path)
{
    return sim_rmdir(who, path);
}

static int sim_beside_create(void *who, const char *path, uint32_t type, uint32_t mode)
{
    return sim_create(who, path, type, mode);
}

static int sim_beside_write(void *who, const char *path, const void *bytes, size_t length)
{
    return sim_write(who, path, bytes, length);
}

static int sim_beside_symlink(void *who, const char *text, const char *path)
{
    return sim_symlink(who, text, path);
}

static int sim_beside_link(void *who, const char *from, const char *to)
{
    return sim_link(who, from, to);
}

static int sim_beside_unlink(void *who, const char *path)
{
    return sim_unlink(who, path);
}

static int sim_beside_rename(void *who, const char *from, const char *to)
{
    return sim_rename(who, from, to);
}

static int sim_beside_chmod(void *who, const char *path, uint32_t mode)
{
    return sim_chmod(who, path, mode);
}

static int sim_beside_chown(void *who, const char *path, uint32_t uid, uint32_t gid)
{
    return sim_chown(who, path, uid, gid);
}

static int sim_beside_stat(void *who, const char *path, bool follow, struct sp_os_stat *ret_stat)
{
    return follow ? sim_stat(who, path, ret_stat) : sim_lstat(who, path, ret_stat);
}

static int sim_beside_readlink(void *who, const char *path, char *ret_text, size_t capacity)
{
    return sim_readlink(who, path, ret_text, capacity);
}

static int sim_beside_open(void *who, const char *path, bool handle)
{
    return sim_open(who, path, handle);
}

static int sim_beside_flock(void *who, int fd, bool lock)
{
    return lock ? sim_flock(who, fd) : sim_funlock(who, fd);
}

/* To open a directory needs a path and a free descriptor, before anything else. */
static int need_descriptor(struct sim_actor *actor, const char *path)
{
    int fd = sim_open(actor, path, true);

    return fd < 0 ? fd : sim_close(actor, fd);
}

static int sim_beside_list(void *who, const char *path, char ret_names[LIST_MAX][256])
{
    struct sim_listing listing;
    struct sp_os_stat stat;
    int r = need_descriptor(who, path), fd, count = 0;

    if (r < 0 || (r = sim_stat(who, path, &stat)) < 0)
        return r;
    /* O_DIRECTORY: before the question of who may read it */
    if ((stat.mode & SP_OS_IFMT) != SP_OS_IFDIR)
        return -ENOTDIR;
    fd = sim_open(who, path, false);
    if (fd < 0)
        return fd;
    while (count < LIST_MAX && sim_read_dir(who, fd, (size_t)count, &listing) > 0)
        memcpy(ret_names[count++], listing.name, sizeof(listing.name));
    (void)sim_close(who, fd);
    return count;
}

static int sim_beside_umask(void *who, uint32_t mask)
{
    sim_actor_set_umask(who, mask);
    return 0;
}

static int sim_beside_limit(void *who, unsigned descriptors)
{
    sim_actor_set_descriptor_limit(who, descriptors);
    return 0;
}

static int sim_beside_ids(void *who, uint32_t uid, uint32_t gid, const uint32_t *groups,
                          size_t count)
{
    return sim_actor_set_ids(who, uid, gid, groups, count);
}

const struct beside beside_simulated = {
    .socket = sim_beside_socket,
    .socketpair = sim_beside_socketpair,
    .autobind = sim_beside_autobind,
    .dup = sim_beside_dup,
    .close_all = sim_beside_close_all,
    .flags = sim_beside_flags,
    .shutdown = sim_beside_shutdown,
    .send_urgent = sim_beside_send_urgent,
    .send_descriptor = sim_beside_send_descriptor,
    .take_error = sim_beside_take_error,
    .unread = sim_beside_unread,
    .unsent = sim_beside_unsent,
    .set_send_buffer = sim_beside_set_send_buffer,
    .chdir = sim_beside_chdir,
    .mkdir = sim_beside_mkdir,
    .rmdir = sim_beside_rmdir,
    .create = sim_beside_create,
    .write = sim_beside_write,
    .symlink = sim_beside_symlink,
    .link = sim_beside_link,
    .unlink = sim_beside_unlink,
    .rename = sim_beside_rename,
    .chmod = sim_beside_chmod,
    .chown = sim_beside_chown,
    .stat = sim_beside_stat,
    .readlink = sim_beside_readlink,
    .open = sim_beside_open,
    .flock = sim_beside_flock,
    .list = sim_beside_list,
    .umask = sim_beside_umask,
    .limit = sim_beside_limit,
    .ids = sim_beside_ids,
};
