/* SPDX-License-Identifier: MIT */
/* Every process that /proc shows: see processes.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "audit/facts/processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

bool processes_each(void (*each)(int process, pid_t pid, void *arg), void *arg)
{
    DIR *proc = opendir("/proc");
    const struct dirent *entry;

    if (proc == NULL)
        return false;
    while ((entry = readdir(proc)) != NULL) {
        const pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        int process;

        if (pid <= 0)
            continue;
        process = openat(dirfd(proc), entry->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (process < 0)
            continue;
        each(process, pid, arg);
        (void)close(process);
    }
    (void)closedir(proc);
    return true;
}
