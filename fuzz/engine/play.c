/* SPDX-License-Identifier: MIT */
/*
 * One input, without an engine: see play.h.
 *
 * Tests: fuzz/engine/check_replay
 */
#include "fuzz/engine/play.h"

#include "fuzz/engine/digest.h"
#include "fuzz/engine/target.h"

#include <stdlib.h>
#include <string.h>

uint64_t play_input(const uint8_t *bytes, size_t length, unsigned long runs)
{
    uint64_t first = 0;

    for (unsigned long run = 0; run < runs; run++) {
        uint8_t *copy = malloc(length);

        FUZZ_CHECK(copy != NULL || length == 0, "no memory for %zu bytes", length);
        if (length > 0)
            memcpy(copy, bytes, length);
        fuzz_digest_reset();
        (void)LLVMFuzzerTestOneInput(copy, length);
        if (run == 0)
            first = fuzz_digest();
        FUZZ_CHECK(fuzz_digest() == first, "played again, the input does something else");
        FUZZ_CHECK(length == 0 || memcmp(copy, bytes, length) == 0, "the target changed its input");
        free(copy);
    }
    return first;
}
