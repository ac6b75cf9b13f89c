/* SPDX-License-Identifier: MIT */
/* A socket or server in a loop of libuv: see libuv_watcher.h. */
#include "libuv_watcher.h"

/* UV_DISCONNECT is POLLRDHUP: with it, readable and not disconnected means that there are bytes.
 * A hang-up alone is what UV_PRIORITIZED brings: POLLHUP comes unasked with whatever is watched,
 * and there is no priority data on a local socket. */
static int to_uv(unsigned interest)
{
    return (interest & SP_IO_READ ? UV_READABLE | UV_DISCONNECT : 0) |
           (interest & SP_IO_WRITE ? UV_WRITABLE : 0) |
           (interest & SP_IO_HANGUP ? UV_PRIORITIZED : 0);
}

static unsigned from_uv(int status, int events)
{
    unsigned ready = 0;

    if (status < 0 || (events & (UV_DISCONNECT | UV_PRIORITIZED)) != 0)
        ready |= SP_IO_READ | SP_IO_HANGUP;
    else if (events & UV_READABLE)
        ready |= SP_IO_DATA;
    if (events & UV_WRITABLE)
        ready |= SP_IO_WRITE;
    return ready;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct watcher *watcher = poll->data;

    watcher->advance(watcher, from_uv(status, events));
}

static void on_timer(uv_timer_t *timer)
{
    struct watcher *watcher = timer->data;

    watcher->advance(watcher, 0);
}

int watcher_open(struct watcher *watcher, uv_loop_t *loop, int fd,
                 void (*advance)(struct watcher *watcher, unsigned ready))
{
    int r = uv_poll_init(loop, &watcher->poll, fd);

    if (r < 0)
        return r;
    (void)uv_timer_init(loop, &watcher->timer); /* cannot fail */
    watcher->poll.data = watcher;
    watcher->timer.data = watcher;
    watcher->advance = advance;
    watcher->open_handles = 2;
    return 0;
}

void watcher_arm(struct watcher *watcher, const struct sp_context *context, unsigned interest,
                 uint64_t deadline)
{
    /* Interest 0: not even for a hang-up. */
    if (interest == 0)
        (void)uv_poll_stop(&watcher->poll);
    else
        (void)uv_poll_start(&watcher->poll, to_uv(interest), on_poll);
    if (deadline == SP_NEVER) {
        (void)uv_timer_stop(&watcher->timer);
    } else {
        uv_update_time(watcher->timer.loop); /* timers count from the loop's idea of now */
        (void)uv_timer_start(&watcher->timer, on_timer,
                             (uint64_t)sp_context_timeout_ms(context, deadline), 0);
    }
}

static void on_close(uv_handle_t *handle)
{
    struct watcher *watcher = handle->data;

    if (--watcher->open_handles == 0 && watcher->closed != NULL)
        watcher->closed(watcher);
}

void watcher_close(struct watcher *watcher, void (*closed)(struct watcher *watcher))
{
    watcher->closed = closed;
    uv_close((uv_handle_t *)&watcher->poll, on_close);
    uv_close((uv_handle_t *)&watcher->timer, on_close);
}
