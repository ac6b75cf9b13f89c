/* SPDX-License-Identifier: MIT */
/*
 * Commands, answers and clocks: see control.h.
 */
#include "control.h"

#include "memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

uint64_t bench_count;

static struct {
    uint64_t count;
    uint64_t wall;
    uint64_t cpu;
} begin;

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec now;

    if (clock_gettime(clock, &now) < 0)
        bench_die("clock_gettime");
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t bench_now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

enum command bench_command(void)
{
    char command;
    ssize_t n = read(STDIN_FILENO, &command, 1);

    if (n < 0)
        bench_die("read a command");
    if (n == 0)
        exit(EXIT_SUCCESS);
    switch (command) {
    case COMMAND_BEGIN:
        begin.count = bench_count;
        begin.cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
        begin.wall = bench_now_ns();
        break;
    case COMMAND_END:
        (void)dprintf(STDOUT_FILENO, "count %" PRIu64 " wall %" PRIu64 " cpu %" PRIu64 "\n",
                      bench_count - begin.count, bench_now_ns() - begin.wall,
                      clock_ns(CLOCK_PROCESS_CPUTIME_ID) - begin.cpu);
        break;
    case COMMAND_MEMORY:
        (void)dprintf(STDOUT_FILENO, "resident %" PRIu64 "\n", bench_resident_bytes());
        break;
    default:
        break;
    }
    return (enum command)command;
}

void bench_say(const char *line)
{
    (void)dprintf(STDOUT_FILENO, "%s\n", line);
}

_Noreturn void bench_die(const char *what)
{
    (void)fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

_Noreturn void bench_fail(const char *what)
{
    (void)fprintf(stderr, "%s\n", what);
    exit(EXIT_FAILURE);
}
