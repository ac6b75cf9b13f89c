/* SPDX-License-Identifier: MIT */
/* What the inputs of fuzz_subject are made of. */
#include "fuzz/engine/target.h"
#include "fuzz/program/operation.h"

const struct step_language *const fuzz_language = &operation_subject;
