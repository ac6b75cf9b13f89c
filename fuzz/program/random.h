/* SPDX-License-Identifier: MIT */
/*
 * Numbers that look random, the same for the same seed everywhere.
 */
#ifndef FUZZ_RANDOM_H
#define FUZZ_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct random {
    uint64_t state;
};

static inline uint32_t random_next(struct random *random)
{
    uint64_t mixed;

    random->state += UINT64_C(0x9e3779b97f4a7c15);
    mixed = (random->state ^ (random->state >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)(mixed >> 32);
}

/** random_below() - 0 to @count - 1; @count is at least 1 */
static inline size_t random_below(struct random *random, size_t count)
{
    return random_next(random) % count;
}

static inline bool random_one_in(struct random *random, size_t count)
{
    return random_below(random, count) == 0;
}

#endif
