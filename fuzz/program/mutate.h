/* SPDX-License-Identifier: MIT */
/*
 * Mutation of input programs, step by step: for both engines the same (engine/mutator_*.c).
 *
 * An engine that changes bytes seldom makes a sensible program of another: a slot that is used
 * nowhere else, a path that does not exist, a step cut in two. Here steps are put in, taken out,
 * moved and repeated as wholes, and operands are changed by what they stand for. What the engine
 * does by itself (bits, dictionary, comparisons) it goes on doing now and then.
 *
 * Everything depends on the arguments alone; nothing is allocated; the time is bounded by the
 * length of the input.
 */
#ifndef FUZZ_MUTATE_H
#define FUZZ_MUTATE_H

#include "fuzz/program/pattern.h"
#include "fuzz/program/steps.h"

/* Kinds of step of a language. */
#define MUTATOR_KINDS_MAX 192
/* Steps of a program that are looked at; what is behind them stays. */
#define MUTATOR_STEPS_MAX 256

/** struct mutator - what is known of a language; no member is for others */
struct mutator {
    const struct step_language *language;
    struct layout layouts[MUTATOR_KINDS_MAX];
    size_t fault_count;
    uint8_t faults[MUTATOR_KINDS_MAX]; /* kinds that plan a fault */
    size_t prefix_count;
    uint8_t prefixes[MUTATOR_KINDS_MAX];
};

void mutator_init(struct mutator *mutator, const struct step_language *language);

/**
 * mutate() - changes a program in place
 * @capacity: of @bytes; what comes out is no longer
 *
 * Return: its new length. It is 0 only if @capacity is.
 */
size_t mutate(const struct mutator *mutator, uint8_t *bytes, size_t length, size_t capacity,
              uint32_t seed);

/** struct program - the bytes of one */
struct program {
    const uint8_t *bytes;
    size_t length;
};

/** mutate_cross() - a program made of steps of @a and, in one place, steps of @b */
size_t mutate_cross(const struct mutator *mutator, struct program a, struct program b,
                    uint8_t *ret_bytes, size_t capacity, uint32_t seed);

#endif
