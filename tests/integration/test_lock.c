/* SPDX-License-Identifier: MIT */
/* The lock beside a socket file: core/src/lock.c. Many processes: test_sockfile_processes.c. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "lock.h"

#include "tests/support/faulty_os.h"
#include "tests/support/must.h"
#include "tests/support/snapshot.h"
#include "tests/support/tempdir.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static struct tempdir dir;
static struct faulty_os os;
static int at;
static char lock_path[TEMPDIR_JOINED_MAX];

static void set_up(void)
{
    dir = tempdir_make();
    faulty_os_init(&os, sp_os_linux());
    tempdir_join(&dir, ".s.lock", lock_path);
    at = open(dir.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    MUST(at >= 0);
}

static void tear_down(void)
{
    tempdir_remove(&dir);
}

TestSuite(lock, .init = set_up, .fini = tear_down);

static int take(struct sp__lock *lock, struct sp__fault *fault)
{
    return sp__lock_take(&os.os, at, "s", lock, fault);
}

Test(lock, the_file_exists_while_it_is_held_and_no_longer)
{
    struct snapshot descriptors = snapshot_descriptors();
    struct sp__fault fault;
    struct sp__lock other;
    struct sp__lock lock;
    struct snapshot after;

    cr_assert_eq(take(&lock, &fault), SP_OK);
    cr_assert_eq(access(lock_path, F_OK), 0);
    cr_assert_eq(take(&other, &fault), SP_ERROR_ADDRESS_IN_USE);
    cr_assert_eq(fault.operation, SP_OPERATION_LOCK);
    cr_assert_eq(fault.cause, SP_CAUSE_BUSY);
    cr_assert_eq(sp__lock_take(&os.os, at, "t", &other, &fault), SP_OK, "another name");
    sp__lock_give(&os.os, &other);
    sp__lock_give(&os.os, &lock);
    cr_assert_lt(access(lock_path, F_OK), 0);
    cr_assert_eq(take(&lock, &fault), SP_OK);
    sp__lock_give(&os.os, &lock);
    after = snapshot_descriptors();
    cr_assert_str_eq(after.text, descriptors.text);
}

Test(lock, names_of_every_length_fit)
{
    char leaf[SP_PATH_MAX + 1];

    for (size_t length = 1; length <= SP_PATH_MAX; length++) {
        struct sp__fault fault;
        struct sp__lock lock;
        char expected[SP_PATH_MAX + 16];

        memset(leaf, 'n', length);
        leaf[length] = '\0';
        (void)snprintf(expected, sizeof(expected), ".%s.lock", leaf);
        cr_assert_eq(sp__lock_take(&os.os, at, leaf, &lock, &fault), SP_OK);
        cr_assert_eq(faccessat(at, expected, F_OK, 0), 0);
        sp__lock_give(&os.os, &lock);
        cr_assert_lt(faccessat(at, expected, F_OK, 0), 0);
    }
}

/* The one who held the lock removes the file and lets go: acts between our lock_at(), which has got
 * hold of a file without a name, and our look at it. */
static unsigned times_to_act;

static void remove_lock_file(void *user, enum faulty_member member, unsigned total)
{
    (void)user;
    (void)total;
    if (member != FAULTY_STAT_FD || times_to_act == 0)
        return;
    times_to_act--;
    (void)unlink(lock_path);
}

static void replace_lock_file(void *user, enum faulty_member member, unsigned total)
{
    unsigned before = times_to_act;

    remove_lock_file(user, member, total);
    if (times_to_act != before)
        MUST(close(open(lock_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) == 0);
}

static void assert_ends_with_the_named_file(void (*act)(void *, enum faulty_member, unsigned))
{
    struct sp__fault fault;
    struct sp__lock lock;
    struct stat named;
    struct stat held;

    times_to_act = 2;
    os.before = act;
    cr_assert_eq(take(&lock, &fault), SP_OK);
    os.before = NULL;
    cr_assert_eq(os.calls[FAULTY_LOCK_AT], 3);
    MUST(stat(lock_path, &named) == 0 && fstat(lock.fd, &held) == 0);
    cr_assert_eq(held.st_ino, named.st_ino);
    sp__lock_give(&os.os, &lock);
    cr_assert_lt(access(lock_path, F_OK), 0);
}

/* Covers: PERM-08 */
Test(lock, a_file_without_its_name_is_no_lock)
{
    assert_ends_with_the_named_file(remove_lock_file);
}

/* Covers: PERM-08 */
Test(lock, a_file_whose_name_belongs_to_another_is_no_lock)
{
    assert_ends_with_the_named_file(replace_lock_file);
}

Test(lock, it_is_not_tried_for_ever)
{
    struct snapshot descriptors = snapshot_descriptors();
    struct sp__fault fault;
    struct sp__lock lock;
    struct snapshot after;

    times_to_act = 1000;
    os.before = remove_lock_file;
    cr_assert_eq(take(&lock, &fault), SP_ERROR_ADDRESS_IN_USE);
    cr_assert_eq(fault.cause, SP_CAUSE_BUSY);
    cr_assert_lt(os.calls[FAULTY_LOCK_AT], 20);
    after = snapshot_descriptors();
    cr_assert_str_eq(after.text, descriptors.text);
}

/* Somebody removed our file by hand, and another one holds the name now: not ours to remove. */
Test(lock, giving_it_back_removes_only_our_own_file)
{
    struct sp__fault fault;
    struct sp__lock lock;

    cr_assert_eq(take(&lock, &fault), SP_OK);
    MUST(unlink(lock_path) == 0);
    MUST(close(open(lock_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) == 0);
    sp__lock_give(&os.os, &lock);
    cr_assert_eq(access(lock_path, F_OK), 0);
}

Test(lock, a_look_that_fails_leaves_no_file)
{
    enum faulty_member looks[] = {FAULTY_STAT_FD, FAULTY_STAT_AT};

    for (size_t i = 0; i < 2; i++) {
        struct sp__fault fault;
        struct sp__lock lock;

        faulty_os_plan(&os, (struct faulty_plan){.nth = 1, .error = EIO, .member = looks[i]});
        cr_assert_eq(take(&lock, &fault), SP_ERROR_UNKNOWN);
        cr_assert_eq(fault.os_errno, EIO);
        cr_assert_lt(access(lock_path, F_OK), 0);
    }
}

Test(lock, what_is_no_lock_file_is_an_error_of_its_own)
{
    struct sp__fault fault;
    struct sp__lock lock;

    tempdir_file(&dir, ".s.lock", "precious");
    cr_assert_eq(take(&lock, &fault), SP_ERROR_ADDRESS_IN_USE);
    cr_assert_eq(fault.operation, SP_OPERATION_LOCK);
    cr_assert_eq(fault.cause, SP_CAUSE_OS);
    cr_assert_eq(fault.os_errno, EEXIST);
}
