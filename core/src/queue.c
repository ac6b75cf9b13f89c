/* SPDX-License-Identifier: MIT */
/*
 * The chunked byte queue: see queue.h.
 *
 * Chunk sizes: the first chunk of a queue that holds a message or two is small enough for the
 * allocator's fast path; a queue that grows gets larger chunks, so that a long one has few. The
 * largest is small enough that a queue of SP_GATHER_MAX bytes that comes and goes does not make
 * malloc() give memory back to the kernel, to ask for it again the next moment.
 *
 * Tests: tests/unit/test_queue.c compares every operation with a plain array.
 */
#include "queue.h"

#include "check.h"
#include "hint.h"

#include <string.h>

struct sp__chunk {
    struct sp__chunk *next;
    uint32_t begin;
    uint32_t end;
    uint32_t capacity;
    uint8_t bytes[];
};

#define HEADER sizeof(struct sp__chunk)
#define SMALL ((size_t)1024 - HEADER)
#define MEDIUM ((size_t)16 * 1024)
#define LARGE ((size_t)32 * 1024)

static size_t chunk_capacity(size_t queued, size_t wanted)
{
    size_t scale = queued + wanted;

    return scale <= SMALL ? SMALL : scale <= MEDIUM ? MEDIUM : LARGE;
}

static struct sp__chunk *chunk_new(const struct sp_os *os, size_t capacity)
{
    struct sp__chunk *chunk = os->alloc(os->ctx, HEADER + capacity);

    if (chunk != NULL) {
        chunk->next = chunk;
        chunk->begin = 0;
        chunk->end = 0;
        chunk->capacity = (uint32_t)capacity;
    }
    return chunk;
}

static void chunk_free(const struct sp_os *os, struct sp__chunk *chunk)
{
    os->release(os->ctx, chunk, HEADER + chunk->capacity);
}

static void link_last(struct sp__queue *queue, struct sp__chunk *chunk)
{
    if (queue->tail != NULL) {
        chunk->next = queue->tail->next;
        queue->tail->next = chunk;
    } else {
        chunk->next = chunk;
    }
    queue->tail = chunk;
}

static void unlink_first(struct sp__queue *queue, const struct sp_os *os)
{
    struct sp__chunk *head = queue->tail->next;

    if (head == queue->tail)
        queue->tail = NULL;
    else
        queue->tail->next = head->next;
    chunk_free(os, head);
}

static size_t room_in(const struct sp__chunk *chunk)
{
    return chunk != NULL ? chunk->capacity - chunk->end : 0;
}

static void fill_tail(struct sp__queue *queue, const uint8_t *bytes, size_t length)
{
    memcpy(queue->tail->bytes + queue->tail->end, bytes, length);
    queue->tail->end += (uint32_t)length;
    queue->size += length;
}

/* Chunks for @length more bytes, as a ring of their own; NULL without memory. */
static struct sp__chunk *chunks_for(const struct sp_os *os, size_t queued, size_t length)
{
    struct sp__queue fresh = {0};

    while (length > 0) {
        struct sp__chunk *chunk = chunk_new(os, chunk_capacity(queued, length));

        if (chunk == NULL) {
            while (fresh.tail != NULL)
                unlink_first(&fresh, os);
            return NULL;
        }
        link_last(&fresh, chunk);
        queued += chunk->capacity;
        length -= length < chunk->capacity ? length : chunk->capacity;
    }
    return fresh.tail;
}

/* More bytes than the last chunk has room for. */
static SP__APART bool append_chunks(struct sp__queue *queue, const struct sp_os *os,
                                    const uint8_t *from, size_t length)
{
    size_t part = room_in(queue->tail);
    struct sp__chunk *fresh;
    struct sp__chunk *chunk;

    /* All memory first, so that a failure leaves the queue as it was. */
    fresh = chunks_for(os, queue->size, length - part);
    if (fresh == NULL)
        return false;
    if (part > 0)
        fill_tail(queue, from, part);
    chunk = fresh->next;
    for (from += part, length -= part; length > 0; from += part, length -= part) {
        struct sp__chunk *next = chunk->next;

        link_last(queue, chunk);
        part = length < chunk->capacity ? length : chunk->capacity;
        fill_tail(queue, from, part);
        chunk = next;
    }
    return true;
}

SP__HOT bool sp__queue_append(struct sp__queue *queue, const struct sp_os *os, const void *bytes,
                              size_t length)
{
    if (length == 0)
        return true;
    if (queue->tail == NULL && length <= SMALL) {
        queue->tail = chunk_new(os, SMALL);
        if (queue->tail == NULL)
            return false;
    } else if (room_in(queue->tail) < length) {
        return append_chunks(queue, os, bytes, length);
    }
    fill_tail(queue, bytes, length);
    return true;
}

bool sp__queue_prepend(struct sp__queue *queue, const struct sp_os *os, uint8_t byte)
{
    struct sp__chunk *head = queue->tail != NULL ? queue->tail->next : NULL;

    if (head == NULL || head->begin == 0) {
        struct sp__chunk *tail = queue->tail;

        head = chunk_new(os, SMALL);
        if (head == NULL)
            return false;
        /* The ring has no first link: linked last, and then the old tail is made the last again. */
        link_last(queue, head);
        if (tail != NULL)
            queue->tail = tail;
        head->begin = head->end = head->capacity;
    }
    head->bytes[--head->begin] = byte;
    queue->size++;
    return true;
}

void *sp__queue_reserve(struct sp__queue *queue, const struct sp_os *os, size_t wanted,
                        size_t *ret_room)
{
    size_t room = room_in(queue->tail);

    SP__CHECK(wanted > 0);
    if (room == 0) {
        struct sp__chunk *chunk = chunk_new(os, chunk_capacity(queue->size, wanted));

        if (chunk == NULL)
            return NULL;
        link_last(queue, chunk);
        room = chunk->capacity;
    }
    *ret_room = room < wanted ? room : wanted;
    return queue->tail->bytes + queue->tail->end;
}

void sp__queue_commit(struct sp__queue *queue, const struct sp_os *os, size_t length)
{
    struct sp__chunk *tail = queue->tail;

    SP__CHECK(tail != NULL && length <= room_in(tail));
    tail->end += (uint32_t)length;
    queue->size += length;
    if (tail->begin == tail->end) {
        struct sp__chunk *before = tail;

        /* Rare: the room was not needed after all. The ring is walked once to find the chunk before
         * it. */
        while (before->next != tail)
            before = before->next;
        before->next = tail->next;
        queue->tail = before == tail ? NULL : before;
        chunk_free(os, tail);
    }
}

/* The chunk that holds @offset (less than the size), and the offset inside its bytes. */
static const struct sp__chunk *chunk_at(const struct sp__queue *queue, size_t offset,
                                        size_t *ret_index)
{
    const struct sp__chunk *chunk = queue->tail->next;

    while (offset >= (size_t)(chunk->end - chunk->begin)) {
        offset -= chunk->end - chunk->begin;
        chunk = chunk->next;
    }
    *ret_index = chunk->begin + offset;
    return chunk;
}

size_t sp__queue_copy(const struct sp__queue *queue, size_t offset, void *bytes, size_t length)
{
    uint8_t *to = bytes;
    size_t left, index;
    const struct sp__chunk *chunk;

    if (offset >= queue->size || length == 0)
        return 0;
    if (length > queue->size - offset)
        length = queue->size - offset;
    chunk = chunk_at(queue, offset, &index);
    for (left = length; left > 0; chunk = chunk->next, index = chunk->begin) {
        size_t part = chunk->end - index;

        if (part > left)
            part = left;
        memcpy(to, chunk->bytes + index, part);
        to += part;
        left -= part;
    }
    return length;
}

SP__HOT void sp__queue_drop(struct sp__queue *queue, const struct sp_os *os, size_t length)
{
    SP__CHECK(length <= queue->size);
    if (length == queue->size && length > 0 && queue->tail->next == queue->tail) {
        /* What nearly every message is: alone, and sent whole. */
        struct sp__chunk *only = queue->tail;

        *queue = (struct sp__queue){0};
        chunk_free(os, only);
        return;
    }
    queue->size -= length;
    while (length > 0) {
        struct sp__chunk *head;
        size_t held;

        SP__CHECK(queue->tail);
        head = queue->tail->next;
        held = head->end - head->begin;

        if (length < held) {
            head->begin += (uint32_t)length;
            return;
        }
        length -= held;
        unlink_first(queue, os);
    }
}

size_t sp__queue_find(const struct sp__queue *queue, size_t offset, uint8_t byte)
{
    const struct sp__chunk *chunk;
    size_t index;

    if (offset >= queue->size)
        return queue->size;
    chunk = chunk_at(queue, offset, &index);
    while (offset < queue->size) {
        size_t part = chunk->end - index;
        const uint8_t *found = memchr(chunk->bytes + index, byte, part);

        if (found != NULL)
            return offset + (size_t)(found - (chunk->bytes + index));
        offset += part;
        chunk = chunk->next;
        index = chunk->begin;
    }
    return queue->size;
}

SP__HOT bool sp__queue_whole(const struct sp__queue *queue, struct sp_os_iov *ret)
{
    const struct sp__chunk *chunk = queue->tail;

    if (chunk->next != chunk)
        return false;
    *ret = (struct sp_os_iov){.bytes = chunk->bytes + chunk->begin, .length = queue->size};
    return true;
}

size_t sp__queue_pieces(const struct sp__queue *queue, struct sp_os_iov *ret, size_t count)
{
    const struct sp__chunk *chunk = queue->tail;
    size_t pieces = 0;

    if (chunk == NULL)
        return 0;
    do {
        chunk = chunk->next;
        ret[pieces].bytes = chunk->bytes + chunk->begin;
        ret[pieces].length = chunk->end - chunk->begin;
        pieces++;
    } while (chunk != queue->tail && pieces < count);
    return pieces;
}

void sp__queue_clear(struct sp__queue *queue, const struct sp_os *os)
{
    while (queue->tail != NULL)
        unlink_first(queue, os);
    queue->size = 0;
}

bool sp__queue_valid(const struct sp__queue *queue)
{
    const struct sp__chunk *chunk = queue->tail;
    size_t size = 0;

    if (chunk == NULL)
        return queue->size == 0;
    do {
        chunk = chunk->next;
        if (chunk->begin >= chunk->end || chunk->end > chunk->capacity)
            return false;
        size += chunk->end - chunk->begin;
    } while (chunk != queue->tail);
    return size == queue->size;
}
