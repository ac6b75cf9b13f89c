/* SPDX-License-Identifier: MIT */
/* The server: connections that were made elsewhere. */
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

TestSuite(server_add, .init = begin, .fini = end);

Test(server_add, adds_a_connection_of_the_callers)
{
    int fd = world_open(&world, WORLD_ALIVE);

    cr_assert_eq(sp_server_add(world.server, fd), SP_OK);
    cr_assert(world.cloexec);
    cr_assert_not(world.nonblock, "changed what may be shared");
    world_expect(&world, "new-connection");
    cr_assert_eq(world_take_all(&world), 1);
}

/* Covers: STAT-18 */
Test(server_add, adds_nothing_else)
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

Test(server_add, adds_within_the_limit_and_the_policy)
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
Test(server_add, adds_nothing_without_memory)
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
