/* SPDX-License-Identifier: MIT */
/*
 * What writers send: a pattern that everybody knows.
 *
 * One table for all, because a writer then hands out memory that is there already. Its period is a
 * prime, so that a piece that is lost or comes twice, of any round size, shows; every writer begins
 * somewhere else in it, so that a byte of the wrong stream shows too.
 *
 * Tests: tests/unit/test_world_bytes.c
 */
#include "fuzz/world/world.h"

#define PERIOD 4093u
#define APART 251u /* two writers' beginnings */

static uint8_t table[PERIOD + WORLD_BYTES_MAX];
static bool is_made;

static uint8_t pattern(uint32_t index)
{
    uint32_t mixed = (index + 1) * 0x9e3779b1u;

    mixed ^= mixed >> 15;
    mixed *= 0x85ebca6bu;
    mixed ^= mixed >> 13;
    return (mixed >> 8) % 16 == 0 ? '\n' : (uint8_t)mixed;
}

static void make(void)
{
    for (uint32_t i = 0; i < sizeof(table); i++)
        table[i] = i < PERIOD ? pattern(i) : table[i - PERIOD];
    is_made = true;
}

const uint8_t *world_bytes(unsigned who, uint64_t position)
{
    if (!is_made)
        make();
    return table + (position + (uint64_t)who * APART) % PERIOD;
}

uint8_t world_byte(unsigned who, uint64_t position)
{
    return *world_bytes(who, position);
}
