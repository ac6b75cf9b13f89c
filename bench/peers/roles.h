/* SPDX-License-Identifier: MIT */
/*
 * What a benchmark process can be. Every implementation (raw/, sunpath/) has one function for each
 * role, with the same structure and buffers of the same size; main.c calls it.
 *
 * A role says "ready" once it serves or is connected, runs until its standard input ends, and
 * counts what it does in bench_count (control.h).
 */
#ifndef BENCH_ROLES_H
#define BENCH_ROLES_H

#include <stddef.h>
#include <stdint.h>

struct options {
    const char *path;     /* of the socket, absolute */
    unsigned connections; /* of a client */
    size_t size;          /* bytes of one message or one write */
    uint64_t limit;       /* stop after so many round trips or connections; 0: never */
};

/* One buffer a process, whatever the number of connections. */
#define BENCH_BUFFER ((size_t)64 * 1024)
/* A process serves or holds fewer descriptors than this. */
#define BENCH_DESCRIPTORS 8192
/* What bench_idle sends first; its second message has options.size bytes. */
#define BENCH_SMALL_MESSAGE ((size_t)64)
/* Connections that wait for accept(). */
#define BENCH_BACKLOG 128

/** Serves connections; sends back what arrives. */
void bench_echo(const struct options *options);
/** Serves connections; throws away what arrives and counts the bytes. */
void bench_sink(const struct options *options);
/** Keeps one message on its way on every connection, and counts round trips. */
void bench_pingpong(const struct options *options);
/** Writes as fast as the peer reads, on one connection. */
void bench_stream(const struct options *options);
/** Connects, sends a byte, waits for it, closes; one after the other. Counts connections. */
void bench_churn(const struct options *options);
/** The same, and the byte is for a server that runs under the same user or root: the client asks
 * who is serving before it sends it. The library never sends one without. */
void bench_churn_asking(const struct options *options);
/** Holds idle connections; opens and uses them when told to. */
void bench_idle(const struct options *options);

#endif
