/* SPDX-License-Identifier: MIT */
/*
 * A queue of bytes in chunks.
 *
 * Bytes are added at the end and taken at the front; a long queue is never moved or copied to grow,
 * and a chunk is given back as soon as it is empty. An empty queue owns no memory. The owner checks
 * limits; the queue only counts.
 */
#ifndef SP__QUEUE_H
#define SP__QUEUE_H

#include <sunpath/os.h>

#include <stdbool.h>

struct sp__chunk;

struct sp__queue {
    struct sp__chunk *tail; /* a ring: tail->next is the head; NULL when empty */
    size_t size;
};

/** sp__queue_append() - copy bytes to the end; false without memory, and then nothing changed. */
bool sp__queue_append(struct sp__queue *queue, const struct sp_os *os, const void *bytes,
                      size_t length);
/** sp__queue_prepend() - one byte in front; false without memory. */
bool sp__queue_prepend(struct sp__queue *queue, const struct sp_os *os, uint8_t byte);

/**
 * sp__queue_reserve() - room at the end for up to @wanted bytes, to be filled by the caller
 * @ret_room: how many bytes there is room for, 1 to @wanted
 * NULL without memory. Followed by sp__queue_commit() before anything else is done with the queue.
 */
void *sp__queue_reserve(struct sp__queue *queue, const struct sp_os *os, size_t wanted,
                        size_t *ret_room);
/** sp__queue_commit() - @length bytes of the room were filled; 0 gives it back. */
void sp__queue_commit(struct sp__queue *queue, const struct sp_os *os, size_t length);

/** sp__queue_copy() - up to @length bytes from @offset on, without taking them. Returns how many.
 */
size_t sp__queue_copy(const struct sp__queue *queue, size_t offset, void *bytes, size_t length);
/** sp__queue_drop() - take @length bytes (at most the size) from the front and forget them. */
void sp__queue_drop(struct sp__queue *queue, const struct sp_os *os, size_t length);
/** sp__queue_find() - the offset of the first @byte at or after @offset, or the size of the queue.
 */
size_t sp__queue_find(const struct sp__queue *queue, size_t offset, uint8_t byte);
/** sp__queue_whole() - all bytes, if they lie side by side: then true; not for an empty queue. */
bool sp__queue_whole(const struct sp__queue *queue, struct sp_os_iov *ret);
/** sp__queue_pieces() - the front of the queue as at most @count pieces (at least 1) for a
 * vectored send. Returns how many pieces. */
size_t sp__queue_pieces(const struct sp__queue *queue, struct sp_os_iov *ret, size_t count);
void sp__queue_clear(struct sp__queue *queue, const struct sp_os *os);
bool sp__queue_valid(const struct sp__queue *queue);

#endif
