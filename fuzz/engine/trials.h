/* SPDX-License-Identifier: MIT */
/*
 * Inputs that another program makes up, one after the other: whoever looks for the smallest input
 * that fails (cli/triage/trials.py) asks here instead of starting a process for each.
 *
 * A request on standard input, each a line and so many bytes behind it:
 *
 *   play SECONDS LENGTH     play an input, which may take so long
 *   steps LENGTH            say of which steps an input is made
 *
 * An answer on standard output, in the same order, again a line and bytes:
 *
 *   passed LENGTH           played; what was printed, and what a sanitizer said
 *   exit-STATUS LENGTH      the same, and the process ended early
 *   signal-NAME LENGTH      the same, and the process was killed: signal-ALRM is too slow
 *   steps LENGTH            a line for each step: where it begins, a blank, its pattern
 *                           (fuzz/program/operations.h); nothing where inputs are just bytes
 */
#ifndef FUZZ_TRIALS_H
#define FUZZ_TRIALS_H

#include <stdbool.h>

/** trials() - answers until standard input ends; false if a request made no sense, said on stderr
 */
bool trials(void);

#endif
