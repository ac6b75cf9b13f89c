/* SPDX-License-Identifier: MIT */
/* The server: accepting, pausing, refusing, handing out. Every failure and every errno. */
#include "tests/unit/server_world.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MS UINT64_C(1000000)

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

static unsigned pending_count(void)
{
    return world_open_count(&world) - 1; /* less the listening one */
}

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
        cr_assert_eq(pending_count(), limit);
        cr_assert_eq(sp_server_interest(world.server), 0);
        cr_assert_eq(sp_server_deadline(world.server), SP_NEVER);

        /* Told of readiness all the same, it does not take one more. */
        sp_server_process(world.server, SP_IO_READ | SP_IO_DATA | SP_IO_HANGUP);
        cr_assert_eq(pending_count(), limit);

        fd = sp_server_take_descriptor(world.server);
        cr_assert_geq(fd, 0);
        world.os.close(&world, fd);
        cr_assert_eq(sp_server_interest(world.server), SP_IO_READ, "does not resume");
        world_turns(&world, 1000);
        cr_assert_eq(pending_count(), limit);
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
    cr_assert_eq(pending_count(), 10);

    cr_assert_eq(sp_server_set_max_pending(world.server, 20), SP_OK);
    cr_assert_eq(sp_server_interest(world.server), SP_IO_READ);
    world_turns(&world, 100);
    cr_assert_eq(pending_count(), 20);

    /* Lowered: nothing is thrown away, nothing is added until there is room below the new one. */
    cr_assert_eq(sp_server_set_max_pending(world.server, 5), SP_OK);
    for (unsigned left = 20; left > 5; left--) {
        int fd = sp_server_take_descriptor(world.server);

        world.os.close(&world, fd);
        cr_assert_eq(sp_server_interest(world.server), left - 1 < 5 ? SP_IO_READ : 0);
        cr_assert_eq(world_turns(&world, 100), 0);
    }
    cr_assert_eq(pending_count(), 5);
}

/* ---- failures of accept ---- */

static const struct {
    int error;
    const char *events; /* before the connection that follows is accepted */
} failures[] = {
    /* of one connection, or of none */
    {EAGAIN, ""},
    {EINTR, ""},
    {ECONNABORTED, ""},
    {EPROTO, ""},
    {EPERM, ""},
    /* of resources */
    {EMFILE, "error:-5 "},
    {ENFILE, "error:-5 "},
    {ENOMEM, "error:-5 "},
    {ENOBUFS, "error:-5 "},
    /* of what cannot happen to a listening socket */
    {EBADF, "error:-9 "},
    {ENOTSOCK, "error:-9 "},
    {EOPNOTSUPP, "error:-9 "},
    {EACCES, "error:-4 "},
};

static const char *events_after(int error)
{
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        if (failures[i].error == error)
            return failures[i].events;
    }
    return NULL;
}

/* Whatever errno accept() fails with, once: the server goes on listening and the next client is
 * served, at the latest when the pause is over. Qt closes the server and removes its file. */
/* Covers: STAT-09, QT-D1 */
Test(server_accept, no_errno_ends_the_service)
{
    for (int error = 1; error < 4096; error++) {
        char expected[64];
        uint64_t start = world.now;

        world.fail_accept[0] = error;
        world.fail_accept_count = 1;
        world_connect(&world, WORLD_ALIVE, 1);
        for (int pauses = 0; !sp_server_has_pending(world.server); pauses++) {
            cr_assert_leq(pauses, 1, "errno %d", error);
            world_turns(&world, 10);
            if (sp_server_deadline(world.server) != SP_NEVER)
                world.now = sp_server_deadline(world.server);
        }
        cr_assert_leq(world.now - start, SP_ACCEPT_RETRY_MAX_NS);
        cr_assert(sp_server_is_listening(world.server));
        if (events_after(error) != NULL) {
            snprintf(expected, sizeof(expected), "%snew-connection", events_after(error));
            world_expect(&world, expected);
        } else {
            struct sp_event event;

            cr_assert(sp_server_next_event(world.server, &event));
            cr_assert_eq(event.kind, SP_EVENT_ERROR, "errno %d is not reported", error);
            cr_assert_lt(event.error, SP_OK);
            world_expect(&world, "new-connection");
        }
        cr_assert_eq(world_take_all(&world), 1);
    }
}

/* No descriptor is free for a minute: the loop wakes up a few dozen times in all, pausing 1, 2, 4
 * ms and so on up to a second, hears of it once, and finds the descriptor out of its poll set in
 * between. */
/* Covers: EXHA-02 */
Test(server_accept, exhaustion_does_not_spin)
{
    uint64_t pause = SP_ACCEPT_RETRY_MIN_NS;
    uint64_t end = world.now + 60000 * MS;
    unsigned wakeups = 0;

    world_connect(&world, WORLD_ALIVE, 5);
    world.accept_always = EMFILE;
    while (world.now < end) {
        cr_assert_eq(world_turns(&world, 100), 1);
        wakeups++;
        cr_assert_eq(sp_server_interest(world.server), 0);
        cr_assert_eq(sp_server_deadline(world.server), world.now + pause);
        cr_assert_eq(sp_server_error(world.server), SP_ERROR_RESOURCE);

        /* Woken too early, or told of readiness that it did not ask for: not even a call. */
        sp_server_process(world.server, SP_IO_READ | SP_IO_HANGUP);
        cr_assert_eq(world.accepts, wakeups);

        world.now += pause;
        pause = pause * 2 < SP_ACCEPT_RETRY_MAX_NS ? pause * 2 : SP_ACCEPT_RETRY_MAX_NS;
    }
    cr_assert_leq(wakeups, 72);
    world_expect(&world, "error:-5");

    world.accept_always = 0;
    world_turns(&world, 100);
    cr_assert_eq(pending_count(), 5);
    cr_assert_eq(sp_server_interest(world.server), SP_IO_READ);
    world_expect(&world, "new-connection");
}

/* After it has worked again, the next exhaustion is a new one: told of, and with a short pause. */
Test(server_accept, exhaustion_begins_anew_after_recovery)
{
    for (int round = 0; round < 3; round++) {
        world.accept_always = EMFILE;
        for (int i = 0; i < 5; i++) {
            cr_assert_eq(world_turns(&world, 100), 1);
            if (i == 0)
                cr_assert_eq(sp_server_deadline(world.server), world.now + SP_ACCEPT_RETRY_MIN_NS);
            world.now = sp_server_deadline(world.server);
        }
        world_expect(&world, "error:-5");
        world.accept_always = 0; /* and nobody waits any more */
        cr_assert_eq(world_turns(&world, 100), 1);
        cr_assert_eq(sp_server_interest(world.server), SP_IO_READ);
    }
}

/* The real thing: the table of descriptors is full, and the server holds most of it. */
/* Covers: EXHA-02, QT-D2 */
Test(server_accept, takes_and_resumes_while_descriptors_run_out)
{
    unsigned served = 0;

    world.descriptors = 20; /* one listens: 19 connections, fewer than the limit of 30 */
    world_connect(&world, WORLD_ALIVE, 100);
    for (unsigned rounds = 0; served < 100; rounds++) {
        cr_assert_lt(rounds, 100);
        world_turns(&world, 1000);
        cr_assert_leq(pending_count(), 19);
        served += world_take_all(&world);
        if (sp_server_deadline(world.server) != SP_NEVER)
            world.now = sp_server_deadline(world.server);
    }
    cr_assert(sp_server_is_listening(world.server));
}

Test(server_accept, a_broken_descriptor_pauses_longest)
{
    world.accept_always = EINVAL;
    cr_assert_eq(world_turns(&world, 100), 1);
    cr_assert_eq(sp_server_deadline(world.server), world.now + SP_ACCEPT_RETRY_MAX_NS);
    cr_assert(sp_server_is_listening(world.server));
    world_expect(&world, "error:-10");

    /* Trouble of another kind is news, the same is not. */
    world.now += SP_ACCEPT_RETRY_MAX_NS;
    world_turns(&world, 100);
    world_expect(&world, "");
    world.accept_always = EMFILE;
    world.now += SP_ACCEPT_RETRY_MAX_NS;
    world_turns(&world, 100);
    world_expect(&world, "error:-5");
}

/* A filter that forbids accept() itself leaves the connection in the queue and poll() ready: an
 * error that should be of one connection repeats for ever. */
Test(server_accept, an_error_that_repeats_becomes_a_pause)
{
    static const int errors[] = {EPERM, EPROTO, ECONNABORTED};

    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        unsigned before = world.accepts;

        world_connect(&world, WORLD_ALIVE, 1);
        world.accept_always = errors[i];
        for (int pause = 0; pause < 5; pause++) {
            cr_assert_lt(world_turns(&world, 1000), 100, "spins");
            cr_assert_neq(sp_server_deadline(world.server), SP_NEVER);
            world.now = sp_server_deadline(world.server);
        }
        cr_assert_leq(world.accepts - before, 5 * SP_ACCEPTS_PER_PROCESS);
        world.accept_always = 0;
        world_turns(&world, 100);
        cr_assert_eq(world_take_all(&world), 1);
        while (sp_server_has_pending(world.server))
            world_take_all(&world);
        world_expect(&world, errors[i] == EPERM ? "error:-4" : "error:-10");
    }
}

/* A storm of interruptions holds no call for ever, and is no error. */
/* Covers: SIGN-04, SIGN-05 */
Test(server_accept, interruptions_are_no_errors)
{
    for (unsigned i = 0; i < 100; i++)
        world.fail_accept[i] = EINTR;
    world.fail_accept_count = 100;
    world_connect(&world, WORLD_ALIVE, 1);
    sp_server_process(world.server, SP_IO_READ);
    cr_assert_eq(world.accepts, SP_EINTR_RETRIES);
    cr_assert_leq(world_turns(&world, 100), 100 / SP_EINTR_RETRIES + 1);
    cr_assert_eq(sp_server_error(world.server), SP_OK);
    world_expect(&world, "new-connection");
}

/* Readiness that no longer holds, because another process on the same socket was faster. Qt closes
 * the server, without an error. */
/* Covers: STAT-09, FDLT-17, QT-D3, QT-D4 */
Test(server_accept, a_stolen_connection_is_no_error)
{
    for (int i = 0; i < 100; i++)
        sp_server_process(world.server, SP_IO_READ);
    cr_assert_eq(world.accepts, 100, "more than one call in vain each");
    cr_assert_eq(sp_server_interest(world.server), SP_IO_READ);
    cr_assert_eq(sp_server_error(world.server), SP_OK);
    world_expect(&world, "");
    world_connect(&world, WORLD_ALIVE, 1);
    world_turns(&world, 100);
    cr_assert_eq(world_take_all(&world), 1);
}

/* Without memory for the queue a connection is not accepted, because it would be lost. */
/* Covers: FDLT-20 */
Test(server_accept, without_memory_connections_wait_in_the_kernel)
{
    size_t before = world.bytes;
    unsigned accepted;

    world_connect(&world, WORLD_ALIVE, 25);
    world.no_memory = true;
    for (int i = 0; i < 10; i++) {
        world_turns(&world, 100);
        cr_assert_neq(sp_server_deadline(world.server), SP_NEVER);
        world.now = sp_server_deadline(world.server);
    }
    accepted = pending_count();
    cr_assert_lt(accepted, 25);
    cr_assert_eq(accepted + world.queue_count, 25);
    world_expect(&world, "new-connection error:-5");

    world.no_memory = false;
    world_turns(&world, 100);
    cr_assert_eq(pending_count(), 25);
    cr_assert_eq(world_take_all(&world), 25);
    cr_assert_eq(world.bytes, before, "an empty queue holds memory");
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
    cr_assert_eq(pending_count(), 10);
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
    cr_assert_eq(pending_count(), 200);
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
    cr_assert_eq(pending_count(), 2);
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
        cr_assert_eq(pending_count(), 0);
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
    cr_assert_eq(pending_count(), 0);
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

/* ---- handing out ---- */

Test(server_accept, hands_out_in_order_connected_and_named)
{
    struct sp_socket *socket;
    struct sp_event event;

    world_connect(&world, WORLD_ALIVE, 20);
    world_turns(&world, 100);
    for (int i = 0; i < 20; i++) {
        cr_assert_eq(sp_server_take(world.server, &socket), SP_OK);
        cr_assert_eq(sp_socket_descriptor(socket), i + 1);
        cr_assert_eq(sp_socket_state(socket), SP_STATE_CONNECTED);
        cr_assert_eq(sp_socket_mode(socket), SP_READ_WRITE);
        cr_assert_str_eq(sp_socket_name(socket, NULL), WORLD_NAME);
        cr_assert_not(sp_socket_next_event(socket, &event));
        sp_socket_free(socket);
    }
}

Test(server_accept, nothing_to_take)
{
    struct sp_socket *socket = NULL;

    cr_assert_eq(sp_server_take(world.server, &socket), SP_ERROR_LIMIT);
    cr_assert_null(socket);
    cr_assert_eq(sp_server_take_descriptor(world.server), SP_ERROR_LIMIT);
    sp_server_close(world.server);
    cr_assert_eq(sp_server_take(world.server, &socket), SP_ERROR_LIMIT);
}

/* Covers: FDLT-20 */
Test(server_accept, without_memory_the_connection_keeps_waiting)
{
    struct sp_socket *socket = NULL;

    world_connect(&world, WORLD_ALIVE, 2);
    world_turns(&world, 100);
    world.no_memory = true;
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(sp_server_take(world.server, &socket), SP_ERROR_RESOURCE);
        cr_assert_null(socket);
        cr_assert_eq(pending_count(), 2);
    }
    world.no_memory = false;
    cr_assert_eq(sp_server_take(world.server, &socket), SP_OK);
    cr_assert_eq(sp_socket_descriptor(socket), 1, "not the oldest");
    sp_socket_free(socket);
}

/* What was taken is independent of the server, its name too. */
Test(server_accept, what_was_taken_outlives_the_server)
{
    struct sp_socket *socket;

    world_connect(&world, WORLD_ALIVE, 3);
    world_turns(&world, 100);
    cr_assert_eq(sp_server_take(world.server, &socket), SP_OK);
    sp_server_close(world.server);
    cr_assert_eq(world_open_count(&world), 1);
    sp_server_free(world.server);
    world.server = NULL;
    cr_assert_str_eq(sp_socket_name(socket, NULL), WORLD_NAME);
    cr_assert_eq(sp_socket_state(socket), SP_STATE_CONNECTED);
    sp_socket_free(socket);
}

/* 0 is a descriptor like others: as the listening one, and as a connection. */
/* Covers: FDLT-04, FDLT-05 */
Test(server_accept, descriptor_0_is_a_descriptor)
{
    struct sp_socket *socket;
    int other;

    cr_assert_eq(sp_server_descriptor(world.server), 0);
    cr_assert_eq(sp_server_fd(world.server), 0);
    sp_server_close(world.server);
    cr_assert_eq(world_open_count(&world), 0);
    sp_server_close(world.server);
    cr_assert_eq(world.closes, 1);

    other = world_open(&world, WORLD_ALIVE);
    world_listen(&world);
    world.os.close(&world, other);
    world_connect(&world, WORLD_ALIVE, 1);
    world_turns(&world, 100);
    cr_assert(sp_server_has_pending(world.server));
    cr_assert_eq(sp_server_take(world.server, &socket), SP_OK);
    cr_assert_eq(sp_socket_descriptor(socket), 0);
    sp_socket_free(socket);
    world_connect(&world, WORLD_ALIVE, 1);
    world_turns(&world, 100);
    cr_assert_eq(sp_server_take_descriptor(world.server), 0);
    cr_assert_eq(sp_server_add(world.server, 0), SP_OK);
}

/* ---- connections made elsewhere ---- */

Test(server_accept, adds_a_connection_of_the_callers)
{
    int fd = world_open(&world, WORLD_ALIVE);

    cr_assert_eq(sp_server_add(world.server, fd), SP_OK);
    cr_assert(world.cloexec);
    cr_assert_not(world.nonblock, "changed what may be shared");
    world_expect(&world, "new-connection");
    cr_assert_eq(world_take_all(&world), 1);
}

/* Covers: STAT-18 */
Test(server_accept, adds_nothing_else)
{
    static const struct {
        struct sp_os_sockinfo info;
        enum sp_cause cause;
    } rows[] = {
        {{.is_stream = 1, .is_connected = 1}, SP_CAUSE_WRONG_FAMILY},
        {{.is_unix = 1, .is_connected = 1}, SP_CAUSE_WRONG_TYPE},
        {{.is_unix = 1, .is_stream = 1, .is_listening = 1, .is_bound = 1}, SP_CAUSE_LISTENING},
        {{.is_unix = 1, .is_stream = 1, .is_bound = 1}, SP_CAUSE_NOT_CONNECTED},
    };
    int fd = world_open(&world, WORLD_ALIVE);
    struct sp_error_detail detail;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        world.info = rows[i].info;
        cr_assert_eq(sp_server_add(world.server, fd), SP_ERROR_UNSUPPORTED);
        sp_server_error_detail(world.server, &detail);
        cr_assert_eq(detail.operation, SP_OPERATION_ADOPT);
        cr_assert_eq(detail.cause, rows[i].cause);
    }
    for (int bad = -2; bad < 0; bad++) {
        cr_assert_eq(sp_server_add(world.server, bad), SP_ERROR_UNSUPPORTED);
        sp_server_error_detail(world.server, &detail);
        cr_assert_eq(detail.cause, SP_CAUSE_BAD_DESCRIPTOR);
    }
    cr_assert_eq(sp_server_add(world.server, 99), SP_ERROR_UNSUPPORTED);
    cr_assert_not(sp_server_has_pending(world.server));
    world_expect(&world, "");
    cr_assert_eq(world.closes, 0, "closed what is the caller's");
    world.os.close(&world, fd);
}

Test(server_accept, adds_within_the_limit_and_the_policy)
{
    int fd = world_open(&world, WORLD_ALIVE);

    cr_assert_eq(sp_server_set_max_pending(world.server, 1), SP_OK);
    world.open[fd].uid = 7;
    cr_assert_eq(sp_server_add(world.server, fd), SP_ERROR_UNTRUSTED);
    cr_assert_eq(sp_server_refused(world.server), 0, "counts what it did not close");
    world.open[fd].uid = 0;
    world.fail_cred = EIO;
    cr_assert_lt(sp_server_add(world.server, fd), 0);
    world.fail_cred = 0;
    world.fail_next = ENOMEM;
    world.fail_after = 1; /* sockinfo() works, set_cloexec() does not */
    cr_assert_eq(sp_server_add(world.server, fd), SP_ERROR_RESOURCE);
    cr_assert_not(sp_server_has_pending(world.server));
    cr_assert_eq(sp_server_add(world.server, fd), SP_OK);
    cr_assert_eq(sp_server_interest(world.server), 0);

    fd = world_open(&world, WORLD_ALIVE);
    cr_assert_eq(sp_server_add(world.server, fd), SP_ERROR_LIMIT);
    sp_server_close(world.server);
    cr_assert_eq(sp_server_add(world.server, fd), SP_ERROR_OPERATION);
    world.os.close(&world, fd);
}

/* Covers: FDLT-20 */
Test(server_accept, adds_nothing_without_memory)
{
    size_t before;
    int fd;

    for (int i = 0; i < 8; i++) /* as many as need no memory */
        cr_assert_eq(sp_server_add(world.server, world_open(&world, WORLD_ALIVE)), SP_OK);
    fd = world_open(&world, WORLD_ALIVE);
    before = world.bytes;
    world.no_memory = true;
    cr_assert_eq(sp_server_add(world.server, fd), SP_ERROR_RESOURCE);
    cr_assert_eq(world.bytes, before);
    cr_assert_eq(world.closes, 0);
    world.no_memory = false;
    cr_assert_eq(sp_server_add(world.server, fd), SP_OK);
    cr_assert_eq(world_take_all(&world), 9);
}
