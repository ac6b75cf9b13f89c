/* SPDX-License-Identifier: MIT */
/*
 * The memory that the simulated kernel hands out, and the alarms around it.
 */
#include "sim/kernel.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define ASAN 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define ASAN 1
#endif
#ifdef ASAN
int __asan_address_is_poisoned(const volatile void *address);
#endif

static struct sim *sim;
static struct sim_actor *actor;
static const struct sp_os *os;

static void use(enum sim_heap heap)
{
    struct sim_options options;

    sim_options_default(&options);
    options.heap = heap;
    sim_reset(sim, &options);
    actor = sim_actor_new(sim, 0, 0);
    os = sim_os(actor);
}

static void setup(void)
{
    sim = sim_new();
    use(SIM_HEAP_WORLD);
}

static void teardown(void)
{
    sim_free(sim);
}

TestSuite(sim_heap, .init = setup, .fini = teardown);

static struct sim_census census(void)
{
    struct sim_census ret;

    sim_census(actor, &ret);
    return ret;
}

Test(sim_heap, blocks_are_apart_and_aligned)
{
    uint8_t *blocks[100];

    for (size_t i = 0; i < 100; i++) {
        blocks[i] = os->alloc(os->ctx, i + 1);
        cr_assert_not_null(blocks[i]);
        cr_expect_eq((uintptr_t)blocks[i] % 16, 0);
        memset(blocks[i], (int)i, i + 1);
    }
    cr_expect_eq(census().allocations, 100);
    cr_expect_eq(census().allocated_bytes, 5050);
    for (size_t i = 0; i < 100; i++) {
        for (size_t j = 0; j <= i; j++)
            cr_assert_eq(blocks[i][j], i);
        os->release(os->ctx, blocks[i], i + 1);
    }
    cr_expect_eq(census().allocations, 0);
    cr_expect_eq(census().allocated_bytes, 0);
    cr_expect_not(sim_misused(sim));
}

Test(sim_heap, limit)
{
    void *memory;

    sim_actor_set_memory_limit(actor, 100);
    memory = os->alloc(os->ctx, 60);
    cr_assert_not_null(memory);
    cr_expect_null(os->alloc(os->ctx, 41));
    cr_expect_not_null(os->alloc(os->ctx, 40));
    sim_actor_set_memory_limit(actor, 0);
    cr_expect_null(os->alloc(os->ctx, 1));
    os->release(os->ctx, memory, 60);
    cr_expect_eq(census().allocated_bytes, 40);
}

Test(sim_heap, released_twice)
{
    void *memory = os->alloc(os->ctx, 10);

    os->release(os->ctx, memory, 10);
    os->release(os->ctx, memory, 10);
    cr_expect_eq(sim_misuse(actor, SIM_MISUSE_RELEASE), 1);
    cr_expect_eq(census().allocations, 0);
}

Test(sim_heap, released_with_another_size)
{
    void *memory = os->alloc(os->ctx, 10);

    os->release(os->ctx, memory, 11);
    cr_expect_eq(sim_misuse(actor, SIM_MISUSE_RELEASE), 1);
    cr_expect_eq(census().allocations, 1);
}

Test(sim_heap, released_by_a_stranger)
{
    const struct sp_os *other = sim_os(sim_actor_new(sim, 0, 0));
    void *memory = os->alloc(os->ctx, 10);
    char local[16] = {0};

    other->release(other->ctx, memory, 10);
    other->release(other->ctx, local, sizeof(local));
    other->release(other->ctx, (uint8_t *)memory + 3, 10);
    cr_expect_eq(sim_misuse(other->ctx, SIM_MISUSE_RELEASE), 3);
}

/* Not instrumented: the overrun itself must go through for the guard to see it. */
__attribute__((no_sanitize("address"))) static void overrun(uint8_t *memory, size_t size)
{
    ((volatile uint8_t *)memory)[size] = 1;
}

Test(sim_heap, overrun_by_one)
{
    for (size_t size = 1; size <= 33; size++) {
        uint8_t *memory = os->alloc(os->ctx, size);

        overrun(memory, size);
        os->release(os->ctx, memory, size);
        cr_expect_eq(sim_misuse(actor, SIM_MISUSE_OVERRUN), size);
    }
    cr_expect_eq(census().allocations, 0);
}

/* A stale pointer keeps pointing at freed memory for as long as there is any other. */
Test(sim_heap, freed_memory_is_used_last_and_oldest_first)
{
    const size_t size = 60000;
    void *first = os->alloc(os->ctx, size);
    void *second = os->alloc(os->ctx, size);
    void *memory = NULL;
    unsigned others = 0;

    os->release(os->ctx, first, size);
    os->release(os->ctx, second, size);
    while ((memory = os->alloc(os->ctx, size)) != first) {
        cr_assert_not_null(memory);
        cr_assert_neq(memory, second);
        others++;
    }
    cr_expect_gt(others, SIM_HEAP_MAX / size / 2);
    cr_expect_eq(os->alloc(os->ctx, size), second);
    cr_expect_null(os->alloc(os->ctx, size));
    cr_expect_eq(sim_full(sim), 1);
}

Test(sim_heap, too_large)
{
    cr_expect_null(os->alloc(os->ctx, SIZE_MAX));
    cr_expect_null(os->alloc(os->ctx, SIM_HEAP_MAX));
    cr_expect_eq(census().allocations, 0);
}

Test(sim_heap, from_the_host)
{
    void *memory;

    use(SIM_HEAP_HOST);
    memory = os->alloc(os->ctx, 1000);
    cr_assert_not_null(memory);
    cr_expect_eq(census().allocated_bytes, 1000);
    os->release(os->ctx, memory, 1000);
    cr_expect_eq(census().allocated_bytes, 0);
}

#ifdef ASAN
Test(sim_heap, everything_but_live_blocks_is_poisoned)
{
    uint8_t *memory = os->alloc(os->ctx, 13);

    cr_expect_not(__asan_address_is_poisoned(memory));
    cr_expect_not(__asan_address_is_poisoned(memory + 12));
    cr_expect(__asan_address_is_poisoned(memory + 13));
    cr_expect(__asan_address_is_poisoned(memory - 1));
    os->release(os->ctx, memory, 13);
    cr_expect(__asan_address_is_poisoned(memory));
    memory = os->alloc(os->ctx, 13);
    sim_reset(sim, NULL);
    cr_expect(__asan_address_is_poisoned(memory));
}
#endif
