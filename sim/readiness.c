/* SPDX-License-Identifier: MIT */
/*
 * What poll() says.
 *
 * Two answers that surprise: a stream socket that is not connected is hung up and writable, and a
 * full queue becomes writable only when three quarters of it have been received.
 *
 * Tests: tests/conformance/rows_poll.c
 */
#include "internal.h"

static uint32_t of_socket(const struct sim_sock *sock)
{
    uint32_t bits = 0;

    if (sock->error != 0)
        bits |= SP_OS_POLLERR;
    if (sock->shut == SIM_BOTH_SHUT)
        bits |= SP_OS_POLLHUP;
    if ((sock->shut & SIM_RCV_SHUT) != 0)
        bits |= SP_OS_POLLRDHUP | SP_OS_POLLIN;
    if (sock->first != SIM_NIL)
        bits |= SP_OS_POLLIN;
    if (sock->state == SIM_SOCK_UNCONNECTED && sock->kind != SIM_DGRAM)
        bits |= SP_OS_POLLHUP;
    /* The kernel counts the buffer from 1. */
    if (sock->state != SIM_SOCK_LISTENING && ((uint64_t)sock->charged + 1) * 4 <= sock->send_buffer)
        bits |= SP_OS_POLLOUT;
    return bits;
}

uint32_t sim__readiness(const struct sim *sim, const struct sim_file *file)
{
    switch (file->kind) {
    case SIM_FILE_SOCKET:
        return of_socket(&sim->socks[file->target]);
    case SIM_FILE_NODE:
        return SP_OS_POLLIN | SP_OS_POLLOUT;
    case SIM_FILE_PROCESS:
        return 0;
    default: /* a handle is not open for anything */
        return SP_OS_POLLNVAL;
    }
}

uint32_t sim_poll(struct sim_actor *actor, int fd, uint32_t want)
{
    const struct sim_file *file = sim__file(actor, fd);
    const uint32_t always = SP_OS_POLLERR | SP_OS_POLLHUP | SP_OS_POLLNVAL;

    if (file == NULL)
        return fd < 0 ? 0 : SP_OS_POLLNVAL;
    return sim__readiness(actor->sim, file) & (want | always);
}
