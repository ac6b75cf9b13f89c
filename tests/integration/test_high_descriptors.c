/* SPDX-License-Identifier: MIT */
/*
 * Descriptors beyond 1024, where select() would write past its sets: everything works as below,
 * waits included.
 */
#include "tests/integration/served.h"

#include "tests/support/must.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <unistd.h>

/* Beyond this many the sets of select() end. */
#define FIRST_FREE (FD_SETSIZE + 80)
/* What the test itself opens above it: listener, client, connection, lock, directories. */
#define ROOM 64

static struct served served;

/* Leaves no free descriptor below FIRST_FREE. */
static void fill_the_table(void)
{
    struct rlimit limit;

    MUST(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    if (limit.rlim_max < FIRST_FREE + ROOM)
        cr_skip_test("the hard limit of descriptors is too low");
    if (limit.rlim_cur < FIRST_FREE + ROOM) {
        limit.rlim_cur = FIRST_FREE + ROOM;
        MUST(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    }
    for (int fd = 0; fd < FIRST_FREE - 1;) {
        fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        MUST(fd >= 0);
    }
}

static void begin(void)
{
    served_begin(&served);
}

static void end(void)
{
    served_end(&served);
}

TestSuite(high_descriptors, .init = begin, .fini = end, .timeout = 60);

/* Covers: EXHA-14, QT-E1 */
Test(high_descriptors, are_descriptors_like_any_other)
{
    static const char text[] = "over the edge";
    char got[sizeof(text)] = "";
    struct sp_socket *client;
    struct sp_socket *peer;

    fill_the_table();
    served_listen(&served);
    cr_assert_geq(sp_server_descriptor(served.server), FIRST_FREE);
    cr_assert_eq(sp_server_wait_new_connection(served.server, 20, NULL), SP_ERROR_TIMEOUT);

    cr_assert_eq(sp_socket_new(&client, served.context), SP_OK);
    cr_assert_eq(sp_socket_connect(client, "svc", SP_STRLEN, SP_READ_WRITE), SP_OK);
    cr_assert_eq(sp_socket_wait_connected(client, 10000), SP_OK);
    cr_assert_geq(sp_socket_descriptor(client), FIRST_FREE);

    cr_assert_eq(sp_server_wait_new_connection(served.server, 10000, NULL), SP_OK);
    cr_assert_eq(sp_server_take(served.server, &peer), SP_OK);
    cr_assert_geq(sp_socket_descriptor(peer), FIRST_FREE);

    cr_assert_eq(sp_socket_wait_ready_read(peer, 20), SP_ERROR_TIMEOUT);
    cr_assert_eq(sp_socket_write(client, text, sizeof(text)), (ptrdiff_t)sizeof(text));
    cr_assert_eq(sp_socket_wait_bytes_written(client, 10000), SP_OK);
    cr_assert_eq(sp_socket_wait_ready_read(peer, 10000), SP_OK);
    cr_assert_eq(sp_socket_read(peer, got, sizeof(got)), (ptrdiff_t)sizeof(text));
    cr_assert_str_eq(got, text);

    sp_socket_disconnect(client);
    cr_assert_eq(sp_socket_wait_disconnected(peer, 10000), SP_OK);
    sp_socket_free(client);
    sp_socket_free(peer);
}
