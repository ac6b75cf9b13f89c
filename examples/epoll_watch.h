/* SPDX-License-Identifier: MIT */
/*
 * The interest of a socket or server, told to epoll when it changes.
 *
 * A descriptor that the library closes leaves epoll by itself. So when STATE(UNCONNECTED) is taken,
 * forget what was watched: the next connection may get the same number.
 */
#ifndef EXAMPLES_EPOLL_WATCH_H
#define EXAMPLES_EPOLL_WATCH_H

#include <sunpath/io.h>

#include <stdbool.h>
#include <sys/epoll.h>

/** epoll_watch() - @watched: the interest that epoll knows of, 0 at the beginning. False if epoll
 * refuses. */
static inline bool epoll_watch(int epoll, int fd, unsigned interest, unsigned *watched, void *what)
{
    struct epoll_event event = {.events = sp_io_to_poll(interest), .data.ptr = what};
    int operation = EPOLL_CTL_MOD;

    if (interest == *watched)
        return true;
    if (*watched == 0)
        operation = EPOLL_CTL_ADD;
    else if (interest == 0) /* must leave: epoll reports a hang-up unasked */
        operation = EPOLL_CTL_DEL;
    if (epoll_ctl(epoll, operation, fd, &event) < 0)
        return false;
    *watched = interest;
    return true;
}

#endif
