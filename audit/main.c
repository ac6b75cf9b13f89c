/* SPDX-License-Identifier: MIT */
/*
 * sunpath audit: who can reach, replace or impersonate a socket.
 *
 * Only reads: connects to nothing, changes nothing. What is found goes to stdout, what could not be
 * done to stderr. Exit status: status.h.
 *
 * Tests: tests/cli/check
 */
#include "audit/path_command.h"
#include "audit/report/text.h"
#include "audit/run_command.h"
#include "audit/status.h"
#include "audit/system_command.h"

#include <stdio.h>
#include <string.h>

static void print_help(FILE *out)
{
    (void)fputs(
        "usage: sunpath audit path [OPTION...] PATH...\n"
        "       sunpath audit system [--also DIR] [--units DIR] [--all] [OPTION...]\n"
        "       sunpath audit run [OPTION...] -- COMMAND [ARGUMENT...], or --pid PID\n"
        "       sunpath audit --list-rules[=markdown]\n"
        "       sunpath audit --explain RULE\n\n"
        "Who can connect to a socket path, who can replace it, who could be there first: of\n"
        "the paths named, or of every listener and of the socket files in the usual places.\n"
        "Nothing is changed, and nothing is connected to. Of a program: what it and what it "
        "starts\n"
        "do wrong with sockets while it runs.\n\n"
        "  --also DIR        look for socket files there too\n"
        "  --units DIR       look for systemd socket units there, not where systemd does\n"
        "  --all             in text: also what nothing was found at\n"
        "  --as-uid UID --as-gid GID --mode MODE\n"
        "                    the paths are not there yet: judge the sockets that this user, with\n"
        "                    this group, would bind there with this mode\n"
        "  --for UID[:GID,...]\n"
        "                    what this user, in these groups, can do; in text only\n"
        "  --fail-on info|low|medium|high\n"
        "                    exit status 1 for a finding of that severity or above; medium if not\n"
        "                    given\n"
        "  --format text|json|sarif|html\n"
        "                    for people, as JSON lines, as SARIF 2.1.0, or as a page\n"
        "  --baseline FILE   what an earlier audit printed as JSON: its findings do not count\n"
        "  --diff OLD        the same, and say what is new and what is gone since then\n"
        "  --policy FILE     findings that are allowed, or count more or less, and why\n"
        "  --allow-partial   no exit status 3 because something could not be read\n"
        "  --exit-zero       no exit status 1 because of findings\n"
        "  --timeout SECONDS for the whole audit; 30 if not given; with --pid no end if not given\n"
        "  --output FILE     run: the report goes there, not between what the program prints\n"
        "  --program-status  run: exit with the program's status; 128 more than a signal's "
        "number\n\n"
        "Exit status: 0 no such finding; 1 findings; 2 usage; 3 something could not be read;\n"
        "4 internal error.\n",
        out);
}

static int explain(const char *id)
{
    const struct rule *rule = id != NULL ? rule_find(id) : NULL;

    if (rule == NULL) {
        (void)fprintf(stderr, "sunpath audit: no such rule: %s\n", id != NULL ? id : "");
        return STATUS_USAGE;
    }
    text_rule(stdout, rule);
    return STATUS_CLEAN;
}

int main(int argc, char **argv)
{
    const char *first = argc > 1 ? argv[1] : "";

    for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0) {
            print_help(stdout);
            return STATUS_CLEAN;
        }
    if (strcmp(first, "path") == 0)
        return path_command(argc - 1, argv + 1);
    if (strcmp(first, "system") == 0)
        return system_command(argc - 1, argv + 1);
    if (strcmp(first, "run") == 0)
        return run_command(argc - 1, argv + 1);
    if (strcmp(first, "--explain") == 0)
        return explain(argc > 2 ? argv[2] : NULL);
    if (strcmp(first, "--list-rules") == 0) {
        text_rules(stdout);
        return STATUS_CLEAN;
    }
    if (strcmp(first, "--list-rules=markdown") == 0) {
        text_rules_document(stdout);
        return STATUS_CLEAN;
    }
    if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0) {
        print_help(stdout);
        return STATUS_CLEAN;
    }
    if (argc > 1)
        (void)fprintf(stderr, "sunpath audit: not understood: %s\n\n", first);
    print_help(stderr);
    return STATUS_USAGE;
}
