/* SPDX-License-Identifier: MIT */
/* Listeners whose names look alike, and those whose names only nearly do. */
#include "audit/rules/twins.h"

#include <criterion/criterion.h>
#include <string.h>

static struct bound_socket pair[2];
static struct bound_sockets sockets = {.count = 2, .sockets = pair};

static void name(size_t at, enum sp_namespace space, const char *bytes, size_t length)
{
    pair[at] = (struct bound_socket){.listening = true,
                                     .name = {.space = space, .length = (uint8_t)length}};
    (void)memcpy(pair[at].name.bytes, bytes, length);
}

static bool are_alike(void)
{
    struct twins twins;
    bool first;
    bool second;

    cr_assert(twins_read(&twins, &sockets));
    first = twin_of(&twins, &pair[0]) == &pair[1];
    second = twin_of(&twins, &pair[1]) == &pair[0];
    cr_expect_eq(first, second);
    twins_free(&twins);
    return first;
}

#define PATH(at, text) name(at, SP_NAMESPACE_PATH, text, sizeof(text) - 1)
#define ABSTRACT(at, text) name(at, SP_NAMESPACE_ABSTRACT, text, sizeof(text) - 1)

Test(audit_twins, an_abstract_name_written_like_a_path)
{
    PATH(0, "/run/app");
    ABSTRACT(1, "/run/app");
    cr_expect(are_alike());
    ABSTRACT(1, "/run/apq");
    cr_expect_not(are_alike());
}

Test(audit_twins, bytes_that_are_not_printed)
{
    ABSTRACT(0, "appx");
    ABSTRACT(1, "app\1x");
    cr_expect(are_alike());
    ABSTRACT(1, "app\1y");
    cr_expect_not(are_alike());
}

Test(audit_twins, what_stands_at_the_end)
{
    ABSTRACT(0, "app");
    ABSTRACT(1, "app ");
    cr_expect(are_alike());
    ABSTRACT(1, "app\n");
    cr_expect(are_alike());
    ABSTRACT(1, "app\0");
    cr_expect_not(are_alike(), "a NUL is seen");
    ABSTRACT(1, " app");
    cr_expect_not(are_alike());
}

Test(audit_twins, the_same_name_twice_is_no_other_name)
{
    PATH(0, "/run/app");
    PATH(1, "/run/app");
    cr_expect_not(are_alike());
}

Test(audit_twins, unnamed_listeners_and_those_that_do_not_listen_are_left_out)
{
    struct twins twins;

    PATH(0, "");
    PATH(1, "");
    cr_expect_not(are_alike());
    PATH(0, "/run/app");
    ABSTRACT(1, "/run/app");
    pair[1].listening = false;
    cr_assert(twins_read(&twins, &sockets));
    cr_expect_null(twin_of(&twins, &pair[0]));
    twins_free(&twins);
}
