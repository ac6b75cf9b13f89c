/* SPDX-License-Identifier: MIT */
/*
 * Where code goes.
 *
 * A message costs two system calls. When they return, the processor's cache of instructions and its
 * predictions of returns are the kernel's: what counts then is not how many instructions follow,
 * but over how many cache lines and stack frames. So what every message passes through lies side by
 * side, and what it does not pass through is somewhere else. bench/run shows the difference.
 */
#ifndef SP__HINT_H
#define SP__HINT_H

/* Every message passes here. */
#define SP__HOT __attribute__((hot))
/* Failures and rarities. */
#define SP__COLD __attribute__((cold, noinline))
/* Not rare, but out of line: a caller that does without it then needs no registers saved for it. */
#define SP__APART __attribute__((noinline))
/* A condition that hardly ever holds. */
#define SP__RARELY(condition) __builtin_expect(!!(condition), 0)
/* One frame less between a system call and the application. */
#define SP__FLAT inline __attribute__((always_inline))

#endif
