/* SPDX-License-Identifier: MIT */
/*
 * Nodes of the file system: see node.h.
 *
 * Tests: tests/integration/test_sockfile*.c
 */
#include "node.h"

#include "retry.h"

bool sp__node_is(const struct sp_os_stat *node, uint32_t type)
{
    return (node->mode & SP_OS_IFMT) == type;
}

bool sp__node_same(const struct sp_os_stat *a, const struct sp_os_stat *b)
{
    return a->dev == b->dev && a->ino == b->ino && a->uid == b->uid &&
           sp__node_is(a, b->mode & SP_OS_IFMT);
}

int sp__node_unlink(const struct sp_os *os, int dir, const char *leaf,
                    const struct sp_os_stat *known)
{
    struct sp_os_stat now;
    int r = SP__RETRY(os->stat_at(os->ctx, dir, leaf, &now));

    if (r < 0)
        return r;
    /* Linux cannot remove a name only if it leads to a certain node: between this look and the
     * removal somebody who takes no lock can still put another node there. He needs the right to
     * remove ours: in a directory that has passed STRICT, root and ourselves have it. */
    if (!sp__node_same(&now, known))
        return -ESTALE;
    return SP__RETRY(os->unlink_at(os->ctx, dir, leaf));
}

int sp__node_probe(const struct sp_os *os, const void *path, size_t length, int *ret_fd,
                   struct sp__fault *fault)
{
    int fd = SP__RETRY(os->socket(os->ctx));
    int r;

    if (fd < 0)
        return sp__fail_os(fault, SP_OPERATION_SOCKET, fd);
    *ret_fd = fd;
    r = SP__RETRY(os->connect(os->ctx, fd, path, length));
    switch (r) {
    case -ECONNREFUSED:
        return SP__LIFE_STALE;
    case -ENOENT:
        return SP__LIFE_GONE;
    default:
        /* Connected; or its backlog is full; or it is of another type, or not for us: it may well
         * be in use. */
        return SP__LIFE_ALIVE;
    }
}
