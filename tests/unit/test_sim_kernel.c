/* SPDX-License-Identifier: MIT */
/*
 * The simulated kernel as a tool: worlds, actors, the clock, hooks, the digest, and what it tells
 * oracles. That it behaves like Linux is the business of tests/conformance.
 */
#include "sim/actor.h"
#include "sim/faults.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct sim *sim;
static struct sim_actor *one, *two;
static const struct sp_os *os; /* of actor one */

static void populate(void)
{
    one = sim_actor_new(sim, 1000, 1000);
    two = sim_actor_new(sim, 2000, 2000);
    os = sim_os(one);
    cr_assert_eq(sim_mkdir(sim_actor_new(sim, 0, 0), "/run", 0777), 0);
    cr_assert_eq(sim_chmod(sim_actor(sim, 2), "/run", 0777), 0);
}

static void setup(void)
{
    sim = sim_new();
    cr_assert_not_null(sim);
    populate();
}

static void teardown(void)
{
    sim_free(sim);
}

TestSuite(sim_kernel, .init = setup, .fini = teardown);

static struct sim_census census(void)
{
    struct sim_census ret;

    sim_census(one, &ret);
    return ret;
}

static int listen_at(struct sim_actor *actor, const char *path)
{
    int fd = sim_socket(actor, SIM_STREAM);

    cr_assert_geq(fd, 0);
    cr_assert_eq(sim_bind(actor, fd, path, strlen(path)), 0);
    cr_assert_eq(sim_chmod(actor, path, 0777), 0);
    cr_assert_eq(sim_listen(actor, fd, 1), 0);
    return fd;
}

/* ---- worlds ---- */

Test(sim_kernel, worlds_are_independent)
{
    struct sim *other = sim_new();
    struct sim_actor *there = sim_actor_new(other, 0, 0);
    struct sp_os_stat stat;

    cr_assert_eq(sim_mkdir(there, "/only-there", 0755), 0);
    cr_expect_eq(sim_lstat(one, "/only-there", &stat), -ENOENT);
    cr_expect_eq(sim_lstat(there, "/run", &stat), -ENOENT);
    sim_advance(other, 5);
    cr_expect_eq(sim_now(other), sim_now(sim) + 5);
    sim_free(other);
}

Test(sim_kernel, reset_forgets_everything)
{
    struct sim_census before = census();
    struct sp_os_stat stat;

    (void)listen_at(one, "/run/a");
    (void)sim_socket(two, SIM_STREAM);
    cr_assert_not_null(os->alloc(os->ctx, 100));
    cr_assert_eq(sim_actor_setenv(one, "NAME", "value"), 0);
    cr_assert_eq(sim_fault_add(one, &(struct sim_rule){SIM_CALL_ANY, 0, 0, {SIM_FAULT_DELAY, 1}}),
                 0);
    sim_reset(sim, NULL);
    cr_expect_eq(sim_actor_count(sim), 0);
    populate();
    cr_expect_eq(census().nodes, before.nodes);
    cr_expect_eq(census().files, 0);
    cr_expect_eq(census().sockets, 0);
    cr_expect_eq(census().entries, before.entries);
    cr_expect_eq(census().allocations, 0);
    cr_expect_eq(census().descriptor_set, 0);
    cr_expect_eq(sim_lstat(one, "/run/a", &stat), -ENOENT);
    cr_expect_null(os->environment(os->ctx, "NAME"));
    cr_expect_eq(sim_fault_hits(one), 0);
}

Test(sim_kernel, actors_have_a_limit)
{
    while (sim_actor_count(sim) < SIM_ACTORS_MAX)
        cr_assert_not_null(sim_actor_new(sim, 1, 1));
    cr_expect_null(sim_actor_new(sim, 1, 1));
    cr_expect_eq(sim_full(sim), 1);
    cr_expect_null(sim_actor(sim, SIM_ACTORS_MAX));
    cr_expect_eq(sim_actor(sim, 1), two);
    cr_expect_eq(sim_actor_number(two), 1);
    cr_expect_eq(sim_of(two), sim);
}

/* A table that is full gives an errno, is counted, and serves again when there is room. */
Test(sim_kernel, tables_run_out_and_recover)
{
    struct sim_options options;
    int fds[8];

    sim_options_default(&options);
    options.files_max = 8;
    sim_reset(sim, &options);
    populate();
    for (size_t i = 0; i < 8; i++)
        cr_assert_geq(fds[i] = os->socket(os->ctx), 0);
    cr_expect_eq(os->socket(os->ctx), -ENFILE);
    cr_expect_eq(sim_socket(two, SIM_STREAM), -ENFILE);
    cr_assert_eq(sim_close(one, fds[3]), 0);
    cr_expect_eq(os->socket(os->ctx), fds[3]);
}

Test(sim_kernel, files_run_out_and_recover)
{
    char name[32];
    unsigned made = 0;
    int r;

    for (;; made++) {
        (void)snprintf(name, sizeof(name), "/run/%u", made);
        r = sim_create(one, name, SP_OS_IFREG, 0644);
        if (r < 0)
            break;
    }
    cr_expect_eq(r, -ENOSPC);
    cr_expect_gt(made, 100);
    cr_expect_gt(sim_full(sim), 0);
    cr_assert_eq(sim_unlink(one, "/run/5"), 0);
    cr_expect_eq(sim_create(one, "/run/again", SP_OS_IFREG, 0644), 0);
}

/* ---- processes ---- */

Test(sim_kernel, environment)
{
    cr_expect_null(os->environment(os->ctx, "XDG_RUNTIME_DIR"));
    cr_assert_eq(sim_actor_setenv(one, "XDG_RUNTIME_DIR", "/run/user/1000"), 0);
    cr_assert_eq(sim_actor_setenv(one, "TMPDIR", "/t"), 0);
    cr_expect_str_eq(os->environment(os->ctx, "XDG_RUNTIME_DIR"), "/run/user/1000");
    cr_assert_eq(sim_actor_setenv(one, "XDG_RUNTIME_DIR", ""), 0);
    cr_expect_str_eq(os->environment(os->ctx, "XDG_RUNTIME_DIR"), "");
    cr_assert_eq(sim_actor_setenv(one, "XDG_RUNTIME_DIR", NULL), 0);
    cr_expect_null(os->environment(os->ctx, "XDG_RUNTIME_DIR"));
    cr_expect_str_eq(os->environment(os->ctx, "TMPDIR"), "/t");
    cr_expect_null(sim_os(two)->environment(sim_os(two)->ctx, "TMPDIR"));
}

Test(sim_kernel, exec_closes_what_is_marked)
{
    int marked = os->socket(os->ctx);
    int kept = sim_socket(one, SIM_STREAM);

    sim_exec(one);
    cr_expect_eq(sim_descriptor_flags(one, marked), -EBADF);
    cr_expect_eq(sim_descriptor_flags(one, kept), 0);
}

Test(sim_kernel, given_descriptors_are_the_same_file)
{
    int fd = listen_at(one, "/run/a");
    int given = sim_give(one, fd, two);
    int client;

    cr_assert_geq(given, 0);
    cr_expect(sim_same_file(one, fd, two, given));
    cr_assert_eq(sim_close(one, fd), 0);
    cr_expect_not(sim_same_file(one, fd, two, given));
    client = os->socket(os->ctx);
    cr_expect_eq(os->connect(os->ctx, client, "/run/a", 6), 0, "the other process still listens");
    cr_expect_eq(sim_give(one, 40, two), -EBADF);
    sim_actor_set_descriptor_limit(two, 1);
    cr_expect_eq(sim_give(one, client, two), -EMFILE);
}

Test(sim_kernel, exit_lets_go_of_everything)
{
    int client = os->socket(os->ctx);
    char byte;

    (void)listen_at(two, "/run/a");
    cr_assert_eq(os->connect(os->ctx, client, "/run/a", 6), 0);
    sim_actor_exit(two);
    cr_expect_eq(os->recv(os->ctx, client, &byte, 1, 0), -ECONNRESET);
    cr_expect_eq(os->recv(os->ctx, client, &byte, 1, 0), 0);
    cr_assert_eq(os->close(os->ctx, client), 0);
    cr_expect_eq(census().files, 0);
    cr_expect_eq(census().sockets, 0);
    cr_expect_not(sim_is_listening(sim, "/run/a", 6));
}

/* ---- the clock ---- */

Test(sim_kernel, clock_moves_only_when_told)
{
    uint64_t start = os->now_ns(os->ctx);

    cr_expect_neq(start, 0);
    (void)os->socket(os->ctx);
    cr_expect_eq(os->now_ns(os->ctx), start);
    sim_advance(sim, 10);
    cr_expect_eq(os->now_ns(os->ctx), start + 10);
    sim_advance(sim, UINT64_MAX);
    sim_advance(sim, UINT64_MAX);
    cr_expect_eq(os->now_ns(os->ctx), SP_NEVER - 1);
}

Test(sim_kernel, poll_jumps_to_its_deadline)
{
    uint64_t start = sim_now(sim);
    struct sp_os_pollfd entry = {.fd = listen_at(one, "/run/a"), .want = SP_OS_POLLIN};

    cr_expect_eq(os->poll(os->ctx, &entry, 1, start + 500), 0);
    cr_expect_eq(sim_now(sim), start + 500);
    cr_expect_eq(os->poll(os->ctx, &entry, 1, start), 0, "a deadline in the past looks once");
    cr_expect_eq(sim_now(sim), start + 500);
}

Test(sim_kernel, poll_for_ever_on_nothing_is_a_mistake)
{
    struct sp_os_pollfd entry = {.fd = listen_at(one, "/run/a"), .want = SP_OS_POLLIN};

    cr_expect_eq(os->poll(os->ctx, &entry, 1, SP_NEVER), -ENOMEM);
    cr_expect_eq(sim_misuse(one, SIM_MISUSE_STUCK), 1);
    cr_expect(sim_misused(sim));
}

/* ---- hooks ---- */

struct plan {
    enum sim_call call;
    enum sim_moment moment;
    void (*act)(void);
    unsigned calls;
};

static bool follow_plan(void *user, struct sim_actor *actor, enum sim_call call,
                        enum sim_moment moment)
{
    struct plan *plan = user;

    cr_expect_eq(actor, one);
    if (call != plan->call || moment != plan->moment || plan->calls++ > 0)
        return false;
    plan->act();
    return true;
}

static void connect_two(void)
{
    int fd = sim_socket(two, SIM_STREAM);

    cr_assert_eq(sim_connect(two, fd, "/run/a", 6), 0);
}

Test(sim_kernel, hook_wakes_poll)
{
    struct plan plan = {SIM_CALL_POLL, SIM_BLOCKED, connect_two, 0};
    struct sp_os_pollfd entry = {.fd = listen_at(one, "/run/a"), .want = SP_OS_POLLIN};
    uint64_t start = sim_now(sim);

    sim_set_hook(sim, follow_plan, &plan);
    cr_expect_eq(os->poll(os->ctx, &entry, 1, SP_NEVER), 1);
    cr_expect_eq(entry.got, SP_OS_POLLIN);
    cr_expect_eq(sim_now(sim), start);
    cr_expect_not(sim_misused(sim));
}

static bool always_busy(void *user, struct sim_actor *actor, enum sim_call call,
                        enum sim_moment moment)
{
    (void)user;
    (void)actor;
    (void)call;
    (void)moment;
    return true;
}

Test(sim_kernel, hook_cannot_keep_poll_for_ever)
{
    struct sp_os_pollfd entry = {.fd = listen_at(one, "/run/a"), .want = SP_OS_POLLIN};

    sim_set_hook(sim, always_busy, NULL);
    cr_expect_eq(os->poll(os->ctx, &entry, 1, sim_now(sim) + 7), 0);
}

static void steal_name(void)
{
    cr_assert_eq(sim_unlink(one, "/run/a"), 0);
    (void)listen_at(two, "/run/a");
}

Test(sim_kernel, hook_acts_before_a_call)
{
    struct plan plan = {SIM_CALL_CONNECT, SIM_BEFORE, steal_name, 0};
    struct sp_os_cred cred;
    int client = os->socket(os->ctx);

    (void)listen_at(one, "/run/a");
    sim_set_hook(sim, follow_plan, &plan);
    cr_assert_eq(os->connect(os->ctx, client, "/run/a", 6), 0);
    cr_assert_eq(os->peer_cred(os->ctx, client, &cred), 0);
    cr_expect_eq(cred.uid, 2000, "the name changed hands at the last moment");
}

static int home;

static void swap_link(void)
{
    cr_assert_eq(sim_rename(one, "/run/f", "/run/g"), 0);
    cr_assert_eq(sim_symlink(two, "/run/victim", "/run/f"), 0);
}

/* The mode goes to the node that was looked at, whatever takes its name in between. */
Test(sim_kernel, hook_acts_within_chmod_at)
{
    struct plan plan = {SIM_CALL_CHMOD_AT, SIM_WITHIN, swap_link, 0};
    struct sp_os_stat stat;

    home = sim_open(one, "/run", true);
    cr_assert_eq(sim_create(one, "/run/f", SP_OS_IFREG, 0600), 0);
    cr_assert_eq(sim_create(one, "/run/victim", SP_OS_IFREG, 0600), 0);
    cr_assert_eq(os->stat_at(os->ctx, home, "f", &stat), 0);
    sim_set_hook(sim, follow_plan, &plan);
    cr_expect_eq(os->chmod_at(os->ctx, home, "f", &stat, 0666), 0);
    cr_assert_eq(sim_lstat(one, "/run/victim", &stat), 0);
    cr_expect_eq(stat.mode & 0777, 0600);
    cr_assert_eq(sim_lstat(one, "/run/g", &stat), 0);
    cr_expect_eq(stat.mode & 0777, 0666);
}

static void take_lock(void)
{
    int fd = sim_open(two, "/run/lock", false);

    cr_assert_eq(sim_flock(two, fd), 0);
}

static void remove_lock(void)
{
    cr_assert_eq(sim_unlink(one, "/run/lock"), 0);
}

/* Between the creation of the file and the lock on it somebody else takes it: it stays, in use. */
Test(sim_kernel, hook_acts_within_lock_at)
{
    struct plan plan = {SIM_CALL_LOCK_AT, SIM_WITHIN, take_lock, 0};
    struct sp_os_stat stat;

    home = sim_open(one, "/run", true);
    sim_actor_set_umask(one, 0);
    cr_assert_eq(sim_actor_set_ids(two, 1000, 1000, NULL, 0), 0);
    sim_set_hook(sim, follow_plan, &plan);
    cr_expect_eq(os->lock_at(os->ctx, home, "lock"), -EWOULDBLOCK);
    cr_expect_eq(sim_lstat(one, "/run/lock", &stat), 0);
    cr_expect_eq(census().locks, 1);
}

Test(sim_kernel, lock_removed_while_it_is_opened)
{
    struct plan plan = {SIM_CALL_LOCK_AT, SIM_WITHIN, remove_lock, 0};
    unsigned before;

    home = sim_open(one, "/run", true);
    cr_assert_eq(sim_create(one, "/run/lock", SP_OS_IFREG, 0600), 0);
    before = census().files;
    sim_set_hook(sim, follow_plan, &plan);
    cr_expect_eq(os->lock_at(os->ctx, home, "lock"), -EWOULDBLOCK);
    cr_expect_eq(census().files, before);
}

/* ---- the digest and the trace ---- */

static uint64_t digest_of_run(const char *name, const char *bytes)
{
    const struct sp_os_iov iov = {bytes, strlen(bytes)};
    char buffer[64];
    int fds[2];

    sim_reset(sim, NULL);
    populate();
    (void)listen_at(one, name);
    cr_assert_eq(sim_socketpair(one, fds), 0);
    cr_assert_eq(os->send(os->ctx, fds[0], &iov, 1), (int64_t)iov.length);
    cr_assert_eq(os->recv(os->ctx, fds[1], buffer, sizeof(buffer), 0), (int64_t)iov.length);
    cr_assert_eq(os->getsockname(os->ctx, 0, buffer, sizeof(buffer)), 2 + (int)strlen(name) + 1);
    return sim_digest(sim);
}

Test(sim_kernel, digest_is_of_what_happened)
{
    uint64_t digest = digest_of_run("/run/a", "hello");

    cr_expect_eq(digest_of_run("/run/a", "hello"), digest);
    cr_expect_neq(digest_of_run("/run/b", "hello"), digest);
    cr_expect_neq(digest_of_run("/run/a", "hellp"), digest);
    sim_digest_add(sim, 1);
    cr_expect_neq(sim_digest(sim), digest);
}

/* The number that stands for this run on every machine, compiler and optimisation level. */
Test(sim_kernel, digest_is_the_same_everywhere)
{
    cr_expect_eq(digest_of_run("/run/a", "hello"), UINT64_C(0xef794a9379202f6e), "%llx",
                 (unsigned long long)sim_digest(sim));
}

static unsigned traced;
static struct sim_trace_entry last_entry;

static void remember_entry(void *user, const struct sim_trace_entry *entry)
{
    cr_expect_eq(user, &traced);
    traced++;
    last_entry = *entry;
}

Test(sim_kernel, trace_has_every_call)
{
    struct sp_os_stat stat;
    int dir;

    sim_set_trace(sim, remember_entry, &traced);
    dir = os->open_dir(os->ctx, SP_OS_ROOT, "");
    cr_expect_eq(last_entry.call, SIM_CALL_OPEN_DIR);
    cr_expect_eq(last_entry.result, dir);
    cr_expect_eq(os->stat_at(os->ctx, dir, "nothing", &stat), -ENOENT);
    cr_expect_eq(traced, 2);
    cr_expect_eq(last_entry.actor, one);
    cr_expect_eq(last_entry.fd, dir);
    cr_expect_eq(last_entry.result, -ENOENT);
    cr_expect_str_eq(last_entry.name, "nothing");
    cr_expect_not(last_entry.faulted);
    cr_expect_eq(sim_calls(one, SIM_CALL_STAT_AT), 1);
    cr_expect_eq(sim_calls(one, SIM_CALL_ANY), 2);
    cr_expect_eq(sim_calls(two, SIM_CALL_ANY), 0);
}

static unsigned witnessed;
static struct sim_change last_change;

static void remember_change(void *user, const struct sim_change *change)
{
    cr_expect_eq(user, &witnessed);
    witnessed++;
    last_change = *change;
}

Test(sim_kernel, a_witness_sees_what_becomes_of_files)
{
    struct sp_os_stat dir, node;
    int handle;

    sim_set_witness(sim, remember_change, &witnessed);
    (void)listen_at(two, "/run/a");
    cr_expect_eq(witnessed, 2);
    cr_expect_eq(last_change.kind, SIM_CHANGE_MODE);
    cr_expect_eq(last_change.mode, 0777u);
    cr_expect_not(last_change.listening);
    cr_assert_eq(sim_lstat(one, "/run", &dir), 0);
    cr_assert_eq(sim_lstat(one, "/run/a", &node), 0);
    handle = os->open_dir(os->ctx, SP_OS_ROOT, "");
    handle = os->open_dir(os->ctx, handle, "run");
    cr_assert_eq(os->unlink_at(os->ctx, handle, "a"), 0);
    cr_expect_eq(witnessed, 3);
    cr_expect_eq(last_change.kind, SIM_CHANGE_REMOVED);
    cr_expect_eq(last_change.actor, one);
    cr_expect_eq(last_change.node.ino, node.ino);
    cr_expect_eq(last_change.node.mode, node.mode);
    cr_expect_eq(last_change.dir.ino, dir.ino);
    cr_expect_eq(last_change.length, 1u);
    cr_expect(last_change.listening);
    cr_assert_geq(os->lock_at(os->ctx, handle, "b"), 0);
    cr_expect_eq(witnessed, 4);
    cr_expect_eq(last_change.kind, SIM_CHANGE_MADE);
    cr_expect_eq(last_change.node.mode, SP_OS_IFREG | 0600u);
    cr_expect_eq(os->unlink_at(os->ctx, handle, "missing"), -ENOENT);
    cr_expect_eq(witnessed, 4);
    sim_reset(sim, NULL);
    populate();
    cr_expect_eq(witnessed, 4);
}

Test(sim_kernel, calls_have_the_names_of_the_members)
{
    cr_expect_str_eq(sim_call_name(SIM_CALL_ALLOC), "alloc");
    cr_expect_str_eq(sim_call_name(SIM_CALL_LOCK_AT), "lock_at");
    cr_expect_str_eq(sim_call_name(SIM_CALL_ANY), "any");
}

/* ---- oracles ---- */

Test(sim_kernel, census_counts)
{
    struct sim_census before = census(), now;
    int fds[2];

    cr_assert_eq(sim_socketpair(one, fds), 0);
    cr_assert_eq(sim_send(one, fds[0], "abc", 3), 3);
    (void)listen_at(one, "/run/a");
    now = census();
    cr_expect_eq(now.descriptors, before.descriptors + 3);
    cr_expect_eq(now.descriptor_set, 7);
    cr_expect_eq(now.sockets, before.sockets + 3);
    cr_expect_eq(now.nodes, before.nodes + 1);
    cr_expect_eq(now.entries, before.entries + 1);
    cr_expect_eq(now.queued_bytes, 3);
    sim_actor_exit(one);
    cr_assert_eq(sim_unlink(one, "/run/a"), 0);
    now = census();
    cr_expect_eq(now.files, before.files);
    cr_expect_eq(now.nodes, before.nodes);
    cr_expect_eq(now.queued_bytes, 0);
}

Test(sim_kernel, listing_sees_contents_and_identity)
{
    struct sim_listing listing, again;

    sim_actor_set_umask(one, 0);
    cr_assert_eq(sim_mkdir(one, "/run/d", 0), 0);
    cr_assert_eq(sim_chmod(one, "/run/d", 0700), 0);
    cr_assert_eq(sim_create(one, "/run/d/b", SP_OS_IFREG, 0600), 0);
    cr_assert_eq(sim_create(one, "/run/d/a", SP_OS_IFREG, 0), 0);
    cr_assert_eq(sim_write(one, "/run/d/b", "decoy", 5), 0);
    cr_assert_eq(sim_chmod(one, "/run/d", 0), 0);
    cr_expect_eq(sim_list(sim, "/run/d", 0, &listing), 1);
    cr_expect_str_eq(listing.name, "a");
    cr_expect_eq(listing.size, 0);
    cr_expect_eq(sim_list(sim, "/run/d", 1, &listing), 1);
    cr_expect_str_eq(listing.name, "b");
    cr_expect_eq(listing.size, 5);
    cr_expect_eq(sim_list(sim, "/run/d", 2, &again), 0);
    cr_expect_eq(sim_list(sim, "/run/d/b", 0, &again), -ENOTDIR);
    cr_expect_eq(sim_list(sim, "/nothing", 0, &again), -ENOENT);
    cr_assert_eq(sim_chmod(one, "/run/d", 0700), 0);
    cr_assert_eq(sim_write(one, "/run/d/b", "decoz", 5), 0);
    cr_expect_eq(sim_list(sim, "/run/d", 1, &again), 1);
    cr_expect_eq(again.stat.ino, listing.stat.ino);
    cr_expect_neq(again.content, listing.content);
}

/* ext4 hands out a freed number at once, tmpfs never: code must stand both. */
Test(sim_kernel, inode_numbers_come_back_or_not)
{
    struct sim_options options;
    struct sp_os_stat first, second;

    for (int reuse = 0; reuse < 2; reuse++) {
        sim_options_default(&options);
        options.reuse_inodes = reuse != 0;
        sim_reset(sim, &options);
        populate();
        cr_assert_eq(sim_create(one, "/run/a", SP_OS_IFREG, 0600), 0);
        cr_assert_eq(sim_lstat(one, "/run/a", &first), 0);
        cr_assert_eq(sim_unlink(one, "/run/a"), 0);
        cr_assert_eq(sim_create(two, "/run/b", SP_OS_IFREG, 0600), 0);
        cr_assert_eq(sim_lstat(one, "/run/b", &second), 0);
        cr_expect_eq(first.ino == second.ino, reuse != 0);
    }
}

Test(sim_kernel, mounts)
{
    struct sim_actor *root = sim_actor(sim, 2);
    struct sp_os_stat here, there;
    int fd = os->socket(os->ctx);

    cr_expect_eq(sim_mount(one, "/run/m", 0777, false), -EPERM);
    cr_assert_eq(sim_mount(root, "/run/m", 0777, false), 0);
    cr_assert_eq(sim_mount(root, "/run/ro", 0777, true), 0);
    cr_assert_eq(sim_lstat(one, "/run", &here), 0);
    cr_assert_eq(sim_lstat(one, "/run/m", &there), 0);
    cr_expect_neq(here.dev, there.dev);
    cr_assert_eq(sim_create(one, "/run/f", SP_OS_IFREG, 0644), 0);
    cr_expect_eq(sim_rename(one, "/run/f", "/run/m/f"), -EXDEV);
    cr_expect_eq(sim_link(one, "/run/f", "/run/m/f"), -EXDEV);
    cr_expect_eq(sim_rmdir(root, "/run/m"), -EBUSY);
    cr_expect_eq(sim_rename(root, "/run/m", "/run/n"), -EBUSY);
    cr_expect_eq(sim_bind(one, fd, "/run/m/s", 8), 0);
    fd = os->socket(os->ctx);
    cr_expect_eq(sim_bind(one, fd, "/run/ro/s", 9), -EROFS);
    cr_expect_eq(sim_mkdir(root, "/run/ro/d", 0755), -EROFS);
}

/* ---- misuse ---- */

Test(sim_kernel, misuse_of_descriptors)
{
    struct sp_os_pollfd entry = {.fd = 9, .want = SP_OS_POLLIN};
    struct sp_os_sockinfo info;
    int fd = os->socket(os->ctx);

    cr_expect_eq(os->sockinfo(os->ctx, 9, &info), -EBADF);
    cr_expect_not(sim_misused(sim), "that is how one asks");
    cr_expect_eq(os->close(os->ctx, fd), 0);
    cr_expect_not(sim_misused(sim));
    cr_expect_eq(os->close(os->ctx, fd), -EBADF);
    cr_expect_eq(sim_misuse(one, SIM_MISUSE_CLOSE), 1);
    cr_expect_eq(os->listen(os->ctx, fd, 1), -EBADF);
    cr_expect_eq(os->poll(os->ctx, &entry, 1, 1), 1);
    cr_expect_eq(sim_misuse(one, SIM_MISUSE_DESCRIPTOR), 2);
    cr_expect_eq(sim_misuse(two, SIM_MISUSE_DESCRIPTOR), 0);
    cr_expect(strlen(sim_misuse_text(SIM_MISUSE_CLOSE)) > 0);
}

Test(sim_kernel, misuse_of_arguments)
{
    const struct sp_os_iov empty = {"", 0};
    struct sp_os_stat stat;
    int fds[2];

    cr_assert_eq(sim_socketpair(one, fds), 0);
    home = sim_open(one, "/run", true);
    (void)os->send(os->ctx, fds[0], &empty, 1);
    cr_expect_eq(sim_misuse(one, SIM_MISUSE_ARGUMENT), 1);
    (void)os->stat_at(os->ctx, home, "a/b", &stat);
    (void)os->stat_at(os->ctx, home, "", &stat);
    cr_expect_eq(sim_misuse(one, SIM_MISUSE_ARGUMENT), 3);
}

Test(sim_kernel, misuse_by_blocking)
{
    int fd = sim_socket(one, SIM_STREAM);

    cr_assert_eq(sim_bind(one, fd, "/run/a", 6), 0);
    cr_assert_eq(sim_listen(one, fd, 1), 0);
    cr_expect_eq(os->accept(os->ctx, fd), -EAGAIN);
    cr_expect_eq(sim_misuse(one, SIM_MISUSE_BLOCK), 1);
    cr_assert_eq(os->set_nonblock(os->ctx, fd), 0);
    cr_expect_eq(os->accept(os->ctx, fd), -EAGAIN);
    cr_expect_eq(sim_misuse(one, SIM_MISUSE_BLOCK), 1);
}
