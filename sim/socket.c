/* SPDX-License-Identifier: MIT */
/*
 * Sockets: their life, listening, connecting, accepting.
 *
 * As in Linux, a connection is made by connect() alone: it creates the server's end, which waits in
 * the listener's queue until accept() gives it a descriptor. So a client is connected, can write
 * and be reset, before anyone accepts. A socket that has been closed stays as long as its peer
 * points to it: the peer's name can still be asked for.
 *
 * Tests: tests/conformance/rows_connect.c, rows_listen.c
 */
#include "internal.h"

#include <string.h>

static uint32_t fit_send_buffer(uint32_t bytes)
{
    return bytes > SIM_SEND_BUFFER_MIN ? bytes : SIM_SEND_BUFFER_MIN;
}

sim_index sim__sock_new(struct sim *sim, enum sim_socket_kind kind)
{
    sim_index index = sim__take(sim, &sim->sock_pool, sim->sock_links, SIM_SOCKETS_MAX);

    if (index == SIM_NIL)
        return SIM_NIL;
    sim->socks[index] = (struct sim_sock){
        .ino = ++sim->last_socket_ino,
        .send_buffer = fit_send_buffer(sim->options.send_buffer),
        .mode = 0777,
        .refs = 1,
        .peer = SIM_NIL,
        .cred = SIM_NIL,
        .node = SIM_NIL,
        .first = SIM_NIL,
        .last = SIM_NIL,
        .urgent = SIM_NIL,
        .kind = (uint8_t)kind,
        .state = SIM_SOCK_UNCONNECTED,
    };
    return index;
}

bool sim__sock_is_open(const struct sim *sim, sim_index index)
{
    return sim->socks[index].state == SIM_SOCK_LISTENING &&
           (sim->socks[index].shut & SIM_RCV_SHUT) == 0;
}

void sim__sock_unref(struct sim *sim, sim_index index)
{
    if (--sim->socks[index].refs == 0)
        sim__give_back(&sim->sock_pool, sim->sock_links, index);
}

static sim_index take_first(struct sim *sim, struct sim_sock *listener)
{
    sim_index first = listener->first;

    if (first != SIM_NIL) {
        listener->first = sim->sock_links[first];
        if (listener->first == SIM_NIL)
            listener->last = SIM_NIL;
        listener->queued--;
    }
    return first;
}

static void put_last(struct sim *sim, struct sim_sock *listener, sim_index index)
{
    if (listener->last != SIM_NIL)
        sim->sock_links[listener->last] = index;
    else
        listener->first = index;
    sim->sock_links[index] = SIM_NIL;
    listener->last = index;
    listener->queued++;
}

void sim__sock_release(struct sim *sim, sim_index index, bool embryo)
{
    struct sim_sock *sock = &sim->socks[index];
    bool listened = sock->state == SIM_SOCK_LISTENING;
    sim_index peer = sock->peer;

    sock->dead = true;
    sock->shut = SIM_BOTH_SHUT;
    sock->state = SIM_SOCK_UNCONNECTED;
    if (sock->node != SIM_NIL) {
        sim->nodes[sock->node].socket = SIM_NIL;
        sim__node_unref(sim, sock->node);
    }
    if (peer != SIM_NIL) {
        sim->socks[peer].shut = SIM_BOTH_SHUT;
        if (embryo || sock->first != SIM_NIL)
            sim->socks[peer].error = ECONNRESET;
    }
    if (listened) {
        sim_index waiting;

        while ((waiting = take_first(sim, sock)) != SIM_NIL)
            sim__sock_release(sim, waiting, true);
    } else {
        sim__queue_drop(sim, sock);
    }
    sock->peer = SIM_NIL;
    if (peer != SIM_NIL)
        sim__sock_unref(sim, peer);
    sim__sock_unref(sim, index);
}

static void marry(struct sim *sim, sim_index a, sim_index b)
{
    sim->socks[a].peer = b;
    sim->socks[b].peer = a;
    sim->socks[a].refs++;
    sim->socks[b].refs++;
    sim->socks[a].state = SIM_SOCK_CONNECTED;
    sim->socks[b].state = SIM_SOCK_CONNECTED;
}

static void set_owner(const struct sim_actor *actor, struct sim_sock *sock)
{
    sock->uid = sim__cred(actor)->uid;
    sock->gid = sim__cred(actor)->gid;
}

static int new_socket(struct sim_actor *actor, enum sim_socket_kind kind, bool cloexec,
                      bool nonblock)
{
    struct sim *sim = actor->sim;
    sim_index index = sim__sock_new(sim, kind);
    int fd;

    if (index == SIM_NIL)
        return -ENFILE;
    set_owner(actor, &sim->socks[index]);
    fd = sim__descriptor_new(actor, SIM_FILE_SOCKET, index, cloexec, nonblock);
    if (fd < 0)
        sim__sock_unref(sim, index);
    return fd;
}

int sim__socket(struct sim_actor *actor)
{
    return new_socket(actor, SIM_STREAM, true, true);
}

/* ---- for actors ---- */

int sim_socket(struct sim_actor *actor, enum sim_socket_kind kind)
{
    return new_socket(actor, kind, false, false);
}

int sim_socketpair(struct sim_actor *actor, int ret_fds[2])
{
    struct sim *sim = actor->sim;
    int a = sim_socket(actor, SIM_STREAM);
    int b = a < 0 ? a : sim_socket(actor, SIM_STREAM);
    sim_index sock_a, sock_b;

    if (b < 0) {
        if (a >= 0)
            (void)sim_close(actor, a);
        return b;
    }
    sock_a = sim__file(actor, a)->target;
    sock_b = sim__file(actor, b)->target;
    marry(sim, sock_a, sock_b);
    sim->socks[sock_a].cred = actor->cred;
    sim->socks[sock_b].cred = actor->cred;
    ret_fds[0] = a;
    ret_fds[1] = b;
    return 0;
}

int sim_listen(struct sim_actor *actor, int fd, int backlog)
{
    const struct sim *sim = actor->sim;
    uint32_t limit = (uint32_t)backlog; /* a negative one is a very large one */
    int error;
    struct sim_sock *sock = sim__sock(actor, fd, &error);

    if (sock == NULL)
        return error;
    if (sock->kind != SIM_STREAM)
        return -EOPNOTSUPP;
    if (sock->address_length == 0)
        return -EINVAL;
    if (sock->state == SIM_SOCK_CONNECTED)
        return -EINVAL;
    sock->backlog = limit < sim->options.somaxconn ? limit : sim->options.somaxconn;
    sock->state = SIM_SOCK_LISTENING;
    sock->cred = actor->cred; /* what a client will see in SO_PEERCRED */
    return 0;
}

int sim_connect(struct sim_actor *actor, int fd, const void *name, size_t length)
{
    struct sim *sim = actor->sim;
    int error;
    struct sim_sock *sock = sim__sock(actor, fd, &error);
    struct sim_sock *listener, *embryo;
    int found;
    sim_index index;

    if (sock == NULL)
        return error;
    if (sock->kind != SIM_STREAM)
        return sock->kind == SIM_DGRAM ? -EOPNOTSUPP : -EAFNOSUPPORT;
    if (length == 0)
        return -EINVAL;
    found = sim__find_sock(actor, name, length, SIM_STREAM);
    if (found < 0)
        return found;
    listener = &sim->socks[found];
    if (!sim__sock_is_open(sim, (sim_index)found))
        return -ECONNREFUSED;
    if (listener->queued > listener->backlog)
        return -EAGAIN;
    if (sock->state != SIM_SOCK_UNCONNECTED)
        return sock->state == SIM_SOCK_CONNECTED ? -EISCONN : -EINVAL;
    index = sim__sock_new(sim, SIM_STREAM);
    if (index == SIM_NIL)
        return -ENFILE;
    embryo = &sim->socks[index];
    embryo->cred = actor->cred;
    embryo->address = listener->address;
    embryo->address_length = listener->address_length;
    sock->cred = listener->cred;
    marry(sim, sim__file(actor, fd)->target, index);
    put_last(sim, listener, index);
    return 0;
}

int sim__accept(struct sim_actor *actor, int fd, bool cloexec, bool nonblock)
{
    struct sim *sim = actor->sim;
    struct sim_file *file = sim__file(actor, fd);
    struct sim_sock *listener;
    sim_index index;
    int accepted, error;

    if (file == NULL || file->kind == SIM_FILE_HANDLE)
        return -EBADF;
    /* The kernel reserves the descriptor before it looks at what it was given. */
    accepted = sim__descriptor_free(actor);
    if (accepted < 0)
        return accepted;
    listener = sim__sock(actor, fd, &error);
    if (listener == NULL)
        return error;
    if (listener->kind != SIM_STREAM)
        return -EOPNOTSUPP;
    if (sim->file_pool.live >= sim->options.files_max)
        return -ENFILE;
    if (listener->state != SIM_SOCK_LISTENING)
        return -EINVAL;
    if (listener->first == SIM_NIL)
        return -EAGAIN;
    index = listener->first;
    accepted = sim__descriptor_new(actor, SIM_FILE_SOCKET, index, cloexec, nonblock);
    if (accepted >= 0) {
        (void)take_first(sim, listener);
        set_owner(actor, &sim->socks[index]);
    }
    return accepted;
}

int sim_accept(struct sim_actor *actor, int fd)
{
    return sim__accept(actor, fd, false, false);
}

int sim_shutdown(struct sim_actor *actor, int fd, int how)
{
    struct sim *sim = actor->sim;
    int error;
    struct sim_sock *sock = sim__sock(actor, fd, &error);
    uint8_t ours, theirs;

    if (sock == NULL)
        return error;
    if (how < SIM_SHUT_READ || how > SIM_SHUT_BOTH)
        return -EINVAL;
    ours = (uint8_t)(how + 1);
    /* What one end no longer receives the other can no longer send, and the other way round. */
    theirs = (uint8_t)(((ours & SIM_RCV_SHUT) != 0 ? SIM_SEND_SHUT : 0) |
                       ((ours & SIM_SEND_SHUT) != 0 ? SIM_RCV_SHUT : 0));
    sock->shut |= ours;
    if (sock->peer != SIM_NIL)
        sim->socks[sock->peer].shut |= theirs;
    return 0;
}

int sim_take_error(struct sim_actor *actor, int fd)
{
    int error;
    struct sim_sock *sock = sim__sock(actor, fd, &error);

    if (sock == NULL)
        return error;
    error = sock->error;
    sock->error = 0;
    return error;
}

int sim_set_send_buffer(struct sim_actor *actor, int fd, uint32_t bytes)
{
    int error;
    struct sim_sock *sock = sim__sock(actor, fd, &error);

    if (sock == NULL)
        return error;
    sock->send_buffer = fit_send_buffer(bytes);
    return 0;
}

int sim_pending(struct sim_actor *actor, int fd)
{
    int error;
    const struct sim_sock *sock = sim__sock(actor, fd, &error);

    if (sock == NULL)
        return error;
    return sock->state == SIM_SOCK_LISTENING ? (int)sock->queued : -EINVAL;
}

int sim_connection(struct sim_actor *actor, int fd, struct sim_connection *ret)
{
    int error;
    const struct sim_sock *sock = sim__sock(actor, fd, &error);
    const struct sim_sock *peer;

    if (sock == NULL)
        return error;
    if (sock->peer == SIM_NIL)
        return -ENOTCONN;
    peer = &actor->sim->socks[sock->peer];
    *ret = (struct sim_connection){
        .sent = sock->sent,
        .peer_sent = peer->sent,
        .unread = sock->unread,
        .peer_label = peer->label,
        .peer_closed = peer->dead,
    };
    return 0;
}

int sim_set_label(struct sim_actor *actor, int fd, uint32_t label)
{
    int error;
    struct sim_sock *sock = sim__sock(actor, fd, &error);

    if (sock == NULL)
        return error;
    sock->label = label;
    return 0;
}
