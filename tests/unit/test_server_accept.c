/* SPDX-License-Identifier: MIT */
/* The server: accepting, its pace and its limit, and who is let in. */
#include "tests/unit/server_world.h"

#include <criterion/criterion.h>
#include <errno.h>

static struct world world;

static void begin(void)
{
    world_begin(&world);
    world_listen(&world);
}

static void end(void)
{
    world_end(&world);
}

TestSuite(server_accept, .init = begin, .fini = end);

/* ---- pace ---- */

/* Connections that come one by one cost one accept() each; looking for a second is rare. */
Test(server_accept, single_connections_cost_one_call_each)
{
    for (unsigned i = 0; i < 1000; i++) {
        world_connect(&world, WORLD_ALIVE, 1);
        cr_assert_eq(world_turns(&world, 10), 1);
        cr_assert_eq(world_take_all(&world), 1);
    }
    cr_assert_leq(world.accepts, 1000 + 24);
}

/* A burst is taken in full batches soon, and never more than a batch at once. */
/* Covers: EXHA-11 */
Test(server_accept, bursts_are_taken_in_batches)
{
    unsigned turns = 0, taken = 0;

    cr_assert_eq(sp_server_set_max_pending(world.server, 200), SP_OK);
    world_connect(&world, WORLD_ALIVE, 3000);
    while (world.queue_count > 0) {
        unsigned before = world.accepts;

        cr_assert_eq(world_turns(&world, 1), 1);
        cr_assert_leq(world.accepts - before, SP_ACCEPTS_PER_PROCESS);
        taken += world_take_all(&world);
        turns++;
    }
    cr_assert_eq(taken, 3000);
    cr_assert_leq(turns, 3000 / SP_ACCEPTS_PER_PROCESS + 10);
}

/* Pairs, triples and so on: the loop goes round once for several. */
Test(server_accept, small_groups_are_taken_together)
{
    for (unsigned group = 2; group <= 16; group++) {
        unsigned turns = 0, before = world.accepts;

        for (unsigned i = 0; i < 500; i++) {
            world_connect(&world, WORLD_ALIVE, group);
            turns += world_turns(&world, 100);
            cr_assert_eq(world_take_all(&world), group);
        }
        cr_assert_leq(turns, 500 * 2, "groups of %u: %u turns", group, turns);
        cr_assert_leq(world.accepts - before, 500 * (group + 1), "groups of %u: %u calls", group,
                      world.accepts - before);
    }
}

/* ---- the limit ---- */

/* The limit is the number of connections accepted, not one more (Qt: limit 1 gives 3), and taking
 * one admits exactly one. */
/* Covers: EXHA-01, EXHA-10, QT-D5 */
Test(server_accept, accepts_exactly_as_many_as_allowed)
{
    static const unsigned limits[] = {1, 2, 3, 7, 8, 9, 30, 63, 64, 65, 200};

    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        unsigned limit = limits[i];
        int fd;

        cr_assert_eq(sp_server_set_max_pending(world.server, (int)limit), SP_OK);
        world_connect(&world, WORLD_ALIVE, limit + 50);
        world_turns(&world, 1000);
        cr_assert_eq(world_pending_count(&world), limit);
        cr_assert_eq(sp_server_interest(world.server), 0);
        cr_assert_eq(sp_server_deadline(world.server), SP_NEVER);

        /* Told of readiness all the same, it does not take one more. */
        sp_server_process(world.server, SP_IO_READ | SP_IO_DATA | SP_IO_HANGUP);
        cr_assert_eq(world_pending_count(&world), limit);

        fd = sp_server_take_descriptor(world.server);
        cr_assert_geq(fd, 0);
        world.os.close(&world, fd);
        cr_assert_eq(sp_server_interest(world.server), SP_IO_READ, "does not resume");
        world_turns(&world, 1000);
        cr_assert_eq(world_pending_count(&world), limit);
        while (world.queue_count > 0 || sp_server_has_pending(world.server)) {
            world_take_all(&world);
            world_turns(&world, 1000);
        }
    }
}

Test(server_accept, limit_can_change_at_any_time)
{
    cr_assert_eq(sp_server_set_max_pending(world.server, 10), SP_OK);
    world_connect(&world, WORLD_ALIVE, 100);
    world_turns(&world, 100);
    cr_assert_eq(world_pending_count(&world), 10);

    cr_assert_eq(sp_server_set_max_pending(world.server, 20), SP_OK);
    cr_assert_eq(sp_server_interest(world.server), SP_IO_READ);
    world_turns(&world, 100);
    cr_assert_eq(world_pending_count(&world), 20);

    /* Lowered: nothing is thrown away, nothing is added until there is room below the new one. */
    cr_assert_eq(sp_server_set_max_pending(world.server, 5), SP_OK);
    for (unsigned left = 20; left > 5; left--) {
        int fd = sp_server_take_descriptor(world.server);

        world.os.close(&world, fd);
        cr_assert_eq(sp_server_interest(world.server), left - 1 < 5 ? SP_IO_READ : 0);
        cr_assert_eq(world_turns(&world, 100), 0);
    }
    cr_assert_eq(world_pending_count(&world), 5);
}

/* ---- events ---- */

Test(server_accept, one_event_says_that_there_are_some)
{
    world_connect(&world, WORLD_ALIVE, 3);
    world_turns(&world, 100);
    world_expect(&world, "new-connection");
    world_connect(&world, WORLD_ALIVE, 1);
    world_turns(&world, 100);
    world_expect(&world, "new-connection");
    cr_assert_eq(world_take_all(&world), 4);
}

Test(server_accept, an_event_that_no_longer_holds_is_not_told)
{
    world_connect(&world, WORLD_ALIVE, 3);
    world_turns(&world, 100);
    cr_assert_eq(world_take_all(&world), 3);
    world_expect(&world, "");
    world_connect(&world, WORLD_ALIVE, 3);
    world_turns(&world, 100);
    sp_server_close(world.server);
    world_expect(&world, "");
}

/* ---- clients that have gone ---- */

/* Connections whose client left without a word fill the queue; the living one behind them gets in.
 */
/* Covers: QT-D6 */
Test(server_accept, the_dead_do_not_keep_out_the_living)
{
    for (int round = 0; round < 2; round++) {
        world_connect(&world, round == 0 ? WORLD_GONE : WORLD_RESET, 40);
        world_connect(&world, WORLD_ALIVE, 5);
        cr_assert_lt(world_turns(&world, 100), 100);
        cr_assert_eq(world.queue_count, 0);
        for (unsigned living = 0; living < 5;) {
            int fd = sp_server_take_descriptor(world.server);

            cr_assert_geq(fd, 0, "the living were dropped");
            living += world.open[fd].kind == WORLD_ALIVE;
            world.os.close(&world, fd);
        }
        cr_assert_not(sp_server_has_pending(world.server));
        world_expect(&world, "");
        cr_assert_eq(sp_server_refused(world.server), 0);
    }
}

Test(server_accept, all_dead_is_as_if_nobody_had_come)
{
    cr_assert_eq(sp_server_set_max_pending(world.server, 4), SP_OK);
    world_connect(&world, WORLD_GONE, 4);
    world_turns(&world, 100);
    cr_assert_not(sp_server_has_pending(world.server));
    world_expect(&world, "");
}

/* A message may need no answer: who sent something is served even if gone. */
Test(server_accept, who_left_a_message_is_kept)
{
    cr_assert_eq(sp_server_set_max_pending(world.server, 10), SP_OK);
    world_connect(&world, WORLD_GONE_WITH_BYTES, 10);
    world_connect(&world, WORLD_ALIVE, 1);
    world_turns(&world, 100);
    cr_assert_eq(world_pending_count(&world), 10);
    for (int i = 0; i < 10; i++) {
        int fd = sp_server_take_descriptor(world.server);

        cr_assert_eq(world.open[fd].kind, WORLD_GONE_WITH_BYTES);
        world.os.close(&world, fd);
    }
}

/* Looking for the dead is bounded, and only done when the queue is full. */
Test(server_accept, looking_for_the_dead_is_bounded)
{
    cr_assert_eq(sp_server_set_max_pending(world.server, 200), SP_OK);
    world_connect(&world, WORLD_GONE_WITH_BYTES, 300);
    while (sp_server_interest(world.server) != 0) {
        unsigned polls = world.polls, recvs = world.recvs;

        world_turns(&world, 1);
        cr_assert_leq(world.polls - polls, 1);
        cr_assert_leq(world.recvs - recvs, 64);
        cr_assert(world.polls == polls || sp_server_interest(world.server) == 0);
    }
    cr_assert_eq(world_pending_count(&world), 200);
}

/* ---- who may connect ---- */

/* An abstract name has no file and so no mode: the same bits are held against the peer's
 * credentials, and who does not fit is closed before a byte is looked at. */
/* Covers: ABST-01, PEER-09 */
Test(server_accept, an_abstract_name_is_closed_to_others)
{
    const uint32_t us = world.os.euid(world.os.ctx);

    world_connect_as(&world, us + 1);
    world_connect_as(&world, us);
    world_connect_as(&world, us + 1);
    world_connect_as(&world, 0);
    world_turns(&world, 100);
    cr_assert_eq(world_pending_count(&world), 2);
    cr_assert_eq(sp_server_refused(world.server), 2);
    cr_assert_eq(world.recvs, 0);
    cr_assert_eq(world.open[sp_server_take_descriptor(world.server)].uid, us);
    world.os.close(&world, 1);
    cr_assert_eq(world.open[sp_server_take_descriptor(world.server)].uid, 0);
    world.os.close(&world, 2);
    world_expect(&world, "");
}

/* Strangers by the thousand: each call does a bounded number of them, nothing stays open, and it is
 * nothing to tell the application of. */
Test(server_accept, a_flood_of_strangers_is_bounded)
{
    cr_assert_eq(sp_server_set_max_pending(world.server, 1), SP_OK);
    for (unsigned i = 0; i < 3000; i++)
        world_connect_as(&world, 7);
    while (world.queue_count > 0) {
        unsigned before = world.accepts;

        cr_assert_eq(world_turns(&world, 1), 1);
        cr_assert_leq(world.accepts - before, SP_ACCEPTS_PER_PROCESS);
        cr_assert_eq(world_pending_count(&world), 0);
    }
    cr_assert_eq(sp_server_refused(world.server), 3000);
    cr_assert_eq(sp_server_error(world.server), SP_OK);
    world_expect(&world, "");
}

/* Not knowing who it is, is not knowing that it may. */
Test(server_accept, unknown_credentials_are_refused)
{
    world.fail_cred = ENOBUFS;
    world_connect(&world, WORLD_ALIVE, 2);
    world_connect_as(&world, 0);
    world_turns(&world, 100);
    cr_assert_eq(sp_server_refused(world.server), 3);
    world.fail_cred = 0;
    world_connect_as(&world, UINT32_MAX);
    world_turns(&world, 100);
    cr_assert_eq(sp_server_refused(world.server), 4);
    cr_assert_eq(world_pending_count(&world), 0);
}

Test(server_accept, the_policy_is_asked_as_well)
{
    const uint32_t uids[] = {5, 6};
    const struct sp_peer_policy policy = {.allow = SP_PEER_UIDS, .uids = uids, .uid_count = 2};
    const uint32_t us = world.os.euid(world.os.ctx);

    sp_server_close(world.server);
    cr_assert_eq(sp_server_set_access(world.server, SP_ACCESS_WORLD), SP_OK);
    cr_assert_eq(sp_server_set_peer_policy(world.server, &policy), SP_OK);
    world_listen(&world);
    world_connect_as(&world, us);
    world_connect_as(&world, 6);
    world_connect_as(&world, 0);
    world_turns(&world, 100);
    cr_assert_eq(sp_server_refused(world.server), 2);
    cr_assert_eq(world_take_all(&world), 1);

    /* Counted since listen. */
    sp_server_close(world.server);
    world_listen(&world);
    cr_assert_eq(sp_server_refused(world.server), 0);
}

/* Open to everybody: then nobody is asked for anything. */
Test(server_accept, no_question_that_needs_no_answer)
{
    unsigned creds;

    sp_server_close(world.server);
    cr_assert_eq(sp_server_set_access(world.server, SP_ACCESS_WORLD), SP_OK);
    world_listen(&world);
    creds = world.creds;
    world_connect(&world, WORLD_ALIVE, 10);
    world_turns(&world, 100);
    cr_assert_leq(world.creds - creds, 10);
    cr_assert_eq(world.polls + world.recvs, 0);
    cr_assert_eq(world_take_all(&world), 10);
}
