/* SPDX-License-Identifier: MIT */
/*
 * The server: listening at a name, taking over a listening descriptor, and closing.
 *
 * Everything that can fail happens before the first member of the object changes, so a failed call
 * leaves a server that is closed as before; the descriptor it made is closed, and the directory is
 * as sockfile.h promises.
 *
 * Tests: tests/unit/test_server_listen.c, tests/integration/test_server_{path,abstract,adopt}.c
 */
#include "server.h"

#include "address.h"
#include "check.h"
#include "context.h"
#include "retry.h"

#include <errno.h>
#include <string.h>

static int require_closed(struct sp_server *server, enum sp_operation operation)
{
    SP__CHECK(sp_server_validate(server));
    if (sp_server_is_listening(server))
        return sp__fail(&server->fault, SP_ERROR_OPERATION, operation, SP_CAUSE_STATE);
    return SP_OK;
}

static int invalid_name(struct sp_server *server, enum sp_cause cause)
{
    return sp__fail(&server->fault, SP_ERROR_SERVER_NOT_FOUND, SP_OPERATION_NAME, cause);
}

static struct sp__name *new_name(struct sp_server *server, const struct sp_address *address,
                                 size_t request_length)
{
    struct sp__name *name = sp__name_new(server->context->os, address, request_length);

    if (name == NULL)
        (void)sp__fail(&server->fault, SP_ERROR_RESOURCE, SP_OPERATION_ALLOCATE,
                       SP_CAUSE_NO_MEMORY);
    return name;
}

/* ---- listening at a name ---- */

static int listen_abstract(struct sp_server *server, int fd, const struct sp_address *address)
{
    const struct sp_os *os = server->context->os;
    uint8_t bytes[SP_PATH_MAX];
    size_t length = sp__address_encode(address, bytes);
    int r;

    r = SP__RETRY(os->bind(os->ctx, fd, bytes, length));
    if (r < 0)
        return sp__fail_os(&server->fault, SP_OPERATION_BIND, r);
    r = SP__RETRY(os->listen(os->ctx, fd, server->backlog));
    if (r < 0)
        return sp__fail_os(&server->fault, SP_OPERATION_LISTEN, r);
    return SP_OK;
}

/* An address may have come from the kernel or have been filled by hand: what the constructors would
 * refuse is refused here. */
static enum sp_cause unfit_address(const struct sp_address *address)
{
    struct sp_address again;
    enum sp_cause cause = SP_CAUSE_NAME_EMPTY;
    int r = SP_ERROR_SERVER_NOT_FOUND;

    if (address->space == SP_NAMESPACE_PATH && address->length > SP_LISTEN_PATH_MAX)
        return SP_CAUSE_NAME_TOO_LONG;
    if (address->space == SP_NAMESPACE_PATH)
        r = sp_address_path(&again, address->bytes, address->length, &cause);
    else if (address->space == SP_NAMESPACE_ABSTRACT)
        r = sp_address_abstract(&again, address->bytes, address->length, &cause);
    return r == SP_OK ? SP_CAUSE_NONE : cause;
}

/* An abstract name has no mode that the umask could have changed: what was asked for cannot be
 * done, and doing something else would be a server open to more or to fewer than its owner thinks.
 */
static int require_enforceable(struct sp_server *server, enum sp_namespace space)
{
    if (space == SP_NAMESPACE_ABSTRACT && server->access == SP_ACCESS_UMASK)
        return sp__fail(&server->fault, SP_ERROR_UNSUPPORTED, SP_OPERATION_MODE, SP_CAUSE_NONE);
    return SP_OK;
}

static int listen_at(struct sp_server *server, const struct sp_address *address,
                     size_t request_length)
{
    const struct sp_os *os = server->context->os;
    struct sp__sockfile file = {.dir = -1};
    enum sp_cause cause = unfit_address(address);
    struct sp__name *name;
    int fd, r;

    if (cause != SP_CAUSE_NONE)
        return invalid_name(server, cause);
    r = require_enforceable(server, address->space);
    if (r < 0)
        return r;
    name = new_name(server, address, request_length);
    if (name == NULL)
        return SP_ERROR_RESOURCE;
    fd = SP__RETRY(os->socket(os->ctx));
    if (fd < 0) {
        sp__name_unref(os, name);
        return sp__fail_os(&server->fault, SP_OPERATION_SOCKET, fd);
    }
    if (address->space == SP_NAMESPACE_ABSTRACT)
        r = listen_abstract(server, fd, address);
    else
        r = sp__sockfile_listen(os, fd, name, server->access, server->backlog,
                                (enum sp_trust)server->trust, server->take_over, &file,
                                &server->fault);
    if (r < 0) {
        (void)os->close(os->ctx, fd);
        sp__name_unref(os, name);
        return r;
    }
    server->fd = fd;
    server->name = name;
    server->file = file;
    sp__server_start(server);
    return SP_OK;
}

int sp_server_listen(struct sp_server *server, const void *name, size_t length)
{
    struct sp_address address;
    enum sp_cause cause;
    int r = require_closed(server, SP_OPERATION_LISTEN);

    if (r < 0)
        return r;
    r = sp_context_resolve(server->context, &address, name, length, &cause);
    if (r < 0)
        return invalid_name(server, cause);
    return listen_at(server, &address, length == SP_STRLEN ? strlen(name) : length);
}

int sp_server_listen_address(struct sp_server *server, const struct sp_address *address)
{
    int r = require_closed(server, SP_OPERATION_LISTEN);

    return r < 0 ? r : listen_at(server, address, address->length);
}

/* ---- taking over a descriptor ---- */

static enum sp_cause unfit_descriptor(const struct sp_os_sockinfo *info)
{
    if (!info->is_unix)
        return SP_CAUSE_WRONG_FAMILY;
    if (!info->is_stream)
        return SP_CAUSE_WRONG_TYPE;
    return info->is_listening ? SP_CAUSE_NONE : SP_CAUSE_NOT_LISTENING;
}

/* What a descriptor is bound to; @ret and @ret_space stay as they are if that is nothing, or a name
 * that cannot be told without guessing: everything else about the descriptor still works. */
static int bound_name(struct sp_server *server, int fd, struct sp__name **ret,
                      enum sp_namespace *ret_space)
{
    const struct sp_os *os = server->context->os;
    uint8_t sockaddr[SP_OS_SOCKADDR_MAX];
    struct sp_address address;
    int length = SP__RETRY(os->getsockname(os->ctx, fd, sockaddr, sizeof(sockaddr)));

    if (length < 0)
        return sp__fail_os(&server->fault, SP_OPERATION_ADOPT, length);
    if (sp_address_decode(&address, sockaddr, sizeof(sockaddr), (size_t)length, NULL) < 0 ||
        address.space == SP_NAMESPACE_UNNAMED)
        return SP_OK;
    *ret = new_name(server, &address, address.length);
    *ret_space = address.space;
    return *ret != NULL ? SP_OK : SP_ERROR_RESOURCE;
}

int sp_server_adopt(struct sp_server *server, int fd)
{
    const struct sp_os *os = server->context->os;
    enum sp_namespace space = SP_NAMESPACE_UNNAMED;
    struct sp__name *name = NULL;
    int r = require_closed(server, SP_OPERATION_ADOPT);

    if (r == SP_OK)
        r = sp__server_examine(server, fd, unfit_descriptor);
    if (r == SP_OK)
        r = bound_name(server, fd, &name, &space);
    if (r < 0)
        return r;
    r = require_enforceable(server, space);
    if (r == SP_OK) {
        /* Non-blocking because a connection that poll() announced may be gone, or taken by another
         * process on the same socket, by the time of accept(). */
        r = SP__RETRY(os->set_cloexec(os->ctx, fd));
        if (r >= 0)
            r = SP__RETRY(os->set_nonblock(os->ctx, fd));
        if (r < 0)
            r = sp__fail_os(&server->fault, SP_OPERATION_ADOPT, r);
    }
    if (r < 0) {
        sp__name_unref(os, name);
        return r;
    }
    server->fd = fd;
    server->name = name;
    sp__server_start(server);
    return SP_OK;
}

int sp__server_examine(struct sp_server *server, int fd,
                       enum sp_cause (*unfit)(const struct sp_os_sockinfo *info))
{
    const struct sp_os *os = server->context->os;
    struct sp_os_sockinfo info;
    enum sp_cause cause;
    int r = fd < 0 ? -EBADF : SP__RETRY(os->sockinfo(os->ctx, fd, &info));

    if (r >= 0)
        cause = unfit(&info);
    else if (r == -EBADF)
        cause = SP_CAUSE_BAD_DESCRIPTOR;
    else if (r == -ENOTSOCK)
        cause = SP_CAUSE_WRONG_FAMILY;
    else
        return sp__fail_os(&server->fault, SP_OPERATION_ADOPT, r);
    if (cause != SP_CAUSE_NONE)
        return sp__fail(&server->fault, SP_ERROR_UNSUPPORTED, SP_OPERATION_ADOPT, cause);
    return SP_OK;
}

/* ---- closing ---- */

void sp_server_close(struct sp_server *server)
{
    const struct sp_os *os = server->context->os;

    SP__CHECK(sp_server_validate(server));
    if (!sp_server_is_listening(server))
        return;
    sp__sockfile_remove_own(os, &server->file);
    (void)os->close(os->ctx, server->fd);
    sp__pending_close_all(&server->pending, os);
    sp__events_drop(&server->events, SP_EVENT_NEW_CONNECTION);
    sp__name_unref(os, server->name);
    server->name = NULL;
    server->fd = -1;
    server->phase = SP__PHASE_CLOSED;
    SP__CHECK(sp_server_validate(server));
}

/* ---- removing what another server left ---- */

static int remove_named(const struct sp_context *context, const void *name, size_t length,
                        enum sp_remove what, struct sp__fault *fault)
{
    struct sp_address address;
    enum sp_cause cause;

    if (what != SP_REMOVE_STALE && what != SP_REMOVE_ALIVE)
        return sp__fail(fault, SP_ERROR_ARGUMENT, SP_OPERATION_REMOVE, SP_CAUSE_NONE);
    if (sp_context_resolve(context, &address, name, length, &cause) < 0)
        return sp__fail(fault, SP_ERROR_SERVER_NOT_FOUND, SP_OPERATION_NAME, cause);
    return sp__sockfile_remove(context->os, &address, what, fault);
}

int sp_server_remove(const struct sp_context *context, const void *name, size_t length,
                     enum sp_remove what, struct sp_error_detail *ret_detail)
{
    struct sp__fault fault = {.error = SP_OK};
    int r = remove_named(context, name, length, what, &fault);

    if (ret_detail != NULL)
        sp__fault_detail(&fault, ret_detail);
    return r;
}
