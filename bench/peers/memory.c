/* SPDX-License-Identifier: MIT */
/*
 * How much memory this process has: see memory.h.
 *
 * /proc/self/smaps_rollup walks the page tables. The counter that statm and status show is a sum of
 * per-thread caches and can be off by dozens of pages, which at 5,000 connections is most of what
 * there is to measure.
 */
#include "memory.h"

#include "control.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

uint64_t bench_resident_bytes(void)
{
    static const char label[] = "\nAnonymous:";
    char text[4096];
    int fd = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    const char *line;

    if (n < 0)
        bench_die("/proc/self/smaps_rollup");
    (void)close(fd);
    text[n] = '\0';
    line = strstr(text, label);
    if (line == NULL)
        bench_fail("/proc/self/smaps_rollup has no line Anonymous");
    return strtoull(line + sizeof(label) - 1, NULL, 10) * 1024;
}
