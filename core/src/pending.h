/* SPDX-License-Identifier: MIT */
/*
 * The connections of a server that are accepted and not yet taken: raw descriptors, oldest first.
 *
 * Descriptors rather than sockets, because a client that only connects should cost the server a
 * descriptor and four bytes. The first few live inside the structure, so that a server whose
 * connections are taken as they come never allocates; a longer queue is a ring that grows in steps
 * and is given back when it has run empty.
 */
#ifndef SP__PENDING_H
#define SP__PENDING_H

#include <sunpath/os.h>

#include <stdbool.h>

#define SP__PENDING_INSIDE 8

struct sp__pending {
    int *ring;         /* NULL: the descriptors are in @inside */
    uint32_t capacity; /* of the ring in use */
    uint32_t head;
    uint32_t count;
    int inside[SP__PENDING_INSIDE];
};

void sp__pending_init(struct sp__pending *pending);

/** sp__pending_reserve() - make sure that one more fits; false without memory, and then nothing
 * changed. @most: how many there can ever be, more than there are now. */
bool sp__pending_reserve(struct sp__pending *pending, const struct sp_os *os, uint32_t most);
/** sp__pending_push() - after a successful reserve. */
void sp__pending_push(struct sp__pending *pending, int fd);

/** sp__pending_get() - the descriptor at @index, 0 the oldest. */
int sp__pending_get(const struct sp__pending *pending, uint32_t index);
/** sp__pending_pop() - forget the oldest; whoever calls this owns it now. */
void sp__pending_pop(struct sp__pending *pending, const struct sp_os *os);
/**
 * sp__pending_remove() - forget some of the oldest; the order of the others stays
 * @count: how many are spoken about, at most 64
 * @gone:  which of them, bit 0 for the oldest
 */
void sp__pending_remove(struct sp__pending *pending, const struct sp_os *os, uint32_t count,
                        uint64_t gone);
/** sp__pending_close_all() - close every descriptor; empty afterwards. */
void sp__pending_close_all(struct sp__pending *pending, const struct sp_os *os);

bool sp__pending_valid(const struct sp__pending *pending);

#endif
