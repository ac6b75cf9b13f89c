/* SPDX-License-Identifier: MIT */
/*
 * Sockets of one context in several threads, each object in one thread: they are independent.
 *
 * What this shows, the thread sanitizer shows: in other builds it only works or not.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "tests/integration/client.h"

#include "tests/support/must.h"
#include "tests/support/told.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sys/socket.h>

#define THREADS 4
#define ROUNDS 300

static struct client client;
static struct sp_context *context; /* on the real seam: the one that counts is for one thread */
static struct sp_server *server;

static void begin(void)
{
    client_begin(&client);
    MUST(sp_context_new(&context, NULL, client.dir.path) == SP_OK);
}

static void end(void)
{
    sp_context_free(context);
    client_end(&client);
}

TestSuite(socket_threads, .init = begin, .fini = end);

/* A conversation of two sockets of this thread's own. */
static void *talk(void *arg)
{
    struct sp_socket *here, *there;
    int ends[2];
    char bytes[64];

    (void)arg;
    MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    MUST(sp_socket_new(&here, context) == SP_OK);
    MUST(sp_socket_new(&there, context) == SP_OK);
    MUST(sp_socket_adopt(here, ends[0], SP_STATE_CONNECTED, SP_READ_WRITE) == SP_OK);
    MUST(sp_socket_adopt(there, ends[1], SP_STATE_CONNECTED, SP_READ_WRITE) == SP_OK);
    for (int i = 0; i < ROUNDS; i++) {
        MUST(sp_socket_write(here, "ping", 4) == 4);
        (void)told_by(here);
        MUST(sp_socket_wait_ready_read(there, -1) == SP_OK);
        MUST(sp_socket_read(there, bytes, sizeof(bytes)) == 4);
        MUST(sp_socket_connect(there, "x", 1, SP_READ_ONLY) == SP_ERROR_OPERATION);
    }
    sp_socket_free(here);
    sp_socket_free(there);
    return NULL;
}

/* Connections of one server, whose name they share, living and dying in another thread. */
static void *serve(void *arg)
{
    struct sp_socket **connections = arg;

    for (int i = 0; i < ROUNDS; i++) {
        struct sp_address address;

        MUST(strcmp(sp_socket_name(connections[i], NULL), "svc") == 0);
        sp_socket_address(connections[i], &address);
        MUST(sp_socket_write(connections[i], "hello", 5) == 5);
        (void)told_by(connections[i]);
        sp_socket_free(connections[i]);
    }
    return NULL;
}

static struct sp_socket *accept_one(struct sp_socket **ret_client)
{
    struct sp_socket *connection;

    MUST(sp_socket_new(ret_client, context) == SP_OK);
    MUST(sp_socket_connect(*ret_client, "svc", SP_STRLEN, SP_READ_WRITE) == SP_OK);
    MUST(sp_server_wait_new_connection(server, -1, NULL) == SP_OK);
    MUST(sp_server_take(server, &connection) == SP_OK);
    return connection;
}

/* A client, whose peer is freed elsewhere, to its end. */
static void finish(struct sp_socket *socket)
{
    char bytes[8];

    if (sp_socket_state(socket) != SP_STATE_UNCONNECTED)
        MUST(sp_socket_wait_disconnected(socket, -1) == SP_OK);
    MUST(sp_socket_read(socket, bytes, sizeof(bytes)) == 5);
    sp_socket_free(socket);
}

/* Covers: REEN-12 */
Test(socket_threads, objects_of_one_context_are_independent, .timeout = 120)
{
    static struct sp_socket *clients[2][ROUNDS], *connections[2][ROUNDS];
    pthread_t talkers[THREADS], servers[2];

    MUST(sp_server_new(&server, context) == SP_OK);
    MUST(sp_server_listen(server, "svc", SP_STRLEN) == SP_OK);
    for (int i = 0; i < THREADS; i++)
        MUST(pthread_create(&talkers[i], NULL, talk, NULL) == 0);
    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < ROUNDS; j++)
            connections[i][j] = accept_one(&clients[i][j]);
        MUST(pthread_create(&servers[i], NULL, serve, connections[i]) == 0);
    }
    /* The server gives up its own share of the name while its connections use theirs. */
    sp_server_free(server);
    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < ROUNDS; j++)
            finish(clients[i][j]);
        MUST(pthread_join(servers[i], NULL) == 0);
    }
    for (int i = 0; i < THREADS; i++)
        MUST(pthread_join(talkers[i], NULL) == 0);
}
