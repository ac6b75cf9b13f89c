/* SPDX-License-Identifier: MIT */
/*
 * The queue of accepted descriptors: see pending.h.
 *
 * Tests: tests/unit/test_pending.c
 */
#include "pending.h"

#include "check.h"

#include <string.h>

static int *slots(struct sp__pending *pending)
{
    return pending->ring != NULL ? pending->ring : pending->inside;
}

static int *slot(struct sp__pending *pending, uint32_t index)
{
    /* Both are below 2^31: no wrap in the sum. */
    return &slots(pending)[(pending->head + index) % pending->capacity];
}

void sp__pending_init(struct sp__pending *pending)
{
    memset(pending, 0, sizeof(*pending));
    pending->capacity = SP__PENDING_INSIDE;
}

static size_t ring_size(uint32_t capacity)
{
    return (size_t)capacity * sizeof(int);
}

static void give_back(struct sp__pending *pending, const struct sp_os *os)
{
    if (pending->ring != NULL)
        os->release(os->ctx, pending->ring, ring_size(pending->capacity));
    sp__pending_init(pending);
}

bool sp__pending_reserve(struct sp__pending *pending, const struct sp_os *os, uint32_t most)
{
    uint32_t capacity = pending->capacity * 2;
    uint32_t count = pending->count;
    int *ring;

    if (count < pending->capacity)
        return true;
    SP__CHECK(count < most);
    if (capacity > most)
        capacity = most;
    ring = os->alloc(os->ctx, ring_size(capacity));
    if (ring == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++)
        ring[i] = *slot(pending, i);
    give_back(pending, os);
    pending->ring = ring;
    pending->capacity = capacity;
    pending->count = count;
    return true;
}

void sp__pending_push(struct sp__pending *pending, int fd)
{
    SP__CHECK(pending->count < pending->capacity && fd >= 0);
    *slot(pending, pending->count) = fd;
    pending->count++;
}

int sp__pending_get(const struct sp__pending *pending, uint32_t index)
{
    const int *ring = pending->ring != NULL ? pending->ring : pending->inside;

    SP__CHECK(index < pending->count);
    return ring[(pending->head + index) % pending->capacity];
}

void sp__pending_pop(struct sp__pending *pending, const struct sp_os *os)
{
    SP__CHECK(pending->count > 0);
    pending->head = (pending->head + 1) % pending->capacity;
    pending->count--;
    if (pending->count == 0)
        give_back(pending, os);
}

void sp__pending_remove(struct sp__pending *pending, const struct sp_os *os, uint32_t count,
                        uint64_t gone)
{
    uint32_t kept = 0;

    SP__CHECK(count <= 64 && count <= pending->count);
    for (uint32_t i = 0; i < pending->count; i++) {
        if (i >= count || (gone >> i & 1) == 0)
            *slot(pending, kept++) = *slot(pending, i);
    }
    pending->count = kept;
    if (kept == 0)
        give_back(pending, os);
}

void sp__pending_close_all(struct sp__pending *pending, const struct sp_os *os)
{
    for (uint32_t i = 0; i < pending->count; i++)
        (void)os->close(os->ctx, *slot(pending, i));
    give_back(pending, os);
}

bool sp__pending_valid(const struct sp__pending *pending)
{
    if (pending->head >= pending->capacity || pending->count > pending->capacity)
        return false;
    if (pending->ring == NULL)
        return pending->capacity == SP__PENDING_INSIDE;
    /* An empty queue holds no memory. */
    return pending->count > 0 && pending->capacity > SP__PENDING_INSIDE;
}
