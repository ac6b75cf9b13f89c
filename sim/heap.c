/* SPDX-License-Identifier: MIT */
/*
 * Memory through the seam.
 *
 * Blocks are cut from one piece, one after the other; a freed block is only used again when the
 * piece is used up, oldest first. So a stale pointer keeps pointing at what it pointed at. Where
 * AddressSanitizer is linked in, everything outside live blocks is poisoned, whether or not this
 * file was compiled with it; and where MemorySanitizer is, new blocks count as uninitialised.
 * Without them, guard bytes behind each block and a fill of what is new and what is freed still
 * show most of the same defects, and the same garbage in every run.
 *
 * Tests: tests/unit/test_sim_heap.c
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 16u
#define GUARD 16u
#define GUARD_BYTE 0xfd
#define NEW_BYTE 0xa5
#define FREED_BYTE 0xdd
/* Filled at the beginning of a block: all of an object, the header of a buffer. */
#define FILL_MAX 512u
#define LIVE UINT64_C(0x9d3f51c6e07ab248)
#define FREED UINT64_C(0x1bb67ae8584caa73)

struct header {
    uint64_t state;
    uint64_t size;     /* as asked for */
    uint64_t capacity; /* up to the guard */
    uint64_t next;     /* freed after this one */
    uint64_t actor;
    uint64_t unused;
};

_Static_assert(sizeof(struct header) % ALIGNMENT == 0, "blocks are aligned");

/* Present if the program is linked with the sanitizer. */
__attribute__((weak)) void __asan_poison_memory_region(const volatile void *from, size_t size);
__attribute__((weak)) void __asan_unpoison_memory_region(const volatile void *from, size_t size);
__attribute__((weak)) void __msan_poison(const volatile void *from, size_t size);

#define UNCHECKED __attribute__((no_sanitize("address")))

static void poison(const uint8_t *from, size_t size)
{
    if (__asan_poison_memory_region != NULL)
        __asan_poison_memory_region(from, size);
}

static void unpoison(const uint8_t *from, size_t size)
{
    if (__asan_unpoison_memory_region != NULL)
        __asan_unpoison_memory_region(from, size);
}

/* By hand: where a sanitizer is linked memset() passes through it, which takes longer than filling
 * a few words. */
#ifdef __clang__
#define NO_MEMSET __attribute__((no_builtin("memset")))
#else
#define NO_MEMSET
#endif

UNCHECKED NO_MEMSET static void fill(uint8_t *from, uint8_t value, size_t size)
{
    uint8_t *end = from + (size < FILL_MAX ? size : FILL_MAX);

    while (from < end)
        *from++ = value;
}

static struct header *header_at(const struct sim *sim, uint64_t offset)
{
    return (struct header *)(void *)(sim->heap.base + offset);
}

bool sim__heap_init(struct sim *sim)
{
    sim->heap.base = calloc(1, SIM_HEAP_MAX);
    sim->heap.used = 0;
    if (sim->heap.base == NULL)
        return false;
    poison(sim->heap.base, SIM_HEAP_MAX);
    return true;
}

void sim__heap_reset(struct sim *sim)
{
    poison(sim->heap.base, sim->heap.used);
    sim->heap.used = ALIGNMENT; /* offset 0 stands for none */
    sim->heap.first_freed = 0;
    sim->heap.last_freed = 0;
}

void sim__heap_free(struct sim *sim)
{
    unpoison(sim->heap.base, SIM_HEAP_MAX);
    free(sim->heap.base);
}

/* The oldest freed block that is large enough, or 0. */
UNCHECKED static uint64_t reuse(struct sim *sim, size_t capacity)
{
    uint64_t before = 0;

    for (uint64_t at = sim->heap.first_freed; at != 0; at = header_at(sim, at)->next) {
        struct header *header = header_at(sim, at);

        if (header->capacity >= capacity) {
            if (before != 0)
                header_at(sim, before)->next = header->next;
            else
                sim->heap.first_freed = header->next;
            if (sim->heap.last_freed == at)
                sim->heap.last_freed = before;
            return at;
        }
        before = at;
    }
    return 0;
}

UNCHECKED static uint8_t *cut(struct sim *sim, size_t size, unsigned actor)
{
    size_t capacity = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    size_t whole = sizeof(struct header) + capacity + GUARD;
    uint64_t at;
    struct header *header;
    uint8_t *memory;

    if (whole <= SIM_HEAP_MAX - sim->heap.used) {
        at = sim->heap.used;
        sim->heap.used += whole;
        header_at(sim, at)->capacity = capacity;
    } else {
        at = reuse(sim, capacity);
        if (at == 0)
            return NULL;
    }
    header = header_at(sim, at);
    header->state = LIVE;
    header->size = size;
    header->actor = actor;
    memory = (uint8_t *)(header + 1);
    for (size_t i = size; i < header->capacity + GUARD; i++)
        memory[i] = GUARD_BYTE;
    return memory;
}

void *sim__alloc(struct sim_actor *actor, size_t size)
{
    struct sim *sim = actor->sim;
    uint8_t *memory;

    if (size > actor->memory_limit - actor->allocated_bytes ||
        actor->allocated_bytes > actor->memory_limit)
        return NULL;
    if (sim->options.heap == SIM_HEAP_HOST) {
        memory = malloc(size);
    } else {
        memory = size < SIM_HEAP_MAX / 2 ? cut(sim, size, actor->number) : NULL;
        if (memory == NULL)
            sim->full++;
    }
    if (memory == NULL)
        return NULL;
    if (sim->options.heap == SIM_HEAP_WORLD)
        unpoison(memory, size);
    fill(memory, NEW_BYTE, size);
    if (__msan_poison != NULL)
        __msan_poison(memory, size);
    actor->allocations++;
    actor->allocated_bytes += size;
    return memory;
}

UNCHECKED static enum sim_misuse examine(const struct sim_actor *actor, const uint8_t *memory,
                                         size_t size)
{
    const struct sim *sim = actor->sim;
    const uint8_t *first = sim->heap.base + ALIGNMENT + sizeof(struct header);
    const uint8_t *end = sim->heap.base + sim->heap.used;
    const struct header *header;

    if (memory < first || memory >= end || (size_t)(memory - first) % ALIGNMENT != 0)
        return SIM_MISUSE_RELEASE;
    header = (const struct header *)(const void *)memory - 1;
    if (header->state != LIVE || header->size != size || header->actor != actor->number)
        return SIM_MISUSE_RELEASE;
    for (size_t i = size; i < header->capacity + GUARD; i++)
        if (memory[i] != GUARD_BYTE)
            return SIM_MISUSE_OVERRUN;
    return SIM_MISUSE_COUNT;
}

UNCHECKED static void put_back(struct sim *sim, uint8_t *memory)
{
    struct header *header = (struct header *)(void *)memory - 1;
    uint64_t at = (uint64_t)((uint8_t *)header - sim->heap.base);

    header->state = FREED;
    header->next = 0;
    if (sim->heap.last_freed != 0)
        header_at(sim, sim->heap.last_freed)->next = at;
    else
        sim->heap.first_freed = at;
    sim->heap.last_freed = at;
}

void sim__release(struct sim_actor *actor, void *memory, size_t size)
{
    struct sim *sim = actor->sim;

    if (sim->options.heap == SIM_HEAP_HOST) {
        free(memory);
    } else {
        enum sim_misuse misuse = examine(actor, memory, size);

        if (misuse != SIM_MISUSE_COUNT)
            sim__misuse(actor, misuse);
        if (misuse == SIM_MISUSE_RELEASE)
            return;
        fill(memory, FREED_BYTE, size);
        poison(memory, size);
        put_back(sim, memory);
    }
    actor->allocations--;
    actor->allocated_bytes -= size;
}
