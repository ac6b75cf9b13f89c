/* SPDX-License-Identifier: MIT */
/*
 * Removing what another server left: core/src/sockfile_remove.c. Links: test_sockfile.c; faults and
 * races: test_sockfile_fault.c, test_sockfile_race.c.
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
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

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

TestSuite(sockfile_remove, .init = set_up, .fini = tear_down);

static const char *below(const char *leaf)
{
    static char joined[TEMPDIR_JOINED_MAX];

    return tempdir_join(&dir, leaf, joined);
}

static bool exists(const char *name)
{
    struct stat node;

    return lstat(name, &node) == 0;
}

static void assert_removed(enum sp_remove what)
{
    struct snapshot descriptors = snapshot_descriptors();
    struct snapshot after;
    struct sp__fault fault;

    cr_assert_eq(remove_path(os, path, what, &fault), SP_OK);
    cr_assert_not(exists(path));
    cr_assert_not(exists(below(".s.lock")));
    after = snapshot_descriptors();
    cr_assert_str_eq(after.text, descriptors.text);
}

static void assert_kept(const char *name, enum sp_remove what, int error, enum sp_cause cause)
{
    struct snapshot files = snapshot_of(dir.path);
    struct snapshot descriptors = snapshot_descriptors();
    struct snapshot after;
    struct sp__fault fault;

    cr_assert_eq(remove_path(os, name, what, &fault), error);
    cr_assert_eq(fault.error, error);
    cr_assert_eq((enum sp_cause)fault.cause, cause);
    after = snapshot_of(dir.path);
    cr_assert_str_eq(after.text, files.text);
    after = snapshot_descriptors();
    cr_assert_str_eq(after.text, descriptors.text);
}

Test(sockfile_remove, a_stale_socket_goes)
{
    raw_stale(path);
    assert_removed(SP_REMOVE_STALE);
    raw_stale(path);
    assert_removed(SP_REMOVE_ALIVE);
}

Test(sockfile_remove, a_live_server_goes_only_when_that_is_said)
{
    int server = raw_listen(path, 4);

    assert_kept(path, SP_REMOVE_STALE, SP_ERROR_ADDRESS_IN_USE, SP_CAUSE_SERVER_ALIVE);
    cr_assert(raw_reaches(path, server));
    assert_removed(SP_REMOVE_ALIVE);
}

/* Covers: PATH-15, QT-G6 */
Test(sockfile_remove, what_is_no_socket_stays_whatever_is_said)
{
    static const char *const names[] = {"file", "directory", "fifo", "link", "dangling"};

    tempdir_file(&dir, "file", "precious");
    MUST(mkdir(below("directory"), 0700) == 0 && mkfifo(below("fifo"), 0600) == 0);
    MUST(symlink("file", below("link")) == 0 && symlink("nowhere", below("dangling")) == 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_kept(below(names[i]), SP_REMOVE_STALE, SP_ERROR_ADDRESS_IN_USE,
                    SP_CAUSE_NOT_A_SOCKET);
        assert_kept(below(names[i]), SP_REMOVE_ALIVE, SP_ERROR_ADDRESS_IN_USE,
                    SP_CAUSE_NOT_A_SOCKET);
    }
}

/* Covers: QT-B18 */
Test(sockfile_remove, nothing_there_is_not_found)
{
    struct sp__fault fault;

    assert_kept(path, SP_REMOVE_STALE, SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_OS);
    assert_kept(below("missing/s"), SP_REMOVE_ALIVE, SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_OS);
    /* "Nothing there" leaves no trace, where a lock file could not be made either. */
    cr_assert_eq(remove_path(os, "/proc/s", SP_REMOVE_STALE, &fault), SP_ERROR_SERVER_NOT_FOUND);
}

/* Covers: ABST-03, QT-A9 */
Test(sockfile_remove, an_abstract_name_has_no_file)
{
    struct sp_address address;
    struct sp__fault fault;
    char text[TEMPDIR_JOINED_MAX];

    /* Files with the name that the abstract one is printed with, and with the name itself. */
    MUST(chdir(dir.path) == 0);
    tempdir_file(&dir, "@s", "precious");
    raw_stale(path);
    MUST(sp_address_abstract(&address, "s", SP_STRLEN, NULL) == SP_OK);
    cr_assert_eq(sp__sockfile_remove(os, &address, SP_REMOVE_ALIVE, &fault),
                 SP_ERROR_SERVER_NOT_FOUND);
    MUST(sp_address_abstract(&address, path, SP_STRLEN, NULL) == SP_OK);
    cr_assert_eq(sp__sockfile_remove(os, &address, SP_REMOVE_ALIVE, &fault),
                 SP_ERROR_SERVER_NOT_FOUND);
    memset(&address, 0, sizeof(address));
    cr_assert_eq(sp__sockfile_remove(os, &address, SP_REMOVE_ALIVE, &fault),
                 SP_ERROR_SERVER_NOT_FOUND, "an unnamed address");
    cr_assert(exists(path) && exists(tempdir_join(&dir, "@s", text)));
    MUST(chdir("/") == 0);
}

/* Covers: PATH-09 */
Test(sockfile_remove, a_relative_path_is_none_of_ours)
{
    struct sp_address address = {.space = SP_NAMESPACE_PATH, .length = 1, .bytes = {'s'}};
    struct sp__fault fault;

    MUST(chdir(dir.path) == 0);
    raw_stale(path);
    cr_assert_eq(sp__sockfile_remove(os, &address, SP_REMOVE_ALIVE, &fault),
                 SP_ERROR_SERVER_NOT_FOUND);
    cr_assert_eq(fault.cause, SP_CAUSE_NAME_NOT_ABSOLUTE);
    cr_assert(exists(path));
    MUST(chdir("/") == 0);
}

Test(sockfile_remove, a_path_of_108_bytes_can_be_removed)
{
    struct sp_address address;
    struct sp__fault fault;
    char longest[SP_PATH_MAX + 1];
    int fd = os->socket(os->ctx);

    memset(longest, 'n', sizeof(longest));
    memcpy(longest, dir.path, strlen(dir.path));
    longest[strlen(dir.path)] = '/';
    longest[SP_PATH_MAX] = '\0';
    MUST(os->bind(os->ctx, fd, longest, SP_PATH_MAX) == 0 && os->listen(os->ctx, fd, 4) == 0);
    MUST(sp_address_path(&address, longest, SP_STRLEN, NULL) == SP_OK);
    cr_assert_eq(sp__sockfile_remove(os, &address, SP_REMOVE_STALE, &fault),
                 SP_ERROR_ADDRESS_IN_USE);
    cr_assert_eq(fault.cause, SP_CAUSE_SERVER_ALIVE);
    MUST(close(fd) == 0);
    cr_assert_eq(sp__sockfile_remove(os, &address, SP_REMOVE_STALE, &fault), SP_OK);
    cr_assert_not(exists(longest));
}

Test(sockfile_remove, a_name_that_somebody_is_working_on_is_busy)
{
    int fd = open(below(".s.lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    raw_stale(path);
    MUST(fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0);
    assert_kept(path, SP_REMOVE_STALE, SP_ERROR_ADDRESS_IN_USE, SP_CAUSE_BUSY);
    assert_kept(path, SP_REMOVE_ALIVE, SP_ERROR_ADDRESS_IN_USE, SP_CAUSE_BUSY);
}

/* Covers: PERM-10, PERM-12 */
Test(sockfile_remove, a_directory_that_others_control_is_refused)
{
    REQUIRE_ROOT();
    MUST(mkdir(below("open"), 0700) == 0 && chmod(below("open"), 0777) == 0);
    MUST(mkdir(below("foreign"), 0700) == 0 && chown(below("foreign"), NOBODY, NOGROUP) == 0);
    raw_stale(below("open/s"));
    raw_stale(below("foreign/s"));
    assert_kept(below("open/s"), SP_REMOVE_STALE, SP_ERROR_UNTRUSTED, SP_CAUSE_DIRECTORY_WRITABLE);
    assert_kept(below("foreign/s"), SP_REMOVE_ALIVE, SP_ERROR_UNTRUSTED, SP_CAUSE_DIRECTORY_OWNER);
}

static int remove_as_user(void *arg)
{
    struct sp__fault fault = {.error = SP_OK};

    (void)remove_path(os, arg, SP_REMOVE_ALIVE, &fault);
    return fault.error;
}

Test(sockfile_remove, what_the_system_does_not_allow_is_an_access_error)
{
    REQUIRE_ROOT();
    raw_stale(path);
    MUST(chmod(dir.path, 0755) == 0);
    cr_assert_eq(as_nobody(remove_as_user, path), SP_ERROR_ACCESS, "no right to write");
    MUST(chmod(dir.path, 01777) == 0);
    cr_assert_eq(as_nobody(remove_as_user, path), SP_ERROR_ACCESS, "sticky");
    cr_assert(exists(path));
    cr_assert_not(exists(below(".s.lock")));
}
