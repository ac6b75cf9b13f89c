/* SPDX-License-Identifier: MIT */
/* What the kernel is given, what counts as an address, and when two are one. */
#include "tests/unit/address_case.h"

/* Covers: ALEN-01, ALEN-02 */
Test(address_encode, exactly_the_name_and_nothing_behind_it)
{
    for (size_t length = 0; length <= SP_PATH_MAX; length++) {
        uint8_t bytes[SP_PATH_MAX];
        uint8_t *sun_path = malloc(SP_PATH_MAX);
        struct sp_address address = {.space = SP_NAMESPACE_PATH, .length = (uint8_t)length};

        memset(bytes, 'n', sizeof(bytes));
        memcpy(address.bytes, bytes, length);
        memset(sun_path, CANARY, SP_PATH_MAX);
        if (length > 0) {
            CHECK(sp__address_encode(&address, sun_path) == length, "path of %zu", length);
            CHECK(memcmp(sun_path, bytes, length) == 0, "path of %zu", length);
            for (size_t i = length; i < SP_PATH_MAX; i++)
                CHECK(sun_path[i] == 0, "byte %zu behind a path of %zu", i, length);
        }
        if (length <= SP_ABSTRACT_MAX) {
            address.space = SP_NAMESPACE_ABSTRACT;
            CHECK(sp__address_encode(&address, sun_path) == 1 + length, "abstract of %zu", length);
            CHECK(sun_path[0] == 0 && memcmp(sun_path + 1, bytes, length) == 0, "abstract of %zu",
                  length);
        }
        free(sun_path);
    }
}

Test(address_encode, an_unnamed_address_has_no_bytes)
{
    struct sp_address address = {.space = SP_NAMESPACE_UNNAMED};
    uint8_t sun_path[SP_PATH_MAX];

    cr_assert_eq(sp__address_encode(&address, sun_path), 0);
}

struct validity {
    const char *what;
    struct sp_address address;
    bool is_valid;
};

static const struct validity validities[] = {
    {"unnamed", {.space = SP_NAMESPACE_UNNAMED}, true},
    {"unnamed of a byte", {.space = SP_NAMESPACE_UNNAMED, .length = 1}, false},
    {"unnamed, bytes behind", {.space = SP_NAMESPACE_UNNAMED, .bytes = "x"}, false},
    {"path", {.space = SP_NAMESPACE_PATH, .length = 2, .bytes = "/x"}, true},
    {"relative path", {.space = SP_NAMESPACE_PATH, .length = 1, .bytes = "x"}, true},
    {"empty path", {.space = SP_NAMESPACE_PATH}, false},
    {"path with NUL", {.space = SP_NAMESPACE_PATH, .length = 3, .bytes = "/\0x"}, false},
    {"path, bytes behind", {.space = SP_NAMESPACE_PATH, .length = 1, .bytes = "/x"}, false},
    {"path too long", {.space = SP_NAMESPACE_PATH, .length = 109, .bytes = "/x"}, false},
    {"path far too long", {.space = SP_NAMESPACE_PATH, .length = 255, .bytes = "/x"}, false},
    {"empty abstract", {.space = SP_NAMESPACE_ABSTRACT}, true},
    {"abstract", {.space = SP_NAMESPACE_ABSTRACT, .length = 3, .bytes = "a\0b"}, true},
    {"abstract, bytes behind", {.space = SP_NAMESPACE_ABSTRACT, .bytes = "a"}, false},
    {"abstract of 108", {.space = SP_NAMESPACE_ABSTRACT, .length = 108, .bytes = "a"}, false},
    {"no namespace", {.space = (enum sp_namespace)3}, false},
    {"no namespace, far off", {.space = (enum sp_namespace)0x7fffffff}, false},
};

Test(address_encode, what_the_library_can_make_is_valid_and_nothing_else)
{
    for (size_t i = 0; i < sizeof(validities) / sizeof(validities[0]); i++)
        cr_assert_eq(sp__address_is_valid(&validities[i].address), validities[i].is_valid, "%s",
                     validities[i].what);
}

/* The last byte of the array is looked at too. */
Test(address_encode, a_byte_anywhere_behind_the_name_is_noticed)
{
    for (size_t at = 1; at < SP_PATH_MAX; at++) {
        struct sp_address address = {.space = SP_NAMESPACE_PATH, .length = 1, .bytes = "x"};

        address.bytes[at] = 'y';
        CHECK(!sp__address_is_valid(&address), "byte %zu", at);
    }
}

Test(address_encode, two_are_equal_exactly_when_all_of_them_is)
{
    struct sp_address a = {.space = SP_NAMESPACE_ABSTRACT, .length = 2, .bytes = "ab"};
    struct sp_address b = a;

    cr_assert(sp_address_equal(&a, &b));
    b.space = SP_NAMESPACE_PATH;
    cr_assert_not(sp_address_equal(&a, &b));
    b = a;
    b.length = 3;
    cr_assert_not(sp_address_equal(&a, &b));
    for (size_t at = 0; at < SP_PATH_MAX; at++) {
        b = a;
        b.bytes[at] ^= 1;
        CHECK(!sp_address_equal(&a, &b), "byte %zu", at);
    }
}
