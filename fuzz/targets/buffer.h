/* SPDX-License-Identifier: MIT */
/*
 * fuzz_buffer, shared by the files that make it up:
 *   fuzz_buffer.c     plays an input and counts memory
 *   buffer_queue.c    the queues
 *   buffer_socket.c   the socket: its life, its loop, and what must hold after each step
 *   buffer_read.c     its reading half
 *   buffer_write.c    its writing half
 *   buffer_wire.c     the kernel below it
 *   buffer_heap.c     memory
 */
#ifndef FUZZ_BUFFER_H
#define FUZZ_BUFFER_H

#include "fuzz/spec/buffer_spec.h"
#include "fuzz/targets/buffer_heap.h"
#include "fuzz/targets/buffer_steps.h"
#include "queue.h"

/* ---- fuzz_buffer.c ---- */

/** struct buffer_bytes - bytes for a call: @claimed is what the call is told, @real what there is
 */
struct buffer_bytes {
    const uint8_t *at;
    size_t real;
    size_t claimed;
};

/**
 * buffer_pattern() - bytes for a step that asks for @number of them
 *
 * No two stretches of a run are alike, and none holds a newline. A number that no memory could hold
 * is claimed as it is, and there are more bytes behind it than the heap can take. Others are cut to
 * what the run may still move.
 */
struct buffer_bytes buffer_pattern(size_t number);
/** buffer_literal() - a step's operand, with nothing readable behind it */
struct buffer_bytes buffer_literal(const struct step *step);
/** buffer_moved() - so many bytes of the last buffer_pattern() went into the library */
void buffer_moved(size_t length);

/* ---- buffer_queue.c ---- */

void buffer_queues_reset(void);
void buffer_queues_play(enum buffer_step kind, const struct step *step);
/** buffer_queues_finish() - looks at every byte that is left, and empties them. */
void buffer_queues_finish(void);
/** buffer_queues_held() - adds the blocks they own, and the bytes they may take. */
void buffer_queues_held(size_t *blocks, size_t *bytes);

/** buffer_queue_check() - holds a queue against its bytes: counts, order, the edges of every chunk.
 * Returns how many chunks there are. */
size_t buffer_queue_check(const struct sp__queue *queue, const struct spec_array *expected,
                          const char *what);
/** buffer_queue_worth() - the most memory that a queue of so many bytes may own. */
size_t buffer_queue_worth(const struct sp__queue *queue);

/* ---- buffer_socket.c ---- */

void buffer_socket_reset(void);
void buffer_socket_play(enum buffer_step kind, const struct step *step);
/** buffer_socket_finish() - no more faults: everything must now arrive. Frees the socket. */
void buffer_socket_finish(void);
void buffer_socket_held(size_t *blocks, size_t *bytes);

/* ---- buffer_read.c, buffer_write.c: each call leaves the spec_reader and the spec_writer as they
 * must be, and buffer_socket.c compares ---- */

struct sp_socket;

enum buffer_way { BUFFER_READ, BUFFER_PEEK, BUFFER_LINE };

/** buffer_can_grow() - whether bytes can still come from the kernel */
bool buffer_can_grow(const struct sp_socket *socket);

void buffer_read(struct sp_socket *socket, enum buffer_way way, size_t capacity);
void buffer_skip(struct sp_socket *socket, size_t count);
void buffer_get_char(struct sp_socket *socket);
void buffer_unget_char(struct sp_socket *socket, const struct step *step);
/** buffer_ask() - the calls that only tell */
void buffer_ask(struct sp_socket *socket);
void buffer_start_transaction(struct sp_socket *socket);
void buffer_end_transaction(struct sp_socket *socket, bool is_commit);

void buffer_write(struct sp_socket *socket, struct buffer_bytes bytes);
void buffer_put_char(struct sp_socket *socket, uint8_t byte);
void buffer_flush(struct sp_socket *socket);
void buffer_take_events(struct sp_socket *socket);

#endif
