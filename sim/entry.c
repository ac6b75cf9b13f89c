/* SPDX-License-Identifier: MIT */
/*
 * Names in directories: creating, linking, removing, renaming.
 *
 * The order of the checks is that of the system calls; see walk.c for why.
 *
 * Tests: tests/conformance/rows_files.c, rows_permissions.c
 */
#include "internal.h"

#include <string.h>

#define MODE_BITS 07777u
#define SETUID 04000u
#define GROUP_EXEC 00010u

/* ---- who sees it ---- */

void sim__witness(const struct sim_actor *actor, enum sim_change_kind kind,
                  const struct sim_place *place, sim_index node, uint32_t mode)
{
    struct sim *sim = actor->sim;
    struct sim_change change = {.actor = actor, .kind = kind, .mode = mode};
    sim_index socket = sim->nodes[node].socket;

    if (sim->witness == NULL)
        return;
    if (place != NULL) {
        sim__fill_stat(sim, place->dir, &change.dir);
        change.name = place->name;
        change.length = place->length;
    }
    sim__fill_stat(sim, node, &change.node);
    change.listening = socket != SIM_NIL && sim__sock_is_open(sim, socket);
    sim->witness(sim->witness_user, &change);
}

/* ---- creating ---- */

static int may_create(const struct sim_actor *actor, sim_index dir)
{
    const struct sim_node *node = &actor->sim->nodes[dir];

    if ((node->flags & SIM_NODE_READ_ONLY) != 0)
        return -EROFS;
    return sim__permission(actor, dir, SIM_MAY_WRITE | SIM_MAY_SEARCH);
}

/* In a directory that was removed nothing is even looked for, whatever else would be wrong. */
static bool was_removed(const struct sim *sim, sim_index dir)
{
    return sim->nodes[dir].names == 0;
}

/* Finds the place of a name that must not exist yet. Whether it may be made is may_create(). */
static int find_new_place(struct sim_actor *actor, sim_index at, const char *path, bool directory,
                          struct sim_place *ret)
{
    int r = sim__walk_parent(actor, at, path, ret);

    if (r < 0)
        return r;
    if (ret->last != SIM_LAST_NAME)
        return -EEXIST;
    r = sim__lookup(actor->sim, ret->dir, ret->name, ret->length);
    if (r != -ENOENT)
        return r < 0 ? r : -EEXIST;
    if (was_removed(actor->sim, ret->dir))
        return -ENOENT;
    return ret->slash && !directory ? -ENOENT : 0;
}

/* The directory's group must not run what somebody outside of it has made. */
static uint32_t without_foreign_group(const struct sim_actor *actor, uint32_t gid, uint32_t mode)
{
    bool runs = (mode & (SETGID | GROUP_EXEC)) == (SETGID | GROUP_EXEC);

    return runs && !sim__is_root(actor) && !sim__in_group(actor, gid) ? mode & ~SETGID : mode;
}

int sim__make_node(struct sim_actor *actor, sim_index at, const char *path, uint32_t mode,
                   sim_index *ret_node)
{
    struct sim *sim = actor->sim;
    bool directory = (mode & SP_OS_IFMT) == SP_OS_IFDIR;
    const struct sim_node *dir;
    struct sim_place place;
    uint32_t gid = sim__cred(actor)->gid;
    sim_index node;
    int r = find_new_place(actor, at, path, directory, &place);

    if (r == 0)
        r = may_create(actor, place.dir);
    if (r < 0)
        return r;
    dir = &sim->nodes[place.dir];
    if ((dir->mode & SETGID) != 0) {
        gid = dir->gid;
        mode = directory ? mode | SETGID : without_foreign_group(actor, gid, mode);
    }
    node = sim__node_new(sim, mode, sim__cred(actor)->uid, gid, dir->device);
    if (node == SIM_NIL)
        return -ENOSPC;
    sim__node_ref(sim, node);
    r = sim__entry_add(sim, place.dir, place.name, place.length, node);
    sim__node_unref(sim, node);
    if (r < 0)
        return r;
    sim__witness(actor, SIM_CHANGE_MADE, &place, node, mode);
    *ret_node = node;
    return 0;
}

int sim_mkdir(struct sim_actor *actor, const char *path, uint32_t mode)
{
    sim_index node;

    return sim__make_node(actor, actor->cwd, path, SP_OS_IFDIR | (mode & 01777 & ~actor->umask),
                          &node);
}

int sim_mount(struct sim_actor *actor, const char *path, uint32_t mode, bool read_only)
{
    sim_index node;
    int r;

    if (!sim__is_root(actor))
        return -EPERM;
    r = sim__make_node(actor, actor->cwd, path, SP_OS_IFDIR | (mode & 01777), &node);
    if (r < 0)
        return r;
    actor->sim->nodes[node].device = (uint8_t)++actor->sim->last_device;
    if (read_only)
        actor->sim->nodes[node].flags |= SIM_NODE_READ_ONLY;
    return 0;
}

int sim_create(struct sim_actor *actor, const char *path, uint32_t type, uint32_t mode)
{
    sim_index node;

    if (type != SP_OS_IFREG && type != SP_OS_IFIFO)
        return -EINVAL;
    return sim__make_node(actor, actor->cwd, path, type | (mode & MODE_BITS & ~actor->umask),
                          &node);
}

int sim_symlink(struct sim_actor *actor, const char *text, const char *path)
{
    struct sim *sim = actor->sim;
    size_t length = strlen(text);
    sim_index node;
    uint32_t offset;
    int r;

    if (length == 0)
        return -ENOENT;
    if (length > 4095)
        return -ENAMETOOLONG;
    offset = sim__text_add(sim, text, length);
    if (offset == 0)
        return -ENOSPC;
    r = sim__make_node(actor, actor->cwd, path, SP_OS_IFLNK | 0777, &node);
    if (r < 0)
        return r;
    sim->nodes[node].text = offset;
    sim->nodes[node].text_length = (uint16_t)length;
    return 0;
}

/* fs.protected_hardlinks, on wherever distributions configure the kernel: a link to what is not
 * ours would keep it alive, or pass it off as ours. */
static bool may_link_to(const struct sim_actor *actor, sim_index index)
{
    const struct sim_node *node = &actor->sim->nodes[index];

    if (sim__has_owner_rights(actor, node))
        return true;
    return sim__is(actor->sim, index, SP_OS_IFREG) && (node->mode & SETUID) == 0 &&
           (node->mode & (SETGID | GROUP_EXEC)) != (SETGID | GROUP_EXEC) &&
           sim__permission(actor, index, SIM_MAY_READ | SIM_MAY_WRITE) == 0;
}

int sim_link(struct sim_actor *actor, const char *from, const char *to)
{
    struct sim *sim = actor->sim;
    struct sim_place place;
    int node = sim__walk(actor, actor->cwd, from, false);
    int r;

    if (node < 0)
        return node;
    r = find_new_place(actor, actor->cwd, to, false, &place);
    if (r < 0)
        return r;
    if (sim->nodes[node].device != sim->nodes[place.dir].device)
        return -EXDEV;
    if (!may_link_to(actor, (sim_index)node))
        return -EPERM;
    r = may_create(actor, place.dir);
    if (r < 0)
        return r;
    if (sim__is(sim, (sim_index)node, SP_OS_IFDIR))
        return -EPERM;
    return sim__entry_add(sim, place.dir, place.name, place.length, (sim_index)node);
}

/* ---- removing ---- */

static int may_remove(const struct sim_actor *actor, sim_index dir, sim_index victim,
                      bool directory)
{
    const struct sim *sim = actor->sim;
    const struct sim_node *parent = &sim->nodes[dir];
    int r = sim__permission(actor, dir, SIM_MAY_WRITE | SIM_MAY_SEARCH);

    if (r < 0)
        return r;
    if ((parent->mode & SP_OS_ISVTX) != 0 && !sim__has_owner_rights(actor, &sim->nodes[victim]) &&
        !sim__has_owner_rights(actor, parent))
        return -EPERM;
    if (directory != sim__is(sim, victim, SP_OS_IFDIR))
        return directory ? -ENOTDIR : -EISDIR;
    return 0;
}

/* The entry of an existing name, or -errno. */
static int find_entry(const struct sim *sim, const struct sim_place *place)
{
    if ((sim->nodes[place->dir].flags & SIM_NODE_READ_ONLY) != 0)
        return -EROFS;
    return sim__lookup(sim, place->dir, place->name, place->length);
}

int sim__unlink(struct sim_actor *actor, sim_index at, const char *path)
{
    struct sim *sim = actor->sim;
    struct sim_place place;
    sim_index victim;
    int entry, r;

    r = sim__walk_parent(actor, at, path, &place);
    if (r < 0)
        return r;
    if (place.last != SIM_LAST_NAME)
        return -EISDIR;
    entry = find_entry(sim, &place);
    if (entry < 0)
        return entry;
    victim = sim->entries[entry].node;
    if (place.slash)
        return sim__is(sim, victim, SP_OS_IFDIR) ? -EISDIR : -ENOTDIR;
    r = may_remove(actor, place.dir, victim, false);
    if (r < 0)
        return r;
    sim__witness(actor, SIM_CHANGE_REMOVED, &place, victim, 0);
    sim__entry_remove(sim, place.dir, (sim_index)entry);
    return 0;
}

int sim_unlink(struct sim_actor *actor, const char *path)
{
    return sim__unlink(actor, actor->cwd, path);
}

static bool is_mount(const struct sim *sim, sim_index dir, sim_index node)
{
    return sim->nodes[dir].device != sim->nodes[node].device;
}

int sim_rmdir(struct sim_actor *actor, const char *path)
{
    static const int results[] = {
        [SIM_LAST_DOT] = -EINVAL, [SIM_LAST_DOTDOT] = -ENOTEMPTY, [SIM_LAST_ROOT] = -EBUSY};
    struct sim *sim = actor->sim;
    struct sim_place place;
    sim_index victim;
    int entry, r;

    r = sim__walk_parent(actor, actor->cwd, path, &place);
    if (r < 0)
        return r;
    if (place.last != SIM_LAST_NAME)
        return results[place.last];
    entry = find_entry(sim, &place);
    if (entry < 0)
        return entry;
    victim = sim->entries[entry].node;
    r = may_remove(actor, place.dir, victim, true);
    if (r < 0)
        return r;
    if (is_mount(sim, place.dir, victim))
        return -EBUSY;
    if (sim->nodes[victim].entries != SIM_NIL)
        return -ENOTEMPTY;
    sim__entry_remove(sim, place.dir, (sim_index)entry);
    return 0;
}

/* ---- renaming ---- */

static bool is_above(const struct sim *sim, sim_index node, sim_index below)
{
    while (below != node && below != sim->root)
        below = sim->nodes[below].parent;
    return below == node;
}

static int may_replace(const struct sim_actor *actor, sim_index dir, sim_index victim,
                       bool directory)
{
    int r = may_remove(actor, dir, victim, directory);

    if (r < 0)
        return r;
    return directory && actor->sim->nodes[victim].entries != SIM_NIL ? -ENOTEMPTY : 0;
}

static int may_rename(const struct sim_actor *actor, const struct sim_place *from, sim_index node,
                      const struct sim_place *to, sim_index victim)
{
    const struct sim *sim = actor->sim;
    bool directory = sim__is(sim, node, SP_OS_IFDIR);
    int r;

    if (!directory && (from->slash || to->slash))
        return -ENOTDIR;
    if (directory && is_above(sim, node, to->dir))
        return -EINVAL;
    if (victim != SIM_NIL && sim__is(sim, victim, SP_OS_IFDIR) && is_above(sim, victim, from->dir))
        return -ENOTEMPTY;
    /* Two names of one file: there is nothing to do. */
    if (victim == node)
        return 0;
    r = may_remove(actor, from->dir, node, directory);
    if (r < 0)
        return r;
    r = victim == SIM_NIL ? may_create(actor, to->dir)
                          : may_replace(actor, to->dir, victim, directory);
    if (r < 0)
        return r;
    /* Its ".." will change. */
    if (directory && from->dir != to->dir)
        return sim__permission(actor, node, SIM_MAY_WRITE);
    return 0;
}

int sim_rename(struct sim_actor *actor, const char *from, const char *to)
{
    struct sim *sim = actor->sim;
    struct sim_place old, new;
    int old_entry, new_entry, r;
    sim_index node, victim = SIM_NIL;

    if ((r = sim__walk_parent(actor, actor->cwd, from, &old)) < 0 ||
        (r = sim__walk_parent(actor, actor->cwd, to, &new)) < 0)
        return r;
    if (sim->nodes[old.dir].device != sim->nodes[new.dir].device)
        return -EXDEV;
    if (old.last != SIM_LAST_NAME || new.last != SIM_LAST_NAME)
        return -EBUSY;
    old_entry = find_entry(sim, &old);
    if (old_entry < 0)
        return old_entry;
    new_entry = find_entry(sim, &new);
    if (new_entry < 0 && (new_entry != -ENOENT || was_removed(sim, new.dir)))
        return new_entry;
    node = sim->entries[old_entry].node;
    if (new_entry >= 0)
        victim = sim->entries[new_entry].node;
    r = may_rename(actor, &old, node, &new, victim);
    if (r < 0 || victim == node)
        return r;
    if (is_mount(sim, old.dir, node) || (victim != SIM_NIL && is_mount(sim, new.dir, victim)))
        return -EBUSY;
    if (victim != SIM_NIL)
        sim__entry_remove(sim, new.dir, (sim_index)new_entry);
    r = sim__entry_add(sim, new.dir, new.name, new.length, node);
    if (r < 0)
        return r;
    sim__entry_remove(sim, old.dir, (sim_index)old_entry);
    if (sim__is(sim, node, SP_OS_IFDIR))
        sim__node_unref(sim, old.dir);
    return 0;
}
