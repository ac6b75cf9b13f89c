/* SPDX-License-Identifier: MIT */
/*
 * The driver without an engine: plays the inputs it is given, once and for all.
 *
 *   replay [OPTION...] PATH...
 *   replay --trials
 *
 * A PATH is an input, or a directory whose files, at any depth, are inputs. The empty input is
 * always played too. Each input is played three times (play.h), in child processes, because a
 * failure ends the process it happens in (workers.h). With --trials, inputs come from another
 * program (trials.h).
 *
 *   --show      prints the inputs in their text form and plays none
 *   --bytes     prints them in hexadecimal, step by step, and plays none
 *   --c         prints one input as a C file that needs nothing but the library, and plays none
 *   --trace     plays one after the other, once, and prints what happens
 *   --here      plays in this process, for a debugger; the first failure ends it
 *   --digest    prints each input's digest as well, in front of its name
 *   --claims    also checks what a program claims of itself ("expect ...")
 *   --times N   plays each input so often
 *   --jobs N    in so many processes at once
 *   --memory N  of which each may take so many MiB (2048)
 *   --report    prints results for another program: report.h
 *
 * Exit status: 0 every input passed; 1 at least one failed, and standard error names it; 2 wrong
 * usage; 3 something could not be read or played, or a directory held no input. Failure outranks 3:
 * what could be read was played. Nothing that was not played counts as passed.
 *
 * Tests: fuzz/engine/check_replay
 */
#define _GNU_SOURCE
#include "fuzz/engine/digest.h"
#include "fuzz/engine/play.h"
#include "fuzz/engine/report.h"
#include "fuzz/engine/show.h"
#include "fuzz/engine/target.h"
#include "fuzz/engine/trials.h"
#include "fuzz/engine/workers.h"

#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { PASSED = 0, FAILED = 1, USAGE = 2, UNREADABLE = 3 };

enum way { WAY_PLAY, WAY_HERE, WAY_TRACE, WAY_SHOW, WAY_BYTES, WAY_C };

struct options {
    enum way way;
    bool shows_digests;
    bool reports;
    unsigned long runs;
    unsigned long jobs;
    unsigned long memory; /* MiB */
};

static int usage(void)
{
    fputs("usage: replay [--show | --bytes | --c | --trace | --here] [--digest] [--claims]\n"
          "              [--times N] [--jobs N] [--memory MIB] [--report] PATH...\n"
          "       replay --trials\n",
          stderr);
    return USAGE;
}

static bool read_number(const char *text, unsigned long max, unsigned long *ret)
{
    char *end;

    *ret = strtoul(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' && *ret > 0 && *ret <= max;
}

enum {
    OPTION_DIGEST = 256,
    OPTION_CLAIMS,
    OPTION_TIMES,
    OPTION_JOBS,
    OPTION_MEMORY,
    OPTION_REPORT
};

static const struct option names[] = {
    {"show", no_argument, NULL, WAY_SHOW},
    {"bytes", no_argument, NULL, WAY_BYTES},
    {"c", no_argument, NULL, WAY_C},
    {"trace", no_argument, NULL, WAY_TRACE},
    {"here", no_argument, NULL, WAY_HERE},
    {"digest", no_argument, NULL, OPTION_DIGEST},
    {"claims", no_argument, NULL, OPTION_CLAIMS},
    {"times", required_argument, NULL, OPTION_TIMES},
    {"jobs", required_argument, NULL, OPTION_JOBS},
    {"memory", required_argument, NULL, OPTION_MEMORY},
    {"report", no_argument, NULL, OPTION_REPORT},
    {NULL, 0, NULL, 0},
};

static bool read_options(int argc, char **argv, struct options *ret)
{
    bool is_good = true;
    int option;

    while ((option = getopt_long(argc, argv, "", names, NULL)) >= 0) {
        switch (option) {
        case OPTION_DIGEST:
            ret->shows_digests = true;
            break;
        case OPTION_CLAIMS:
            fuzz_claims = true;
            break;
        case OPTION_TIMES:
            is_good = read_number(optarg, ULONG_MAX, &ret->runs) && is_good;
            break;
        case OPTION_JOBS:
            is_good = read_number(optarg, WORKERS_MAX, &ret->jobs) && is_good;
            break;
        case OPTION_MEMORY:
            is_good = read_number(optarg, 1ul << 24, &ret->memory) && is_good;
            break;
        case OPTION_REPORT:
            ret->reports = true;
            break;
        case '?':
            return false;
        default: /* one way at most */
            is_good = ret->way == WAY_PLAY && is_good;
            ret->way = (enum way)option;
        }
    }
    return is_good && optind < argc;
}

/* ---- ways ---- */

static void play_here(const struct inputs *inputs, const struct options *options)
{
    for (size_t i = 0; i < inputs->count; i++) {
        uint64_t digest = play_timed(&inputs->list[i], options->runs);

        if (options->shows_digests)
            printf("%016" PRIx64 " %s\n", digest, inputs->list[i].name);
    }
}

static int play_in_children(const struct inputs *inputs, const struct options *options)
{
    const struct workers workers = {
        .inputs = inputs,
        .runs = options->runs,
        .jobs = (unsigned)options->jobs,
        .memory = (size_t)options->memory << 20,
        .is_terse = options->reports,
    };
    uint64_t begin = now_ns();
    struct result *results = workers_play(&workers);
    struct totals totals;

    totals = (options->reports ? report_to_program : report_to_person)(
        &workers, results, now_ns() - begin, options->shows_digests);
    workers_free(results, inputs->count);
    if (totals.failed > 0)
        return FAILED;
    return totals.not_played > 0 ? UNREADABLE : PASSED;
}

/* Each alone, so that what is written is known to be about it. */
static int play_traced(const struct inputs *inputs, struct options options)
{
    int worst = PASSED;

    options.runs = options.jobs = 1;
    for (size_t i = 0; i < inputs->count; i++) {
        const struct inputs one = {.list = &inputs->list[i], .count = 1};
        int status;

        trace_input(&inputs->list[i], stdout);
        status = play_in_children(&one, &options);
        if (worst != FAILED && status != PASSED)
            worst = status;
    }
    trace_end();
    return worst;
}

static int take_way(struct inputs *inputs, const struct options *options)
{
    switch (options->way) {
    case WAY_SHOW:
    case WAY_BYTES:
        for (size_t i = 0; i < inputs->count; i++) {
            printf("# %s\n", inputs->list[i].name);
            (options->way == WAY_SHOW ? show_text : show_bytes)(&inputs->list[i], stdout);
        }
        return PASSED;
    case WAY_C:
        return inputs->count == 1 && show_c(&inputs->list[0], stdout) ? PASSED : USAGE;
    case WAY_TRACE:
        return play_traced(inputs, *options);
    case WAY_HERE:
        inputs_add(inputs, "(the empty input)", NULL, 0);
        play_here(inputs, options);
        return PASSED;
    default:
        inputs_add(inputs, "(the empty input)", NULL, 0);
        return play_in_children(inputs, options);
    }
}

int main(int argc, char **argv)
{
    struct options options = {.runs = PLAY_RUNS, .jobs = 1, .memory = 2048};
    struct inputs inputs = {.count = 0};
    int status;

    if (argc == 2 && strcmp(argv[1], "--trials") == 0)
        return trials() ? PASSED : UNREADABLE;
    if (!read_options(argc, argv, &options))
        return usage();
    for (int i = optind; i < argc; i++)
        inputs_add_path(&inputs, argv[i]);
    if (!options.reports)
        for (size_t i = 0; i < inputs.complaint_count; i++)
            fprintf(stderr, "replay: %s: %s\n", inputs.complaints[i].name,
                    inputs.complaints[i].why);
    status = take_way(&inputs, &options);
    if (status == PASSED && inputs.complaint_count > 0)
        status = UNREADABLE;
    inputs_free(&inputs);
    return status;
}
