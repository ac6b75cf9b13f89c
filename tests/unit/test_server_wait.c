/* SPDX-License-Identifier: MIT */
/* The server: the blocking wait, under a clock that moves only when told. */
#include "tests/unit/server_world.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>

#define MS UINT64_C(1000000)

static struct world world;
static uint64_t start;

static void begin(void)
{
    world_begin(&world);
    world_listen(&world);
    start = world.now;
}

static void end(void)
{
    world_end(&world);
}

TestSuite(server_wait, .init = begin, .fini = end);

static int wait_ms(int ms, bool *ret_timed_out)
{
    *ret_timed_out = !*ret_timed_out;
    return sp_server_wait_new_connection(world.server, ms, ret_timed_out);
}

/* Covers: QT-D8 */
Test(server_wait, true_at_once_when_one_waits)
{
    bool timed_out = true;

    world_connect(&world, WORLD_ALIVE, 1);
    world_turns(&world, 10);
    cr_assert_eq(wait_ms(-1, &timed_out), SP_OK);
    cr_assert_not(timed_out);
    cr_assert_eq(world.polls, 0);
    cr_assert_eq(sp_server_wait_new_connection(world.server, 0, NULL), SP_OK);
}

Test(server_wait, accepts_what_comes)
{
    bool timed_out = true;

    world_connect(&world, WORLD_ALIVE, 1);
    cr_assert_eq(wait_ms(0, &timed_out), SP_OK);
    cr_assert_not(timed_out);
    cr_assert_eq(world.now, start);
    world_expect(&world, "new-connection");
    cr_assert_eq(world_take_all(&world), 1);
}

/* Covers: TIME-12 */
Test(server_wait, ends_at_its_time_and_not_before)
{
    static const int times[] = {0, 1, 2, 999, 30000, INT_MAX};
    bool timed_out = false;

    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        start = world.now;
        cr_assert_eq(wait_ms(times[i], &timed_out), SP_ERROR_TIMEOUT);
        cr_assert(timed_out);
        cr_assert_eq(world.now - start, (uint64_t)times[i] * MS);
        cr_assert_eq(sp_server_error(world.server), SP_ERROR_TIMEOUT);
        cr_assert(sp_server_is_listening(world.server));
        world_expect(&world, "");
    }
}

Test(server_wait, refuses_what_makes_no_sense)
{
    bool timed_out = true;

    cr_assert_eq(wait_ms(-2, &timed_out), SP_ERROR_ARGUMENT);
    cr_assert_not(timed_out);
    cr_assert_eq(wait_ms(INT_MIN, &timed_out), SP_ERROR_ARGUMENT);
    sp_server_close(world.server);
    cr_assert_eq(wait_ms(-1, &timed_out), SP_ERROR_OPERATION);
    cr_assert_not(timed_out);
    cr_assert_eq(wait_ms(0, &timed_out), SP_ERROR_OPERATION);
    cr_assert_eq(world.polls, 0);
}

/* A signal every millisecond: the wait ends when it should, and a connection in the storm is found.
 */
/* Covers: SIGN-04, TIME-03 */
Test(server_wait, signals_do_not_prolong_it)
{
    bool timed_out = false;

    world.interrupt_polls = UINT_MAX;
    cr_assert_eq(wait_ms(500, &timed_out), SP_ERROR_TIMEOUT);
    cr_assert_eq(world.now - start, 500 * MS);
    cr_assert_leq(world.polls, 501);

    world.interrupt_polls = 10;
    world_connect(&world, WORLD_ALIVE, 1);
    cr_assert_eq(wait_ms(500, &timed_out), SP_OK);
}

/* Nobody who may connect comes, but many who may not. */
Test(server_wait, strangers_do_not_prolong_it)
{
    bool timed_out = false;

    for (int i = 0; i < 1000; i++)
        world_connect_as(&world, 7);
    cr_assert_eq(wait_ms(100, &timed_out), SP_ERROR_TIMEOUT);
    cr_assert_eq(world.now - start, 100 * MS);
    cr_assert_eq(sp_server_refused(world.server), 1000);
}

/* Qt's wait ignores the limit: every call accepts one more. */
/* Covers: QT-D5 */
Test(server_wait, keeps_to_the_limit)
{
    bool timed_out = false;

    cr_assert_eq(sp_server_set_max_pending(world.server, 1), SP_OK);
    world_connect(&world, WORLD_ALIVE, 10);
    for (int i = 0; i < 10; i++)
        cr_assert_eq(wait_ms(0, &timed_out), SP_OK);
    cr_assert_eq(world.queue_count, 9);
}

/* Without descriptors it sleeps from pause to pause, and finds the one that becomes free. */
/* Covers: EXHA-02 */
Test(server_wait, sleeps_while_resources_are_short)
{
    bool timed_out = false;

    world_connect(&world, WORLD_ALIVE, 1);
    world.accept_always = EMFILE;
    cr_assert_eq(wait_ms(60000, &timed_out), SP_ERROR_TIMEOUT);
    cr_assert_eq(world.now - start, 60000 * MS);
    cr_assert_leq(world.accepts, 72);
    cr_assert_leq(world.polls, 80);
    world_expect(&world, "error:-5");

    world.accept_always = 0;
    cr_assert_eq(wait_ms(2000, &timed_out), SP_OK);
}

/* Nothing will ever come of a descriptor that cannot accept: it says so, whatever the time. */
Test(server_wait, does_not_wait_for_ever_on_what_is_broken)
{
    bool timed_out = true;

    world.accept_always = EINVAL;
    cr_assert_eq(wait_ms(-1, &timed_out), SP_ERROR_UNKNOWN);
    cr_assert_not(timed_out);
    cr_assert_eq(wait_ms(-1, &timed_out), SP_ERROR_UNKNOWN);
    cr_assert_leq(world.now - start, SP_ACCEPT_RETRY_MAX_NS);
    cr_assert(sp_server_is_listening(world.server));
    world.accept_always = 0;
    world_connect(&world, WORLD_ALIVE, 1);
    cr_assert_eq(wait_ms(-1, &timed_out), SP_OK);
}
