/* SPDX-License-Identifier: MIT */
/*
 * The command: finds the program that does what is asked for, and becomes it.
 *
 * Each subcommand NAME is a program sunpath-NAME of its own, in the folder that SUNPATH_PARTS
 * names relative to this program, wherever it was installed or built. This one only knows their
 * list, prints help, and says clearly what is missing.
 *
 * Exit status: that of the subcommand; 2 usage; 3 the subcommand's program cannot be run.
 * Tests: tests/cli/check_command
 */
#define _GNU_SOURCE
#include <sunpath/version.h>

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { USAGE = 2, CANNOT_RUN = 3 };

static const struct {
    const char *name;
    const char *what;
    const char *runner; /* of a program in another language; NULL: none */
    const char *takes;
} subcommands[] = {
#define SUBCOMMAND(name, what, runner, takes) {name, what, runner, takes},
#include "subcommands.h"
#undef SUBCOMMAND
};
#define SUBCOMMANDS (sizeof(subcommands) / sizeof(subcommands[0]))

static void print_help(FILE *out)
{
    fputs("usage: sunpath SUBCOMMAND [ARGUMENT...]\n"
          "       sunpath help SUBCOMMAND\n"
          "       sunpath --version\n\n"
          "Local sockets, and the harness that attacks them.\n\n",
          out);
    for (size_t i = 0; i < SUBCOMMANDS; i++)
        fprintf(out, "  %-8s %s\n", subcommands[i].name, subcommands[i].what);
    fputs("\nEach subcommand has --help and a manual page, sunpath-SUBCOMMAND(1).\n", out);
}

/* SUBCOMMANDS if there is none of this name. */
static size_t find(const char *name)
{
    size_t i = 0;

    while (i < SUBCOMMANDS && strcmp(subcommands[i].name, name) != 0)
        i++;
    return i;
}

/* Without /proc a program cannot tell where it is, and so not where its parts are. */
#define SELF "/proc/self/exe"

/* Writes where the program of @name is; 0, or -1 with the reason in errno. */
static int find_part(const char *name, char path[PATH_MAX])
{
    char own[PATH_MAX];
    ssize_t length = readlink(SELF, own, sizeof(own) - 1);
    int written;

    if (length < 0)
        return -1;
    own[length] = '\0';
    *strrchr(own, '/') = '\0';
    written = snprintf(path, PATH_MAX, "%s/%s/sunpath-%s", own, SUNPATH_PARTS, name);
    if (written >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return 0;
}

/* @arguments begins with two places, for what is run. */
static int become(size_t which, char **arguments)
{
    const char *name = subcommands[which].name;
    const char *runner = subcommands[which].runner;
    const char *missing;
    char path[PATH_MAX];
    int error;

    if (find_part(name, path) < 0) {
        fprintf(stderr, "sunpath %s: " SELF ": %s\n", name, strerror(errno));
        return CANNOT_RUN;
    }
    missing = path;
    arguments[1] = path;
    if (runner == NULL) {
        (void)execv(path, arguments + 1);
    } else if (access(path, R_OK) == 0) {
        missing = runner;
        arguments[0] = (char *)(uintptr_t)runner; /* not written to */
        (void)execvp(runner, arguments);
    }
    error = errno;
    fprintf(stderr, "sunpath %s: %s: %s\n", name, missing, strerror(error));
    if (error == ENOENT)
        fprintf(stderr, "sunpath %s takes %s\n", name, subcommands[which].takes);
    return CANNOT_RUN;
}

int main(int argc, char **argv)
{
    char *help[] = {NULL, NULL, (char[]){"--help"}, NULL};
    const char *first = argc > 1 ? argv[1] : "";

    if (strcmp(first, "--version") == 0) {
        puts("sunpath " SP_VERSION_STRING);
        return 0;
    }
    if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0 ||
        (strcmp(first, "help") == 0 && argc == 2)) {
        print_help(stdout);
        return 0;
    }
    if (strcmp(first, "help") == 0 && find(argv[2]) < SUBCOMMANDS)
        return become(find(argv[2]), help);
    if (find(first) < SUBCOMMANDS)
        return become(find(first), argv);
    if (argc > 1)
        fprintf(stderr, "sunpath: no subcommand '%s'\n\n",
                strcmp(first, "help") == 0 ? argv[2] : first);
    print_help(stderr);
    return USAGE;
}
