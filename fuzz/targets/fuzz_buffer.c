/* SPDX-License-Identifier: MIT */
/*
 * Buffers against plain arrays.
 *
 * Under test:   core/src/queue.c, alone; and socket_read.c, socket_write.c above it
 * Not covered:  names, connecting, the order of events (fuzz_state), a real kernel's behaviour
 * Input:        steps, listed in buffer_steps.h; every byte string is valid
 * Oracle:       fuzz/spec/buffer_spec.h says the result of each call and the bytes that are left;
 *               besides, after every step
 *                 - the number of blocks in use is the number of chunks that hold something
 *                 - memory is no more than the bytes it is for, and two chunks a queue
 *                 - a call is refused for want of memory exactly when memory was refused, and then
 *                   nothing has moved
 *                 - what is accepted is sent once and in order, or counted as lost
 *                 - what has arrived waits, or is asked for; limits hold at every system call
 *               and at the end, when nothing fails any more, all of it arrives.
 */
#include "fuzz/engine/digest.h"
#include "fuzz/engine/guard.h"
#include "fuzz/engine/target.h"
#include "fuzz/targets/buffer.h"
#include "fuzz/targets/buffer_wire.h"

/* Steps of an input that are played; more are ignored, so that one run stays short. */
#define STEPS_MAX 40
/* Bytes that one run moves into the library. More than it reads in one go. */
#define BYTES_MAX ((size_t)288 * 1024)
/* A prime: what begins at the same place in the pattern lies far apart. */
#define PATTERN_STARTS 65521

static struct {
    size_t left; /* of BYTES_MAX */
    size_t start;
} run;

static uint8_t pattern[PATTERN_STARTS + BUFFER_HEAP_MAX];

/* Numbers that never come again in the same order; a linear congruence is enough for that. */
static void make_pattern(void)
{
    uint64_t state = 1;

    for (size_t i = 0; i < sizeof(pattern); i++) {
        state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
        pattern[i] = (uint8_t)(state >> 56);
        if (pattern[i] == '\n')
            pattern[i] = '\r';
    }
}

struct buffer_bytes buffer_pattern(size_t number)
{
    struct buffer_bytes bytes = {.at = pattern + run.start, .real = BUFFER_HEAP_MAX};

    if (number < BUFFER_HEAP_MAX || run.left == 0) {
        bytes.real = number < run.left ? number : run.left;
        bytes.claimed = bytes.real;
    } else {
        bytes.claimed = number;
    }
    return bytes;
}

struct buffer_bytes buffer_literal(const struct step *step)
{
    return (struct buffer_bytes){
        .at = guard_copy(GUARD_NAME, step->operand, step->length),
        .real = step->length,
        .claimed = step->length,
    };
}

void buffer_moved(size_t length)
{
    run.left -= length < run.left ? length : run.left;
    run.start = (run.start + length) % PATTERN_STARTS;
}

/* Every block belongs to somebody, and nobody has more than he needs. */
static void check_memory(void)
{
    size_t blocks = 0;
    size_t bytes = 0;

    buffer_queues_held(&blocks, &bytes);
    buffer_socket_held(&blocks, &bytes);
    FUZZ_CHECK(buffer_heap.blocks == blocks, "%zu blocks are in use, must be %zu",
               buffer_heap.blocks, blocks);
    FUZZ_CHECK(buffer_heap.bytes <= bytes, "%zu bytes of memory are in use, must be at most %zu",
               buffer_heap.bytes, bytes);
    fuzz_note(blocks);
    fuzz_note(buffer_heap.refused);
}

static void play(const struct step *step)
{
    enum buffer_step kind = (enum buffer_step)step->kind;

    if (kind < BUFFER_STEP_NO_MEMORY) {
        buffer_queues_play(kind, step);
    } else if (kind > BUFFER_STEP_NO_MEMORY) {
        buffer_socket_play(kind, step);
    } else {
        buffer_heap.fail_after = buffer_step_number(step, 0);
        buffer_heap.fail_count = buffer_step_number(step, 1);
    }
    check_memory();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct step_cursor cursor = step_cursor_over(fuzz_language, data, size);
    struct step step;
    size_t played = 0;

    if (pattern[0] == pattern[1])
        make_pattern();
    fuzz_digest_reset();
    run.left = BYTES_MAX;
    run.start = 0;
    buffer_heap_reset();
    buffer_wire_reset();
    buffer_queues_reset();
    buffer_socket_reset();
    for (; played < STEPS_MAX && step_next(&cursor, &step); played++) {
        fuzz_at(played);
        play(&step);
    }
    fuzz_at(played);
    buffer_queues_finish();
    buffer_socket_finish();
    check_memory();
    return 0;
}
