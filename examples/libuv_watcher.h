/* SPDX-License-Identifier: MIT */
/*
 * A socket or server in a loop of libuv: a poll handle for its descriptor, a timer for its
 * deadline.
 *
 *     watcher_open(&watcher, loop, sp_socket_fd(socket), advance);
 *     watcher_arm(&watcher, context, sp_socket_interest(socket), sp_socket_deadline(socket));
 *
 * advance() is called with what sp_*_process() wants to hear. Arm again whenever the object has
 * been used. Close it when the library has closed the descriptor (STATE(UNCONNECTED)), before a new
 * descriptor can get the same number.
 */
#ifndef EXAMPLES_LIBUV_WATCHER_H
#define EXAMPLES_LIBUV_WATCHER_H

#include <sunpath/sunpath.h>

#include <uv.h>

struct watcher {
    uv_poll_t poll;
    uv_timer_t timer;
    void (*advance)(struct watcher *watcher, unsigned ready);
    void (*closed)(struct watcher *watcher);
    int open_handles;
};

int watcher_open(struct watcher *watcher, uv_loop_t *loop, int fd,
                 void (*advance)(struct watcher *watcher, unsigned ready));
void watcher_arm(struct watcher *watcher, const struct sp_context *context, unsigned interest,
                 uint64_t deadline);
/** watcher_close() - @closed is called later, when @watcher may be freed; it may be NULL. */
void watcher_close(struct watcher *watcher, void (*closed)(struct watcher *watcher));

#endif
