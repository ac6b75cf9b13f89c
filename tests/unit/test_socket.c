/* SPDX-License-Identifier: MIT */
/* The object: its life, what it is made of, its configuration, and who is at the other end. */
#include "tests/unit/wire.h"

#include "tests/support/must.h"
#include "tests/support/told.h"

#include <criterion/criterion.h>

static struct wire wire;

static void begin(void)
{
    wire_begin(&wire);
}

static void end(void)
{
    wire_end(&wire);
}

TestSuite(socket, .init = begin, .fini = end);

static void expect_cause(enum sp_error error, enum sp_operation operation, enum sp_cause cause)
{
    struct sp_error_detail detail;

    sp_socket_error_detail(wire.socket, &detail);
    cr_assert_eq(detail.error, error, "%s", sp_error_name(detail.error));
    cr_assert_eq(detail.operation, operation, "%s", sp_operation_string(detail.operation));
    cr_assert_eq(detail.cause, cause, "%s", sp_cause_string(detail.cause));
}

/* ---- life ---- */

Test(socket, a_new_one_asks_the_kernel_for_nothing)
{
    for (int call = 0; call < WIRE_ALLOC; call++)
        cr_assert_eq(wire.calls[call], 0);
    cr_assert_eq(wire.calls[WIRE_ALLOC], 2, "a context and a socket");
    cr_assert_eq(sp_socket_state(wire.socket), SP_STATE_UNCONNECTED);
    cr_assert_eq(sp_socket_error(wire.socket), SP_OK);
    wire_expect(&wire, "");
}

/* Covers: FDLT-20 */
Test(socket, without_memory_there_is_none)
{
    struct sp_socket *none = NULL;

    wire_fail(&wire, WIRE_ALLOC, ENOMEM, 1);
    cr_assert_eq(sp_socket_new(&none, wire.context), SP_ERROR_RESOURCE);
    cr_assert_null(none);
    sp_socket_free(NULL);
}

/* Covers: FDLT-05, QT-H5, QT-L7 */
Test(socket, can_be_freed_in_every_state)
{
    for (int place = 0; place < 6; place++) {
        struct sp_socket *socket;

        MUST(sp_socket_new(&socket, wire.context) == SP_OK);
        MUST(sp_socket_set_close_timeout(socket, 5) == SP_OK);
        if (place == 1)
            wire_fail(&wire, WIRE_CONNECT, EAGAIN, 1);
        if (place >= 1)
            MUST(sp_socket_connect(socket, "server", SP_STRLEN, SP_READ_WRITE) == SP_OK);
        if (place >= 2) {
            wire_say_text(&wire, "hello");
            sp_socket_process(socket, SP_IO_READ);
            wire.room = 0;
            MUST(sp_socket_write(socket, "bytes", 5) == 5);
        }
        if (place == 3)
            sp_socket_disconnect(socket);
        if (place == 4) {
            wire_leave(&wire, true);
            sp_socket_process(socket, SP_IO_READ | SP_IO_WRITE | SP_IO_HANGUP);
        }
        if (place == 5) {
            sp_socket_abort(socket);
            MUST(sp_socket_adopt(socket, wire_descriptor(&wire), SP_STATE_CONNECTED,
                                 SP_READ_WRITE) == SP_OK);
        }
        sp_socket_free(socket);
        cr_assert_eq(wire.open_descriptors, 0);
        wire.room = WIRE_ALL;
    }
}

Test(socket, keeps_one_pointer_for_the_application)
{
    cr_assert_null(sp_socket_user(wire.socket));
    sp_socket_set_user(wire.socket, &wire);
    wire_connect(&wire, SP_READ_WRITE);
    sp_socket_abort(wire.socket);
    cr_assert_eq(sp_socket_user(wire.socket), &wire);
}

/* Covers: FDLT-05 */
Test(socket, a_close_that_fails_is_not_repeated)
{
    wire_fail(&wire, WIRE_CLOSE, EIO, 1);
    wire_connect(&wire, SP_READ_WRITE);
    sp_socket_abort(wire.socket);
    cr_assert_eq(wire.calls[WIRE_CLOSE], 1);
    cr_assert_eq(wire.open_descriptors, 0);
}

/* ---- configuration ---- */

Test(socket, timeouts_are_minus_1_or_more)
{
    static const int bad[] = {-2, -1000, INT32_MIN};

    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(sp_socket_set_connect_timeout(wire.socket, bad[i]), SP_ERROR_ARGUMENT);
        expect_cause(SP_ERROR_ARGUMENT, SP_OPERATION_CONFIGURE, SP_CAUSE_NONE);
        cr_assert_eq(sp_socket_set_close_timeout(wire.socket, bad[i]), SP_ERROR_ARGUMENT);
    }
    wire_fail(&wire, WIRE_ALLOC, ENOMEM, 2);
    cr_assert_eq(sp_socket_set_connect_timeout(wire.socket, 5), SP_ERROR_RESOURCE);
    cr_assert_eq(sp_socket_set_close_timeout(wire.socket, 5), SP_ERROR_RESOURCE);
    expect_cause(SP_ERROR_RESOURCE, SP_OPERATION_ALLOCATE, SP_CAUSE_NO_MEMORY);
}

Test(socket, the_longest_timeout_does_not_wrap)
{
    wire_fail(&wire, WIRE_CONNECT, EAGAIN, 1000);
    cr_assert_eq(sp_socket_set_connect_timeout(wire.socket, INT32_MAX), SP_OK);
    cr_assert_eq(sp_socket_connect(wire.socket, "server", SP_STRLEN, SP_READ_WRITE), SP_OK);
    cr_assert_eq(sp_socket_state(wire.socket), SP_STATE_CONNECTING);
    cr_assert_eq(sp_socket_wait_connected(wire.socket, 50), SP_ERROR_TIMEOUT);
    cr_assert_eq(sp_socket_state(wire.socket), SP_STATE_CONNECTING);
}

Test(socket, policies_that_make_no_sense_are_refused)
{
    static const uint32_t ids[SP_POLICY_IDS_MAX + 1] = {0};
    static const struct sp_peer_policy bad[] = {
        {.allow = 0},
        {.allow = 1u << 6},
        {.allow = SP_PEER_SELF | 1u << 31},
        {.allow = SP_PEER_UIDS},
        {.allow = SP_PEER_GIDS},
        {.allow = SP_PEER_UIDS, .uids = ids, .uid_count = SP_POLICY_IDS_MAX + 1},
        {.allow = SP_PEER_GIDS, .gids = ids, .gid_count = SP_POLICY_IDS_MAX + 1},
        {.allow = SP_PEER_UIDS, .uid_count = 1},
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        cr_assert_eq(sp_socket_set_peer_policy(wire.socket, &bad[i]), SP_ERROR_ARGUMENT);
        expect_cause(SP_ERROR_ARGUMENT, SP_OPERATION_CONFIGURE, SP_CAUSE_NONE);
    }
}

Test(socket, a_policy_is_copied_and_replaced)
{
    uint32_t uid = WIRE_UID + 5;
    const struct sp_peer_policy policy = {.allow = SP_PEER_UIDS, .uids = &uid, .uid_count = 1};

    cr_assert_eq(sp_socket_set_peer_policy(wire.socket, &policy), SP_OK);
    uid = 0;
    wire.uid = WIRE_UID + 5;
    wire_connect(&wire, SP_READ_WRITE);
    sp_socket_abort(wire.socket);
    (void)told_by(wire.socket);
    /* Without memory the old one stays. */
    wire_fail(&wire, WIRE_ALLOC, ENOMEM, 1);
    cr_assert_eq(sp_socket_set_peer_policy(wire.socket, &policy), SP_ERROR_RESOURCE);
    wire_connect(&wire, SP_READ_WRITE);
    sp_socket_abort(wire.socket);
    (void)told_by(wire.socket);
    /* None: the default, which does not know this user. */
    cr_assert_eq(sp_socket_set_peer_policy(wire.socket, NULL), SP_OK);
    wire.uid = WIRE_UID;
    wire_connect(&wire, SP_READ_WRITE);
}

/* The first option of all needs a block of its own; the copy of the policy must not be lost then.
 */
Test(socket, a_policy_without_memory_for_the_options_is_given_back)
{
    const struct sp_peer_policy policy = {.allow = SP_PEER_ANY};

    for (unsigned after = 0; after < 2; after++) {
        size_t memory = wire.memory;

        wire.fail[WIRE_ALLOC] = (struct wire_failure){.error = ENOMEM, .after = after, .times = 1};
        cr_assert_eq(sp_socket_set_peer_policy(wire.socket, &policy), SP_ERROR_RESOURCE);
        expect_cause(SP_ERROR_RESOURCE, SP_OPERATION_ALLOCATE, SP_CAUSE_NO_MEMORY);
        cr_assert_eq(wire.memory, memory);
    }
}

/* ---- names ---- */

/* Covers: QT-L4 */
Test(socket, the_name_stays_after_every_end)
{
    struct sp_address address;
    size_t length;

    wire_fail(&wire, WIRE_CONNECT, ENOENT, 1);
    cr_assert_eq(sp_socket_connect(wire.socket, "server", SP_STRLEN, SP_READ_WRITE), SP_OK);
    cr_assert_str_eq(sp_socket_name(wire.socket, &length), "server");
    cr_assert_eq(length, 6);
    (void)told_by(wire.socket);
    cr_assert_eq(sp_socket_open(wire.socket, SP_READ_WRITE), SP_OK);
    sp_socket_close(wire.socket);
    cr_assert_str_eq(sp_socket_name(wire.socket, NULL), "server");
    sp_socket_address(wire.socket, &address);
    cr_assert_eq(address.length, strlen("/base/server"));
    cr_assert_eq(memcmp(address.bytes, "/base/server", address.length), 0);
}

Test(socket, a_name_is_given_with_or_without_its_length)
{
    cr_assert_eq(sp_socket_set_name(wire.socket, "server and more", 6), SP_OK);
    cr_assert_str_eq(sp_socket_name(wire.socket, NULL), "server");
    cr_assert_eq(sp_socket_set_name(wire.socket, "/some/path", SP_STRLEN), SP_OK);
    cr_assert_str_eq(sp_socket_name(wire.socket, NULL), "/some/path");
    wire_fail(&wire, WIRE_ALLOC, ENOMEM, 1);
    cr_assert_eq(sp_socket_set_name(wire.socket, "other", SP_STRLEN), SP_ERROR_RESOURCE);
    cr_assert_str_eq(sp_socket_name(wire.socket, NULL), "/some/path");
}

/* ---- the other end ---- */

/* Covers: ALEN-04, ALEN-05, ALEN-06 */
Test(socket, the_peers_address_of_every_length)
{
    struct sp_address address;

    wire_connect(&wire, SP_READ_WRITE);
    memset(wire.peer_name + 2, 'x', sizeof(wire.peer_name) - 2);
    wire.peer_name[2] = '/';
    wire.peer_name[110] = '\0'; /* which the kernel puts behind 108 bytes and counts */
    for (int length = 0; length <= 111; length++) {
        wire.peer_length = length;
        cr_assert_eq(sp_socket_peer_address(wire.socket, &address), SP_OK);
        cr_assert_eq(address.length, length > 110 ? 108 : length > 2 ? length - 2 : 0);
    }
    wire.peer_name[2] = '\0';
    wire.peer_length = 2000;
    memset(&address, 0xa5, sizeof(address));
    cr_assert_eq(sp_socket_peer_address(wire.socket, &address), SP_ERROR_UNSUPPORTED);
    expect_cause(SP_ERROR_UNSUPPORTED, SP_OPERATION_NAME, SP_CAUSE_NAME_TOO_LONG);
    cr_assert_eq(address.length, 0xa5, "written although it failed");
}

Test(socket, the_peer_and_why_it_is_not_known)
{
    struct sp_peer peer;

    wire_connect(&wire, SP_READ_WRITE);
    cr_assert_eq(sp_socket_peer(wire.socket, &peer), SP_OK);
    cr_assert(peer.uid == WIRE_UID && peer.gid == WIRE_UID && peer.pid == 1);
    wire.uid = UINT32_MAX;
    cr_assert_eq(sp_socket_peer(wire.socket, &peer), SP_ERROR_UNTRUSTED);
    expect_cause(SP_ERROR_UNTRUSTED, SP_OPERATION_CREDENTIALS, SP_CAUSE_PEER_UNKNOWN);
    wire_fail(&wire, WIRE_PEER_CRED, EIO, 1);
    cr_assert_eq(sp_socket_peer(wire.socket, &peer), SP_ERROR_UNKNOWN);
    cr_assert_eq(peer.uid, WIRE_UID, "written although it failed");
    wire_expect(&wire, "");
}

/* Covers: PEER-02, SIGN-04 */
Test(socket, the_peers_process_and_why_there_is_none)
{
    static const struct {
        int os_errno;
        enum sp_error error;
    } rows[] = {
        {ENOPROTOOPT, SP_ERROR_UNSUPPORTED},
        {ESRCH, SP_ERROR_PEER_CLOSED},
        {EINVAL, SP_ERROR_PEER_CLOSED},
        {EMFILE, SP_ERROR_RESOURCE},
    };
    int fd;

    wire_connect(&wire, SP_READ_WRITE);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        wire_fail(&wire, WIRE_PEER_PIDFD, rows[i].os_errno, 1);
        cr_assert_eq(sp_socket_peer_pidfd(wire.socket), rows[i].error);
        expect_cause(rows[i].error, SP_OPERATION_CREDENTIALS, SP_CAUSE_OS);
    }
    wire_fail(&wire, WIRE_PEER_PIDFD, EINTR, 2);
    fd = sp_socket_peer_pidfd(wire.socket);
    cr_assert_geq(fd, 0);
    cr_assert_eq(wire.open_descriptors, 2, "the caller closes it");
    MUST(wire.os.close(wire.os.ctx, fd) == 0);
}
