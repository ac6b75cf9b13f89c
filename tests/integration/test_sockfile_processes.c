/* SPDX-License-Identifier: MIT */
/*
 * Socket files and many processes: who start at once, who remove while others start, who are
 * killed.
 *
 * Nothing here depends on how the processes happen to be scheduled: each round must end in one of
 * the states that are right.
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
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define STARTERS 3
#define ROUNDS 150

static const struct sp_os *os;
static struct tempdir dir;
static char path[TEMPDIR_JOINED_MAX]; /* "DIR/s" */

static void set_up(void)
{
    os = sp_os_linux();
    dir = tempdir_make();
    tempdir_join(&dir, "s", path);
}

static void tear_down(void)
{
    tempdir_remove(&dir);
}

TestSuite(sockfile_processes, .init = set_up, .fini = tear_down);

static bool exists(const char *name)
{
    struct stat node;

    return lstat(name, &node) == 0;
}

/* ---- a round: children that begin together and hold what they got until told ---- */

struct report {
    int result;
    int cause;
};

/* Ends of pipes are the signals: one that is closed is heard by all at once, and also when a failed
 * assertion ends the parent, so that no child outlives its test. */
struct stage {
    struct report *reports; /* shared, one per starter */
    int go[2];              /* closed: begin */
    int done[2];            /* a byte from each child that has finished */
    int over[2];            /* closed: the round is over */
    int children;
    pid_t pids[STARTERS + 1];
};

static struct report *share_reports(void)
{
    void *memory = mmap(NULL, STARTERS * sizeof(struct report), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    MUST(memory != MAP_FAILED);
    return memory;
}

static void wait_for_close(const int ends[2])
{
    char byte;

    MUST(read(ends[0], &byte, 1) == 0);
}

static void wait_for_bytes(const int ends[2], int count)
{
    char byte;

    for (int i = 0; i < count; i++)
        MUST(read(ends[0], &byte, 1) == 1);
}

static void tell(const int ends[2])
{
    MUST(write(ends[1], "", 1) == 1);
}

/* Starts a server; serves nobody, but is there until the round is over, then dies without a word.
 */
static void starter(const struct stage *stage, int number, struct listen_options options)
{
    struct listener listener;

    wait_for_close(stage->go);
    listener = listener_open(os, path, options);
    stage->reports[number] = (struct report){listener.result, listener.fault.cause};
    tell(stage->done);
    wait_for_close(stage->over);
}

/* Removes stale files, again and again, while the others start. */
static void remover(const struct stage *stage)
{
    struct sp__fault fault;

    wait_for_close(stage->go);
    for (int i = 0; i < 20; i++)
        (void)remove_path(os, path, SP_REMOVE_STALE, &fault);
    tell(stage->done);
    wait_for_close(stage->over);
}

static void begin_round(struct stage *stage, struct listen_options options, bool with_remover)
{
    MUST(pipe(stage->go) == 0 && pipe(stage->done) == 0 && pipe(stage->over) == 0);
    stage->children = STARTERS + with_remover;
    for (int i = 0; i < stage->children; i++) {
        MUST((stage->pids[i] = fork()) >= 0);
        if (stage->pids[i] > 0)
            continue;
        (void)close(stage->go[1]);
        (void)close(stage->over[1]);
        if (i < STARTERS)
            starter(stage, i, options);
        else
            remover(stage);
        _exit(0);
    }
    (void)close(stage->go[1]);
    wait_for_bytes(stage->done, stage->children);
}

static void end_round(struct stage *stage)
{
    (void)close(stage->over[1]);
    for (int i = 0; i < stage->children; i++) {
        int status;

        MUST(waitpid(stage->pids[i], &status, 0) == stage->pids[i]);
        cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    (void)close(stage->go[0]);
    (void)close(stage->over[0]);
    (void)close(stage->done[0]);
    (void)close(stage->done[1]);
}

struct tally {
    int winners;
    int busy;
    int alive;
};

static struct tally count(const struct stage *stage)
{
    struct tally tally = {0};

    for (int i = 0; i < STARTERS; i++) {
        const struct report *report = &stage->reports[i];

        cr_assert(report->result == SP_OK || report->result == SP_ERROR_ADDRESS_IN_USE, "cause: %s",
                  sp_cause_string((enum sp_cause)report->cause));
        tally.winners += report->result == SP_OK;
        tally.busy += report->result != SP_OK && report->cause == SP_CAUSE_BUSY;
        tally.alive += report->result != SP_OK && report->cause == SP_CAUSE_SERVER_ALIVE;
    }
    return tally;
}

/* One winner, whom a client reaches. With a remover about, who may hold the lock while all starters
 * come, there may be none. */
static void race_to_listen(bool at_stale, bool with_remover)
{
    struct stage stage = {.reports = share_reports()};
    int wins = 0;

    for (int round = 0; round < ROUNDS; round++) {
        struct tally tally;
        int client;

        (void)unlink(path);
        if (at_stale)
            raw_stale(path);
        begin_round(&stage, (struct listen_options){.take_over = at_stale}, with_remover);
        tally = count(&stage);
        cr_assert(tally.winners == 1 || (with_remover && tally.winners == 0), "round %d: %d won",
                  round, tally.winners);
        cr_assert_eq(tally.winners + tally.busy + tally.alive, STARTERS);
        client = raw_connect(path);
        cr_assert(client >= 0 || tally.winners == 0, "round %d: the path leads to nobody: %s",
                  round, strerror(-client));
        if (client >= 0)
            (void)close(client);
        wins += tally.winners;
        end_round(&stage);
    }
    cr_assert_gt(wins, ROUNDS / 10);
}

/* Covers: PERM-08 */
Test(sockfile_processes, of_those_who_start_at_once_one_wins)
{
    race_to_listen(false, false);
}

/* Covers: PERM-08 */
Test(sockfile_processes, of_those_who_take_over_at_once_one_wins)
{
    race_to_listen(true, false);
}

/* Covers: PERM-08, PATH-15 */
Test(sockfile_processes, removing_stale_files_meanwhile_harms_no_winner)
{
    race_to_listen(true, true);
}

Test(sockfile_processes, nobody_wins_a_stale_name_without_asking_for_it)
{
    struct stage stage = {.reports = share_reports()};
    struct snapshot before;
    struct snapshot after;

    raw_stale(path);
    before = snapshot_of(dir.path);
    for (int round = 0; round < ROUNDS / 3; round++) {
        begin_round(&stage, (struct listen_options){0}, false);
        for (int i = 0; i < STARTERS; i++) {
            cr_assert_eq(stage.reports[i].result, SP_ERROR_ADDRESS_IN_USE);
            cr_assert(stage.reports[i].cause == SP_CAUSE_STALE_SOCKET ||
                      stage.reports[i].cause == SP_CAUSE_BUSY);
        }
        end_round(&stage);
    }
    after = snapshot_of(dir.path);
    cr_assert_str_eq(after.text, before.text);
}

/* ---- processes that are killed ---- */

static unsigned die_before;

static void die(void *user, enum faulty_member member, unsigned total)
{
    (void)user;
    (void)member;
    if (total == die_before)
        (void)kill(getpid(), SIGKILL);
}

/* Listens and closes in a child that is killed right before call number @nth. Whether it came to
 * that. */
static bool killed_before_call(unsigned nth)
{
    pid_t pid;
    int status;

    MUST((pid = fork()) >= 0);
    if (pid == 0) {
        struct faulty_os faulty;
        struct listener listener;

        faulty_os_init(&faulty, os);
        die_before = nth;
        faulty.before = die;
        listener = listener_open(&faulty.os, path,
                                 (struct listen_options){.take_over = true, .access = 0777});
        listener_close(&faulty.os, &listener);
        _exit(listener.result == SP_OK ? 0 : 1);
    }
    MUST(waitpid(pid, &status, 0) == pid);
    MUST(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
}

static void restart_after_kill(bool at_stale)
{
    unsigned nth = 0;
    bool killed;

    do {
        struct listener again;
        struct snapshot files;

        if (at_stale)
            raw_stale(path);
        killed = killed_before_call(++nth);
        again = listener_open(os, path, (struct listen_options){.take_over = true});
        cr_assert_eq(again.result, SP_OK, "killed before call %u: %s", nth,
                     sp_cause_string((enum sp_cause)again.fault.cause));
        cr_assert(raw_reaches(path, again.fd));
        listener_close(os, &again);
        files = snapshot_of(dir.path);
        cr_assert_str_eq(files.text, "", "killed before call %u: something is left", nth);
    } while (killed);
    cr_assert_gt(nth, 25, "the sweep must have seen start and end");
}

/* Covers: SIGN-07, FDLT-15 */
Test(sockfile_processes, a_server_that_was_killed_anywhere_can_be_started_again)
{
    restart_after_kill(false);
}

/* Covers: SIGN-07 */
Test(sockfile_processes, also_when_it_was_just_taking_over)
{
    restart_after_kill(true);
}

/* Covers: SIGN-07 */
Test(sockfile_processes, kills_at_random_moments_leave_nothing_that_matters)
{
    unsigned random = 1;

    for (int round = 0; round < 100; round++) {
        struct listener again;
        pid_t pid;

        MUST((pid = fork()) >= 0);
        if (pid == 0) {
            MUST(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
            for (;;) {
                struct listener listener =
                    listener_open(os, path, (struct listen_options){.take_over = true});

                listener_close(os, &listener);
            }
        }
        random = random * 1664525u + 1013904223u;
        MUST(usleep(random >> 20) == 0);
        MUST(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
        again = listener_open(os, path, (struct listen_options){.take_over = true});
        cr_assert_eq(again.result, SP_OK);
        listener_close(os, &again);
        cr_assert_not(exists(path));
    }
}
