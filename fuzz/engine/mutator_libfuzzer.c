/* SPDX-License-Identifier: MIT */
/*
 * Mutation of programs for libFuzzer: linked to a target, it is called in place of libFuzzer's own.
 */
#include "fuzz/engine/target.h"
#include "fuzz/program/mutate.h"

/* One of so many mutations is left to libFuzzer: it changes bytes, and knows the dictionary. */
#define OWN_SHARE 4

/* libFuzzer's names. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
                                 size_t size2, uint8_t *out, size_t max_out_size,
                                 unsigned int seed);

static const struct mutator *mutator(void)
{
    static struct mutator mutator;

    if (mutator.language == NULL)
        mutator_init(&mutator, fuzz_language);
    return &mutator;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    if (seed % OWN_SHARE == 0)
        return LLVMFuzzerMutate(data, size, max_size);
    return mutate(mutator(), data, size, max_size, seed);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
                                 size_t size2, uint8_t *out, size_t max_out_size, unsigned int seed)
{
    return mutate_cross(mutator(), (struct program){data1, size1}, (struct program){data2, size2},
                        out, max_out_size, seed);
}
