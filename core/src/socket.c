/* SPDX-License-Identifier: MIT */
/*
 * Sockets: life, configuration and properties.
 *
 * Tests: tests/unit/test_socket.c, tests/integration/test_socket_*.c
 */
#include "socket.h"

#include "retry.h"

#include <stddef.h>
#include <string.h>

#define NS_PER_MS ((uint64_t)1000000)

int sp__refuse(struct sp_socket *socket, enum sp_error error, enum sp_operation operation,
               enum sp_cause cause)
{
    return sp__fail(&socket->fault, error, operation, cause);
}

uint64_t sp__deadline_from(uint64_t now, int ms)
{
    return ms < 0 ? SP_NEVER : now + (uint64_t)ms * NS_PER_MS;
}

uint64_t sp__deadline_after(const struct sp_os *os, int ms)
{
    return sp__deadline_from(os->now_ns(os->ctx), ms);
}

_Static_assert(offsetof(struct sp_socket, events.ring) + 4 <= 64, "see struct sp_socket");

/* ---- life ---- */

static struct sp_socket *socket_new(const struct sp_context *context)
{
    const struct sp_os *os = context->os;
    struct sp_socket *socket = os->alloc(os->ctx, sizeof(*socket));

    if (socket != NULL) {
        memset(socket, 0, sizeof(*socket));
        socket->context = context;
        socket->read_limit = SP_READ_LIMIT_DEFAULT;
        socket->write_limit = SP_WRITE_LIMIT_DEFAULT;
        socket->deadline = SP_NEVER;
        socket->wakeup = SP_NEVER;
        socket->fd = -1;
    }
    return socket;
}

int sp_socket_new(struct sp_socket **ret, const struct sp_context *context)
{
    struct sp_socket *socket = socket_new(context);

    if (socket == NULL)
        return SP_ERROR_RESOURCE;
    SP__SOCKET_CHECK(socket);
    *ret = socket;
    return SP_OK;
}

int sp__socket_from_connection(struct sp_socket **ret, const struct sp_context *context,
                               struct sp__name *name, int fd, struct sp__fault *fault)
{
    struct sp_socket *socket = socket_new(context);

    if (socket == NULL)
        return sp__fail(fault, SP_ERROR_RESOURCE, SP_OPERATION_ALLOCATE, SP_CAUSE_NO_MEMORY);
    socket->name = sp__name_ref(name);
    socket->fd = fd;
    socket->state = SP_STATE_CONNECTED;
    socket->mode = SP_READ_WRITE;
    sp__set(socket, SP__WAS_CONNECTED);
    SP__SOCKET_CHECK(socket);
    *ret = socket;
    return SP_OK;
}

void sp_socket_free(struct sp_socket *socket)
{
    const struct sp_os *os;

    if (socket == NULL)
        return;
    SP__SOCKET_CHECK(socket);
    os = sp__os(socket);
    sp__dispatch_gone(socket->dispatch);
    if (socket->fd >= 0)
        (void)os->close(os->ctx, socket->fd);
    sp__queue_clear(&socket->in, os);
    sp__queue_clear(&socket->out, os);
    sp__name_unref(os, socket->name);
    if (socket->options != NULL) {
        sp__policy_free(os, socket->options->policy);
        os->release(os->ctx, socket->options, sizeof(*socket->options));
    }
    os->release(os->ctx, socket, sizeof(*socket));
}

void sp_socket_set_user(struct sp_socket *socket, void *user)
{
    socket->user = user;
}

void *sp_socket_user(const struct sp_socket *socket)
{
    return socket->user;
}

/* ---- configuration ---- */

/* The block of options, made on first use; NULL without memory. */
static struct sp__socket_options *options_of(struct sp_socket *socket)
{
    const struct sp_os *os = sp__os(socket);

    if (socket->options == NULL) {
        struct sp__socket_options *options = os->alloc(os->ctx, sizeof(*options));

        if (options == NULL) {
            (void)sp__refuse(socket, SP_ERROR_RESOURCE, SP_OPERATION_ALLOCATE, SP_CAUSE_NO_MEMORY);
            return NULL;
        }
        options->policy = NULL;
        options->connect_timeout_ms = SP_CONNECT_TIMEOUT_MS_DEFAULT;
        options->close_timeout_ms = SP_CLOSE_TIMEOUT_MS_DEFAULT;
        options->closing_since = 0;
        /* Nothing of this was needed before: the deadline in force is the default one. */
        if (socket->state == SP_STATE_CLOSING)
            options->closing_since =
                socket->deadline - (uint64_t)SP_CLOSE_TIMEOUT_MS_DEFAULT * NS_PER_MS;
        socket->options = options;
    }
    return socket->options;
}

int sp__connect_timeout_ms(const struct sp_socket *socket)
{
    return socket->options != NULL ? socket->options->connect_timeout_ms
                                   : SP_CONNECT_TIMEOUT_MS_DEFAULT;
}

int sp__close_timeout_ms(const struct sp_socket *socket)
{
    return socket->options != NULL ? socket->options->close_timeout_ms
                                   : SP_CLOSE_TIMEOUT_MS_DEFAULT;
}

int sp_socket_set_connect_timeout(struct sp_socket *socket, int ms)
{
    struct sp__socket_options *options;

    SP__SOCKET_CHECK(socket);
    if (ms < -1)
        return sp__refuse(socket, SP_ERROR_ARGUMENT, SP_OPERATION_CONFIGURE, SP_CAUSE_NONE);
    if (socket->state != SP_STATE_UNCONNECTED)
        return sp__refuse(socket, SP_ERROR_OPERATION, SP_OPERATION_CONFIGURE, SP_CAUSE_STATE);
    options = options_of(socket);
    if (options == NULL)
        return SP_ERROR_RESOURCE;
    options->connect_timeout_ms = ms;
    return SP_OK;
}

int sp_socket_set_close_timeout(struct sp_socket *socket, int ms)
{
    struct sp__socket_options *options;

    SP__SOCKET_CHECK(socket);
    if (ms < -1)
        return sp__refuse(socket, SP_ERROR_ARGUMENT, SP_OPERATION_CONFIGURE, SP_CAUSE_NONE);
    options = options_of(socket);
    if (options == NULL)
        return SP_ERROR_RESOURCE;
    options->close_timeout_ms = ms;
    if (socket->state == SP_STATE_CLOSING)
        socket->deadline = sp__deadline_from(options->closing_since, ms);
    return SP_OK;
}

int sp_socket_set_peer_policy(struct sp_socket *socket, const struct sp_peer_policy *policy)
{
    const unsigned permitted = SP_PEER_ANY | SP_PEER_SELF | SP_PEER_ROOT | SP_PEER_DIRECTORY_OWNER |
                               SP_PEER_UIDS | SP_PEER_GIDS;
    struct sp__socket_options *options;
    struct sp__policy *copy;
    int r;

    SP__SOCKET_CHECK(socket);
    if (socket->state != SP_STATE_UNCONNECTED)
        return sp__refuse(socket, SP_ERROR_OPERATION, SP_OPERATION_CONFIGURE, SP_CAUSE_STATE);
    r = sp__policy_copy(sp__os(socket), policy, permitted, &copy, &socket->fault);
    if (r < 0)
        return r;
    options = options_of(socket);
    if (options == NULL) {
        sp__policy_free(sp__os(socket), copy);
        return SP_ERROR_RESOURCE;
    }
    sp__policy_free(sp__os(socket), options->policy);
    options->policy = copy;
    return SP_OK;
}

void sp_socket_set_half_open(struct sp_socket *socket, bool half_open)
{
    SP__SOCKET_CHECK(socket);
    if (half_open)
        sp__set(socket, SP__HALF_OPEN);
    else
        sp__clear(socket, SP__HALF_OPEN);
}

void sp_socket_set_read_limit(struct sp_socket *socket, size_t bytes)
{
    socket->read_limit = bytes;
}

size_t sp_socket_read_limit(const struct sp_socket *socket)
{
    return socket->read_limit;
}

void sp_socket_set_write_limit(struct sp_socket *socket, size_t bytes)
{
    socket->write_limit = bytes;
    if (bytes != 0 && bytes < SP_GATHER_MAX)
        sp__set(socket, SP__TIGHT);
    else
        sp__clear(socket, SP__TIGHT);
}

size_t sp_socket_write_limit(const struct sp_socket *socket)
{
    return socket->write_limit;
}

/* ---- properties ---- */

enum sp_state sp_socket_state(const struct sp_socket *socket)
{
    return (enum sp_state)socket->state;
}

int sp_socket_mode(const struct sp_socket *socket)
{
    return socket->state == SP_STATE_UNCONNECTED ? 0 : socket->mode;
}

bool sp_socket_is_valid(const struct sp_socket *socket)
{
    return sp__is_open(socket);
}

int sp_socket_descriptor(const struct sp_socket *socket)
{
    return socket->fd;
}

const char *sp_socket_name(const struct sp_socket *socket, size_t *ret_length)
{
    return sp__name_request(socket->name, ret_length);
}

void sp_socket_address(const struct sp_socket *socket, struct sp_address *ret)
{
    sp__name_address(socket->name, ret);
}

enum sp_error sp_socket_error(const struct sp_socket *socket)
{
    return (enum sp_error)socket->fault.error;
}

void sp_socket_error_detail(const struct sp_socket *socket, struct sp_error_detail *ret)
{
    sp__fault_detail(&socket->fault, ret);
}

uint64_t sp_socket_bytes_lost(const struct sp_socket *socket)
{
    return socket->lost;
}

int sp_socket_peer_address(struct sp_socket *socket, struct sp_address *ret)
{
    const struct sp_os *os = sp__os(socket);
    uint8_t sockaddr[SP_OS_SOCKADDR_MAX];
    enum sp_cause cause;
    int length, r;

    SP__SOCKET_CHECK(socket);
    if (!sp__is_open(socket))
        return sp__refuse(socket, SP_ERROR_OPERATION, SP_OPERATION_NAME, SP_CAUSE_STATE);
    length = SP__RETRY(os->getpeername(os->ctx, socket->fd, sockaddr, sizeof(sockaddr)));
    if (length < 0)
        return sp__fail_os(&socket->fault, SP_OPERATION_NAME, length);
    r = sp_address_decode(ret, sockaddr, sizeof(sockaddr), (size_t)length, &cause);
    if (r < 0)
        return sp__refuse(socket, (enum sp_error)r, SP_OPERATION_NAME, cause);
    return SP_OK;
}

int sp_socket_peer(struct sp_socket *socket, struct sp_peer *ret)
{
    SP__SOCKET_CHECK(socket);
    if (!sp__is_open(socket))
        return sp__refuse(socket, SP_ERROR_OPERATION, SP_OPERATION_CREDENTIALS, SP_CAUSE_STATE);
    return sp__peer_get(sp__os(socket), socket->fd, ret, &socket->fault);
}

int sp_socket_peer_pidfd(struct sp_socket *socket)
{
    const struct sp_os *os = sp__os(socket);
    int r;

    SP__SOCKET_CHECK(socket);
    if (!sp__is_open(socket))
        return sp__refuse(socket, SP_ERROR_OPERATION, SP_OPERATION_CREDENTIALS, SP_CAUSE_STATE);
    r = SP__RETRY(os->peer_pidfd(os->ctx, socket->fd));
    return r >= 0 ? r : sp__fail_os(&socket->fault, SP_OPERATION_CREDENTIALS, r);
}

/* ---- validation ---- */

bool sp_socket_validate(const struct sp_socket *socket)
{
    const bool open = sp__is_open(socket);
    const bool connecting = socket->state == SP_STATE_CONNECTING;
    const bool closing = socket->state == SP_STATE_CLOSING;
    const unsigned live = SP__READABLE | SP__OUTPUT_BLOCKED | SP__OUTPUT_DEAD | SP__STALLED;

    return socket->state <= SP_STATE_CLOSING && socket->fd >= -1 && socket->mode <= SP_READ_WRITE &&
           /* a connection has a descriptor; without one there may be one that was adopted */
           (!open || (socket->fd >= 0 && socket->mode != 0)) &&
           (open || (socket->out.size == 0 && !sp__has(socket, live))) &&
           (!connecting || (socket->fd >= 0 && socket->name != NULL)) &&
           (connecting || closing || socket->deadline == SP_NEVER) &&
           (connecting || sp__has(socket, SP__STALLED) == (socket->wakeup != SP_NEVER)) &&
           /* what is dead holds nothing */
           (!sp__has(socket, SP__OUTPUT_DEAD) || socket->out.size == 0) &&
           (!sp__has(socket, SP__INPUT_ENDED) || !sp__has(socket, SP__READABLE)) &&
           (!sp__has(socket, SP__OUTPUT_BLOCKED) || socket->out.size > 0) &&
           sp__has(socket, SP__TIGHT) == (socket->write_limit - 1 < SP_GATHER_MAX - 1) &&
           (sp__has(socket, SP__TRANSACTION) || socket->taken == 0) &&
           socket->taken <= socket->in.size && sp__queue_valid(&socket->in) &&
           sp__queue_valid(&socket->out) && sp__events_valid(&socket->events);
}
