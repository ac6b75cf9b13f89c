/* SPDX-License-Identifier: MIT */
/*
 * Events as callbacks.
 *
 * A handler may do anything with the object, so after one returns only the frame on our own stack
 * is known to exist; it says whether the object still does (dispatch.h). The next event is asked of
 * the object then, never remembered from before.
 *
 * Dispatching inside a handler is for loops nested in one. It delivers one event and returns: so
 * handlers that dispatch again and make new events are bounded in depth and, together, in number.
 *
 * Tests: tests/unit/test_dispatch.c, tests/integration/test_handlers.c
 */
#include "dispatch.h"

#include "server.h"
#include "socket.h"

#include <sunpath/dispatch.h>

void sp__dispatch_gone(struct sp__dispatch *innermost)
{
    for (struct sp__dispatch *frame = innermost; frame != NULL; frame = frame->outer)
        frame->gone = true;
}

/* Puts @frame innermost. Returns how many events the call may deliver. */
static unsigned begin(struct sp__dispatch **innermost, struct sp__dispatch *frame)
{
    frame->outer = *innermost;
    frame->depth = frame->outer != NULL ? frame->outer->depth + 1 : 0;
    frame->gone = false;
    *innermost = frame;
    if (frame->depth == 0)
        return SP_DISPATCH_EVENTS_MAX;
    return frame->depth < SP_DISPATCH_DEPTH_MAX ? 1 : 0;
}

/* ---- sockets ---- */

static void tell_socket(struct sp_socket *socket, const struct sp_socket_handlers *handlers,
                        const struct sp_event *event)
{
    void *user = socket->user;

    switch (event->kind) {
    case SP_EVENT_STATE:
        if (handlers->state_changed != NULL)
            handlers->state_changed(socket, user, event->state);
        break;
    case SP_EVENT_CONNECTED:
        if (handlers->connected != NULL)
            handlers->connected(socket, user);
        break;
    case SP_EVENT_DISCONNECTED:
        if (handlers->disconnected != NULL)
            handlers->disconnected(socket, user);
        break;
    case SP_EVENT_READY_READ:
        if (handlers->ready_read != NULL)
            handlers->ready_read(socket, user);
        break;
    case SP_EVENT_BYTES_WRITTEN:
        if (handlers->bytes_written != NULL)
            handlers->bytes_written(socket, user, event->bytes);
        break;
    case SP_EVENT_READ_FINISHED:
        if (handlers->read_finished != NULL)
            handlers->read_finished(socket, user);
        break;
    case SP_EVENT_ABOUT_TO_CLOSE:
        if (handlers->about_to_close != NULL)
            handlers->about_to_close(socket, user);
        break;
    case SP_EVENT_ERROR:
        if (handlers->error_occurred != NULL)
            handlers->error_occurred(socket, user, event->error);
        break;
    case SP_EVENT_LOST:
        if (handlers->events_lost != NULL)
            handlers->events_lost(socket, user, event->bytes);
        break;
    case SP_EVENT_NEW_CONNECTION: /* of servers only */
        break;
    }
}

bool sp_socket_dispatch(struct sp_socket *socket, const struct sp_socket_handlers *handlers)
{
    struct sp__dispatch frame;
    struct sp_event event;

    for (unsigned left = begin(&socket->dispatch, &frame);
         left > 0 && sp_socket_next_event(socket, &event); left--) {
        tell_socket(socket, handlers, &event);
        if (frame.gone)
            return false;
    }
    socket->dispatch = frame.outer;
    return true;
}

bool sp_socket_has_events(const struct sp_socket *socket)
{
    return !sp__events_empty(&socket->events);
}

/* ---- servers ---- */

static void tell_server(struct sp_server *server, const struct sp_server_handlers *handlers,
                        const struct sp_event *event)
{
    void *user = server->user;

    switch (event->kind) {
    case SP_EVENT_NEW_CONNECTION:
        if (handlers->new_connection != NULL)
            handlers->new_connection(server, user);
        break;
    case SP_EVENT_ERROR:
        if (handlers->error_occurred != NULL)
            handlers->error_occurred(server, user, event->error);
        break;
    case SP_EVENT_LOST:
        if (handlers->events_lost != NULL)
            handlers->events_lost(server, user, event->bytes);
        break;
    default: /* of sockets only */
        break;
    }
}

bool sp_server_dispatch(struct sp_server *server, const struct sp_server_handlers *handlers)
{
    struct sp__dispatch frame;
    struct sp_event event;

    for (unsigned left = begin(&server->dispatch, &frame);
         left > 0 && sp_server_next_event(server, &event); left--) {
        tell_server(server, handlers, &event);
        if (frame.gone)
            return false;
    }
    server->dispatch = frame.outer;
    return true;
}

bool sp_server_has_events(const struct sp_server *server)
{
    return !sp__events_empty(&server->events);
}
