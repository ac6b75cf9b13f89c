/* SPDX-License-Identifier: MIT */
/*
 * Who may connect: the mode of a socket file, from its first instant, and what it means to other
 * users. No umask is touched on the way.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "tests/integration/listener.h"
#include "tests/support/as_uid.h"
#include "tests/support/faulty_os.h"
#include "tests/support/must.h"
#include "tests/support/raw.h"
#include "tests/support/snapshot.h"
#include "tests/support/tempdir.h"

#include <sunpath/peer.h>

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define OWNER ((uid_t)1000)
#define GROUP ((gid_t)1000)

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

TestSuite(permissions, .init = set_up, .fini = tear_down);

static unsigned mode_now(void)
{
    struct stat node;

    return lstat(path, &node) == 0 ? node.st_mode & 07777 : 0xffff;
}

/* Every sum of access bits. */
static unsigned access_of(unsigned number)
{
    return (number & 1 ? SP_ACCESS_USER : 0) | (number & 2 ? SP_ACCESS_GROUP : 0) |
           (number & 4 ? SP_ACCESS_OTHER : 0);
}

/* ---- the mode ---- */

static void listen_under(mode_t mask, unsigned access, unsigned expected)
{
    mode_t before = umask(mask);
    struct listener listener = listener_open(os, path, (struct listen_options){.access = access});

    cr_assert_eq(listener.result, SP_OK, "umask %o, access %o", (unsigned)mask, access);
    cr_assert_eq(mode_now(), expected, "umask %o, access %o: mode %o", (unsigned)mask, access,
                 mode_now());
    listener_close(os, &listener);
    cr_assert_eq(umask(before), mask, "the umask has been changed");
}

/* Covers: PERM-02, PERM-03, QT-G1 */
Test(permissions, the_mode_is_what_was_asked_for_under_every_umask)
{
    for (mode_t mask = 0; mask <= 0777; mask++) {
        for (unsigned number = 1; number < 8; number++)
            listen_under(mask, access_of(number), access_of(number));
    }
}

Test(permissions, only_when_asked_the_umask_decides)
{
    for (mode_t mask = 0; mask <= 0777; mask++)
        listen_under(mask, SP_ACCESS_UMASK, 0777 & ~mask);
}

/* Before every system call: if there is a file, it has no more rights than were asked for, and
 * while it has not all of them nobody listens yet. */
static unsigned access_asked;
static unsigned seen_narrow;

static void watch(void *user, enum faulty_member member, unsigned total)
{
    unsigned mode = mode_now();

    (void)total;
    (void)user;
    if (mode == 0xffff)
        return;
    cr_assert_eq(mode & ~access_asked, 0, "before %s the mode is %o", faulty_member_name(member),
                 mode);
    if (mode != access_asked) {
        int result = raw_connect(path);

        seen_narrow++;
        /* A user meets his own missing bits; root, whom no mode keeps out, that nobody listens. */
        cr_assert(result == -ECONNREFUSED || result == -EACCES, "before %s: %d",
                  faulty_member_name(member), result);
    }
}

/* Covers: PERM-01, PERM-02 */
Test(permissions, the_mode_is_right_before_anybody_can_connect)
{
    static const mode_t masks[] = {0, 022, 077, 0177, 0777};
    struct faulty_os faulty;

    faulty_os_init(&faulty, os);
    faulty.before = watch;
    for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
        for (unsigned number = 1; number < 8; number++) {
            mode_t before = umask(masks[i]);
            struct listener listener;

            access_asked = access_of(number);
            listener =
                listener_open(&faulty.os, path, (struct listen_options){.access = access_asked});
            (void)umask(before);
            cr_assert_eq(listener.result, SP_OK);
            cr_assert_eq(mode_now(), access_asked);
            listener_close(os, &listener);
        }
    }
    cr_assert_gt(seen_narrow, 0, "some umask must have taken something away for a moment");
}

/* ---- the umask belongs to all threads ---- */

static atomic_bool stop;
static atomic_uint files_made;
static atomic_uint files_wrong;

/* Another thread of the program, which creates files and counts on its umask. */
static void *create_files(void *arg)
{
    int at = open(dir.path, O_PATH | O_DIRECTORY | O_CLOEXEC);

    (void)arg;
    while (!atomic_load(&stop)) {
        struct stat node;
        int fd = openat(at, "from-a-thread", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

        MUST(fd >= 0 && fstat(fd, &node) == 0);
        if ((node.st_mode & 0777) != 0644)
            atomic_fetch_add(&files_wrong, 1);
        atomic_fetch_add(&files_made, 1);
        MUST(unlinkat(at, "from-a-thread", 0) == 0 && close(fd) == 0);
    }
    (void)close(at);
    return NULL;
}

/* Covers: PERM-05 */
Test(permissions, other_threads_keep_their_umask)
{
    pthread_t thread;

    (void)umask(0022);
    MUST(pthread_create(&thread, NULL, create_files, NULL) == 0);
    for (int round = 0; round < 2000 || atomic_load(&files_made) < 2000; round++) {
        struct listener listener = listener_open(
            os, path, (struct listen_options){.access = access_of(1 + (unsigned)round % 7)});

        cr_assert_eq(listener.result, SP_OK);
        listener_close(os, &listener);
    }
    atomic_store(&stop, true);
    MUST(pthread_join(thread, NULL) == 0);
    cr_assert_eq(files_wrong, 0, "of %u files", files_made);
}

/* ---- what the mode means: the kernel, and the rule for names without a file ---- */

static int connect_there(void *arg)
{
    int fd = raw_connect(arg);

    if (fd < 0)
        return fd;
    (void)close(fd);
    return 0;
}

struct client {
    const char *what;
    uid_t uid;
    gid_t gid;
    size_t groups;
    bool in_group;
};

/* Connects with another effective identity, and is root again. */
static int connect_as(const struct client *client)
{
    static const gid_t groups[] = {7, GROUP};
    int result;

    MUST(setgroups(client->groups, groups) == 0 && setegid(client->gid) == 0);
    MUST(seteuid(client->uid) == 0);
    result = connect_there(path);
    MUST(seteuid(0) == 0 && setegid(0) == 0);
    return result;
}

/* Covers: PERM-13 */
Test(permissions, the_kernel_and_the_rule_agree_on_every_mode)
{
    static const struct client clients[] = {
        {"root", 0, 0, 0, false},
        {"the owner", OWNER, NOGROUP, 0, false},
        {"the owner, in the group", OWNER, GROUP, 0, true},
        {"a member by primary group", NOBODY, GROUP, 0, true},
        {"a member by another group", NOBODY, NOGROUP, 2, true},
        {"anybody else", NOBODY, NOGROUP, 0, false},
    };
    int server;

    REQUIRE_ROOT();
    MUST(chmod(dir.path, 0755) == 0);
    server = raw_listen(path, 16);
    MUST(server >= 0 && chown(path, OWNER, GROUP) == 0);
    for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
        const struct client *client = &clients[i];

        for (mode_t mode = 0; mode <= 0777; mode++) {
            bool allowed = sp_access_mode_allows(mode, OWNER, client->uid, client->in_group);
            int result;

            MUST(chmod(path, mode) == 0);
            result = connect_as(client);
            cr_assert_eq(result, allowed ? 0 : -EACCES, "%s, mode %o: %d", client->what,
                         (unsigned)mode, result);
            if (result == 0)
                MUST(close(accept(server, NULL, NULL)) == 0);
        }
    }
}

/* Covers: PERM-02, PERM-13 */
Test(permissions, other_users_meet_the_access_that_was_asked_for)
{
    REQUIRE_ROOT();
    MUST(chmod(dir.path, 0755) == 0);
    for (unsigned number = 1; number < 8; number++) {
        struct listener listener =
            listener_open(os, path, (struct listen_options){.access = access_of(number)});
        gid_t ours = getegid();

        cr_assert_eq(listener.result, SP_OK);
        cr_assert_eq(as_uid(NOBODY, ours, NULL, 0, connect_there, path), number & 2 ? 0 : -EACCES,
                     "the group, access %o", access_of(number));
        cr_assert_eq(as_uid(NOBODY, NOGROUP, &ours, 1, connect_there, path),
                     number & 2 ? 0 : -EACCES, "the group, access %o", access_of(number));
        cr_assert_eq(as_nobody(connect_there, path), number & 4 ? 0 : -EACCES, "others, access %o",
                     access_of(number));
        listener_close(os, &listener);
    }
}

static int listen_as_owner(void *arg)
{
    struct listener listener = listener_open(os, path, (struct listen_options){.access = 0070});
    int result = listener.result != SP_OK ? 1 : (int)mode_now();

    (void)arg;
    listener_close(os, &listener);
    return result;
}

/* Root overrides modes, and so would hide a mistake: the same as a user. */
Test(permissions, a_user_can_give_away_his_own_access)
{
    REQUIRE_ROOT();
    MUST(chown(dir.path, OWNER, GROUP) == 0);
    cr_assert_eq(as_uid(OWNER, GROUP, NULL, 0, listen_as_owner, NULL), 0070);
}

/* ---- a directory with its own idea of modes ---- */

Test(permissions, a_directory_that_gives_its_group_to_new_files_changes_no_mode)
{
    REQUIRE_ROOT();
    MUST(chown(dir.path, 0, 4000) == 0 && chmod(dir.path, 02755) == 0);
    for (unsigned number = 1; number < 8; number++) {
        struct listener listener =
            listener_open(os, path, (struct listen_options){.access = access_of(number)});

        cr_assert_eq(listener.result, SP_OK);
        cr_assert_eq(mode_now(), access_of(number));
        listener_close(os, &listener);
    }
}
