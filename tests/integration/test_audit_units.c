/* SPDX-License-Identifier: MIT */
/* The .socket units of several directories: which text counts, what is masked, what is left out. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "audit/facts/units.h"
#include "tests/support/must.h"
#include "tests/support/tempdir.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct tempdir dir;
static char first[TEMPDIR_JOINED_MAX];
static char second[TEMPDIR_JOINED_MAX];
static struct units units;

static void set_up(void)
{
    dir = tempdir_make();
    tempdir_join(&dir, "first", first);
    tempdir_join(&dir, "second", second);
    MUST(mkdir(first, 0755) == 0 && mkdir(second, 0755) == 0);
}

static void tear_down(void)
{
    units_free(&units);
    tempdir_remove(&dir);
}

TestSuite(audit_units, .init = set_up, .fini = tear_down);

static void look(void)
{
    const char *const directories[] = {first, second};

    units_free(&units);
    units_read(&units, directories, 2);
}

static void write_unit(const char *directory, const char *name, const char *text)
{
    char path[TEMPDIR_JOINED_MAX + 64];
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
    file = fopen(path, "we");
    MUST(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void make_below(const char *directory, const char *name)
{
    char path[TEMPDIR_JOINED_MAX + 64];

    (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
    MUST(mkdir(path, 0755) == 0);
}

Test(audit_units, the_first_directory_counts)
{
    write_unit(second, "a.socket", "[Socket]\nListenStream=/run/second\n");
    look();
    cr_assert_eq(units.count, 1);
    cr_expect_str_eq(units.all[0]->unit.listens[0].path, "/run/second");
    write_unit(first, "a.socket", "[Socket]\nListenStream=/run/first\n");
    look();
    cr_assert_eq(units.count, 1);
    cr_expect_str_eq(units.all[0]->unit.listens[0].path, "/run/first");
    cr_expect_not(units.partial);
}

Test(audit_units, masked_units_and_templates_are_none)
{
    char path[TEMPDIR_JOINED_MAX + 64];

    write_unit(second, "a.socket", "[Socket]\nListenStream=/run/a\n");
    write_unit(second, "b.socket", "[Socket]\nListenStream=/run/b\n");
    write_unit(second, "c@.socket", "[Socket]\nListenStream=/run/%i\n");
    write_unit(second, "d.service", "[Socket]\nListenStream=/run/d\n");
    write_unit(first, "a.socket", "");
    (void)snprintf(path, sizeof(path), "%s/b.socket", first);
    MUST(symlink("/dev/null", path) == 0);
    look();
    cr_expect_eq(units.count, 0);
    cr_expect_not(units.partial);
}

Test(audit_units, what_is_dropped_in_comes_in_the_order_of_its_names)
{
    write_unit(second, "a.socket", "[Socket]\nListenStream=/run/a\n");
    make_below(first, "a.socket.d");
    make_below(second, "a.socket.d");
    make_below(second, "socket.d");
    write_unit(second, "a.socket.d/20.conf", "[Socket]\nSocketMode=0620\n");
    write_unit(first, "a.socket.d/10.conf", "[Socket]\nSocketMode=0610\n");
    look();
    cr_assert_eq(units.count, 1);
    cr_expect_eq(units.all[0]->unit.socket_mode, 0620);
    write_unit(first, "a.socket.d/20.conf", "[Socket]\nSocketMode=0621\n");
    write_unit(first, "a.socket.d/30.txt", "[Socket]\nSocketMode=0630\n");
    write_unit(second, "socket.d/20.conf", "[Socket]\nSocketMode=0600\n");
    look();
    cr_expect_eq(units.all[0]->unit.socket_mode, 0621, "%o", units.all[0]->unit.socket_mode);
    write_unit(second, "socket.d/40.conf", "[Socket]\nSocketMode=0640\n");
    look();
    cr_expect_eq(units.all[0]->unit.socket_mode, 0640);
    cr_expect_eq(units.all[0]->texts, 4);
}

Test(audit_units, who_the_owner_is)
{
    write_unit(first, "a.socket", "[Socket]\nListenStream=/run/a\nSocketUser=nobody\n");
    look();
    cr_expect(units.all[0]->knows_owner);
    cr_expect_eq(units.all[0]->uid, 65534);
    cr_expect_eq(units.all[0]->gid, 65534, "his group, if none is said");
    write_unit(first, "a.socket",
               "[Socket]\nListenStream=/run/a\nSocketUser=12345\nSocketGroup=daemon\n");
    look();
    cr_expect_eq(units.all[0]->uid, 12345);
    cr_expect_eq(units.all[0]->gid, 1);
    cr_expect_not(units.partial);
    write_unit(first, "a.socket", "[Socket]\nListenStream=/run/a\nSocketUser=is-not-there\n");
    look();
    cr_expect_not(units.all[0]->knows_owner);
    cr_expect(units.partial);
}

Test(audit_units, what_cannot_be_read_is_said)
{
    char path[TEMPDIR_JOINED_MAX + 64];

    (void)snprintf(path, sizeof(path), "%s/a.socket", first);
    MUST(mkfifo(path, 0644) == 0);
    write_unit(second, "b.socket", "[Socket]\nListenStream=/run/%x\n");
    look();
    cr_expect(units.partial, "and nobody waits for a writer");
    MUST(unlink(path) == 0);
    look();
    cr_expect(units.partial);
    write_unit(second, "b.socket", "[Socket]\n");
    look();
    cr_expect_not(units.partial);
    MUST(truncate(strcat(strcpy(path, second), "/b.socket"), UNIT_BYTES_MAX + 1) == 0);
    look();
    cr_expect(units.partial);
}
