/* SPDX-License-Identifier: MIT */
/*
 * Nodes of the file system: is it still the same one, does somebody answer behind it, remove it if
 * it is that one.
 */
#ifndef SP__NODE_H
#define SP__NODE_H

#include "fault.h"

#include <sunpath/os.h>

#include <stdbool.h>

/** sp__node_is() - the type of a node: SP_OS_IFSOCK and so on */
bool sp__node_is(const struct sp_os_stat *node, uint32_t type);

/**
 * sp__node_same() - whether two looks saw one node
 *
 * Device and inode number name a node only as long as it exists: a number can be given to a new
 * node right after the old one is gone. Type and owner are compared too, which narrows that; what
 * closes it is a reference that keeps the old one (see sockfile.c for who has one).
 */
bool sp__node_same(const struct sp_os_stat *a, const struct sp_os_stat *b);

/** sp__node_unlink() - remove @leaf if it is still the node @known. SP_OK; -ESTALE if it is not;
 * or a negative errno. */
int sp__node_unlink(const struct sp_os *os, int dir, const char *leaf,
                    const struct sp_os_stat *known);

enum sp__life {
    SP__LIFE_STALE, /* nobody listens */
    SP__LIFE_ALIVE, /* somebody does, or it cannot be told */
    SP__LIFE_GONE,  /* nothing is there any more */
};

/**
 * sp__node_probe() - does anybody listen at @path? Connects, and says nothing.
 * @ret_fd: to be closed by the caller, after he has acted on the answer: so nothing stands between
 *          the two that need not
 *
 * Only ECONNREFUSED proves that nobody listens. Returns an enum sp__life, or an error when there is
 * no socket to ask with, and nothing to close.
 */
int sp__node_probe(const struct sp_os *os, const void *path, size_t length, int *ret_fd,
                   struct sp__fault *fault);

#endif
