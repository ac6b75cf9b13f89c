/* SPDX-License-Identifier: MIT */
/*
 * Blocks of a few sizes, each in a place of its own: see buffer_heap.h.
 *
 * Not malloc(): that is a tenth of a microsecond a call under AddressSanitizer, never fails, and
 * puts what is freed where a run can reach it only after hundreds of others.
 */
#include "fuzz/targets/buffer_heap.h"

#include "fuzz/engine/target.h"

/* Present if the program is linked with the sanitizer. */
__attribute__((weak)) void __asan_poison_memory_region(const volatile void *from, size_t size);
__attribute__((weak)) void __asan_unpoison_memory_region(const volatile void *from, size_t size);
__attribute__((weak)) void __msan_poison(const volatile void *from, size_t size);

/* Between two blocks. Without AddressSanitizer its first bytes show a write behind a block. */
#define MARGIN 32
#define MARGIN_BYTE 0xfd
#define MARGIN_SEEN 8

/* X(CLASS, size of the largest block, how many) */
#define CLASSES(X)      \
    X(SMALL, 1024, 40)  \
    X(MEDIUM, 17408, 6) \
    X(LARGE, 33792, 10)

#define STRIDE(size) ((size) + MARGIN)

/* clang-format off */
enum class_index {
#define CLASS_INDEX(name, size, count) CLASS_##name,
    CLASSES(CLASS_INDEX)
#undef CLASS_INDEX
    CLASS_COUNT
};

#define CLASS_PLACES(name, size, count) \
    static _Alignas(16) uint8_t places_##name[MARGIN + (count) * STRIDE(size)];
CLASSES(CLASS_PLACES)
#undef CLASS_PLACES

#define CLASS_BYTES(name, size, count) + (count) * (size)
#define CLASS_BLOCKS(name, size, count) + (count)
_Static_assert(CLASSES(CLASS_BYTES) < BUFFER_HEAP_MAX, "nothing can hold as much as is claimed");
_Static_assert(CLASSES(CLASS_BLOCKS) < BUFFER_BLOCKS_MAX, "all blocks can be listed");
/* clang-format on */

/* Free blocks wait in line: first freed, first used. */
struct block_class {
    uint8_t *first;
    size_t size;
    uint8_t count;
    uint8_t free;                     /* how many */
    uint8_t next;                     /* in the line, of those that are free */
    uint8_t line[BUFFER_BLOCKS_MAX];  /* a ring of @count */
    uint32_t used[BUFFER_BLOCKS_MAX]; /* bytes asked for; 0: free */
};

static struct block_class classes[CLASS_COUNT] = {
#define CLASS_ROW(name, largest, number) \
    [CLASS_##name] = {.first = places_##name + MARGIN, .size = (largest), .count = (number)},
    CLASSES(CLASS_ROW)
#undef CLASS_ROW
};

struct buffer_heap buffer_heap;

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

void buffer_heap_reset(void)
{
    static bool is_poisoned;

    for (size_t i = 0; i < CLASS_COUNT; i++) {
        struct block_class *class = &classes[i];

        if (!is_poisoned)
            poison(class->first - MARGIN, MARGIN + class->count * STRIDE(class->size));
        for (uint8_t at = 0; at < class->count; at++)
            class->line[at] = at;
        class->next = 0;
        class->free = class->count;
    }
    is_poisoned = true;
    buffer_heap = (struct buffer_heap){0};
}

static bool is_planned_to_fail(void)
{
    if (buffer_heap.fail_count == 0)
        return false;
    if (buffer_heap.fail_after > 0) {
        buffer_heap.fail_after--;
        return false;
    }
    buffer_heap.fail_count--;
    return true;
}

/* The free block that has been free for longest; NULL if there is none large enough. */
static uint8_t *take_block(size_t size)
{
    for (size_t i = 0; i < CLASS_COUNT; i++) {
        struct block_class *class = &classes[i];
        uint8_t index;

        if (size > class->size)
            continue;
        if (class->free == 0)
            return NULL;
        index = class->line[class->next];
        class->next = (uint8_t)((class->next + 1) % class->count);
        class->free--;
        class->used[index] = (uint32_t)size;
        return class->first + index * STRIDE(class->size);
    }
    return NULL;
}

void *buffer_heap_alloc(void *ctx, size_t size)
{
    uint8_t *memory = NULL;

    (void)ctx;
    FUZZ_CHECK(size > 0, "memory of no size is asked for");
    if (!is_planned_to_fail())
        memory = take_block(size);
    if (memory == NULL) {
        buffer_heap.refused++;
        return NULL;
    }
    buffer_heap.blocks++;
    buffer_heap.bytes += size;
    unpoison(memory, size);
    if (__msan_poison != NULL)
        __msan_poison(memory, size);
    if (__asan_poison_memory_region == NULL)
        for (size_t i = 0; i < MARGIN_SEEN; i++)
            memory[size + i] = MARGIN_BYTE;
    return memory;
}

/* The class of a block that is in use, and its number there. */
static struct block_class *class_of(const uint8_t *memory, size_t *ret_index)
{
    for (size_t i = 0; i < CLASS_COUNT; i++) {
        struct block_class *class = &classes[i];
        size_t offset = (uintptr_t)memory - (uintptr_t)class->first;

        if (offset >= class->count * STRIDE(class->size))
            continue;
        *ret_index = offset / STRIDE(class->size);
        return offset % STRIDE(class->size) == 0 && class->used[*ret_index] > 0 ? class : NULL;
    }
    return NULL;
}

void buffer_heap_release(void *ctx, void *memory, size_t size)
{
    size_t index = 0;
    struct block_class *class = class_of(memory, &index);

    (void)ctx;
    FUZZ_CHECK(class != NULL, "what is given back is no block, or was given back before");
    FUZZ_CHECK(class->used[index] == size, "a block of %u bytes is given back as one of %zu",
               class->used[index], size);
    if (__asan_poison_memory_region == NULL)
        for (size_t i = 0; i < MARGIN_SEEN; i++)
            FUZZ_CHECK(((uint8_t *)memory)[size + i] == MARGIN_BYTE,
                       "something was written behind a block of %zu bytes", size);
    poison(memory, size);
    class->used[index] = 0;
    class->line[(class->next + class->free) % class->count] = (uint8_t)index;
    class->free++;
    buffer_heap.blocks--;
    buffer_heap.bytes -= size;
}
