/* SPDX-License-Identifier: MIT */
/*
 * Does nothing: what an engine can do at most.
 *
 * The speed of every other target is given as a share of this one's, measured in the same run, so
 * that figures of different machines can be compared.
 */
#include "fuzz/engine/target.h"

const struct step_language *const fuzz_language = NULL;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    (void)data;
    (void)size;
    return 0;
}
