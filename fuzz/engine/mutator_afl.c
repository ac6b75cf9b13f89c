/* SPDX-License-Identifier: MIT */
/*
 * Mutation of programs for AFL++: a shared object for AFL_CUSTOM_MUTATOR_LIBRARY, one a target.
 *
 * afl-fuzz goes on mutating bytes by itself beside it.
 */
#include "fuzz/engine/target.h"
#include "fuzz/program/mutate.h"
#include "fuzz/program/random.h"

#include <stdlib.h>
#include <string.h>

/* Longest input that is made of a shorter one. */
#define LENGTH_MAX 4096
/* One of so many mutations is a crossing of two inputs. */
#define CROSS_SHARE 4

/* AFL++'s names and types. */
void *afl_custom_init(void *afl, unsigned int seed);
size_t afl_custom_fuzz(void *data, uint8_t *buf, size_t buf_size, uint8_t **out_buf,
                       uint8_t *add_buf, size_t add_buf_size, size_t max_size);
void afl_custom_deinit(void *data);

struct instance {
    struct mutator mutator;
    struct random random;
    uint8_t *bytes;
    size_t capacity;
};

void *afl_custom_init(void *afl, unsigned int seed)
{
    struct instance *instance = calloc(1, sizeof(*instance));

    (void)afl;
    if (instance == NULL)
        return NULL;
    mutator_init(&instance->mutator, fuzz_language);
    instance->random.state = seed;
    return instance;
}

static size_t room_for(size_t length, size_t max_size)
{
    size_t capacity = length > LENGTH_MAX ? length : LENGTH_MAX;

    return capacity < max_size ? capacity : max_size;
}

size_t afl_custom_fuzz(void *data, uint8_t *buf, size_t buf_size, uint8_t **out_buf,
                       uint8_t *add_buf, size_t add_buf_size, size_t max_size)
{
    struct instance *instance = data;
    size_t capacity = room_for(buf_size, max_size);
    uint32_t seed = random_next(&instance->random);

    if (capacity > instance->capacity) {
        uint8_t *bytes = realloc(instance->bytes, capacity);

        if (bytes == NULL) {
            *out_buf = buf;
            return buf_size;
        }
        instance->bytes = bytes;
        instance->capacity = capacity;
    }
    *out_buf = instance->bytes;
    if (add_buf != NULL && random_one_in(&instance->random, CROSS_SHARE))
        return mutate_cross(&instance->mutator, (struct program){buf, buf_size},
                            (struct program){add_buf, add_buf_size}, instance->bytes, capacity,
                            seed);
    if (buf_size > capacity)
        buf_size = capacity;
    memcpy(instance->bytes, buf, buf_size);
    return mutate(&instance->mutator, instance->bytes, buf_size, capacity, seed);
}

void afl_custom_deinit(void *data)
{
    struct instance *instance = data;

    free(instance->bytes);
    free(instance);
}
