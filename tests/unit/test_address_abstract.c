/* SPDX-License-Identifier: MIT */
/* Abstract names: any bytes, of exactly the length given. */
#include "tests/unit/address_case.h"

static struct outcome make(const void *name, size_t length)
{
    struct outcome outcome = outcome_before();
    void *copy = exact(name, length);

    outcome.result = sp_address_abstract(&outcome.address, copy, length, &outcome.cause);
    free(copy);
    return outcome;
}

/* Covers: ABST-06 */
Test(address_abstract, every_length_fits_or_is_refused)
{
    char name[300];

    memset(name, 'a', sizeof(name));
    for (size_t length = 0; length <= sizeof(name); length++) {
        struct outcome outcome = make(name, length);

        if (length == 0)
            expect_refusal(&outcome, SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_NAME_EMPTY, "no bytes");
        else if (length <= 107)
            expect_address(&outcome, SP_NAMESPACE_ABSTRACT, name, length, "abstract");
        else
            expect_refusal(&outcome, SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_NAME_TOO_LONG, "long");
    }
}

/* Covers: ABST-05 */
Test(address_abstract, a_nul_is_a_byte_like_any_other)
{
    char name[SP_ABSTRACT_MAX];

    for (size_t length = 1; length <= sizeof(name); length++) {
        for (size_t at = 0; at < length; at++) {
            struct outcome whole;
            struct outcome prefix;

            memset(name, 'a', length);
            name[at] = '\0';
            whole = make(name, length);
            expect_address(&whole, SP_NAMESPACE_ABSTRACT, name, length, "with NUL");
            if (at == 0)
                continue;
            prefix = make(name, at);
            CHECK(!sp_address_equal(&whole.address, &prefix.address),
                  "equal up to a NUL at %zu, and taken for the same", at);
        }
    }
}

Test(address_abstract, trailing_nuls_count)
{
    static const char zeros[SP_ABSTRACT_MAX];
    struct sp_address all[SP_ABSTRACT_MAX];

    for (size_t length = 1; length <= sizeof(zeros); length++) {
        cr_assert_eq(sp_address_abstract(&all[length - 1], zeros, length, NULL), SP_OK);
        for (size_t other = 1; other < length; other++)
            CHECK(!sp_address_equal(&all[length - 1], &all[other - 1]), "%zu and %zu NULs", length,
                  other);
    }
}

Test(address_abstract, a_path_and_an_abstract_name_of_the_same_bytes_differ)
{
    struct sp_address path;
    struct sp_address abstract;

    cr_assert_eq(sp_address_path(&path, "/tmp/.X11-unix/X0", SP_STRLEN, NULL), SP_OK);
    cr_assert_eq(sp_address_abstract(&abstract, "/tmp/.X11-unix/X0", SP_STRLEN, NULL), SP_OK);
    cr_assert(!sp_address_equal(&path, &abstract));
    cr_assert(sp_address_equal(&path, &path));
    cr_assert(sp_address_equal(&abstract, &abstract));
}

Test(address_abstract, every_byte_value_is_taken)
{
    for (int byte = 0; byte < 256; byte++) {
        uint8_t name = (uint8_t)byte;
        struct outcome outcome = make(&name, 1);

        expect_address(&outcome, SP_NAMESPACE_ABSTRACT, &name, 1, "one byte");
    }
}

Test(address_abstract, nobody_need_ask_for_the_cause)
{
    struct sp_address address;

    cr_assert_eq(sp_address_abstract(&address, "", SP_STRLEN, NULL), SP_ERROR_SERVER_NOT_FOUND);
    cr_assert_eq(sp_address_abstract(&address, NULL, 0, NULL), SP_ERROR_SERVER_NOT_FOUND);
}
