/* SPDX-License-Identifier: MIT */
/*
 * An outside program: knows nothing of this source tree but <sunpath/sunpath.h>. A server and a
 * client in one process exchange a line; so the library that was linked really works.
 */
#include <sunpath/sunpath.h>

#include <stdio.h>
#include <string.h>

enum { TIMEOUT_MS = 10000 };

static int fail(const char *what, int error)
{
    fprintf(stderr, "%s: %s\n", what, sp_error_string(error));
    return 1;
}

static int exchange(struct sp_server *server, struct sp_socket *client, const char *path)
{
    static const char line[] = "hello\n";
    char got[sizeof(line)] = "";
    struct sp_socket *peer = NULL;
    ptrdiff_t count;
    int r;

    r = sp_server_listen(server, path, SP_STRLEN);
    if (r < 0)
        return fail("listen", r);
    r = sp_socket_connect(client, path, SP_STRLEN, SP_READ_WRITE);
    if (r < 0)
        return fail("connect", r);
    r = sp_socket_wait_connected(client, TIMEOUT_MS);
    if (r < 0)
        return fail("wait for the connection", r);
    r = sp_server_wait_new_connection(server, TIMEOUT_MS, NULL);
    if (r < 0)
        return fail("wait for a client", r);
    r = sp_server_take(server, &peer);
    if (r < 0)
        return fail("take the connection", r);

    count = sp_socket_write(client, line, sizeof(line) - 1);
    if (count == sizeof(line) - 1 && sp_socket_flush(client) >= 0 &&
        sp_socket_wait_ready_read(peer, TIMEOUT_MS) == SP_OK)
        count = sp_socket_read_line(peer, got, sizeof(got) - 1);
    sp_socket_free(peer);
    if (count < 0)
        return fail("exchange a line", (int)count);
    if (strcmp(got, line) != 0)
        return fail("compare the line", SP_ERROR_UNKNOWN);
    return 0;
}

int main(int argc, char **argv)
{
    struct sp_context *context = NULL;
    struct sp_server *server = NULL;
    struct sp_socket *client = NULL;
    int r;

    if (argc != 2) {
        fprintf(stderr, "usage: client SOCKET-PATH\n");
        return 2;
    }
    if (strcmp(sp_version(), SP_VERSION_STRING) != 0)
        return fail("header and library differ", SP_ERROR_UNSUPPORTED);

    r = sp_context_new(&context, NULL, NULL);
    if (r == SP_OK)
        r = sp_server_new(&server, context);
    if (r == SP_OK)
        r = sp_socket_new(&client, context);
    r = r == SP_OK ? exchange(server, client, argv[1]) : fail("set up", r);
    sp_socket_free(client);
    sp_server_free(server);
    sp_context_free(context);
    if (r == 0)
        printf("sunpath %s works\n", sp_version());
    return r;
}
