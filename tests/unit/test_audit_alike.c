/* SPDX-License-Identifier: MIT */
/* Names that are taken for one another, and names that only nearly are. */
#include "audit/rules/alike.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sunpath/limits.h>

static const struct {
    const char *a;
    const char *b;
    enum alike alike;
} rows[] = {
    {"/run/s", "/run/s", ALIKE_NOT},
    {"/run/s", "/run/s ", ALIKE_PRINTED},
    {"/run/s", "/run/s \t\xc2\xa0", ALIKE_PRINTED},
    {"/run/s", "/run/s\x1b", ALIKE_PRINTED},
    {"/run/s", "/run/\x7fs", ALIKE_PRINTED},
    {"/run/s", "/run/s\n", ALIKE_PRINTED},
    {"/run/s", "/run/ s", ALIKE_NOT},
    {"/run/a b",
     "/run/a\xc2\xa0"
     "b",
     ALIKE_PRINTED},
    {"/run/a b", "/run/ab", ALIKE_NOT},
    {"/run/s", "/run/S", ALIKE_NOT},
    {"/run/s1", "/run/sl", ALIKE_NOT},
    {"/run/copa", "/run/\xd1\x81\xd0\xbe\xd1\x80\xd0\xb0", ALIKE_PRINTED},
    {"/run/\xd0\xb6", "/run/x", ALIKE_NOT},
    {"/run/s", "/run/\xe2\x80\xaes", ALIKE_PRINTED},
    {"/run/a-b",
     "/run/a\xe2\x80\x93"
     "b",
     ALIKE_PRINTED},
    {"/run/s", "/run/\xef\xbd\x93", ALIKE_PRINTED},
    {"/run/a",
     "/run\xe2\x88\x95"
     "a",
     ALIKE_PRINTED},
    /* Not UTF-8: bytes are themselves. */
    {"/run/\xff", "/run/\xfe", ALIKE_NOT},
    {"/run/\xc3", "/run/\xc3\xa9", ALIKE_NOT},
    {"/run/o", "/run/\xd0", ALIKE_NOT},
    {"", "", ALIKE_NOT},
    {"", " ", ALIKE_PRINTED},
};

Test(audit_alike, rows)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *a = rows[i].a;
        const char *b = rows[i].b;

        cr_expect_eq(names_alike(a, strlen(a), b, strlen(b)), rows[i].alike, "row %zu: %s", i, b);
        cr_expect_eq(names_alike(b, strlen(b), a, strlen(a)), rows[i].alike, "row %zu, back", i);
    }
}

Test(audit_alike, an_at_is_what_a_nul_prints_as)
{
    cr_expect_eq(names_alike("\0x\0y", 4, "@x@y", 4), ALIKE_PRINTED);
    cr_expect_eq(names_alike("\0x\0y", 4, "@x y", 4), ALIKE_NOT);
}

Test(audit_alike, cut_at_what_an_address_holds)
{
    char a[200];
    char b[200];

    (void)memset(a, 'a', sizeof(a));
    (void)memset(b, 'a', sizeof(b));
    cr_expect_eq(names_alike(a, SP_LISTEN_PATH_MAX, b, SP_LISTEN_PATH_MAX + 1), ALIKE_CUT);
    cr_expect_eq(names_alike(a, 150, b, 150), ALIKE_NOT);
    cr_expect_eq(names_alike(a, SP_LISTEN_PATH_MAX - 1, b, SP_LISTEN_PATH_MAX), ALIKE_NOT);
    b[149] = 'b';
    cr_expect_eq(names_alike(a, 150, b, 150), ALIKE_CUT);
    b[SP_LISTEN_PATH_MAX - 1] = 'b';
    cr_expect_eq(names_alike(a, 150, b, 150), ALIKE_NOT);
}
