/* SPDX-License-Identifier: MIT */
/* The loop of one socket: see turn.h. */
#include "tests/support/turn.h"

#include "tests/support/must.h"

#include <poll.h>
#include <time.h>

#define NS_PER_MS UINT64_C(1000000)

static uint64_t now_ns(void)
{
    struct timespec now;

    MUST(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (uint64_t)now.tv_sec * 1000 * NS_PER_MS + (uint64_t)now.tv_nsec;
}

bool turn(struct sp_socket *socket, int ms)
{
    struct pollfd entry = {.fd = -1};
    unsigned interest = sp_socket_interest(socket);
    uint64_t deadline = sp_socket_deadline(socket);
    int until_deadline = sp_io_timeout_ms(deadline, now_ns());
    bool own = until_deadline >= 0 && until_deadline <= ms;
    int n;

    if (interest != 0) {
        entry.fd = sp_socket_fd(socket);
        entry.events = (short)sp_io_to_poll(interest);
    }
    n = poll(&entry, 1, own ? until_deadline : ms);
    MUST(n >= 0 || errno == EINTR);
    if (n <= 0 && !own)
        return false;
    sp_socket_process(socket, n > 0 ? sp_io_from_poll((unsigned)entry.revents) : 0);
    return true;
}

void turn_until(struct sp_socket *socket, enum sp_state state)
{
    uint64_t end = now_ns() + TURN_PATIENCE_MS * NS_PER_MS;

    while (sp_socket_state(socket) != state) {
        MUST(now_ns() < end);
        (void)turn(socket, 100);
    }
}

unsigned turn_to_rest(struct sp_socket *socket, unsigned most)
{
    unsigned turns = 0;

    while (turn(socket, 20)) {
        turns++;
        MUST(turns <= most);
    }
    return turns;
}
