/* SPDX-License-Identifier: MIT */
/*
 * What a run was, as one number: two runs that did the same have the same.
 *
 * A target notes what the code under test answered: results, states, lengths, bytes. Never a
 * pointer, a time, a real descriptor's or inode's number, or the size of a type. Then the digest of
 * an input is the same with every compiler, at every level of optimisation, under every engine, on
 * every machine and however often it is played: ci/check_digest, and every replay.
 */
#ifndef FUZZ_DIGEST_H
#define FUZZ_DIGEST_H

#include <stddef.h>
#include <stdint.h>

extern uint64_t fuzz_digest_state;

static inline void fuzz_digest_reset(void)
{
    fuzz_digest_state = 0;
}

/* The order counts, and so does a zero. A multiplication and a rotation: targets note several
 * things in each step, a million steps a second. */
static inline void fuzz_note(uint64_t value)
{
    uint64_t mixed = (fuzz_digest_state ^ value) + UINT64_C(0x9e3779b97f4a7c15);

    mixed *= UINT64_C(0xd6e8feb86659fd93);
    fuzz_digest_state = mixed ^ (mixed >> 32);
}

/** fuzz_note_bytes() - the bytes and how many there are */
void fuzz_note_bytes(const void *bytes, size_t length);

static inline uint64_t fuzz_digest(void)
{
    return fuzz_digest_state;
}

#endif
