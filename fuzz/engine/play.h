/* SPDX-License-Identifier: MIT */
/* One input, without an engine: what replay.c and trials.c do with each. */
#ifndef FUZZ_PLAY_H
#define FUZZ_PLAY_H

#include <stddef.h>
#include <stdint.h>

/* Times that an input is played unless said otherwise. */
#define PLAY_RUNS 3
/* Seconds that one input may take for all its runs, under the slowest sanitizer. */
#define PLAY_SECONDS 20

/**
 * play_input() - plays an input @runs times, or ends the process
 *
 * Each time from a new heap block of exactly its size: what a run leaves behind meets the next, and
 * a byte too far is seen by the sanitizer. All runs must have the same digest.
 *
 * Return: the digest of what happened.
 */
uint64_t play_input(const uint8_t *bytes, size_t length, unsigned long runs);

#endif
