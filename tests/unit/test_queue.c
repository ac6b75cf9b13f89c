/* SPDX-License-Identifier: MIT */
/*
 * The byte queue: every operation against a plain array, memory running out at every point, and
 * what it holds when it is empty.
 */
#include "queue.h"

#include "tests/support/must.h"

#include <criterion/criterion.h>

/* Sizes of the chunks, less what a chunk keeps for itself; where something could be one off. */
#define SMALL 1024
#define MEDIUM (16 * 1024)
#define LARGE (64 * 1024)

/* ---- a heap that counts, and runs out on demand ---- */

struct heap {
    size_t bytes, blocks;
    unsigned allocs;
    unsigned fail_at; /* which allocation fails, from 1; 0: none */
};

static void *heap_alloc(void *ctx, size_t size)
{
    struct heap *heap = ctx;

    if (++heap->allocs == heap->fail_at)
        return NULL;
    heap->bytes += size;
    heap->blocks++;
    return malloc(size);
}

static void heap_release(void *ctx, void *memory, size_t size)
{
    struct heap *heap = ctx;

    MUST(memory != NULL && heap->blocks > 0 && heap->bytes >= size);
    heap->bytes -= size;
    heap->blocks--;
    free(memory);
}

static struct heap heap;
static const struct sp_os os = {.ctx = &heap, .alloc = heap_alloc, .release = heap_release};

/* A queue and the array that it must equal. */
#define MODEL_MAX (400 * 1024)
static struct sp__queue queue;
static uint8_t model[MODEL_MAX], scratch[MODEL_MAX];
static size_t model_size;
static uint8_t next_byte;

static void begin(void)
{
    srand(1);
}

static void end(void)
{
    sp__queue_clear(&queue, &os);
    cr_assert_eq(heap.blocks, 0, "an empty queue owns memory");
    cr_assert_eq(heap.bytes, 0);
}

TestSuite(queue, .init = begin, .fini = end);

/* The bytes to come, so that a lost, doubled or shifted one shows. 251 is prime: the pattern fits
 * into no chunk. */
static void fill(uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        bytes[i] = next_byte;
        next_byte = (uint8_t)((next_byte + 1) % 251);
    }
}

static bool agrees(void)
{
    struct sp_os_iov pieces[SP_OS_IOV_MAX];
    size_t count, at = 0;

    if (!sp__queue_valid(&queue) || queue.size != model_size)
        return false;
    if (sp__queue_copy(&queue, 0, scratch, sizeof(scratch)) != model_size ||
        memcmp(scratch, model, model_size) != 0)
        return false;
    count = sp__queue_pieces(&queue, pieces, SP_OS_IOV_MAX);
    for (size_t i = 0; i < count; i++) {
        if (pieces[i].length == 0 || pieces[i].length > model_size - at ||
            memcmp(pieces[i].bytes, model + at, pieces[i].length) != 0)
            return false;
        at += pieces[i].length;
    }
    return (at == model_size || count == SP_OS_IOV_MAX) && (model_size > 0 || heap.blocks == 0);
}

static bool append(size_t length)
{
    fill(model + model_size, length);
    if (!sp__queue_append(&queue, &os, model + model_size, length))
        return false;
    model_size += length;
    return true;
}

/* @given: of @wanted, how many turn out to be needed. */
static bool reserve(size_t wanted, size_t given)
{
    size_t room = 0;
    uint8_t *bytes = sp__queue_reserve(&queue, &os, wanted, &room);

    if (bytes == NULL)
        return false;
    cr_assert(room >= 1 && room <= wanted);
    if (given > room)
        given = room;
    fill(bytes, given);
    memcpy(model + model_size, bytes, given);
    model_size += given;
    sp__queue_commit(&queue, &os, given);
    return true;
}

static bool prepend(void)
{
    uint8_t byte;

    fill(&byte, 1);
    if (!sp__queue_prepend(&queue, &os, byte))
        return false;
    memmove(model + 1, model, model_size);
    model[0] = byte;
    model_size++;
    return true;
}

static void drop(size_t length)
{
    sp__queue_drop(&queue, &os, length);
    model_size -= length;
    memmove(model, model + length, model_size);
}

/* ---- sizes ---- */

Test(queue, every_size_around_the_chunks_goes_in_and_out_whole)
{
    static const size_t edges[] = {1, SMALL, MEDIUM, LARGE, 2 * LARGE, 3 * LARGE};
    unsigned wrong = 0;

    for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
        size_t least = edges[i] > 64 ? edges[i] - 64 : 0;

        for (size_t length = least; length <= edges[i] + 2; length++) {
            wrong += !append(length) || !agrees() || !append(1) || !agrees();
            drop(model_size);
            wrong += !agrees();
        }
    }
    cr_assert_eq(wrong, 0);
}

Test(queue, nothing_is_a_size_too)
{
    cr_assert(sp__queue_append(&queue, &os, NULL, 0));
    cr_assert_eq(heap.allocs, 0);
    cr_assert_eq(sp__queue_copy(&queue, 0, scratch, 10), 0);
    cr_assert_eq(sp__queue_find(&queue, 0, '\n'), 0);
    sp__queue_drop(&queue, &os, 0);
    sp__queue_clear(&queue, &os);
    cr_assert(append(10));
    cr_assert(sp__queue_append(&queue, &os, NULL, 0));
    cr_assert_eq(sp__queue_copy(&queue, 3, NULL, 0), 0);
    sp__queue_drop(&queue, &os, 0);
    cr_assert(agrees());
}

/* Covers: BUFF-13 */
Test(queue, a_burst_costs_few_blocks_and_gives_all_of_them_back)
{
    size_t bytes;

    for (size_t i = 0; i < 300 * 1024; i++)
        MUST(append(1));
    cr_assert(agrees());
    cr_assert_leq(heap.blocks, 16, "%zu blocks for 300 KiB", heap.blocks);
    cr_assert_leq(heap.bytes, model_size + 2 * LARGE);
    /* Memory goes back while the queue gets shorter, not only at its end. */
    bytes = heap.bytes;
    drop(model_size - 1000);
    cr_assert_leq(heap.bytes, bytes / 4);
    cr_assert(agrees());
    drop(1000);
    cr_assert_eq(heap.blocks, 0);
}

/* A queue that is never empty and never long must not grow. */
Test(queue, a_steady_stream_keeps_to_its_memory)
{
    size_t most = 0;

    MUST(append(700));
    for (int i = 0; i < 20000; i++) {
        MUST(append(500));
        drop(500);
        if (heap.bytes > most)
            most = heap.bytes;
    }
    cr_assert(agrees());
    cr_assert_leq(most, (size_t)2 * MEDIUM);
}

/* ---- one operation at a time ---- */

Test(queue, copy_begins_at_any_offset_and_stops_at_any_length)
{
    unsigned wrong = 0;

    MUST(append(SMALL / 2) && append(3 * SMALL) && append(5));
    for (size_t offset = 0; offset <= model_size + 1; offset++) {
        size_t length = (size_t)rand() % 5000;
        size_t left = offset < model_size ? model_size - offset : 0;
        size_t want = length < left ? length : left;

        memset(scratch, 0xee, 5001);
        wrong += sp__queue_copy(&queue, offset, scratch, length) != want ||
                 memcmp(scratch, model + offset, want) != 0 || scratch[want] != 0xee;
    }
    cr_assert_eq(wrong, 0);
    cr_assert(agrees());
}

Test(queue, find_sees_a_byte_at_every_place_from_every_offset)
{
    unsigned wrong = 0;
    uint8_t mark = 0xff; /* which fill() never writes */

    /* Two chunks with the border in the middle. */
    MUST(append(1000));
    for (size_t at = 0; at <= 40; at++) {
        size_t place = model_size;

        MUST(sp__queue_append(&queue, &os, &mark, 1));
        model[model_size++] = mark;
        for (size_t offset = 0; offset <= place + 2; offset++)
            wrong += sp__queue_find(&queue, offset, mark) != (offset <= place ? place : model_size);
        sp__queue_clear(&queue, &os);
        model_size = 0;
        MUST(append(990 + at));
    }
    cr_assert_eq(wrong, 0);
    cr_assert_eq(sp__queue_find(&queue, 0, mark), model_size, "a byte that is not there");
}

Test(queue, room_that_is_not_used_is_given_back)
{
    MUST(reserve(5000, 0));
    cr_assert_eq(heap.blocks, 0);
    MUST(append(100));
    for (int i = 0; i < 5; i++) {
        /* First inside the last chunk, then behind it. */
        MUST(reserve(5000, 0));
        cr_assert(agrees());
        MUST(reserve(900, 900));
        cr_assert(agrees());
    }
}

Test(queue, bytes_put_back_come_out_first)
{
    for (int i = 0; i < 3 * SMALL; i++)
        MUST(prepend());
    cr_assert(agrees());
    MUST(append(2000));
    for (int i = 0; i < 1500; i++) {
        drop(1);
        MUST(prepend());
        MUST(prepend());
    }
    cr_assert(agrees());
    drop(model_size);
    cr_assert(agrees());
}

Test(queue, pieces_are_as_many_as_asked_for)
{
    struct sp_os_iov pieces[8];

    for (int i = 0; i < 5; i++)
        MUST(append(LARGE));
    for (size_t count = 1; count <= 5; count++) {
        cr_assert_eq(sp__queue_pieces(&queue, pieces, count), count);
        cr_assert_eq(memcmp(pieces[0].bytes, model, pieces[0].length), 0);
    }
}

/* ---- memory runs out ---- */

enum step { APPEND, PREPEND, RESERVE };

/* One step with the nth allocation failing; how many allocations it would make. */
static unsigned try_step(enum step step, size_t length, unsigned nth)
{
    bool done;

    heap.allocs = 0;
    heap.fail_at = nth;
    done = step == APPEND ? append(length) : step == PREPEND ? prepend() : reserve(length, length);
    heap.fail_at = 0;
    cr_assert_eq(done, nth == 0 || nth > heap.allocs);
    return heap.allocs;
}

/* Covers: FDLT-20 */
Test(queue, a_step_without_memory_changes_nothing)
{
    static const size_t lengths[] = {1, SMALL, SMALL + 1, MEDIUM, LARGE, 4 * LARGE + 17};
    unsigned failed = 0, wrong = 0;

    for (int step = APPEND; step <= RESERVE; step++) {
        for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
            for (size_t before = 0; before < 3 * SMALL; before += 509) {
                unsigned nth = 1;

                MUST(append(before));
                do {
                    size_t blocks = heap.blocks, size = model_size;
                    unsigned allocs = try_step((enum step)step, lengths[i], nth);

                    wrong += !agrees();
                    if (nth > allocs)
                        break;
                    wrong += heap.blocks != blocks || model_size != size;
                    failed++;
                } while (nth++ > 0);
                drop(model_size);
            }
        }
    }
    cr_assert_eq(wrong, 0);
    cr_assert_gt(failed, 50, "hardly any step needed memory: %u", failed);
}

/* ---- everything at random ---- */

static size_t some_length(size_t most)
{
    static const size_t typical[] = {1, 3, 100, 1000, 1001, 4096, 15000, 16360, 65000, 65536};
    size_t length = typical[rand() % 10] + (size_t)rand() % 3;

    return length < most ? length : most;
}

static void random_step(void)
{
    size_t room = MODEL_MAX - model_size - 1;
    size_t length = some_length(room);

    switch (rand() % 8) {
    case 0:
    case 1:
        (void)append(length);
        break;
    case 2:
        if (length > 0)
            (void)reserve(length, rand() % 3 == 0 ? 0 : (size_t)rand() % (length + 1));
        break;
    case 3:
        if (room > 0)
            (void)prepend();
        break;
    case 4:
    case 5:
        drop(some_length(model_size));
        break;
    case 6:
        if (rand() % 8 == 0) {
            sp__queue_clear(&queue, &os);
            model_size = 0;
        }
        break;
    default: /* the next step or the one after runs out of memory */
        heap.fail_at = heap.allocs + 1 + (unsigned)rand() % 2;
        break;
    }
}

/* Covers: BUFF-13, BUFF-15 */
Test(queue, random_steps_agree_with_an_array, .timeout = 120)
{
    unsigned wrong = 0;
    size_t most = 0;

    for (int step = 0; step < 20000 && wrong == 0; step++) {
        random_step();
        wrong += !agrees();
        most = model_size > most ? model_size : most;
    }
    cr_assert_eq(wrong, 0);
    cr_assert_gt(most, 3 * LARGE, "the queue never became long");
}

/* ---- the check of the checks ---- */

Test(queue, a_wrong_size_is_seen)
{
    MUST(append(10));
    queue.size++;
    cr_assert_not(sp__queue_valid(&queue));
    queue.size--;
    cr_assert(sp__queue_valid(&queue));
    cr_assert_not(sp__queue_valid(&(struct sp__queue){.size = 1}));
}
