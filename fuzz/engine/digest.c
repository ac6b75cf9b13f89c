/* SPDX-License-Identifier: MIT */
/* The state of digest.h, and how bytes go into it. */
#include "fuzz/engine/digest.h"

uint64_t fuzz_digest_state;

void fuzz_note_bytes(const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    uint64_t word = 0;

    fuzz_note(length);
    for (size_t i = 0; i < length; i++) {
        /* By hand, so that the order of bytes in memory is nobody's business. */
        word |= (uint64_t)at[i] << (8 * (i % 8));
        if (i % 8 == 7 || i + 1 == length) {
            fuzz_note(word);
            word = 0;
        }
    }
}
