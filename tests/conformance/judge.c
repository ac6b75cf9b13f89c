/* SPDX-License-Identifier: MIT */
/*
 * Judging a row as a Criterion test.
 *
 * On the simulated kernel two more things are judged: that every errno it gives is one that the
 * table of faults has for the call, so that neither table nor contract is incomplete; and that no
 * table of the world was too small for the row.
 */
#include "row.h"

#include "sim/faults.h"

#include <errno.h>
#include <string.h>

static void in_contract(void *user, const struct sim_trace_entry *entry)
{
    const struct row *row = user;

    if (entry->result < 0)
        cr_expect(sim_call_gives(entry->call, (int)-entry->result),
                  "\"%s\": the contract of %s() does not have %s", row->title,
                  sim_call_name(entry->call), strerror((int)-entry->result));
}

static void judge_step(struct stage *stage, const struct row *row, size_t i)
{
    char step[STAGE_TEXT_MAX], result[STAGE_TEXT_MAX];
    const char *expected = row_split(row->steps[i], step);

    stage_step(stage, step, result);
    if (expected != NULL)
        cr_expect_str_eq(result, expected, "step %zu of \"%s\": %s\n    gave %s, not %s", i + 1,
                         row->title, step, result, expected);
    else
        cr_expect(result[0] != 'E', "step %zu of \"%s\": %s\n    gave %s", i + 1, row->title, step,
                  result);
}

void row_test(const struct row *row, enum kernel kernel)
{
    const char *unfit = row_unfit(row, kernel);
    struct stage *stage;

    if (unfit != NULL)
        cr_skip_test("%s", unfit);
    stage = stage_open(kernel, row_needs_root(row) ? STAGE_OTHERS : 0);
    if (kernel == KERNEL_SIMULATED)
        sim_set_trace(stage_sim(stage), in_contract, (void *)(uintptr_t)row);
    for (size_t i = 0; row->steps[i] != NULL; i++)
        judge_step(stage, row, i);
    if (kernel == KERNEL_SIMULATED)
        cr_expect_eq(sim_full(stage_sim(stage)), 0, "the world is too small for the row");
    stage_close(stage);
}
