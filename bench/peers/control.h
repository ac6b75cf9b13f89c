/* SPDX-License-Identifier: MIT */
/*
 * How a benchmark process is told what to do and says what it saw.
 *
 * A command is one byte on standard input, an answer one line on standard output. The process has
 * standard input in its epoll set: between "begin" and "end" nothing looks at a clock, and both
 * implementations are measured by the same lines of code.
 */
#ifndef BENCH_CONTROL_H
#define BENCH_CONTROL_H

#include <stdint.h>

enum command {
    COMMAND_NONE = 0,
    COMMAND_BEGIN = 'b',  /* start of the measured time */
    COMMAND_END = 'e',    /* its end; answer: "count N wall NS cpu NS" */
    COMMAND_MEMORY = 'm', /* answer: "resident BYTES" */
    COMMAND_OPEN = 'o',   /* bench_idle: open the connections; answer: "opened" */
    COMMAND_USE = 'u',    /* bench_idle: move messages over all of them; answer: "used" */
};

/* Operations so far. The role adds to it. */
extern uint64_t bench_count;

/** bench_command() - take a command from standard input; ends the process when that has ended.
 * BEGIN, END and MEMORY are carried out here; the command is returned for the role to do the rest.
 */
enum command bench_command(void);

/** bench_say() - an answer. */
void bench_say(const char *line);

/** bench_now_ns() - the monotonic clock. */
uint64_t bench_now_ns(void);

/** bench_die() - end with a message and the meaning of errno: a benchmark has no errors to survive.
 */
_Noreturn void bench_die(const char *what);
/** bench_fail() - the same without errno. */
_Noreturn void bench_fail(const char *what);

#endif
