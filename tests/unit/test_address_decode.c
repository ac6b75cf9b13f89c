/* SPDX-License-Identifier: MIT */
/*
 * Addresses as the kernel returns them: every length it can claim, in a buffer of every size.
 *
 * Each case starts from what is really bound, writes what the kernel would write of it into a heap
 * block of exactly the buffer's size, and asks what the decoder makes of that: the whole name, or a
 * refusal; never another name.
 */
#include "tests/unit/address_case.h"

#include <sys/socket.h>

/* Largest buffer tried: more than the 111 bytes that Linux can claim. */
#define BUFFER_MAX 131

/* What is bound, as the kernel holds it: sun_path, and the length it claims. */
struct bound {
    uint8_t sun_path[SP_PATH_MAX + 1]; /* one more for the terminator that is counted */
    size_t claimed;
};

/* The kernel writes what fits of @bound; what it does not reach keeps 0xee. */
static struct outcome decode(const struct bound *bound, size_t capacity)
{
    uint8_t whole[2 + sizeof(bound->sun_path)];
    uint8_t *buffer = malloc(capacity);
    uint16_t family = AF_UNIX;
    size_t written = bound->claimed < capacity ? bound->claimed : capacity;
    struct outcome outcome = outcome_before();

    memcpy(whole, &family, 2);
    memcpy(whole + 2, bound->sun_path, sizeof(bound->sun_path));
    if (capacity > 0) {
        memset(buffer, 0xee, capacity);
        memcpy(buffer, whole, written);
    }
    outcome.result =
        sp_address_decode(&outcome.address, buffer, capacity, bound->claimed, &outcome.cause);
    free(buffer);
    return outcome;
}

/* Covers: ALEN-02, ALEN-04, ALEN-05, PATH-01 */
Test(address_decode, a_path_of_every_length_in_a_buffer_of_every_size)
{
    for (size_t length = 1; length <= SP_PATH_MAX; length++) {
        struct bound bound = {.claimed = 2 + length + 1};

        memset(bound.sun_path, 'p', length);
        for (size_t capacity = 0; capacity <= BUFFER_MAX; capacity++) {
            struct outcome outcome = decode(&bound, capacity);
            /* A struct sockaddr_un holds 108 bytes and no terminator: such a path has an end too.
             */
            bool shows_its_end = capacity >= bound.claimed || (length == 108 && capacity >= 110);

            if (shows_its_end)
                expect_address(&outcome, SP_NAMESPACE_PATH, bound.sun_path, length, "path");
            else
                expect_refusal(&outcome, SP_ERROR_UNSUPPORTED, SP_CAUSE_NAME_TOO_LONG, "cut path");
        }
    }
}

Test(address_decode, a_path_whose_terminator_is_not_counted)
{
    for (size_t length = 1; length <= SP_PATH_MAX; length++) {
        struct bound bound = {.claimed = 2 + length};
        struct outcome outcome;

        memset(bound.sun_path, 'p', length);
        outcome = decode(&bound, bound.claimed);
        expect_address(&outcome, SP_NAMESPACE_PATH, bound.sun_path, length, "path");
        outcome = decode(&bound, bound.claimed - 1);
        expect_refusal(&outcome, SP_ERROR_UNSUPPORTED, SP_CAUSE_NAME_TOO_LONG, "cut path");
    }
}

Test(address_decode, a_path_ends_at_its_first_nul)
{
    struct bound bound = {.sun_path = "/run/x\0 old bytes", .claimed = 2 + 17};

    for (size_t capacity = 2 + 7; capacity <= BUFFER_MAX; capacity++) {
        struct outcome outcome = decode(&bound, capacity);

        expect_address(&outcome, SP_NAMESPACE_PATH, "/run/x", 6, "path");
    }
}

/* Covers: ABST-05, ALEN-01, ALEN-02 */
Test(address_decode, an_abstract_name_of_every_length_in_a_buffer_of_every_size)
{
    for (size_t length = 0; length <= SP_ABSTRACT_MAX; length++) {
        struct bound bound = {.claimed = 2 + 1 + length};

        /* Every third byte a NUL: none of them ends anything. */
        for (size_t i = 0; i < length; i++)
            bound.sun_path[1 + i] = (uint8_t)(i % 3 == 0 ? 0 : 'a' + i % 26);
        for (size_t capacity = 0; capacity <= BUFFER_MAX; capacity++) {
            struct outcome outcome = decode(&bound, capacity);

            if (capacity >= bound.claimed)
                expect_address(&outcome, SP_NAMESPACE_ABSTRACT, bound.sun_path + 1, length,
                               "abstract");
            else
                expect_refusal(&outcome, SP_ERROR_UNSUPPORTED, SP_CAUSE_NAME_TOO_LONG,
                               "cut abstract name");
        }
    }
}

/* Covers: ALEN-06, ABST-06 */
Test(address_decode, without_a_name_nothing_is_looked_at)
{
    for (size_t claimed = 0; claimed <= 2; claimed++) {
        struct bound bound = {.sun_path = "stale", .claimed = claimed};

        for (size_t capacity = 0; capacity <= BUFFER_MAX; capacity++) {
            struct outcome outcome = decode(&bound, capacity);

            expect_address(&outcome, SP_NAMESPACE_UNNAMED, "", 0, "unnamed");
        }
    }
}

Test(address_decode, an_autobound_name_is_an_abstract_one)
{
    struct bound bound = {.sun_path = "\0000001a", .claimed = 2 + 6};
    struct outcome outcome = decode(&bound, 110);

    expect_address(&outcome, SP_NAMESPACE_ABSTRACT, "0001a", 5, "autobound");
}

/* The exact family, in both of its bytes. */
Test(address_decode, another_family_is_refused)
{
    for (unsigned family = 0; family <= 0xffff; family++) {
        uint8_t buffer[8] = {0};
        uint16_t narrow = (uint16_t)family;
        struct outcome outcome = outcome_before();

        memcpy(buffer, &narrow, 2);
        buffer[2] = 'x';
        outcome.result = sp_address_decode(&outcome.address, buffer, sizeof(buffer),
                                           family % 2 == 0 ? 4 : 2, &outcome.cause);
        if (family == AF_UNIX)
            expect_address(&outcome, SP_NAMESPACE_UNNAMED, "", 0, "AF_UNIX");
        else
            expect_refusal(&outcome, SP_ERROR_UNSUPPORTED, SP_CAUSE_WRONG_FAMILY, "family");
    }
}

/* How a name may begin, and what it goes on with. */
struct content {
    uint8_t start[3];
    uint8_t rest;
};

static const struct content contents[] = {
    {{'p', 'p', 'p'}, 'p'}, /* a path without an end */
    {{'p', 'p', 0}, 'p'},   /* a short path, then rubbish */
    {{0, 'a', 'a'}, 'a'},   /* an abstract name */
    {{0, 0, 0}, 0},         /* an abstract name of NULs */
};

/* A claim without limit is only a longer lie. */
static const size_t absurd[] = {4096, SIZE_MAX / 2, SIZE_MAX - 2, SIZE_MAX - 1, SIZE_MAX};

/* Whatever the kernel claims: nothing beyond the buffer is read, and no name is longer than what
 * was shown. */
static void expect_safe(const uint8_t *buffer, size_t capacity, size_t claimed)
{
    struct outcome outcome = outcome_before();
    size_t needs;

    outcome.result = sp_address_decode(&outcome.address, buffer, capacity, claimed, &outcome.cause);
    if (outcome.result != SP_OK) {
        expect_refusal(&outcome, SP_ERROR_UNSUPPORTED, SP_CAUSE_NAME_TOO_LONG, "refused");
        return;
    }
    needs = outcome.address.space == SP_NAMESPACE_UNNAMED ? 0 : 2u + outcome.address.length;
    CHECK(needs <= claimed && needs <= capacity, "%zu bytes from %zu of %zu", needs, capacity,
          claimed);
}

/* Covers: ALEN-04, ALEN-08 */
Test(address_decode, every_claim_with_every_buffer_is_safe)
{
    for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
        uint8_t whole[BUFFER_MAX];
        uint16_t family = AF_UNIX;

        memset(whole, contents[i].rest, sizeof(whole));
        memcpy(whole, &family, 2);
        memcpy(whole + 2, contents[i].start, 3);
        for (size_t capacity = 0; capacity <= BUFFER_MAX; capacity++) {
            uint8_t *buffer = exact(whole, capacity);

            for (size_t claimed = 0; claimed <= BUFFER_MAX + 5; claimed++)
                expect_safe(buffer, capacity, claimed);
            for (size_t k = 0; k < sizeof(absurd) / sizeof(absurd[0]); k++)
                expect_safe(buffer, capacity, absurd[k]);
            free(buffer);
        }
    }
}

/* Covers: ALEN-02 */
Test(address_decode, more_than_an_address_holds_is_refused)
{
    uint8_t buffer[4096];
    uint16_t family = AF_UNIX;

    memset(buffer, 'p', sizeof(buffer));
    memcpy(buffer, &family, 2);
    for (size_t claimed = 2 + SP_PATH_MAX + 1; claimed <= sizeof(buffer); claimed++) {
        struct outcome outcome = outcome_before();

        outcome.result =
            sp_address_decode(&outcome.address, buffer, claimed, claimed, &outcome.cause);
        expect_refusal(&outcome, SP_ERROR_UNSUPPORTED, SP_CAUSE_NAME_TOO_LONG, "long path");
    }
    buffer[2] = '\0';
    for (size_t claimed = 2 + 1 + SP_ABSTRACT_MAX + 1; claimed <= sizeof(buffer); claimed++) {
        struct outcome outcome = outcome_before();

        outcome.result =
            sp_address_decode(&outcome.address, buffer, claimed, claimed, &outcome.cause);
        expect_refusal(&outcome, SP_ERROR_UNSUPPORTED, SP_CAUSE_NAME_TOO_LONG, "long abstract");
    }
}

Test(address_decode, nobody_need_ask_for_the_cause)
{
    struct sp_address address;

    cr_assert_eq(sp_address_decode(&address, NULL, 0, 9, NULL), SP_ERROR_UNSUPPORTED);
    cr_assert_eq(sp_address_decode(&address, NULL, 0, 0, NULL), SP_OK);
}
