/* SPDX-License-Identifier: MIT */
/*
 * Errors: what went wrong, in which operation, and why.
 *
 * A public function returns 0 or a positive count, or one of enum sp_error,
 * all of which are negative. The first eleven are those of
 * QLocalSocket::LocalSocketError, in Qt's order; the rest say what Qt leaves to
 * QAbstractSocket::SocketError or to nobody. Where an object is involved, its
 * last failure is kept as a struct sp_error_detail.
 *
 * An error is a function of its cause: the table core/src/error_map.c is the
 * only place where (operation, errno) becomes an enum sp_error. errno itself is
 * never read outside core/os.
 */
#ifndef SUNPATH_ERROR_H
#define SUNPATH_ERROR_H

#include <sunpath/export.h>

#include <stdint.h>

SP_BEGIN_DECLS

/* X(NAME, number, name in Qt, explanation) */
#define SP_ERROR_LIST(X)                                                                          \
    X(CONNECTION_REFUSED, 1, "ConnectionRefusedError", "nobody listens at this name")             \
    X(PEER_CLOSED, 2, "PeerClosedError", "the peer has closed the connection")                    \
    X(SERVER_NOT_FOUND, 3, "ServerNotFoundError", "the server name does not exist or is invalid") \
    X(ACCESS, 4, "SocketAccessError", "access denied")                                            \
    X(RESOURCE, 5, "SocketResourceError", "out of descriptors, memory or another resource")       \
    X(TIMEOUT, 6, "SocketTimeoutError", "the operation took too long")                            \
    X(DATAGRAM_TOO_LARGE, 7, "DatagramTooLargeError", "the datagram is too large")                \
    X(CONNECTION, 8, "ConnectionError", "the connection failed")                                  \
    X(UNSUPPORTED, 9, "UnsupportedSocketOperationError",                                          \
      "the descriptor or system cannot do this")                                                  \
    X(UNKNOWN, 10, "UnknownSocketError", "an error that has no row in the error map")             \
    X(OPERATION, 11, "OperationError", "not allowed in this state")                               \
    X(ADDRESS_IN_USE, 12, "AddressInUseError", "the name is taken")                               \
    X(ARGUMENT, 13, "", "an argument is invalid")                                                 \
    X(LIMIT, 14, "", "a limit is reached; try again when there is room")                          \
    X(UNTRUSTED, 15, "", "the path or the peer is not trusted by the policy in force")

enum sp_error {
    SP_OK = 0,
#define SP_ERROR_ENUM(name, number, qt, text) SP_ERROR_##name = -(number),
    SP_ERROR_LIST(SP_ERROR_ENUM)
#undef SP_ERROR_ENUM
};

/* What was being done. X(NAME, text) */
#define SP_OPERATION_LIST(X)                      \
    X(NONE, "nothing")                            \
    X(NAME, "resolve the name")                   \
    X(SOCKET, "create a socket")                  \
    X(CONNECT, "connect")                         \
    X(BIND, "bind")                               \
    X(LISTEN, "listen")                           \
    X(ACCEPT, "accept")                           \
    X(SEND, "send")                               \
    X(RECEIVE, "receive")                         \
    X(POLL, "wait for readiness")                 \
    X(CLOSE, "close")                             \
    X(ADOPT, "adopt a descriptor")                \
    X(CREDENTIALS, "read the peer's credentials") \
    X(DIRECTORY, "examine the directory")         \
    X(MODE, "set the access mode")                \
    X(LOCK, "lock the name")                      \
    X(REMOVE, "remove the socket file")           \
    X(READ, "read")                               \
    X(WRITE, "write")                             \
    X(CONFIGURE, "configure")                     \
    X(ALLOCATE, "allocate memory")

enum sp_operation {
#define SP_OPERATION_ENUM(name, text) SP_OPERATION_##name,
    SP_OPERATION_LIST(SP_OPERATION_ENUM)
#undef SP_OPERATION_ENUM
};

/* Why, where an errno does not say it. X(NAME, text) */
#define SP_CAUSE_LIST(X)                                                           \
    X(NONE, "")                                                                    \
    X(OS, "the system refused")                                                    \
    X(STATE, "wrong state for this call")                                          \
    X(MODE, "not open for this direction")                                         \
    X(NAME_EMPTY, "the name is empty")                                             \
    X(NAME_TOO_LONG, "the name does not fit a socket address")                     \
    X(NAME_HAS_NUL, "the name holds a NUL byte")                                   \
    X(NAME_HAS_SLASH, "a short name must not hold a slash")                        \
    X(NAME_IS_DIRECTORY, "the name can only be a directory")                       \
    X(NAME_NOT_ABSOLUTE, "the path must be absolute")                              \
    X(NAME_SYNTAX, "the printed name cannot be parsed")                            \
    X(BACKLOG_FULL, "the server's backlog stayed full until the deadline")         \
    X(DEADLINE, "the deadline passed")                                             \
    X(SERVER_ALIVE, "a server answers at this name")                               \
    X(STALE_SOCKET, "a socket file is in the way, and nobody listens behind it")   \
    X(NOT_A_SOCKET, "something that is not a socket is in the way")                \
    X(BUSY, "another process is creating or removing this name right now")         \
    X(REPLACED, "the path no longer leads to what was found or made there")        \
    X(DIRECTORY_OWNER, "a directory on the path belongs to another user")          \
    X(DIRECTORY_WRITABLE, "others can replace entries of a directory on the path") \
    X(LINK_OWNER, "a symbolic link on the path belongs to another user")           \
    X(LINK_LOOP, "too many symbolic links")                                        \
    X(PEER_NOT_ALLOWED, "the peer's credentials do not satisfy the policy")        \
    X(PEER_UNKNOWN, "the peer has no credentials")                                 \
    X(BAD_DESCRIPTOR, "not an open descriptor")                                    \
    X(WRONG_FAMILY, "not an AF_UNIX socket")                                       \
    X(WRONG_TYPE, "not a stream socket")                                           \
    X(NOT_LISTENING, "the socket is not listening")                                \
    X(LISTENING, "the socket is a listening one")                                  \
    X(NOT_CONNECTED, "the socket is not connected")                                \
    X(ALREADY_CONNECTED, "the socket is connected already")                        \
    X(BYTES_LOST, "bytes accepted for sending could not be sent")                  \
    X(RESET, "the peer left bytes of ours unread")                                 \
    X(NO_ROOM, "the buffer is full")                                               \
    X(NO_MEMORY, "memory ran out")                                                 \
    X(IO_LIES, "the loop reported readiness that did not hold")

enum sp_cause {
#define SP_CAUSE_ENUM(name, text) SP_CAUSE_##name,
    SP_CAUSE_LIST(SP_CAUSE_ENUM)
#undef SP_CAUSE_ENUM
};

/**
 * struct sp_error_detail - one failure, as exactly as it is known
 * @error:     what the function returned or the error event carried; SP_OK: no failure yet
 * @operation: what was being done
 * @cause:     why; SP_CAUSE_OS when @os_errno says it
 * @os_errno:  the positive errno value of the system call, or 0
 */
struct sp_error_detail {
    enum sp_error error;
    enum sp_operation operation;
    enum sp_cause cause;
    int os_errno;
};

/** sp_error_string() - one English sentence without a full stop; never NULL, for any @error. */
SP_API const char *sp_error_string(int error);
/** sp_error_name() - "SP_ERROR_TIMEOUT" and so on; "SP_ERROR_?" for a number not in the list. */
SP_API const char *sp_error_name(int error);
/** sp_error_qt_name() - the enumerator in Qt, "" where Qt has none. */
SP_API const char *sp_error_qt_name(int error);
/** sp_operation_string() - "connect" and so on; "?" for a number not in the list. */
SP_API const char *sp_operation_string(enum sp_operation operation);
/** sp_cause_string() - explanation of the cause; "" for none, "?" for a number not in the list. */
SP_API const char *sp_cause_string(enum sp_cause cause);

SP_END_DECLS

#endif
