/* SPDX-License-Identifier: MIT */
/*
 * epoll, level-triggered, as both implementations use it. The data pointer of an entry is the
 * connection, NULL for standard input.
 */
#ifndef BENCH_POLLER_H
#define BENCH_POLLER_H

#include "control.h"

#include <errno.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Entries of one epoll_wait(). */
#define POLLER_BATCH 256

static inline void poller_set(int poller, int operation, int fd, uint32_t events, void *data)
{
    struct epoll_event event = {.events = events, .data.ptr = data};

    if (epoll_ctl(poller, operation, fd, &event) < 0)
        bench_die("epoll_ctl");
}

/* A new poller that watches standard input. */
static inline int poller_open(void)
{
    int poller = epoll_create1(EPOLL_CLOEXEC);

    if (poller < 0)
        bench_die("epoll_create1");
    poller_set(poller, EPOLL_CTL_ADD, STDIN_FILENO, EPOLLIN, NULL);
    return poller;
}

/* @timeout_ms: as of epoll_wait(). Returns the number of entries, 0 also when interrupted. */
static inline int poller_wait(int poller, struct epoll_event events[POLLER_BATCH], int timeout_ms)
{
    int n = epoll_wait(poller, events, POLLER_BATCH, timeout_ms);

    if (n < 0 && errno != EINTR)
        bench_die("epoll_wait");
    return n < 0 ? 0 : n;
}

#endif
