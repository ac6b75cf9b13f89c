/* SPDX-License-Identifier: MIT */
/* Queues against arrays: the first half of fuzz_buffer. */
#include "fuzz/engine/digest.h"
#include "fuzz/engine/guard.h"
#include "fuzz/engine/target.h"
#include "fuzz/targets/buffer.h"
#include "fuzz/targets/buffer_wire.h"

#include <string.h>

#define QUEUES 3
/* A chunk of at most so many bytes is compared as a whole after each step; of others, the edges. */
#define LITTLE 64
#define EDGE 8
/* Bytes of a copy that go into the digest. */
#define NOTED 16
/* The largest chunk, or a little more. A queue owns two that are not full: first and last. */
#define CHUNK_MAX ((size_t)33 * 1024)

static struct queue {
    struct sp__queue queue;
    struct spec_array expected;
    size_t chunks; /* at the last look */
} queues[QUEUES];

static struct queue *chosen;

/* ---- what must hold ---- */

static bool is_same_piece(const struct sp_os_iov *piece, const uint8_t *expected)
{
    const uint8_t *bytes = piece->bytes;
    size_t last = piece->length - EDGE;

    if (piece->length <= LITTLE)
        return spec_same_bytes(bytes, expected, piece->length);
    return spec_same_bytes(bytes, expected, EDGE) &&
           spec_same_bytes(bytes + last, expected + last, EDGE);
}

/* The short way of send() for a queue that is one piece: the same piece, or none. */
static void expect_whole(const struct sp__queue *queue, const struct sp_os_iov *pieces,
                         size_t count, const char *what)
{
    struct sp_os_iov whole;
    bool got = sp__queue_whole(queue, &whole);

    FUZZ_CHECK(got == (count == 1), "%s: %zu chunks are one: %d", what, count, got);
    FUZZ_CHECK(!got || (whole.bytes == pieces[0].bytes && whole.length == pieces[0].length),
               "%s: the only chunk has another place or length", what);
}

size_t buffer_queue_check(const struct sp__queue *queue, const struct spec_array *expected,
                          const char *what)
{
    struct sp_os_iov pieces[BUFFER_BLOCKS_MAX];
    size_t offset = 0;
    size_t count;

    FUZZ_CHECK(queue->size == expected->size, "%s: there are %zu bytes, must be %zu", what,
               queue->size, expected->size);
    fuzz_note(queue->size);
    if (queue->tail == NULL)
        return 0;
    count = sp__queue_pieces(queue, pieces, BUFFER_BLOCKS_MAX);
    for (size_t i = 0; i < count; i++) {
        FUZZ_CHECK(pieces[i].length > 0 && pieces[i].length <= expected->size - offset,
                   "%s: chunk %zu has %zu bytes", what, i, pieces[i].length);
        FUZZ_CHECK(is_same_piece(&pieces[i], spec_array_at(expected, offset)),
                   "%s: chunk %zu holds other bytes", what, i);
        offset += pieces[i].length;
    }
    FUZZ_CHECK(offset == expected->size, "%s: the chunks hold %zu bytes", what, offset);
    expect_whole(queue, pieces, count, what);
    fuzz_note(count);
    return count;
}

size_t buffer_queue_worth(const struct sp__queue *queue)
{
    return queue->size > 0 ? queue->size + 2 * CHUNK_MAX : 0;
}

void buffer_queues_held(size_t *blocks, size_t *bytes)
{
    for (size_t i = 0; i < QUEUES; i++) {
        *blocks += queues[i].chunks;
        *bytes += buffer_queue_worth(&queues[i].queue);
    }
}

static void check(void)
{
    FUZZ_CHECK(sp__queue_valid(&chosen->queue), "the chunks of a queue do not fit together");
    chosen->chunks = buffer_queue_check(&chosen->queue, &chosen->expected, "queue");
}

/* ---- the steps ---- */

static void append(struct buffer_bytes bytes)
{
    size_t refused = buffer_heap.refused;
    bool done = sp__queue_append(&chosen->queue, &buffer_os, bytes.at, bytes.claimed);

    FUZZ_CHECK(done == (buffer_heap.refused == refused), "append of %zu bytes gave %d",
               bytes.claimed, done);
    if (!done)
        return;
    FUZZ_CHECK(bytes.claimed <= bytes.real, "%zu bytes were taken, and do not exist",
               bytes.claimed);
    spec_array_append(&chosen->expected, bytes.at, bytes.claimed);
    buffer_moved(bytes.claimed);
}

static void prepend(const struct step *step)
{
    for (size_t i = step->length; i-- > 0;) {
        size_t refused = buffer_heap.refused;
        bool done = sp__queue_prepend(&chosen->queue, &buffer_os, step->operand[i]);

        FUZZ_CHECK(done == (buffer_heap.refused == refused), "prepend gave %d", done);
        if (!done)
            return;
        spec_array_prepend(&chosen->expected, step->operand[i]);
    }
}

static void reserve(size_t wanted, size_t given)
{
    size_t refused = buffer_heap.refused;
    size_t room = SIZE_MAX;
    uint8_t *memory;
    struct buffer_bytes bytes;

    if (wanted == 0)
        wanted = 1;
    memory = sp__queue_reserve(&chosen->queue, &buffer_os, wanted, &room);
    FUZZ_CHECK((memory != NULL) == (buffer_heap.refused == refused), "reserve of %zu bytes gave %p",
               wanted, (void *)memory);
    if (memory == NULL)
        return;
    FUZZ_CHECK(room >= 1 && room <= wanted, "room for %zu bytes was reserved, must be 1 to %zu",
               room, wanted);
    fuzz_note(room);
    bytes = buffer_pattern(given < room ? given : room);
    memcpy(memory, bytes.at, bytes.real);
    sp__queue_commit(&chosen->queue, &buffer_os, bytes.real);
    spec_array_append(&chosen->expected, bytes.at, bytes.real);
    buffer_moved(bytes.real);
}

/* Copies to where exactly so much fits as there can be. */
static size_t copy(size_t offset, size_t length)
{
    size_t count = spec_array_count(&chosen->expected, offset, length);
    uint8_t *bytes = guard_room(length < GUARD_ROOM_MAX ? length : GUARD_ROOM_MAX);
    size_t copied = sp__queue_copy(&chosen->queue, offset, bytes, length);

    guard_room_check("sp__queue_copy()");
    FUZZ_CHECK(copied == count, "copy of %zu bytes from %zu on gave %zu, must be %zu", length,
               offset, copied, count);
    FUZZ_CHECK(spec_same_bytes(bytes, spec_array_at(&chosen->expected, offset), count),
               "other bytes were copied");
    fuzz_note_bytes(bytes, copied < NOTED ? copied : NOTED);
    return copied;
}

static void drop(size_t length)
{
    size_t count = spec_array_count(&chosen->expected, 0, length);

    sp__queue_drop(&chosen->queue, &buffer_os, count);
    spec_array_drop(&chosen->expected, count);
}

static void find(size_t offset, uint8_t byte)
{
    size_t at = sp__queue_find(&chosen->queue, offset, byte);
    size_t expected = spec_array_find(&chosen->expected, offset, byte);

    FUZZ_CHECK(at == expected, "byte %u from %zu on is found at %zu, must be %zu", byte, offset, at,
               expected);
    fuzz_note(at);
}

/* All bytes of the first pieces, where there is room for exactly so many pieces. */
static void pieces(size_t most)
{
    size_t capacity = most < BUFFER_BLOCKS_MAX ? most : BUFFER_BLOCKS_MAX;
    struct sp_os_iov list[BUFFER_BLOCKS_MAX];
    size_t expected = chosen->chunks;
    size_t offset = 0;
    size_t count;

    if (most == 0)
        return;
    if (capacity < BUFFER_BLOCKS_MAX)
        list[capacity].length = SIZE_MAX;
    count = sp__queue_pieces(&chosen->queue, list, most);
    if (expected > most)
        expected = most;
    FUZZ_CHECK(count == expected, "at most %zu pieces: %zu were given, must be %zu", most, count,
               expected);
    if (capacity < BUFFER_BLOCKS_MAX)
        FUZZ_CHECK(list[capacity].length == SIZE_MAX, "a piece was written behind the last");
    for (size_t i = 0; i < count; i++) {
        FUZZ_CHECK(list[i].length <= chosen->expected.size - offset &&
                       spec_same_bytes(list[i].bytes, spec_array_at(&chosen->expected, offset),
                                       list[i].length),
                   "piece %zu holds other bytes", i);
        offset += list[i].length;
    }
    if (chosen->chunks <= most)
        FUZZ_CHECK(offset == chosen->expected.size, "all pieces together have %zu bytes", offset);
}

static void clear(void)
{
    sp__queue_clear(&chosen->queue, &buffer_os);
    spec_array_clear(&chosen->expected);
}

void buffer_queues_play(enum buffer_step kind, const struct step *step)
{
    size_t number = buffer_step_number(step, 0);

    switch (kind) {
    case BUFFER_STEP_QUEUE:
        chosen = &queues[number % QUEUES];
        return;
    case BUFFER_STEP_APPEND:
        append(buffer_pattern(number));
        break;
    case BUFFER_STEP_TEXT:
        append(buffer_literal(step));
        break;
    case BUFFER_STEP_PREPEND:
        prepend(step);
        break;
    case BUFFER_STEP_RESERVE:
        reserve(number, buffer_step_number(step, 1));
        break;
    case BUFFER_STEP_COPY:
        (void)copy(number, buffer_step_number(step, 1));
        break;
    case BUFFER_STEP_TAKE:
        drop(copy(0, number));
        break;
    case BUFFER_STEP_DROP:
        drop(number);
        break;
    case BUFFER_STEP_FIND:
        find(number, (uint8_t)buffer_step_number(step, 1));
        break;
    case BUFFER_STEP_PIECES:
        pieces(number);
        break;
    case BUFFER_STEP_CLEAR:
        clear();
        break;
    default:
        return;
    }
    check();
}

void buffer_queues_reset(void)
{
    chosen = queues;
    for (size_t i = 0; i < QUEUES; i++)
        spec_array_clear(&queues[i].expected);
}

void buffer_queues_finish(void)
{
    for (chosen = queues; chosen < queues + QUEUES; chosen++) {
        pieces(SIZE_MAX);
        clear();
        check();
    }
}
