/* SPDX-License-Identifier: MIT */
/*
 * Descriptor tables and open files.
 *
 * A table is a bit mask, so the lowest free descriptor is found by looking for a bit.
 *
 * Tests: tests/conformance/rows_descriptors.c
 */
#include "internal.h"

int sim__file_new(struct sim *sim, enum sim_file_kind kind, sim_index target)
{
    sim_index index;

    if (sim->file_pool.live >= sim->options.files_max)
        return -ENFILE;
    index = sim__take(sim, &sim->file_pool, sim->file_links, SIM_FILES_MAX);
    if (index == SIM_NIL)
        return -ENFILE;
    sim->files[index] = (struct sim_file){.refs = 1, .target = target, .kind = (uint8_t)kind};
    return index;
}

static void unlock(struct sim *sim, sim_index file)
{
    struct sim_node *node = &sim->nodes[sim->files[file].target];

    if (node->locker == file)
        node->locker = SIM_NIL;
}

void sim__file_unref(struct sim *sim, sim_index index)
{
    struct sim_file *file = &sim->files[index];

    if (--file->refs > 0)
        return;
    switch (file->kind) {
    case SIM_FILE_SOCKET:
        sim__sock_release(sim, file->target, false);
        break;
    case SIM_FILE_NODE:
        unlock(sim, index);
        sim__node_unref(sim, file->target);
        break;
    case SIM_FILE_HANDLE:
        sim__node_unref(sim, file->target);
        break;
    default:
        break;
    }
    sim__give_back(&sim->file_pool, sim->file_links, index);
}

int sim__descriptor_free(const struct sim_actor *actor)
{
    int fd = ~actor->open != 0 ? __builtin_ctzll(~actor->open) : SIM_DESCRIPTORS_MAX;

    return fd < (int)actor->descriptor_limit ? fd : -EMFILE;
}

void sim__descriptor_set(struct sim_actor *actor, int fd, sim_index file, bool cloexec)
{
    uint64_t bit = UINT64_C(1) << fd;

    actor->files[fd] = file;
    actor->open |= bit;
    actor->cloexec = cloexec ? actor->cloexec | bit : actor->cloexec & ~bit;
}

int sim__descriptor_new(struct sim_actor *actor, enum sim_file_kind kind, sim_index target,
                        bool cloexec, bool nonblock)
{
    int fd = sim__descriptor_free(actor);
    int file;

    if (fd < 0)
        return fd;
    file = sim__file_new(actor->sim, kind, target);
    if (file < 0)
        return file;
    actor->sim->files[file].nonblock = nonblock;
    sim__descriptor_set(actor, fd, (sim_index)file, cloexec);
    return fd;
}

static bool is_open(const struct sim_actor *actor, int fd)
{
    return fd >= 0 && fd < SIM_DESCRIPTORS_MAX && (actor->open >> fd & 1) != 0;
}

struct sim_file *sim__file(const struct sim_actor *actor, int fd)
{
    return is_open(actor, fd) ? &actor->sim->files[actor->files[fd]] : NULL;
}

struct sim_sock *sim__sock(const struct sim_actor *actor, int fd, int *ret_error)
{
    const struct sim_file *file = sim__file(actor, fd);

    /* A handle without access is no open file to anything but the few calls that take handles. */
    if (file == NULL || file->kind == SIM_FILE_HANDLE) {
        *ret_error = -EBADF;
        return NULL;
    }
    if (file->kind != SIM_FILE_SOCKET) {
        *ret_error = -ENOTSOCK;
        return NULL;
    }
    return &actor->sim->socks[file->target];
}

/* ---- for actors ---- */

int sim_close(struct sim_actor *actor, int fd)
{
    if (!is_open(actor, fd))
        return -EBADF;
    actor->open &= ~(UINT64_C(1) << fd);
    sim__file_unref(actor->sim, actor->files[fd]);
    return 0;
}

int sim_give(struct sim_actor *from, int fd, struct sim_actor *to)
{
    int given;

    if (!is_open(from, fd))
        return -EBADF;
    given = sim__descriptor_free(to);
    if (given < 0)
        return given;
    from->sim->files[from->files[fd]].refs++;
    sim__descriptor_set(to, given, from->files[fd], false);
    return given;
}

int sim_dup(struct sim_actor *actor, int fd)
{
    return sim_give(actor, fd, actor);
}

void sim_exec(struct sim_actor *actor)
{
    uint64_t gone;

    while ((gone = actor->open & actor->cloexec) != 0)
        (void)sim_close(actor, __builtin_ctzll(gone));
}

int sim_descriptor_flags(const struct sim_actor *actor, int fd)
{
    const struct sim_file *file = sim__file(actor, fd);

    if (file == NULL)
        return -EBADF;
    return ((actor->cloexec >> fd & 1) != 0 ? SIM_CLOEXEC : 0) |
           (file->nonblock ? SIM_NONBLOCK : 0);
}

bool sim_same_file(const struct sim_actor *a, int fd_a, const struct sim_actor *b, int fd_b)
{
    return is_open(a, fd_a) && is_open(b, fd_b) && a->sim == b->sim &&
           a->files[fd_a] == b->files[fd_b];
}
