/* SPDX-License-Identifier: MIT */
/* What the subcommands of the audit have in common: see command.h. */
#include "audit/command.h"

#include "audit/report/escape.h"
#include "audit/status.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_DEFAULT 30
#define TIMEOUT_MAX 86400

struct command command_defaults(const char *name)
{
    return (struct command){.name = name, .fail_on = SEVERITY_MEDIUM, .timeout = TIMEOUT_DEFAULT};
}

bool command_number(uint32_t *ret, const char *text, int base, uint32_t most)
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

bool command_take(struct command *to, int option, const char *argument)
{
    uint32_t seconds;

    switch (option) {
    case COMMAND_FAIL_ON:
        return severity_parse(&to->fail_on, argument);
    case COMMAND_TIMEOUT:
        if (!command_number(&seconds, argument, 10, TIMEOUT_MAX) || seconds == 0)
            return false;
        to->timeout = seconds;
        return true;
    case COMMAND_FORMAT:
        return output_format_parse(&to->format, argument);
    case COMMAND_BASELINE:
    case COMMAND_DIFF:
        to->diff = option == COMMAND_DIFF;
        if (to->baseline != NULL)
            return false;
        to->baseline = argument;
        return true;
    case COMMAND_POLICY:
        to->policy = argument;
        return true;
    case COMMAND_ALLOW_PARTIAL:
        to->allow_partial = true;
        return true;
    case COMMAND_EXIT_ZERO:
        to->exit_zero = true;
        return true;
    default:
        return false;
    }
}

int command_complain(const struct command *command, const char *what, const char *argument)
{
    const size_t length = strlen(argument);
    char *text = malloc(ESCAPED_MAX(length));

    if (text != NULL)
        (void)fprintf(stderr, "sunpath audit %s: %s: %s\n", command->name,
                      escape(text, argument, length), what);
    free(text);
    return STATUS_USAGE;
}

int command_run(const struct command *command,
                int (*work)(void *arg, struct output *output, bool *ret_partial), void *arg,
                size_t places)
{
    struct output output;
    struct policy *policy = NULL;
    bool partial = false;
    int status = STATUS_INTERNAL;

    if (output_begin(&output, command->format, places)) {
        if (command->policy != NULL)
            output.policy = policy = policy_load(command->policy);
        if ((command->policy != NULL && policy == NULL) ||
            (command->baseline != NULL &&
             !output_baseline(&output, command->baseline, command->diff)))
            status = STATUS_USAGE;
        else
            status = work(arg, &output, &partial);
    }
    if (status == STATUS_CLEAN) {
        if (!output_end(&output, !partial))
            status = STATUS_INTERNAL;
        else if (output.worst >= (int)command->fail_on)
            status = command->exit_zero ? STATUS_CLEAN : STATUS_FINDINGS;
        else if (partial && !command->allow_partial)
            status = STATUS_PARTIAL;
        if (partial)
            (void)fputs("sunpath audit: something could not be read: the result is partial\n",
                        stderr);
    }
    output_free(&output);
    policy_free(policy);
    return status;
}
