/* SPDX-License-Identifier: MIT */
/*
 * Errors: the map from errnos, the numbers, and the texts.
 *
 * What is expected stands here as lists of their own, written from the contract and from Linux's
 * manual pages, not from the map.
 */
#include "error_map.h"

#include <sunpath/error.h>

#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#define LARGEST_ERRNO 4095
#define ANY (-1)

static const int operations[] = {
#define OPERATION(name, text) SP_OPERATION_##name,
    SP_OPERATION_LIST(OPERATION)
#undef OPERATION
};
#define OPERATIONS ((int)(sizeof(operations) / sizeof(operations[0])))

/* What an errno means in one operation; these go before the ones for all. */
static const struct {
    int operation, os_errno;
    enum sp_error error;
} special[] = {
    {SP_OPERATION_CONNECT, ECONNREFUSED, SP_ERROR_CONNECTION_REFUSED},
    {SP_OPERATION_CONNECT, EINVAL, SP_ERROR_CONNECTION_REFUSED},
    {SP_OPERATION_CONNECT, ECONNRESET, SP_ERROR_CONNECTION_REFUSED},
    {SP_OPERATION_CONNECT, EPROTOTYPE, SP_ERROR_UNSUPPORTED},
    {SP_OPERATION_CONNECT, EISCONN, SP_ERROR_OPERATION},
    {SP_OPERATION_CONNECT, ETIMEDOUT, SP_ERROR_TIMEOUT},
    {SP_OPERATION_BIND, EADDRINUSE, SP_ERROR_ADDRESS_IN_USE},
    {SP_OPERATION_BIND, EINVAL, SP_ERROR_OPERATION},
    {SP_OPERATION_LISTEN, EADDRINUSE, SP_ERROR_ADDRESS_IN_USE},
    {SP_OPERATION_LOCK, EWOULDBLOCK, SP_ERROR_ADDRESS_IN_USE},
    {SP_OPERATION_LOCK, EEXIST, SP_ERROR_ADDRESS_IN_USE},
    {SP_OPERATION_MODE, ESTALE, SP_ERROR_ADDRESS_IN_USE},
    {SP_OPERATION_SEND, EPIPE, SP_ERROR_PEER_CLOSED},
    {SP_OPERATION_SEND, ECONNRESET, SP_ERROR_PEER_CLOSED},
    {SP_OPERATION_SEND, ENOTCONN, SP_ERROR_PEER_CLOSED},
    {SP_OPERATION_SEND, EMSGSIZE, SP_ERROR_DATAGRAM_TOO_LARGE},
    {SP_OPERATION_CREDENTIALS, ESRCH, SP_ERROR_PEER_CLOSED},
    {SP_OPERATION_CREDENTIALS, EINVAL, SP_ERROR_PEER_CLOSED},
    {SP_OPERATION_RECEIVE, ECONNRESET, SP_ERROR_PEER_CLOSED},
    {SP_OPERATION_RECEIVE, ENOTCONN, SP_ERROR_PEER_CLOSED},
    {SP_OPERATION_RECEIVE, EINVAL, SP_ERROR_PEER_CLOSED},
};
#define SPECIALS (sizeof(special) / sizeof(special[0]))

/* What an errno means wherever else it comes from. */
static const struct {
    enum sp_error error;
    int os_errnos[10];
} general[] = {
    {SP_ERROR_RESOURCE, {EMFILE, ENFILE, ENOMEM, ENOBUFS, ENOSPC, EDQUOT, ETOOMANYREFS}},
    {SP_ERROR_ACCESS, {EACCES, EPERM, EROFS}},
    {SP_ERROR_SERVER_NOT_FOUND, {ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG}},
    {SP_ERROR_UNSUPPORTED,
     {EAFNOSUPPORT, EPROTONOSUPPORT, EOPNOTSUPP, ENOPROTOOPT, ENOTSOCK, EBADF, ENOSYS}},
};

static enum sp_error expected(int operation, int os_errno)
{
    for (size_t i = 0; i < SPECIALS; i++) {
        if (special[i].operation == operation && special[i].os_errno == os_errno)
            return special[i].error;
    }
    for (size_t i = 0; i < sizeof(general) / sizeof(general[0]); i++) {
        for (const int *known = general[i].os_errnos; *known != 0; known++) {
            if (*known == os_errno)
                return general[i].error;
        }
    }
    return SP_ERROR_UNKNOWN;
}

/* Covers: STAT-08, STAT-15, QT-B9 */
Test(error_map, every_errno_of_every_operation)
{
    unsigned wrong = 0;

    for (int i = 0; i < OPERATIONS; i++) {
        for (int os_errno = 0; os_errno <= LARGEST_ERRNO; os_errno++) {
            enum sp_operation operation = (enum sp_operation)operations[i];
            struct sp_error_detail detail;
            struct sp__fault fault;
            int r;

            memset(&fault, 0xa5, sizeof(fault));
            /* What was left in errno by something else must not matter. */
            errno = os_errno % 2 != 0 ? EAGAIN : EADDRINUSE;
            r = sp__fail_os(&fault, operation, -os_errno);
            sp__fault_detail(&fault, &detail);
            wrong += r != (int)expected((int)operation, os_errno) || (int)detail.error != r ||
                     detail.operation != operation || detail.cause != SP_CAUSE_OS ||
                     detail.os_errno != os_errno;
        }
    }
    cr_assert_eq(wrong, 0, "%u pairs of operation and errno are mapped wrongly", wrong);
}

/* A seam may return any number; what is no errno must not wrap into one. */
Test(error_map, what_is_no_errno_is_unknown)
{
    static const int64_t results[] = {
        0,
        1,
        INT_MAX,
        INT64_MAX,
        -4096,
        INT_MIN,
        INT64_MIN,
        -65536 - ENOENT,
        -(INT64_C(1) << 32) - ENOENT,
    };

    for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
        struct sp_error_detail detail;
        struct sp__fault fault;

        cr_assert_eq(sp__fail_os(&fault, SP_OPERATION_CONNECT, results[i]), SP_ERROR_UNKNOWN);
        sp__fault_detail(&fault, &detail);
        cr_assert_eq(detail.os_errno, 0);
    }
}

/* A row that an earlier one hides would never be used. */
Test(error_map, no_row_is_hidden)
{
    for (size_t i = 0; i < sp__error_row_count; i++) {
        const struct sp__error_row *row = &sp__error_rows[i];

        for (size_t j = 0; j < i; j++) {
            const struct sp__error_row *before = &sp__error_rows[j];

            cr_assert(before->os_errno != row->os_errno ||
                          (before->operation != ANY && before->operation != row->operation),
                      "row %zu hides row %zu", j, i);
        }
    }
}

Test(error_map, a_failure_without_errno_keeps_what_it_is_told)
{
    struct sp_error_detail detail;
    struct sp__fault fault;
    int r;

    memset(&fault, 0xa5, sizeof(fault));
    errno = EACCES;
    r = sp__fail(&fault, SP_ERROR_UNTRUSTED, SP_OPERATION_ALLOCATE, SP_CAUSE_IO_LIES);
    sp__fault_detail(&fault, &detail);
    cr_assert_eq(r, SP_ERROR_UNTRUSTED);
    cr_assert_eq(detail.error, SP_ERROR_UNTRUSTED);
    cr_assert_eq(detail.operation, SP_OPERATION_ALLOCATE, "the last of its list");
    cr_assert_eq(detail.cause, SP_CAUSE_IO_LIES, "the last of its list");
    cr_assert_eq(detail.os_errno, 0);
}

/* ---- the numbers and the texts ---- */

/* Qt 6.4.2: QLocalSocket::LocalSocketError and the values of QAbstractSocket behind it. */
static const struct {
    int error;
    const char *name, *qt;
} qt_errors[] = {
    {-1, "SP_ERROR_CONNECTION_REFUSED", "ConnectionRefusedError"},
    {-2, "SP_ERROR_PEER_CLOSED", "PeerClosedError"},
    {-3, "SP_ERROR_SERVER_NOT_FOUND", "ServerNotFoundError"},
    {-4, "SP_ERROR_ACCESS", "SocketAccessError"},
    {-5, "SP_ERROR_RESOURCE", "SocketResourceError"},
    {-6, "SP_ERROR_TIMEOUT", "SocketTimeoutError"},
    {-7, "SP_ERROR_DATAGRAM_TOO_LARGE", "DatagramTooLargeError"},
    {-8, "SP_ERROR_CONNECTION", "ConnectionError"},
    {-9, "SP_ERROR_UNSUPPORTED", "UnsupportedSocketOperationError"},
    {-10, "SP_ERROR_UNKNOWN", "UnknownSocketError"},
    {-11, "SP_ERROR_OPERATION", "OperationError"},
    {-12, "SP_ERROR_ADDRESS_IN_USE", "AddressInUseError"},
    {-13, "SP_ERROR_ARGUMENT", ""},
    {-14, "SP_ERROR_LIMIT", ""},
    {-15, "SP_ERROR_UNTRUSTED", ""},
};
#define ERRORS ((int)(sizeof(qt_errors) / sizeof(qt_errors[0])))

Test(error, numbers_and_names_are_those_of_qt_and_then_ours)
{
    for (int i = 0; i < ERRORS; i++) {
        cr_assert_str_eq(sp_error_name(qt_errors[i].error), qt_errors[i].name);
        cr_assert_str_eq(sp_error_qt_name(qt_errors[i].error), qt_errors[i].qt);
    }
    cr_assert_str_eq(sp_error_name(SP_OK), "SP_OK");
    cr_assert_str_eq(sp_error_qt_name(SP_OK), "");
}

static bool is_sentence(const char *text)
{
    size_t length = strlen(text);

    for (size_t i = 0; i < length; i++) {
        if (text[i] < ' ' || text[i] > '~')
            return false;
    }
    return length > 0 && text[length - 1] != '.' && text[0] != ' ';
}

Test(error, every_error_operation_and_cause_has_a_text_of_its_own)
{
    const char *texts[128];
    int count = 0;

    for (int error = 0; error >= -ERRORS; error--)
        texts[count++] = sp_error_string(error);
    for (int i = 0; i < OPERATIONS; i++)
        texts[count++] = sp_operation_string((enum sp_operation)operations[i]);
    /* Causes are counted by what the list says, past NONE, whose text is empty. */
    for (int cause = 1; strcmp(sp_cause_string((enum sp_cause)cause), "?") != 0; cause++)
        texts[count++] = sp_cause_string((enum sp_cause)cause);
    cr_assert_gt(count, ERRORS + OPERATIONS + SP_CAUSE_IO_LIES);
    for (int i = 0; i < count; i++) {
        cr_assert(is_sentence(texts[i]), "'%s'", texts[i]);
        for (int j = 0; j < i; j++)
            cr_assert_str_neq(texts[i], texts[j]);
    }
    cr_assert_str_eq(sp_cause_string(SP_CAUSE_NONE), "");
}

Test(error, numbers_that_are_none_of_ours_have_a_text_too)
{
    static const int numbers[] = {1, 2, 4095, INT_MAX, INT_MIN, INT_MIN + 1, -ERRORS - 1, -4096};

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        cr_assert_str_eq(sp_error_name(numbers[i]), "SP_ERROR_?");
        cr_assert_str_eq(sp_error_qt_name(numbers[i]), "");
        cr_assert(is_sentence(sp_error_string(numbers[i])));
    }
    for (size_t i = 2; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        cr_assert_str_eq(sp_operation_string((enum sp_operation)numbers[i]), "?");
        cr_assert_str_eq(sp_cause_string((enum sp_cause)numbers[i]), "?");
    }
    cr_assert_str_eq(sp_operation_string((enum sp_operation)OPERATIONS), "?");
}
