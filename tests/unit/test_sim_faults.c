/* SPDX-License-Identifier: MIT */
/*
 * Faults of the simulated kernel: that a plan comes true, at the call it names, and that nothing
 * else changes.
 */
#include "sim/actor.h"
#include "sim/faults.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

static struct sim *sim;
static struct sim_actor *actor;
static const struct sp_os *os;
static int listener, client, dir, pair[2];

/* A world in which every member can be called with success. */
static void setup(void)
{
    if (sim == NULL)
        sim = sim_new();
    sim_reset(sim, NULL);
    actor = sim_actor_new(sim, 0, 0);
    os = sim_os(actor);
    dir = sim_open(actor, "/", true);
    listener = sim_os(actor)->socket(os->ctx);
    cr_assert_eq(sim_bind(actor, listener, "/server", 7), 0);
    cr_assert_eq(sim_listen(actor, listener, 5), 0);
    client = os->socket(os->ctx);
    cr_assert_eq(sim_connect(actor, os->socket(os->ctx), "/server", 7), 0);
    cr_assert_eq(sim_socketpair(actor, pair), 0);
    cr_assert_eq(sim_send(actor, pair[1], "some bytes", 10), 10);
    cr_assert_eq(sim_create(actor, "/file", SP_OS_IFREG, 0644), 0);
    cr_assert_eq(sim_mkdir(actor, "/dir", 0755), 0);
    cr_assert_eq(sim_symlink(actor, "text", "/link"), 0);
}

static void teardown(void)
{
    sim_free(sim);
    sim = NULL;
}

TestSuite(sim_faults, .init = setup, .fini = teardown);

/* ---- every member, with arguments that succeed ---- */

static int64_t result_of_alloc(void)
{
    return os->alloc(os->ctx, 8) != NULL ? 0 : -ENOMEM;
}

static int64_t call_member(enum sim_call call)
{
    const struct sp_os_iov iov = {"abcdefghij", 10};
    struct sp_os_pollfd entry = {.fd = pair[0], .want = SP_OS_POLLIN};
    struct sp_os_sockinfo info;
    struct sp_os_stat stat;
    struct sp_os_cred cred;
    uint8_t bytes[SP_OS_SOCKADDR_MAX];
    uint32_t groups[4];

    switch (call) {
    case SIM_CALL_ALLOC:
        return result_of_alloc();
    case SIM_CALL_SOCKET:
        return os->socket(os->ctx);
    case SIM_CALL_BIND:
        return os->bind(os->ctx, client, "/client", 7);
    case SIM_CALL_LISTEN:
        return os->listen(os->ctx, listener, 3);
    case SIM_CALL_ACCEPT:
        return os->accept(os->ctx, listener);
    case SIM_CALL_CONNECT:
        return os->connect(os->ctx, client, "/server", 7);
    case SIM_CALL_GETSOCKNAME:
        return os->getsockname(os->ctx, listener, bytes, sizeof(bytes));
    case SIM_CALL_GETPEERNAME:
        return os->getpeername(os->ctx, pair[0], bytes, sizeof(bytes));
    case SIM_CALL_SEND:
        return os->send(os->ctx, pair[0], &iov, 1);
    case SIM_CALL_RECV:
        return os->recv(os->ctx, pair[0], bytes, sizeof(bytes), 0);
    case SIM_CALL_CLOSE:
        return os->close(os->ctx, client);
    case SIM_CALL_POLL:
        return os->poll(os->ctx, &entry, 1, 1);
    case SIM_CALL_SOCKINFO:
        return os->sockinfo(os->ctx, client, &info);
    case SIM_CALL_SET_NONBLOCK:
        return os->set_nonblock(os->ctx, client);
    case SIM_CALL_SET_CLOEXEC:
        return os->set_cloexec(os->ctx, client);
    case SIM_CALL_PEER_CRED:
        return os->peer_cred(os->ctx, pair[0], &cred);
    case SIM_CALL_PEER_GROUPS:
        return os->peer_groups(os->ctx, pair[0], groups, 4);
    case SIM_CALL_PEER_PIDFD:
        return os->peer_pidfd(os->ctx, pair[0]);
    case SIM_CALL_SET_SOCKET_MODE:
        return os->set_socket_mode(os->ctx, client, 0600);
    case SIM_CALL_OPEN_DIR:
        return os->open_dir(os->ctx, dir, "dir");
    case SIM_CALL_STAT_AT:
        return os->stat_at(os->ctx, dir, "file", &stat);
    case SIM_CALL_STAT_FD:
        return os->stat_fd(os->ctx, dir, &stat);
    case SIM_CALL_READLINK_AT:
        return os->readlink_at(os->ctx, dir, "link", (char *)bytes, sizeof(bytes));
    case SIM_CALL_UNLINK_AT:
        return os->unlink_at(os->ctx, dir, "file");
    case SIM_CALL_CHMOD_AT:
        cr_assert_eq(sim_lstat(actor, "/file", &stat), 0);
        return os->chmod_at(os->ctx, dir, "file", &stat, 0600);
    case SIM_CALL_LOCK_AT:
        return os->lock_at(os->ctx, dir, "lock");
    case SIM_CALL_RELEASE:
    case SIM_CALL_NOW:
    case SIM_CALL_ENVIRONMENT:
    case SIM_CALL_EUID:
    case SIM_CALL_EGID:
    case SIM_CALL_PID:
    default:
        return 0;
    }
}

static void plan(enum sim_call call, uint32_t skip, uint32_t times, struct sim_fault fault)
{
    const struct sim_rule rule = {call, skip, times, fault};

    cr_assert_eq(sim_fault_add(actor, &rule), 0);
}

static bool same_census(const struct sim_census *a, const struct sim_census *b)
{
    return a->descriptor_set == b->descriptor_set && a->files == b->files &&
           a->sockets == b->sockets && a->nodes == b->nodes && a->entries == b->entries &&
           a->queued_bytes == b->queued_bytes && a->allocations == b->allocations;
}

Test(sim_faults, members_succeed_without_a_plan)
{
    for (unsigned call = 0; call < SIM_CALL_COUNT; call++) {
        setup();
        cr_expect_geq(call_member((enum sim_call)call), 0, "%s",
                      sim_call_name((enum sim_call)call));
        cr_expect_eq(sim_fault_hits(actor), 0);
        cr_expect_not(sim_misused(sim));
    }
}

/* Every choice of every member: an errno comes back and nothing has happened. */
Test(sim_faults, every_errno_of_every_member)
{
    unsigned tried = 0;

    for (unsigned call = 0; call < SIM_CALL_COUNT; call++) {
        for (unsigned i = 0; i < sim_fault_choices((enum sim_call)call); i++) {
            struct sim_fault fault = sim_fault_choice((enum sim_call)call, i);
            struct sim_census before, after;

            if (fault.kind != SIM_FAULT_ERRNO)
                continue;
            setup();
            plan((enum sim_call)call, 0, 1, fault);
            sim_census(actor, &before);
            cr_expect_eq(call_member((enum sim_call)call), -(int64_t)fault.value, "%s",
                         sim_call_name((enum sim_call)call));
            sim_census(actor, &after);
            cr_expect(same_census(&before, &after), "%s had an effect",
                      sim_call_name((enum sim_call)call));
            cr_expect_eq(sim_fault_hits(actor), 1);
            cr_expect_eq(sim_fault_last(actor), call);
            cr_expect(sim_call_gives((enum sim_call)call, (int)fault.value));
            cr_expect_not_null(sim_errno_name((int)fault.value), "errno %d", (int)fault.value);
            cr_expect_geq(call_member((enum sim_call)call), 0, "once means once");
            tried++;
        }
    }
    cr_expect_gt(tried, 100);
}

/* Everything that can fail can be interrupted; close is interrupted afterwards only. */
Test(sim_faults, interruptions)
{
    for (unsigned call = SIM_CALL_SOCKET; call < SIM_CALL_COUNT; call++) {
        bool before =
            sim_fault_allows((enum sim_call)call, (struct sim_fault){SIM_FAULT_ERRNO, EINTR});

        cr_expect_eq(before, call != SIM_CALL_CLOSE, "%s", sim_call_name((enum sim_call)call));
    }
    cr_expect(sim_fault_allows(SIM_CALL_CLOSE, (struct sim_fault){SIM_FAULT_AFTER, EINTR}));
    cr_expect(sim_fault_allows(SIM_CALL_CONNECT, (struct sim_fault){SIM_FAULT_AFTER, EINTR}));
}

Test(sim_faults, interrupted_connect_that_had_succeeded)
{
    plan(SIM_CALL_CONNECT, 0, 1, (struct sim_fault){SIM_FAULT_AFTER, EINTR});
    cr_expect_eq(call_member(SIM_CALL_CONNECT), -EINTR);
    cr_expect_eq(call_member(SIM_CALL_CONNECT), -EISCONN);
}

Test(sim_faults, close_closes_whatever_it_says)
{
    plan(SIM_CALL_CLOSE, 0, 1, (struct sim_fault){SIM_FAULT_AFTER, EIO});
    cr_expect_eq(call_member(SIM_CALL_CLOSE), -EIO);
    cr_expect_eq(sim_descriptor_flags(actor, client), -EBADF);
}

Test(sim_faults, a_failing_call_keeps_its_own_errno)
{
    plan(SIM_CALL_CONNECT, 0, 1, (struct sim_fault){SIM_FAULT_AFTER, EINTR});
    cr_expect_eq(os->connect(os->ctx, client, "/nowhere", 8), -ENOENT);
}

Test(sim_faults, short_counts)
{
    uint8_t bytes[16];

    plan(SIM_CALL_ANY, 0, 0, (struct sim_fault){SIM_FAULT_SHORT, 3});
    cr_expect_eq(call_member(SIM_CALL_SEND), 3);
    cr_expect_eq(call_member(SIM_CALL_RECV), 3);
    cr_expect_eq(os->recv(os->ctx, pair[0], bytes, sizeof(bytes), SP_OS_PEEK), 3);
    cr_expect_eq(memcmp(bytes, "e b", 3), 0);
    cr_expect_eq(os->recv(os->ctx, pair[0], bytes, 2, 0), 2, "no more than asked for");
    cr_expect_eq(sim_unread(actor, pair[1]), 3);
    cr_expect_geq(call_member(SIM_CALL_SOCKET), 0, "others cannot be short");
}

Test(sim_faults, delays)
{
    uint64_t start = sim_now(sim);

    plan(SIM_CALL_NOW, 1, 1, (struct sim_fault){SIM_FAULT_DELAY, 50});
    cr_expect_eq(os->now_ns(os->ctx), start);
    cr_expect_eq(os->now_ns(os->ctx), start + 50);
    cr_expect_eq(os->now_ns(os->ctx), start + 50);
    for (unsigned call = 0; call < SIM_CALL_COUNT; call++)
        cr_expect(sim_fault_allows((enum sim_call)call, (struct sim_fault){SIM_FAULT_DELAY, 1}));
}

Test(sim_faults, nth_call_and_from_there_on)
{
    plan(SIM_CALL_STAT_FD, 2, 1, (struct sim_fault){SIM_FAULT_ERRNO, EIO});
    for (int i = 0; i < 5; i++)
        cr_expect_eq(call_member(SIM_CALL_STAT_FD), i == 2 ? -EIO : 0, "call %d", i);
    plan(SIM_CALL_STAT_FD, 1, 0, (struct sim_fault){SIM_FAULT_ERRNO, ENOMEM});
    cr_expect_eq(call_member(SIM_CALL_STAT_FD), 0);
    for (int i = 0; i < 100; i++)
        cr_expect_eq(call_member(SIM_CALL_STAT_FD), -ENOMEM);
    sim_fault_clear(actor);
    cr_expect_eq(call_member(SIM_CALL_STAT_FD), 0);
}

/* The sweep: the nth call of all, with the kth of what the table has for it. */
Test(sim_faults, any_call)
{
    plan(SIM_CALL_ANY, 2, 1, (struct sim_fault){SIM_FAULT_CHOICE, 0});
    cr_expect_geq(call_member(SIM_CALL_STAT_FD), 0);
    cr_expect_geq(call_member(SIM_CALL_STAT_AT), 0);
    cr_expect_eq(call_member(SIM_CALL_SOCKET), -EMFILE);
    cr_expect_eq(sim_fault_last(actor), SIM_CALL_SOCKET);
    cr_expect_geq(call_member(SIM_CALL_SOCKET), 0);
}

/* A rule counts only the calls that can have its fault. */
Test(sim_faults, any_call_that_can)
{
    plan(SIM_CALL_ANY, 1, 1, (struct sim_fault){SIM_FAULT_ERRNO, EMFILE});
    cr_expect_geq(call_member(SIM_CALL_STAT_FD), 0);
    cr_expect_geq(call_member(SIM_CALL_STAT_FD), 0);
    cr_expect_geq(call_member(SIM_CALL_SOCKET), 0);
    cr_expect_geq(call_member(SIM_CALL_STAT_FD), 0);
    cr_expect_eq(call_member(SIM_CALL_ACCEPT), -EMFILE);
}

Test(sim_faults, first_rule_decides_and_all_count)
{
    plan(SIM_CALL_STAT_FD, 0, 1, (struct sim_fault){SIM_FAULT_ERRNO, EIO});
    plan(SIM_CALL_STAT_FD, 1, 1, (struct sim_fault){SIM_FAULT_ERRNO, ENOMEM});
    cr_expect_eq(call_member(SIM_CALL_STAT_FD), -EIO);
    cr_expect_eq(call_member(SIM_CALL_STAT_FD), -ENOMEM);
    cr_expect_eq(call_member(SIM_CALL_STAT_FD), 0);
}

Test(sim_faults, what_the_table_lacks_cannot_be_planned)
{
    static const struct sim_rule refused[] = {
        {SIM_CALL_STAT_FD, 0, 1, {SIM_FAULT_ERRNO, EMFILE}},
        {SIM_CALL_CONNECT, 0, 1, {SIM_FAULT_ERRNO, EISCONN}},
        {SIM_CALL_SOCKET, 0, 1, {SIM_FAULT_SHORT, 1}},
        {SIM_CALL_SEND, 0, 1, {SIM_FAULT_SHORT, 0}},
        {SIM_CALL_SOCKET, 0, 1, {SIM_FAULT_AFTER, EINTR}},
        {SIM_CALL_CLOSE, 0, 1, {SIM_FAULT_ERRNO, EINTR}},
        {SIM_CALL_EUID, 0, 1, {SIM_FAULT_ERRNO, EINTR}},
        {SIM_CALL_ANY, 0, 1, {SIM_FAULT_ERRNO, EXDEV}},
        {SIM_CALL_ANY, 0, 1, {SIM_FAULT_NONE, 0}},
    };

    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        cr_expect_eq(sim_fault_add(actor, &refused[i]), -EINVAL, "rule %zu", i);
    cr_expect_not(sim_call_gives(SIM_CALL_STAT_FD, EMFILE));
    cr_expect(sim_call_gives(SIM_CALL_CONNECT, EISCONN));
    cr_expect_null(sim_errno_name(4095));
    cr_expect_str_eq(sim_errno_name(EAGAIN), "EAGAIN");
}

Test(sim_faults, rules_have_a_limit_and_make_room)
{
    const struct sim_rule rule = {SIM_CALL_STAT_FD, 0, 1, {SIM_FAULT_ERRNO, EIO}};

    for (int i = 0; i < SIM_RULES_MAX; i++)
        cr_assert_eq(sim_fault_add(actor, &rule), 0);
    cr_expect_eq(sim_fault_add(actor, &rule), -ENOSPC);
    cr_expect_eq(call_member(SIM_CALL_STAT_FD), -EIO);
    cr_expect_eq(sim_fault_add(actor, &rule), 0, "those that are used up are gone");
}

Test(sim_faults, tape)
{
    static const uint8_t tape[] = {0, SIM_TAPE_FAULT, SIM_TAPE_FAULT - 1, SIM_TAPE_FAULT + 1, 255};

    sim_fault_tape(actor, tape, sizeof(tape));
    cr_expect_eq(call_member(SIM_CALL_STAT_FD), 0);
    cr_expect_eq(call_member(SIM_CALL_STAT_FD), -ENOMEM);
    cr_expect_eq(call_member(SIM_CALL_STAT_FD), 0);
    cr_expect_eq(call_member(SIM_CALL_STAT_FD), -EIO);
    (void)call_member(SIM_CALL_STAT_FD);
    cr_expect_eq(sim_fault_hits(actor), 3, "every byte means something");
    cr_expect_eq(call_member(SIM_CALL_STAT_FD), 0, "after its end there are no faults");
}

Test(sim_faults, plans_belong_to_an_actor)
{
    struct sim_actor *other = sim_actor_new(sim, 0, 0);

    plan(SIM_CALL_SOCKET, 0, 0, (struct sim_fault){SIM_FAULT_ERRNO, EMFILE});
    cr_expect_geq(sim_os(other)->socket(sim_os(other)->ctx), 0);
    cr_expect_geq(sim_socket(actor, SIM_STREAM), 0, "the direct calls have no faults");
    cr_expect_eq(call_member(SIM_CALL_SOCKET), -EMFILE);
}
