/* SPDX-License-Identifier: MIT */
/* The server: whatever accept() fails with, and memory that runs out. Every errno. */
#include "tests/unit/server_world.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

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

TestSuite(server_accept_failures, .init = begin, .fini = end);

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
Test(server_accept_failures, no_errno_ends_the_service)
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
Test(server_accept_failures, exhaustion_does_not_spin)
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
    cr_assert_eq(world_pending_count(&world), 5);
    cr_assert_eq(sp_server_interest(world.server), SP_IO_READ);
    world_expect(&world, "new-connection");
}

/* After it has worked again, the next exhaustion is a new one: told of, and with a short pause. */
Test(server_accept_failures, exhaustion_begins_anew_after_recovery)
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
Test(server_accept_failures, takes_and_resumes_while_descriptors_run_out)
{
    unsigned served = 0;

    world.descriptors = 20; /* one listens: 19 connections, fewer than the limit of 30 */
    world_connect(&world, WORLD_ALIVE, 100);
    for (unsigned rounds = 0; served < 100; rounds++) {
        cr_assert_lt(rounds, 100);
        world_turns(&world, 1000);
        cr_assert_leq(world_pending_count(&world), 19);
        served += world_take_all(&world);
        if (sp_server_deadline(world.server) != SP_NEVER)
            world.now = sp_server_deadline(world.server);
    }
    cr_assert(sp_server_is_listening(world.server));
}

Test(server_accept_failures, a_broken_descriptor_pauses_longest)
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
Test(server_accept_failures, an_error_that_repeats_becomes_a_pause)
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
Test(server_accept_failures, interruptions_are_no_errors)
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
Test(server_accept_failures, a_stolen_connection_is_no_error)
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
Test(server_accept_failures, without_memory_connections_wait_in_the_kernel)
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
    accepted = world_pending_count(&world);
    cr_assert_lt(accepted, 25);
    cr_assert_eq(accepted + world.queue_count, 25);
    world_expect(&world, "new-connection error:-5");

    world.no_memory = false;
    world_turns(&world, 100);
    cr_assert_eq(world_pending_count(&world), 25);
    cr_assert_eq(world_take_all(&world), 25);
    cr_assert_eq(world.bytes, before, "an empty queue holds memory");
}
