/* SPDX-License-Identifier: MIT */
/*
 * Names, connecting, and taking over descriptors.
 *
 * connect() on an AF_UNIX stream socket answers at once. A full backlog is EAGAIN, and the kernel
 * offers nothing to wait for: poll() reports such a socket writable and hung up immediately and for
 * ever. So the only way to wait is a timer, with a pause that doubles.
 *
 * Tests: tests/unit/test_socket_open.c, test_socket_adopt.c;
 * tests/integration/test_socket_connect.c, test_socket_descriptors.c
 */
#include "socket.h"

#include "address.h"
#include "hint.h"
#include "retry.h"

/* ---- the name ---- */

static int replace_name(struct sp_socket *socket, const struct sp_address *address,
                        size_t request_length)
{
    struct sp__name *name = sp__name_new(sp__os(socket), address, request_length);

    if (name == NULL)
        return sp__refuse(socket, SP_ERROR_RESOURCE, SP_OPERATION_ALLOCATE, SP_CAUSE_NO_MEMORY);
    sp__name_unref(sp__os(socket), socket->name);
    socket->name = name;
    return SP_OK;
}

/* Other programs bind relative paths; which file one means depends on who asks. */
static bool is_relative(const struct sp_address *address)
{
    return address->space == SP_NAMESPACE_PATH && address->bytes[0] != '/';
}

static int require_unconnected(struct sp_socket *socket, enum sp_operation operation)
{
    if (socket->state != SP_STATE_UNCONNECTED)
        return sp__refuse(socket, SP_ERROR_OPERATION, operation, SP_CAUSE_STATE);
    return SP_OK;
}

static int require_mode(struct sp_socket *socket, enum sp_mode mode, enum sp_operation operation)
{
    if (mode < SP_READ_ONLY || mode > SP_READ_WRITE)
        return sp__refuse(socket, SP_ERROR_ARGUMENT, operation, SP_CAUSE_MODE);
    return SP_OK;
}

/* The length of a name as the address functions take it: SP_STRLEN stands for a C string. A short
 * name is the last component of the path it resolves to, an absolute one is the path. */
static size_t request_length(const struct sp_address *address, const char *name)
{
    size_t length = 0;

    if (name[0] == '/')
        return address->length;
    while (address->bytes[address->length - 1 - length] != '/')
        length++;
    return length;
}

int sp_socket_set_name(struct sp_socket *socket, const void *name, size_t length)
{
    struct sp_address address;
    enum sp_cause cause;
    int r;

    SP__SOCKET_CHECK(socket);
    r = require_unconnected(socket, SP_OPERATION_NAME);
    if (r < 0)
        return r;
    r = sp_context_resolve(socket->context, &address, name, length, &cause);
    if (r < 0)
        return sp__refuse(socket, (enum sp_error)r, SP_OPERATION_NAME, cause);
    return replace_name(socket, &address, request_length(&address, name));
}

int sp_socket_set_address(struct sp_socket *socket, const struct sp_address *address)
{
    int r;

    SP__SOCKET_CHECK(socket);
    r = require_unconnected(socket, SP_OPERATION_NAME);
    if (r < 0)
        return r;
    if (!sp__address_is_valid(address) || address->length == 0)
        return sp__refuse(socket, SP_ERROR_SERVER_NOT_FOUND, SP_OPERATION_NAME,
                          SP_CAUSE_NAME_EMPTY);
    if (is_relative(address))
        return sp__refuse(socket, SP_ERROR_SERVER_NOT_FOUND, SP_OPERATION_NAME,
                          SP_CAUSE_NAME_NOT_ABSOLUTE);
    return replace_name(socket, address, address->length);
}

/* ---- connecting ---- */

/* Whatever an earlier connection left behind. */
static void forget_last_connection(struct sp_socket *socket)
{
    sp__socket_drop_input(socket);
    sp__events_drop(&socket->events, SP_EVENT_BYTES_WRITTEN);
    sp__clear(socket, SP__INPUT_ENDED | SP__DISCARD | SP__WAS_CONNECTED | SP__FINISH_TOLD);
    socket->fault = (struct sp__fault){0};
    socket->ended_by = SP_OK;
    socket->written = 0;
    socket->lost = 0;
    socket->attempts = 0;
}

static void backlog_is_full(struct sp_socket *socket)
{
    const struct sp_os *os = sp__os(socket);
    uint64_t now = os->now_ns(os->ctx);
    uint64_t pause = SP_CONNECT_RETRY_MIN_NS << socket->attempts;
    struct sp__fault fault;

    /* Of the same instant: with a timeout of 0 there is no waiting at all. */
    if (socket->attempts == 0 && socket->deadline == SP_NEVER)
        socket->deadline = sp__deadline_from(now, sp__connect_timeout_ms(socket));
    if (now >= socket->deadline) {
        (void)sp__fail(&fault, SP_ERROR_TIMEOUT, SP_OPERATION_CONNECT, SP_CAUSE_BACKLOG_FULL);
        sp__socket_connect_failed(socket, &fault);
        return;
    }
    if (pause >= SP_CONNECT_RETRY_MAX_NS)
        pause = SP_CONNECT_RETRY_MAX_NS;
    else
        socket->attempts++;
    socket->wakeup = now + pause;
}

static SP__FLAT void connected(struct sp_socket *socket)
{
    const struct sp__policy *policy = socket->options != NULL ? socket->options->policy : NULL;
    struct sp__fault fault;

    if (sp__peer_admit(sp__os(socket), socket->fd, SP_PEER_CLIENT_DEFAULT, policy, socket->name,
                       &fault) < 0) {
        sp__socket_connect_failed(socket, &fault);
        return;
    }
    socket->deadline = SP_NEVER;
    socket->wakeup = SP_NEVER;
    socket->attempts = 0;
    sp__set(socket, SP__WAS_CONNECTED);
    sp__socket_change(socket, SP__CHANGE_ESTABLISHED, NULL);
}

static SP__FLAT void try_connect(struct sp_socket *socket)
{
    const struct sp_os *os = sp__os(socket);
    struct sp__fault fault;
    size_t length;
    const void *name = sp__name_encoded(socket->name, &length);
    int r = SP__RETRY(os->connect(os->ctx, socket->fd, name, length));

    switch (r) {
    case 0:
    case -EISCONN: /* an interrupted attempt had succeeded */
        connected(socket);
        break;
    case -EAGAIN:
    case -EINTR:
        backlog_is_full(socket);
        break;
    default:
        (void)sp__fail_os(&fault, SP_OPERATION_CONNECT, r);
        sp__socket_connect_failed(socket, &fault);
        break;
    }
}

void sp__socket_try_connect(struct sp_socket *socket)
{
    try_connect(socket);
}

static SP__FLAT void start(struct sp_socket *socket, enum sp_mode mode)
{
    const struct sp_os *os = sp__os(socket);

    forget_last_connection(socket);
    socket->mode = (uint8_t)mode;
    sp__socket_change(socket, SP__CHANGE_START, NULL);
    if (socket->fd < 0) {
        int fd = SP__RETRY(os->socket(os->ctx));

        if (fd < 0) {
            struct sp__fault fault;

            (void)sp__fail_os(&fault, SP_OPERATION_SOCKET, fd);
            sp__socket_connect_failed(socket, &fault);
            return;
        }
        socket->fd = fd;
    }
    try_connect(socket);
}

/* Connecting costs a frame less between the application and each of its three system calls. */
static SP__FLAT int open_now(struct sp_socket *socket, enum sp_mode mode)
{
    int r;

    SP__SOCKET_CHECK(socket);
    r = require_unconnected(socket, SP_OPERATION_CONNECT);
    if (r < 0)
        return r;
    r = require_mode(socket, mode, SP_OPERATION_CONNECT);
    if (r < 0)
        return r;
    if (socket->name == NULL)
        return sp__refuse(socket, SP_ERROR_SERVER_NOT_FOUND, SP_OPERATION_CONNECT,
                          SP_CAUSE_NAME_EMPTY);
    start(socket, mode);
    SP__SOCKET_CHECK(socket);
    return SP_OK;
}

int sp_socket_open(struct sp_socket *socket, enum sp_mode mode)
{
    return open_now(socket, mode);
}

int sp_socket_connect(struct sp_socket *socket, const void *name, size_t length, enum sp_mode mode)
{
    int r = require_unconnected(socket, SP_OPERATION_CONNECT);

    if (r == SP_OK)
        r = require_mode(socket, mode, SP_OPERATION_CONNECT);
    if (r == SP_OK)
        r = sp_socket_set_name(socket, name, length);
    return r < 0 ? r : open_now(socket, mode);
}

int sp_socket_connect_address(struct sp_socket *socket, const struct sp_address *address,
                              enum sp_mode mode)
{
    int r = require_unconnected(socket, SP_OPERATION_CONNECT);

    if (r == SP_OK)
        r = require_mode(socket, mode, SP_OPERATION_CONNECT);
    if (r == SP_OK)
        r = sp_socket_set_address(socket, address);
    return r < 0 ? r : open_now(socket, mode);
}

/* ---- adopting ---- */

static enum sp_cause unfit(const struct sp_os_sockinfo *info, enum sp_state state)
{
    if (!info->is_unix)
        return SP_CAUSE_WRONG_FAMILY;
    if (!info->is_stream)
        return SP_CAUSE_WRONG_TYPE;
    if (info->is_listening)
        return SP_CAUSE_LISTENING;
    if (state == SP_STATE_CONNECTED && !info->is_connected)
        return SP_CAUSE_NOT_CONNECTED;
    if (state == SP_STATE_UNCONNECTED && info->is_connected)
        return SP_CAUSE_ALREADY_CONNECTED;
    return SP_CAUSE_NONE;
}

typedef int (*ask_name)(void *ctx, int fd, void *ret_sockaddr, size_t capacity);

static bool has_name(const struct sp_os *os, ask_name ask, int fd, struct sp_address *ret)
{
    uint8_t sockaddr[SP_OS_SOCKADDR_MAX];
    int length = SP__RETRY(ask(os->ctx, fd, sockaddr, sizeof(sockaddr)));

    return length >= 0 &&
           sp_address_decode(ret, sockaddr, sizeof(sockaddr), (size_t)length, NULL) == SP_OK &&
           ret->length > 0;
}

/* The server's name of a connection that somebody else made; NULL in @ret if it is not known.
 *
 * The server's end has the server's name, the client's end has none unless it took one. When both
 * have one nobody can tell which end is ours, and one of the two was the client's choice: then
 * neither is used. A relative path was relative to another process. */
static int server_name(struct sp_socket *socket, int fd, struct sp__name **ret)
{
    const struct sp_os *os = sp__os(socket);
    struct sp_address own, peer;
    bool own_named = has_name(os, os->getsockname, fd, &own);
    bool peer_named = has_name(os, os->getpeername, fd, &peer);
    const struct sp_address *address = own_named ? &own : &peer;

    *ret = NULL;
    if (own_named == peer_named || is_relative(address))
        return SP_OK;
    *ret = sp__name_new(os, address, address->length);
    if (*ret == NULL)
        return sp__refuse(socket, SP_ERROR_RESOURCE, SP_OPERATION_ALLOCATE, SP_CAUSE_NO_MEMORY);
    return SP_OK;
}

/* What the descriptor needs before it is ours. connect() on a blocking one would wait for room in
 * the backlog; once connected, the flag does not matter. */
static int prepare(const struct sp_os *os, int fd, enum sp_state state)
{
    int r = SP__RETRY(os->set_cloexec(os->ctx, fd));

    if (r >= 0 && state == SP_STATE_UNCONNECTED)
        r = SP__RETRY(os->set_nonblock(os->ctx, fd));
    return r;
}

int sp_socket_adopt(struct sp_socket *socket, int fd, enum sp_state state, enum sp_mode mode)
{
    const struct sp_os *os = sp__os(socket);
    struct sp_os_sockinfo info;
    struct sp__name *name = NULL;
    enum sp_cause cause;
    int r;

    SP__SOCKET_CHECK(socket);
    r = require_unconnected(socket, SP_OPERATION_ADOPT);
    if (r == SP_OK && socket->fd >= 0)
        r = sp__refuse(socket, SP_ERROR_OPERATION, SP_OPERATION_ADOPT, SP_CAUSE_STATE);
    if (r == SP_OK)
        r = require_mode(socket, mode, SP_OPERATION_ADOPT);
    if (r == SP_OK && state != SP_STATE_CONNECTED && state != SP_STATE_UNCONNECTED)
        r = sp__refuse(socket, SP_ERROR_ARGUMENT, SP_OPERATION_ADOPT, SP_CAUSE_STATE);
    if (r < 0)
        return r;
    if (fd < 0)
        return sp__refuse(socket, SP_ERROR_UNSUPPORTED, SP_OPERATION_ADOPT,
                          SP_CAUSE_BAD_DESCRIPTOR);
    r = SP__RETRY(os->sockinfo(os->ctx, fd, &info));
    if (r == -EBADF)
        return sp__refuse(socket, SP_ERROR_UNSUPPORTED, SP_OPERATION_ADOPT,
                          SP_CAUSE_BAD_DESCRIPTOR);
    if (r == -ENOTSOCK)
        return sp__refuse(socket, SP_ERROR_UNSUPPORTED, SP_OPERATION_ADOPT, SP_CAUSE_WRONG_FAMILY);
    if (r < 0)
        return sp__fail_os(&socket->fault, SP_OPERATION_ADOPT, r);
    cause = unfit(&info, state);
    if (cause != SP_CAUSE_NONE)
        return sp__refuse(socket, SP_ERROR_UNSUPPORTED, SP_OPERATION_ADOPT, cause);
    if (state == SP_STATE_CONNECTED) {
        r = server_name(socket, fd, &name);
        if (r < 0)
            return r;
    }
    r = prepare(os, fd, state);
    if (r < 0) {
        sp__name_unref(os, name);
        return sp__fail_os(&socket->fault, SP_OPERATION_ADOPT, r);
    }
    if (state == SP_STATE_CONNECTED) {
        forget_last_connection(socket);
        sp__name_unref(os, socket->name);
        socket->name = name;
        socket->mode = (uint8_t)mode;
        sp__set(socket, SP__WAS_CONNECTED);
    }
    socket->fd = fd;
    if (state == SP_STATE_CONNECTED)
        sp__socket_change(socket, SP__CHANGE_ADOPT, NULL);
    SP__SOCKET_CHECK(socket);
    return SP_OK;
}
