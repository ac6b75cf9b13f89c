/* SPDX-License-Identifier: MIT */
/*
 * Playing steps on one of the two kernels.
 *
 * On the simulated kernel the processes are actors of one world. On the real one each is a child
 * process with its own descriptor table and user id; only root can start `other` and `root`, and
 * only root makes `me` somebody who is not the tester.
 *
 * All are in an empty directory of me's, which is /tmp/work in the world and in a fresh temporary
 * directory on the machine.
 */
#ifndef CONFORMANCE_PLAY_H
#define CONFORMANCE_PLAY_H

#include "row.h"
#include "step.h"

struct stage;

enum {
    STAGE_OTHERS = 1, /* there are other users than `me` */
    /* The fresh directory is the root of the file system, if the tester is root: for steps that
     * nobody has read before. There is no /proc then. */
    STAGE_CONFINED = 2
};
struct stage *stage_open(enum kernel kernel, unsigned flags);
/** stage_step() - one step, with or without "who: " in front */
void stage_step(struct stage *stage, const char *step, char ret_result[STEP_MAX]);
void stage_close(struct stage *stage);
/** stage_sim() - the simulated world; NULL on the real kernel */
struct sim *stage_sim(struct stage *stage);

/** row_needs_root() - whether a row has others than `me` in it */
bool row_needs_root(const struct row *row);
/** row_unfit() - why a row cannot be played on this machine, or NULL */
const char *row_unfit(const struct row *row, enum kernel kernel);

/** row_split() - the step in front of "->", and what is behind it or NULL */
const char *row_split(const char *line, char ret_step[STEP_MAX]);

#endif
