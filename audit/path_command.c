/* SPDX-License-Identifier: MIT */
/* sunpath audit path: see path_command.h. Tests: tests/cli/check */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "audit/path_command.h"

#include "audit/report/escape.h"
#include "audit/report/output.h"
#include "audit/status.h"
#include "audit/watch.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIMEOUT_DEFAULT 30
#define TIMEOUT_MAX 86400

struct options {
    uint32_t as_uid;
    uint32_t as_gid;
    uint32_t mode;
    bool plans; /* one of those three was given */
    enum severity fail_on;
    bool allow_partial;
    bool exit_zero;
    unsigned timeout;
    enum output_format format;
    const char *baseline;
    bool diff; /* also tell what is gone */
    const char *policy;
    bool asks;
    struct identity asked;
    char **paths;
    size_t count;
};

enum {
    AS_UID = 256,
    AS_GID,
    MODE,
    FAIL_ON,
    ALLOW_PARTIAL,
    EXIT_ZERO,
    TIMEOUT,
    FORMAT,
    BASELINE,
    DIFF,
    POLICY,
    FOR
};

static const struct option long_options[] = {
    {"as-uid", required_argument, NULL, AS_UID},
    {"as-gid", required_argument, NULL, AS_GID},
    {"mode", required_argument, NULL, MODE},
    {"fail-on", required_argument, NULL, FAIL_ON},
    {"allow-partial", no_argument, NULL, ALLOW_PARTIAL},
    {"exit-zero", no_argument, NULL, EXIT_ZERO},
    {"timeout", required_argument, NULL, TIMEOUT},
    {"format", required_argument, NULL, FORMAT},
    {"baseline", required_argument, NULL, BASELINE},
    {"diff", required_argument, NULL, DIFF},
    {"policy", required_argument, NULL, POLICY},
    {"for", required_argument, NULL, FOR},
    {NULL, 0, NULL, 0},
};

static int complain(const char *what, const char *argument)
{
    const size_t length = strlen(argument);
    char *text = malloc(ESCAPED_MAX(length));

    if (text != NULL)
        (void)fprintf(stderr, "sunpath audit path: %s: %s\n", escape(text, argument, length), what);
    free(text);
    return STATUS_USAGE;
}

static bool parse_number(uint32_t *ret, const char *text, int base, uint32_t most)
{
    char *end;
    unsigned long value;

    errno = 0;
    value = strtoul(text, &end, base);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value > most)
        return false;
    *ret = (uint32_t)value;
    return true;
}

/* UID[:GID[,GID...]] */
static bool parse_identity(struct identity *ret, const char *argument)
{
    char *text = strdup(argument);
    char *rest = text;
    const char *uid = strsep(&rest, ":");
    bool good = uid != NULL && parse_number(&ret->uid, uid, 10, UINT32_MAX - 1);

    for (ret->count = 0; good && rest != NULL; ret->count++)
        good = ret->count < IDENTITY_GIDS_MAX &&
               parse_number(&ret->gids[ret->count], strsep(&rest, ","), 10, UINT32_MAX - 1);
    free(text);
    return good;
}

static bool take_option(struct options *to, int option, const char *argument)
{
    uint32_t seconds;

    switch (option) {
    case AS_UID:
        to->plans = true;
        return parse_number(&to->as_uid, argument, 10, UINT32_MAX - 1);
    case AS_GID:
        to->plans = true;
        return parse_number(&to->as_gid, argument, 10, UINT32_MAX - 1);
    case MODE:
        to->plans = true;
        return parse_number(&to->mode, argument, 8, 0777);
    case FAIL_ON:
        return severity_parse(&to->fail_on, argument);
    case TIMEOUT:
        if (!parse_number(&seconds, argument, 10, TIMEOUT_MAX) || seconds == 0)
            return false;
        to->timeout = seconds;
        return true;
    case FORMAT:
        return output_format_parse(&to->format, argument);
    case FOR:
        to->asks = true;
        return parse_identity(&to->asked, argument);
    case BASELINE:
    case DIFF:
        to->diff = option == DIFF;
        if (to->baseline != NULL)
            return false;
        to->baseline = argument;
        return true;
    case POLICY:
        to->policy = argument;
        return true;
    case ALLOW_PARTIAL:
        to->allow_partial = true;
        return true;
    case EXIT_ZERO:
        to->exit_zero = true;
        return true;
    default:
        return false;
    }
}

static bool is_partial(const struct place *place)
{
    bool partial = place->path->end == PATH_UNREADABLE || place->around->error != 0;

    for (size_t i = 0; i < DEEDS; i++)
        partial = partial || place->audiences[i].answer == UNKNOWN;
    return partial;
}

/* The names beside @path, and the other paths that are asked about. */
static void read_around(struct names *ret, const struct options *options,
                        const struct path_facts *path)
{
    names_read_beside(ret, path);
    for (size_t i = 0; i < options->count; i++)
        names_add(ret, options->paths[i], strlen(options->paths[i]));
}

/* What is judged at one path is told; false when there is no memory. */
static bool audit_one(struct output *output, struct place *place,
                      const struct bound_sockets *sockets, bool *partial)
{
    struct findings findings = {.count = 0};
    bool good;

    place->service = service_at(sockets, place->path, &place->bound);
    place_judge(place);
    findings_of(&findings, place);
    *partial = *partial || is_partial(place);
    good = output_place(output, place, &findings);
    findings_free(&findings);
    return good;
}

static int audit_paths(const struct options *options, struct output *output, bool *partial)
{
    static struct path_facts facts;
    struct names around = {.count = 0};
    struct place place = {
        .path = &facts, .asked = options->asks ? &options->asked : NULL, .around = &around};
    struct bound_sockets sockets;
    int status = STATUS_CLEAN;

    bound_sockets_read(&sockets);
    if (sockets.error != 0) {
        *partial = true;
        (void)fprintf(stderr, "sunpath audit: bound sockets cannot be listed: %s\n",
                      strerror(sockets.error));
    }
    for (size_t i = 0; status == STATUS_CLEAN && i < options->count; i++) {
        if (!path_read(&facts, options->paths[i]))
            status = complain("not an absolute path, or too long", options->paths[i]);
        else if (options->plans &&
                 !path_plan(&facts, options->as_uid, options->as_gid, options->mode))
            status = complain("is there already, or its directory is not: nothing to plan",
                              options->paths[i]);
        if (status != STATUS_CLEAN)
            break;
        read_around(&around, options, &facts);
        if (!audit_one(output, &place, &sockets, partial))
            status = STATUS_INTERNAL;
        names_free(&around);
    }
    bound_sockets_free(&sockets);
    return status;
}

static int audit_all(void *arg)
{
    const struct options *options = arg;
    struct output output;
    struct policy *policy = NULL;
    bool partial = false;
    int status = STATUS_INTERNAL;

    if (output_begin(&output, options->format, options->count)) {
        if (options->policy != NULL)
            output.policy = policy = policy_load(options->policy);
        if ((options->policy != NULL && policy == NULL) ||
            (options->baseline != NULL &&
             !output_baseline(&output, options->baseline, options->diff)))
            status = STATUS_USAGE;
        else
            status = audit_paths(options, &output, &partial);
    }
    if (status == STATUS_CLEAN) {
        if (!output_end(&output, !partial))
            status = STATUS_INTERNAL;
        else if (output.worst >= (int)options->fail_on)
            status = options->exit_zero ? STATUS_CLEAN : STATUS_FINDINGS;
        else if (partial && !options->allow_partial)
            status = STATUS_PARTIAL;
        if (partial)
            (void)fputs("sunpath audit: something could not be read: the result is partial\n",
                        stderr);
    }
    output_free(&output);
    policy_free(policy);
    return status;
}

int path_command(int argc, char **argv)
{
    struct options options = {.as_uid = (uint32_t)getuid(),
                              .as_gid = (uint32_t)getgid(),
                              .mode = 0777,
                              .fail_on = SEVERITY_MEDIUM,
                              .timeout = TIMEOUT_DEFAULT};
    int option;
    int status;

    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option == '?')
            return STATUS_USAGE;
        if (!take_option(&options, option, optarg))
            return complain("not a value of this option", optarg);
    }
    if (options.asks && options.format != OUTPUT_TEXT)
        return complain("answers in text only", "--for");
    if (optind == argc)
        return complain("no path is given", "usage");
    options.paths = argv + optind;
    options.count = (size_t)(argc - optind);
    status = watch_run(audit_all, &options, options.timeout);
    return status < 0 ? STATUS_PARTIAL : status;
}
