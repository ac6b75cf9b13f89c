/* SPDX-License-Identifier: MIT */
/*
 * Readiness bits and deadlines, the language between a loop and an object.
 *
 * sp_*_interest() says what to wait for, sp_*_process() is told what happened. Level-triggered
 * only: the same readiness must be reported again as long as it holds.
 *
 * Interest 0 means: take the descriptor out of the poll set (poll: leave it out or negate it;
 * epoll: EPOLL_CTL_DEL), and wait only for the deadline. This is not a nicety. The kernel reports
 * POLLHUP whether it was asked for or not, and an AF_UNIX socket whose connect() met a full backlog
 * reports POLLOUT and POLLHUP at once: a loop that watched it would spin.
 *
 * The descriptor is closed by the time SP_EVENT_STATE says UNCONNECTED. A loop that remembers what
 * it watches must forget it then: the next connection can have the same number and the same
 * interest, and yet be unknown to the kernel's poll set.
 */
#ifndef SUNPATH_IO_H
#define SUNPATH_IO_H

#include <sunpath/os.h>

#include <limits.h>

SP_BEGIN_DECLS

enum sp_io {
    SP_IO_READ = 1u << 0,   /* readable, or at its end: not known which */
    SP_IO_WRITE = 1u << 1,  /* writable */
    SP_IO_HANGUP = 1u << 2, /* hang-up or error; as interest: watch, but for that alone */
    /* Only told, never asked for: readable with certainty, because the poll set asked for POLLRDHUP
     * as well and it is absent. Saves a copy: the bytes stay in the kernel until the application
     * reads them straight into its own memory. */
    SP_IO_DATA = 1u << 3,
};

/** sp_io_to_poll() - interest as bits for poll() and epoll, which share their values on Linux. */
static inline unsigned sp_io_to_poll(unsigned interest)
{
    return (interest & SP_IO_READ ? 0x2001u : 0u) | (interest & SP_IO_WRITE ? 0x0004u : 0u);
}

/**
 * sp_io_from_poll() - what poll() or epoll returned, for a descriptor whose events came from
 * sp_io_to_poll(). Do not use it when the loop could not ask for POLLRDHUP: pass SP_IO_READ
 * instead.
 */
static inline unsigned sp_io_from_poll(unsigned revents)
{
    unsigned io = 0;

    if (revents & 0x0001u)
        io |= revents & 0x2038u ? SP_IO_READ : SP_IO_DATA;
    if (revents & 0x0004u)
        io |= SP_IO_WRITE;
    /* POLLERR, POLLHUP; and POLLNVAL, so that a descriptor closed behind our back ends the
     * connection. */
    if (revents & 0x0038u)
        io |= SP_IO_HANGUP;
    return io;
}

/**
 * sp_io_timeout_ms() - a deadline as poll(), epoll_wait() and their like want it
 * @deadline: of sp_*_deadline()
 * @now:      of the same clock, in nanoseconds; sp_context_timeout_ms() reads it
 *
 * Rounded up: a loop that woke before the deadline would find nothing to do, and spin until then.
 * Return: milliseconds from @now; 0 when the deadline has come or passed; -1 for SP_NEVER; INT_MAX
 * when it is later than that: then the loop wakes early, once, and asks again.
 */
static inline int sp_io_timeout_ms(uint64_t deadline, uint64_t now)
{
    uint64_t ms;

    if (deadline == SP_NEVER)
        return -1;
    if (deadline <= now)
        return 0;
    /* Adding before the division could wrap round. */
    ms = (deadline - now - 1) / 1000000 + 1;
    return ms < (uint64_t)INT_MAX ? (int)ms : INT_MAX;
}

SP_END_DECLS

#endif
