/* SPDX-License-Identifier: MIT */
/* Taking over descriptors: which are taken, what is left to the caller, and what they are called.
 */
#include "tests/unit/wire.h"

#include "tests/support/must.h"

#include <criterion/criterion.h>

#define ADOPTS "state:connected connected"

static struct wire wire;

static void begin(void)
{
    wire_begin(&wire);
}

static void end(void)
{
    wire_end(&wire);
}

TestSuite(socket_adopt, .init = begin, .fini = end);

static int adopt(int fd, enum sp_state state)
{
    return sp_socket_adopt(wire.socket, fd, state, SP_READ_WRITE);
}

/* The call fails, the descriptor is the caller's as before, and the socket is as new. */
static void expect_refusal(int fd, enum sp_state state, enum sp_error error, enum sp_cause cause)
{
    struct sp_error_detail detail;
    int before = wire.open_descriptors;

    cr_assert_eq(adopt(fd, state), error);
    sp_socket_error_detail(wire.socket, &detail);
    cr_assert_eq(detail.error, error);
    cr_assert_eq(detail.operation,
                 error == SP_ERROR_RESOURCE ? SP_OPERATION_ALLOCATE : SP_OPERATION_ADOPT);
    cr_assert_eq(detail.cause, cause, "%s", sp_cause_string(detail.cause));
    cr_assert_eq(wire.open_descriptors, before);
    cr_assert_eq(sp_socket_state(wire.socket), SP_STATE_UNCONNECTED);
    cr_assert_eq(sp_socket_descriptor(wire.socket), -1);
    cr_assert_not(sp_socket_is_valid(wire.socket));
    cr_assert_str_eq(sp_socket_name(wire.socket, NULL), "");
    wire_expect(&wire, "");
}

static void give_back(int fd)
{
    MUST(wire.os.close(wire.os.ctx, fd) == 0);
}

/* Covers: STAT-04, QT-I2, QT-I4, QT-I5, QT-I8 */
Test(socket_adopt, what_cannot_serve_is_refused)
{
    static const struct {
        struct sp_os_sockinfo info;
        enum sp_state state;
        enum sp_cause cause;
    } rows[] = {
        {{.is_stream = 1, .is_connected = 1}, SP_STATE_CONNECTED, SP_CAUSE_WRONG_FAMILY},
        {{.is_unix = 1, .is_connected = 1}, SP_STATE_CONNECTED, SP_CAUSE_WRONG_TYPE},
        {{.is_unix = 1, .is_stream = 1, .is_listening = 1}, SP_STATE_CONNECTED, SP_CAUSE_LISTENING},
        {{.is_unix = 1, .is_stream = 1}, SP_STATE_CONNECTED, SP_CAUSE_NOT_CONNECTED},
        {{.is_unix = 1, .is_stream = 1, .is_bound = 1}, SP_STATE_CONNECTED, SP_CAUSE_NOT_CONNECTED},
        {{.is_stream = 1}, SP_STATE_UNCONNECTED, SP_CAUSE_WRONG_FAMILY},
        {{.is_unix = 1}, SP_STATE_UNCONNECTED, SP_CAUSE_WRONG_TYPE},
        {{.is_unix = 1, .is_stream = 1, .is_listening = 1},
         SP_STATE_UNCONNECTED,
         SP_CAUSE_LISTENING},
        {{.is_unix = 1, .is_stream = 1, .is_connected = 1},
         SP_STATE_UNCONNECTED,
         SP_CAUSE_ALREADY_CONNECTED},
    };
    int fd = wire_descriptor(&wire);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        wire.info = rows[i].info;
        expect_refusal(fd, rows[i].state, SP_ERROR_UNSUPPORTED, rows[i].cause);
    }
    give_back(fd);
    for (int state = SP_STATE_UNCONNECTED; state <= SP_STATE_CLOSING; state++) {
        bool possible = state == SP_STATE_UNCONNECTED || state == SP_STATE_CONNECTED;

        for (int bad = -2; bad <= 20; bad++)
            expect_refusal(bad, (enum sp_state)state,
                           possible ? SP_ERROR_UNSUPPORTED : SP_ERROR_ARGUMENT,
                           possible ? SP_CAUSE_BAD_DESCRIPTOR : SP_CAUSE_STATE);
    }
}

Test(socket_adopt, modes_and_states_that_are_none_are_refused)
{
    int fd = wire_descriptor(&wire);
    struct sp_error_detail detail;

    for (int mode = -1; mode <= 5; mode++) {
        if (mode < SP_READ_ONLY || mode > SP_READ_WRITE) {
            cr_assert_eq(sp_socket_adopt(wire.socket, fd, SP_STATE_CONNECTED, (enum sp_mode)mode),
                         SP_ERROR_ARGUMENT);
            sp_socket_error_detail(wire.socket, &detail);
            cr_assert_eq(detail.operation, SP_OPERATION_ADOPT);
        }
    }
    cr_assert_eq(adopt(fd, (enum sp_state)4), SP_ERROR_ARGUMENT);
    cr_assert_eq(adopt(fd, (enum sp_state) - 1), SP_ERROR_ARGUMENT);
    give_back(fd);
}

Test(socket_adopt, a_failure_on_the_way_leaves_the_descriptor_to_the_caller)
{
    int fd = wire_descriptor(&wire);

    wire_fail(&wire, WIRE_SOCKINFO, ENOTSOCK, 1);
    expect_refusal(fd, SP_STATE_CONNECTED, SP_ERROR_UNSUPPORTED, SP_CAUSE_WRONG_FAMILY);
    wire_fail(&wire, WIRE_SOCKINFO, EACCES, 1);
    expect_refusal(fd, SP_STATE_CONNECTED, SP_ERROR_ACCESS, SP_CAUSE_OS);
    wire_fail(&wire, WIRE_SET_CLOEXEC, EBADF, 1);
    expect_refusal(fd, SP_STATE_CONNECTED, SP_ERROR_UNSUPPORTED, SP_CAUSE_OS);
    wire.peer_length = 6;
    memcpy(wire.peer_name, "\1\0/svc", 6);
    wire_fail(&wire, WIRE_ALLOC, ENOMEM, 1);
    expect_refusal(fd, SP_STATE_CONNECTED, SP_ERROR_RESOURCE, SP_CAUSE_NO_MEMORY);
    wire_fail(&wire, WIRE_SET_CLOEXEC, EBADF, 1);
    expect_refusal(fd, SP_STATE_CONNECTED, SP_ERROR_UNSUPPORTED, SP_CAUSE_OS);
    wire.info = (struct sp_os_sockinfo){.is_unix = 1, .is_stream = 1};
    wire_fail(&wire, WIRE_SET_NONBLOCK, EBADF, 1);
    expect_refusal(fd, SP_STATE_UNCONNECTED, SP_ERROR_UNSUPPORTED, SP_CAUSE_OS);
    give_back(fd);
}

/* Covers: SIGN-04 */
Test(socket_adopt, interruptions_are_nothing)
{
    int fd = wire_descriptor(&wire);

    wire_fail(&wire, WIRE_SOCKINFO, EINTR, 3);
    wire_fail(&wire, WIRE_GETPEERNAME, EINTR, 3);
    wire_fail(&wire, WIRE_GETSOCKNAME, EINTR, 3);
    wire_fail(&wire, WIRE_SET_CLOEXEC, EINTR, 3);
    wire.peer_length = 6;
    memcpy(wire.peer_name, "\1\0/svc", 6);
    cr_assert_eq(adopt(fd, SP_STATE_CONNECTED), SP_OK);
    cr_assert_str_eq(sp_socket_name(wire.socket, NULL), "/svc");
}

/* Covers: FDLT-04 */
Test(socket_adopt, descriptor_0_is_one_like_others)
{
    int fd = wire_descriptor(&wire);

    cr_assert_eq(fd, 0);
    cr_assert_eq(adopt(fd, SP_STATE_CONNECTED), SP_OK);
    wire_expect(&wire, ADOPTS);
    cr_assert_eq(sp_socket_descriptor(wire.socket), 0);
    cr_assert_eq(sp_socket_fd(wire.socket), 0);
    cr_assert(sp_socket_is_valid(wire.socket));
    cr_assert_eq(wire.calls[WIRE_SET_CLOEXEC], 1);
    cr_assert_eq(wire.calls[WIRE_SET_NONBLOCK], 0, "the flag may be shared with others");
    sp_socket_abort(wire.socket);
    cr_assert_eq(wire.open_descriptors, 0);
}

/* ---- what it is called ---- */

static void set_names(const char *own, const char *peer)
{
    wire.own_length = 2 + (int)strlen(own);
    memcpy(wire.own_name + 2, own, strlen(own));
    wire.peer_length = 2 + (int)strlen(peer);
    memcpy(wire.peer_name + 2, peer, strlen(peer));
}

/* Which end is ours? A server's end has the server's name, a client's end has none unless it took
 * one: then nobody can tell, and no name is better than one that the peer has chosen. */
/* Covers: QT-I6 */
Test(socket_adopt, its_name_is_the_servers_never_the_clients_choice)
{
    static const struct {
        const char *own, *peer, *expected;
    } rows[] = {
        {"", "", ""},
        {"", "/server", "/server"},
        {"/server", "", "/server"},
        {"/server", "/com.example.trusted", ""},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        set_names(rows[i].own, rows[i].peer);
        cr_assert_eq(adopt(wire_descriptor(&wire), SP_STATE_CONNECTED), SP_OK);
        cr_assert_str_eq(sp_socket_name(wire.socket, NULL), rows[i].expected);
        sp_socket_abort(wire.socket);
    }
}

/* Covers: PATH-09 */
Test(socket_adopt, a_relative_name_is_not_kept_for_a_reconnect)
{
    set_names("", "svc");
    cr_assert_eq(adopt(wire_descriptor(&wire), SP_STATE_CONNECTED), SP_OK);
    cr_assert_str_eq(sp_socket_name(wire.socket, NULL), "");
}

Test(socket_adopt, names_that_cannot_be_read_are_none)
{
    set_names("", "/server");
    wire_fail(&wire, WIRE_GETPEERNAME, ENOTCONN, 1);
    cr_assert_eq(adopt(wire_descriptor(&wire), SP_STATE_CONNECTED), SP_OK);
    cr_assert_str_eq(sp_socket_name(wire.socket, NULL), "");
    sp_socket_abort(wire.socket);
    wire.peer_name[0] = 2; /* another family */
    cr_assert_eq(adopt(wire_descriptor(&wire), SP_STATE_CONNECTED), SP_OK);
    cr_assert_str_eq(sp_socket_name(wire.socket, NULL), "");
}

/* Covers: STAT-05, STAT-06, STAT-19 */
Test(socket_adopt, nothing_of_an_earlier_connection_is_left)
{
    wire_connect(&wire, SP_READ_WRITE);
    wire_say_text(&wire, "old");
    wire_leave(&wire, true);
    (void)wire_settle(&wire, 10);
    cr_assert_eq(sp_socket_bytes_available(wire.socket), 3);
    wire.coming.length = wire.received = 0;
    wire.left = false;
    cr_assert_eq(adopt(wire_descriptor(&wire), SP_STATE_CONNECTED), SP_OK);
    cr_assert_eq(sp_socket_bytes_available(wire.socket), 0);
    cr_assert_eq(sp_socket_error(wire.socket), SP_OK);
    cr_assert_eq(sp_socket_interest(wire.socket), SP_IO_READ);
    cr_assert_str_eq(sp_socket_name(wire.socket, NULL), "");
    /* What was told before stays told; that there is something to read is not true any more. */
    wire_expect(&wire, "state:closing state:unconnected error:PEER_CLOSED read-finished "
                       "disconnected state:connected connected");
}

/* ---- one that is not connected yet ---- */

static int adopt_unconnected(void)
{
    int fd = wire_descriptor(&wire);

    wire.info = (struct sp_os_sockinfo){.is_unix = 1, .is_stream = 1, .is_bound = 1};
    cr_assert_eq(adopt(fd, SP_STATE_UNCONNECTED), SP_OK);
    return fd;
}

/* Covers: STAT-13, QT-I9 */
Test(socket_adopt, the_next_connect_uses_it)
{
    int fd = adopt_unconnected();

    wire_expect(&wire, "");
    cr_assert_eq(sp_socket_descriptor(wire.socket), fd);
    cr_assert_eq(sp_socket_fd(wire.socket), -1, "there is nothing to watch");
    cr_assert_not(sp_socket_is_valid(wire.socket));
    wire_connect(&wire, SP_READ_ONLY);
    cr_assert_eq(sp_socket_descriptor(wire.socket), fd);
    cr_assert_eq(wire.calls[WIRE_SOCKET], 0);
}

/* connect() waits for room in the backlog when the descriptor is a blocking one: for ever. */
/* Covers: FDLT-17, TIME-05, QT-I7 */
Test(socket_adopt, its_connect_must_not_block)
{
    (void)adopt_unconnected();
    cr_assert_eq(wire.calls[WIRE_SET_NONBLOCK], 1);
    cr_assert_eq(wire.calls[WIRE_SET_CLOEXEC], 1);
}

Test(socket_adopt, one_is_held_at_a_time)
{
    int fd = adopt_unconnected();
    int other = wire_descriptor(&wire);

    cr_assert_eq(adopt(other, SP_STATE_UNCONNECTED), SP_ERROR_OPERATION);
    wire.info.is_connected = 1;
    cr_assert_eq(adopt(other, SP_STATE_CONNECTED), SP_ERROR_OPERATION);
    give_back(other);
    cr_assert_eq(sp_socket_descriptor(wire.socket), fd);
    sp_socket_abort(wire.socket);
    cr_assert_eq(wire.open_descriptors, 0);
    (void)adopt_unconnected();
}

Test(socket_adopt, a_failed_connect_closes_it_and_the_next_one_makes_its_own)
{
    (void)adopt_unconnected();
    wire_fail(&wire, WIRE_CONNECT, ECONNREFUSED, 1);
    cr_assert_eq(sp_socket_connect(wire.socket, "server", SP_STRLEN, SP_READ_WRITE), SP_OK);
    wire_expect(&wire, "state:connecting state:unconnected error:CONNECTION_REFUSED");
    cr_assert_eq(wire.open_descriptors, 0);
    wire_connect(&wire, SP_READ_WRITE);
    cr_assert_eq(wire.calls[WIRE_SOCKET], 1);
}
