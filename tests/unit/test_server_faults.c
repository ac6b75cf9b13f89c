/* SPDX-License-Identifier: MIT */
/*
 * A whole life of a server in which each call of the seam fails in turn: once, and from there on
 * until the system recovers. Whatever fails: nothing is left open or allocated, no client is lost
 * but by a refusal that is counted, and once things work again everybody is served.
 */
#include "tests/support/faulty_os.h"
#include "tests/unit/server_world.h"

#include <criterion/criterion.h>
#include <errno.h>

#define FRIENDS 12
#define STRANGERS 2

static struct world world;
static struct faulty_os faulty;

/* Time goes by also in a poll() that fails, or a wait would have no end. */
static void let_time_pass(void *unused, enum faulty_member member, unsigned total)
{
    (void)unused, (void)total;
    if (member == FAULTY_POLL)
        world.now += 1000000;
}

static void begin(void)
{
    world_begin(&world);
    sp_server_free(world.server);
    sp_context_free(world.context);
    faulty_os_init(&faulty, &world.os);
    faulty.before = let_time_pass;
    cr_assert_eq(sp_context_new(&world.context, &faulty.os, "/base"), SP_OK);
    cr_assert_eq(sp_server_new(&world.server, world.context), SP_OK);
}

static unsigned taken;

static void check(void)
{
    cr_assert(sp_server_validate(world.server));
}

/* Turns of a loop, and time going by; ends when there is nothing to do or after @most turns. */
static void run(unsigned most)
{
    for (unsigned turns = 0; turns < most; turns++) {
        if (world_turns(&world, 1) == 0) {
            if (sp_server_deadline(world.server) == SP_NEVER)
                break;
            world.now = sp_server_deadline(world.server);
        }
        check();
    }
}

static bool try_listen(void)
{
    struct sp_address address;

    cr_assert_eq(sp_address_abstract(&address, WORLD_NAME, SP_STRLEN, NULL), SP_OK);
    if (sp_server_listen_address(world.server, &address) == SP_OK)
        return true;
    check();
    cr_assert_not(sp_server_is_listening(world.server));
    cr_assert_eq(world_open_count(&world), 0);
    return false;
}

static void take_some(unsigned most)
{
    struct sp_socket *socket;

    while (most-- > 0 && sp_server_take(world.server, &socket) == SP_OK) {
        sp_socket_free(socket);
        taken++;
        check();
    }
}

static void take_one_descriptor(void)
{
    int fd = sp_server_take_descriptor(world.server);

    check();
    if (fd >= 0) {
        taken++;
        world.os.close(&world, fd);
    }
}

/* Returns whether it was taken; if not it is still ours. */
static bool add_one(void)
{
    int fd = world_open(&world, WORLD_ALIVE);
    bool added = sp_server_add(world.server, fd) == SP_OK;

    check();
    if (!added)
        world.os.close(&world, fd);
    return added;
}

/* Returns how many calls were made to fail. */
static unsigned live(struct faulty_plan plan)
{
    unsigned failed, clients = FRIENDS + STRANGERS;

    begin();
    taken = 0;
    faulty_os_plan(&faulty, plan);
    for (unsigned tries = 0; tries < 2 && !sp_server_is_listening(world.server); tries++)
        (void)try_listen();
    world_connect(&world, WORLD_ALIVE, FRIENDS);
    for (unsigned i = 0; i < STRANGERS; i++)
        world_connect_as(&world, 7);
    if (sp_server_is_listening(world.server)) {
        run(20);
        take_some(3);
        take_one_descriptor();
        clients += add_one();
        if (sp_server_wait_new_connection(world.server, 10, NULL) == SP_OK)
            take_some(1);
        check();
    }
    failed = faulty.failed;

    faulty_os_plan(&faulty, (struct faulty_plan){.nth = 0});
    if (!sp_server_is_listening(world.server))
        cr_assert(try_listen());
    while (world.queue_count > 0 || sp_server_has_pending(world.server)) {
        run(100);
        take_some(UINT32_MAX);
    }
    cr_assert_eq(taken + sp_server_refused(world.server), clients, "%u taken, %u refused of %u",
                 taken, (unsigned)sp_server_refused(world.server), clients);
    cr_assert_geq(sp_server_refused(world.server), STRANGERS);
    world_end(&world);
    return failed;
}

/* Covers: FDLT-05, FDLT-20, STAT-09 */
Test(server_faults, every_call_fails_in_turn)
{
    static const int errors[] = {EINTR, EAGAIN, EMFILE, ENOMEM, EPERM, ECONNABORTED, EBADF, EIO};
    unsigned runs = 0;

    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        for (int on = 0; on < 2; on++) {
            struct faulty_plan plan = {.nth = 1, .error = errors[i], .from_there_on = on != 0};

            while (live(plan) > 0) {
                plan.nth++;
                runs++;
            }
            cr_assert_gt(plan.nth, 40, "errno %d: only %u calls", errors[i], plan.nth);
        }
    }
    cr_assert_gt(runs, 600);
}
