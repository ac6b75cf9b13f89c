/* SPDX-License-Identifier: MIT */
/*
 * Assertions of the library.
 *
 * SP__CHECK() is active in checking builds (SP_CHECKS=1: every test and fuzz build) and states what
 * must hold if the library is right; it never guards against what a caller, a peer or the kernel
 * may do. Release builds compile it away. A failed check traps: there is no message to allocate and
 * no stream to write to, and a debugger or sanitizer names the line.
 */
#ifndef SP__CHECK_H
#define SP__CHECK_H

#if defined(SP_CHECKS) && SP_CHECKS
#define SP__CHECK(condition)  \
    do {                      \
        if (!(condition))     \
            __builtin_trap(); \
    } while (0)
#else
#define SP__CHECK(condition) ((void)0)
#endif

#endif
