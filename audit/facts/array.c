/* SPDX-License-Identifier: MIT */
/* Arrays that grow or are sorted: see array.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "audit/facts/array.h"

#include <stdlib.h>

#define FIRST_ROOM 64

void *array_grow(void *array, size_t count, size_t *room, size_t size)
{
    const size_t wanted = *room == 0 ? FIRST_ROOM : *room * 2;
    void *grown;

    if (count < *room)
        return array;
    grown = reallocarray(array, wanted, size);
    if (grown != NULL)
        *room = wanted;
    return grown;
}

size_t array_first(const void *key, const void *array, size_t count, size_t size,
                   int (*compare)(const void *key, const void *element))
{
    size_t low = 0;
    size_t high = count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (compare(key, (const char *)array + middle * size) > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t array_equals(const void *key, const void *array, size_t first, size_t count, size_t size,
                    int (*compare)(const void *key, const void *element))
{
    size_t end = first;

    while (end < count && compare(key, (const char *)array + end * size) == 0)
        end++;
    return end - first;
}
