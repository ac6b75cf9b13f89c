/* SPDX-License-Identifier: MIT */
/*
 * Programs beside the library: users who listen, connect, send and leave with system calls.
 *
 * A slot holds a descriptor of one user. What would put another one there closes the first; what
 * fails leaves the slot empty. Nothing here waits.
 *
 * What a peer sends is the stream of writer number OPERATION_SOCKETS + its slot (world_byte()),
 * from where it stopped; the count begins anew with each descriptor.
 */
#include "fuzz/world/names.h"
#include "fuzz/world/world.h"

#include <errno.h>
#include <string.h>

/* Bytes of one message; what a step moves is more of them. */
#define MESSAGE_MAX 4096

/* What the last receive gave: valid until the next. */
static uint8_t received[UINT16_MAX];

/* ---- slots ---- */

static void put_down(struct world_peer *peer)
{
    if (peer->actor != NULL)
        (void)sim_close(peer->actor, peer->fd);
    *peer = (struct world_peer){.fd = -1};
}

static int pick_up(struct world_peer *peer, struct sim_actor *actor, int fd)
{
    put_down(peer);
    if (fd >= 0)
        *peer = (struct world_peer){.actor = actor, .fd = fd};
    return fd < 0 ? fd : 0;
}

/* @fd becomes the slot's if what was done with it worked. */
static int keep_if(int result, struct world_peer *peer, struct sim_actor *actor, int fd)
{
    if (result < 0)
        (void)sim_close(actor, fd);
    else
        (void)pick_up(peer, actor, fd);
    return result;
}

/* ---- names ---- */

enum purpose { TO_LISTEN, TO_BIND, TO_CONNECT };

static int use_name(struct world_peer *peer, struct sim_actor *user, const struct world_name *name,
                    enum purpose purpose, int backlog)
{
    int fd, r;

    put_down(peer);
    fd = sim_socket(user, SIM_STREAM);
    if (fd < 0)
        return fd;
    sim_actor_set_umask(user, 0);
    if (purpose == TO_CONNECT)
        r = sim_connect(user, fd, name->bytes, name->length);
    else
        r = sim_bind(user, fd, name->bytes, name->length);
    if (r == 0 && purpose == TO_LISTEN)
        r = sim_listen(user, fd, backlog);
    return keep_if(r, peer, user, fd);
}

static int use_path(struct world *world, const struct operation *operation, enum purpose purpose)
{
    struct world_name name;

    world_name(operation->name, &name);
    return use_name(&world->peers[operation->arg[0]], world->users[operation->arg[1]], &name,
                    purpose, (int)operation->arg[2]);
}

static int use_abstract(struct world *world, const struct operation *operation,
                        enum purpose purpose)
{
    struct world_name name;

    world_name_abstract(operation->name, &name);
    return use_name(&world->peers[operation->arg[0]], world->users[operation->arg[1]], &name,
                    purpose, (int)operation->arg[2]);
}

/* ---- other ways to a descriptor ---- */

/* A word of {kind}. What is no socket is a directory. */
static int make_socket(struct world_peer *peer, struct sim_actor *user, int64_t kind)
{
    static const enum sim_socket_kind kinds[] = {SIM_STREAM, SIM_DGRAM, SIM_FOREIGN};

    put_down(peer);
    if ((size_t)kind < sizeof(kinds) / sizeof(kinds[0]))
        return pick_up(peer, user, sim_socket(user, kinds[kind]));
    return pick_up(peer, user, sim_open(user, "/", false));
}

static int make_pair(struct world_peer *one, struct sim_actor *user, struct world_peer *other)
{
    int fds[2], r;

    put_down(one);
    put_down(other);
    if (one == other)
        return -EINVAL;
    r = sim_socketpair(user, fds);
    if (r < 0)
        return r;
    (void)pick_up(one, user, fds[0]);
    (void)pick_up(other, user, fds[1]);
    return 0;
}

static int accept_from(struct world_peer *peer, struct world_peer *listener)
{
    struct sim_actor *actor = listener->actor;
    int fd = sim_accept(actor, listener->fd);

    return fd < 0 ? fd : pick_up(peer, actor, fd);
}

static void leave(struct world *world, struct sim_actor *user)
{
    for (unsigned i = 0; i < OPERATION_PEERS; i++)
        if (world->peers[i].actor == user)
            world->peers[i] = (struct world_peer){.fd = -1};
    if (world->lock.actor == user)
        world->lock = (struct world_peer){.fd = -1};
    sim_actor_exit(user);
}

/* ---- bytes ---- */

static int64_t send_bytes(struct world *world, struct world_peer *peer, uint64_t wanted)
{
    unsigned who = OPERATION_SOCKETS + (unsigned)(peer - world->peers);
    uint64_t done = 0;

    while (done < wanted) {
        size_t length = wanted - done < MESSAGE_MAX ? (size_t)(wanted - done) : MESSAGE_MAX;
        int64_t r = sim_send(peer->actor, peer->fd, world_bytes(who, peer->sent), length);

        if (r <= 0)
            return done > 0 ? (int64_t)done : r;
        peer->sent += (uint64_t)r;
        done += (uint64_t)r;
    }
    return (int64_t)done;
}

static int64_t count_sent(struct world_peer *peer, int64_t sent)
{
    if (sent > 0)
        peer->sent += (uint64_t)sent;
    return sent;
}

static int64_t receive(struct world_peer *peer, size_t capacity, struct world_outcome *ret)
{
    int64_t r;

    if (capacity == 0)
        return 0;
    r = sim_recv(peer->actor, peer->fd, received, capacity, false);
    if (r > 0) {
        peer->received += (uint64_t)r;
        ret->bytes = received;
    }
    return r;
}

/* One byte, and a descriptor of anybody's with it. */
static int64_t pass(struct world *world, struct world_peer *peer, const struct world_peer *passed)
{
    uint8_t byte = world_byte(OPERATION_SOCKETS + (unsigned)(peer - world->peers), peer->sent);
    int64_t r;
    int fd;

    if (passed->actor == NULL)
        return -EBADF;
    fd = sim_give(passed->actor, passed->fd, peer->actor);
    if (fd < 0)
        return fd;
    r = sim_send_descriptor(peer->actor, peer->fd, &byte, 1, fd);
    (void)sim_close(peer->actor, fd);
    return count_sent(peer, r);
}

/* ---- operations ---- */

/* What makes a descriptor; false for an operation that needs one. */
static bool begin(struct world *world, const struct operation *operation, int64_t *ret_result)
{
    struct world_peer *peer = &world->peers[operation->arg[0]];

    switch (operation->kind) {
    case OPERATION_PEER_LISTEN:
        *ret_result = use_path(world, operation, TO_LISTEN);
        return true;
    case OPERATION_PEER_LISTEN_ABSTRACT:
        *ret_result = use_abstract(world, operation, TO_LISTEN);
        return true;
    case OPERATION_PEER_BIND:
        *ret_result = use_path(world, operation, TO_BIND);
        return true;
    case OPERATION_PEER_CONNECT:
        *ret_result = use_path(world, operation, TO_CONNECT);
        return true;
    case OPERATION_PEER_CONNECT_ABSTRACT:
        *ret_result = use_abstract(world, operation, TO_CONNECT);
        return true;
    case OPERATION_PEER_SOCKET:
        *ret_result = make_socket(peer, world->users[operation->arg[1]], operation->arg[2]);
        return true;
    case OPERATION_PEER_PAIR:
        *ret_result =
            make_pair(peer, world->users[operation->arg[1]], &world->peers[operation->arg[2]]);
        return true;
    default:
        return false;
    }
}

/* With the descriptor that there is. */
static int64_t use(struct world *world, const struct operation *operation, struct world_peer *peer,
                   struct world_outcome *ret)
{
    uint8_t byte = (uint8_t)operation->arg[1];

    switch (operation->kind) {
    case OPERATION_PEER_SEND:
        return send_bytes(world, peer, (uint64_t)operation->arg[1]);
    case OPERATION_PEER_SEND_TEXT:
        if (operation->name.length == 0)
            return 0;
        return count_sent(
            peer, sim_send(peer->actor, peer->fd, operation->name.bytes, operation->name.length));
    case OPERATION_PEER_URGENT:
        return count_sent(peer, sim_send_urgent(peer->actor, peer->fd, &byte, 1));
    case OPERATION_PEER_PASS:
        return pass(world, peer, &world->peers[operation->arg[1]]);
    case OPERATION_PEER_FILL:
        return count_sent(peer, sim_fill(peer->actor, peer->fd, 0));
    case OPERATION_PEER_RECEIVE:
        return receive(peer, (size_t)operation->arg[1], ret);
    case OPERATION_PEER_SHUTDOWN:
        return sim_shutdown(peer->actor, peer->fd, (int)operation->arg[1]);
    case OPERATION_PEER_BUFFER:
        return sim_set_send_buffer(peer->actor, peer->fd, (uint32_t)operation->arg[1]);
    default:
        put_down(peer);
        return 0;
    }
}

bool world_do_peer(struct world *world, const struct operation *operation,
                   struct world_outcome *ret)
{
    struct world_peer *peer;

    if (operation->kind < OPERATION_PEER_LISTEN || operation->kind > OPERATION_PEER_EXIT)
        return false;
    if (operation->kind == OPERATION_PEER_EXIT) {
        leave(world, world->users[operation->arg[0]]);
        ret->called = true;
        return true;
    }
    if (begin(world, operation, &ret->result)) {
        ret->called = true;
        return true;
    }
    /* Of an accept it is the listener that must be there. */
    peer = &world->peers[operation->arg[operation->kind == OPERATION_PEER_ACCEPT]];
    if (peer->actor == NULL)
        return true;
    ret->called = true;
    if (operation->kind == OPERATION_PEER_ACCEPT)
        ret->result = accept_from(&world->peers[operation->arg[0]], peer);
    else
        ret->result = use(world, operation, peer, ret);
    return true;
}
