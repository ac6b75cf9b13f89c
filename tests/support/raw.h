/* SPDX-License-Identifier: MIT */
/*
 * Sockets by plain system calls: the other programs in a test, who know nothing of the library.
 *
 * Results are descriptors (blocking, close-on-exec) or negative errnos; work in any process.
 */
#ifndef TESTS_SUPPORT_RAW_H
#define TESTS_SUPPORT_RAW_H

/** raw_bind() - a stream socket bound to a path, not listening. */
int raw_bind(const char *path);
/** raw_listen() - a server. */
int raw_listen(const char *path, int backlog);
/** raw_connect() - a client; -EAGAIN where a blocking connect would wait for the backlog. */
int raw_connect(const char *path);
/** raw_stale() - leaves a socket file behind which nobody listens. */
void raw_stale(const char *path);
/** raw_reaches() - whether a client at @path is served by @server (a listening descriptor). */
int raw_reaches(const char *path, int server);

#endif
