/* SPDX-License-Identifier: MIT */
/*
 * The bytes that programs write (fuzz/world/bytes.c): if a piece of them is lost, comes twice or
 * goes to the wrong reader, they must look different.
 */
#include "fuzz/world/world.h"

#include <criterion/criterion.h>

#define LENGTH 4096

static unsigned alike(const uint8_t *a, const uint8_t *b)
{
    unsigned count = 0;

    for (unsigned i = 0; i < LENGTH; i++)
        count += a[i] == b[i];
    return count;
}

Test(world_bytes, one_by_one_or_in_a_piece)
{
    for (unsigned who = 0; who < 16; who += 5)
        for (uint64_t from = 0; from < 20000; from += 777)
            for (unsigned i = 0; i < 64; i++)
                cr_assert_eq(world_bytes(who, from)[i], world_byte(who, from + i));
}

Test(world_bytes, a_shift_of_any_round_size_shows)
{
    for (uint64_t shift = 1; shift <= 65536; shift *= 2)
        cr_assert_lt(alike(world_bytes(0, 0), world_bytes(0, shift)), LENGTH / 32, "by %llu",
                     (unsigned long long)shift);
}

Test(world_bytes, writers_differ)
{
    for (unsigned who = 1; who < 16; who++)
        cr_assert_lt(alike(world_bytes(0, 0), world_bytes(who, 0)), LENGTH / 32);
}

Test(world_bytes, one_in_sixteen_ends_a_line)
{
    const uint8_t *bytes = world_bytes(0, 0);
    unsigned lines = 0;

    for (unsigned i = 0; i < LENGTH; i++)
        lines += bytes[i] == '\n';
    cr_assert(lines > LENGTH / 32 && lines < LENGTH / 8, "%u", lines);
}
