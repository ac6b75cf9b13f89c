/* SPDX-License-Identifier: MIT */
/*
 * The memory of fuzz_buffer: alloc() and release() of a seam, on blocks that are counted.
 *
 * Small on purpose, so that it runs out where an input holds much, and so that no claimed size can
 * be had: whoever asks for as much memory as he claims to have bytes is refused. A block has
 * exactly the size that was asked for, what is outside of blocks is poisoned, and a block given
 * back is used again as late as possible.
 */
#ifndef FUZZ_BUFFER_HEAP_H
#define FUZZ_BUFFER_HEAP_H

#include <stddef.h>
#include <stdint.h>

/* More than all blocks together can hold. */
#define BUFFER_HEAP_MAX ((size_t)512 * 1024)
/* More than there are blocks. */
#define BUFFER_BLOCKS_MAX 64

/* What the heap has done since buffer_heap_reset(). Read by the checks. */
struct buffer_heap {
    size_t blocks, bytes; /* in use */
    size_t refused;       /* allocations that failed, planned or not */
    size_t fail_after;    /* plan: so many allocations succeed, */
    size_t fail_count;    /* then so many fail */
};

extern struct buffer_heap buffer_heap;

/** buffer_heap_reset() - before an input. Nothing may be in use. */
void buffer_heap_reset(void);

void *buffer_heap_alloc(void *ctx, size_t size);
void buffer_heap_release(void *ctx, void *memory, size_t size);

#endif
