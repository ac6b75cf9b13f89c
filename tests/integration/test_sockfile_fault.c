/* SPDX-License-Identifier: MIT */
/*
 * Socket files while system calls fail: core/src/sockfile.c, sockfile_remove.c, lock.c, node.c.
 *
 * Each scene is played again and again: with the first call failing, then the second, and so on
 * until nothing fails any more; each time with every error, once and from there on. Whatever fails,
 * what was there before is there afterwards, no descriptor stays open, and a refused call leaves no
 * file of its own.
 *
 * Two things are allowed, because nothing else is possible: a stale file that was to be replaced
 * may be gone; and when the very removal of a file of ours fails, that file stays.
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
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct tempdir dir;
static struct faulty_os os;
static char path[TEMPDIR_JOINED_MAX]; /* "DIR/way/s", and way is a link to "real" */
static char real[TEMPDIR_JOINED_MAX]; /* "DIR/real" */
static int server;                    /* the live one, or -1 */

static void set_up(void)
{
    char link[TEMPDIR_JOINED_MAX];

    dir = tempdir_make();
    MUST(mkdir(tempdir_join(&dir, "real", real), 0700) == 0);
    MUST(symlink("real", tempdir_join(&dir, "way", link)) == 0);
    tempdir_file(&dir, "real/neighbour", "precious");
    tempdir_join(&dir, "way/s", path);
    server = -1;
    faulty_os_init(&os, sp_os_linux());
}

static void tear_down(void)
{
    tempdir_remove(&dir);
}

TestSuite(sockfile_fault, .init = set_up, .fini = tear_down);

/* ---- scenes ---- */

static void nothing(void)
{
}

static void stale(void)
{
    raw_stale(path);
}

static void alive(void)
{
    server = raw_listen(path, 100);
    MUST(server >= 0);
}

static void regular_file(void)
{
    tempdir_file(&dir, "real/s", "precious too");
}

/* Takes bits away, so that the mode has to be set again after bind. */
static void narrow_umask(void)
{
    (void)umask(0077);
}

static struct listener listener;

static int run_listen(struct sp__fault *fault, bool take_over)
{
    listener = listener_open(
        &os.os, path, (struct listen_options){.access = SP_ACCESS_WORLD, .take_over = take_over});
    *fault = listener.fault;
    return listener.result;
}

static int listen_only(struct sp__fault *fault)
{
    return run_listen(fault, false);
}

static int listen_or_take_over(struct sp__fault *fault)
{
    return run_listen(fault, true);
}

static int remove_stale(struct sp__fault *fault)
{
    return remove_path(&os.os, path, SP_REMOVE_STALE, fault);
}

static int remove_any(struct sp__fault *fault)
{
    return remove_path(&os.os, path, SP_REMOVE_ALIVE, fault);
}

/* Parameters are copied to a process where functions lie elsewhere: so they are numbers. */
static const struct scene {
    const char *what;
    void (*plant)(void);
    int (*run)(struct sp__fault *fault);
    int result; /* when nothing fails */
    bool may_lose_s;
} scenes[] = {
    {"listen", nothing, listen_only, SP_OK, false},
    {"listen, mode set again", narrow_umask, listen_only, SP_OK, false},
    {"listen at a stale socket", stale, listen_only, SP_ERROR_ADDRESS_IN_USE, false},
    {"take over a stale socket", stale, listen_or_take_over, SP_OK, true},
    {"take over a live server", alive, listen_or_take_over, SP_ERROR_ADDRESS_IN_USE, false},
    {"take over a regular file", regular_file, listen_or_take_over, SP_ERROR_ADDRESS_IN_USE, false},
    {"remove a stale socket", stale, remove_stale, SP_OK, true},
    {"remove a live server, if stale", alive, remove_stale, SP_ERROR_ADDRESS_IN_USE, false},
    {"remove a live server", alive, remove_any, SP_OK, true},
    {"remove a regular file", regular_file, remove_any, SP_ERROR_ADDRESS_IN_USE, false},
    {"remove nothing", nothing, remove_any, SP_ERROR_SERVER_NOT_FOUND, false},
};

#define SCENES (sizeof(scenes) / sizeof(scenes[0]))

static struct criterion_test_params all_scenes(void)
{
    static size_t numbers[SCENES];

    for (size_t i = 0; i < SCENES; i++)
        numbers[i] = i;
    return cr_make_param_array(size_t, numbers, SCENES);
}

/* The stage for one run, and what must be left of it. */
struct stage {
    struct snapshot files;
    struct snapshot files_without_s;
    struct snapshot descriptors;
};

static void clear(void)
{
    char lock[TEMPDIR_JOINED_MAX];

    (void)unlink(path);
    (void)unlink(tempdir_join(&dir, "real/.s.lock", lock));
    if (server >= 0)
        (void)close(server);
    server = -1;
    listener = (struct listener){.fd = -1, .file = {.dir = -1}};
}

static struct stage set_stage(const struct scene *scene)
{
    struct stage stage;

    clear();
    stage.files_without_s = snapshot_of(dir.path);
    scene->plant();
    stage.files = snapshot_of(dir.path);
    stage.descriptors = snapshot_descriptors();
    return stage;
}

/* The lock file stays only where its removal, which looks first, was made to fail. */
static void excuse_lock(void)
{
    char lock[TEMPDIR_JOINED_MAX];

    if (os.failed_member == FAULTY_UNLINK_AT || os.failed_member == FAULTY_STAT_AT)
        (void)unlink(tempdir_join(&dir, "real/.s.lock", lock));
}

static void assert_descriptors(const struct stage *stage)
{
    struct snapshot now = snapshot_descriptors();

    cr_assert_str_eq(now.text, stage->descriptors.text);
}

static void assert_survivors(const struct scene *scene, const struct stage *stage, unsigned nth,
                             int error)
{
    struct snapshot now = snapshot_of(dir.path);
    const struct snapshot *least = scene->may_lose_s ? &stage->files_without_s : &stage->files;

    cr_assert(snapshot_holds(&now, least), "%s: call %u, %s: lost:\n%s\nof\n%s", scene->what, nth,
              strerror(error), now.text, least->text);
    if (server >= 0 && scene->run != remove_any)
        cr_assert(raw_reaches(path, server), "%s: call %u, %s", scene->what, nth, strerror(error));
}

static void assert_refusal_left_nothing(const struct scene *scene, const struct stage *stage,
                                        unsigned nth, int error)
{
    struct snapshot now;

    excuse_lock();
    now = snapshot_of(dir.path);
    if (strcmp(now.text, stage->files.text) == 0)
        return;
    cr_assert(scene->may_lose_s && strcmp(now.text, stage->files_without_s.text) == 0,
              "%s: call %u (%s), %s: left:\n%s\nbefore:\n%s", scene->what, nth,
              faulty_member_name(os.failed_member), strerror(error), now.text, stage->files.text);
}

/* Leaves nothing behind. */
static void assert_success_is_real(const struct scene *scene, unsigned nth)
{
    struct stat node;

    if (listener.fd < 0) {
        cr_assert_lt(lstat(path, &node), 0, "%s: call %u: still there", scene->what, nth);
        return;
    }
    cr_assert(raw_reaches(path, listener.fd), "%s: call %u: nobody there", scene->what, nth);
    MUST(lstat(path, &node) == 0);
    cr_assert_eq(node.st_mode & 07777, 0777);
    faulty_os_plan(&os, (struct faulty_plan){0});
    listener_close(&os.os, &listener);
    cr_assert_lt(lstat(path, &node), 0);
}

/* One run. Whether the plan struck: false means that there are not that many calls. */
static bool play(const struct scene *scene, struct faulty_plan plan)
{
    struct stage stage = set_stage(scene);
    struct sp__fault fault;
    bool struck;
    int result;

    faulty_os_plan(&os, plan);
    result = scene->run(&fault);
    struck = os.failed > 0;
    if (!struck)
        cr_assert_eq(result, scene->result, "%s: without a failure", scene->what);
    assert_survivors(scene, &stage, plan.nth, plan.error);
    if (result < 0) {
        cr_assert_eq(fault.error, result);
        if (!plan.from_there_on)
            assert_refusal_left_nothing(scene, &stage, plan.nth, plan.error);
    } else {
        cr_assert_eq(scene->result, SP_OK, "%s: call %u (%s) made a success of a refusal",
                     scene->what, plan.nth, faulty_member_name(os.failed_member));
        assert_success_is_real(scene, plan.nth);
    }
    assert_descriptors(&stage);
    return struck;
}

static const int errors[] = {EIO, EMFILE, EACCES, ENOMEM};

static unsigned sweep(const struct scene *scene, bool from_there_on)
{
    unsigned nth = 0;
    bool struck;

    do {
        nth++;
        struck = false;
        for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
            struck |=
                play(scene, (struct faulty_plan){
                                .nth = nth, .error = errors[i], .from_there_on = from_there_on});
    } while (struck);
    return nth - 1;
}

ParameterizedTestParameters(sockfile_fault, any_call_may_fail_once)
{
    return all_scenes();
}

/* Covers: FDLT-14, FDLT-20, PATH-15 */
ParameterizedTest(size_t *number, sockfile_fault, any_call_may_fail_once)
{
    cr_assert_gt(sweep(&scenes[*number], false), 8, "the sweep must have seen the whole call");
}

ParameterizedTestParameters(sockfile_fault, everything_may_fail_from_some_call_on)
{
    return all_scenes();
}

/* Covers: FDLT-14 */
ParameterizedTest(size_t *number, sockfile_fault, everything_may_fail_from_some_call_on)
{
    cr_assert_gt(sweep(&scenes[*number], true), 8);
}

ParameterizedTestParameters(sockfile_fault, an_interrupted_call_is_made_again)
{
    return all_scenes();
}

/* Covers: SIGN-04, SIGN-05 */
ParameterizedTest(size_t *number, sockfile_fault, an_interrupted_call_is_made_again)
{
    const struct scene *scene = &scenes[*number];
    unsigned nth = 0;
    bool struck;

    do {
        struct stage stage = set_stage(scene);
        struct sp__fault fault;

        faulty_os_plan(&os, (struct faulty_plan){.nth = ++nth, .error = EINTR});
        cr_assert_eq(scene->run(&fault), scene->result, "%s: call %u (%s)", scene->what, nth,
                     faulty_member_name(os.failed_member));
        struck = os.failed > 0;
        if (scene->result == SP_OK) {
            struct snapshot now;

            assert_success_is_real(scene, nth);
            now = snapshot_of(dir.path);
            cr_assert_str_eq(now.text, stage.files_without_s.text);
        }
        assert_descriptors(&stage);
    } while (struck);
}

/* Here the file itself stays where its removal fails. */
static bool removal_may_have_failed(void)
{
    return os.plan.from_there_on || os.failed_member == FAULTY_UNLINK_AT ||
           os.failed_member == FAULTY_STAT_AT;
}

/* Covers: FDLT-05, FDLT-15 */
Test(sockfile_fault, close_gives_everything_back_whatever_fails)
{
    unsigned nth = 0;
    bool struck;

    do {
        nth++;
        struck = false;
        for (unsigned i = 0; i < 2 * sizeof(errors) / sizeof(errors[0]); i++) {
            struct stage stage = set_stage(&scenes[0]);
            struct sp__fault fault;
            struct snapshot now;

            faulty_os_plan(&os, (struct faulty_plan){0});
            MUST(listen_only(&fault) == SP_OK);
            faulty_os_plan(&os, (struct faulty_plan){
                                    .nth = nth, .error = errors[i / 2], .from_there_on = i % 2});
            listener_close(&os.os, &listener);
            struck |= os.failed > 0;
            now = snapshot_of(dir.path);
            if (removal_may_have_failed())
                cr_assert(snapshot_holds(&now, &stage.files));
            else
                cr_assert_str_eq(now.text, stage.files.text, "call %u (%s)", nth,
                                 faulty_member_name(os.failed_member));
            assert_descriptors(&stage);
        }
    } while (struck);
    cr_assert_gt(nth, 8);
}

/* The way through the kernel is part of the contract: what a listen costs is known. */
Test(sockfile_fault, a_listen_makes_no_call_that_it_does_not_need)
{
    struct sp__fault fault;

    MUST(listen_only(&fault) == SP_OK);
    cr_assert_eq(os.calls[FAULTY_BIND], 1);
    cr_assert_eq(os.calls[FAULTY_LISTEN], 1);
    cr_assert_eq(os.calls[FAULTY_SET_SOCKET_MODE], 1);
    cr_assert_eq(os.calls[FAULTY_CHMOD_AT], 1, "only because the umask of a test is not 0");
    cr_assert_eq(os.calls[FAULTY_CONNECT], 0, "nobody is asked when the name is free");
    cr_assert_eq(os.calls[FAULTY_UNLINK_AT], 1, "the lock file");
    listener_close(&os.os, &listener);
}
