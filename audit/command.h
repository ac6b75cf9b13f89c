/* SPDX-License-Identifier: MIT */
/*
 * What the subcommands of the audit have in common: options, complaints, and how an audit ends.
 *
 * Tests: tests/cli/check
 */
#ifndef AUDIT_COMMAND_H
#define AUDIT_COMMAND_H

#include "audit/report/output.h"

#include <getopt.h>

struct command {
    const char *name; /* "path", "system" */
    enum severity fail_on;
    bool allow_partial;
    bool exit_zero;
    unsigned timeout;
    enum output_format format;
    const char *baseline;
    bool diff; /* also tell what is gone */
    const char *policy;
};

/* Numbers of the common options; a subcommand's own come behind them. */
enum {
    COMMAND_FAIL_ON = 256,
    COMMAND_ALLOW_PARTIAL,
    COMMAND_EXIT_ZERO,
    COMMAND_TIMEOUT,
    COMMAND_FORMAT,
    COMMAND_BASELINE,
    COMMAND_DIFF,
    COMMAND_POLICY,
    COMMAND_OWN,
};

/* For the table of getopt_long(). */
#define COMMAND_OPTIONS                                              \
    {"fail-on", required_argument, NULL, COMMAND_FAIL_ON},           \
        {"allow-partial", no_argument, NULL, COMMAND_ALLOW_PARTIAL}, \
        {"exit-zero", no_argument, NULL, COMMAND_EXIT_ZERO},         \
        {"timeout", required_argument, NULL, COMMAND_TIMEOUT},       \
        {"format", required_argument, NULL, COMMAND_FORMAT},         \
        {"baseline", required_argument, NULL, COMMAND_BASELINE},     \
        {"diff", required_argument, NULL, COMMAND_DIFF},             \
    {                                                                \
        "policy", required_argument, NULL, COMMAND_POLICY            \
    }

/** command_defaults() - what there is without options */
struct command command_defaults(const char *name);

/** command_take() - a common option; false when it cannot have this value */
bool command_take(struct command *to, int option, const char *argument);

/** command_number() - digits of @base and nothing else, at most @most */
bool command_number(uint32_t *ret, const char *text, int base, uint32_t most);

/** command_complain() - says what is wrong with an argument. Return: STATUS_USAGE. */
int command_complain(const struct command *command, const char *what, const char *argument);

/**
 * command_run() - an audit from its first place to its last line
 * @work:   tells @output what it found; STATUS_CLEAN if it could, and what was not read in
 *          @ret_partial
 * @places: how many there are at most
 *
 * Return: the exit status.
 */
int command_run(const struct command *command,
                int (*work)(void *arg, struct output *output, bool *ret_partial), void *arg,
                size_t places);

#endif
