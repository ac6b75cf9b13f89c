/* SPDX-License-Identifier: MIT */
/*
 * Socket files while others interfere: core/src/sockfile.c, sockfile_remove.c, lock.c.
 *
 * First one at a time and exactly: somebody acts right before the first system call of ours, then
 * right before the second, and so on. Then for real: several processes at once, and processes that
 * are killed.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "tests/integration/listener.h"
#include "tests/support/faulty_os.h"
#include "tests/support/must.h"
#include "tests/support/raw.h"
#include "tests/support/snapshot.h"
#include "tests/support/tempdir.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct tempdir dir;
static struct faulty_os os;
static char path[TEMPDIR_JOINED_MAX]; /* "DIR/d/s" */
static char home[TEMPDIR_JOINED_MAX]; /* "DIR/d" */
static char old[TEMPDIR_JOINED_MAX];  /* "DIR/old", where d may be moved */

static void set_up(void)
{
    dir = tempdir_make();
    tempdir_join(&dir, "d", home);
    tempdir_join(&dir, "d/s", path);
    tempdir_join(&dir, "old", old);
    MUST(mkdir(home, 0700) == 0);
    faulty_os_init(&os, sp_os_linux());
    /* Takes something away from the mode, so that it has to be set again after bind. */
    (void)umask(0070);
}

static void tear_down(void)
{
    tempdir_remove(&dir);
}

TestSuite(sockfile_race, .init = set_up, .fini = tear_down);

static bool exists(const char *name)
{
    struct stat node;

    return lstat(name, &node) == 0;
}

/* ---- somebody who acts at one moment ---- */

static struct listener rival; /* a server that the actor started */
static bool acted;            /* and what he wanted to do, he could */
static bool number_reused;    /* and his file has the inode number of the one that it replaces */

/* Takes our file, or whatever is there, for a stale one. */
static void act_remove(void)
{
    acted = unlink(path) == 0;
}

/* A server that takes no lock and asks nobody. */
static void act_replace(void)
{
    struct stat before = {.st_ino = 0};
    struct stat after;

    (void)lstat(path, &before);
    (void)unlink(path);
    rival.fd = raw_listen(path, 100);
    MUST(rival.fd >= 0 && lstat(path, &after) == 0);
    acted = true;
    number_reused = after.st_ino == before.st_ino;
}

/* The same with nodes that cannot be mistaken for the old one, even if they get its number: a file
 * of another type, a server of another user. */
static void act_replace_by_file(void)
{
    (void)unlink(path);
    tempdir_file(&dir, "d/s", "precious");
    acted = true;
}

static void act_replace_by_foreign(void)
{
    act_replace();
    if (geteuid() == 0) {
        MUST(chmod(path, SP_ACCESS_USER) == 0 && lchown(path, 1000, 1000) == 0);
        number_reused = false;
    }
}

/* A server that takes no lock, where there is none. */
static void act_bind(void)
{
    int fd = raw_listen(path, 100);

    acted = fd >= 0;
    if (acted)
        rival.fd = fd;
}

/* Another server of this library. */
static void act_listen(void)
{
    rival = listener_open(sp_os_linux(), path, (struct listen_options){.take_over = true});
    acted = rival.result == SP_OK;
}

/* Another server of this library, whose administrator makes room for it first. */
static void act_remove_and_listen(void)
{
    struct sp__fault fault;

    if (remove_path(sp_os_linux(), path, SP_REMOVE_ALIVE, &fault) == SP_OK)
        act_listen();
}

static void act_plant_file(void)
{
    acted = !exists(path);
    if (acted)
        tempdir_file(&dir, "d/s", "precious");
}

static void act_swap_directory(void)
{
    acted = rename(home, old) == 0;
    MUST(mkdir(home, 0700) == 0);
}

static void act_steal_lock(void)
{
    char lock[TEMPDIR_JOINED_MAX];

    acted = unlink(tempdir_join(&dir, "d/.s.lock", lock)) == 0;
}

/* Parameters are copied to a process where functions lie elsewhere: so they are numbers. */
static const struct actor {
    const char *what;
    void (*act)(void);
} actors[] = {
    {"removes the file", act_remove},
    {"replaces the file by a server", act_replace},
    {"replaces the file by another", act_replace_by_file},
    {"replaces the file by another user's server", act_replace_by_foreign},
    {"starts a server", act_bind},
    {"starts a server of this library", act_listen},
    {"removes the server and starts one of this library", act_remove_and_listen},
    {"plants a file", act_plant_file},
    {"swaps the directory", act_swap_directory},
    {"removes the lock file", act_steal_lock},
};

#define ACTORS (sizeof(actors) / sizeof(actors[0]))

static const struct actor *actor;
static unsigned act_before;
static enum faulty_member acted_before; /* the call that came next */

static void hook(void *user, enum faulty_member member, unsigned total)
{
    (void)user;
    if (total != act_before)
        return;
    acted_before = member;
    actor->act();
}

static void arm(const struct actor *who, unsigned nth)
{
    actor = who;
    act_before = nth;
    acted = false;
    number_reused = false;
    rival = (struct listener){.fd = -1, .file = {.dir = -1}};
    os.total = 0;
    os.before = hook;
}

static void clean_up(void)
{
    char lock[TEMPDIR_JOINED_MAX];

    os.before = NULL;
    listener_close(sp_os_linux(), &rival);
    (void)remove(path);
    (void)remove(tempdir_join(&dir, "d/.s.lock", lock));
    (void)remove(tempdir_join(&dir, "old/.s.lock", lock));
    (void)remove(tempdir_join(&dir, "old/s", lock));
    (void)rmdir(old);
}

static struct criterion_test_params all_actors(void)
{
    static size_t numbers[ACTORS];

    for (size_t i = 0; i < ACTORS; i++)
        numbers[i] = i;
    return cr_make_param_array(size_t, numbers, ACTORS);
}

/* After our last look at the name only the lock is given back: three calls. The last look at the
 * path, which opens its directory, is four calls earlier. What somebody does then is no different
 * from what he does an hour later. */
static unsigned calls_after_last_look(void)
{
    return actor->act == act_swap_directory ? 7 : 3;
}

/* The system cannot be told which node is meant: whoever acts right before the removal itself acts
 * at his own risk. And who gets a stale file's inode number does so right before our last look. */
static bool at_his_own_risk(void)
{
    return acted_before == FAULTY_UNLINK_AT || (number_reused && acted_before == FAULTY_STAT_AT);
}

/* Nobody may be displaced: whatever the actor put there is there still. */
static void assert_rival_unharmed(unsigned nth)
{
    struct stat node;

    if (!acted || at_his_own_risk())
        return;
    if (rival.fd >= 0)
        cr_assert(raw_reaches(path, rival.fd), "%s, before call %u (%s): displaced", actor->what,
                  nth, faulty_member_name(acted_before));
    if (actor->act == act_plant_file || actor->act == act_replace_by_file)
        cr_assert(lstat(path, &node) == 0 && S_ISREG(node.st_mode) && node.st_size == 8);
}

static void listen_against(const struct actor *who, bool at_stale)
{
    unsigned calls = 0;
    unsigned won = 0;
    unsigned lost = 0;

    for (unsigned nth = 1; nth == 1 || nth <= calls + 1; nth++) {
        struct snapshot descriptors = snapshot_descriptors();
        struct snapshot now;
        struct listener ours;

        if (at_stale)
            raw_stale(path);
        arm(who, nth);
        ours =
            listener_open(&os.os, path, (struct listen_options){.access = 0770, .take_over = true});
        calls = os.total;
        os.before = NULL;
        if (ours.result == SP_OK) {
            won++;
            if (nth <= calls - calls_after_last_look())
                cr_assert(raw_reaches(path, ours.fd), "%s, before call %u (%s): lost unnoticed",
                          who->what, nth, faulty_member_name(acted_before));
            cr_assert(rival.fd < 0 || nth > calls - calls_after_last_look() || at_his_own_risk(),
                      "%s, before call %u: both think they have won", who->what, nth);
        } else {
            lost++;
            cr_assert(acted, "%s, before call %u: lost against nobody", who->what, nth);
            cr_assert_eq(ours.result, SP_ERROR_ADDRESS_IN_USE, "%s, before call %u (%s): %d, %s",
                         who->what, nth, faulty_member_name(acted_before), ours.result,
                         sp_cause_string((enum sp_cause)ours.fault.cause));
        }
        assert_rival_unharmed(nth);
        listener_close(sp_os_linux(), &ours);
        assert_rival_unharmed(nth);
        clean_up();
        now = snapshot_descriptors();
        cr_assert_str_eq(now.text, descriptors.text);
    }
    cr_assert_gt(won, 0);
    cr_assert(lost > 0 || who->act == act_listen || who->act == act_remove_and_listen ||
                  who->act == act_steal_lock || at_stale,
              "%s: must have been noticed at least once", who->what);
}

ParameterizedTestParameters(sockfile_race, somebody_acts_while_we_start)
{
    return all_actors();
}

/* Covers: PERM-08, PERM-01, FDLT-14 */
ParameterizedTest(size_t *number, sockfile_race, somebody_acts_while_we_start)
{
    listen_against(&actors[*number], false);
}

ParameterizedTestParameters(sockfile_race, somebody_acts_while_we_take_over)
{
    return all_actors();
}

/* Covers: PERM-08, FDLT-14 */
ParameterizedTest(size_t *number, sockfile_race, somebody_acts_while_we_take_over)
{
    listen_against(&actors[*number], true);
}

/* The stale file goes by itself, before one of the calls that follow the first, vain bind(). */
static unsigned remove_after_bind;

static void remove_then(void *user, enum faulty_member member, unsigned total)
{
    static unsigned bound;

    (void)user;
    if (member == FAULTY_BIND && os.calls[FAULTY_BIND] == 1)
        bound = total;
    if (os.calls[FAULTY_BIND] == 1 && total == bound + remove_after_bind)
        (void)unlink(path);
}

Test(sockfile_race, a_name_that_becomes_free_meanwhile_is_taken)
{
    for (remove_after_bind = 1; remove_after_bind <= 6; remove_after_bind++) {
        struct listener listener;

        raw_stale(path);
        faulty_os_init(&os, sp_os_linux());
        os.before = remove_then;
        listener = listener_open(&os.os, path, (struct listen_options){.take_over = true});
        cr_assert_eq(listener.result, SP_OK, "removed %u calls after bind", remove_after_bind);
        cr_assert_eq(os.calls[FAULTY_BIND], 2);
        listener_close(sp_os_linux(), &listener);
    }
}

/* Somebody who puts a new stale file there whenever we have removed one. */
static void plant_before_bind(void *user, enum faulty_member member, unsigned total)
{
    (void)user;
    (void)total;
    if (member == FAULTY_BIND)
        raw_stale(path);
}

Test(sockfile_race, a_name_that_never_stays_free_is_given_up)
{
    struct listener listener;

    os.before = plant_before_bind;
    listener = listener_open(&os.os, path, (struct listen_options){.take_over = true});
    os.before = NULL;
    cr_assert_eq(listener.result, SP_ERROR_ADDRESS_IN_USE);
    cr_assert_eq(listener.fault.cause, SP_CAUSE_BUSY);
    cr_assert_leq(os.calls[FAULTY_BIND], 10);
}

ParameterizedTestParameters(sockfile_race, somebody_acts_while_we_close)
{
    return all_actors();
}

/* Covers: FDLT-13 */
ParameterizedTest(size_t *number, sockfile_race, somebody_acts_while_we_close)
{
    unsigned calls = 0;

    for (unsigned nth = 1; nth == 1 || nth <= calls; nth++) {
        struct listener ours = listener_open(sp_os_linux(), path, (struct listen_options){0});

        MUST(ours.result == SP_OK);
        arm(&actors[*number], nth);
        listener_close(&os.os, &ours);
        calls = os.total;
        os.before = NULL;
        assert_rival_unharmed(nth);
        clean_up();
    }
    cr_assert_gt(calls, 8);
}

ParameterizedTestParameters(sockfile_race, somebody_acts_while_we_remove)
{
    return all_actors();
}

/* Covers: PERM-08, PATH-15 */
ParameterizedTest(size_t *number, sockfile_race, somebody_acts_while_we_remove)
{
    unsigned calls = 0;

    for (unsigned nth = 1; nth == 1 || nth <= calls; nth++) {
        struct sp__fault fault;

        raw_stale(path);
        arm(&actors[*number], nth);
        (void)remove_path(&os.os, path, SP_REMOVE_STALE, &fault);
        calls = os.total;
        os.before = NULL;
        assert_rival_unharmed(nth);
        clean_up();
    }
    cr_assert_gt(calls, 8);
}
