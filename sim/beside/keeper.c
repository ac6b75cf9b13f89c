/* SPDX-License-Identifier: MIT */
/* See keeper.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "keeper.h"

#include "tests/support/must.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <signal.h>
#include <unistd.h>

/* The end of the line to the process, in its child. */
#define LINE 3
/* What the process has started may be at work for a moment longer. */
#define ATTEMPTS 100
#define MICROSECONDS_BETWEEN 10000

_Noreturn static void keep(int line, struct tempdir directory)
{
    char byte;

    MUST(setsid() > 0);
    for (int number = 1; number < NSIG; number++)
        (void)signal(number, SIG_IGN); /* but for those that cannot be */
    MUST(dup2(line, LINE) == LINE);
    MUST(close_range(0, LINE - 1, 0) == 0 && close_range(LINE + 1, UINT_MAX, 0) == 0);
    /* Nothing is ever sent: this ends when the other end is gone everywhere. */
    while (read(LINE, &byte, 1) < 0 && errno == EINTR)
        ;
    for (int i = 0; i < ATTEMPTS && access(directory.path, F_OK) == 0; i++) {
        tempdir_empty(&directory);
        if (rmdir(directory.path) < 0)
            (void)usleep(MICROSECONDS_BETWEEN);
    }
    _exit(0);
}

void keeper_start(const struct tempdir *directory)
{
    int ends[2];
    pid_t pid;

    MUST(pipe2(ends, O_CLOEXEC) == 0);
    pid = fork();
    MUST(pid >= 0);
    if (pid == 0)
        keep(ends[0], *directory);
    (void)close(ends[0]);
    /* ends[1] stays open for as long as this process lives. Its other children close it. */
}
