/* SPDX-License-Identifier: MIT */
/* sunpath audit path: see path_command.h. Tests: tests/cli/check */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "audit/path_command.h"

#include "audit/report/text.h"
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
    char **paths;
    size_t count;
};

enum { AS_UID = 256, AS_GID, MODE, FAIL_ON, ALLOW_PARTIAL, EXIT_ZERO, TIMEOUT };

static const struct option long_options[] = {
    {"as-uid", required_argument, NULL, AS_UID},
    {"as-gid", required_argument, NULL, AS_GID},
    {"mode", required_argument, NULL, MODE},
    {"fail-on", required_argument, NULL, FAIL_ON},
    {"allow-partial", no_argument, NULL, ALLOW_PARTIAL},
    {"exit-zero", no_argument, NULL, EXIT_ZERO},
    {"timeout", required_argument, NULL, TIMEOUT},
    {NULL, 0, NULL, 0},
};

static int complain(const char *what, const char *argument)
{
    (void)fprintf(stderr, "sunpath audit path: %s: %s\n", argument, what);
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

/* What one path came to, kept until all are known: the worst is printed first. */
struct paragraph {
    int worst; /* enum severity, or -1 */
    size_t place;
    char *text;
};

static int compare(const void *a, const void *b)
{
    const struct paragraph *x = a;
    const struct paragraph *y = b;

    if (x->worst != y->worst)
        return y->worst - x->worst;
    return x->place < y->place ? -1 : x->place > y->place;
}

static bool is_partial(const struct place *place)
{
    bool partial = place->path->end == PATH_UNREADABLE;

    for (size_t i = 0; i < DEEDS; i++)
        partial = partial || place->audiences[i].answer == UNKNOWN;
    return partial;
}

/* False when there is no memory. */
static bool audit_one(struct paragraph *ret, struct place *place, const struct options *options,
                      const struct bound_sockets *sockets, bool *partial)
{
    struct findings findings = {.count = 0};
    size_t length;
    FILE *out = open_memstream(&ret->text, &length);

    if (out == NULL)
        return false;
    place->service = service_at(sockets, place->path, &place->bound);
    place_judge(place);
    findings_of(&findings, place);
    text_place(out, place, &findings);
    *partial = *partial || is_partial(place);
    ret->worst = findings.count > 0 ? (int)findings.all[0].rule->severity : -1;
    findings_free(&findings);
    (void)options;
    return fclose(out) == 0;
}

static int audit_all(void *arg)
{
    const struct options *options = arg;
    struct paragraph *paragraphs = calloc(options->count, sizeof(*paragraphs));
    struct path_facts *facts = malloc(sizeof(*facts));
    struct place *place = calloc(1, sizeof(*place));
    struct bound_sockets sockets;
    bool partial;
    int status = STATUS_CLEAN;

    bound_sockets_read(&sockets);
    partial = sockets.error != 0;
    if (partial)
        (void)fprintf(stderr, "sunpath audit: bound sockets cannot be listed: %s\n",
                      strerror(sockets.error));
    if (paragraphs == NULL || facts == NULL || place == NULL)
        status = STATUS_INTERNAL;
    for (size_t i = 0; status == STATUS_CLEAN && i < options->count; i++) {
        paragraphs[i].place = i;
        place->path = facts;
        if (!path_read(facts, options->paths[i]))
            status = complain("not an absolute path, or too long", options->paths[i]);
        else if (options->plans &&
                 !path_plan(facts, options->as_uid, options->as_gid, options->mode))
            status = complain("is there already, or its directory is not: nothing to plan",
                              options->paths[i]);
        else if (!audit_one(&paragraphs[i], place, options, &sockets, &partial))
            status = STATUS_INTERNAL;
    }
    if (status == STATUS_CLEAN) {
        qsort(paragraphs, options->count, sizeof(*paragraphs), compare);
        for (size_t i = 0; i < options->count; i++)
            (void)printf("%s%s", i > 0 ? "\n" : "", paragraphs[i].text);
        if (paragraphs[0].worst >= (int)options->fail_on)
            status = STATUS_FINDINGS;
        else if (partial && !options->allow_partial)
            status = STATUS_PARTIAL;
        if (partial)
            (void)fputs("sunpath audit: something could not be read: the result is partial\n",
                        stderr);
    }
    for (size_t i = 0; paragraphs != NULL && i < options->count; i++)
        free(paragraphs[i].text);
    free(paragraphs);
    free(facts);
    free(place);
    bound_sockets_free(&sockets);
    if (fflush(stdout) != 0)
        status = STATUS_INTERNAL;
    return options->exit_zero && status == STATUS_FINDINGS ? STATUS_CLEAN : status;
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
    if (optind == argc)
        return complain("no path is given", "usage");
    options.paths = argv + optind;
    options.count = (size_t)(argc - optind);
    status = watch_run(audit_all, &options, options.timeout);
    return status < 0 ? STATUS_PARTIAL : status;
}
