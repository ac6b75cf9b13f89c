/* SPDX-License-Identifier: MIT */
/* What arrays need that grow or are sorted, and the C library has not. */
#ifndef AUDIT_FACTS_ARRAY_H
#define AUDIT_FACTS_ARRAY_H

#include <stddef.h>

/**
 * array_grow() - the array, with room for at least one element behind @count; twice as much if it
 * was full
 * @size: bytes of an element
 *
 * Return: NULL without memory; then @array and @room are as they were.
 */
void *array_grow(void *array, size_t count, size_t *room, size_t size);

/**
 * array_first() - where @key is in a sorted array, first of its equals, or would be
 *
 * @compare is called as by bsearch(): with @key first. Return: @count when all come before it.
 */
size_t array_first(const void *key, const void *array, size_t count, size_t size,
                   int (*compare)(const void *key, const void *element));

/** array_equals() - how many elements from @first on are equal to @key */
size_t array_equals(const void *key, const void *array, size_t first, size_t count, size_t size,
                    int (*compare)(const void *key, const void *element));

#endif
