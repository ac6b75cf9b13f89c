/* SPDX-License-Identifier: MIT */
/*
 * Judging a row as a Criterion test.
 */
#include "play.h"

#include <string.h>

void row_test(const struct row *row, enum kernel kernel)
{
    const char *unfit = row_unfit(row, kernel);
    struct stage *stage;

    if (unfit != NULL)
        cr_skip_test("%s", unfit);
    stage = stage_open(kernel, row_needs_root(row) ? STAGE_OTHERS : 0);
    for (size_t i = 0; row->steps[i] != NULL; i++) {
        char step[STEP_MAX], result[STEP_MAX];
        const char *expected = row_split(row->steps[i], step);

        stage_step(stage, step, result);
        if (expected != NULL)
            cr_expect_str_eq(result, expected, "step %zu of \"%s\": %s\n    gave %s, not %s", i + 1,
                             row->title, step, result, expected);
        else
            cr_expect(result[0] != 'E', "step %zu of \"%s\": %s\n    gave %s", i + 1, row->title,
                      step, result);
    }
    stage_close(stage);
}
