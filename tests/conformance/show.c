/* SPDX-License-Identifier: MIT */
/*
 * Shows what the rows come to, instead of judging them: how rows are written.
 *
 * Usage: conformance_show real|simulated|both [SUITE[/NAME]]
 *        conformance_show real|simulated|both -        steps from standard input
 *
 * Prints every step with its result; "both" only the steps in which the kernels differ.
 */
#include "row.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

extern const struct row *const __start_conformance_rows[];
extern const struct row *const __stop_conformance_rows[];

enum { REAL = 1, SIMULATED = 2 };

static unsigned differences;

struct stages {
    struct stage *real;
    struct stage *simulated;
};

static void show_step(const struct stages *stages, const char *line)
{
    char step[STAGE_TEXT_MAX], real[STAGE_TEXT_MAX] = "", simulated[STAGE_TEXT_MAX] = "";
    const char *expected = row_split(line, step);
    bool wrong;

    if (stages->real != NULL)
        stage_step(stages->real, step, real);
    if (stages->simulated != NULL)
        stage_step(stages->simulated, step, simulated);
    if (stages->real != NULL && stages->simulated != NULL) {
        if (strcmp(real, simulated) == 0)
            return;
        differences++;
        (void)printf("    %-44s real: %s\n    %-44s simulated: %s\n", step, real, "", simulated);
        return;
    }
    (void)strcat(real, simulated);
    wrong = expected != NULL ? strcmp(expected, real) != 0 : real[0] == 'E';
    differences += wrong;
    (void)printf("    %-40s -> %s%s%s\n", step, real, wrong ? "      NOT " : "",
                 wrong ? (expected != NULL ? expected : "an error") : "");
}

static struct stages open_stages(unsigned kernels, unsigned flags)
{
    return (struct stages){.real = kernels & REAL ? stage_open(KERNEL_REAL, flags) : NULL,
                           .simulated =
                               kernels & SIMULATED ? stage_open(KERNEL_SIMULATED, flags) : NULL};
}

static void close_stages(const struct stages *stages)
{
    if (stages->real != NULL)
        stage_close(stages->real);
    if (stages->simulated != NULL)
        stage_close(stages->simulated);
}

static void show_row(const struct row *row, unsigned kernels)
{
    struct stages stages = open_stages(kernels, row_needs_root(row) ? STAGE_OTHERS : 0);

    (void)printf("%s/%s: %s\n", row->suite, row->name, row->title);
    for (size_t i = 0; row->steps[i] != NULL; i++)
        show_step(&stages, row->steps[i]);
    close_stages(&stages);
}

static void show_input(unsigned kernels)
{
    unsigned others = geteuid() == 0 || kernels == SIMULATED ? STAGE_OTHERS : 0;
    struct stages stages = open_stages(kernels, others | STAGE_CONFINED);
    char line[STAGE_TEXT_MAX];

    while (fgets(line, sizeof(line), stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '\0') {
            (void)printf("\n");
            close_stages(&stages);
            stages = open_stages(kernels, others | STAGE_CONFINED);
        } else {
            show_step(&stages, line);
        }
    }
    close_stages(&stages);
}

static bool is_wanted(const struct row *row, const char *wanted)
{
    size_t length = strlen(row->suite);

    return wanted == NULL || strcmp(wanted, row->suite) == 0 ||
           (strncmp(wanted, row->suite, length) == 0 && wanted[length] == '/' &&
            strcmp(wanted + length + 1, row->name) == 0);
}

int main(int argc, char **argv)
{
    unsigned kernels = 0, rows = 0;

    if (argc >= 2)
        kernels = strcmp(argv[1], "real") == 0        ? REAL
                  : strcmp(argv[1], "simulated") == 0 ? SIMULATED
                  : strcmp(argv[1], "both") == 0      ? REAL | SIMULATED
                                                      : 0;
    if (kernels == 0 || argc > 3) {
        (void)fprintf(stderr, "usage: conformance_show real|simulated|both [SUITE[/NAME] | -]\n");
        return 2;
    }
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc == 3 && strcmp(argv[2], "-") == 0) {
        show_input(kernels);
        return differences > 0;
    }
    for (const struct row *const *at = __start_conformance_rows; at < __stop_conformance_rows; at++)
        if (is_wanted(*at, argc == 3 ? argv[2] : NULL) && row_unfit(*at, KERNEL_REAL) == NULL) {
            show_row(*at, kernels);
            rows++;
        }
    (void)printf("%u rows, %u differences\n", rows, differences);
    return differences > 0;
}
