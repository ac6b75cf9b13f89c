/* SPDX-License-Identifier: MIT */
/*
 * Creating a socket file on the real kernel: core/src/sockfile.c, and removing it at close.
 *
 * The alarms: every refused call leaves the directory byte for byte and inode for inode as it was,
 * and no descriptor. Faults: test_sockfile_fault.c. Others who interfere: test_sockfile_race.c.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "tests/integration/listener.h"
#include "tests/support/as_uid.h"
#include "tests/support/must.h"
#include "tests/support/raw.h"
#include "tests/support/snapshot.h"
#include "tests/support/tempdir.h"

#include <sunpath/limits.h>

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define USER ((uid_t)1000)

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

TestSuite(sockfile, .init = set_up, .fini = tear_down);

static const char *below(const char *leaf)
{
    static char joined[TEMPDIR_JOINED_MAX];

    return tempdir_join(&dir, leaf, joined);
}

static void make_directory(const char *leaf)
{
    MUST(mkdir(below(leaf), 0700) == 0);
}

static void make_link(const char *leaf, const char *text)
{
    MUST(symlink(text, below(leaf)) == 0);
}

static bool exists(const char *name)
{
    struct stat node;

    return lstat(name, &node) == 0;
}

/* Refused for this reason, and nothing has changed. */
static void assert_refused(const char *name, struct listen_options options, int error,
                           enum sp_cause cause)
{
    struct snapshot files = snapshot_of(dir.path);
    struct snapshot descriptors = snapshot_descriptors();
    struct listener listener = listener_open(os, name, options);
    struct snapshot files_after = snapshot_of(dir.path);
    struct snapshot descriptors_after = snapshot_descriptors();

    cr_assert_eq(listener.result, error);
    cr_assert_eq(listener.fault.error, error);
    cr_assert_eq((enum sp_cause)listener.fault.cause, cause, "%s",
                 sp_cause_string((enum sp_cause)listener.fault.cause));
    cr_assert_lt(listener.file.dir, 0, "nothing is written on failure");
    cr_assert_str_eq(files_after.text, files.text);
    cr_assert_str_eq(descriptors_after.text, descriptors.text);
}

static void assert_refused_both_ways(const char *name, enum sp_cause cause)
{
    assert_refused(name, (struct listen_options){.take_over = false}, SP_ERROR_ADDRESS_IN_USE,
                   cause);
    assert_refused(name, (struct listen_options){.take_over = true}, SP_ERROR_ADDRESS_IN_USE,
                   cause);
}

/* ---- a server comes and goes ---- */

/* Covers: PATH-02, FDLT-15, QT-G7 */
Test(sockfile, a_server_leaves_the_directory_as_it_found_it)
{
    struct snapshot files = snapshot_of(dir.path);
    struct snapshot descriptors = snapshot_descriptors();
    struct listener listener = listener_open(os, path, (struct listen_options){0});
    struct sockaddr_un address;
    socklen_t length = sizeof(address);
    struct snapshot after;
    struct stat node;

    cr_assert_eq(listener.result, SP_OK);
    MUST(lstat(path, &node) == 0);
    cr_assert_eq(node.st_mode, S_IFSOCK | 0700);
    cr_assert_eq(listener.file.made.ino, node.st_ino);
    cr_assert_eq(listener.file.made.dev, node.st_dev);
    cr_assert_eq(getsockname(listener.fd, (struct sockaddr *)&address, &length), 0);
    cr_assert_str_eq(address.sun_path, path);
    cr_assert(raw_reaches(path, listener.fd));
    cr_assert_not(exists(below(".s.lock")));
    listener_close(os, &listener);
    cr_assert_not(exists(path));
    listener_close(os, &listener);
    after = snapshot_of(dir.path);
    cr_assert_str_eq(after.text, files.text);
    after = snapshot_descriptors();
    cr_assert_str_eq(after.text, descriptors.text);
}

/* Covers: PATH-01 */
Test(sockfile, the_longest_path_a_server_may_have_works)
{
    struct listener listener;
    char longest[SP_LISTEN_PATH_MAX + 1];

    memset(longest, 'n', sizeof(longest));
    memcpy(longest, dir.path, strlen(dir.path));
    longest[strlen(dir.path)] = '/';
    longest[SP_LISTEN_PATH_MAX] = '\0';
    listener = listener_open(os, longest, (struct listen_options){0});
    cr_assert_eq(listener.result, SP_OK);
    cr_assert(raw_reaches(longest, listener.fd));
    listener_close(os, &listener);
    cr_assert_not(exists(longest));
}

/* Covers: PATH-09 */
Test(sockfile, the_working_directory_does_not_matter)
{
    struct listener listener = listener_open(os, path, (struct listen_options){0});

    make_directory("elsewhere");
    tempdir_file(&dir, "elsewhere/s", "decoy");
    MUST(chdir(below("elsewhere")) == 0);
    listener_close(os, &listener);
    cr_assert_not(exists(path));
    cr_assert(exists(below("elsewhere/s")));
    MUST(chdir("/") == 0);
}

/* ---- what is in the way ---- */

static void plant_file(void)
{
    tempdir_file(&dir, "s", "precious");
}

static void plant_directory(void)
{
    make_directory("s");
}

static void plant_fifo(void)
{
    MUST(mkfifo(path, 0600) == 0);
}

static void plant_link_to_file(void)
{
    tempdir_file(&dir, "precious", "precious");
    make_link("s", "precious");
}

static void plant_link_to_server(void)
{
    MUST(raw_listen(below("served"), 4) >= 0);
    make_link("s", "served");
}

static void plant_link_to_stale(void)
{
    raw_stale(below("stale"));
    make_link("s", "stale");
}

static void plant_dangling_link(void)
{
    make_link("s", "nowhere");
}

static void plant_link_to_directory(void)
{
    make_directory("directory");
    make_link("s", "directory");
}

/* Parameters are copied to a process where functions lie elsewhere: so they are numbers. */
static const struct decoy {
    const char *what;
    void (*plant)(void);
} decoys[] = {
    {"regular file", plant_file},
    {"directory", plant_directory},
    {"fifo", plant_fifo},
    {"link to a regular file", plant_link_to_file},
    {"link to a live server", plant_link_to_server},
    {"link to a stale socket", plant_link_to_stale},
    {"dangling link", plant_dangling_link},
    {"link to a directory", plant_link_to_directory},
};

ParameterizedTestParameters(sockfile, what_is_no_socket_stays)
{
    static size_t numbers[sizeof(decoys) / sizeof(decoys[0])];

    for (size_t i = 0; i < sizeof(decoys) / sizeof(decoys[0]); i++)
        numbers[i] = i;
    return cr_make_param_array(size_t, numbers, sizeof(decoys) / sizeof(decoys[0]));
}

/* Covers: PATH-13, PATH-15, FDLT-14, QT-G6 */
ParameterizedTest(size_t *number, sockfile, what_is_no_socket_stays)
{
    const struct decoy *decoy = &decoys[*number];

    decoy->plant();
    cr_log_info("%s", decoy->what);
    assert_refused_both_ways(path, SP_CAUSE_NOT_A_SOCKET);
}

/* Covers: FDLT-14, PERM-09 */
Test(sockfile, a_live_server_is_never_displaced)
{
    static const unsigned modes[] = {SP_ACCESS_USER, SP_ACCESS_WORLD, SP_ACCESS_UMASK};
    int server = raw_listen(path, 4);

    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        for (int take_over = 0; take_over < 2; take_over++) {
            assert_refused(path,
                           (struct listen_options){.access = modes[i], .take_over = take_over},
                           SP_ERROR_ADDRESS_IN_USE, SP_CAUSE_SERVER_ALIVE);
            cr_assert(raw_reaches(path, server));
        }
    }
}

Test(sockfile, a_server_whose_backlog_is_full_is_alive)
{
    MUST(raw_listen(path, 0) >= 0 && raw_connect(path) >= 0 && raw_connect(path) == -EAGAIN);
    assert_refused_both_ways(path, SP_CAUSE_SERVER_ALIVE);
}

Test(sockfile, a_datagram_server_is_alive)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    strcpy(address.sun_path, path);
    MUST(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    assert_refused_both_ways(path, SP_CAUSE_SERVER_ALIVE);
}

/* Covers: SIGN-07 */
Test(sockfile, a_stale_socket_is_replaced_when_asked_and_only_then)
{
    struct listener listener;

    raw_stale(path);
    assert_refused(path, (struct listen_options){.take_over = false}, SP_ERROR_ADDRESS_IN_USE,
                   SP_CAUSE_STALE_SOCKET);
    listener = listener_open(os, path, (struct listen_options){.take_over = true});
    cr_assert_eq(listener.result, SP_OK);
    cr_assert(raw_reaches(path, listener.fd));
    listener_close(os, &listener);
    cr_assert_not(exists(path));
}

Test(sockfile, a_directory_that_is_missing_or_none_is_not_found)
{
    tempdir_file(&dir, "file", "");
    assert_refused(below("missing/s"), (struct listen_options){0}, SP_ERROR_SERVER_NOT_FOUND,
                   SP_CAUSE_OS);
    assert_refused(below("file/s"), (struct listen_options){0}, SP_ERROR_SERVER_NOT_FOUND,
                   SP_CAUSE_OS);
}

/* Covers: FDLT-14, EXHA-02 */
Test(sockfile, a_full_descriptor_table_harms_nobody)
{
    struct snapshot files;
    struct snapshot after;
    struct rlimit before;
    int server = raw_listen(path, 4);
    int lowest;
    bool succeeded = false;

    MUST(getrlimit(RLIMIT_NOFILE, &before) == 0);
    files = snapshot_of(dir.path);
    MUST((lowest = dup(server)) >= 0 && close(lowest) == 0);
    /* From one free descriptor on, for the socket itself, one more at a time, until there are
     * enough to find the server alive: then the limit is no longer what refuses. */
    for (rlim_t limit = (rlim_t)lowest + 1; !succeeded; limit++) {
        struct rlimit tight = {.rlim_cur = limit, .rlim_max = before.rlim_max};
        struct listener listener;

        MUST(setrlimit(RLIMIT_NOFILE, &tight) == 0);
        listener = listener_open(os, path, (struct listen_options){.take_over = true});
        MUST(setrlimit(RLIMIT_NOFILE, &before) == 0);
        succeeded = listener.fault.cause == SP_CAUSE_SERVER_ALIVE;
        cr_assert(succeeded ? listener.result == SP_ERROR_ADDRESS_IN_USE
                            : listener.result == SP_ERROR_RESOURCE);
        after = snapshot_of(dir.path);
        cr_assert_str_eq(after.text, files.text);
        cr_assert(raw_reaches(path, server));
    }
}

/* ---- links: {last, on the way, dangling} x {listen, connect, remove} ---- */

/* Covers: PATH-13 */
Test(sockfile, the_link_policy_is_a_table)
{
    struct listener listener;
    struct sp__fault fault;

    make_directory("real");
    make_link("way", "real");
    make_link("broken", "nowhere");
    listener = listener_open(os, below("way/s"), (struct listen_options){0});
    cr_assert_eq(listener.result, SP_OK, "listen: a link on the way is followed");
    cr_assert(exists(below("real/s")));
    make_link("last", "real/s");
    cr_assert(raw_reaches(below("way/s"), listener.fd), "connect: a link on the way is followed");
    cr_assert(raw_reaches(below("last"), listener.fd), "connect: a last link is followed");
    cr_assert_eq(raw_connect(below("broken")), -ENOENT, "connect: a dangling one leads nowhere");

    assert_refused(below("last"), (struct listen_options){.take_over = true},
                   SP_ERROR_ADDRESS_IN_USE, SP_CAUSE_NOT_A_SOCKET);
    assert_refused(below("broken"), (struct listen_options){.take_over = true},
                   SP_ERROR_ADDRESS_IN_USE, SP_CAUSE_NOT_A_SOCKET);
    assert_refused(below("broken/s"), (struct listen_options){.take_over = true},
                   SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_OS);

    listener_close(os, &listener);
    cr_assert_not(exists(below("real/s")));
    raw_stale(below("real/s"));
    cr_assert_eq(remove_path(os, below("last"), SP_REMOVE_ALIVE, &fault), SP_ERROR_ADDRESS_IN_USE);
    cr_assert_eq(fault.cause, SP_CAUSE_NOT_A_SOCKET, "remove: neither a link nor what it leads to");
    cr_assert(exists(below("real/s")) && exists(below("last")));
    cr_assert_eq(remove_path(os, below("way/s"), SP_REMOVE_STALE, &fault), SP_OK,
                 "remove: a link on the way is followed");
    cr_assert_not(exists(below("real/s")));
    cr_assert_eq(remove_path(os, below("last"), SP_REMOVE_STALE, &fault), SP_ERROR_ADDRESS_IN_USE,
                 "remove: a dangling one stays");
    cr_assert(exists(below("last")));
}

/* ---- the lock ---- */

Test(sockfile, a_name_that_is_locked_is_busy)
{
    int fd = open(below(".s.lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    MUST(fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0);
    assert_refused_both_ways(path, SP_CAUSE_BUSY);
    MUST(flock(fd, LOCK_UN) == 0);
}

Test(sockfile, a_lock_file_left_behind_does_not_matter)
{
    struct listener listener;

    MUST(close(open(below(".s.lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) == 0);
    listener = listener_open(os, path, (struct listen_options){0});
    cr_assert_eq(listener.result, SP_OK);
    cr_assert_not(exists(below(".s.lock")));
    listener_close(os, &listener);
}

/* Covers: PATH-15 */
Test(sockfile, a_file_that_only_bears_the_name_of_the_lock_stays)
{
    struct listener listener = listener_open(os, path, (struct listen_options){0});

    tempdir_file(&dir, ".s.lock", "not a lock");
    listener_close(os, &listener);
    cr_assert_not(exists(path), "close does without the lock");
    assert_refused_both_ways(path, SP_CAUSE_OS);
}

/* ---- at close, the name belongs to somebody else ---- */

/* Covers: FDLT-13, PATH-16 */
Test(sockfile, close_leaves_a_successor_alone)
{
    struct listener ours = listener_open(os, path, (struct listen_options){0});
    int successor;
    char renamed[TEMPDIR_JOINED_MAX];

    tempdir_join(&dir, "renamed", renamed);
    MUST(rename(path, renamed) == 0);
    successor = raw_listen(path, 4);
    MUST(successor >= 0);
    cr_assert(raw_reaches(renamed, ours.fd));
    listener_close(os, &ours);
    cr_assert(raw_reaches(path, successor), "the old name has another owner now");
    cr_assert(exists(renamed), "we do not search for where our file may be");
}

/* Covers: FDLT-13, QT-B14 */
Test(sockfile, close_leaves_every_other_kind_of_node_alone)
{
    static void (*const plants[])(void) = {plant_file, plant_directory, plant_fifo,
                                           plant_dangling_link};

    for (size_t i = 0; i < sizeof(plants) / sizeof(plants[0]); i++) {
        struct listener listener = listener_open(os, path, (struct listen_options){0});
        struct snapshot before;
        struct snapshot after;

        cr_assert_eq(listener.result, SP_OK);
        MUST(unlink(path) == 0);
        plants[i]();
        before = snapshot_of(dir.path);
        listener_close(os, &listener);
        after = snapshot_of(dir.path);
        cr_assert_str_eq(after.text, before.text);
        MUST(remove(path) == 0);
    }
}

/* A number is given to a new node as soon as the old one is gone. While we listen it is not gone:
 * the kernel keeps our node, without a name, for the bound socket. */
Test(sockfile, no_successor_can_have_our_inode_number)
{
    struct listener ours = listener_open(os, path, (struct listen_options){0});

    MUST(unlink(path) == 0);
    for (int i = 0; i < 200; i++) {
        struct stat node;

        raw_stale(path);
        MUST(lstat(path, &node) == 0);
        cr_assert_neq(node.st_ino, ours.file.made.ino);
        MUST(unlink(path) == 0);
    }
    raw_stale(path);
    listener_close(os, &ours);
    cr_assert(exists(path));
}

/* Covers: PATH-16 */
Test(sockfile, close_works_in_the_directory_that_was_listened_in)
{
    struct listener listener;
    char moved[TEMPDIR_JOINED_MAX];

    make_directory("d");
    listener = listener_open(os, below("d/s"), (struct listen_options){0});
    cr_assert_eq(listener.result, SP_OK);
    MUST(rename(below("d"), tempdir_join(&dir, "moved", moved)) == 0);
    make_directory("d");
    raw_stale(below("d/s"));
    listener_close(os, &listener);
    cr_assert(exists(below("d/s")), "another directory has the name now");
    cr_assert_not(exists(below("moved/s")));
}

/* ---- directories that others can write: as another user, so that we are not root ---- */

struct place {
    char what[32];
    uid_t owner;
    mode_t mode;
    int strict; /* enum sp_cause */
    int group;
    int off;
};

/* What user 1000, a member of group 1000 and of the directory's group 2000, meets when he listens
 * in such a directory. Without judgement only the kernel's permissions count. */
ParameterizedTestParameters(sockfile, a_directory_that_others_control_is_refused)
{
    static struct place places[] = {
        {"his own", USER, 0700, SP_CAUSE_NONE, SP_CAUSE_NONE, SP_CAUSE_NONE},
        {"his own, for all to see", USER, 0755, SP_CAUSE_NONE, SP_CAUSE_NONE, SP_CAUSE_NONE},
        {"as /tmp", 0, 01777, SP_CAUSE_NONE, SP_CAUSE_NONE, SP_CAUSE_NONE},
        {"as /tmp, not sticky", 0, 0777, SP_CAUSE_DIRECTORY_WRITABLE, SP_CAUSE_DIRECTORY_WRITABLE,
         SP_CAUSE_NONE},
        {"shared in the group", USER, 0770, SP_CAUSE_DIRECTORY_WRITABLE, SP_CAUSE_NONE,
         SP_CAUSE_NONE},
        {"root's, shared in the group", 0, 0770, SP_CAUSE_DIRECTORY_WRITABLE, SP_CAUSE_NONE,
         SP_CAUSE_NONE},
        {"another user's, open", NOBODY, 0777, SP_CAUSE_DIRECTORY_OWNER, SP_CAUSE_DIRECTORY_OWNER,
         SP_CAUSE_NONE},
        {"another user's, sticky", NOBODY, 01777, SP_CAUSE_DIRECTORY_OWNER,
         SP_CAUSE_DIRECTORY_OWNER, SP_CAUSE_NONE},
        {"root's, not for him", 0, 0755, SP_CAUSE_OS, SP_CAUSE_OS, SP_CAUSE_OS},
    };

    return cr_make_param_array(struct place, places, sizeof(places) / sizeof(places[0]));
}

struct attempt {
    const char *path;
    struct listen_options options;
};

/* Listens, and closes again. The cause, or an error without one as a negative number. */
static int try_to_listen(void *arg)
{
    struct attempt *attempt = arg;
    struct listener listener = listener_open(sp_os_linux(), attempt->path, attempt->options);

    listener_close(sp_os_linux(), &listener);
    if (listener.result == SP_OK)
        return SP_CAUSE_NONE;
    return listener.fault.cause != SP_CAUSE_NONE ? (int)listener.fault.cause : listener.result;
}

static int listen_as_user(const char *name, enum sp_trust trust, bool take_over)
{
    static const gid_t groups[] = {2000};
    struct attempt attempt = {name, {.trust = trust, .take_over = take_over}};

    return as_uid(USER, 1000, groups, 1, try_to_listen, &attempt);
}

/* Covers: PERM-10, PERM-15 */
ParameterizedTest(struct place *place, sockfile, a_directory_that_others_control_is_refused)
{
    struct snapshot before;
    struct snapshot after;

    REQUIRE_ROOT();
    MUST(chmod(dir.path, 0755) == 0);
    make_directory("d");
    MUST(chown(below("d"), place->owner, 2000) == 0 && chmod(below("d"), place->mode) == 0);
    before = snapshot_of(dir.path);
    cr_assert_eq(listen_as_user(below("d/s"), SP_TRUST_STRICT, true), place->strict, "%s",
                 place->what);
    cr_assert_eq(listen_as_user(below("d/s"), SP_TRUST_GROUP, true), place->group, "%s",
                 place->what);
    cr_assert_eq(listen_as_user(below("d/s"), SP_TRUST_OFF, true), place->off, "%s", place->what);
    after = snapshot_of(dir.path);
    cr_assert_str_eq(after.text, before.text);
}

/* Covers: PERM-10 */
Test(sockfile, a_squatter_in_a_shared_directory_stays_where_he_is)
{
    struct snapshot before;
    struct snapshot after;

    REQUIRE_ROOT();
    MUST(chmod(dir.path, 01777) == 0);
    /* A stale file that anybody may connect to, but only its owner may remove; and one of which
     * cannot be told whether it is stale. */
    raw_stale(below("open"));
    raw_stale(below("shut"));
    tempdir_file(&dir, ".locked.lock", "");
    MUST(chmod(below("open"), 0777) == 0 && chown(below("open"), NOBODY, NOGROUP) == 0);
    MUST(chmod(below("shut"), 0700) == 0 && chown(below("shut"), NOBODY, NOGROUP) == 0);
    MUST(chmod(below(".locked.lock"), 0666) == 0);
    MUST(chown(below(".locked.lock"), NOBODY, NOGROUP) == 0);
    before = snapshot_of(dir.path);
    cr_assert_eq(listen_as_user(below("open"), SP_TRUST_STRICT, false), SP_CAUSE_STALE_SOCKET);
    cr_assert_eq(listen_as_user(below("open"), SP_TRUST_STRICT, true), SP_CAUSE_OS);
    cr_assert_eq(listen_as_user(below("shut"), SP_TRUST_STRICT, true), SP_CAUSE_SERVER_ALIVE);
    cr_assert_eq(listen_as_user(below("locked"), SP_TRUST_STRICT, true), SP_CAUSE_OS);
    after = snapshot_of(dir.path);
    cr_assert_str_eq(after.text, before.text);
}
