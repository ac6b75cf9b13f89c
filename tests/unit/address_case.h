/* SPDX-License-Identifier: MIT */
/*
 * What the tests of addresses share: exact memory, and the rules that hold for every call.
 */
#ifndef TESTS_ADDRESS_CASE_H
#define TESTS_ADDRESS_CASE_H

#include "address.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* An assertion that says nothing while it holds: these tests make hundreds of thousands, and
 * Criterion sends each of its own from one process to another. */
#define CHECK(condition, ...)            \
    do {                                 \
        if (!(condition))                \
            cr_assert_fail(__VA_ARGS__); \
    } while (0)

/* A heap block of exactly @length bytes, so that a sanitizer sees one byte too far. */
static inline void *exact(const void *bytes, size_t length)
{
    void *block = malloc(length);

    CHECK(block != NULL, "no memory");
    if (length > 0)
        memcpy(block, bytes, length);
    return block;
}

#define CANARY 0xa5
#define CAUSE_CANARY ((enum sp_cause)0x5a5a)

/* The outcome of one call: fill in @result. */
struct outcome {
    struct sp_address address;
    enum sp_cause cause;
    int result;
};

static inline struct outcome outcome_before(void)
{
    struct outcome outcome;

    memset(&outcome, CANARY, sizeof(outcome));
    outcome.cause = CAUSE_CANARY;
    return outcome;
}

/* Success: the cause is as it was, and the address is @space and exactly these bytes. */
static inline void expect_address(const struct outcome *outcome, enum sp_namespace space,
                                  const void *bytes, size_t length, const char *what)
{
    static const uint8_t zeros[SP_PATH_MAX];
    const struct sp_address *address = &outcome->address;

    CHECK(outcome->result == SP_OK, "%s: %d, cause %d", what, outcome->result, (int)outcome->cause);
    CHECK(outcome->cause == CAUSE_CANARY, "%s: success must not set a cause", what);
    CHECK(address->space == space, "%s: namespace %d", what, (int)address->space);
    CHECK(address->length == length, "%s: %d bytes, must be %zu", what, address->length, length);
    CHECK(length == 0 || memcmp(address->bytes, bytes, length) == 0, "%s: other bytes", what);
    CHECK(memcmp(address->bytes + length, zeros, sizeof(zeros) - length) == 0,
          "%s: bytes past the length must be zero", what);
    CHECK(sp__address_is_valid(address), "%s: not a valid address", what);
}

/* Failure: error and cause, and the address is as it was. */
static inline void expect_refusal(const struct outcome *outcome, int error, enum sp_cause cause,
                                  const char *what)
{
    uint8_t canary[sizeof(outcome->address)];

    memset(canary, CANARY, sizeof(canary));
    CHECK(outcome->result == error, "%s: %d, must be %d", what, outcome->result, error);
    CHECK(outcome->cause == cause, "%s: cause %d, must be %d", what, (int)outcome->cause,
          (int)cause);
    CHECK(memcmp(&outcome->address, canary, sizeof(canary)) == 0,
          "%s: a failure must leave the result as it was", what);
}

#endif
