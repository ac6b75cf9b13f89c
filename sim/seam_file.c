/* SPDX-License-Identifier: MIT */
/*
 * The seam: files.
 *
 * The members that are several system calls on Linux (chmod_at, lock_at) let other actors act in
 * between too, at the places where core/os/linux_file.c would.
 *
 * Tests: tests/conformance
 */
#include "internal.h"
#include "text.h"

static void within(const struct sim_visit *visit)
{
    (void)sim__act(visit->actor, visit->call, SIM_WITHIN);
}

static struct sim_visit enter_file(void *ctx, enum sim_call call, int dir, const char *name)
{
    struct sim_visit visit = sim__enter_with(ctx, call, dir);

    sim__require(&visit, name[0] != '\0' && name[sim__component(name)] == '\0');
    sim__add_name(&visit, name);
    return visit;
}

/* The directory a handle stands for; the walk finds out if it is something else. */
static int directory(const struct sim_actor *actor, int dir)
{
    sim_index node = sim__node_of(actor, dir);

    if (node != SIM_NIL)
        return node;
    return sim__file(actor, dir) != NULL ? -ENOTDIR : -EBADF;
}

static int open_dir(struct sim_actor *actor, int dir, const char *name)
{
    int fd = sim__descriptor_free(actor);
    int at, node;

    /* The kernel reserves the descriptor first. */
    if (fd < 0)
        return fd;
    if (dir == SP_OS_ROOT)
        return sim__open_node(actor, actor->sim->root, SIM_FILE_HANDLE, true);
    at = directory(actor, dir);
    if (at < 0)
        return at;
    node = sim__walk(actor, (sim_index)at, name, false);
    if (node < 0)
        return node;
    if (!sim__is(actor->sim, (sim_index)node, SP_OS_IFDIR))
        return -ENOTDIR;
    return sim__open_node(actor, (sim_index)node, SIM_FILE_HANDLE, true);
}

int sim__seam_open_dir(void *ctx, int dir, const char *name)
{
    struct sim_visit visit = dir == SP_OS_ROOT ? sim__enter(ctx, SIM_CALL_OPEN_DIR, dir)
                                               : enter_file(ctx, SIM_CALL_OPEN_DIR, dir, name);

    return sim__leave_int(&visit, sim__fails(&visit) ? sim__planned_errno(&visit)
                                                     : open_dir(ctx, dir, name));
}

static int leave_stat(const struct sim_visit *visit, int r, const struct sp_os_stat *stat)
{
    if (r == 0) {
        sim__add(visit, stat->dev << 32 ^ stat->ino);
        sim__add(visit, (uint64_t)stat->mode << 32 | stat->uid);
    }
    return sim__leave_int(visit, r);
}

static int stat_at(struct sim_actor *actor, int dir, const char *name, struct sp_os_stat *ret_stat)
{
    int at = directory(actor, dir);
    int node = at < 0 ? at : sim__walk(actor, (sim_index)at, name, false);

    if (node < 0)
        return node;
    sim__fill_stat(actor->sim, (sim_index)node, ret_stat);
    return 0;
}

int sim__seam_stat_at(void *ctx, int dir, const char *name, struct sp_os_stat *ret_stat)
{
    struct sim_visit visit = enter_file(ctx, SIM_CALL_STAT_AT, dir, name);

    return leave_stat(
        &visit, sim__fails(&visit) ? sim__planned_errno(&visit) : stat_at(ctx, dir, name, ret_stat),
        ret_stat);
}

static int stat_fd(struct sim_actor *actor, int fd, struct sp_os_stat *ret_stat)
{
    int node = directory(actor, fd);

    if (node < 0)
        return node;
    sim__fill_stat(actor->sim, (sim_index)node, ret_stat);
    return 0;
}

int sim__seam_stat_fd(void *ctx, int fd, struct sp_os_stat *ret_stat)
{
    struct sim_visit visit = sim__enter_with(ctx, SIM_CALL_STAT_FD, fd);

    return leave_stat(&visit,
                      sim__fails(&visit) ? sim__planned_errno(&visit) : stat_fd(ctx, fd, ret_stat),
                      ret_stat);
}

static int readlink_at(struct sim_actor *actor, int dir, const char *name, char *ret_text,
                       size_t capacity)
{
    int at = directory(actor, dir);

    return at < 0 ? at : sim__readlink(actor, (sim_index)at, name, ret_text, capacity);
}

int sim__seam_readlink_at(void *ctx, int dir, const char *name, char *ret_text, size_t capacity)
{
    struct sim_visit visit = enter_file(ctx, SIM_CALL_READLINK_AT, dir, name);
    int r = sim__fails(&visit) ? sim__planned_errno(&visit)
                               : readlink_at(ctx, dir, name, ret_text, capacity);

    if (r > 0)
        sim__add_bytes(&visit, ret_text, (size_t)r);
    return sim__leave_int(&visit, r);
}

static int unlink_at(struct sim_actor *actor, int dir, const char *name)
{
    int at = directory(actor, dir);

    return at < 0 ? at : sim__unlink(actor, (sim_index)at, name);
}

int sim__seam_unlink_at(void *ctx, int dir, const char *name)
{
    struct sim_visit visit = enter_file(ctx, SIM_CALL_UNLINK_AT, dir, name);

    return sim__leave_int(&visit, sim__fails(&visit) ? sim__planned_errno(&visit)
                                                     : unlink_at(ctx, dir, name));
}

static int chmod_at(const struct sim_visit *visit, int dir, const char *name,
                    const struct sp_os_stat *expected, uint32_t mode)
{
    struct sim_actor *actor = visit->actor;
    struct sim *sim = actor->sim;
    int r = sim__descriptor_free(actor);
    int at = r < 0 ? r : directory(actor, dir);
    int node = at < 0 ? at : sim__walk(actor, (sim_index)at, name, false);
    struct sp_os_stat stat;

    if (node < 0)
        return node;
    sim__node_ref(sim, (sim_index)node);
    sim__fill_stat(sim, (sim_index)node, &stat);
    within(visit);
    if (stat.dev != expected->dev || stat.ino != expected->ino ||
        ((stat.mode ^ expected->mode) & SP_OS_IFMT) != 0)
        r = -ESTALE;
    else
        r = sim__chmod_node(actor, (sim_index)node, mode);
    sim__node_unref(sim, (sim_index)node);
    return r;
}

int sim__seam_chmod_at(void *ctx, int dir, const char *name, const struct sp_os_stat *expected,
                       uint32_t mode)
{
    struct sim_visit visit = enter_file(ctx, SIM_CALL_CHMOD_AT, dir, name);

    sim__add(&visit, mode);
    return sim__leave_int(&visit, sim__fails(&visit) ? sim__planned_errno(&visit)
                                                     : chmod_at(&visit, dir, name, expected, mode));
}

/* Opens what is there for reading and writing, and judges whether it is a lock file. */
static int open_old_lock(struct sim_actor *actor, sim_index at, const char *name)
{
    const struct sim *sim = actor->sim;
    int found = sim__walk(actor, at, name, false);
    const struct sim_node *node;
    int r;

    if (found < 0)
        return found == -ENOENT ? -EWOULDBLOCK : found;
    node = &sim->nodes[found];
    if (sim__is(sim, (sim_index)found, SP_OS_IFLNK) || sim__is(sim, (sim_index)found, SP_OS_IFDIR))
        return -EEXIST;
    r = sim__permission(actor, (sim_index)found, SIM_MAY_READ | SIM_MAY_WRITE);
    if (r < 0)
        return r;
    if (!sim__is(sim, (sim_index)found, SP_OS_IFREG))
        return -EEXIST;
    if (node->uid != sim__cred(actor)->uid)
        return -EACCES;
    if (node->size > 0 || node->names > 1)
        return -EEXIST;
    return sim__open_node(actor, (sim_index)found, SIM_FILE_NODE, true);
}

static int lock_at(const struct sim_visit *visit, int dir, const char *name)
{
    struct sim_actor *actor = visit->actor;
    int fd = sim__descriptor_free(actor);
    int at = fd < 0 ? fd : directory(actor, dir);
    sim_index node;
    int r;

    if (at < 0)
        return at;
    r = sim__make_node(actor, (sim_index)at, name, SP_OS_IFREG | 0600, &node);
    if (r == 0) {
        fd = sim__open_node(actor, node, SIM_FILE_NODE, true);
    } else if (r == -EEXIST) {
        within(visit);
        fd = open_old_lock(actor, (sim_index)at, name);
    } else {
        return r;
    }
    if (fd < 0)
        return fd;
    sim__file(actor, fd)->nonblock = true;
    within(visit);
    r = sim_flock(actor, fd);
    if (r < 0) {
        (void)sim_close(actor, fd);
        return r;
    }
    return fd;
}

int sim__seam_lock_at(void *ctx, int dir, const char *name)
{
    struct sim_visit visit = enter_file(ctx, SIM_CALL_LOCK_AT, dir, name);

    return sim__leave_int(&visit, sim__fails(&visit) ? sim__planned_errno(&visit)
                                                     : lock_at(&visit, dir, name));
}
