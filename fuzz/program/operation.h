/* SPDX-License-Identifier: MIT */
/*
 * A step of a program, decoded to what its operands stand for.
 *
 * The bytes are those of steps.h; the operations and their operands those of operations.h.
 */
#ifndef FUZZ_OPERATION_H
#define FUZZ_OPERATION_H

#include "fuzz/program/operations.h"
#include "fuzz/program/steps.h"

#define OPERATION_ARGS_MAX 5

struct operation_text {
    const uint8_t *bytes; /* into the step's operand, or NULL */
    size_t length;
};

struct operation {
    enum operation_kind kind;
    /* Operands other than strings, in the order of the pattern: slots and words reduced to their
     * number, {fault} as two (call, choice), numbers as they are. */
    int64_t arg[OPERATION_ARGS_MAX]; /* of those that an operation has not: 0 */
    struct operation_text path;      /* {path} */
    struct operation_text name;      /* {name} or {tape} */
    struct step step;                /* what it was decoded from; holds the strings */
};

/** operation_next() - the next one of a program in one of the languages below; false at the end */
bool operation_next(struct step_cursor *cursor, struct operation *ret);

/** operation_can_read() - whether a language is one of these */
bool operation_can_read(const struct step_language *language);

/* The operations of one target: those rows of the list that have its bit. */
extern const struct step_language operation_state;
extern const struct step_language operation_server;
extern const struct step_language operation_pair;
extern const struct step_language operation_path;
extern const struct step_language operation_subject;
/* All of them, for those who look at programs and play none. */
extern const struct step_language operation_all;

#endif
