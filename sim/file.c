/* SPDX-License-Identifier: MIT */
/*
 * Files behind names: changing, looking, opening, locking.
 *
 * Tests: tests/conformance/rows_files.c, rows_permissions.c, rows_locks.c
 */
#include "internal.h"

#include <string.h>

#define MODE_BITS 07777u
#define SETUID 04000u
#define GROUP_EXECUTE 00010u

/* ---- changing ---- */

int sim__chmod_node(struct sim_actor *actor, sim_index index, uint32_t mode)
{
    struct sim_node *node = &actor->sim->nodes[index];

    if ((node->flags & SIM_NODE_READ_ONLY) != 0)
        return -EROFS;
    if (sim__is(actor->sim, index, SP_OS_IFLNK))
        return -EOPNOTSUPP;
    if (!sim__has_owner_rights(actor, node))
        return -EPERM;
    if (!sim__is_root(actor) && !sim__in_group(actor, node->gid))
        mode &= ~SETGID;
    sim__witness(actor, SIM_CHANGE_MODE, NULL, index, mode & MODE_BITS);
    node->mode = (uint16_t)((node->mode & SP_OS_IFMT) | (mode & MODE_BITS));
    return 0;
}

/* A file that changes hands or contents runs as nobody else any more. Set-group-id without the
 * right to execute was a lock once, and stays for who could set it. */
static void drop_set_ids(const struct sim_actor *actor, struct sim_node *node)
{
    if ((node->mode & GROUP_EXECUTE) != 0 ||
        (!sim__is_root(actor) && !sim__in_group(actor, node->gid)))
        node->mode &= (uint16_t)~SETGID;
    node->mode &= (uint16_t)~SETUID;
}

int sim_chmod(struct sim_actor *actor, const char *path, uint32_t mode)
{
    int node = sim__walk(actor, actor->cwd, path, true);

    return node < 0 ? node : sim__chmod_node(actor, (sim_index)node, mode);
}

int sim_chown(struct sim_actor *actor, const char *path, uint32_t uid, uint32_t gid)
{
    int index = sim__walk(actor, actor->cwd, path, false);
    struct sim_node *node;

    if (index < 0)
        return index;
    node = &actor->sim->nodes[index];
    if ((node->flags & SIM_NODE_READ_ONLY) != 0)
        return -EROFS;
    if (!sim__is_root(actor) && (sim__cred(actor)->uid != node->uid || uid != node->uid ||
                                 (gid != node->gid && !sim__in_group(actor, gid))))
        return -EPERM;
    if (!sim__is(actor->sim, (sim_index)index, SP_OS_IFDIR))
        drop_set_ids(actor, node);
    node->uid = uid;
    node->gid = gid;
    return 0;
}

int sim_write(struct sim_actor *actor, const char *path, const void *bytes, size_t length)
{
    struct sim *sim = actor->sim;
    const uint8_t *from = bytes;
    uint64_t sum = 0;
    int index, r;

    /* It is opened for that. */
    r = sim__check_path(path);
    if (r == 0)
        r = sim__descriptor_free(actor);
    if (r < 0)
        return r;
    index = sim__walk(actor, actor->cwd, path, true);
    if (index < 0)
        return index;
    if (sim__is(sim, (sim_index)index, SP_OS_IFDIR))
        return -EISDIR;
    r = sim__permission(actor, (sim_index)index, SIM_MAY_WRITE);
    if (r < 0)
        return r;
    if (!sim__is(sim, (sim_index)index, SP_OS_IFREG))
        return -ENXIO;
    if (!sim__is_root(actor))
        drop_set_ids(actor, &sim->nodes[index]);
    for (size_t i = 0; i < length; i++)
        sum = sim__mix(sum + 1, from[i]);
    sim->nodes[index].size = length;
    sim->nodes[index].content = sum;
    return 0;
}

/* ---- looking ---- */

static int stat_path(struct sim_actor *actor, const char *path, bool follow,
                     struct sp_os_stat *ret_stat)
{
    int node = sim__walk(actor, actor->cwd, path, follow);

    if (node < 0)
        return node;
    sim__fill_stat(actor->sim, (sim_index)node, ret_stat);
    return 0;
}

int sim_lstat(struct sim_actor *actor, const char *path, struct sp_os_stat *ret_stat)
{
    return stat_path(actor, path, false, ret_stat);
}

int sim_stat(struct sim_actor *actor, const char *path, struct sp_os_stat *ret_stat)
{
    return stat_path(actor, path, true, ret_stat);
}

int sim__readlink(struct sim_actor *actor, sim_index at, const char *path, char *ret_text,
                  size_t capacity)
{
    const struct sim *sim = actor->sim;
    int index = sim__walk(actor, at, path, false);
    size_t length;

    if (index < 0)
        return index;
    if (!sim__is(sim, (sim_index)index, SP_OS_IFLNK))
        return -EINVAL;
    length = sim->nodes[index].text_length;
    if (length > capacity)
        length = capacity;
    memcpy(ret_text, sim->text + sim->nodes[index].text, length);
    return (int)length;
}

int sim_readlink(struct sim_actor *actor, const char *path, char *ret_text, size_t capacity)
{
    return sim__readlink(actor, actor->cwd, path, ret_text, capacity);
}

int sim_chdir(struct sim_actor *actor, const char *path)
{
    struct sim *sim = actor->sim;
    int node = sim__walk(actor, actor->cwd, path, true);
    int r;

    if (node < 0)
        return node;
    if (!sim__is(sim, (sim_index)node, SP_OS_IFDIR))
        return -ENOTDIR;
    r = sim__permission(actor, (sim_index)node, SIM_MAY_SEARCH);
    if (r < 0)
        return r;
    sim__node_ref(sim, (sim_index)node);
    sim__node_unref(sim, actor->cwd);
    actor->cwd = (sim_index)node;
    return 0;
}

/* ---- opening and locking ---- */

int sim__open_node(struct sim_actor *actor, sim_index node, enum sim_file_kind kind, bool cloexec)
{
    int fd = sim__descriptor_new(actor, kind, node, cloexec, false);

    if (fd >= 0)
        sim__node_ref(actor->sim, node);
    return fd;
}

int sim_open(struct sim_actor *actor, const char *path, bool handle)
{
    int r = sim__check_path(path);
    int node, fd;

    if (r == 0)
        r = sim__descriptor_free(actor);
    if (r < 0)
        return r;
    node = sim__walk(actor, actor->cwd, path, !handle);
    if (node < 0)
        return node;
    if (handle)
        return sim__open_node(actor, (sim_index)node, SIM_FILE_HANDLE, false);
    r = sim__permission(actor, (sim_index)node, SIM_MAY_READ);
    if (r < 0)
        return r;
    if (sim__is(actor->sim, (sim_index)node, SP_OS_IFSOCK))
        return -ENXIO;
    fd = sim__open_node(actor, (sim_index)node, SIM_FILE_NODE, false);
    if (fd >= 0)
        sim__file(actor, fd)->nonblock = true;
    return fd;
}

/* Whose lock a descriptor can have; NULL if nobody else could want it: sockets and processes have a
 * node for each open file. */
static int find_lock(const struct sim_actor *actor, int fd, sim_index **ret_locker)
{
    const struct sim_file *file = sim__file(actor, fd);

    if (file == NULL || file->kind == SIM_FILE_HANDLE)
        return -EBADF;
    *ret_locker = file->kind == SIM_FILE_NODE ? &actor->sim->nodes[file->target].locker : NULL;
    return 0;
}

int sim_flock(struct sim_actor *actor, int fd)
{
    sim_index *locker;
    int r = find_lock(actor, fd, &locker);

    if (r < 0 || locker == NULL)
        return r;
    if (*locker != SIM_NIL && *locker != actor->files[fd])
        return -EAGAIN;
    *locker = actor->files[fd];
    return 0;
}

int sim_funlock(struct sim_actor *actor, int fd)
{
    sim_index *locker;
    int r = find_lock(actor, fd, &locker);

    if (r == 0 && locker != NULL && *locker == actor->files[fd])
        *locker = SIM_NIL;
    return r;
}

/* ---- for oracles ---- */

/* Whether one name comes before another in byte order. */
static bool is_before(const struct sim *sim, const struct sim_entry *a, const struct sim_entry *b)
{
    int order = memcmp(sim->text + a->name, sim->text + b->name,
                       a->length < b->length ? a->length : b->length);

    return order != 0 ? order < 0 : a->length < b->length;
}

static int list_node(const struct sim *sim, sim_index dir, size_t index, struct sim_listing *ret)
{
    sim_index found = SIM_NIL;
    const struct sim_entry *entry;

    if (!sim__is(sim, dir, SP_OS_IFDIR))
        return -ENOTDIR;
    for (sim_index i = sim->nodes[dir].entries; i != SIM_NIL; i = sim->entry_links[i]) {
        size_t rank = 0;

        for (sim_index j = sim->nodes[dir].entries; j != SIM_NIL; j = sim->entry_links[j])
            rank += is_before(sim, &sim->entries[j], &sim->entries[i]);
        if (rank == index)
            found = i;
    }
    if (found == SIM_NIL)
        return 0;
    entry = &sim->entries[found];
    memcpy(ret->name, sim->text + entry->name, entry->length);
    ret->name[entry->length] = '\0';
    sim__fill_stat(sim, entry->node, &ret->stat);
    ret->content = sim->nodes[entry->node].content;
    ret->size = sim->nodes[entry->node].size;
    return 1;
}

int sim_list(struct sim *sim, const char *path, size_t index, struct sim_listing *ret)
{
    int dir = sim__walk(&sim->oracle, sim->root, path, true);

    return dir < 0 ? dir : list_node(sim, (sim_index)dir, index, ret);
}

int sim_read_dir(struct sim_actor *actor, int fd, size_t index, struct sim_listing *ret)
{
    const struct sim_file *file = sim__file(actor, fd);

    if (file == NULL || file->kind == SIM_FILE_HANDLE)
        return -EBADF;
    return file->kind == SIM_FILE_NODE ? list_node(actor->sim, file->target, index, ret) : -ENOTDIR;
}
