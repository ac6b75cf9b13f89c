/* SPDX-License-Identifier: MIT */
/*
 * Events as callbacks, for those who want them.
 *
 * Takes events one by one and calls the handler of each. Nothing of the object is touched after a
 * handler returns unless the object still exists: a handler may close, abort, reconnect or free it,
 * and may dispatch again.
 */
#ifndef SUNPATH_DISPATCH_H
#define SUNPATH_DISPATCH_H

#include <sunpath/server.h>
#include <sunpath/socket.h>

SP_BEGIN_DECLS

/* NULL members are skipped. @user is what sp_socket_set_user() was given. */
struct sp_socket_handlers {
    void (*state_changed)(struct sp_socket *socket, void *user, enum sp_state state);
    void (*connected)(struct sp_socket *socket, void *user);
    void (*disconnected)(struct sp_socket *socket, void *user);
    void (*ready_read)(struct sp_socket *socket, void *user);
    void (*bytes_written)(struct sp_socket *socket, void *user, uint64_t bytes);
    void (*read_finished)(struct sp_socket *socket, void *user);
    void (*about_to_close)(struct sp_socket *socket, void *user);
    void (*error_occurred)(struct sp_socket *socket, void *user, enum sp_error error);
    void (*events_lost)(struct sp_socket *socket, void *user, uint64_t count);
};

struct sp_server_handlers {
    void (*new_connection)(struct sp_server *server, void *user);
    void (*error_occurred)(struct sp_server *server, void *user, enum sp_error error);
    void (*events_lost)(struct sp_server *server, void *user, uint64_t count);
};

/* Events one sp_*_dispatch() delivers before it returns, so that a handler that keeps making new
 * ones (connect in the error handler) cannot hold the loop for ever. */
#define SP_DISPATCH_EVENTS_MAX 64

/* Dispatching inside a handler, as a loop nested in one does, delivers one event a call; nested
 * this deep it delivers none. So a handler that makes new events and dispatches them cannot exhaust
 * the stack. */
#define SP_DISPATCH_DEPTH_MAX 8

/** sp_socket_dispatch() - deliver what is recorded. Return: true if the socket still exists. If it
 * does, ask sp_socket_has_events() whether the bound cut it short. */
SP_API bool sp_socket_dispatch(struct sp_socket *socket, const struct sp_socket_handlers *handlers);
/** sp_server_dispatch() - the same for a server. */
SP_API bool sp_server_dispatch(struct sp_server *server, const struct sp_server_handlers *handlers);
/** sp_socket_has_events(), sp_server_has_events() - true if an event is recorded and not taken: do
 * not sleep yet. */
SP_API bool sp_socket_has_events(const struct sp_socket *socket);
SP_API bool sp_server_has_events(const struct sp_server *server);

SP_END_DECLS

#endif
