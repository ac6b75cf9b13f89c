/* SPDX-License-Identifier: MIT */
/* A socket on the real kernel: see client.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "tests/integration/client.h"

#include "tests/support/must.h"
#include "tests/support/told.h"

#include <criterion/criterion.h>
#include <sys/socket.h>

void client_begin(struct client *client)
{
    faulty_os_init(&client->os, sp_os_linux());
    client->dir = tempdir_make();
    MUST(sp_context_new(&client->context, &client->os.os, client->dir.path) == SP_OK);
    MUST(sp_socket_new(&client->socket, client->context) == SP_OK);
    client->descriptors = snapshot_descriptors();
}

void client_end(struct client *client)
{
    struct snapshot after;

    sp_socket_free(client->socket);
    sp_context_free(client->context);
    after = snapshot_descriptors();
    cr_assert_str_eq(after.text, client->descriptors.text, "descriptors were lost or closed");
    tempdir_remove(&client->dir);
}

const char *client_path(struct client *client, const char *leaf)
{
    static char path[TEMPDIR_JOINED_MAX];

    return tempdir_join(&client->dir, leaf, path);
}

int client_adopt(struct client *client, enum sp_mode mode)
{
    int ends[2];

    MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    MUST(sp_socket_adopt(client->socket, ends[0], SP_STATE_CONNECTED, mode) == SP_OK);
    client_expect(client, "state:connected connected");
    return ends[1];
}

void client_expect(struct client *client, const char *events)
{
    struct told told = told_by(client->socket);

    cr_assert_str_eq(told.text, events);
}

void client_expect_cause(struct client *client, enum sp_error error, enum sp_operation operation,
                         enum sp_cause cause, int os_errno)
{
    struct sp_error_detail detail;

    sp_socket_error_detail(client->socket, &detail);
    cr_assert_eq(detail.error, error, "%s", sp_error_name(detail.error));
    cr_assert_eq(detail.operation, operation, "%s", sp_operation_string(detail.operation));
    cr_assert_eq(detail.cause, cause, "%s", sp_cause_string(detail.cause));
    cr_assert_eq(detail.os_errno, os_errno, "%s", strerror(detail.os_errno));
}
