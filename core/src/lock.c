/* SPDX-License-Identifier: MIT */
/*
 * The lock beside a socket file: see lock.h.
 *
 * Why the name is compared after locking: another holder may remove the file between our opening
 * and our locking it. The lock is then on a file without a name, and the next one who comes locks
 * another. As long as a descriptor is open its file keeps its inode number, so this comparison
 * cannot be deceived by a number that was used again.
 *
 * Tests: tests/integration/test_lock.c; test_sockfile_race.c, with many processes
 */
#include "lock.h"

#include "check.h"
#include "node.h"
#include "retry.h"

#include <string.h>

/* Each further try means that somebody else has just finished with the name. */
#define LOCK_TRIES 8

static void make_name(struct sp__lock *lock, const char *leaf)
{
    size_t length = strlen(leaf);
    char *end = lock->name;

    SP__CHECK(length > 0 && length <= SP_PATH_MAX);
    memcpy(end, SP__LOCK_PREFIX, strlen(SP__LOCK_PREFIX));
    end += strlen(SP__LOCK_PREFIX);
    memcpy(end, leaf, length);
    end += length;
    memcpy(end, SP__LOCK_SUFFIX, sizeof(SP__LOCK_SUFFIX));
}

/* Is the locked file the one that bears the name? 1, 0, or a negative errno. */
static int bears_name(const struct sp_os *os, struct sp__lock *lock)
{
    struct sp_os_stat named;
    int r = SP__RETRY(os->stat_fd(os->ctx, lock->fd, &lock->file));

    if (r >= 0)
        r = SP__RETRY(os->stat_at(os->ctx, lock->dir, lock->name, &named));
    if (r == -ENOENT)
        return 0;
    return r < 0 ? r : sp__node_same(&lock->file, &named);
}

static int busy(struct sp__fault *fault)
{
    return sp__fail(fault, SP_ERROR_ADDRESS_IN_USE, SP_OPERATION_LOCK, SP_CAUSE_BUSY);
}

int sp__lock_take(const struct sp_os *os, int dir, const char *leaf, struct sp__lock *ret,
                  struct sp__fault *fault)
{
    ret->dir = dir;
    make_name(ret, leaf);
    for (unsigned tries = 0; tries < LOCK_TRIES; tries++) {
        int r;

        ret->fd = SP__RETRY(os->lock_at(os->ctx, dir, ret->name));
        if (ret->fd == -EWOULDBLOCK)
            return busy(fault);
        if (ret->fd < 0)
            return sp__fail_os(fault, SP_OPERATION_LOCK, ret->fd);
        r = bears_name(os, ret);
        if (r > 0)
            return SP_OK;
        if (r < 0) {
            /* The file may be of our making: one more look decides whether it can go. */
            if (bears_name(os, ret) > 0)
                sp__lock_give(os, ret);
            else
                (void)os->close(os->ctx, ret->fd);
            return sp__fail_os(fault, SP_OPERATION_LOCK, r);
        }
        (void)os->close(os->ctx, ret->fd);
    }
    return busy(fault);
}

void sp__lock_give(const struct sp_os *os, struct sp__lock *lock)
{
    (void)sp__node_unlink(os, lock->dir, lock->name, &lock->file);
    (void)os->close(os->ctx, lock->fd);
}
