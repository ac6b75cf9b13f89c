/* SPDX-License-Identifier: MIT */
/*
 * A stage: one of the two kernels, with processes that take steps on it (step.h).
 *
 * On the simulated kernel the processes are actors of one world. On the real one each is a child
 * process with its own descriptor table and user id; only root can start `other` and `root`, and
 * only root makes `me` somebody who is not the tester. They never block, and end with the tester.
 *
 * All are in an empty directory of me's, which is /tmp/work in the world and in a fresh temporary
 * directory on the machine.
 */
#ifndef SIM_BESIDE_STAGE_H
#define SIM_BESIDE_STAGE_H

#include "machine.h"

/* Length of a step, and of a result. */
#define STAGE_TEXT_MAX 1024
/* Steps that are played at one time. */
#define STAGE_STEPS_MAX 32

enum kernel { KERNEL_SIMULATED, KERNEL_REAL };

struct stage;

enum {
    STAGE_OTHERS = 1, /* there are other users than `me` */
    /* The fresh directory is the root of the file system, if the tester is root: for steps that
     * nobody has read before. There is no /proc then. */
    STAGE_CONFINED = 2,
    /* The directory goes when the tester does, however that ends. */
    STAGE_KEPT = 4
};
struct stage *stage_open(enum kernel kernel, unsigned flags);
/** stage_reset() - everything is as it was after stage_open() */
void stage_reset(struct stage *stage);
void stage_close(struct stage *stage);

/** stage_step() - one step, with or without "who: " in front */
void stage_step(struct stage *stage, const char *step, char ret_result[STAGE_TEXT_MAX]);

/**
 * stage_play() - steps of one process, at most STAGE_STEPS_MAX
 * @steps: one a line; `exit` only as the last one
 *
 * The results, one a line, are valid until the next call.
 */
const char *stage_play(struct stage *stage, size_t who, const char *steps);

/** stage_sim() - the simulated world; NULL on the real kernel */
struct sim *stage_sim(struct stage *stage);

/* ---- between stage.c and the two kernels ---- */

struct simulated;
struct simulated *simulated_open(unsigned flags);
void simulated_reset(struct simulated *simulated);
void simulated_close(struct simulated *simulated);
struct sim *simulated_world(struct simulated *simulated);
void simulated_play(struct simulated *simulated, size_t who, const char *steps, char *ret_results);

struct real;
struct real *real_open(unsigned flags);
void real_reset(struct real *real);
void real_close(struct real *real);
void real_play(struct real *real, size_t who, const char *steps, char *ret_results);

/* Room for the results of STAGE_STEPS_MAX steps. */
#define STAGE_RESULTS_MAX (STAGE_STEPS_MAX * STAGE_TEXT_MAX)
/** stage_run() - @steps by @side, one result a line; false if the last one was `exit`, which is not
 * done but has its result */
bool stage_run(struct side *side, const char *steps, char ret_results[STAGE_RESULTS_MAX]);

#endif
