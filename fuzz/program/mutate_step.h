/* SPDX-License-Identifier: MIT */
/*
 * Mutation of one step: its operands, by what they stand for.
 */
#ifndef FUZZ_MUTATE_STEP_H
#define FUZZ_MUTATE_STEP_H

#include "fuzz/program/pattern.h"
#include "fuzz/program/random.h"

/**
 * step_invent() - operands for a step of kind @step->kind
 * @strings: where names are taken from, now and then: those of another step of the program
 */
void step_invent(struct step *step, const struct layout *layout, struct step_strings strings,
                 struct random *random);

/** step_alter() - changes one operand; false if there is none */
bool step_alter(struct step *step, const struct layout *layout, struct step_strings strings,
                struct random *random);

#endif
