/* SPDX-License-Identifier: MIT */
/* The table of fidelity_steps.h, for the target and for every tool that reads its inputs. */
#include "fuzz/targets/fidelity_steps.h"

#include "fuzz/engine/target.h"

static const struct step_kind kinds[] = {
#define FIDELITY_KIND(letter, flags, pattern) {letter, pattern},
    FIDELITY_STEP_LIST(FIDELITY_KIND)
#undef FIDELITY_KIND
};

const unsigned fidelity_flags[] = {
#define FIDELITY_FLAGS(letter, flags, pattern) flags,
    FIDELITY_STEP_LIST(FIDELITY_FLAGS)
#undef FIDELITY_FLAGS
};

static const struct step_language language = {kinds, sizeof(kinds) / sizeof(kinds[0])};
const struct step_language *const fuzz_language = &language;
