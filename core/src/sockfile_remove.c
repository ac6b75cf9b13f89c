/* SPDX-License-Identifier: MIT */
/*
 * Socket files, removing one: see sockfile.h.
 *
 * Both ways hold the lock beside the name, look what is there, and remove it only if it is what it
 * should be. What somebody who takes no lock can still do between the last look and the removal:
 * node.c.
 *
 * Tests: tests/integration/test_sockfile_remove.c
 */
#include "lock.h"
#include "node.h"
#include "retry.h"
#include "sockfile.h"

void sp__sockfile_remove_own(const struct sp_os *os, struct sp__sockfile *file)
{
    struct sp__fault unused;
    struct sp__lock lock;
    bool locked;

    if (file->dir < 0)
        return;
    if (os->pid(os->ctx) != file->owner) {
        (void)os->close(os->ctx, file->dir);
        file->dir = -1;
        return;
    }
    /* The lock keeps out somebody who removes our file while we live (SP_REMOVE_ALIVE) and then
     * listens himself. Without it, because he is at it or there is no room for a lock file, the
     * file is removed all the same: everybody else can see that we still listen and leaves it
     * alone, and a file left behind would be in the way of the next server. */
    locked = sp__lock_take(os, file->dir, file->leaf, &lock, &unused) == SP_OK;
    (void)sp__node_unlink(os, file->dir, file->leaf, &file->made);
    if (locked)
        sp__lock_give(os, &lock);
    (void)os->close(os->ctx, file->dir);
    file->dir = -1;
}

/* ---- what another server left ---- */

static int in_use(struct sp__fault *fault, enum sp_cause cause)
{
    return sp__fail(fault, SP_ERROR_ADDRESS_IN_USE, SP_OPERATION_REMOVE, cause);
}

/* A socket, or why not. */
static int find_socket(const struct sp_os *os, const struct sp__place *place,
                       struct sp_os_stat *ret, struct sp__fault *fault)
{
    int r = SP__RETRY(os->stat_at(os->ctx, place->dir, place->leaf, ret));

    if (r < 0)
        return sp__fail_os(fault, SP_OPERATION_REMOVE, r);
    if (!sp__node_is(ret, SP_OS_IFSOCK))
        return in_use(fault, SP_CAUSE_NOT_A_SOCKET);
    return SP_OK;
}

static int remove_found(const struct sp_os *os, const struct sp__place *place,
                        const struct sp_os_stat *found, struct sp__fault *fault)
{
    int r = sp__node_unlink(os, place->dir, place->leaf, found);

    if (r == -ESTALE || r == -ENOENT)
        return in_use(fault, SP_CAUSE_REPLACED);
    return r < 0 ? sp__fail_os(fault, SP_OPERATION_REMOVE, r) : SP_OK;
}

static int remove_if_stale(const struct sp_os *os, const struct sp__place *place,
                           const struct sp_address *address, const struct sp_os_stat *found,
                           struct sp__fault *fault)
{
    int probe;
    int r = sp__node_probe(os, address->bytes, address->length, &probe, fault);

    if (r < 0)
        return r;
    if (r == SP__LIFE_STALE)
        r = remove_found(os, place, found, fault);
    else
        r = in_use(fault, r == SP__LIFE_ALIVE ? SP_CAUSE_SERVER_ALIVE : SP_CAUSE_REPLACED);
    (void)os->close(os->ctx, probe);
    return r;
}

static int remove_locked(const struct sp_os *os, const struct sp__place *place,
                         const struct sp_address *address, enum sp_remove what,
                         struct sp__fault *fault)
{
    struct sp_os_stat found;
    int r = find_socket(os, place, &found, fault);

    if (r < 0)
        return r;
    return what == SP_REMOVE_STALE ? remove_if_stale(os, place, address, &found, fault)
                                   : remove_found(os, place, &found, fault);
}

static int remove_at(const struct sp_os *os, const struct sp__place *place,
                     const struct sp_address *address, enum sp_remove what, struct sp__fault *fault)
{
    struct sp_os_stat found;
    struct sp__lock lock;
    /* First without the lock: what need not be removed needs no lock file either. */
    int r = find_socket(os, place, &found, fault);

    if (r == SP_OK)
        r = sp__lock_take(os, place->dir, place->leaf, &lock, fault);
    if (r < 0)
        return r;
    r = remove_locked(os, place, address, what, fault);
    sp__lock_give(os, &lock);
    return r;
}

int sp__sockfile_remove(const struct sp_os *os, const struct sp_address *address,
                        enum sp_remove what, struct sp__fault *fault)
{
    struct sp__place place;
    int r;

    /* An abstract name has no file, and a relative path is none of ours. */
    if (address->space != SP_NAMESPACE_PATH || address->bytes[0] != '/')
        return sp__fail(fault, SP_ERROR_SERVER_NOT_FOUND, SP_OPERATION_REMOVE,
                        SP_CAUSE_NAME_NOT_ABSOLUTE);
    r = sp__walk(os, (const char *)address->bytes, address->length, SP_TRUST_STRICT, &place, fault);
    if (r < 0)
        return r;
    r = remove_at(os, &place, address, what, fault);
    sp__walk_end(os, &place);
    return r;
}
