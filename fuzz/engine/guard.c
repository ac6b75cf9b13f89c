/* SPDX-License-Identifier: MIT */
/*
 * Blocks of an exact size: see guard.h.
 *
 * GUARD_POISONS says whether the code under test is compiled with AddressSanitizer; this file
 * itself need not be.
 */
#include "fuzz/engine/guard.h"

#include "fuzz/engine/target.h"

#if GUARD_POISONS
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#endif

/* On each side of a block; a multiple of 8, the sanitizer's grain. */
#define MARGIN 32
#define TRAP_BYTE 0xa5

static struct {
    bool is_ready;
    size_t length; /* of the block in use */
    _Alignas(16) uint8_t bytes[MARGIN + GUARD_MAX + MARGIN];
} blocks[GUARD_COUNT];

void *guard_block(enum guard guard, size_t length)
{
    uint8_t *block = blocks[guard].bytes + MARGIN;
    size_t last = blocks[guard].length;

    FUZZ_CHECK(length <= GUARD_MAX, "a block of %zu bytes was asked for", length);
    if (!blocks[guard].is_ready) {
        ASAN_POISON_MEMORY_REGION(blocks[guard].bytes, sizeof(blocks[guard].bytes));
        blocks[guard].is_ready = true;
    }
    /* Only what changes: this is called a dozen times an input. */
    if (length > last)
        ASAN_UNPOISON_MEMORY_REGION(block, length);
    else if (length < last)
        ASAN_POISON_MEMORY_REGION(block + length, last - length);
    blocks[guard].length = length;
#if !GUARD_POISONS
    block[length] = TRAP_BYTE;
#endif
    return block;
}

void *guard_copy(enum guard guard, const void *bytes, size_t length)
{
    const uint8_t *from = bytes;
    uint8_t *block = guard_block(guard, length);

    for (size_t i = 0; i < length; i++)
        block[i] = from[i];
    return block;
}

void guard_check(enum guard guard, const char *what)
{
#if GUARD_POISONS
    (void)guard;
    (void)what;
#else
    FUZZ_CHECK(blocks[guard].bytes[MARGIN + blocks[guard].length] == TRAP_BYTE,
               "%s wrote behind its buffer", what);
#endif
}

/* ---- a room in front of a wall ---- */

#define WALL 64

static _Alignas(16) uint8_t room[GUARD_ROOM_MAX + WALL];

void *guard_room(size_t length)
{
    static bool has_wall;

    FUZZ_CHECK(length <= GUARD_ROOM_MAX, "a room of %zu bytes was asked for", length);
    if (!has_wall) {
        ASAN_POISON_MEMORY_REGION(room + GUARD_ROOM_MAX, WALL);
        has_wall = true;
    }
#if !GUARD_POISONS
    room[GUARD_ROOM_MAX] = TRAP_BYTE;
#endif
    return room + GUARD_ROOM_MAX - length;
}

void guard_room_check(const char *what)
{
#if GUARD_POISONS
    (void)what;
#else
    FUZZ_CHECK(room[GUARD_ROOM_MAX] == TRAP_BYTE, "%s wrote behind its buffer", what);
#endif
}
