/* SPDX-License-Identifier: MIT */
/*
 * What a driver says of the inputs it played: see report.h.
 *
 * Tests: fuzz/engine/check_replay, tests/cli/test_replay.py
 */
#define _GNU_SOURCE
#include "fuzz/engine/report.h"

#include "fuzz/engine/play.h"
#include "fuzz/engine/show.h"
#include "fuzz/engine/target.h"

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct input at_the_end = {.name = (char[]){"at the end, after all inputs"}};

static const struct input *input_of(const struct inputs *inputs, size_t number)
{
    return number < inputs->count ? &inputs->list[number] : &at_the_end;
}

/* The last result is that of no input: nothing has to come of it. */
static struct totals count(const struct inputs *inputs, const struct result *results)
{
    struct totals totals = {0, 0};

    for (size_t i = 0; i <= inputs->count; i++) {
        if (results[i].verdict > VERDICT_PASSED)
            totals.failed++;
        else if (results[i].verdict == VERDICT_NOT_PLAYED && i < inputs->count)
            totals.not_played++;
    }
    return totals;
}

/* ---- to a person ---- */

/* Whoever reads what is traced has seen enough: that is no failure of the input. */
static void end_as_a_filter(const struct result *result)
{
    struct pollfd out = {.fd = STDOUT_FILENO};

    if (result->status == SIGPIPE && poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0)
        _exit(128 + SIGPIPE);
}

static void tell_failure(const struct workers *workers, const struct input *input,
                         const struct result *result)
{
    switch (result->verdict) {
    case VERDICT_ENDLESS:
        fprintf(stderr, "FAILED %s: no end after %d seconds\n", input->name, PLAY_SECONDS);
        break;
    case VERDICT_TOO_LARGE:
        fprintf(stderr, "FAILED %s: took more than %zu MiB of memory\n", input->name,
                workers->memory >> 20);
        break;
    case VERDICT_KILLED:
        end_as_a_filter(result);
        fprintf(stderr, "FAILED %s: killed by SIG%s\n", input->name, sigabbrev_np(result->status));
        break;
    default:
        fprintf(stderr, "FAILED %s: ended the process with status %d\n", input->name,
                result->status);
    }
    if (input != &at_the_end)
        show_step(input, result->step, stderr);
}

struct totals report_to_person(const struct workers *workers, const struct result *results,
                               uint64_t ns, bool shows_digests)
{
    const struct inputs *inputs = workers->inputs;
    struct totals totals = count(inputs, results);
    uint64_t played = (inputs->count - totals.not_played) * workers->runs;

    for (size_t i = 0; i <= inputs->count; i++) {
        const struct input *input = input_of(inputs, i);

        if (results[i].verdict > VERDICT_PASSED)
            tell_failure(workers, input, &results[i]);
        else if (i < inputs->count && results[i].verdict == VERDICT_NOT_PLAYED)
            fprintf(stderr, "replay: %s: not played\n", input->name);
        else if (i < inputs->count && shows_digests)
            printf("%016" PRIx64 " %s\n", results[i].digest, input->name);
    }
    printf("%zu inputs, %lu runs each: %zu failed", inputs->count, workers->runs, totals.failed);
    if (totals.not_played > 0)
        printf(", %zu not played", totals.not_played);
    printf("; %.0f a second\n", ns > 0 ? (double)played * 1e9 / (double)ns : 0.0);
    return totals;
}

/* ---- to a program ---- */

static void name_status(const struct result *result, char *ret, size_t capacity)
{
    static const char *const words[] = {
        [VERDICT_NOT_PLAYED] = "not-played",
        [VERDICT_PASSED] = "passed",
        [VERDICT_ENDLESS] = "endless",
        [VERDICT_TOO_LARGE] = "memory",
    };

    if (result->verdict == VERDICT_ENDED)
        (void)snprintf(ret, capacity, "exit-%d", result->status);
    else if (result->verdict == VERDICT_KILLED)
        (void)snprintf(ret, capacity, "signal-%s", sigabbrev_np(result->status));
    else
        (void)snprintf(ret, capacity, "%s", words[result->verdict]);
}

static void send(const struct input *input, const struct result *result)
{
    bool has_text = result->verdict > VERDICT_PASSED && input != &at_the_end;
    const char *said = result->said != NULL ? result->said : "";
    size_t length = 0;
    char *text = NULL;
    char status[32];

    if (has_text) {
        FILE *out = need(open_memstream(&text, &length));

        show_text(input, out);
        (void)fclose(out);
        (void)need(text);
    }
    name_status(result, status, sizeof(status));
    printf("input %s %zu %016" PRIx64 " %" PRIu64 " %zu %zu %zu\n", status,
           result->step == FUZZ_NO_STEP ? 0 : result->step + 1, result->digest, result->ns,
           strlen(input->name), length, strlen(said));
    fputs(input->name, stdout);
    fputs(has_text ? text : "", stdout);
    fputs(said, stdout);
    free(text);
}

struct totals report_to_program(const struct workers *workers, const struct result *results,
                                uint64_t ns, bool shows_digests)
{
    const struct inputs *inputs = workers->inputs;

    (void)shows_digests; /* they are told in any case */
    for (size_t i = 0; i < inputs->complaint_count; i++) {
        const struct complaint *complaint = &inputs->complaints[i];

        printf("input unreadable 0 0 0 %zu 0 %zu\n%s%s", strlen(complaint->name),
               strlen(complaint->why), complaint->name, complaint->why);
    }
    for (size_t i = 0; i <= inputs->count; i++)
        if (i < inputs->count || results[i].verdict > VERDICT_PASSED)
            send(input_of(inputs, i), &results[i]);
    printf("played %lu %" PRIu64 "\n", workers->runs, ns);
    return count(inputs, results);
}
