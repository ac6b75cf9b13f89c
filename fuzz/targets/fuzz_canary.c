/* SPDX-License-Identifier: MIT */
/*
 * Fails on purpose.
 *
 * A campaign that finds nothing says something only if it would have found something. So before
 * each one this target must be reported, by every engine, within seconds. It can be reached only
 * where the whole chain works: the input arrives, coverage guides the engine from one letter to the
 * next, and the failure ends the process and is noticed. With AddressSanitizer the failure is a
 * byte read behind a block, without it a check.
 *
 * The other alarm is that of the replay driver, for a target that does something else the next
 * time: "drift" does.
 */
#include "fuzz/engine/digest.h"
#include "fuzz/engine/guard.h"
#include "fuzz/engine/target.h"

#include <string.h>

const struct step_language *const fuzz_language = NULL;

static void drift(void)
{
    static uint64_t runs;

    fuzz_note(++runs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t length = size < GUARD_MAX ? size : GUARD_MAX;
    const uint8_t *block = guard_copy(GUARD_NAME, data, length);

    if (length >= 3 && block[0] == 'e' && block[1] == 'g' && block[2] == 'g') {
        volatile uint8_t behind = block[length];

        FUZZ_CHECK(false, "the canary has been found; behind it is %d", behind);
    }
    if (length == 5 && memcmp(block, "drift", 5) == 0)
        drift();
    return 0;
}
