/* SPDX-License-Identifier: MIT */
/* The queue of accepted descriptors, against a plain array. */
#include "pending.h"
#include "tests/unit/server_world.h"

#include <criterion/criterion.h>
#include <string.h>

#define MOST 200

static struct world world;
static struct sp__pending pending;

static void begin(void)
{
    world_begin(&world);
    sp__pending_init(&pending);
}

static void end(void)
{
    world_end(&world);
}

TestSuite(pending, .init = begin, .fini = end);

static void expect(const int *model, uint32_t count)
{
    cr_assert(sp__pending_valid(&pending));
    cr_assert_eq(pending.count, count);
    for (uint32_t i = 0; i < count; i++)
        cr_assert_eq(sp__pending_get(&pending, i), model[i]);
}

/* Every pattern of p pushes and q pops, long enough for the ring to grow and to wrap. */
Test(pending, keeps_the_order)
{
    for (uint32_t pushes = 1; pushes <= 40; pushes++) {
        for (uint32_t pops = 0; pops <= pushes; pops++) {
            int model[MOST];
            uint32_t count = 0;
            int next = 0;

            while (count + pushes <= MOST && next < 1000) {
                for (uint32_t i = 0; i < pushes; i++) {
                    cr_assert(sp__pending_reserve(&pending, &world.os, MOST));
                    sp__pending_push(&pending, next);
                    model[count++] = next++;
                }
                expect(model, count);
                for (uint32_t i = 0; i < pops; i++) {
                    sp__pending_pop(&pending, &world.os);
                    memmove(model, model + 1, --count * sizeof(model[0]));
                }
                expect(model, count);
            }
            while (pending.count > 0)
                sp__pending_pop(&pending, &world.os);
        }
    }
}

Test(pending, an_empty_queue_holds_no_memory)
{
    size_t before = world.bytes;

    for (int fd = 0; fd < MOST; fd++) {
        cr_assert(sp__pending_reserve(&pending, &world.os, MOST));
        sp__pending_push(&pending, fd);
    }
    cr_assert_gt(world.bytes, before);
    for (int fd = 0; fd < MOST; fd++)
        sp__pending_pop(&pending, &world.os);
    cr_assert_eq(world.bytes, before);
    cr_assert(sp__pending_valid(&pending));
}

Test(pending, few_need_no_memory_at_all)
{
    world.no_memory = true;
    for (int round = 0; round < 100; round++) {
        for (int fd = 0; fd < SP__PENDING_INSIDE; fd++) {
            cr_assert(sp__pending_reserve(&pending, &world.os, MOST));
            sp__pending_push(&pending, fd);
        }
        for (int fd = 0; fd < SP__PENDING_INSIDE; fd++) {
            cr_assert_eq(sp__pending_get(&pending, 0), fd);
            sp__pending_pop(&pending, &world.os);
        }
    }
}

Test(pending, without_memory_nothing_changes)
{
    int model[SP__PENDING_INSIDE];

    for (int fd = 0; fd < SP__PENDING_INSIDE; fd++) {
        sp__pending_push(&pending, fd);
        model[fd] = fd;
    }
    world.no_memory = true;
    cr_assert_not(sp__pending_reserve(&pending, &world.os, MOST));
    expect(model, SP__PENDING_INSIDE);
    world.no_memory = false;
    cr_assert(sp__pending_reserve(&pending, &world.os, MOST));
    expect(model, SP__PENDING_INSIDE);
    while (pending.count > 0)
        sp__pending_pop(&pending, &world.os);
}

Test(pending, never_grows_past_the_most)
{
    for (uint32_t most = 1; most <= MOST; most++) {
        while (pending.count < most) {
            cr_assert(sp__pending_reserve(&pending, &world.os, most));
            sp__pending_push(&pending, 1);
        }
        cr_assert(pending.capacity <= most || pending.capacity == SP__PENDING_INSIDE);
        while (pending.count > 0)
            sp__pending_pop(&pending, &world.os);
    }
}

/* Every set of the first 10 entries, from every position of the ring. */
Test(pending, removes_any_set)
{
    for (int offset = 0; offset < 2 * SP__PENDING_INSIDE; offset++) {
        for (uint64_t gone = 0; gone < 1u << 10; gone++) {
            int model[13];
            uint32_t count = 0;

            for (int fd = 0; fd < 12; fd++) {
                cr_assert(sp__pending_reserve(&pending, &world.os, MOST));
                sp__pending_push(&pending, fd);
            }
            for (int i = 0; i < offset; i++) {
                int oldest = sp__pending_get(&pending, 0);

                cr_assert(sp__pending_reserve(&pending, &world.os, MOST));
                sp__pending_push(&pending, oldest);
                sp__pending_pop(&pending, &world.os);
            }
            for (uint32_t i = 0; i < 12; i++) {
                if (i >= 10 || (gone >> i & 1) == 0)
                    model[count++] = sp__pending_get(&pending, i);
            }
            sp__pending_remove(&pending, &world.os, 10, gone);
            expect(model, count);
            while (pending.count > 0)
                sp__pending_pop(&pending, &world.os);
        }
    }
}

Test(pending, removing_all_gives_the_memory_back)
{
    size_t before = world.bytes;

    for (int fd = 0; fd < 64; fd++) {
        cr_assert(sp__pending_reserve(&pending, &world.os, MOST));
        sp__pending_push(&pending, fd);
    }
    sp__pending_remove(&pending, &world.os, 64, UINT64_MAX);
    expect(NULL, 0);
    cr_assert_eq(world.bytes, before);
}

Test(pending, closes_each_once)
{
    for (int i = 0; i < 100; i++) {
        int fd = world_open(&world, WORLD_ALIVE);

        cr_assert(sp__pending_reserve(&pending, &world.os, MOST));
        sp__pending_push(&pending, fd);
    }
    sp__pending_close_all(&pending, &world.os);
    cr_assert_eq(world.closes, 100);
    sp__pending_close_all(&pending, &world.os);
    cr_assert_eq(world.closes, 100);
}
