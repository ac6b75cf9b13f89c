/* SPDX-License-Identifier: MIT */
/* sunpath audit path: see path_command.h. Tests: tests/cli/check */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "audit/path_command.h"

#include "audit/command.h"
#include "audit/facts/namespaces.h"
#include "audit/status.h"
#include "audit/watch.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct options {
    struct command command;
    uint32_t as_uid;
    uint32_t as_gid;
    uint32_t mode;
    bool plans; /* one of those three was given */
    bool asks;
    struct identity asked;
    char **paths;
    size_t count;
};

enum { AS_UID = COMMAND_OWN, AS_GID, MODE, FOR };

static const struct option long_options[] = {
    {"as-uid", required_argument, NULL, AS_UID},
    {"as-gid", required_argument, NULL, AS_GID},
    {"mode", required_argument, NULL, MODE},
    {"for", required_argument, NULL, FOR},
    COMMAND_OPTIONS,
    {NULL, 0, NULL, 0},
};

/* UID[:GID[,GID...]] */
static bool parse_identity(struct identity *ret, const char *argument)
{
    char *text = strdup(argument);
    char *rest = text;
    const char *uid = strsep(&rest, ":");
    bool good = uid != NULL && command_number(&ret->uid, uid, 10, UINT32_MAX - 1);

    for (ret->count = 0; good && rest != NULL; ret->count++)
        good = ret->count < IDENTITY_GIDS_MAX &&
               command_number(&ret->gids[ret->count], strsep(&rest, ","), 10, UINT32_MAX - 1);
    free(text);
    return good;
}

static bool take_option(struct options *to, int option, const char *argument)
{
    switch (option) {
    case AS_UID:
        to->plans = true;
        return command_number(&to->as_uid, argument, 10, UINT32_MAX - 1);
    case AS_GID:
        to->plans = true;
        return command_number(&to->as_gid, argument, 10, UINT32_MAX - 1);
    case MODE:
        to->plans = true;
        return command_number(&to->mode, argument, 8, 0777);
    case FOR:
        to->asks = true;
        return parse_identity(&to->asked, argument);
    default:
        return command_take(&to->command, option, argument);
    }
}

static bool is_partial(const struct place *place)
{
    bool partial = place->path->end == PATH_UNREADABLE || place->beside->error != 0;

    for (size_t i = 0; i < DEEDS; i++)
        partial = partial || place->audiences[i].answer == UNKNOWN;
    return partial;
}

/* The sockets of our network namespace; and of the others, once something seems stale here: a file
 * can be served from any. */
struct served {
    struct bound_sockets sockets;
    bool everywhere;
};

static enum service served_at(struct served *served, const struct path_facts *path,
                              const struct bound_socket **ret)
{
    const enum service service = service_at(&served->sockets, path, ret);

    if (service != SERVICE_NONE || served->everywhere)
        return service;
    served->everywhere = true;
    (void)namespaces_read(&served->sockets);
    bound_sockets_sort(&served->sockets);
    return service_at(&served->sockets, path, ret);
}

/* What is judged at one path is told; false when there is no memory. */
static bool audit_one(struct output *output, struct place *place, struct served *served,
                      bool *partial)
{
    struct findings findings = {.count = 0};
    bool good;

    place->service = served_at(served, place->path, &place->bound);
    place_judge(place);
    findings_of(&findings, place);
    *partial = *partial || is_partial(place);
    good = output_place(output, place, &findings);
    findings_free(&findings);
    return good;
}

static int audit_paths(void *arg, struct output *output, bool *partial)
{
    const struct options *options = arg;
    static struct path_facts facts;
    struct names beside = {.count = 0};
    struct names others = {.count = 0};
    struct place place = {.path = &facts,
                          .asked = options->asks ? &options->asked : NULL,
                          .beside = &beside,
                          .others = &others};
    struct served served = {.everywhere = false};
    int status = STATUS_CLEAN;

    for (size_t i = 0; i < options->count; i++)
        names_add(&others, options->paths[i], strlen(options->paths[i]));
    *partial = others.error != 0;
    bound_sockets_read(&served.sockets);
    if (served.sockets.error != 0) {
        *partial = true;
        (void)fprintf(stderr, "sunpath audit: bound sockets cannot be listed: %s\n",
                      strerror(served.sockets.error));
    }
    for (size_t i = 0; status == STATUS_CLEAN && i < options->count; i++) {
        if (!path_read(&facts, options->paths[i]))
            status = command_complain(&options->command, "not an absolute path, or too long",
                                      options->paths[i]);
        else if (options->plans &&
                 !path_plan(&facts, options->as_uid, options->as_gid, options->mode))
            status = command_complain(&options->command,
                                      "is there already, or its directory is not: nothing to plan",
                                      options->paths[i]);
        if (status != STATUS_CLEAN)
            break;
        names_read_beside(&beside, &facts);
        if (!audit_one(output, &place, &served, partial))
            status = STATUS_INTERNAL;
        names_free(&beside);
    }
    bound_sockets_free(&served.sockets);
    names_free(&others);
    return status;
}

static int audit_all(void *arg)
{
    const struct options *options = arg;

    return command_run(&options->command, audit_paths, arg, options->count);
}

int path_command(int argc, char **argv)
{
    struct options options = {.as_uid = (uint32_t)getuid(),
                              .as_gid = (uint32_t)getgid(),
                              .mode = 0777,
                              .command = command_defaults("path")};
    int option;
    int status;

    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option == '?')
            return STATUS_USAGE;
        if (!take_option(&options, option, optarg))
            return command_complain(&options.command, "not a value of this option", optarg);
    }
    if (options.asks && options.command.format != OUTPUT_TEXT)
        return command_complain(&options.command, "answers in text only", "--for");
    if (optind == argc)
        return command_complain(&options.command, "no path is given", "usage");
    options.paths = argv + optind;
    options.count = (size_t)(argc - optind);
    status = watch_run(audit_all, &options, options.command.timeout);
    return status < 0 ? STATUS_PARTIAL : status;
}
