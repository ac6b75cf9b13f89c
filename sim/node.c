/* SPDX-License-Identifier: MIT */
/*
 * Nodes (inodes), entries (names in directories) and who may do what.
 *
 * A node lives while a name or a reference is left; its inode number is free again afterwards, and
 * the next node may get it: on ext4 it does. So a number that was remembered proves nothing about
 * a file once nothing holds it.
 *
 * Tests: tests/conformance/rows_files.c, rows_permissions.c
 */
#include "internal.h"
#include "text.h"

#include <string.h>

#define ROOT_UID 0
#define NAME_LENGTH_MAX 255

/* ---- nodes ---- */

sim_index sim__node_new(struct sim *sim, uint32_t mode, uint32_t uid, uint32_t gid, uint8_t device)
{
    sim_index index = sim__take(sim, &sim->node_pool, sim->node_links, SIM_NODES_MAX);

    if (index == SIM_NIL)
        return SIM_NIL;
    sim->nodes[index] = (struct sim_node){
        /* The free list gives the last one freed first. */
        .ino = sim->options.reuse_inodes ? (uint64_t)index + 2 : ++sim->last_ino + 1,
        .uid = uid,
        .gid = gid,
        .mode = (uint16_t)mode,
        .entries = SIM_NIL,
        .parent = SIM_NIL,
        .socket = SIM_NIL,
        .locker = SIM_NIL,
        .device = device,
    };
    return index;
}

void sim__node_ref(struct sim *sim, sim_index index)
{
    sim->nodes[index].refs++;
}

static void node_settle(struct sim *sim, sim_index index)
{
    /* A directory that goes lets go of its parent, which may go too. */
    while (index != SIM_NIL && sim->nodes[index].refs == 0 && sim->nodes[index].names == 0) {
        sim_index parent = sim->nodes[index].parent;

        sim__give_back(&sim->node_pool, sim->node_links, index);
        if (parent != SIM_NIL)
            sim->nodes[parent].refs--;
        index = parent;
    }
}

void sim__node_unref(struct sim *sim, sim_index index)
{
    sim->nodes[index].refs--;
    node_settle(sim, index);
}

bool sim__is(const struct sim *sim, sim_index node, uint32_t type)
{
    return (sim->nodes[node].mode & SP_OS_IFMT) == type;
}

sim_index sim__node_of(const struct sim_actor *actor, int fd)
{
    const struct sim_file *file = sim__file(actor, fd);

    return file != NULL && (file->kind == SIM_FILE_HANDLE || file->kind == SIM_FILE_NODE)
               ? file->target
               : SIM_NIL;
}

void sim__fill_stat(const struct sim *sim, sim_index index, struct sp_os_stat *ret_stat)
{
    const struct sim_node *node = &sim->nodes[index];

    *ret_stat = (struct sp_os_stat){
        .dev = node->device,
        .ino = node->ino,
        .mode = node->mode,
        .uid = node->uid,
        .gid = node->gid,
    };
}

/* ---- permissions ---- */

static bool in_group(const struct sim *sim, const struct sim_cred *cred, uint32_t gid)
{
    if (cred->gid == gid)
        return true;
    for (uint32_t i = 0; i < cred->group_count; i++) {
        uint32_t group;

        memcpy(&group, sim->text + cred->groups + i * sizeof(group), sizeof(group));
        if (group == gid)
            return true;
    }
    return false;
}

bool sim__in_group(const struct sim_actor *actor, uint32_t gid)
{
    return in_group(actor->sim, sim__cred(actor), gid);
}

bool sim__is_root(const struct sim_actor *actor)
{
    return sim__cred(actor)->uid == ROOT_UID;
}

bool sim__has_owner_rights(const struct sim_actor *actor, const struct sim_node *node)
{
    return sim__is_root(actor) || sim__cred(actor)->uid == node->uid;
}

int sim__permission(const struct sim_actor *actor, sim_index index, unsigned wanted)
{
    const struct sim_node *node = &actor->sim->nodes[index];
    const struct sim_cred *cred = sim__cred(actor);
    unsigned bits;

    /* A socket or FIFO can be written to on a read-only file system: its data is not there. */
    if ((wanted & SIM_MAY_WRITE) != 0 && (node->flags & SIM_NODE_READ_ONLY) != 0 &&
        (sim__is(actor->sim, index, SP_OS_IFDIR) || sim__is(actor->sim, index, SP_OS_IFREG)))
        return -EROFS;
    if (cred->uid == ROOT_UID)
        return 0;
    if (cred->uid == node->uid)
        bits = node->mode >> 6;
    else if (in_group(actor->sim, cred, node->gid))
        bits = node->mode >> 3;
    else
        bits = node->mode;
    return (bits & wanted) == wanted ? 0 : -EACCES;
}

/* ---- entries ---- */

sim_index sim__entry_find(const struct sim *sim, sim_index dir, const char *name, size_t length)
{
    sim_index index = sim->nodes[dir].entries;

    while (index != SIM_NIL) {
        const struct sim_entry *entry = &sim->entries[index];

        if (entry->length == length && sim__equal(sim->text + entry->name, name, length))
            break;
        index = sim->entry_links[index];
    }
    return index;
}

int sim__lookup(const struct sim *sim, sim_index dir, const char *name, size_t length)
{
    sim_index entry;

    if (sim->nodes[dir].names == 0)
        return -ENOENT;
    if (length > NAME_LENGTH_MAX)
        return -ENAMETOOLONG;
    entry = sim__entry_find(sim, dir, name, length);
    return entry != SIM_NIL ? entry : -ENOENT;
}

int sim__entry_add(struct sim *sim, sim_index dir, const char *name, size_t length, sim_index node)
{
    uint32_t text = sim__text_add(sim, name, length);
    sim_index index;

    if (text == 0)
        return -ENOSPC;
    index = sim__take(sim, &sim->entry_pool, sim->entry_links, SIM_ENTRIES_MAX);
    if (index == SIM_NIL)
        return -ENOSPC;
    sim->entries[index] = (struct sim_entry){.name = text, .length = (uint8_t)length, .node = node};
    sim->entry_links[index] = sim->nodes[dir].entries;
    sim->nodes[dir].entries = index;
    sim->nodes[node].names++;
    if (sim__is(sim, node, SP_OS_IFDIR)) {
        sim->nodes[node].parent = dir;
        sim__node_ref(sim, dir);
    }
    return 0;
}

void sim__entry_remove(struct sim *sim, sim_index dir, sim_index index)
{
    sim_index node = sim->entries[index].node;
    sim_index before = sim->nodes[dir].entries;

    if (before == index) {
        sim->nodes[dir].entries = sim->entry_links[index];
    } else {
        while (sim->entry_links[before] != index)
            before = sim->entry_links[before];
        sim->entry_links[before] = sim->entry_links[index];
    }
    sim__give_back(&sim->entry_pool, sim->entry_links, index);
    sim->nodes[node].names--;
    node_settle(sim, node);
}
