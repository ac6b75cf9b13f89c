/* SPDX-License-Identifier: MIT */
/*
 * The driver for AFL++: persistent mode, test cases through shared memory.
 *
 * One process plays many inputs, so that a campaign does not measure fork(). A target keeps nothing
 * between two inputs; if it did, afl-fuzz would show a stability below 100 %.
 *
 * Compiled by afl-clang-fast, which supplies the __AFL_ macros. Started without afl-fuzz it plays
 * one input from standard input and ends.
 */
#include "fuzz/engine/target.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

__AFL_FUZZ_INIT();

/* How many inputs one process plays: many, but not so many that a leak would go unnoticed. */
#define INPUTS_PER_PROCESS 100000

int main(void)
{
    const uint8_t *input;

#ifdef __AFL_HAVE_MANUAL_CONTROL
    __AFL_INIT();
#endif
    /* From here on this is a child of the fork server, which stops it between two inputs. Without
     * this it would stay behind, stopped, when a campaign ends. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* Only now: the macro asks where afl-fuzz has put the shared memory. */
    input = __AFL_FUZZ_TESTCASE_BUF;
    while (__AFL_LOOP(INPUTS_PER_PROCESS)) {
/* The macro narrows the result of read(). */
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wshorten-64-to-32"
        size_t length = (size_t)__AFL_FUZZ_TESTCASE_LEN;
#pragma clang diagnostic pop

        (void)LLVMFuzzerTestOneInput(input, length);
    }
    return 0;
}
