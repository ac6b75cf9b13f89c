/* SPDX-License-Identifier: MIT */
/*
 * Names of sockets: binding one, finding the socket behind one, asking for one.
 *
 * A pathname ends at its first NUL and its length is reported with a terminator, even where 108
 * bytes leave no room for it: then the reported length is 111, more than the structure has. An
 * abstract name is its bytes, NULs included. Abstract names of stream and datagram sockets do not
 * meet.
 *
 * Tests: tests/conformance/rows_names.c
 */
#include "internal.h"

#include <string.h>

#define FAMILY_SIZE 2
#define AF_UNIX_NUMBER 1
#define PATH_ROOM 108
#define AUTOBIND_DIGITS 5

static bool is_abstract(const struct sim *sim, const struct sim_sock *sock)
{
    return sock->address_length > FAMILY_SIZE && sim->text[sock->address] == '\0';
}

static int find_abstract(const struct sim *sim, const void *name, size_t length,
                         enum sim_socket_kind kind)
{
    for (sim_index i = 0; i < sim->sock_pool.top; i++) {
        const struct sim_sock *sock = &sim->socks[i];

        /* The server's end of a connection has the name too, but is not to be found by it; only
         * the socket that was bound is unconnected or listening. A bound client can be found. */
        if (sock->refs > 0 && !sock->dead && sock->bound && sock->kind == kind &&
            sock->address_length == FAMILY_SIZE + length && is_abstract(sim, sock) &&
            memcmp(sim->text + sock->address, name, length) == 0)
            return i;
    }
    return -ECONNREFUSED;
}

/* As the kernel reads it: up to the first NUL. */
static size_t read_path(char ret_path[PATH_ROOM + 1], const void *name, size_t length)
{
    const void *nul = memchr(name, '\0', length);

    if (nul != NULL)
        length = (size_t)((const char *)nul - (const char *)name);
    memcpy(ret_path, name, length);
    ret_path[length] = '\0';
    return length;
}

static int find_at_path(struct sim_actor *actor, const void *name, size_t length,
                        enum sim_socket_kind kind)
{
    const struct sim *sim = actor->sim;
    char path[PATH_ROOM + 1];
    sim_index index;
    int node, r;

    (void)read_path(path, name, length);
    node = sim__walk(actor, actor->cwd, path, true);
    if (node < 0)
        return node;
    r = sim__permission(actor, (sim_index)node, SIM_MAY_WRITE);
    if (r < 0)
        return r;
    index = sim->nodes[node].socket;
    if (!sim__is(sim, (sim_index)node, SP_OS_IFSOCK) || index == SIM_NIL)
        return -ECONNREFUSED;
    return sim->socks[index].kind == kind ? index : -EPROTOTYPE;
}

int sim__find_sock(struct sim_actor *actor, const void *name, size_t length,
                   enum sim_socket_kind kind)
{
    if (length > PATH_ROOM)
        return -EINVAL;
    if (*(const char *)name == '\0')
        return find_abstract(actor->sim, name, length, kind);
    return find_at_path(actor, name, length, kind);
}

static int set_name(struct sim *sim, struct sim_sock *sock, const void *name, size_t length)
{
    uint32_t address = sim__text_add(sim, name, length);

    if (address == 0)
        return -ENOMEM;
    sock->address = address;
    sock->address_length = (uint8_t)(FAMILY_SIZE + length);
    sock->bound = true;
    return 0;
}

static int autobind(struct sim *sim, struct sim_sock *sock)
{
    static const char digits[] = "0123456789abcdef";
    char name[1 + AUTOBIND_DIGITS] = {0};

    if (sock->address_length > 0)
        return 0;
    do {
        uint32_t number = ++sim->last_autobind;

        for (unsigned i = AUTOBIND_DIGITS; i > 0; i--, number >>= 4)
            name[i] = digits[number & 15];
    } while (find_abstract(sim, name, sizeof(name), (enum sim_socket_kind)sock->kind) >= 0);
    return set_name(sim, sock, name, sizeof(name));
}

static int bind_abstract(struct sim *sim, struct sim_sock *sock, const void *name, size_t length)
{
    if (sock->address_length > 0)
        return -EINVAL;
    if (find_abstract(sim, name, length, (enum sim_socket_kind)sock->kind) >= 0)
        return -EADDRINUSE;
    return set_name(sim, sock, name, length);
}

static int bind_at_path(struct sim_actor *actor, struct sim_sock *sock, sim_index index,
                        const void *name, size_t length)
{
    struct sim *sim = actor->sim;
    char path[PATH_ROOM + 1];
    sim_index node;
    int r;

    length = read_path(path, name, length);
    r = sim__make_node(actor, actor->cwd, path, SP_OS_IFSOCK | (sock->mode & ~actor->umask), &node);
    if (r < 0)
        return r == -EEXIST ? -EADDRINUSE : r;
    /* Only now does the kernel find that the socket has a name, and takes the new file away. */
    if (sock->address_length > 0)
        r = -EINVAL;
    else
        r = set_name(sim, sock, path, length + 1);
    if (r < 0) {
        (void)sim__unlink(actor, actor->cwd, path);
        return r;
    }
    sock->node = node;
    sim__node_ref(sim, node);
    sim->nodes[node].socket = index;
    return 0;
}

int sim_bind(struct sim_actor *actor, int fd, const void *name, size_t length)
{
    int error;
    struct sim_sock *sock = sim__sock(actor, fd, &error);

    if (sock == NULL)
        return error;
    if (sock->kind == SIM_FOREIGN || length > PATH_ROOM)
        return -EINVAL;
    if (length == 0)
        return autobind(actor->sim, sock);
    if (*(const char *)name == '\0')
        return bind_abstract(actor->sim, sock, name, length);
    return bind_at_path(actor, sock, sim__file(actor, fd)->target, name, length);
}

bool sim_is_listening(struct sim *sim, const void *name, size_t length)
{
    int index = length > 0 ? sim__find_sock(&sim->oracle, name, length, SIM_STREAM) : -EINVAL;

    return index >= 0 && sim__sock_is_open(sim, (sim_index)index);
}

static int sockname(struct sim_actor *actor, int fd, bool peer, void *ret_sockaddr, size_t capacity)
{
    const uint16_t family = AF_UNIX_NUMBER;
    const struct sim *sim = actor->sim;
    int error;
    const struct sim_sock *sock = sim__sock(actor, fd, &error);
    uint8_t address[UINT8_MAX];
    size_t length;

    if (sock == NULL)
        return error;
    if (peer) {
        if (sock->peer == SIM_NIL)
            return -ENOTCONN;
        sock = &sim->socks[sock->peer];
    }
    length = sock->address_length > FAMILY_SIZE ? sock->address_length : FAMILY_SIZE;
    memcpy(address, &family, FAMILY_SIZE);
    memcpy(address + FAMILY_SIZE, sim->text + sock->address, length - FAMILY_SIZE);
    memcpy(ret_sockaddr, address, length < capacity ? length : capacity);
    return (int)length;
}

int sim_getsockname(struct sim_actor *actor, int fd, void *ret_sockaddr, size_t capacity)
{
    return sockname(actor, fd, false, ret_sockaddr, capacity);
}

int sim_getpeername(struct sim_actor *actor, int fd, void *ret_sockaddr, size_t capacity)
{
    return sockname(actor, fd, true, ret_sockaddr, capacity);
}
