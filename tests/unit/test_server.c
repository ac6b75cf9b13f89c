/* SPDX-License-Identifier: MIT */
/* The server: life, configuration, what can be asked. Accepting and listening have their own. */
#include "tests/unit/server_world.h"

#include "server.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <string.h>

static struct world world;

static void begin(void)
{
    world_begin(&world);
}

static void end(void)
{
    world_end(&world);
}

TestSuite(server, .init = begin, .fini = end);

static void expect_fault(enum sp_error error, enum sp_operation operation, enum sp_cause cause)
{
    struct sp_error_detail detail;

    sp_server_error_detail(world.server, &detail);
    cr_assert_eq(detail.error, error);
    cr_assert_eq(sp_server_error(world.server), error);
    cr_assert_eq(detail.operation, operation);
    cr_assert_eq(detail.cause, cause);
    cr_assert_eq(detail.os_errno, 0);
}

Test(server, is_new_and_silent)
{
    struct sp_address address;
    struct sp_event event;
    size_t length = 1;

    cr_assert_not(sp_server_is_listening(world.server));
    cr_assert_eq(sp_server_fd(world.server), -1);
    cr_assert_eq(sp_server_descriptor(world.server), -1);
    cr_assert_eq(sp_server_interest(world.server), 0);
    cr_assert_eq(sp_server_deadline(world.server), SP_NEVER);
    cr_assert_eq(sp_server_error(world.server), SP_OK);
    cr_assert_eq(sp_server_refused(world.server), 0);
    cr_assert_eq(sp_server_max_pending(world.server), SP_MAX_PENDING_DEFAULT);
    cr_assert_eq(sp_server_backlog(world.server), SP_BACKLOG_DEFAULT);
    cr_assert_eq(sp_server_access(world.server), SP_ACCESS_USER);
    cr_assert_not(sp_server_has_pending(world.server));
    cr_assert_not(sp_server_next_event(world.server, &event));
    cr_assert_str_empty(sp_server_name(world.server, &length));
    cr_assert_eq(length, 0);
    sp_server_address(world.server, &address);
    cr_assert_eq(address.space, SP_NAMESPACE_UNNAMED);
    cr_assert_null(sp_server_user(world.server));
    cr_assert_eq(world.polls + world.accepts + world.closes, 0, "made a system call");
}

Test(server, needs_memory)
{
    struct sp_server *server = world.server;

    world.no_memory = true;
    cr_assert_eq(sp_server_new(&server, world.context), SP_ERROR_RESOURCE);
    cr_assert_eq(server, world.server, "written on failure");
}

Test(server, frees_nothing_for_null)
{
    sp_server_free(NULL);
}

Test(server, keeps_the_users_pointer)
{
    int mine;

    sp_server_set_user(world.server, &mine);
    cr_assert_eq(sp_server_user(world.server), &mine);
}

Test(server, takes_every_access_and_no_other)
{
    for (unsigned access = 0; access <= 0xffff; access++) {
        bool classes = access != 0 && (access & ~0777u) == 0 && (access & 0700) % 0700 == 0 &&
                       (access & 0070) % 0070 == 0 && (access & 0007) % 0007 == 0;
        int r = sp_server_set_access(world.server, access);

        if (classes || access == SP_ACCESS_UMASK) {
            cr_assert_eq(r, SP_OK, "%o", access);
            cr_assert_eq(sp_server_access(world.server), access);
        } else {
            cr_assert_eq(r, SP_ERROR_ARGUMENT, "%o", access);
            expect_fault(SP_ERROR_ARGUMENT, SP_OPERATION_CONFIGURE, SP_CAUSE_NONE);
        }
    }
    cr_assert_eq(sp_server_set_access(world.server, 0x10000u | SP_ACCESS_USER), SP_ERROR_ARGUMENT);
    cr_assert_eq(sp_server_set_access(world.server, UINT_MAX), SP_ERROR_ARGUMENT);
}

/* Covers: QT-D11 */
Test(server, bounds_its_numbers)
{
    static const struct {
        int (*set)(struct sp_server *server, int value);
        int (*get)(const struct sp_server *server);
        int least, most;
    } rows[] = {
        {sp_server_set_backlog, sp_server_backlog, 0, 65535},
        {sp_server_set_max_pending, sp_server_max_pending, 1, SP_MAX_PENDING_MAX},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const int bad[] = {INT_MIN, -1, rows[i].least - 1, rows[i].most + 1, INT_MAX};
        const int good[] = {rows[i].most, rows[i].least, rows[i].least + 1};

        for (size_t k = 0; k < sizeof(good) / sizeof(good[0]); k++) {
            cr_assert_eq(rows[i].set(world.server, good[k]), SP_OK);
            cr_assert_eq(rows[i].get(world.server), good[k]);
        }
        for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
            cr_assert_eq(rows[i].set(world.server, bad[k]), SP_ERROR_ARGUMENT);
            cr_assert_eq(rows[i].get(world.server), rows[i].least + 1, "changed on failure");
        }
    }
}

Test(server, takes_every_trust_and_no_other)
{
    for (int trust = SP_TRUST_STRICT; trust <= SP_TRUST_OFF; trust++)
        cr_assert_eq(sp_server_set_trust(world.server, (enum sp_trust)trust), SP_OK);
    cr_assert_eq(sp_server_set_trust(world.server, (enum sp_trust)(SP_TRUST_OFF + 1)),
                 SP_ERROR_ARGUMENT);
}

Test(server, checks_its_policy)
{
    const uint32_t uid = 1;
    const struct sp_peer_policy good = {.allow = SP_PEER_UIDS, .uids = &uid, .uid_count = 1};
    const struct sp_peer_policy client = {.allow = SP_PEER_SELF | SP_PEER_DIRECTORY_OWNER};
    const struct sp_peer_policy nothing = {.allow = 0};
    size_t before = world.bytes;

    cr_assert_eq(sp_server_set_peer_policy(world.server, &good), SP_OK);
    cr_assert_eq(sp_server_set_peer_policy(world.server, &client), SP_ERROR_ARGUMENT);
    cr_assert_eq(sp_server_set_peer_policy(world.server, &nothing), SP_ERROR_ARGUMENT);
    world.no_memory = true;
    cr_assert_eq(sp_server_set_peer_policy(world.server, &good), SP_ERROR_RESOURCE);
    cr_assert_eq(sp_server_set_peer_policy(world.server, NULL), SP_OK);
    cr_assert_eq(world.bytes, before);
}

static int set_access(struct sp_server *server)
{
    return sp_server_set_access(server, SP_ACCESS_WORLD);
}

static int set_backlog(struct sp_server *server)
{
    return sp_server_set_backlog(server, 1);
}

static int set_policy(struct sp_server *server)
{
    return sp_server_set_peer_policy(server, NULL);
}

static int set_trust(struct sp_server *server)
{
    return sp_server_set_trust(server, SP_TRUST_OFF);
}

static int set_take_over(struct sp_server *server)
{
    return sp_server_set_take_over(server, true);
}

/* An option set after listen would be ignored by everything that listen did with the one before; in
 * Qt one such change even decides which file close() leaves behind. Refused, each of them, and the
 * object does not change. */
/* Covers: STAT-16, QT-B7 */
Test(server, refuses_options_while_listening)
{
    int (*const setters[])(struct sp_server *server) = {set_access, set_backlog, set_policy,
                                                        set_trust, set_take_over};

    for (size_t i = 0; i < sizeof(setters) / sizeof(setters[0]); i++) {
        struct sp_server before;

        world_listen(&world);
        memcpy(&before, world.server, sizeof(before)); /* with its padding */
        cr_assert_eq(setters[i](world.server), SP_ERROR_OPERATION, "setter %zu", i);
        expect_fault(SP_ERROR_OPERATION, SP_OPERATION_CONFIGURE, SP_CAUSE_STATE);
        world.server->fault = before.fault;
        cr_assert_eq(memcmp(world.server, &before, sizeof(before)), 0, "setter %zu", i);
        sp_server_close(world.server);
        cr_assert_eq(setters[i](world.server), SP_OK, "setter %zu", i);
    }
}

/* The checks of every debugging build would be worth nothing if they held for anything. */
Test(server, validate_sees_what_is_wrong)
{
    struct sp_server *server = world.server;
    struct sp_server good;

#define SEES(change)                                              \
    do {                                                          \
        good = *server;                                           \
        cr_assert(sp_server_validate(server));                    \
        change;                                                   \
        cr_assert_not(sp_server_validate(server), "%s", #change); \
        *server = good;                                           \
    } while (0)

    cr_assert_not(sp_server_validate(NULL));
    SEES(server->phase = SP__PHASES);
    SEES(server->context = NULL);
    SEES(server->fd = 0);
    SEES(server->max_pending = 0);
    SEES(server->backlog = -1);
    SEES(server->access = 0);
    SEES(server->trust = SP_TRUST_OFF + 1);
    SEES(server->pending.head = server->pending.capacity);
    SEES(server->events.head = SP_EVENTS_MAX);
    SEES(server->file.dir = 3);
    SEES(sp__events_push(&server->events, SP_EVENT_NEW_CONNECTION));
    world_listen(&world);
    SEES(server->fd = -1);
    SEES(server->phase = SP__PHASE_FULL);
    SEES(server->phase = SP__PHASE_STARVED);
    SEES(server->phase = SP__PHASE_CLOSED);
    SEES(server->trouble = SP__PHASE_STARVED);
    SEES(server->pause_ns = 1);
    SEES(server->pace.batch = 0);
    SEES(server->pace.batch = SP_ACCEPTS_PER_PROCESS + 1);
    SEES(server->pace.patience = 0);
    SEES(server->misses = SP_ACCEPTS_PER_PROCESS);
    SEES(sp__events_push(&server->events, SP_EVENT_NEW_CONNECTION));
    world_connect(&world, WORLD_ALIVE, 1);
    cr_assert_eq(world_turns(&world, 10), 1);
    SEES(server->max_pending = 1);
    SEES(server->pending.count = 0);
    SEES(server->pending.ring = server->pending.inside);
#undef SEES
}
