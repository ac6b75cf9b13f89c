/* SPDX-License-Identifier: MIT */
/*
 * Names of a program as paths: a short one stands for an entry of WORLD_BASE, as for the library.
 */
#ifndef FUZZ_WORLD_NAMES_H
#define FUZZ_WORLD_NAMES_H

#include "fuzz/program/operation.h"

/* Room for any of them. */
#define WORLD_NAME_MAX (STEP_OPERAND_MAX + 16)

struct world_name {
    size_t length;
    char bytes[WORLD_NAME_MAX]; /* with a NUL behind */
};

/** world_name() - @text, put under WORLD_BASE unless it begins with a slash; NULs stay in it */
void world_name(struct operation_text text, struct world_name *ret);

/** world_name_abstract() - @text behind the NUL that makes it abstract */
void world_name_abstract(struct operation_text text, struct world_name *ret);

#endif
