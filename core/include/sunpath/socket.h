/* SPDX-License-Identifier: MIT */
/*
 * A local socket: the client end, or one connection of a server.
 *
 * Semantics of QLocalSocket, with the differences listed in docs/semantics.md. One object belongs
 * to one thread at a time; objects are independent.
 *
 * How a call fails: a negative return value means that the call was refused and nothing moved:
 * state, buffers, descriptors, files and events are as before (only sp_socket_error() remembers
 * it). What happens to a connection afterwards arrives as events. A connect that was started
 * therefore returns SP_OK even if the kernel refuses it on the spot; the events, and
 * sp_socket_state(), say so.
 *
 * How to drive it from a loop:
 *     watch sp_socket_fd() for sp_socket_interest(), until sp_socket_deadline()
 *     sp_socket_process(socket, what happened)     (0 when only the deadline passed)
 *     while (sp_socket_next_event(socket, &event)) ...
 * Small writes are gathered; they leave when sp_socket_next_event() has nothing more to say (that
 * is, before the loop sleeps), at sp_socket_flush(), or past SP_GATHER_MAX.
 */
#ifndef SUNPATH_SOCKET_H
#define SUNPATH_SOCKET_H

#include <sunpath/address.h>
#include <sunpath/context.h>
#include <sunpath/event.h>
#include <sunpath/io.h>
#include <sunpath/peer.h>

SP_BEGIN_DECLS

struct sp_socket;

/* As QIODevice::OpenMode. */
enum sp_mode {
    SP_READ_ONLY = 1,
    SP_WRITE_ONLY = 2, /* what the peer sends stays in the kernel and holds the peer back */
    SP_READ_WRITE = 3,
};

/* ---- life ---- */

/**
 * sp_socket_new() - an unconnected socket
 * @ret: to be given to sp_socket_free()
 *
 * Makes no system call; the descriptor is made by connect. Return: SP_OK or SP_ERROR_RESOURCE.
 */
SP_API SP_MUST_CHECK int sp_socket_new(struct sp_socket **ret, const struct sp_context *context);

/**
 * sp_socket_free() - end of the object, in any state, also inside a dispatch handler
 *
 * As sp_socket_abort() without events. Bytes not yet sent are discarded: call
 * sp_socket_disconnect() and wait for SP_EVENT_DISCONNECTED, or sp_socket_wait_disconnected(), to
 * have them delivered. NULL is allowed.
 */
SP_API void sp_socket_free(struct sp_socket *socket);

/** sp_socket_set_user(), sp_socket_user() - one pointer for the application; never looked at. */
SP_API void sp_socket_set_user(struct sp_socket *socket, void *user);
SP_API void *sp_socket_user(const struct sp_socket *socket);

/* ---- connecting ---- */

/**
 * sp_socket_set_name() - the name that sp_socket_open() will connect to
 * @name, @length: absolute or short server name; @length may be SP_STRLEN
 *
 * Return: SP_OK; SP_ERROR_OPERATION unless unconnected; SP_ERROR_SERVER_NOT_FOUND with the cause of
 * sp_address_name(); SP_ERROR_RESOURCE. From Qt: setServerName(), which accepts anything.
 */
SP_API SP_MUST_CHECK int sp_socket_set_name(struct sp_socket *socket, const void *name,
                                            size_t length);

/** sp_socket_set_address() - as sp_socket_set_name() with an address; how abstract names are given.
 * Also SP_ERROR_SERVER_NOT_FOUND with SP_CAUSE_NAME_EMPTY for an unnamed address. */
SP_API SP_MUST_CHECK int sp_socket_set_address(struct sp_socket *socket,
                                               const struct sp_address *address);

/**
 * sp_socket_open() - start connecting to the name set before
 *
 * Events: STATE(CONNECTING), then STATE(CONNECTED) and CONNECTED at once or later, or
 * STATE(UNCONNECTED) and ERROR. A full backlog is tried again on a timer until the connect timeout,
 * then ERROR(TIMEOUT). An unconnected descriptor that was adopted is used; otherwise one is made.
 * What was left unread of an earlier connection is dropped first.
 *
 * Return: SP_OK: started. SP_ERROR_OPERATION: not unconnected. SP_ERROR_ARGUMENT: @mode.
 * SP_ERROR_SERVER_NOT_FOUND with SP_CAUSE_NAME_EMPTY: no name was set. From Qt:
 * QLocalSocket::open(), connectToServer().
 */
SP_API SP_MUST_CHECK int sp_socket_open(struct sp_socket *socket, enum sp_mode mode);

/** sp_socket_connect() - sp_socket_set_name() and sp_socket_open() in one; if it fails the name is
 * as before. */
SP_API SP_MUST_CHECK int sp_socket_connect(struct sp_socket *socket, const void *name,
                                           size_t length, enum sp_mode mode);
/** sp_socket_connect_address() - sp_socket_set_address() and sp_socket_open() in one. */
SP_API SP_MUST_CHECK int sp_socket_connect_address(struct sp_socket *socket,
                                                   const struct sp_address *address,
                                                   enum sp_mode mode);

/**
 * sp_socket_set_connect_timeout() - how long a full backlog is waited for
 * @ms: milliseconds, 0: not at all, -1: for ever. Default SP_CONNECT_TIMEOUT_MS_DEFAULT.
 * Return: SP_OK; SP_ERROR_ARGUMENT below -1; SP_ERROR_OPERATION unless unconnected;
 * SP_ERROR_RESOURCE.
 */
SP_API SP_MUST_CHECK int sp_socket_set_connect_timeout(struct sp_socket *socket, int ms);

/**
 * sp_socket_set_peer_policy() - who must be serving
 * @policy: copied; NULL for the default SP_PEER_CLIENT_DEFAULT
 *
 * Checked when the connection is made, before CONNECTED and before a byte is sent. A server that
 * does not fit: ERROR(UNTRUSTED) with SP_CAUSE_PEER_NOT_ALLOWED. Return: SP_OK; SP_ERROR_OPERATION
 * unless unconnected; SP_ERROR_ARGUMENT: no bit or an unknown one set, more than SP_POLICY_IDS_MAX
 * ids, or ids missing; SP_ERROR_RESOURCE.
 */
SP_API SP_MUST_CHECK int sp_socket_set_peer_policy(struct sp_socket *socket,
                                                   const struct sp_peer_policy *policy);

/**
 * sp_socket_adopt() - take over a descriptor
 * @fd:    an AF_UNIX stream socket, not listening
 * @state: SP_STATE_CONNECTED: it must be connected. SP_STATE_UNCONNECTED: it must not be; the next
 *         sp_socket_open() will use it, with the name it may be bound to.
 *
 * Validated before anything changes. On success the descriptor belongs to the socket and is made
 * close-on-exec; its O_NONBLOCK flag, which may be shared with others, is neither needed nor
 * changed. On failure it still belongs to the caller. Events when connected: STATE(CONNECTED),
 * CONNECTED. The peer policy is not applied: whoever made the connection decided.
 *
 * Return: SP_OK; SP_ERROR_OPERATION: not unconnected, or a descriptor adopted before is still held;
 * SP_ERROR_ARGUMENT: @state or @mode; SP_ERROR_UNSUPPORTED with SP_CAUSE_BAD_DESCRIPTOR,
 * WRONG_FAMILY, WRONG_TYPE, LISTENING, NOT_CONNECTED or ALREADY_CONNECTED; SP_ERROR_RESOURCE. From
 * Qt: setSocketDescriptor(), which validates nothing.
 */
SP_API SP_MUST_CHECK int sp_socket_adopt(struct sp_socket *socket, int fd, enum sp_state state,
                                         enum sp_mode mode);

/* ---- closing ---- */

/**
 * sp_socket_disconnect() - close when everything accepted has been sent
 *
 * Connected: STATE(CLOSING); then, now or after the last byte or the close timeout,
 * STATE(UNCONNECTED), ERROR if bytes were lost, READ_FINISHED, DISCONNECTED. Connecting: as
 * sp_socket_abort(). Otherwise nothing. From Qt: disconnectFromServer().
 */
SP_API void sp_socket_disconnect(struct sp_socket *socket);

/** sp_socket_close() - as sp_socket_disconnect(), with ABOUT_TO_CLOSE first when connected, and
 * what was received but not read is dropped. From Qt: close(). */
SP_API void sp_socket_close(struct sp_socket *socket);

/** sp_socket_abort() - close at once; bytes not yet sent and not yet read are discarded. Afterwards
 * the object is as new but for its configuration and its name. Events: STATE(UNCONNECTED), and
 * DISCONNECTED (after READ_FINISHED) if it was connected. From Qt: abort(). */
SP_API void sp_socket_abort(struct sp_socket *socket);

/** sp_socket_set_close_timeout() - how long CLOSING may last: milliseconds, 0: no waiting, -1: for
 * ever. Default SP_CLOSE_TIMEOUT_MS_DEFAULT. At the end ERROR(TIMEOUT) reports bytes lost. Return:
 * as the connect timeout, but allowed in any state; it counts from the beginning of CLOSING. */
SP_API SP_MUST_CHECK int sp_socket_set_close_timeout(struct sp_socket *socket, int ms);

/**
 * sp_socket_set_half_open() - whether writing goes on after the peer shut its sending side
 *
 * Default false, as in Qt: the peer's end of stream closes the connection; but unlike Qt what was
 * accepted for sending is delivered first (state CLOSING). True: READ_FINISHED is recorded and the
 * socket stays connected until it is closed or the peer goes altogether.
 */
SP_API void sp_socket_set_half_open(struct sp_socket *socket, bool half_open);

/* ---- what it is ---- */

SP_API enum sp_state sp_socket_state(const struct sp_socket *socket);
/** sp_socket_mode() - how it is open, or 0 while unconnected. */
SP_API int sp_socket_mode(const struct sp_socket *socket);
/** sp_socket_is_valid() - connected or closing, with a descriptor. From Qt, where it can be true
 * without one. */
SP_API bool sp_socket_is_valid(const struct sp_socket *socket);
/** sp_socket_descriptor() - the descriptor or -1; it remains the socket's. From Qt:
 * socketDescriptor(). */
SP_API int sp_socket_descriptor(const struct sp_socket *socket);
/**
 * sp_socket_name() - the name as requested: short names stay short; "" with length 0 if none
 * @ret_length: may be NULL; the bytes can hold NUL when the name is abstract, and are followed by
 * one
 *
 * Kept after a disconnect, so that a reconnect can use it. Of a server's connection it is the
 * server's name, never what the client chose to bind. Owned by the socket, valid until the name
 * changes. From Qt: serverName().
 */
SP_API const char *sp_socket_name(const struct sp_socket *socket, size_t *ret_length);
/** sp_socket_address() - the resolved address; unnamed if none. From Qt: fullServerName(). */
SP_API void sp_socket_address(const struct sp_socket *socket, struct sp_address *ret);
/** sp_socket_peer_address() - what the other end is bound to; the peer chose it: never a proof of
 * anything. Return: SP_OK, SP_ERROR_OPERATION without a connection, or as sp_address_decode(). */
SP_API SP_MUST_CHECK int sp_socket_peer_address(struct sp_socket *socket, struct sp_address *ret);
/** sp_socket_peer() - who is at the other end, as recorded at connect or listen. Return: SP_OK;
 * SP_ERROR_OPERATION without a connection; SP_ERROR_UNTRUSTED with SP_CAUSE_PEER_UNKNOWN when the
 * kernel has no identity for it. */
SP_API SP_MUST_CHECK int sp_socket_peer(struct sp_socket *socket, struct sp_peer *ret);
/** sp_socket_peer_pidfd() - a descriptor that stays with the peer process; the caller closes it.
 * Return: the descriptor (>= 0); SP_ERROR_OPERATION without a connection; SP_ERROR_UNSUPPORTED on
 * kernels before 6.5; SP_ERROR_PEER_CLOSED when the process is gone; SP_ERROR_RESOURCE. */
SP_API SP_MUST_CHECK int sp_socket_peer_pidfd(struct sp_socket *socket);
/** sp_socket_error() - the last failure, of a refused call or of an ERROR event; SP_OK before any
 * and after sp_socket_open() has started a connection or sp_socket_adopt() has taken one. A send
 * that failed is a failure at once, though its event waits for the peer's last words. */
SP_API enum sp_error sp_socket_error(const struct sp_socket *socket);
SP_API void sp_socket_error_detail(const struct sp_socket *socket, struct sp_error_detail *ret);
/** sp_socket_bytes_lost() - bytes of this connection accepted for sending and never handed to the
 * kernel; final once unconnected. 0 unless an ERROR event said so or the application called abort.
 */
SP_API uint64_t sp_socket_bytes_lost(const struct sp_socket *socket);

/* ---- reading; @socket need not be connected: what has arrived stays readable until close or the
 * next open ---- */

/**
 * sp_socket_read() - take bytes
 * @bytes, @capacity: where to; @capacity 0 is allowed
 *
 * Buffered bytes first; with nothing buffered and SP_IO_DATA told, the kernel writes straight to
 * @bytes.
 *
 * Return: number of bytes, 0 if there are none now; SP_ERROR_OPERATION if never connected or not
 * open for reading; SP_ERROR_PEER_CLOSED at the end of a connection, every time. From Qt: read().
 */
SP_API SP_MUST_CHECK ptrdiff_t sp_socket_read(struct sp_socket *socket, void *bytes,
                                              size_t capacity);
/** sp_socket_peek() - as sp_socket_read(), and the bytes stay. Can show at most what the read limit
 * lets in. */
SP_API SP_MUST_CHECK ptrdiff_t sp_socket_peek(struct sp_socket *socket, void *bytes,
                                              size_t capacity);
/** sp_socket_skip() - as sp_socket_read() without keeping the bytes. */
SP_API SP_MUST_CHECK ptrdiff_t sp_socket_skip(struct sp_socket *socket, size_t count);
/**
 * sp_socket_read_line() - up to and with the next '\n', at most @capacity bytes, never a terminator
 *
 * Without a newline: what there is if @capacity is filled, the read limit is reached or the
 * connection has ended; else 0: the rest of the line is still to come. Embedded NULs are bytes like
 * others. Return: as sp_socket_read(). From Qt: readLine(), which counts a terminator and returns
 * parts of lines.
 */
SP_API SP_MUST_CHECK ptrdiff_t sp_socket_read_line(struct sp_socket *socket, void *bytes,
                                                   size_t capacity);
/** sp_socket_get_char() - next byte as 0..255; otherwise as sp_socket_read(), but SP_ERROR_LIMIT
 * when none is there now. */
SP_API SP_MUST_CHECK int sp_socket_get_char(struct sp_socket *socket);
/** sp_socket_unget_char() - put a byte back in front; also above the read limit, but not inside a
 * transaction. Return: SP_OK; SP_ERROR_OPERATION if not open for reading; SP_ERROR_RESOURCE. */
SP_API SP_MUST_CHECK int sp_socket_unget_char(struct sp_socket *socket, unsigned char byte);
/** sp_socket_bytes_available() - bytes that reads will give without waiting; fetches up to the read
 * limit from the kernel if the loop reported some. */
SP_API size_t sp_socket_bytes_available(struct sp_socket *socket);
/** sp_socket_can_read_line() - true when sp_socket_read_line() with a large capacity would give
 * more than 0. */
SP_API bool sp_socket_can_read_line(struct sp_socket *socket);
/** sp_socket_at_end() - no byte available now; from Qt: atEnd(). Not "the connection has ended". */
SP_API bool sp_socket_at_end(struct sp_socket *socket);
/** sp_socket_set_read_limit() - bytes to read ahead; 0: no limit. Below what is buffered: reading
 * pauses until it is drained. Default SP_READ_LIMIT_DEFAULT. From Qt: setReadBufferSize(), whose
 * default is no limit. */
SP_API void sp_socket_set_read_limit(struct sp_socket *socket, size_t bytes);
SP_API size_t sp_socket_read_limit(const struct sp_socket *socket);

/**
 * sp_socket_start_transaction() - reads from here on can be taken back
 *
 * Return: SP_OK; SP_ERROR_OPERATION if one is started already or not open for reading;
 * SP_ERROR_RESOURCE. Bytes read inside count towards the read limit until committed. Ends by itself
 * at close, abort and open. From Qt: startTransaction().
 */
SP_API SP_MUST_CHECK int sp_socket_start_transaction(struct sp_socket *socket);
/** sp_socket_commit_transaction(), sp_socket_rollback_transaction() - SP_ERROR_OPERATION without a
 * transaction. */
SP_API SP_MUST_CHECK int sp_socket_commit_transaction(struct sp_socket *socket);
SP_API SP_MUST_CHECK int sp_socket_rollback_transaction(struct sp_socket *socket);
SP_API bool sp_socket_in_transaction(const struct sp_socket *socket);

/* ---- writing ---- */

/**
 * sp_socket_write() - accept bytes for the peer
 * @bytes, @length: may be NULL and 0: nothing happens, and that is a success
 *
 * What is accepted is delivered once, in order, or reported as lost. Copies small writes; sends a
 * large one from @bytes when nothing is queued before it.
 *
 * Return: number of bytes accepted, 1 to @length; less than @length means the write limit is
 * reached: go on after BYTES_WRITTEN. SP_ERROR_LIMIT: no room at all. SP_ERROR_OPERATION: not
 * connected, or not open for writing. SP_ERROR_PEER_CLOSED: the peer has gone. SP_ERROR_RESOURCE:
 * no memory; nothing accepted. From Qt: write().
 */
SP_API SP_MUST_CHECK ptrdiff_t sp_socket_write(struct sp_socket *socket, const void *bytes,
                                               size_t length);
/** sp_socket_put_char() - one byte. Return: SP_OK or as sp_socket_write(). */
SP_API SP_MUST_CHECK int sp_socket_put_char(struct sp_socket *socket, unsigned char byte);
/**
 * sp_socket_flush() - hand as much as possible to the kernel now
 *
 * Return: bytes handed over, 0 if the kernel takes no more or nothing was queued;
 * SP_ERROR_OPERATION if not connected or closing; SP_ERROR_PEER_CLOSED. A failure is also an event.
 * From Qt: flush().
 */
SP_API ptrdiff_t sp_socket_flush(struct sp_socket *socket);
/** sp_socket_bytes_to_write() - bytes accepted and not yet handed to the kernel. */
SP_API size_t sp_socket_bytes_to_write(const struct sp_socket *socket);
/** sp_socket_set_write_limit() - bound of sp_socket_bytes_to_write(); 0: none. Default
 * SP_WRITE_LIMIT_DEFAULT. */
SP_API void sp_socket_set_write_limit(struct sp_socket *socket, size_t bytes);
SP_API size_t sp_socket_write_limit(const struct sp_socket *socket);

/* ---- waiting: @ms milliseconds of the monotonic clock, 0: look once, -1: for ever; signals do not
 * prolong them ----
 *
 * Each returns SP_OK where Qt's waitFor*() returns true; SP_ERROR_TIMEOUT when time is up (the
 * socket stays as it is and no event is recorded); SP_ERROR_OPERATION when it can never come true
 * in this state; or what ended the connection meanwhile. SP_ERROR_ARGUMENT for @ms below -1. Events
 * are recorded as always and stay to be taken. */

/** sp_socket_wait_connected() - true at once when connected. */
SP_API SP_MUST_CHECK int sp_socket_wait_connected(struct sp_socket *socket, int ms);
/** sp_socket_wait_ready_read() - true exactly when bytes were added to those available. */
SP_API SP_MUST_CHECK int sp_socket_wait_ready_read(struct sp_socket *socket, int ms);
/** sp_socket_wait_bytes_written() - true when bytes went to the kernel; SP_ERROR_OPERATION if none
 * are queued. */
SP_API SP_MUST_CHECK int sp_socket_wait_bytes_written(struct sp_socket *socket, int ms);
/** sp_socket_wait_disconnected() - true when it becomes unconnected; SP_ERROR_OPERATION if it is
 * already. */
SP_API SP_MUST_CHECK int sp_socket_wait_disconnected(struct sp_socket *socket, int ms);

/* ---- the loop ---- */

/** sp_socket_fd() - what to watch, or -1. */
SP_API int sp_socket_fd(const struct sp_socket *socket);
/** sp_socket_interest() - enum sp_io bits to watch for; 0: take it out of the poll set. See
 * sunpath/io.h. */
SP_API unsigned sp_socket_interest(const struct sp_socket *socket);
/** sp_socket_deadline() - when to call sp_socket_process() with 0, in nanoseconds of the seam's
 * clock (CLOCK_MONOTONIC); SP_NEVER if nothing is timed. sp_context_timeout_ms() makes it a timeout
 * for poll(). */
SP_API uint64_t sp_socket_deadline(const struct sp_socket *socket);
/**
 * sp_socket_process() - do what has become possible
 * @ready: enum sp_io bits that were observed; 0 when only time has passed
 *
 * Bounded work: at most SP_PROCESS_BYTES_MAX in each direction. Harmless in every state and with
 * wrong bits: at worst a system call finds nothing. Does not call back.
 */
SP_API void sp_socket_process(struct sp_socket *socket, unsigned ready);
/**
 * sp_socket_next_event() - take the oldest event
 *
 * When there is none left, gathered writes are sent, which can make new ones.
 * Return: true and @ret_event, or false; @ret_event then holds nothing of meaning.
 */
SP_API SP_MUST_CHECK bool sp_socket_next_event(struct sp_socket *socket,
                                               struct sp_event *ret_event);

/** sp_socket_validate() - check every invariant of the object; true when all hold. For tests and
 * debuggers; builds with checks call it on entry and exit of every function. */
SP_API bool sp_socket_validate(const struct sp_socket *socket);

SP_END_DECLS

#endif
