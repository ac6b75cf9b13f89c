/* SPDX-License-Identifier: MIT */
/*
 * What is wrong with a line that is no step: the furthest place that any pattern came to, and all
 * that could have stood there.
 */
#ifndef FUZZ_TEXT_TROUBLE_H
#define FUZZ_TEXT_TROUBLE_H

#include "fuzz/program/pattern.h"
#include "fuzz/program/steps_text.h"

struct slice {
    const char *at;
    size_t length;
};

/* Different things that could stand in one place; more are not told. */
#define TROUBLE_MAX 64

struct trouble {
    const char *begin; /* of what is read */
    const char *at;
    const char *what; /* said instead of what could stand there; or NULL */
    size_t count;
    struct expectation {
        enum { EXPECTS_PART, EXPECTS_FAULT, EXPECTS_END } kind;
        struct pattern_part part;
        enum sim_call call;
    } expected[TROUBLE_MAX];
};

void trouble_begin(struct trouble *trouble, const char *begin);

/* Each of these notes what was expected at @at; without effect where @trouble is NULL. */
void trouble_expects(struct trouble *trouble, const char *at, const struct pattern_part *part);
void trouble_expects_fault(struct trouble *trouble, const char *at, enum sim_call call);
void trouble_expects_end(struct trouble *trouble, const char *at);
/** trouble_is() - what is wrong in words; @what stays the caller's */
void trouble_is(struct trouble *trouble, const char *at, const char *what);

/** trouble_explain() - in one line for a person; @end: of what is read */
void trouble_explain(const struct trouble *trouble, const char *end,
                     char ret_text[STEPS_ERROR_MAX]);

#endif
