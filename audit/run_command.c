/* SPDX-License-Identifier: MIT */
/* sunpath audit run: see run_command.h. Tests: tests/integration/test_audit_run.py */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "audit/run_command.h"

#include "audit/command.h"
#include "audit/status.h"
#include "audit/trace/engine.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/wait.h>

#define KILLED_STATUS 128 /* as the shell tells a signal: that much more */

struct options {
    struct command command;
    const char *output;
    bool program_status;
    uint32_t pid;
};

enum { OUTPUT = COMMAND_OWN, PROGRAM_STATUS, PID };

static const struct option long_options[] = {
    {"output", required_argument, NULL, OUTPUT},
    {"program-status", no_argument, NULL, PROGRAM_STATUS},
    {"pid", required_argument, NULL, PID},
    COMMAND_OPTIONS,
    {NULL, 0, NULL, 0},
};

static bool take_option(struct options *to, int option, const char *argument)
{
    switch (option) {
    case OUTPUT:
        to->output = argument;
        return true;
    case PROGRAM_STATUS:
        to->program_status = true;
        return true;
    case PID:
        return command_number(&to->pid, argument, 10, INT_MAX) && to->pid != 0;
    default:
        return command_take(&to->command, option, argument);
    }
}

/* What was seen, subject by subject. */
static int tell_subjects(void *arg, struct output *output, bool *ret_partial)
{
    const struct watching *watched = arg;
    bool good = true;

    *ret_partial = watched->uring || watched->incomplete;
    for (size_t i = 0; good && i < run_subjects(watched->run); i++) {
        const struct place place = {.run = run_subject(watched->run, i)};
        struct findings findings;

        findings_of(&findings, &place);
        good = output_place(output, &place, &findings);
        findings_free(&findings);
    }
    return good ? STATUS_CLEAN : STATUS_INTERNAL;
}

static void tell_program(const struct watching *watched)
{
    if (watched->uring)
        (void)fputs("sunpath audit: the program uses io_uring, whose calls cannot be seen\n",
                    stderr);
    if (watched->incomplete)
        (void)fputs("sunpath audit: of some connections the first read was not seen\n", stderr);
    if (!watched->ended)
        (void)fputs("sunpath audit: the program was left running\n", stderr);
    else if (WIFSIGNALED(watched->program))
        (void)fprintf(stderr, "sunpath audit: the program was ended by signal %d\n",
                      WTERMSIG(watched->program));
    else
        (void)fprintf(stderr, "sunpath audit: the program ended with status %d\n",
                      WEXITSTATUS(watched->program));
}

static int report(const struct options *options, struct watching *watched)
{
    int status;

    if (options->output != NULL && freopen(options->output, "w", stdout) == NULL)
        return command_complain(&options->command, strerror(errno), options->output);
    status = command_run(&options->command, tell_subjects, watched, run_subjects(watched->run));
    tell_program(watched);
    if (!options->program_status || !watched->ended || status == STATUS_INTERNAL)
        return status;
    return WIFSIGNALED(watched->program) ? KILLED_STATUS + WTERMSIG(watched->program)
                                         : WEXITSTATUS(watched->program);
}

int run_command(int argc, char **argv)
{
    struct options options = {.command = command_defaults("run")};
    struct watching watched;
    int option;
    int result;

    options.command.timeout = 0;
    while ((option = getopt_long(argc, argv, "+", long_options, NULL)) != -1) {
        if (option == '?')
            return STATUS_USAGE;
        if (!take_option(&options, option, optarg))
            return command_complain(&options.command, "not a value of this option", optarg);
    }
    if ((options.pid != 0) == (optind < argc))
        return command_complain(&options.command, "a program or --pid, one of them", "usage");
    if (options.command.timeout != 0 && options.pid == 0)
        return command_complain(&options.command, "is for --pid; timeout(1) ends a program",
                                "--timeout");
    result = options.pid != 0 ? engine_attach(&watched, (pid_t)options.pid, options.command.timeout)
                              : engine_run(&watched, argv + optind);
    if (result != 0)
        (void)command_complain(&options.command, strerror(-result),
                               options.pid != 0 ? "--pid" : argv[optind]);
    result = result == 0 ? report(&options, &watched) : STATUS_PARTIAL;
    run_free(watched.run);
    return result;
}
