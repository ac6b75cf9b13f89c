/* SPDX-License-Identifier: MIT */
/*
 * A stage on the simulated kernel: see stage.h.
 */
#include "stage.h"

#include "sim/actor.h"
#include "tests/support/must.h"

#include <stdlib.h>
#include <string.h>

struct simulated {
    struct sim *sim;
    unsigned flags;
    struct side sides[CAST_SIZE];
};

void simulated_reset(struct simulated *simulated)
{
    struct cast_member cast[CAST_SIZE];
    struct sim_actor *actors[CAST_SIZE];
    struct sim_options options;

    sim_options_default(&options);
    options.proc = (simulated->flags & STAGE_CONFINED) == 0;
    sim_reset(simulated->sim, &options);
    for (size_t i = 0; i < CAST_SIZE; i++) {
        actors[i] = sim_actor_new(simulated->sim, cast_ids[i], cast_ids[i]);
        cast[i] = (struct cast_member){sim_actor_pid(actors[i]), cast_ids[i], cast_ids[i]};
    }
    MUST(sim_mkdir(actors[CAST_ROOT], "/tmp", 0755) == 0);
    MUST(sim_chmod(actors[CAST_ROOT], "/tmp", 01777) == 0);
    MUST(sim_mkdir(actors[CAST_ROOT], CAST_HOME, 0755) == 0);
    MUST(sim_chown(actors[CAST_ROOT], CAST_HOME, cast_ids[CAST_ME], cast_ids[CAST_ME]) == 0);
    for (size_t i = 0; i < CAST_SIZE; i++) {
        struct side *side = &simulated->sides[i];

        side->os = sim_os(actors[i]);
        side->beside = &beside_simulated;
        side->who = actors[i];
        side->handle_count = side->remembered_count = 0;
        memcpy(side->cast, cast, sizeof(cast));
        memset(side->prefix, '-', PREFIX_LENGTH);
        MUST(sim_chdir(actors[i], CAST_HOME) == 0);
        /* Where the real processes have their standard descriptors. */
        for (int fd = 0; fd < 3; fd++)
            MUST(sim_open(actors[i], "/", true) == fd);
    }
}

struct simulated *simulated_open(unsigned flags)
{
    struct simulated *simulated = calloc(1, sizeof(*simulated));

    MUST(simulated != NULL);
    simulated->flags = flags;
    simulated->sim = sim_new();
    MUST(simulated->sim != NULL);
    simulated_reset(simulated);
    return simulated;
}

void simulated_close(struct simulated *simulated)
{
    sim_free(simulated->sim);
    free(simulated);
}

struct sim *simulated_world(struct simulated *simulated)
{
    return simulated->sim;
}

void simulated_play(struct simulated *simulated, size_t who, const char *steps, char *ret_results)
{
    struct side *side = &simulated->sides[who];

    if (stage_run(side, steps, ret_results))
        return;
    side->handle_count = 0;
    sim_actor_exit(side->who);
}
