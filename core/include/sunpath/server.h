/* SPDX-License-Identifier: MIT */
/*
 * A local server: listens at a name and hands out connections.
 *
 * Semantics of QLocalServer, with the differences listed in docs/semantics.md. What a failed call,
 * an event and a loop mean is as in sunpath/socket.h. Errors of accept() never end the service:
 * they are events, and accepting resumes by itself.
 *
 * Files: listening at a path creates one socket file, with the wanted mode from the first instant
 * at which anybody can connect. Only that file (same device and inode, still a socket) is removed,
 * by close or by a listen that fails later on; a failed listen leaves the directory as it was.
 */
#ifndef SUNPATH_SERVER_H
#define SUNPATH_SERVER_H

#include <sunpath/address.h>
#include <sunpath/context.h>
#include <sunpath/event.h>
#include <sunpath/io.h>
#include <sunpath/peer.h>
#include <sunpath/socket.h>
#include <sunpath/trust.h>

SP_BEGIN_DECLS

struct sp_server;

/* Who may connect. As QLocalServer::SocketOption; the mode of the socket file is the sum of the
 * bits. On an abstract name, which has no mode, the peer's credentials are held against the same
 * bits. */
enum sp_access {
    SP_ACCESS_USER = 0700,  /* the default */
    SP_ACCESS_GROUP = 0070, /* the effective group of the server */
    SP_ACCESS_OTHER = 0007,
    SP_ACCESS_WORLD = 0777,
    /* Qt's "no option": 0777 less the umask. Named, so that nobody gets it by saying nothing. Not
     * for abstract names: no umask changes what they do not have. */
    SP_ACCESS_UMASK = 01000,
};

/* ---- life and configuration: setters return SP_ERROR_OPERATION while listening ---- */

/** sp_server_new() - Return: SP_OK or SP_ERROR_RESOURCE. Makes no system call. */
SP_API SP_MUST_CHECK int sp_server_new(struct sp_server **ret, const struct sp_context *context);
/** sp_server_free() - closes, frees connections not taken; NULL is allowed; also inside a dispatch
 * handler. */
SP_API void sp_server_free(struct sp_server *server);
SP_API void sp_server_set_user(struct sp_server *server, void *user);
SP_API void *sp_server_user(const struct sp_server *server);

/** sp_server_set_access() - any sum of USER, GROUP, OTHER, or UMASK alone; SP_ERROR_ARGUMENT
 * otherwise.
 * Without the USER bit a server that is not root cannot connect to its own file either: later it
 * cannot tell a stale one from a live one, and neither taking over nor SP_REMOVE_STALE works on it.
 */
SP_API SP_MUST_CHECK int sp_server_set_access(struct sp_server *server, unsigned access);
/** sp_server_set_backlog() - connections the kernel keeps before accept; it admits @backlog + 1. 0
 * to 65535, else SP_ERROR_ARGUMENT. The kernel cuts it at net.core.somaxconn. Default
 * SP_BACKLOG_DEFAULT. */
SP_API SP_MUST_CHECK int sp_server_set_backlog(struct sp_server *server, int backlog);
/** sp_server_set_peer_policy() - who may connect beyond the access mode; checked before a
 * connection is handed out and before one byte of it is read. NULL for the default
 * SP_PEER_SERVER_DEFAULT. Return: also SP_ERROR_ARGUMENT (as for a socket; SP_PEER_DIRECTORY_OWNER
 * is not for servers), SP_ERROR_RESOURCE. */
SP_API SP_MUST_CHECK int sp_server_set_peer_policy(struct sp_server *server,
                                                   const struct sp_peer_policy *policy);
/** sp_server_set_trust() - how directories on the way to a path are judged by listen. Default
 * SP_TRUST_STRICT. */
SP_API SP_MUST_CHECK int sp_server_set_trust(struct sp_server *server, enum sp_trust trust);
/** sp_server_set_take_over() - whether listen replaces a stale socket file (nobody listens behind
 * it). Default false, as in Qt: SP_ERROR_ADDRESS_IN_USE. Two servers that start at once: one wins,
 * the other gets SP_ERROR_ADDRESS_IN_USE. */
SP_API SP_MUST_CHECK int sp_server_set_take_over(struct sp_server *server, bool take_over);
/** sp_server_set_max_pending() - connections accepted and not taken, 1 to SP_MAX_PENDING_MAX, else
 * SP_ERROR_ARGUMENT; allowed while listening. At the bound those whose client left without a
 * byte are dropped; if there are none accepting pauses, and resumes when one is taken. From Qt:
 * setMaxPendingConnections(). */
SP_API SP_MUST_CHECK int sp_server_set_max_pending(struct sp_server *server, int connections);
SP_API int sp_server_max_pending(const struct sp_server *server);
SP_API int sp_server_backlog(const struct sp_server *server);
SP_API unsigned sp_server_access(const struct sp_server *server);

/* ---- listening ---- */

/**
 * sp_server_listen() - create a socket at a name
 * @name, @length: absolute or short, @length may be SP_STRLEN
 *
 * Return: SP_OK, or with nothing created or removed:
 *   SP_ERROR_OPERATION         already listening
 *   SP_ERROR_SERVER_NOT_FOUND  the name is invalid (cause NAME_*; NAME_TOO_LONG is over
 *                              SP_LISTEN_PATH_MAX), or a directory of it does not exist
 *   SP_ERROR_ADDRESS_IN_USE    cause SERVER_ALIVE, STALE_SOCKET (and taking over was not asked
 *                              for), NOT_A_SOCKET, BUSY, REPLACED
 *   SP_ERROR_UNTRUSTED         cause DIRECTORY_OWNER, DIRECTORY_WRITABLE, LINK_OWNER, LINK_LOOP
 *   SP_ERROR_ACCESS, SP_ERROR_RESOURCE, SP_ERROR_UNKNOWN  the system refused; see the detail
 * From Qt: listen(QString), which displaces a live server when an access option is set, and on
 * failure removes the file of whoever is there.
 */
SP_API SP_MUST_CHECK int sp_server_listen(struct sp_server *server, const void *name,
                                          size_t length);
/** sp_server_listen_address() - the same for an address; how an abstract name is given. Return:
 * also SP_ERROR_UNSUPPORTED for an abstract name with SP_ACCESS_UMASK. */
SP_API SP_MUST_CHECK int sp_server_listen_address(struct sp_server *server,
                                                  const struct sp_address *address);
/**
 * sp_server_adopt() - serve on a descriptor that listens already (socket activation)
 *
 * It becomes non-blocking and close-on-exec and belongs to the server; its path is not removed by
 * close, because this object did not make it. The access mode holds here too if the name is
 * abstract: nothing else guards it. Return: SP_OK; SP_ERROR_OPERATION: already listening;
 * SP_ERROR_UNSUPPORTED with BAD_DESCRIPTOR, WRONG_FAMILY, WRONG_TYPE or NOT_LISTENING, or as
 * sp_server_listen_address(), and the descriptor still belongs to the caller. When somebody who
 * shares the socket shuts it down later: one ERROR(UNSUPPORTED), cause NOT_LISTENING, and it is
 * looked at once a second. From Qt: listen(qintptr), which validates nothing and removes the path.
 */
SP_API SP_MUST_CHECK int sp_server_adopt(struct sp_server *server, int fd);
/** sp_server_close() - stop listening; connections not taken are closed; those taken live on.
 * Removes the socket file if, and only if, it is still the one this object made, and this is the
 * process that made it: a forked child that closes its copy takes nothing from its parent. (So a
 * daemon listens after it has forked.) Harmless when not listening. */
SP_API void sp_server_close(struct sp_server *server);

SP_API bool sp_server_is_listening(const struct sp_server *server);
/** sp_server_name(), sp_server_address() - as for a socket; "" and unnamed unless listening. Of an
 * adopted descriptor: what it is bound to. From Qt: serverName(), fullServerName(). */
SP_API const char *sp_server_name(const struct sp_server *server, size_t *ret_length);
SP_API void sp_server_address(const struct sp_server *server, struct sp_address *ret);
/** sp_server_descriptor() - or -1; it remains the server's. From Qt: socketDescriptor(). */
SP_API int sp_server_descriptor(const struct sp_server *server);
/** sp_server_error() - the last failure; SP_OK after a successful listen. From Qt: serverError().
 */
SP_API enum sp_error sp_server_error(const struct sp_server *server);
SP_API void sp_server_error_detail(const struct sp_server *server, struct sp_error_detail *ret);
/** sp_server_refused() - connections closed because access or policy did not fit, since listen. */
SP_API uint64_t sp_server_refused(const struct sp_server *server);

/* ---- connections ---- */

SP_API bool sp_server_has_pending(const struct sp_server *server);
/**
 * sp_server_take() - the oldest connection as a socket, connected, open for both directions
 * @ret: belongs to the caller and is independent of the server; its events STATE(CONNECTED) and
 * CONNECTED are not recorded, as in Qt
 *
 * Return: SP_OK; SP_ERROR_LIMIT: none is waiting; SP_ERROR_RESOURCE: no memory, the connection
 * keeps waiting. From Qt: nextPendingConnection().
 */
SP_API SP_MUST_CHECK int sp_server_take(struct sp_server *server, struct sp_socket **ret);
/** sp_server_take_descriptor() - the same as a raw descriptor, which the caller closes. Return: the
 * descriptor (>= 0) or SP_ERROR_LIMIT. From Qt: incomingConnection(). */
SP_API SP_MUST_CHECK int sp_server_take_descriptor(struct sp_server *server);
/** sp_server_add() - put a connected AF_UNIX stream descriptor in the queue, as if accepted; the
 * policy is applied. On success it belongs to the server. Return: SP_OK; SP_ERROR_OPERATION: not
 * listening; SP_ERROR_LIMIT: the queue is full; SP_ERROR_UNSUPPORTED as sp_socket_adopt();
 * SP_ERROR_UNTRUSTED. From Qt: addPendingConnection(). */
SP_API SP_MUST_CHECK int sp_server_add(struct sp_server *server, int fd);
/** sp_server_wait_new_connection() - until a connection can be taken; as sp_socket_wait_*(). SP_OK
 * at once when one is waiting; SP_ERROR_TIMEOUT; SP_ERROR_OPERATION when not listening.
 * The error of an ERROR event if the descriptor cannot accept at all, rather than waiting for ever.
 * @ret_timed_out may be NULL. */
SP_API SP_MUST_CHECK int sp_server_wait_new_connection(struct sp_server *server, int ms,
                                                       bool *ret_timed_out);

/* ---- the loop: as for a socket ---- */

SP_API int sp_server_fd(const struct sp_server *server);
SP_API unsigned sp_server_interest(const struct sp_server *server);
SP_API uint64_t sp_server_deadline(const struct sp_server *server);
/** sp_server_process() - accept some of what waits: at least one, at most SP_ACCEPTS_PER_PROCESS,
 * more at once while connections come in numbers. What still waits is still ready. When resources
 * run out it pauses with a timer (interest 0) and records one ERROR(RESOURCE) for the whole pause.
 */
SP_API void sp_server_process(struct sp_server *server, unsigned ready);
SP_API SP_MUST_CHECK bool sp_server_next_event(struct sp_server *server,
                                               struct sp_event *ret_event);
SP_API bool sp_server_validate(const struct sp_server *server);

/* ---- removing what another server left ---- */

enum sp_remove {
    SP_REMOVE_STALE = 0, /* only a socket file behind which nobody listens */
    SP_REMOVE_ALIVE = 1, /* also that of a live server, which then cannot be reached any more */
};

/**
 * sp_server_remove() - remove a socket file
 * @name, @length: absolute or short, @length may be SP_STRLEN; always of a file: an abstract name,
 *                 which has none, cannot be given
 * @ret_detail:    may be NULL
 *
 * To tell stale from alive it connects, and closes at once. Return: SP_OK: removed.
 * SP_ERROR_SERVER_NOT_FOUND: nothing there, or an invalid name. SP_ERROR_ADDRESS_IN_USE: cause
 * SERVER_ALIVE, NOT_A_SOCKET, BUSY or REPLACED; nothing was removed. SP_ERROR_UNTRUSTED: as listen.
 * SP_ERROR_ACCESS. SP_ERROR_ARGUMENT: @what. From Qt: removeServer(), which removes whatever is
 * there.
 */
SP_API SP_MUST_CHECK int sp_server_remove(const struct sp_context *context, const void *name,
                                          size_t length, enum sp_remove what,
                                          struct sp_error_detail *ret_detail);

SP_END_DECLS

#endif
