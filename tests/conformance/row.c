/* SPDX-License-Identifier: MIT */
/*
 * Rows: what can be said of one without playing it. See row.h.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "row.h"

#include "tests/support/must.h"
#include "tests/support/valgrind.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

bool row_needs_root(const struct row *row)
{
    for (size_t i = 0; row->steps[i] != NULL; i++) {
        const char *step = row->steps[i];

        if (strncmp(step, "other:", 6) == 0 || strncmp(step, "root:", 5) == 0)
            return true;
    }
    return false;
}

static bool sets_limit(const struct row *row)
{
    for (size_t i = 0; row->steps[i] != NULL; i++) {
        if (strncmp(row->steps[i], "limit ", 6) == 0)
            return true;
    }
    return false;
}

static unsigned kernel_version(void)
{
    struct utsname name;
    unsigned major = 0, minor = 0;

    if (uname(&name) < 0 || sscanf(name.release, "%u.%u", &major, &minor) != 2)
        return 0;
    return 1000 * major + minor;
}

const char *protected_hardlinks(void)
{
    FILE *setting = fopen("/proc/sys/fs/protected_hardlinks", "re");
    int value = setting != NULL ? fgetc(setting) : EOF;

    if (setting != NULL)
        (void)fclose(setting);
    return value == '1' ? NULL : "fs.protected_hardlinks is off";
}

const char *row_unfit(const struct row *row, enum kernel kernel)
{
    if (kernel == KERNEL_SIMULATED)
        return NULL;
    if (kernel_version() < row->since)
        return "the kernel is older than what the row describes";
    if (geteuid() != 0 && row_needs_root(row))
        return "needs root, to act as other users";
    if (RUNNING_ON_VALGRIND && sets_limit(row))
        return VALGRIND_LIMIT;
    return row->unfit != NULL ? row->unfit() : NULL;
}

const char *row_split(const char *line, char ret_step[STAGE_TEXT_MAX])
{
    const char *arrow = strstr(line, "->");
    size_t length = arrow != NULL ? (size_t)(arrow - line) : strlen(line);

    MUST(length < STAGE_TEXT_MAX);
    while (length > 0 && line[length - 1] == ' ')
        length--;
    memcpy(ret_step, line, length);
    ret_step[length] = '\0';
    return arrow != NULL ? arrow + 2 + strspn(arrow + 2, " ") : NULL;
}
