/* SPDX-License-Identifier: MIT */
/*
 * Sockets, where Qt's were seen to fail: what a handler does to the connection that it is told of,
 * and a connect that comes while one is closing. Only rows of docs/semantics.md that no other test
 * shows on the real kernel; more of handlers: test_handlers.c.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "tests/integration/client.h"

#include "tests/support/must.h"
#include "tests/support/raw.h"
#include "tests/support/told.h"
#include "tests/support/turn.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MIB ((size_t)1024 * 1024)

static struct client client;
static struct sp_socket_handlers handlers;
static int peer;
static char bytes[65536];

static void begin(void)
{
    client_begin(&client);
}

static void end(void)
{
    client_end(&client);
}

TestSuite(qt_findings_socket, .init = begin, .fini = end, .timeout = 60);

/* What the other end has got by now. */
static size_t drain(void)
{
    size_t got = 0;
    ssize_t n;

    while ((n = recv(peer, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
        got += (size_t)n;
    MUST(n == 0 || errno == EAGAIN);
    return got;
}

/* ---- connecting while closing ---- */

/* In Qt the queue vanishes without a word, and the old name is connected to. Here the call is
 * refused, everything arrives, and then the new name can be connected to. */
/* Covers: QT-F13 */
Test(qt_findings_socket, connecting_while_closing_loses_nothing)
{
    int server = raw_listen(client_path(&client, "other"), 1);
    struct told told;
    size_t queued, got = 0;

    peer = client_adopt(&client, SP_READ_WRITE);
    sp_socket_set_write_limit(client.socket, 0);
    for (size_t sent = 0; sent < 4 * MIB; sent += sizeof(bytes))
        cr_assert_eq(sp_socket_write(client.socket, bytes, sizeof(bytes)),
                     (ptrdiff_t)sizeof(bytes));
    sp_socket_disconnect(client.socket);
    queued = sp_socket_bytes_to_write(client.socket);
    cr_assert_gt(queued, MIB);
    cr_assert_eq(sp_socket_connect(client.socket, "other", SP_STRLEN, SP_READ_WRITE),
                 SP_ERROR_OPERATION);
    cr_assert_eq(sp_socket_set_name(client.socket, "other", SP_STRLEN), SP_ERROR_OPERATION);
    cr_assert_eq(sp_socket_open(client.socket, SP_READ_WRITE), SP_ERROR_OPERATION);
    cr_assert_eq(sp_socket_state(client.socket), SP_STATE_CLOSING);
    cr_assert_eq(sp_socket_bytes_to_write(client.socket), queued);

    for (int turns = 0; sp_socket_state(client.socket) != SP_STATE_UNCONNECTED; turns++) {
        MUST(turns < 100000);
        got += drain();
        (void)turn(client.socket, 10);
    }
    got += drain();
    cr_assert_eq(got, 4 * MIB);
    told = told_by(client.socket);
    cr_assert_eq(told.written, 4 * MIB);
    cr_assert_eq(told.count[SP_EVENT_DISCONNECTED], 1);
    cr_assert_eq(told.count[SP_EVENT_ERROR], 0);
    cr_assert_eq(sp_socket_bytes_lost(client.socket), 0);

    cr_assert_eq(sp_socket_connect(client.socket, "other", SP_STRLEN, SP_READ_WRITE), SP_OK);
    client_expect(&client, "state:connecting state:connected connected");
    cr_assert_str_eq(sp_socket_name(client.socket, NULL), "other");
    close(server);
    close(peer);
}

/* ---- inside the handler of bytes written ---- */

enum sending { FLUSHED, WAITED_FOR, LEFT_TO_THE_LOOP, SENDINGS };

static enum sending sending;
static uint64_t accepted, told_written;
static unsigned writes_left;

static void write_more(struct sp_socket *socket, void *user, uint64_t count)
{
    (void)user;
    told_written += count;
    if (writes_left == 0)
        return;
    writes_left--;
    cr_assert_eq(sp_socket_write(socket, bytes, 1000 + writes_left), 1000 + (int)writes_left);
    accepted += 1000 + writes_left;
    if (sending == FLUSHED)
        cr_assert_gt(sp_socket_flush(socket), 0);
    if (sending == WAITED_FOR)
        cr_assert_eq(sp_socket_wait_bytes_written(socket, TURN_PATIENCE_MS), SP_OK);
}

/* Qt tells nothing of what is sent while it tells of what was sent. */
/* Covers: QT-F14 */
Test(qt_findings_socket, every_byte_is_told_of_though_written_in_the_handler)
{
    handlers.bytes_written = write_more;
    for (sending = FLUSHED; sending < SENDINGS; sending++) {
        peer = client_adopt(&client, SP_READ_WRITE);
        writes_left = 10;
        told_written = 0;
        accepted = 3;
        cr_assert_eq(sp_socket_write(client.socket, "abc", 3), 3);
        for (int turns = 0; turns < 20; turns++) {
            cr_assert(sp_socket_dispatch(client.socket, &handlers));
            (void)turn(client.socket, 0);
        }
        cr_assert_eq(writes_left, 0);
        cr_assert_eq(told_written, accepted);
        cr_assert_eq(drain(), accepted);
        sp_socket_abort(client.socket);
        client_expect(&client, "state:unconnected read-finished disconnected");
        close(peer);
    }
}

/* ---- inside the handler of ready read ---- */

static bool waits; /* or runs a loop of its own */
static unsigned told_of_data;
static size_t heard;

/* The first time more arrives while it runs. */
static void read_while_more_comes(struct sp_socket *socket, void *user)
{
    ptrdiff_t n = sp_socket_read(socket, bytes, sizeof(bytes));

    (void)user;
    cr_assert_gt(n, 0, "told of nothing");
    heard += (size_t)n;
    if (told_of_data++ > 0)
        return;
    MUST(write(peer, "second", 6) == 6);
    if (waits) {
        cr_assert_eq(sp_socket_wait_ready_read(socket, TURN_PATIENCE_MS), SP_OK);
        return;
    }
    for (int i = 0; i < 5; i++) {
        (void)turn(socket, 0);
        cr_assert(sp_socket_dispatch(socket, &handlers));
    }
}

/* In Qt the second arrival is never told of: who only acts when told waits for ever. */
/* Covers: QT-F15 */
Test(qt_findings_socket, data_that_comes_inside_the_handler_is_told_of)
{
    handlers.ready_read = read_while_more_comes;
    for (int i = 0; i < 2; i++) {
        waits = i != 0;
        told_of_data = 0;
        heard = 0;
        peer = client_adopt(&client, SP_READ_WRITE);
        MUST(write(peer, "first", 5) == 5);
        cr_assert(turn(client.socket, 1000));
        cr_assert(sp_socket_dispatch(client.socket, &handlers));
        cr_assert_eq(told_of_data, 2, "waits: %d", waits);
        cr_assert_eq(heard, 11);
        sp_socket_abort(client.socket);
        client_expect(&client, "state:unconnected read-finished disconnected");
        close(peer);
    }
}
