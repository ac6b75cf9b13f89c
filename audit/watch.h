/* SPDX-License-Identifier: MIT */
/* A bound on how long an audit may take: a hung file system blocks a process in any call. */
#ifndef AUDIT_WATCH_H
#define AUDIT_WATCH_H

/**
 * watch_run() - do @work in a child, and wait for @seconds at most
 *
 * Return: what @work returns, or -1 when it took too long or died, which is said on stderr. A child
 * that cannot even be killed, in a call to a file system that hangs, is left behind.
 */
int watch_run(int (*work)(void *arg), void *arg, unsigned seconds);

#endif
