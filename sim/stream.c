/* SPDX-License-Identifier: MIT */
/*
 * Bytes between two connected sockets.
 *
 * Sent data is cut into messages as Linux cuts it, and each is charged to the sender's buffer with
 * what Linux would allocate for it, until it has been received to its last byte. That is what
 * decides how much a send takes, and when a full queue becomes writable again, so it is followed to
 * the byte (Linux 6.18, pages of 4096 bytes).
 *
 * Tests: tests/conformance/rows_stream.c
 */
#include "internal.h"

#include <string.h>

#define PAGE 4096u
#define HEAD_OVERHEAD 320u   /* shared info, in the same allocation as the bytes */
#define HEAD_DESCRIPTOR 256u /* the sk_buff itself */
#define HEAD_MAX (PAGE - HEAD_OVERHEAD)
#define HEAD_MIN 512u
#define PAGES_MAX 32768u

/* ---- what a message costs ---- */

static uint32_t to_pages(uint32_t bytes)
{
    return (bytes + PAGE - 1) / PAGE * PAGE;
}

static uint32_t charge_of(uint32_t length)
{
    uint32_t beyond = length > HEAD_MAX ? to_pages(length - HEAD_MAX) : 0;
    uint32_t in_pages = beyond < length ? beyond : length;
    uint32_t head = HEAD_MIN;

    while (head - HEAD_OVERHEAD < length - in_pages)
        head *= 2;
    return head + HEAD_DESCRIPTOR + to_pages(in_pages);
}

static uint32_t piece_of(const struct sim_sock *sock, size_t left)
{
    /* Two messages should fit into the buffer. */
    uint32_t half = sock->send_buffer / 2;
    uint32_t most = half > 65 ? half - 64 : 1;

    if (most > HEAD_MAX + PAGES_MAX)
        most = HEAD_MAX + PAGES_MAX;
    return left < most ? (uint32_t)left : most;
}

/* ---- blocks ---- */

static uint8_t *block(const struct sim *sim, sim_index index)
{
    return sim->blocks + (size_t)index * SIM_BLOCK_SIZE;
}

static void free_blocks(struct sim *sim, sim_index first)
{
    while (first != SIM_NIL) {
        sim_index next = sim->block_links[first];

        sim__give_back(&sim->block_pool, sim->block_links, first);
        first = next;
    }
}

static sim_index take_blocks(struct sim *sim, uint32_t length)
{
    sim_index first = SIM_NIL;

    for (uint32_t room = 0; room < length; room += SIM_BLOCK_SIZE) {
        sim_index index = sim__take(sim, &sim->block_pool, sim->block_links, SIM_BLOCKS_MAX);

        if (index == SIM_NIL) {
            free_blocks(sim, first);
            return SIM_NIL;
        }
        sim->block_links[index] = first;
        first = index;
    }
    return first;
}

/* ---- messages ---- */

/* Where the next byte of a vectored send comes from. */
struct source {
    const struct sp_os_iov *iov;
    size_t taken; /* of *iov */
};

static void copy_in(struct sim *sim, sim_index to, struct source *from, uint32_t length)
{
    uint32_t offset = 0;

    while (length > 0) {
        size_t left = from->iov->length - from->taken;
        size_t n = length < left ? length : left;

        if (n > SIM_BLOCK_SIZE - offset)
            n = SIM_BLOCK_SIZE - offset;
        memcpy(block(sim, to) + offset, (const uint8_t *)from->iov->bytes + from->taken, n);
        from->taken += n;
        if (from->taken == from->iov->length) {
            from->iov++;
            from->taken = 0;
        }
        offset += (uint32_t)n;
        length -= (uint32_t)n;
        if (offset == SIM_BLOCK_SIZE) {
            to = sim->block_links[to];
            offset = 0;
        }
    }
}

/* Appends to the queue of @sock's peer. */
static sim_index append(struct sim *sim, struct sim_sock *sock, struct source *from,
                        uint32_t length)
{
    struct sim_sock *peer = &sim->socks[sock->peer];
    sim_index index = sim__take(sim, &sim->message_pool, sim->message_links, SIM_MESSAGES_MAX);
    sim_index blocks;

    if (index == SIM_NIL)
        return SIM_NIL;
    blocks = take_blocks(sim, length);
    if (blocks == SIM_NIL) {
        sim__give_back(&sim->message_pool, sim->message_links, index);
        return SIM_NIL;
    }
    copy_in(sim, blocks, from, length);
    sim->messages[index] = (struct sim_message){
        .length = length,
        .charge = charge_of(length),
        .block = blocks,
        .passed = SIM_NIL,
    };
    sim->message_links[index] = SIM_NIL;
    if (peer->last != SIM_NIL)
        sim->message_links[peer->last] = index;
    else
        peer->first = index;
    peer->last = index;
    peer->queued++;
    peer->unread += length;
    sock->charged += sim->messages[index].charge;
    sock->sent += length;
    return index;
}

static void remove_first(struct sim *sim, struct sim_sock *sock)
{
    sim_index index = sock->first;
    struct sim_message *message = &sim->messages[index];

    sock->first = sim->message_links[index];
    if (sock->first == SIM_NIL)
        sock->last = SIM_NIL;
    if (sock->urgent == index)
        sock->urgent = SIM_NIL;
    sock->queued--;
    sock->unread -= message->length;
    /* What is in our queue was sent by our peer. */
    sim->socks[sock->peer].charged -= message->charge;
    free_blocks(sim, message->block);
    if (message->passed != SIM_NIL)
        sim__file_unref(sim, message->passed);
    sim__give_back(&sim->message_pool, sim->message_links, index);
}

void sim__queue_drop(struct sim *sim, struct sim_sock *sock)
{
    while (sock->first != SIM_NIL)
        remove_first(sim, sock);
}

/* ---- sending ---- */

static size_t total(const struct sim_send *what)
{
    size_t sum = 0;

    for (size_t i = 0; i < what->count; i++)
        sum += what->iov[i].length;
    return sum < what->limit ? sum : what->limit;
}

static int may_send(const struct sim *sim, struct sim_sock *sock)
{
    int error = sock->error;

    if (sock->peer == SIM_NIL)
        return -ENOTCONN;
    if ((sock->shut & SIM_SEND_SHUT) != 0)
        return -EPIPE;
    if (error != 0) {
        sock->error = 0;
        return -error;
    }
    if (sock->charged >= sock->send_buffer)
        return -EAGAIN;
    if (sim->socks[sock->peer].dead || (sim->socks[sock->peer].shut & SIM_RCV_SHUT) != 0)
        return -EPIPE;
    return 0;
}

int64_t sim__send(struct sim_actor *actor, int fd, const struct sim_send *what)
{
    struct sim *sim = actor->sim;
    int error;
    struct sim_sock *sock = sim__sock(actor, fd, &error);
    struct source source = {.iov = what->iov};
    size_t length = total(what);
    size_t urgent = what->urgent && length > 0 ? 1 : 0;
    size_t sent = 0;

    if (sock == NULL)
        return error;
    while (sent < length) {
        uint32_t piece = piece_of(sock, sent < length - urgent ? length - urgent - sent : 1);
        sim_index index;

        error = may_send(sim, sock);
        if (error < 0)
            break;
        index = append(sim, sock, &source, piece);
        if (index == SIM_NIL) {
            error = -ENOBUFS;
            break;
        }
        if (sent == 0 && what->passed != SIM_NIL)
            sim->messages[index].passed = what->passed;
        sent += piece;
        if (urgent > 0 && sent == length)
            sim->socks[sock->peer].urgent = index;
    }
    return sent > 0 || length == 0 ? (int64_t)sent : error;
}

static int64_t send_one(struct sim_actor *actor, int fd, const void *bytes, size_t length,
                        sim_index passed, bool urgent)
{
    const struct sp_os_iov iov = {.bytes = bytes, .length = length};
    const struct sim_send what = {
        .iov = &iov, .count = 1, .limit = SIZE_MAX, .passed = passed, .urgent = urgent};

    return sim__send(actor, fd, &what);
}

int64_t sim_send(struct sim_actor *actor, int fd, const void *bytes, size_t length)
{
    return send_one(actor, fd, bytes, length, SIM_NIL, false);
}

int64_t sim_send_urgent(struct sim_actor *actor, int fd, const void *bytes, size_t length)
{
    return send_one(actor, fd, bytes, length, SIM_NIL, true);
}

int64_t sim_send_descriptor(struct sim_actor *actor, int fd, const void *bytes, size_t length,
                            int passed)
{
    struct sim_file *file = sim__file(actor, passed);
    sim_index index;
    int64_t sent;
    int error;

    if (sim__sock(actor, fd, &error) == NULL)
        return error;
    if (file == NULL)
        return -EBADF;
    if (length == 0)
        return -EINVAL;
    index = actor->files[passed];
    file->refs++;
    sent = send_one(actor, fd, bytes, length, index, false);
    if (sent < 0)
        sim__file_unref(actor->sim, index);
    return sent;
}

int64_t sim_fill(struct sim_actor *actor, int fd, uint8_t value)
{
    uint8_t bytes[PAGE];
    int64_t sum = 0, sent;

    memset(bytes, value, sizeof(bytes));
    while ((sent = sim_send(actor, fd, bytes, sizeof(bytes))) > 0)
        sum += sent;
    return sum > 0 || sent == -EAGAIN ? sum : sent;
}

/* ---- receiving ---- */

static void copy_out(const struct sim *sim, const struct sim_message *message, uint8_t *to,
                     size_t length)
{
    sim_index from = message->block;
    size_t offset = message->offset;

    while (length > 0) {
        size_t n = SIM_BLOCK_SIZE - offset;

        if (n > length)
            n = length;
        memcpy(to, block(sim, from) + offset, n);
        to += n;
        length -= n;
        from = sim->block_links[from];
        offset = 0;
    }
}

static void consume(struct sim *sim, struct sim_sock *sock, struct sim_message *message,
                    size_t length)
{
    size_t offset = message->offset + length;

    sock->unread -= (uint32_t)length;
    message->length -= (uint32_t)length;
    /* Whoever receives the first byte gets the descriptor, or loses it. */
    if (message->passed != SIM_NIL) {
        sim__file_unref(sim, message->passed);
        message->passed = SIM_NIL;
    }
    while (offset >= SIM_BLOCK_SIZE && message->length > 0) {
        sim_index next = sim->block_links[message->block];

        sim__give_back(&sim->block_pool, sim->block_links, message->block);
        message->block = next;
        offset -= SIM_BLOCK_SIZE;
    }
    message->offset = (sim_index)offset;
}

/* The urgent byte is not part of what is received: receiving stops in front of it, and steps over
 * it at the beginning. So poll() can announce data of which nothing is left. Returns the message to
 * go on with, or SIM_NIL. */
static sim_index pass_urgent(struct sim *sim, struct sim_sock *sock, sim_index index, size_t copied,
                             bool peek)
{
    if (index == SIM_NIL || index != sock->urgent)
        return index;
    if (copied > 0)
        return SIM_NIL;
    index = sim->message_links[index];
    if (!peek)
        remove_first(sim, sock);
    return index;
}

static int64_t nothing_there(struct sim_sock *sock)
{
    int error = sock->error;

    if (error != 0) {
        sock->error = 0;
        return -error;
    }
    return (sock->shut & SIM_RCV_SHUT) != 0 ? 0 : -EAGAIN;
}

int64_t sim__recv(struct sim_actor *actor, int fd, void *ret_bytes, size_t capacity, bool peek)
{
    struct sim *sim = actor->sim;
    int error;
    struct sim_sock *sock = sim__sock(actor, fd, &error);
    uint8_t *to = ret_bytes;
    size_t copied = 0;
    sim_index index;

    if (sock == NULL)
        return error;
    if (sock->state != SIM_SOCK_CONNECTED)
        return sock->kind == SIM_DGRAM ? -EAGAIN : -EINVAL;
    index = pass_urgent(sim, sock, sock->first, copied, peek);
    while (index != SIM_NIL && copied < capacity) {
        struct sim_message *message = &sim->messages[index];
        sim_index next = sim->message_links[index];
        bool carries = message->passed != SIM_NIL;
        size_t n = message->length < capacity - copied ? message->length : capacity - copied;

        copy_out(sim, message, to + copied, n);
        copied += n;
        if (!peek) {
            consume(sim, sock, message, n);
            if (message->length > 0)
                break;
            remove_first(sim, sock);
        }
        /* A message with descriptors is the end of what one call receives. */
        if (carries)
            break;
        index = pass_urgent(sim, sock, next, copied, peek);
    }
    return copied > 0 ? (int64_t)copied : nothing_there(sock);
}

int64_t sim_recv(struct sim_actor *actor, int fd, void *ret_bytes, size_t capacity, bool peek)
{
    return sim__recv(actor, fd, ret_bytes, capacity, peek);
}

/* ---- for oracles ---- */

int64_t sim_unread(struct sim_actor *actor, int fd)
{
    int error;
    const struct sim_sock *sock = sim__sock(actor, fd, &error);

    if (sock == NULL)
        return error;
    return sock->state != SIM_SOCK_LISTENING ? (int64_t)sock->unread : -EINVAL;
}

int64_t sim_unsent(struct sim_actor *actor, int fd)
{
    int error;
    const struct sim_sock *sock = sim__sock(actor, fd, &error);

    return sock != NULL ? (int64_t)sock->charged : error;
}
