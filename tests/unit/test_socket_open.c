/* SPDX-License-Identifier: MIT */
/* Connecting: what is asked of the kernel and when, every failure, and using the object again. */
#include "tests/unit/wire.h"

#include "tests/support/must.h"

#include <criterion/criterion.h>

#define CONNECTS "state:connecting state:connected connected"
#define FAILS(error) "state:connecting state:unconnected error:" error

static struct wire wire;

static void begin(void)
{
    wire_begin(&wire);
}

static void end(void)
{
    wire_end(&wire);
}

TestSuite(socket_open, .init = begin, .fini = end);

static void start(void)
{
    cr_assert_eq(sp_socket_connect(wire.socket, "server", SP_STRLEN, SP_READ_WRITE), SP_OK);
}

static void expect_detail(enum sp_operation operation, enum sp_cause cause, int os_errno)
{
    struct sp_error_detail detail;

    sp_socket_error_detail(wire.socket, &detail);
    cr_assert_eq(detail.error, sp_socket_error(wire.socket));
    cr_assert_eq(detail.operation, operation, "%s", sp_operation_string(detail.operation));
    cr_assert_eq(detail.cause, cause, "%s", sp_cause_string(detail.cause));
    cr_assert_eq(detail.os_errno, os_errno, "%d", detail.os_errno);
}

/* ---- what the kernel is asked ---- */

/* Covers: ALEN-02, PATH-02 */
Test(socket_open, a_short_name_is_asked_for_below_the_base_to_the_byte)
{
    start();
    wire_expect(&wire, CONNECTS);
    cr_assert_eq(wire.target_length, strlen("/base/server"));
    cr_assert_eq(memcmp(wire.target, "/base/server", wire.target_length), 0);
    cr_assert_str_eq(sp_socket_name(wire.socket, NULL), "server");
    cr_assert_eq(wire.calls[WIRE_SOCKET], 1);
    cr_assert_eq(wire.calls[WIRE_CONNECT], 1);
    cr_assert_eq(sp_socket_deadline(wire.socket), SP_NEVER);
}

/* Covers: ALEN-01, ABST-05, QT-A6 */
Test(socket_open, an_abstract_name_is_asked_for_with_its_nul_and_nothing_behind)
{
    struct sp_address address, resolved;

    MUST(sp_address_abstract(&address, "a\0b", 3, NULL) == SP_OK);
    cr_assert_eq(sp_socket_connect_address(wire.socket, &address, SP_READ_ONLY), SP_OK);
    cr_assert_eq(wire.target_length, 4);
    cr_assert_eq(memcmp(wire.target, "\0a\0b", 4), 0);
    sp_socket_address(wire.socket, &resolved);
    cr_assert(sp_address_equal(&resolved, &address));
}

/* Covers: PATH-07, QT-A1, QT-A3 */
Test(socket_open, a_name_with_a_nul_reaches_nobody)
{
    cr_assert_eq(sp_socket_connect(wire.socket, "good\0evil", 9, SP_READ_WRITE),
                 SP_ERROR_SERVER_NOT_FOUND);
    expect_detail(SP_OPERATION_NAME, SP_CAUSE_NAME_HAS_NUL, 0);
    cr_assert_eq(wire.calls[WIRE_SOCKET], 0);
}

Test(socket_open, a_refused_connect_keeps_the_name_of_before)
{
    start();
    sp_socket_abort(wire.socket);
    cr_assert_lt(sp_socket_connect(wire.socket, "", 0, SP_READ_WRITE), 0);
    cr_assert_lt(sp_socket_connect(wire.socket, "x", 1, (enum sp_mode)4), 0);
    wire_fail(&wire, WIRE_ALLOC, ENOMEM, 1);
    cr_assert_eq(sp_socket_connect(wire.socket, "x", 1, SP_READ_WRITE), SP_ERROR_RESOURCE);
    expect_detail(SP_OPERATION_ALLOCATE, SP_CAUSE_NO_MEMORY, 0);
    cr_assert_str_eq(sp_socket_name(wire.socket, NULL), "server");
}

/* ---- the backlog is full ---- */

/* Covers: TIME-01, TIME-02, QT-C1, QT-C2, QT-C3 */
Test(socket_open, a_full_backlog_is_tried_on_a_timer_with_a_pause_that_doubles)
{
    static const unsigned pauses[] = {1, 2, 4, 8, 16, 32, 64, 100, 100, 100, 100};
    uint64_t begun = wire.now;

    wire_fail(&wire, WIRE_CONNECT, EAGAIN, 100000);
    start();
    wire_expect(&wire, "state:connecting");
    for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
        cr_assert_eq(sp_socket_interest(wire.socket), 0, "watched, it would be ready at once");
        cr_assert_eq(sp_socket_deadline(wire.socket), wire.now + pauses[i] * WIRE_MS);
        /* Too early, and with everything a loop could say: nothing is tried. */
        sp_socket_process(wire.socket, ~0u);
        cr_assert_eq(wire.calls[WIRE_CONNECT], i + 1);
        wire.now = sp_socket_deadline(wire.socket);
        sp_socket_process(wire.socket, 0);
        cr_assert_eq(wire.calls[WIRE_CONNECT], i + 2);
    }
    while (sp_socket_state(wire.socket) == SP_STATE_CONNECTING) {
        wire.now = sp_socket_deadline(wire.socket);
        sp_socket_process(wire.socket, 0);
    }
    wire_expect(&wire, "state:unconnected error:TIMEOUT");
    expect_detail(SP_OPERATION_CONNECT, SP_CAUSE_BACKLOG_FULL, 0);
    cr_assert_eq(wire.now - begun, SP_CONNECT_TIMEOUT_MS_DEFAULT * WIRE_MS, "to the instant");
    cr_assert_leq(wire.calls[WIRE_CONNECT], 310, "%u attempts", wire.calls[WIRE_CONNECT]);
    cr_assert_eq(wire.calls[WIRE_POLL], 0);
    cr_assert_eq(wire.calls[WIRE_SOCKET], 1);
    cr_assert_eq(wire.open_descriptors, 0);
}

/* Covers: TIME-01 */
Test(socket_open, without_waiting_a_full_backlog_fails_at_once)
{
    /* A clock that moves between any two looks at it, as real ones do. */
    wire.tick = 1;
    wire_fail(&wire, WIRE_CONNECT, EAGAIN, 100000);
    cr_assert_eq(sp_socket_set_connect_timeout(wire.socket, 0), SP_OK);
    start();
    cr_assert_eq(wire.calls[WIRE_CONNECT], 1);
    wire_expect(&wire, FAILS("TIMEOUT"));
}

Test(socket_open, the_timeout_is_kept_between_two_attempts)
{
    uint64_t begun = wire.now;

    wire_fail(&wire, WIRE_CONNECT, EAGAIN, 100000);
    cr_assert_eq(sp_socket_set_connect_timeout(wire.socket, 5), SP_OK);
    start();
    while (sp_socket_state(wire.socket) == SP_STATE_CONNECTING) {
        wire.now = sp_socket_deadline(wire.socket);
        sp_socket_process(wire.socket, 0);
    }
    cr_assert_eq(wire.now - begun, 5 * WIRE_MS);
    cr_assert_eq(wire.calls[WIRE_CONNECT], 4, "at 0, 1, 3 and for the last time at 5 ms");
    wire_expect(&wire, FAILS("TIMEOUT"));
}

Test(socket_open, it_can_be_waited_for_without_end)
{
    wire_fail(&wire, WIRE_CONNECT, EAGAIN, 1000000);
    cr_assert_eq(sp_socket_set_connect_timeout(wire.socket, -1), SP_OK);
    start();
    for (int i = 0; i < 100000; i++) {
        wire.now = sp_socket_deadline(wire.socket);
        sp_socket_process(wire.socket, 0);
    }
    cr_assert_eq(sp_socket_state(wire.socket), SP_STATE_CONNECTING);
    cr_assert_eq(sp_socket_deadline(wire.socket), wire.now + SP_CONNECT_RETRY_MAX_NS);
    wire_expect(&wire, "state:connecting");
}

/* Covers: QT-C6 */
Test(socket_open, room_in_the_backlog_is_found)
{
    wire_fail(&wire, WIRE_CONNECT, EAGAIN, 5);
    start();
    wire_expect(&wire, "state:connecting");
    cr_assert_eq(sp_socket_wait_connected(wire.socket, -1), SP_OK);
    wire_expect(&wire, "state:connected connected");
    cr_assert_eq(sp_socket_deadline(wire.socket), SP_NEVER, "no timer is left");
    /* The pauses begin anew with the next connection. */
    sp_socket_abort(wire.socket);
    wire_fail(&wire, WIRE_CONNECT, EAGAIN, 1);
    start();
    cr_assert_eq(sp_socket_deadline(wire.socket), wire.now + SP_CONNECT_RETRY_MIN_NS);
}

/* Covers: QT-C6, STAT-15 */
Test(socket_open, a_server_that_dies_meanwhile_is_noticed)
{
    wire_fail(&wire, WIRE_CONNECT, EAGAIN, 3);
    start();
    wire.now = sp_socket_deadline(wire.socket);
    sp_socket_process(wire.socket, 0);
    wire_fail(&wire, WIRE_CONNECT, ECONNREFUSED, 1);
    cr_assert_eq(sp_socket_wait_connected(wire.socket, -1), SP_ERROR_CONNECTION_REFUSED);
    wire_expect(&wire, FAILS("CONNECTION_REFUSED"));
}

/* Covers: STAT-19, QT-C4, QT-C7 */
Test(socket_open, giving_up_leaves_nothing_behind)
{
    void (*const ways[])(struct sp_socket *) = {sp_socket_disconnect, sp_socket_close,
                                                sp_socket_abort};

    for (size_t i = 0; i < 3; i++) {
        wire_fail(&wire, WIRE_CONNECT, EAGAIN, 2);
        start();
        ways[i](wire.socket);
        wire_expect(&wire, "state:connecting state:unconnected");
        cr_assert_eq(wire.open_descriptors, 0);
        cr_assert_eq(sp_socket_deadline(wire.socket), SP_NEVER);
        wire.now += 1000 * WIRE_MS;
        sp_socket_process(wire.socket, 0);
        wire_expect(&wire, "");
        wire.fail[WIRE_CONNECT].times = 0;
        start();
        wire_expect(&wire, CONNECTS);
        sp_socket_abort(wire.socket);
        wire_expect(&wire, "state:unconnected read-finished disconnected");
    }
}

/* ---- failures ---- */

/* Covers: STAT-01, STAT-08, STAT-15, QT-L3 */
Test(socket_open, every_failure_is_told_after_the_state_is_settled)
{
    static const struct {
        int os_errno;
        enum sp_error error;
    } rows[] = {
        {ENOENT, SP_ERROR_SERVER_NOT_FOUND},
        {ENOTDIR, SP_ERROR_SERVER_NOT_FOUND},
        {ELOOP, SP_ERROR_SERVER_NOT_FOUND},
        {ECONNREFUSED, SP_ERROR_CONNECTION_REFUSED},
        {EACCES, SP_ERROR_ACCESS},
        {EPERM, SP_ERROR_ACCESS},
        {EPROTOTYPE, SP_ERROR_UNSUPPORTED},
        {ENOMEM, SP_ERROR_RESOURCE},
        {EINVAL, SP_ERROR_CONNECTION_REFUSED},
        {EIO, SP_ERROR_UNKNOWN},
        {ECONNRESET, SP_ERROR_CONNECTION_REFUSED},
        {ETIMEDOUT, SP_ERROR_TIMEOUT},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sp_event event;
        int seen = 0;

        wire_fail(&wire, WIRE_CONNECT, rows[i].os_errno, 1);
        errno = EAGAIN;
        start();
        cr_assert_eq(sp_socket_error(wire.socket), rows[i].error);
        expect_detail(SP_OPERATION_CONNECT, SP_CAUSE_OS, rows[i].os_errno);
        while (sp_socket_next_event(wire.socket, &event))
            cr_assert(seen++ < 2 ? event.kind == SP_EVENT_STATE
                                 : event.kind == SP_EVENT_ERROR && event.error == rows[i].error);
        cr_assert_eq(seen, 3);
        cr_assert_eq(wire.open_descriptors, 0);
        start();
        cr_assert_eq(sp_socket_error(wire.socket), SP_OK, "an old error is forgotten");
        wire_expect(&wire, CONNECTS);
        sp_socket_abort(wire.socket);
        wire_expect(&wire, "state:unconnected read-finished disconnected");
    }
}

/* Covers: QT-L11 */
Test(socket_open, no_descriptor_is_a_failure_of_the_connection)
{
    wire_fail(&wire, WIRE_SOCKET, EMFILE, 1);
    start();
    wire_expect(&wire, FAILS("RESOURCE"));
    expect_detail(SP_OPERATION_SOCKET, SP_CAUSE_OS, EMFILE);
    cr_assert_eq(wire.calls[WIRE_CONNECT], 0);
}

/* Covers: SIGN-04, SIGN-05 */
Test(socket_open, interruptions_are_nothing)
{
    wire_fail(&wire, WIRE_SOCKET, EINTR, SP_EINTR_RETRIES - 1);
    wire_fail(&wire, WIRE_CONNECT, EINTR, SP_EINTR_RETRIES - 1);
    wire_fail(&wire, WIRE_PEER_CRED, EINTR, SP_EINTR_RETRIES - 1);
    start();
    wire_expect(&wire, CONNECTS);
    cr_assert_eq(sp_socket_error(wire.socket), SP_OK);
}

/* Covers: SIGN-04 */
Test(socket_open, a_storm_of_interruptions_holds_no_call_for_ever)
{
    wire_fail(&wire, WIRE_CONNECT, EINTR, 3 * SP_EINTR_RETRIES);
    start();
    cr_assert_eq(wire.calls[WIRE_CONNECT], SP_EINTR_RETRIES);
    wire_expect(&wire, "state:connecting");
    cr_assert_eq(sp_socket_wait_connected(wire.socket, -1), SP_OK);
}

Test(socket_open, an_interrupted_attempt_that_succeeded_is_a_success)
{
    wire.fail[WIRE_CONNECT] = (struct wire_failure){.error = EINTR, .times = 1};
    start();
    wire_expect(&wire, CONNECTS);
    sp_socket_abort(wire.socket);
    wire_fail(&wire, WIRE_CONNECT, EISCONN, 1);
    start();
    cr_assert_eq(sp_socket_state(wire.socket), SP_STATE_CONNECTED);
}

/* ---- who is serving ---- */

/* Covers: ABST-02, PEER-09, QT-G4 */
Test(socket_open, a_server_of_somebody_else_gets_no_byte)
{
    const struct sp_peer_policy self = {.allow = SP_PEER_SELF};

    cr_assert_eq(sp_socket_set_peer_policy(wire.socket, &self), SP_OK);
    wire.uid = WIRE_UID + 1;
    start();
    wire_expect(&wire, FAILS("UNTRUSTED"));
    expect_detail(SP_OPERATION_CREDENTIALS, SP_CAUSE_PEER_NOT_ALLOWED, 0);
    cr_assert_eq(wire.calls[WIRE_SEND] + wire.calls[WIRE_RECV], 0);
    cr_assert_eq(wire.open_descriptors, 0);
    wire.uid = WIRE_UID;
    start();
    wire_expect(&wire, CONNECTS);
}

/* Covers: PEER-03 */
Test(socket_open, a_server_that_nobody_knows_is_nobodys)
{
    const struct sp_peer_policy policy = {.allow = SP_PEER_SELF | SP_PEER_ROOT};

    cr_assert_eq(sp_socket_set_peer_policy(wire.socket, &policy), SP_OK);
    wire.uid = UINT32_MAX;
    start();
    wire_expect(&wire, FAILS("UNTRUSTED"));
    expect_detail(SP_OPERATION_CREDENTIALS, SP_CAUSE_PEER_UNKNOWN, 0);
}

Test(socket_open, credentials_that_cannot_be_read_are_no_credentials)
{
    wire_fail(&wire, WIRE_PEER_CRED, EIO, 1);
    start();
    wire_expect(&wire, FAILS("UNKNOWN"));
    expect_detail(SP_OPERATION_CREDENTIALS, SP_CAUSE_OS, EIO);
}

Test(socket_open, everybody_means_that_nobody_is_asked)
{
    const struct sp_peer_policy any = {.allow = SP_PEER_ANY};

    cr_assert_eq(sp_socket_set_peer_policy(wire.socket, &any), SP_OK);
    wire.uid = UINT32_MAX;
    start();
    wire_expect(&wire, CONNECTS);
    cr_assert_eq(wire.calls[WIRE_PEER_CRED], 0);
}

/* ---- a relative path ---- */

/* Other programs bind such names, and getpeername() tells of them; to us they lead elsewhere. */
/* Covers: PATH-09 */
Test(socket_open, a_relative_path_is_no_name)
{
    const uint8_t kernel[] = {1, 0, 's', 'v', 'c', 0};
    struct sp_address address;

    MUST(sp_address_decode(&address, kernel, sizeof(kernel), sizeof(kernel), NULL) == SP_OK);
    MUST(address.space == SP_NAMESPACE_PATH);
    cr_assert_eq(sp_socket_connect_address(wire.socket, &address, SP_READ_WRITE),
                 SP_ERROR_SERVER_NOT_FOUND);
    expect_detail(SP_OPERATION_NAME, SP_CAUSE_NAME_NOT_ABSOLUTE, 0);
    cr_assert_eq(wire.calls[WIRE_CONNECT], 0);
}
