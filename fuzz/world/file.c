/* SPDX-License-Identifier: MIT */
/*
 * What users do to the filesystem around sockets and servers, with system calls of their own.
 *
 * A short path is one below WORLD_BASE (names.h). Users have no umask: a mode is made as it is
 * written. "symlink PATH -> TEXT" and "link PATH -> OLD" make PATH; "rename PATH -> NEW" makes NEW.
 * Every regular file that is made has content of its own, so that one that was touched shows.
 *
 * At one time there is one lock: of the user that took it last.
 */
#include "fuzz/world/names.h"
#include "fuzz/world/world.h"

#include <errno.h>
#include <string.h>

/* Words of {file}. */
enum { FILE_REGULAR, FILE_FIFO, FILE_SOCKET };

#define STALE_MODE 07777u

static int make_regular(struct sim_actor *user, const struct world_name *path, uint32_t mode)
{
    int r = sim_create(user, path->bytes, SP_OS_IFREG, mode);

    /* Refused where its mode keeps its owner out: then it is empty. */
    if (r == 0)
        (void)sim_write(user, path->bytes, path->bytes, path->length);
    return r;
}

/* What a server that was killed leaves behind. */
static int make_stale(struct sim_actor *user, const struct world_name *path, uint32_t mode)
{
    int fd = sim_socket(user, SIM_STREAM);
    int r;

    if (fd < 0)
        return fd;
    sim_actor_set_umask(user, ~mode & STALE_MODE);
    r = sim_bind(user, fd, path->bytes, path->length);
    sim_actor_set_umask(user, 0);
    (void)sim_close(user, fd);
    return r;
}

static int create(struct sim_actor *user, const struct world_name *path, int64_t file,
                  uint32_t mode)
{
    switch (file) {
    case FILE_FIFO:
        return sim_create(user, path->bytes, SP_OS_IFIFO, mode);
    case FILE_SOCKET:
        return make_stale(user, path, mode);
    default:
        return make_regular(user, path, mode);
    }
}

static void unlock(struct world *world)
{
    if (world->lock.actor != NULL)
        (void)sim_close(world->lock.actor, world->lock.fd);
    world->lock = (struct world_peer){.actor = NULL};
}

/* As another server does that takes no part in removing: the file is made, locked and kept. */
static int lock(struct world *world, struct sim_actor *user, const struct world_name *path)
{
    int fd, r;

    unlock(world);
    (void)sim_create(user, path->bytes, SP_OS_IFREG, 0600);
    fd = sim_open(user, path->bytes, false);
    if (fd < 0)
        return fd;
    r = sim_flock(user, fd);
    if (r < 0) {
        (void)sim_close(user, fd);
        return r;
    }
    world->lock = (struct world_peer){.actor = user, .fd = fd};
    return 0;
}

static int symlink_at(struct sim_actor *user, const struct world_name *path,
                      struct operation_text text)
{
    char target[STEP_OPERAND_MAX + 1];

    /* The text of a link is used as it is: a relative one starts where the link is. */
    if (text.length > 0)
        memcpy(target, text.bytes, text.length);
    target[text.length] = '\0';
    return sim_symlink(user, target, path->bytes);
}

/* To a user and his own group. */
static int change_owner(struct sim_actor *user, const struct world_name *path, int64_t owner)
{
    static const uint32_t ids[OPERATION_USERS] = {WORLD_ROOT, WORLD_OURS, WORLD_MALLORY,
                                                  WORLD_GROUP_MATE};

    return sim_chown(user, path->bytes, ids[owner], ids[owner]);
}

bool world_do_file(struct world *world, const struct operation *operation,
                   struct world_outcome *ret)
{
    struct sim_actor *user;
    struct world_name path, other;

    if (operation->kind < OPERATION_MKDIR || operation->kind > OPERATION_UNLOCK)
        return false;
    user = world->users[operation->arg[0]];
    sim_actor_set_umask(user, 0);
    world_name(operation->path, &path);
    ret->called = true;
    switch (operation->kind) {
    case OPERATION_MKDIR:
        ret->result = sim_mkdir(user, path.bytes, (uint32_t)operation->arg[1]);
        break;
    case OPERATION_RMDIR:
        ret->result = sim_rmdir(user, path.bytes);
        break;
    case OPERATION_CREATE:
        ret->result = create(user, &path, operation->arg[1], (uint32_t)operation->arg[2]);
        break;
    case OPERATION_SYMLINK:
        ret->result = symlink_at(user, &path, operation->name);
        break;
    case OPERATION_LINK:
        world_name(operation->name, &other);
        ret->result = sim_link(user, other.bytes, path.bytes);
        break;
    case OPERATION_RENAME:
        world_name(operation->name, &other);
        ret->result = sim_rename(user, path.bytes, other.bytes);
        break;
    case OPERATION_UNLINK:
        ret->result = sim_unlink(user, path.bytes);
        break;
    case OPERATION_CHMOD:
        ret->result = sim_chmod(user, path.bytes, (uint32_t)operation->arg[1]);
        break;
    case OPERATION_CHOWN:
        ret->result = change_owner(user, &path, operation->arg[1]);
        break;
    case OPERATION_LOCK:
        ret->result = lock(world, user, &path);
        break;
    default:
        /* Whoever has it. */
        unlock(world);
        ret->result = 0;
        break;
    }
    return true;
}
