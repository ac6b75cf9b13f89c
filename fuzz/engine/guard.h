/* SPDX-License-Identifier: MIT */
/*
 * Blocks of memory of an exact size, for what is handed to the code under test.
 *
 * Touching the byte before or behind a block is reported by AddressSanitizer, as with malloc() and
 * free(), at a tenth of the cost: the blocks are static, and only the sanitizer's map of them
 * changes. Without AddressSanitizer a write just behind a block is still seen, by guard_check().
 */
#ifndef FUZZ_GUARD_H
#define FUZZ_GUARD_H

#include <stddef.h>

/* One block of each can be in use at a time. */
enum guard {
    GUARD_NAME,
    GUARD_BASE,
    GUARD_ADDRESS,
    GUARD_TEXT,
    GUARD_SOCKADDR,
    GUARD_COUNT,
};

/* Longest block. */
#define GUARD_MAX 1024

/** guard_block() - a block of exactly @length bytes; its contents and the last one are gone. */
void *guard_block(enum guard guard, size_t length);

/** guard_copy() - the same, filled with @bytes */
void *guard_copy(enum guard guard, const void *bytes, size_t length);

/** guard_check() - fails if the byte behind the block was written; @what names the culprit */
void guard_check(enum guard guard, const char *what);

/* Longest room. */
#define GUARD_ROOM_MAX ((size_t)1024 * 1024)

/**
 * guard_room() - @length bytes in front of a wall, not aligned; only one room can be in use
 *
 * The end of a room is always in the same place, so that no map has to change when lengths do: for
 * results that are long, or of another length each time. A byte before it is not guarded.
 */
void *guard_room(size_t length);
/** guard_room_check() - as guard_check() */
void guard_room_check(const char *what);

#endif
