/* SPDX-License-Identifier: MIT */
/*
 * One process with very many connections, each of which carries a known stream in both directions.
 *
 * A stream's bytes are a function of connection, direction and position, so a byte that is lost,
 * doubled, moved or given to somebody else is seen where it arrives. What a client sends begins
 * with its number, four bytes, the lowest first. Pieces, limits and kernel buffers are of random
 * sizes, from a seed.
 *
 * A process that finds anything wrong says so on standard error and exits with status 1.
 */
#ifndef TESTS_INTEGRATION_CROWD_H
#define TESTS_INTEGRATION_CROWD_H

#include <stdint.h>

struct crowd_options {
    const char *path;
    uint32_t clients; /* whose streams must come through whole */
    uint32_t first;   /* number of the first client of this process */
    uint64_t bytes;   /* in each direction of each connection */
    uint64_t seed;
};

/* Clients with this number or a higher one may disappear at any moment: what came from them must be
 * right, but nobody waits for the rest. */
#define CROWD_DOOMED 1000000u

/** crowd_serve() - serves until @clients connections have come to their proper end and none is
 * left. @ready_fd is written to once it listens; then it lowers its limit of descriptors to
 * @descriptors, if not 0. */
_Noreturn void crowd_serve(const struct crowd_options *options, int ready_fd, unsigned descriptors);

/** crowd_connect() - all connections of one client process, from beginning to end. @busy_fd, if not
 * negative, is written to when bytes have come back on one. */
_Noreturn void crowd_connect(const struct crowd_options *options, int busy_fd);

#endif
