/* SPDX-License-Identifier: MIT */
/* Where the search for socket files goes on behind a mount, and where it says that it does not. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "audit/facts/mounts.h"
#include "tests/support/must.h"
#include "tests/support/tempdir.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct tempdir dir;
static struct files files;
static char below[TEMPDIR_JOINED_MAX];

static void set_up(void)
{
    char socket[TEMPDIR_JOINED_MAX + 2];

    dir = tempdir_make();
    files = (struct files){.partial = false};
    tempdir_join(&dir, "m n", below);
    MUST(mkdir(below, 0755) == 0);
    (void)snprintf(socket, sizeof(socket), "%s/s", below);
    MUST(mknod(socket, S_IFSOCK | 0600, 0) == 0);
}

static void tear_down(void)
{
    files_free(&files);
    tempdir_remove(&dir);
}

TestSuite(audit_mounts, .init = set_up, .fini = tear_down);

/* A file like /proc/self/mounts in which something of @type is mounted at "m n". */
static FILE *mounts_of(const char *type)
{
    FILE *file = tmpfile();

    MUST(file != NULL && fprintf(file, "none %s/m\\040n %s rw,nosuid 0 0\n", dir.path, type) > 0);
    return file;
}

static void look(const char *type, const char *directory)
{
    FILE *mounts = mounts_of(type);

    files_free(&files);
    mounts_add_files(&files, mounts, directory);
    (void)fclose(mounts);
}

Test(audit_mounts, file_systems_of_this_machine_are_searched)
{
    look("tmpfs", dir.path);
    cr_assert_eq(files.count, 1);
    cr_expect_eq(strncmp(files.paths[0], below, strlen(below)), 0);
    cr_expect_not(files.partial);
    look("ext4", "/");
    cr_expect_eq(files.count, 1);
}

Test(audit_mounts, what_somebody_else_answers_for_is_said_and_not_touched)
{
    static const char *const types[] = {"nfs4", "cifs", "fuse.sshfs", "9p", "of-tomorrow"};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        look(types[i], dir.path);
        cr_expect_eq(files.count, 0, "%s", types[i]);
        cr_expect(files.partial, "%s", types[i]);
    }
}

Test(audit_mounts, what_the_kernel_makes_holds_no_sockets)
{
    look("cgroup2", dir.path);
    cr_expect_eq(files.count, 0);
    cr_expect_not(files.partial);
}

Test(audit_mounts, only_below_the_directory)
{
    look("tmpfs", below);
    cr_expect_eq(files.count, 0, "the directory itself is searched without this");
    look("tmpfs", "/nowhere");
    cr_expect_eq(files.count, 0);
    look("nfs4", "/nowhere");
    cr_expect_not(files.partial);
    below[strlen(below) - 1] = '\0';
    look("tmpfs", below);
    cr_expect_eq(files.count, 0, "\"m \" is not above \"m n\"");
}

Test(audit_mounts, processes_that_are_hidden)
{
    static const struct {
        const char *line;
        bool hidden;
    } rows[] = {
        {"proc /proc proc rw,relatime 0 0\n", false},
        {"proc /proc proc rw,hidepid=0 0 0\n", false},
        {"proc /proc proc rw,hidepid=off 0 0\n", false},
        {"proc /proc proc rw,hidepid=2 0 0\n", true},
        {"proc /proc proc rw,hidepid=invisible,gid=4 0 0\n", true},
        {"proc /proc proc rw,hidepid=2 0 0\nproc /proc proc rw 0 0\n", false},
        {"proc /srv/proc proc rw,hidepid=2 0 0\n", false},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        FILE *mounts = tmpfile();

        MUST(mounts != NULL && fputs(rows[i].line, mounts) >= 0);
        cr_expect_eq(mounts_hide_processes(mounts), rows[i].hidden, "%s", rows[i].line);
        (void)fclose(mounts);
    }
}
