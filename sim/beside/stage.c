/* SPDX-License-Identifier: MIT */
/*
 * Stages: what is common to both kernels. See stage.h.
 */
#include "stage.h"

#include "step.h"
#include "tests/support/must.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static_assert(STEP_MAX == STAGE_TEXT_MAX, "a step and its result go through a stage");

struct stage {
    struct simulated *simulated; /* one of the two is NULL */
    struct real *real;
    char results[STAGE_RESULTS_MAX];
};

struct stage *stage_open(enum kernel kernel, unsigned flags)
{
    struct stage *stage = calloc(1, sizeof(*stage));

    MUST(stage != NULL);
    if (kernel == KERNEL_SIMULATED)
        stage->simulated = simulated_open(flags);
    else
        stage->real = real_open(flags);
    return stage;
}

void stage_reset(struct stage *stage)
{
    if (stage->simulated != NULL)
        simulated_reset(stage->simulated);
    else
        real_reset(stage->real);
}

void stage_close(struct stage *stage)
{
    if (stage->simulated != NULL)
        simulated_close(stage->simulated);
    else
        real_close(stage->real);
    free(stage);
}

struct sim *stage_sim(struct stage *stage)
{
    return stage->simulated != NULL ? simulated_world(stage->simulated) : NULL;
}

/* ---- steps ---- */

static size_t line_length(const char *lines)
{
    return strcspn(lines, "\n");
}

bool stage_run(struct side *side, const char *steps, char ret_results[STAGE_RESULTS_MAX])
{
    char *to = ret_results;

    while (*steps != '\0') {
        size_t length = line_length(steps);
        char step[STEP_MAX];

        MUST(length < sizeof(step) && to + STEP_MAX <= ret_results + STAGE_RESULTS_MAX);
        memcpy(step, steps, length);
        step[length] = '\0';
        steps += length + (steps[length] == '\n');
        if (strcmp(step, "exit") == 0) {
            (void)strcpy(to, "ok");
            return false;
        }
        beside_run(side, step, to);
        to += strlen(to);
        if (*steps != '\0')
            *to++ = '\n';
    }
    *to = '\0';
    return true;
}

const char *stage_play(struct stage *stage, size_t who, const char *steps)
{
    if (stage->simulated != NULL)
        simulated_play(stage->simulated, who, steps, stage->results);
    else
        real_play(stage->real, who, steps, stage->results);
    return stage->results;
}

static size_t who_acts(const char **step)
{
    for (size_t i = 0; i < CAST_SIZE; i++) {
        size_t length = strlen(cast_names[i]);

        if (strncmp(*step, cast_names[i], length) == 0 && (*step)[length] == ':') {
            *step += length + 1;
            *step += strspn(*step, " ");
            return i;
        }
    }
    return CAST_ME;
}

void stage_step(struct stage *stage, const char *step, char ret_result[STAGE_TEXT_MAX])
{
    size_t who = who_acts(&step);
    const char *result = stage_play(stage, who, step);

    MUST(strlen(result) < STAGE_TEXT_MAX);
    (void)strcpy(ret_result, result);
}
