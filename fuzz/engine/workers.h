/* SPDX-License-Identifier: MIT */
/*
 * Many inputs, played by several processes at once, of which any may end at any time.
 *
 * Inputs are taken from one counter. A process that ends early has failed the input it was at; what
 * it printed is kept, and another one takes its place. So a crash, an input without end or one that
 * eats all memory costs the others nothing. An input whose process was ended before it began
 * is not played, and is said to be so.
 */
#ifndef FUZZ_WORKERS_H
#define FUZZ_WORKERS_H

#include "fuzz/engine/inputs.h"

#define WORKERS_MAX 64

enum verdict {
    VERDICT_NOT_PLAYED,
    VERDICT_PASSED,
    VERDICT_ENDED,     /* the process ended by itself: with @status */
    VERDICT_KILLED,    /* by a signal: @status */
    VERDICT_ENDLESS,   /* no end in PLAY_SECONDS */
    VERDICT_TOO_LARGE, /* the process took more memory than it may */
};

/* What became of one input. */
struct result {
    enum verdict verdict;
    int status;
    size_t step; /* the one under way when the process ended, or FUZZ_NO_STEP */
    uint64_t digest;
    uint64_t ns;
    char *said; /* what a process that ended has printed; NULL: nothing */
};

struct workers {
    const struct inputs *inputs;
    unsigned long runs; /* of each input */
    unsigned jobs;      /* processes at once, up to WORKERS_MAX */
    size_t memory;      /* bytes that a process may take */
    bool is_terse;      /* what processes print is kept; else it goes where ours goes */
};

/**
 * workers_play() - all inputs, once
 *
 * Return: a result for each input and one more, for a process that failed behind its last input (a
 * leak is found there): VERDICT_NOT_PLAYED says that none did. workers_free() frees them. Where no
 * process could be made, standard error says why, and inputs are not played.
 */
struct result *workers_play(const struct workers *workers);
void workers_free(struct result *results, size_t count);

/** play_timed() - play_input(), with at most PLAY_SECONDS for every PLAY_RUNS runs */
uint64_t play_timed(const struct input *input, unsigned long runs);

/** now_ns() - a clock that only goes on */
uint64_t now_ns(void);

#endif
