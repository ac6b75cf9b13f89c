/* SPDX-License-Identifier: MIT */
/* The text of a .socket unit: what is taken, what is left out, and where it says that it stands. */
#include "audit/facts/unit.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct unit unit;

static void parse(const char *text)
{
    unit_init(&unit);
    unit_parse(&unit, "a", text, strlen(text));
}

static void listens(const char *text, const char *path)
{
    parse(text);
    if (path == NULL) {
        cr_expect_eq(unit.count, 0, "%s", text);
        return;
    }
    cr_assert_eq(unit.count, 1, "%s", text);
    cr_expect_str_eq(unit.listens[0].path, path, "%s", text);
    cr_expect_eq(unit.listens[0].length, strlen(path));
}

Test(audit_unit, an_empty_text_has_the_defaults)
{
    parse("");
    cr_expect_eq(unit.socket_mode, 0666);
    cr_expect_eq(unit.directory_mode, 0755);
    cr_expect_eq(unit.socket_mode_at.line, 0);
    cr_expect_eq(unit.count, 0);
    cr_expect_not(unit.unclear);
}

Test(audit_unit, what_listens_at_a_path)
{
    listens("[Socket]\nListenStream=/run/a\n", "/run/a");
    listens("[Socket]\n  ListenDatagram \t=  /run/a  \n", "/run/a");
    listens("[Socket]\r\nListenSequentialPacket=/run/a", "/run/a");
    listens("[Socket]\nListenStream=/run/a b\n", "/run/a b");
    listens("[Socket]\nListenFIFO=/run/a\n", NULL);
    listens("[Socket]\nListenStream=@a\nListenStream=80\nListenStream=[::]:80\n", NULL);
    listens("[Unit]\nListenStream=/run/a\n", NULL);
    listens("[Socket]\n[Install]\nListenStream=/run/a\n", NULL);
    listens("[Unit]\n[Socket]\nListenStream=/run/a\n", "/run/a");
    listens("[Socket]\n#ListenStream=/run/a\n;ListenStream=/run/b\n", NULL);
    listens("[Socket]\nlistenstream=/run/a\nListenStream\n=\n", NULL);
    cr_expect_not(unit.unclear);
}

Test(audit_unit, an_empty_assignment_empties_the_list)
{
    listens("[Socket]\nListenStream=/run/a\nListenDatagram=\nListenStream=/run/b\n", "/run/b");
    cr_expect_eq(unit.listens[0].at.line, 4);
}

Test(audit_unit, a_line_goes_on_behind_a_backslash)
{
    listens("[Socket]\nListenStream= \\\n  /run/a\n", "/run/a");
    cr_expect_eq(unit.listens[0].at.line, 2, "where it begins");
    listens("[Socket]\nListenStream= \\\n# not this\n;nor this\n  /run/a\n", "/run/a");
    listens("[Socket]\n# no \\\nListenStream=/run/a\n", "/run/a");
    listens("[Socket]\nListenStream=/run/a\\", "/run/a");
    listens("[Socket]\nFileDescriptorName=x\\\nListenStream=/run/a\n", NULL);
}

Test(audit_unit, specifiers_that_are_the_same_for_all_units)
{
    listens("[Socket]\nListenStream=%t/a\n", "/run/a");
    listens("[Socket]\nListenStream=/srv/100%%/a\n", "/srv/100%/a");
    listens("[Socket]\nListenStream=/run/%i\n", NULL);
    cr_expect(unit.unclear);
    listens("[Socket]\nListenStream=/run/%\n", NULL);
    cr_expect(unit.unclear);
}

Test(audit_unit, modes_are_octal)
{
    parse("[Socket]\nSocketMode=0660\nDirectoryMode=2750\n");
    cr_expect_eq(unit.socket_mode, 0660);
    cr_expect_eq(unit.socket_mode_at.line, 2);
    cr_expect_str_eq(unit.socket_mode_at.file, "a");
    cr_expect_eq(unit.directory_mode, 02750);
    cr_expect_eq(unit.directory_mode_at.line, 3);
    parse("[Socket]\nSocketMode=0600\nSocketMode=\n");
    cr_expect_eq(unit.socket_mode, 0666);
    cr_expect_eq(unit.socket_mode_at.line, 0);
    cr_expect_not(unit.unclear);
    for (size_t i = 0; i < 4; i++) {
        static const char *const wrong[] = {"0680", "rw", "77777", "7777777777777777777777"};
        char text[64] = "[Socket]\nSocketMode=0600\nSocketMode=";

        parse(strcat(text, wrong[i]));
        cr_expect(unit.unclear, "%s", wrong[i]);
        cr_expect_eq(unit.socket_mode, 0600, "what was there before stays: %s", wrong[i]);
    }
}

Test(audit_unit, owners)
{
    parse("[Socket]\nSocketUser=www-data\nSocketGroup=33\n");
    cr_expect_str_eq(unit.user, "www-data");
    cr_expect_str_eq(unit.group, "33");
    parse("[Socket]\nSocketUser=a\nSocketUser=\nSocketGroup=%g\n");
    cr_expect_str_eq(unit.user, "");
    cr_expect(unit.unclear);
    parse("[Socket]\nSocketUser=a-name-that-is-longer-than-any-can-be\n");
    cr_expect(unit.unclear);
}

Test(audit_unit, a_later_text_is_the_same_unit)
{
    static const char later[] = "ListenStream=/run/b\n[Socket]\nSocketMode=0600\n";

    parse("[Socket]\nListenStream=/run/a\n");
    unit_parse(&unit, "b", later, sizeof(later) - 1);
    cr_expect_eq(unit.count, 1, "each text begins outside of sections");
    cr_expect_eq(unit.socket_mode, 0600);
    cr_expect_str_eq(unit.socket_mode_at.file, "b");
}

Test(audit_unit, what_has_no_room_is_not_cut)
{
    static char text[2 * UNIT_LINE_MAX + 64 * UNIT_LISTENS_MAX];
    const size_t head = strlen(strcpy(text, "[Socket]\nListenStream=/"));

    (void)memset(text + head, 'a', UNIT_LINE_MAX);
    (void)strcpy(text + head + UNIT_LINE_MAX, "\nListenStream=/run/b\n");
    listens(text, "/run/b");
    cr_expect(unit.unclear);

    (void)strcpy(text, "[Socket]\n");
    for (size_t i = 0; i < UNIT_LISTENS_MAX; i++)
        (void)strcat(text, "ListenStream=/run/a\n");
    parse(text);
    cr_expect_eq(unit.count, UNIT_LISTENS_MAX);
    cr_expect_not(unit.unclear);
    parse(strcat(text, "ListenStream=/run/a\n"));
    cr_expect_eq(unit.count, UNIT_LISTENS_MAX);
    cr_expect(unit.unclear);
}

Test(audit_unit, a_nul_is_not_an_end)
{
    static const char text[] = "[Socket]\nListenStream=/run/a\0b\nListenStream=/run/c\n";

    unit_init(&unit);
    unit_parse(&unit, "a", text, sizeof(text) - 1);
    cr_assert_eq(unit.count, 1);
    cr_expect_str_eq(unit.listens[0].path, "/run/c");
    cr_expect(unit.unclear);
}
