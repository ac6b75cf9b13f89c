/* SPDX-License-Identifier: MIT */
/* The operations of fuzz_program: all of fuzz/program/operations.h. */
#include "fuzz/engine/target.h"
#include "fuzz/program/operation.h"

const struct step_language *const fuzz_language = &operation_all;
