/* SPDX-License-Identifier: MIT */
/*
 * Local sockets by hand: what a careful programmer writes without a library.
 *
 * Non-blocking, level-triggered, no call that is not needed: a read that came back short is not
 * repeated, one accept() for one readiness, the interest of a descriptor is changed only when
 * output is stuck. Short writes, ends of stream and resets are handled.
 */
#ifndef BENCH_RAW_H
#define BENCH_RAW_H

#include "poller.h"
#include "roles.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct connection {
    int fd;       /* -1: none */
    size_t got;   /* of a client: of the answer that is awaited */
    char *unsent; /* of a server: what the kernel did not take; NULL: nothing */
    size_t unsent_length;
};

/** raw_listen() - a listening descriptor. */
int raw_listen(const char *path);
/** raw_accept() - a connection, non-blocking; -1 if there is none. */
int raw_accept(int listener);
/** raw_connect() - a connection, non-blocking; fails when the backlog is full. */
int raw_connect(const char *path);
/** raw_connect_patiently() - the same, but waits for room in the backlog. */
int raw_connect_patiently(const char *path);

/** raw_trusts() - whether the server of a connection runs under our user or as root. */
bool raw_trusts(int fd);

/** raw_recv() - bytes received; 0: the peer has closed; -1: none now. */
ssize_t raw_recv(int fd, void *bytes, size_t capacity);
/** raw_send() - bytes the kernel took, 0 if none; -1: the peer has closed. */
ssize_t raw_send(int fd, const void *bytes, size_t length);

#endif
