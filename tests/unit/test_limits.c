/* SPDX-License-Identifier: MIT */
/*
 * The bounds of sunpath/limits.h fit each other, and defaults are what the header says.
 *
 * That each is kept is tested where it is used.
 */
#include "tests/unit/wire.h"

#include <sunpath/dispatch.h>

#include <criterion/criterion.h>

Test(limits, fit_each_other)
{
    cr_assert_eq(SP_PATH_MAX, 108, "sun_path");
    cr_assert_eq(SP_LISTEN_PATH_MAX, SP_PATH_MAX - 1);
    cr_assert_eq(SP_ABSTRACT_MAX, SP_PATH_MAX - 1, "its leading NUL");
    cr_assert_geq(SP_OS_SOCKADDR_MAX, 2 + SP_PATH_MAX + 1, "the kernel reports one more");
    /* Past the gathering limit a small write is sent; both must fit into what may be queued. */
    cr_assert_leq(SP_GATHER_MAX, SP_WRITE_LIMIT_DEFAULT);
    cr_assert_leq(SP_DIRECT_WRITE_MIN, SP_GATHER_MAX);
    cr_assert_leq(SP_DIRECT_READ_MIN, SP_READ_LIMIT_DEFAULT);
    cr_assert_geq(SP_PROCESS_BYTES_MAX, SP_READ_LIMIT_DEFAULT);
    cr_assert_lt(SP_CONNECT_RETRY_MIN_NS, SP_CONNECT_RETRY_MAX_NS);
    cr_assert_lt(SP_CONNECT_RETRY_MAX_NS, SP_CONNECT_TIMEOUT_MS_DEFAULT * WIRE_MS);
    /* The events of a whole life, connect to disconnect, are not dropped when nobody took any. */
    cr_assert_geq(SP_EVENTS_MAX, 12);
}

Test(limits, of_a_new_socket)
{
    struct wire wire;

    wire_begin(&wire);
    cr_assert_eq(sp_socket_read_limit(wire.socket), SP_READ_LIMIT_DEFAULT);
    cr_assert_eq(sp_socket_write_limit(wire.socket), SP_WRITE_LIMIT_DEFAULT);
    sp_socket_set_read_limit(wire.socket, 0);
    sp_socket_set_write_limit(wire.socket, SIZE_MAX);
    cr_assert_eq(sp_socket_read_limit(wire.socket), 0);
    cr_assert_eq(sp_socket_write_limit(wire.socket), SIZE_MAX);
    wire_end(&wire);
}

/* A server may keep tens of thousands: what an idle connection costs is a promise. */
Test(limits, an_idle_connection_holds_no_buffer)
{
    struct wire wire;
    size_t fresh;

    wire_begin(&wire);
    fresh = wire.memory;
    wire_connect(&wire, SP_READ_WRITE);
    wire_say_text(&wire, "hello");
    (void)wire_settle(&wire, 10);
    cr_assert_eq(sp_socket_skip(wire.socket, 5), 5);
    cr_assert_eq(sp_socket_write(wire.socket, "hello", 5), 5);
    wire_expect(&wire, "bytes-written:5");
    /* The name is all that was added. */
    cr_assert_leq(wire.memory, fresh + 64);
    wire_end(&wire);
}
