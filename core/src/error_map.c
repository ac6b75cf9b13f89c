/* SPDX-License-Identifier: MIT */
/*
 * The error map: what an errno of one operation means to the caller.
 *
 * The first row that fits decides. Rows that differ from Qt 6.4.2 say so; docs/semantics.md has the
 * reasons.
 *
 * Tests: tests/unit/test_error.c walks every row and every errno without one.
 */
#include "error_map.h"

#include <errno.h>
#include <stddef.h>

#define ANY_OPERATION (-1)

const struct sp__error_row sp__error_rows[] = {
    /* connect: the three ways in which there is nobody */
    {SP_OPERATION_CONNECT, ENOENT, SP_ERROR_SERVER_NOT_FOUND},
    {SP_OPERATION_CONNECT, ECONNREFUSED, SP_ERROR_CONNECTION_REFUSED},
    {SP_OPERATION_CONNECT, EINVAL, SP_ERROR_CONNECTION_REFUSED},
    {SP_OPERATION_CONNECT, ECONNRESET, SP_ERROR_CONNECTION_REFUSED},
    /* Qt: unknown error. The path leads through something that is no directory, or round in
       circles. */
    {SP_OPERATION_CONNECT, ENOTDIR, SP_ERROR_SERVER_NOT_FOUND},
    {SP_OPERATION_CONNECT, ELOOP, SP_ERROR_SERVER_NOT_FOUND},
    {SP_OPERATION_CONNECT, ENAMETOOLONG, SP_ERROR_SERVER_NOT_FOUND},
    /* Qt: unknown error. A datagram or seqpacket server. */
    {SP_OPERATION_CONNECT, EPROTOTYPE, SP_ERROR_UNSUPPORTED},
    {SP_OPERATION_CONNECT, EISCONN, SP_ERROR_OPERATION},
    {SP_OPERATION_CONNECT, ETIMEDOUT, SP_ERROR_TIMEOUT},

    {SP_OPERATION_BIND, EADDRINUSE, SP_ERROR_ADDRESS_IN_USE},
    {SP_OPERATION_LISTEN, EADDRINUSE, SP_ERROR_ADDRESS_IN_USE},
    {SP_OPERATION_BIND, EINVAL, SP_ERROR_OPERATION},
    {SP_OPERATION_LOCK, EWOULDBLOCK, SP_ERROR_ADDRESS_IN_USE},
    {SP_OPERATION_LOCK, EEXIST, SP_ERROR_ADDRESS_IN_USE},
    {SP_OPERATION_MODE, ESTALE, SP_ERROR_ADDRESS_IN_USE},

    /* The peer has gone; what it left behind decides which errno says so. */
    {SP_OPERATION_SEND, EPIPE, SP_ERROR_PEER_CLOSED},
    {SP_OPERATION_SEND, ECONNRESET, SP_ERROR_PEER_CLOSED},
    {SP_OPERATION_SEND, ENOTCONN, SP_ERROR_PEER_CLOSED},
    {SP_OPERATION_RECEIVE, ECONNRESET, SP_ERROR_PEER_CLOSED},
    {SP_OPERATION_RECEIVE, ENOTCONN, SP_ERROR_PEER_CLOSED},
    {SP_OPERATION_RECEIVE, EINVAL, SP_ERROR_PEER_CLOSED},
    {SP_OPERATION_SEND, EMSGSIZE, SP_ERROR_DATAGRAM_TOO_LARGE},
    /* Its process, asked for by descriptor; which of the two depends on the kernel. */
    {SP_OPERATION_CREDENTIALS, ESRCH, SP_ERROR_PEER_CLOSED},
    {SP_OPERATION_CREDENTIALS, EINVAL, SP_ERROR_PEER_CLOSED},

    /* No descriptor on our side; Qt: unsupported operation for socket(), and accept() ends its
       server. */
    {ANY_OPERATION, EMFILE, SP_ERROR_RESOURCE},
    {ANY_OPERATION, ENFILE, SP_ERROR_RESOURCE},
    {ANY_OPERATION, ENOMEM, SP_ERROR_RESOURCE},
    {ANY_OPERATION, ENOBUFS, SP_ERROR_RESOURCE},
    {ANY_OPERATION, ENOSPC, SP_ERROR_RESOURCE},
    {ANY_OPERATION, EDQUOT, SP_ERROR_RESOURCE},
    {ANY_OPERATION, ETOOMANYREFS, SP_ERROR_RESOURCE},

    {ANY_OPERATION, EACCES, SP_ERROR_ACCESS},
    {ANY_OPERATION, EPERM, SP_ERROR_ACCESS},
    {ANY_OPERATION, EROFS, SP_ERROR_ACCESS},

    {ANY_OPERATION, ENOENT, SP_ERROR_SERVER_NOT_FOUND},
    {ANY_OPERATION, ENOTDIR, SP_ERROR_SERVER_NOT_FOUND},
    {ANY_OPERATION, ELOOP, SP_ERROR_SERVER_NOT_FOUND},
    {ANY_OPERATION, ENAMETOOLONG, SP_ERROR_SERVER_NOT_FOUND},

    {ANY_OPERATION, EAFNOSUPPORT, SP_ERROR_UNSUPPORTED},
    {ANY_OPERATION, EPROTONOSUPPORT, SP_ERROR_UNSUPPORTED},
    {ANY_OPERATION, EOPNOTSUPP, SP_ERROR_UNSUPPORTED},
    {ANY_OPERATION, ENOPROTOOPT, SP_ERROR_UNSUPPORTED},
    {ANY_OPERATION, ENOTSOCK, SP_ERROR_UNSUPPORTED},
    {ANY_OPERATION, EBADF, SP_ERROR_UNSUPPORTED},
    {ANY_OPERATION, ENOSYS, SP_ERROR_UNSUPPORTED},
};

const size_t sp__error_row_count = sizeof(sp__error_rows) / sizeof(sp__error_rows[0]);

static enum sp_error map(enum sp_operation operation, int os_errno)
{
    for (size_t i = 0; i < sp__error_row_count; i++) {
        const struct sp__error_row *row = &sp__error_rows[i];

        if ((row->operation == ANY_OPERATION || row->operation == (int)operation) &&
            row->os_errno == os_errno)
            return row->error;
    }
    return SP_ERROR_UNKNOWN;
}

int sp__fail(struct sp__fault *fault, enum sp_error error, enum sp_operation operation,
             enum sp_cause cause)
{
    *fault = (struct sp__fault){
        .error = (int8_t)error,
        .operation = (uint8_t)operation,
        .cause = (uint8_t)cause,
    };
    return error;
}

int sp__fail_os(struct sp__fault *fault, enum sp_operation operation, int64_t result)
{
    /* A seam may return any negative number; what cannot be an errno must not wrap into one. */
    int os_errno = result < 0 && result >= -4095 ? (int)-result : 0;
    enum sp_error error = map(operation, os_errno);

    (void)sp__fail(fault, error, operation, SP_CAUSE_OS);
    fault->os_errno = (int16_t)os_errno;
    return error;
}

void sp__fault_detail(const struct sp__fault *fault, struct sp_error_detail *ret)
{
    ret->error = (enum sp_error)fault->error;
    ret->operation = (enum sp_operation)fault->operation;
    ret->cause = (enum sp_cause)fault->cause;
    ret->os_errno = fault->os_errno;
}
