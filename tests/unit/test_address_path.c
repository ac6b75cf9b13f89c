/* SPDX-License-Identifier: MIT */
/* Path names: what is taken as it is, what is placed under a directory, what is refused and why. */
#include "tests/unit/address_case.h"

static struct outcome make_path(const void *path, size_t length)
{
    struct outcome outcome = outcome_before();
    void *copy = exact(path, length);

    outcome.result = sp_address_path(&outcome.address, copy, length, &outcome.cause);
    free(copy);
    return outcome;
}

static struct outcome make_name(const void *name, size_t length, const void *base,
                                size_t base_length)
{
    struct outcome outcome = outcome_before();
    void *name_copy = exact(name, length);
    void *base_copy = exact(base, base_length);

    outcome.result = sp_address_name(&outcome.address, name_copy, length, base_copy, base_length,
                                     &outcome.cause);
    free(name_copy);
    free(base_copy);
    return outcome;
}

/* An absolute path of @length bytes in @path. */
static void fill(char *path, size_t length)
{
    memset(path, 'p', length);
    path[0] = '/';
    path[length] = '\0';
}

/* Covers: PATH-01, PATH-05 */
Test(address_path, every_length_fits_or_is_refused)
{
    static char path[4097];

    for (size_t length = 2; length <= 4096; length += length < 300 ? 1 : 97) {
        struct outcome outcome;

        fill(path, length);
        outcome = make_path(path, length);
        if (length <= 108)
            expect_address(&outcome, SP_NAMESPACE_PATH, path, length, "path");
        else
            expect_refusal(&outcome, SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_NAME_TOO_LONG, "path");
    }
}

/* Covers: PATH-03 */
Test(address_path, names_that_differ_only_at_their_end_stay_different)
{
    char one[110];
    char other[110];

    for (size_t length = 2; length <= 109; length++) {
        struct outcome first;
        struct outcome second;

        fill(one, length);
        fill(other, length);
        other[length - 1] = 'q';
        first = make_path(one, length);
        second = make_path(other, length);
        if (length == 109) {
            CHECK(first.result < 0 && second.result < 0, "109 bytes were taken");
            continue;
        }
        CHECK(!sp_address_equal(&first.address, &second.address), "of %zu bytes", length);
    }
}

/* Covers: PATH-07 */
Test(address_path, a_nul_anywhere_is_refused)
{
    char path[110];

    for (size_t length = 1; length <= 109; length++) {
        for (size_t at = 0; at < length; at++) {
            struct outcome outcome;

            fill(path, length);
            path[at] = '\0';
            outcome = make_path(path, length);
            expect_refusal(&outcome, SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_NAME_HAS_NUL, "path");
            if (length > 1 && at > 0) {
                outcome = make_name(path + 1, length - 1, "/b", 2);
                expect_refusal(&outcome, SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_NAME_HAS_NUL, "name");
            }
        }
    }
}

Test(address_path, a_c_string_is_measured)
{
    struct outcome outcome = outcome_before();

    outcome.result = sp_address_path(&outcome.address, "/run/x", SP_STRLEN, &outcome.cause);
    expect_address(&outcome, SP_NAMESPACE_PATH, "/run/x", 6, "path");

    outcome = outcome_before();
    outcome.result =
        sp_address_name(&outcome.address, "x", SP_STRLEN, "/run", SP_STRLEN, &outcome.cause);
    expect_address(&outcome, SP_NAMESPACE_PATH, "/run/x", 6, "name");

    outcome = outcome_before();
    outcome.result = sp_address_path(&outcome.address, "", SP_STRLEN, &outcome.cause);
    expect_refusal(&outcome, SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_NAME_EMPTY, "nothing");
}

Test(address_path, nobody_need_ask_for_the_cause)
{
    struct sp_address address;

    cr_assert_eq(sp_address_path(&address, "/x", 2, NULL), SP_OK);
    cr_assert_eq(sp_address_path(&address, "x", 1, NULL), SP_ERROR_SERVER_NOT_FOUND);
    cr_assert_eq(sp_address_path(&address, NULL, 0, NULL), SP_ERROR_SERVER_NOT_FOUND);
    cr_assert_eq(sp_address_name(&address, NULL, 0, NULL, 0, NULL), SP_ERROR_SERVER_NOT_FOUND);
    cr_assert_eq(sp_address_name(&address, "x", 1, NULL, 0, NULL), SP_ERROR_SERVER_NOT_FOUND);
}

/* A path, and why it is refused; SP_CAUSE_NONE if it is not. */
struct form {
    const char *name;
    enum sp_cause cause;
};

static const struct form paths[] = {
    {"", SP_CAUSE_NAME_EMPTY},
    {"/", SP_CAUSE_NAME_IS_DIRECTORY},
    {"//", SP_CAUSE_NAME_IS_DIRECTORY},
    {"/x/", SP_CAUSE_NAME_IS_DIRECTORY},
    {"/x//", SP_CAUSE_NAME_IS_DIRECTORY},
    {"/.", SP_CAUSE_NAME_IS_DIRECTORY},
    {"/..", SP_CAUSE_NAME_IS_DIRECTORY},
    {"/./", SP_CAUSE_NAME_IS_DIRECTORY},
    {"/a/.", SP_CAUSE_NAME_IS_DIRECTORY},
    {"/a/..", SP_CAUSE_NAME_IS_DIRECTORY},
    {"//.", SP_CAUSE_NAME_IS_DIRECTORY},
    {"x", SP_CAUSE_NAME_NOT_ABSOLUTE},
    {".", SP_CAUSE_NAME_NOT_ABSOLUTE},
    {"..", SP_CAUSE_NAME_NOT_ABSOLUTE},
    {"a/b", SP_CAUSE_NAME_NOT_ABSOLUTE},
    {"../x", SP_CAUSE_NAME_NOT_ABSOLUTE},
    {"@x", SP_CAUSE_NAME_NOT_ABSOLUTE},
    {"/...", SP_CAUSE_NONE},
    {"/.x", SP_CAUSE_NONE},
    {"/x.", SP_CAUSE_NONE},
    {"/..x", SP_CAUSE_NONE},
    {"/x..", SP_CAUSE_NONE},
    {"/@x", SP_CAUSE_NONE},
    {"/run/dbus/system_bus_socket", SP_CAUSE_NONE},
    /* Odd, and the kernel's own business: nothing is tidied up. */
    {"//x", SP_CAUSE_NONE},
    {"/a//x", SP_CAUSE_NONE},
    {"/a/./x", SP_CAUSE_NONE},
    {"/a/../x", SP_CAUSE_NONE},
    {"/ ", SP_CAUSE_NONE},
    {"/a\nb", SP_CAUSE_NONE},
    {"/\xff\xfe\x80", SP_CAUSE_NONE},
};

/* Covers: PATH-12, PATH-18 */
Test(address_path, every_form_is_taken_as_it_is_or_refused)
{
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        const struct form *form = &paths[i];
        struct outcome outcome = make_path(form->name, strlen(form->name));

        if (form->cause == SP_CAUSE_NONE)
            expect_address(&outcome, SP_NAMESPACE_PATH, form->name, strlen(form->name), form->name);
        else
            expect_refusal(&outcome, SP_ERROR_SERVER_NOT_FOUND, form->cause, form->name);

        /* As a name an absolute path is the same, and no directory is looked at. */
        if (form->name[0] != '/')
            continue;
        outcome = outcome_before();
        outcome.result = sp_address_name(&outcome.address, form->name, strlen(form->name), NULL, 0,
                                         &outcome.cause);
        if (form->cause == SP_CAUSE_NONE)
            expect_address(&outcome, SP_NAMESPACE_PATH, form->name, strlen(form->name), form->name);
        else
            expect_refusal(&outcome, SP_ERROR_SERVER_NOT_FOUND, form->cause, form->name);
    }
}

static const struct form short_names[] = {
    {"", SP_CAUSE_NAME_EMPTY},
    {".", SP_CAUSE_NAME_IS_DIRECTORY},
    {"..", SP_CAUSE_NAME_IS_DIRECTORY},
    {"a/b", SP_CAUSE_NAME_HAS_SLASH},
    {"a/", SP_CAUSE_NAME_HAS_SLASH},
    {"./x", SP_CAUSE_NAME_HAS_SLASH},
    {"../x", SP_CAUSE_NAME_HAS_SLASH},
    {"../../etc/x", SP_CAUSE_NAME_HAS_SLASH},
    {"...", SP_CAUSE_NONE},
    {".x", SP_CAUSE_NONE},
    {"x", SP_CAUSE_NONE},
    {"wayland-0", SP_CAUSE_NONE},
    {"~", SP_CAUSE_NONE},
    {"\xff", SP_CAUSE_NONE},
};

/* Covers: PATH-18 */
Test(address_path, a_short_name_is_one_component_below_the_base)
{
    for (size_t i = 0; i < sizeof(short_names) / sizeof(short_names[0]); i++) {
        const struct form *form = &short_names[i];
        struct outcome outcome = make_name(form->name, strlen(form->name), "/run", 4);
        char joined[SP_PATH_MAX];

        if (form->cause != SP_CAUSE_NONE) {
            expect_refusal(&outcome, SP_ERROR_SERVER_NOT_FOUND, form->cause, form->name);
            continue;
        }
        memcpy(joined, "/run/", 5);
        memcpy(joined + 5, form->name, strlen(form->name));
        expect_address(&outcome, SP_NAMESPACE_PATH, joined, 5 + strlen(form->name), form->name);
    }
}

/* Covers: ABST-08 */
Test(address_path, a_literal_at_is_a_letter)
{
    struct outcome outcome = make_name("@x", 2, "/run", 4);

    expect_address(&outcome, SP_NAMESPACE_PATH, "/run/@x", 7, "@x");
}

/* Every base of 1 to 112 bytes with every name of 1 to 112: the joined path is what counts. */
/* Covers: PATH-06 */
Test(address_path, the_whole_path_counts)
{
    char base[114];
    char name[113];

    memset(name, 'n', sizeof(name));
    for (size_t base_length = 1; base_length <= 112; base_length++) {
        for (int has_slash = 0; has_slash <= 1; has_slash++) {
            fill(base, base_length);
            if (has_slash)
                base[base_length - 1] = '/';
            for (size_t length = 1; length <= 112; length++) {
                bool joins_itself = base[base_length - 1] == '/';
                size_t total = base_length + !joins_itself + length;
                struct outcome outcome = make_name(name, length, base, base_length);
                char joined[SP_PATH_MAX + 1];

                if (total > 108) {
                    expect_refusal(&outcome, SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_NAME_TOO_LONG,
                                   "joined");
                    continue;
                }
                memcpy(joined, base, base_length);
                joined[total - length - 1] = '/';
                memcpy(joined + total - length, name, length);
                expect_address(&outcome, SP_NAMESPACE_PATH, joined, total, "joined");
            }
        }
    }
}

struct base_form {
    const char *base;
    size_t length;
    enum sp_cause cause;
    const char *joined;
};

static const struct base_form bases[] = {
    {"", 0, SP_CAUSE_NAME_EMPTY, NULL},
    {"run", 3, SP_CAUSE_NAME_NOT_ABSOLUTE, NULL},
    {"./run", 5, SP_CAUSE_NAME_NOT_ABSOLUTE, NULL},
    {"/r\0n", 4, SP_CAUSE_NAME_HAS_NUL, NULL},
    {"r\0n", 3, SP_CAUSE_NAME_HAS_NUL, NULL},
    {"/", 1, SP_CAUSE_NONE, "/x"},
    {"/run", 4, SP_CAUSE_NONE, "/run/x"},
    {"/run/", 5, SP_CAUSE_NONE, "/run/x"},
    /* Byte for byte, as everything. */
    {"//", 2, SP_CAUSE_NONE, "//x"},
    {"/run//", 6, SP_CAUSE_NONE, "/run//x"},
    {"/run/..", 7, SP_CAUSE_NONE, "/run/../x"},
};

/* Covers: PATH-12 */
Test(address_path, every_base_is_joined_as_it_is_or_refused)
{
    for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
        const struct base_form *form = &bases[i];
        struct outcome outcome = make_name("x", 1, form->base, form->length);

        if (form->joined == NULL)
            expect_refusal(&outcome, SP_ERROR_SERVER_NOT_FOUND, form->cause, form->base);
        else
            expect_address(&outcome, SP_NAMESPACE_PATH, form->joined, strlen(form->joined),
                           form->base);
    }
}

/* With several faults the first in the documented order is named. */
Test(address_path, faults_are_looked_for_in_one_order)
{
    static char relative_and_long[200];
    static char directory_and_long[200];
    struct outcome outcome;

    memset(relative_and_long, 'r', sizeof(relative_and_long));
    outcome = make_path(relative_and_long, sizeof(relative_and_long));
    expect_refusal(&outcome, SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_NAME_NOT_ABSOLUTE,
                   "relative, too long");
    relative_and_long[150] = '\0';
    outcome = make_path(relative_and_long, sizeof(relative_and_long));
    expect_refusal(&outcome, SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_NAME_HAS_NUL,
                   "NUL, relative, too long");
    memset(directory_and_long, '/', sizeof(directory_and_long));
    outcome = make_path(directory_and_long, sizeof(directory_and_long));
    expect_refusal(&outcome, SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_NAME_TOO_LONG,
                   "too long, a directory");

    /* The name comes before the base. */
    outcome = make_name("a/\0b", 4, "", 0);
    expect_refusal(&outcome, SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_NAME_HAS_NUL, "NUL, slash");
    outcome = make_name("a/b", 3, "", 0);
    expect_refusal(&outcome, SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_NAME_HAS_SLASH, "slash, no base");
    outcome = make_name("..", 2, "run", 3);
    expect_refusal(&outcome, SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_NAME_NOT_ABSOLUTE,
                   "a directory, relative base");
    outcome = make_name("..", 2, "/b\0", 3);
    expect_refusal(&outcome, SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_NAME_HAS_NUL,
                   "a directory, base with NUL");
    /* And last the path that they make. */
    outcome = make_name("..", 2, directory_and_long, sizeof(directory_and_long));
    expect_refusal(&outcome, SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_NAME_TOO_LONG,
                   "a directory, long base");
}
