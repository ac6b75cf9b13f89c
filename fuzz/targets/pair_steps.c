/* SPDX-License-Identifier: MIT */
/* The operations of fuzz_pair: those of fuzz/program/operations.h that have its bit. */
#include "fuzz/engine/target.h"
#include "fuzz/program/operation.h"

const struct step_language *const fuzz_language = &operation_pair;
