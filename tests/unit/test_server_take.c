/* SPDX-License-Identifier: MIT */
/* The server: handing out what was accepted. */
#include "tests/unit/server_world.h"

#include <criterion/criterion.h>

static struct world world;

static void begin(void)
{
    world_begin(&world);
    world_listen(&world);
}

static void end(void)
{
    world_end(&world);
}

TestSuite(server_take, .init = begin, .fini = end);

Test(server_take, hands_out_in_order_connected_and_named)
{
    struct sp_socket *socket;
    struct sp_event event;

    world_connect(&world, WORLD_ALIVE, 20);
    world_turns(&world, 100);
    for (int i = 0; i < 20; i++) {
        cr_assert_eq(sp_server_take(world.server, &socket), SP_OK);
        cr_assert_eq(sp_socket_descriptor(socket), i + 1);
        cr_assert_eq(sp_socket_state(socket), SP_STATE_CONNECTED);
        cr_assert_eq(sp_socket_mode(socket), SP_READ_WRITE);
        cr_assert_str_eq(sp_socket_name(socket, NULL), WORLD_NAME);
        cr_assert_not(sp_socket_next_event(socket, &event));
        sp_socket_free(socket);
    }
}

Test(server_take, nothing_to_take)
{
    struct sp_socket *socket = NULL;

    cr_assert_eq(sp_server_take(world.server, &socket), SP_ERROR_LIMIT);
    cr_assert_null(socket);
    cr_assert_eq(sp_server_take_descriptor(world.server), SP_ERROR_LIMIT);
    sp_server_close(world.server);
    cr_assert_eq(sp_server_take(world.server, &socket), SP_ERROR_LIMIT);
}

/* Covers: FDLT-20 */
Test(server_take, without_memory_the_connection_keeps_waiting)
{
    struct sp_socket *socket = NULL;

    world_connect(&world, WORLD_ALIVE, 2);
    world_turns(&world, 100);
    world.no_memory = true;
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(sp_server_take(world.server, &socket), SP_ERROR_RESOURCE);
        cr_assert_null(socket);
        cr_assert_eq(world_pending_count(&world), 2);
    }
    world.no_memory = false;
    cr_assert_eq(sp_server_take(world.server, &socket), SP_OK);
    cr_assert_eq(sp_socket_descriptor(socket), 1, "not the oldest");
    sp_socket_free(socket);
}

/* What was taken is independent of the server, its name too. */
Test(server_take, what_was_taken_outlives_the_server)
{
    struct sp_socket *socket;

    world_connect(&world, WORLD_ALIVE, 3);
    world_turns(&world, 100);
    cr_assert_eq(sp_server_take(world.server, &socket), SP_OK);
    sp_server_close(world.server);
    cr_assert_eq(world_open_count(&world), 1);
    sp_server_free(world.server);
    world.server = NULL;
    cr_assert_str_eq(sp_socket_name(socket, NULL), WORLD_NAME);
    cr_assert_eq(sp_socket_state(socket), SP_STATE_CONNECTED);
    sp_socket_free(socket);
}

/* 0 is a descriptor like others: as the listening one, and as a connection. */
/* Covers: FDLT-04, FDLT-05 */
Test(server_take, descriptor_0_is_a_descriptor)
{
    struct sp_socket *socket;
    int other;

    cr_assert_eq(sp_server_descriptor(world.server), 0);
    cr_assert_eq(sp_server_fd(world.server), 0);
    sp_server_close(world.server);
    cr_assert_eq(world_open_count(&world), 0);
    sp_server_close(world.server);
    cr_assert_eq(world.closes, 1);

    other = world_open(&world, WORLD_ALIVE);
    world_listen(&world);
    world.os.close(&world, other);
    world_connect(&world, WORLD_ALIVE, 1);
    world_turns(&world, 100);
    cr_assert(sp_server_has_pending(world.server));
    cr_assert_eq(sp_server_take(world.server, &socket), SP_OK);
    cr_assert_eq(sp_socket_descriptor(socket), 0);
    sp_socket_free(socket);
    world_connect(&world, WORLD_ALIVE, 1);
    world_turns(&world, 100);
    cr_assert_eq(sp_server_take_descriptor(world.server), 0);
    cr_assert_eq(sp_server_add(world.server, 0), SP_OK);
}
