/* SPDX-License-Identifier: MIT */
/* The table of address_steps.h, for the target and for every tool that reads its inputs. */
#include "fuzz/targets/address_steps.h"

#include "fuzz/engine/target.h"

static const struct step_kind kinds[] = {
#define ADDRESS_STEP_ROW(name, letter, pattern) {letter, pattern},
    ADDRESS_STEP_LIST(ADDRESS_STEP_ROW)
#undef ADDRESS_STEP_ROW
};

static const struct step_language language = {kinds, sizeof(kinds) / sizeof(kinds[0])};
const struct step_language *const fuzz_language = &language;
