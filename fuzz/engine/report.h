/* SPDX-License-Identifier: MIT */
/*
 * What a driver says of the inputs it played: to a person, or to another program
 * (cli/sunpath-replay).
 *
 * To a program, on standard output, a line for each input and for each thing that cannot be played:
 *
 *   input STATUS STEP DIGEST NS NAME TEXT SAID
 *
 * STATUS  passed, unreadable, not-played; failed: exit-STATUS, signal-NAME, endless, memory
 * STEP    the step that was under way when the process ended, from 1; 0: not known
 * DIGEST  in hexadecimal
 * NS      how long all runs took
 * NAME, TEXT, SAID
 *         lengths of what follows the line: the name, the program as text (of a failing one), and
 *         what its process printed or why it cannot be read
 *
 * and one at the end, without which the process has ended too early:
 *
 *   played RUNS NS
 */
#ifndef FUZZ_REPORT_H
#define FUZZ_REPORT_H

#include "fuzz/engine/workers.h"

struct totals {
    size_t failed;
    size_t not_played;
};

/** report_to_person(), report_to_program()
 * @results: as workers_play() gives them
 * @ns:      that it took
 */
struct totals report_to_person(const struct workers *workers, const struct result *results,
                               uint64_t ns, bool shows_digests);
struct totals report_to_program(const struct workers *workers, const struct result *results,
                                uint64_t ns, bool shows_digests);

#endif
