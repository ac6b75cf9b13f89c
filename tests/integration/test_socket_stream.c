/* SPDX-License-Identifier: MIT */
/*
 * Streams through the real kernel: every byte, once, in order, whatever the sizes of its buffers;
 * and what a peer can send besides bytes.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "tests/integration/client.h"

#include "tests/support/must.h"
#include "tests/support/told.h"
#include "tests/support/turn.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static struct client client;
static uint8_t bytes[200 * 1024];

static void begin(void)
{
    client_begin(&client);
}

static void end(void)
{
    client_end(&client);
}

TestSuite(socket_stream, .init = begin, .fini = end);

/* ---- two sockets of ours ---- */

struct way {
    struct sp_socket *from, *to;
    uint64_t sent, got;
    unsigned salt;
};

static uint8_t byte_at(const struct way *way, uint64_t at)
{
    return (uint8_t)(at * 7 + at / 251 + way->salt);
}

static void some_writes(struct way *way, uint64_t total)
{
    size_t length = (size_t)rand() % (rand() % 4 == 0 ? 60000 : 300) + 1;
    ptrdiff_t n;

    if (length > total - way->sent)
        length = (size_t)(total - way->sent);
    for (size_t i = 0; i < length; i++)
        bytes[i] = byte_at(way, way->sent + i);
    if (length == 0)
        return;
    n = sp_socket_write(way->from, bytes, length);
    MUST(n > 0 || n == SP_ERROR_LIMIT);
    if (n > 0)
        way->sent += (uint64_t)n;
}

static void some_reads(struct way *way)
{
    size_t most = (size_t)rand() % (rand() % 2 == 0 ? sizeof(bytes) : 2000) + 1;
    ptrdiff_t n;

    switch (rand() % 4) {
    case 0:
        MUST(sp_socket_peek(way->to, bytes, most) >= 0);
        n = sp_socket_read_line(way->to, bytes, most);
        break;
    case 1:
        n = sp_socket_get_char(way->to);
        bytes[0] = (uint8_t)n;
        n = n >= 0 ? 1 : n == SP_ERROR_LIMIT ? 0 : n;
        break;
    default:
        n = sp_socket_read(way->to, bytes, most);
        break;
    }
    MUST(n >= 0);
    for (ptrdiff_t i = 0; i < n; i++)
        MUST(bytes[i] == byte_at(way, way->got + (uint64_t)i));
    way->got += (uint64_t)n;
}

static void set_buffers(int fd)
{
    int size = 1 << (rand() % 8 + 8);

    MUST(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) == 0);
    size = 1 << (rand() % 8 + 8);
    MUST(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) == 0);
}

/* Covers: BUFF-01, BUFF-02, BUFF-08 */
Test(socket_stream, both_ways_at_once_in_random_pieces, .timeout = 300)
{
    const uint64_t total = 4 * 1024 * 1024;

    for (unsigned seed = 1; seed <= 6; seed++) {
        struct sp_socket *other;
        struct way ways[2];
        int peer = client_adopt(&client, SP_READ_WRITE);

        srand(seed);
        MUST(sp_socket_new(&other, client.context) == SP_OK);
        MUST(sp_socket_adopt(other, peer, SP_STATE_CONNECTED, SP_READ_WRITE) == SP_OK);
        ways[0] = (struct way){.from = client.socket, .to = other, .salt = seed};
        ways[1] = (struct way){.from = other, .to = client.socket, .salt = seed + 100};
        set_buffers(sp_socket_descriptor(client.socket));
        set_buffers(peer);
        while (ways[0].got < total || ways[1].got < total) {
            for (int i = 0; i < 2; i++) {
                if (rand() % 50 == 0)
                    set_buffers(sp_socket_descriptor(ways[i].from));
                if (rand() % 20 == 0)
                    sp_socket_set_read_limit(ways[i].to, (size_t)rand() % 70000);
                some_writes(&ways[i], total);
                (void)turn(ways[i].from, 0);
                (void)turn(ways[i].to, 0);
                some_reads(&ways[i]);
                (void)told_by(ways[i].from);
                (void)told_by(ways[i].to);
            }
        }
        sp_socket_free(other);
        sp_socket_abort(client.socket);
        (void)told_by(client.socket);
    }
}

/* ---- what else a peer can send ---- */

/* An urgent byte makes the socket readable; reading then finds nothing, or stops short at it. */
/* Covers: TIME-09, QT-H16 */
Test(socket_stream, urgent_bytes_harm_nothing)
{
    static const unsigned told_how[] = {SP_IO_DATA, SP_IO_READ};
    int peer = client_adopt(&client, SP_READ_WRITE);

    if (send(peer, "!", 1, MSG_OOB) < 0) {
        (void)close(peer);
        cr_skip_test("this kernel has no MSG_OOB here");
    }
    (void)turn_to_rest(client.socket, 10);
    (void)told_by(client.socket);
    cr_assert_geq(sp_socket_read(client.socket, bytes, sizeof(bytes)), 0);
    for (size_t i = 0; i < 2; i++) {
        unsigned calls = client.os.total;
        size_t got = 0;

        MUST(send(peer, "abc", 3, 0) == 3 && send(peer, "!", 1, MSG_OOB) == 1);
        MUST(send(peer, "def", 3, 0) == 3 && send(peer, "?", 1, MSG_OOB) == 1);
        for (int turns = 0; turns < 20; turns++) {
            ptrdiff_t n;

            (void)turn(client.socket, 10);
            sp_socket_process(client.socket, told_how[i]);
            n = sp_socket_read(client.socket, bytes + got, sizeof(bytes) - got);
            MUST(n >= 0);
            got += (size_t)n;
            (void)told_by(client.socket);
        }
        cr_assert_leq(client.os.total - calls, 80);
        /* An urgent byte that a newer one displaced may come in line. */
        cr_assert(got >= 6 && memcmp(bytes, "abc", 3) == 0 &&
                      memcmp(bytes + got - 3, "def", 3) == 0,
                  "got '%.*s'", (int)got, (char *)bytes);
        cr_assert_leq(turn_to_rest(client.socket, 5), 3);
    }
    cr_assert_eq(sp_socket_state(client.socket), SP_STATE_CONNECTED);
    sp_socket_abort(client.socket);
    (void)close(peer);
}

static void send_descriptors(int peer, const char *text, int count)
{
    char control[CMSG_SPACE(100 * sizeof(int))] = {0};
    struct iovec piece = {.iov_base = (void *)(uintptr_t)text, .iov_len = strlen(text)};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = CMSG_SPACE((size_t)count * sizeof(int))};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);

    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
    for (int i = 0; i < count; i++)
        memcpy(CMSG_DATA(header) + (size_t)i * sizeof(int), &peer, sizeof(int));
    MUST(sendmsg(peer, &message, 0) == (ssize_t)strlen(text));
}

/* Covers: FDLT-08, QT-H17 */
Test(socket_stream, descriptors_sent_along_are_not_kept)
{
    int peer = client_adopt(&client, SP_READ_WRITE);
    struct snapshot before = snapshot_descriptors(), after;

    for (int i = 0; i < 50; i++) {
        send_descriptors(peer, "with", 1 + i);
        send_descriptors(peer, "more", 1);
        if (i % 3 == 0)
            sp_socket_process(client.socket, SP_IO_READ);
        (void)turn(client.socket, 0);
        (void)told_by(client.socket);
        while (sp_socket_bytes_available(client.socket) > 0)
            cr_assert_gt(sp_socket_read(client.socket, bytes, 1 + (size_t)i % 7), 0);
    }
    (void)turn_to_rest(client.socket, 200);
    after = snapshot_descriptors();
    cr_assert_str_eq(after.text, before.text);
    /* Also those that nobody reads any more. */
    send_descriptors(peer, "last", 5);
    sp_socket_abort(client.socket);
    (void)close(peer);
}

/* ---- a peer that floods ---- */

static long resident_kb(void)
{
    struct rusage usage;

    MUST(getrusage(RUSAGE_SELF, &usage) == 0);
    return usage.ru_maxrss;
}

/* Covers: BUFF-18, QT-H3, QT-H4, QT-H13 */
Test(socket_stream, a_flood_is_held_back_by_the_kernel)
{
    static const enum sp_mode modes[] = {SP_WRITE_ONLY, SP_READ_WRITE};

    for (size_t i = 0; i < 2; i++) {
        int peer = client_adopt(&client, modes[i]);
        long before = resident_kb();
        size_t pushed = 0;

        MUST(fcntl(peer, F_SETFL, O_NONBLOCK) == 0);
        for (int round = 0; round < 200; round++) {
            ssize_t n = write(peer, bytes, sizeof(bytes));

            pushed += n > 0 ? (size_t)n : 0;
            sp_socket_process(client.socket, ~0u);
            (void)turn(client.socket, 0);
        }
        cr_assert_leq(pushed, 8 * 1024 * 1024, "not held back");
        cr_assert_leq(resident_kb() - before, 4096);
        cr_assert_leq(turn_to_rest(client.socket, 5), 1);
        sp_socket_abort(client.socket);
        (void)told_by(client.socket);
        (void)close(peer);
    }
}
