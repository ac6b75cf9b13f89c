/* SPDX-License-Identifier: MIT */
/*
 * Walking a path on the real kernel: core/src/walk.c.
 *
 * Where a path leads must be where the kernel says it leads, and every failure must leave nothing
 * open. Judgement over whole random trees: test_walk_tree.c.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "node.h"
#include "walk.h"

#include "tests/support/as_uid.h"
#include "tests/support/faulty_os.h"
#include "tests/support/must.h"
#include "tests/support/snapshot.h"
#include "tests/support/tempdir.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct tempdir dir;
static struct faulty_os os;
static struct snapshot open_before;

static void set_up(void)
{
    dir = tempdir_make();
    faulty_os_init(&os, sp_os_linux());
    open_before = snapshot_descriptors();
}

static void tear_down(void)
{
    tempdir_remove(&dir);
}

TestSuite(walk, .init = set_up, .fini = tear_down);

static char *below(const char *leaf)
{
    static char path[TEMPDIR_JOINED_MAX];

    return tempdir_join(&dir, leaf, path);
}

static void make_directory(const char *leaf)
{
    MUST(mkdir(below(leaf), 0700) == 0);
}

static void make_link(const char *leaf, const char *text)
{
    MUST(symlink(text, below(leaf)) == 0);
}

static int walk(const char *path, enum sp_trust trust, struct sp__place *place,
                struct sp__fault *fault)
{
    return sp__walk(&os.os, path, strlen(path), trust, place, fault);
}

static void assert_nothing_open(void)
{
    struct snapshot now = snapshot_descriptors();

    cr_assert_str_eq(now.text, open_before.text);
}

/* The walk must end in the directory that the kernel finds for @directory. */
static void assert_leads_to(const char *path, const char *directory, const char *leaf)
{
    struct sp__fault fault;
    struct sp__place place;
    struct sp_os_stat held;
    struct stat real;

    cr_assert_eq(walk(path, SP_TRUST_OFF, &place, &fault), SP_OK, "%s", path);
    MUST(stat(directory, &real) == 0);
    cr_assert_eq(place.dir_stat.dev, real.st_dev, "%s", path);
    cr_assert_eq(place.dir_stat.ino, real.st_ino, "%s", path);
    cr_assert_eq(os.base->stat_fd(os.base->ctx, place.dir, &held), 0);
    cr_assert(sp__node_same(&held, &place.dir_stat), "the handle is what was judged");
    cr_assert_str_eq(place.leaf, leaf);
    sp__walk_end(&os.os, &place);
    cr_assert_lt(place.dir, 0);
    assert_nothing_open();
}

static void assert_fails(const char *path, int error, enum sp_cause cause, int os_errno)
{
    struct sp__fault fault;
    struct sp__place place = {.dir = 77};

    cr_assert_eq(walk(path, SP_TRUST_OFF, &place, &fault), error, "%s", path);
    cr_assert_eq(fault.error, error, "%s", path);
    cr_assert_eq(fault.operation, SP_OPERATION_DIRECTORY, "%s", path);
    cr_assert_eq(fault.cause, cause, "%s", path);
    cr_assert_eq(fault.os_errno, os_errno, "%s", path);
    cr_assert_eq(place.dir, 77, "nothing is written on failure");
    assert_nothing_open();
}

/* ---- where it leads ---- */

Test(walk, dots_and_slashes_lead_where_the_kernel_says)
{
    static const char *const spellings[] = {
        "a/b/s",      "a//b///s",   "./a/./b/./s",        "a/../a/b/s",
        "a/b/../b/s", "a/b/c/../s", "a/b/../../a/./b//s", ".//a/b/c/d/../../s",
    };
    char directory[TEMPDIR_JOINED_MAX];

    make_directory("a");
    make_directory("a/b");
    make_directory("a/b/c");
    make_directory("a/b/c/d");
    assert_leads_to("/x", "/", "x");
    assert_leads_to("///x", "/", "x");
    assert_leads_to("/../x", "/", "x");
    assert_leads_to("/./.././x", "/", "x");
    assert_leads_to("/...", "/", "...");
    assert_leads_to("/..x", "/", "..x");
    tempdir_join(&dir, "a/b", directory);
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++)
        assert_leads_to(below(spellings[i]), directory, "s");
}

Test(walk, links_are_followed_in_every_place_but_the_last)
{
    char directory[TEMPDIR_JOINED_MAX];

    make_directory("real");
    make_directory("real/deep");
    make_link("relative", "real");
    make_link("slash", "real/");
    make_link("absolute", tempdir_join(&dir, "real", directory));
    make_link("real/up", "..");
    make_link("far", "relative/deep");
    make_link("root", "/");
    assert_leads_to(below("relative/s"), directory, "s");
    assert_leads_to(below("slash/s"), directory, "s");
    assert_leads_to(below("absolute/s"), directory, "s");
    assert_leads_to(below("absolute/up/relative/up/real/s"), directory, "s");
    assert_leads_to(below("relative/up/s"), dir.path, "s");
    assert_leads_to(below("root/s"), "/", "s");
    /* ".." is the parent of where the link leads; to cut "far/.." from the text would be wrong. */
    assert_leads_to(below("far/../s"), directory, "s");
    /* The last component is not looked at, whatever it is. */
    assert_leads_to(below("relative"), dir.path, "relative");
    assert_leads_to(below("real"), dir.path, "real");
    assert_leads_to(below("missing"), dir.path, "missing");
}

/* Links "l1" -> "l2" -> ... -> "lCOUNT" -> "." */
static void make_chain(unsigned count)
{
    char name[16];
    char text[16];

    for (unsigned i = 1; i <= count; i++) {
        (void)snprintf(name, sizeof(name), "l%u", i);
        (void)snprintf(text, sizeof(text), i < count ? "l%u" : ".", i + 1);
        make_link(name, text);
    }
}

Test(walk, as_many_links_as_the_kernel_follows_and_not_one_more)
{
    struct stat node;

    make_chain(SP_LINKS_MAX + 1);
    MUST(stat(below("l2/."), &node) == 0 && stat(below("l1/."), &node) < 0 && errno == ELOOP);
    assert_leads_to(below("l2/s"), dir.path, "s");
    assert_fails(below("l1/s"), SP_ERROR_UNTRUSTED, SP_CAUSE_LINK_LOOP, 0);
}

Test(walk, a_link_to_itself_ends)
{
    make_link("self", "self");
    make_link("ping", "pong");
    make_link("pong", "ping/x");
    assert_fails(below("self/s"), SP_ERROR_UNTRUSTED, SP_CAUSE_LINK_LOOP, 0);
    assert_fails(below("ping/s"), SP_ERROR_UNTRUSTED, SP_CAUSE_LINK_LOOP, 0);
}

/* ---- where it ends ---- */

/* Covers: PATH-18 */
Test(walk, what_can_only_be_a_directory_is_refused)
{
    static const char *const names[] = {"a/", "a/.", "a/..", "a/b/", ".", "..", "//"};

    make_directory("a");
    assert_fails("/", SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_NAME_IS_DIRECTORY, 0);
    assert_fails("/..", SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_NAME_IS_DIRECTORY, 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_fails(below(names[i]), SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_NAME_IS_DIRECTORY, 0);
    cr_assert_eq(os.total, 0, "known without a look");
}

Test(walk, what_is_missing_or_in_the_way_is_the_kernels_error)
{
    char path[600];

    make_link("dangling", "nowhere");
    tempdir_file(&dir, "file", "");
    make_link("link", "file");
    assert_fails(below("missing/s"), SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_OS, ENOENT);
    assert_fails(below("dangling/s"), SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_OS, ENOENT);
    assert_fails(below("file/s"), SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_OS, ENOTDIR);
    assert_fails(below("link/s"), SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_OS, ENOTDIR);
    assert_fails(below("file/../s"), SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_OS, ENOTDIR);
    memset(path, 'n', sizeof(path));
    memcpy(path, "/", 1);
    memcpy(path + 1 + 256, "/s", 3);
    assert_fails(path, SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_OS, ENAMETOOLONG);
}

/* A link whose text is one component, then "/", then @dots times "./", in @directory. */
static void make_long_link(const char *leaf, size_t dots)
{
    char text[5000];
    size_t length = 0;

    for (size_t i = 0; i < dots; i++) {
        memcpy(text + length, "./", 2);
        length += 2;
    }
    text[length] = '\0';
    make_link(leaf, text);
}

Test(walk, text_that_outgrows_its_bound_is_refused_not_cut)
{
    char path[TEMPDIR_JOINED_MAX];

    /* 4080 bytes, and below it a rest that leaves room for the first and not for the second. */
    make_long_link("long", 2040);
    assert_leads_to(below("long/s"), dir.path, "s");
    (void)snprintf(path, sizeof(path), "%s/long/%s/s", dir.path, "./././././././.");
    assert_fails(path, SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_OS, ENAMETOOLONG);
    make_long_link("longest", 2047);
    assert_fails(below("longest/s"), SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_OS, ENAMETOOLONG);
}

Test(walk, a_last_component_that_no_address_can_hold_is_refused)
{
    char path[SP_WALK_PATH_MAX + 16];

    memset(path, 'n', sizeof(path));
    path[0] = '/';
    path[1 + SP_PATH_MAX] = '\0';
    assert_leads_to(path, "/", path + 1);
    path[1 + SP_PATH_MAX] = 'n';
    path[2 + SP_PATH_MAX] = '\0';
    assert_fails(path, SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_NAME_TOO_LONG, 0);
    /* Nor one behind more than can be walked. */
    memset(path, '/', sizeof(path));
    memcpy(path + SP_WALK_PATH_MAX, "s", 2);
    assert_leads_to(path, "/", "s");
    memcpy(path + SP_WALK_PATH_MAX, "/s", 3);
    assert_fails(path, SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_NAME_TOO_LONG, 0);
}

/* A file system whose link has a NUL in its text. */
static int link_with_nul(void *ctx, int at, const char *name, char *ret, size_t capacity)
{
    (void)ctx;
    (void)at;
    (void)name;
    MUST(capacity >= 5);
    memcpy(ret, "a\0b/c", 5);
    return 5;
}

/* Covers: PATH-07 */
Test(walk, a_nul_in_a_link_does_not_end_it)
{
    make_directory("a");
    make_link("link", "a");
    os.os.readlink_at = link_with_nul;
    assert_fails(below("link/s"), SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_NAME_HAS_NUL, 0);
}

static int walk_for_nobody(void *path)
{
    struct sp__fault fault;
    struct sp__place place;

    if (sp__walk(sp_os_linux(), path, strlen(path), SP_TRUST_OFF, &place, &fault) == SP_OK)
        return 0;
    return fault.os_errno;
}

Test(walk, search_permission_is_all_it_needs)
{
    REQUIRE_ROOT();
    make_directory("a");
    make_directory("a/b");
    MUST(chmod(dir.path, 0711) == 0 && chmod(below("a"), 0001) == 0);
    cr_assert_eq(as_nobody(walk_for_nobody, below("a/b/s")), 0);
    MUST(chmod(below("a"), 0766) == 0);
    cr_assert_eq(as_nobody(walk_for_nobody, below("a/b/s")), EACCES);
}

/* ---- what it trusts ---- */

struct judgement {
    char what[24];
    uid_t owner;
    mode_t mode;
    int strict; /* enum sp_cause under each enum sp_trust */
    int group;
};

static struct judgement judgements[] = {
    {"private", 0, 0700, SP_CAUSE_NONE, SP_CAUSE_NONE},
    {"readable", 0, 0755, SP_CAUSE_NONE, SP_CAUSE_NONE},
    {"group", 0, 0775, SP_CAUSE_DIRECTORY_WRITABLE, SP_CAUSE_NONE},
    {"others", 0, 0757, SP_CAUSE_DIRECTORY_WRITABLE, SP_CAUSE_DIRECTORY_WRITABLE},
    {"write only", 0, 0722, SP_CAUSE_DIRECTORY_WRITABLE, SP_CAUSE_DIRECTORY_WRITABLE},
    {"shared", 0, 01777, SP_CAUSE_NONE, SP_CAUSE_NONE},
    {"foreign", 65534, 0755, SP_CAUSE_DIRECTORY_OWNER, SP_CAUSE_DIRECTORY_OWNER},
    {"foreign, sticky", 65534, 01777, SP_CAUSE_DIRECTORY_OWNER, SP_CAUSE_DIRECTORY_OWNER},
};

ParameterizedTestParameters(walk, each_directory_is_judged)
{
    return cr_make_param_array(struct judgement, judgements,
                               sizeof(judgements) / sizeof(judgements[0]));
}

static void assert_judged(const char *path, enum sp_trust trust, int cause)
{
    struct sp__fault fault;
    struct sp__place place;
    int r = walk(path, trust, &place, &fault);

    cr_assert_eq(r, cause == SP_CAUSE_NONE ? SP_OK : SP_ERROR_UNTRUSTED, "%s", path);
    if (r == SP_OK)
        sp__walk_end(&os.os, &place);
    else
        cr_assert_eq((int)fault.cause, cause, "%s", path);
    assert_nothing_open();
}

static int judge_in_root(void *arg)
{
    struct judgement *j = arg;
    struct sp__fault fault;
    struct sp__place place;
    int r;

    MUST(chroot(dir.path) == 0 && chdir("/") == 0);
    r = sp__walk(sp_os_linux(), "/s", 2, SP_TRUST_STRICT, &place, &fault);
    return r == SP_OK ? j->strict == SP_CAUSE_NONE : (int)fault.cause == j->strict;
}

/* Covers: PERM-10, PERM-12 */
ParameterizedTest(struct judgement *j, walk, each_directory_is_judged)
{
    REQUIRE_ROOT();
    make_directory("a");
    make_directory("a/b");
    make_directory("a/c");
    make_link("link", "a");
    MUST(chown(below("a"), j->owner, 0) == 0 && chmod(below("a"), j->mode) == 0);
    /* as the last directory, on the way, by a link, and on the way up again */
    for (unsigned i = 0; i < 4; i++) {
        static const char *const paths[] = {"a/s", "a/b/s", "link/s", "a/b/../c/s"};

        assert_judged(below(paths[i]), SP_TRUST_STRICT, j->strict);
        assert_judged(below(paths[i]), SP_TRUST_GROUP, j->group);
        assert_judged(below(paths[i]), SP_TRUST_OFF, SP_CAUSE_NONE);
    }
    /* and as "/" */
    MUST(chown(dir.path, j->owner, 0) == 0 && chmod(dir.path, j->mode) == 0);
    cr_assert(as_child(judge_in_root, j), "%s", j->what);
    MUST(chown(dir.path, 0, 0) == 0);
}

Test(walk, a_link_is_judged_by_its_owner)
{
    REQUIRE_ROOT();
    make_directory("a");
    make_link("ours", "a");
    make_link("foreign", "a");
    make_link("indirect", "foreign");
    MUST(lchown(below("foreign"), NOBODY, NOGROUP) == 0);
    assert_judged(below("ours/s"), SP_TRUST_STRICT, SP_CAUSE_NONE);
    assert_judged(below("foreign/s"), SP_TRUST_STRICT, SP_CAUSE_LINK_OWNER);
    assert_judged(below("foreign/s"), SP_TRUST_GROUP, SP_CAUSE_LINK_OWNER);
    assert_judged(below("indirect/s"), SP_TRUST_STRICT, SP_CAUSE_LINK_OWNER);
    assert_judged(below("foreign/s"), SP_TRUST_OFF, SP_CAUSE_NONE);
}

/* ---- when something fails or changes on the way ---- */

static const char *prepare_long_way(void)
{
    char absolute[TEMPDIR_JOINED_MAX];

    make_directory("a");
    make_directory("a/b");
    make_link("a/b/link", "../../a");
    make_link("absolute", tempdir_join(&dir, "a/b", absolute));
    return below("absolute/../b/link/b/s");
}

Test(walk, any_call_may_fail_and_nothing_stays_open)
{
    static const int errors[] = {EMFILE, EACCES, EIO, ENOMEM};
    const char *path = prepare_long_way();
    unsigned nth = 0;

    do {
        nth++;
        for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
            struct sp__fault fault;
            struct sp__place place;
            int r;

            faulty_os_plan(&os, (struct faulty_plan){.nth = nth, .error = errors[i]});
            r = walk(path, SP_TRUST_OFF, &place, &fault);
            /* Whether close() works changes nothing. */
            if (os.failed == 0 || os.failed_member == FAULTY_CLOSE) {
                cr_assert_eq(r, SP_OK);
                sp__walk_end(&os.os, &place);
            } else {
                cr_assert_eq(fault.os_errno, errors[i], "call %u", nth);
                cr_assert_eq(r, fault.error);
            }
            assert_nothing_open();
        }
    } while (os.failed > 0);
    cr_assert_gt(nth, 20, "the sweep must have seen the whole walk");
}

/* Covers: SIGN-04 */
Test(walk, an_interrupted_call_is_made_again)
{
    const char *path = prepare_long_way();
    unsigned nth = 0;

    do {
        struct sp__fault fault;
        struct sp__place place;

        faulty_os_plan(&os, (struct faulty_plan){.nth = ++nth, .error = EINTR});
        cr_assert_eq(walk(path, SP_TRUST_OFF, &place, &fault), SP_OK);
        sp__walk_end(&os.os, &place);
        assert_nothing_open();
    } while (os.failed > 0);
}

Test(walk, a_storm_of_interruptions_ends)
{
    const char *path = prepare_long_way();
    struct sp__fault fault;
    struct sp__place place;

    faulty_os_plan(&os, (struct faulty_plan){.nth = 1, .error = EINTR, .from_there_on = true});
    cr_assert_lt(walk(path, SP_TRUST_OFF, &place, &fault), 0);
    cr_assert_eq(fault.os_errno, EINTR);
    cr_assert_leq(os.total, SP_EINTR_RETRIES);
}

/* Another process, right before the call with this number: the directory "a" is another one. */
static unsigned swap_before;

static void swap_a(void *user, enum faulty_member member, unsigned total)
{
    char old[TEMPDIR_JOINED_MAX];

    (void)user;
    (void)member;
    if (total != swap_before)
        return;
    MUST(rename(tempdir_join(&dir, "a", old), below("old")) == 0);
    make_directory("a");
    MUST(chmod(below("a"), 0777) == 0);
}

/* Whenever it happens, the directory that is returned is one that was judged, and the one that is
 * judged badly is never returned. */
Test(walk, what_is_judged_is_what_is_returned)
{
    bool old_one_seen = false;
    bool refusal_seen = false;
    unsigned calls = 0;

    for (swap_before = 1; swap_before == 1 || swap_before <= calls + 1; swap_before++) {
        struct sp__fault fault;
        struct sp__place place;
        struct stat real;
        int r;

        MUST(mkdir(below("a"), 0700) == 0 && mkdir(below("a/b"), 0700) == 0);
        os.total = 0;
        os.before = swap_a;
        r = walk(below("a/s"), SP_TRUST_STRICT, &place, &fault);
        os.before = NULL;
        calls = os.total;
        if (r == SP_OK) {
            MUST(swap_before > calls ? stat(below("a"), &real) == 0
                                     : stat(below("old"), &real) == 0);
            cr_assert_eq(place.dir_stat.ino, real.st_ino, "swap before call %u", swap_before);
            old_one_seen |= swap_before <= calls;
            sp__walk_end(&os.os, &place);
        } else {
            cr_assert_eq(r, SP_ERROR_UNTRUSTED);
            cr_assert_eq(fault.cause, SP_CAUSE_DIRECTORY_WRITABLE);
            refusal_seen = true;
        }
        if (swap_before <= calls)
            MUST(rmdir(below("old/b")) == 0 && rmdir(below("old")) == 0);
        else
            MUST(rmdir(below("a/b")) == 0);
        MUST(rmdir(below("a")) == 0);
    }
    cr_assert(old_one_seen && refusal_seen, "the race must have been lost and won");
}

/* Covers: FDLT-04 */
Test(walk, descriptor_zero_is_as_good_as_any_other)
{
    struct sp__fault fault;
    struct sp__place place;
    /* Where there is no standard input, the test framework has something of its own there. */
    int saved = fcntl(0, F_DUPFD_CLOEXEC, 100);

    (void)close(0);
    open_before = snapshot_descriptors();
    make_directory("a");
    cr_assert_eq(walk(below("a/s"), SP_TRUST_OFF, &place, &fault), SP_OK);
    sp__walk_end(&os.os, &place);
    assert_nothing_open();
    if (saved >= 0)
        MUST(dup2(saved, 0) == 0);
}
