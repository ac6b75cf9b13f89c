/* SPDX-License-Identifier: MIT */
/*
 * Steps: sockets: making, joining and leaving them. See step.h; the list is at the end.
 */
#include "step.h"

#include "sim/actor.h"

static void do_socket(struct beside_step *step)
{
    beside_made(step, beside_os(step)->socket(beside_os(step)->ctx));
}

/* blocking, not close-on-exec, of any kind */
static void do_plain_socket(struct beside_step *step)
{
    static const struct {
        const char *name;
        int kind;
    } kinds[] = {{"stream", SIM_STREAM}, {"dgram", SIM_DGRAM}, {"inet", SIM_FOREIGN}};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (!beside_is(step, 1, kinds[i].name))
            continue;
        beside_made(step, step->side->beside->socket(step->side->who, kinds[i].kind));
        return;
    }
    beside_mistake(step, "unknown kind of socket");
}

static void do_pair(struct beside_step *step)
{
    int fds[2];

    if (!beside_ok(step, step->side->beside->socketpair(step->side->who, fds)))
        return;
    beside_name_handle(step, step->name, fds[0]);
    beside_name_handle(step, step->second, fds[1]);
    beside_print(step, "ok");
}

static void do_bind(struct beside_step *step)
{
    char name[256];
    size_t length = beside_sun_path(step, 2, name);

    beside_done(step,
                beside_os(step)->bind(beside_os(step)->ctx, beside_fd(step, 1), name, length));
}

static void do_autobind(struct beside_step *step)
{
    beside_done(step, step->side->beside->autobind(step->side->who, beside_fd(step, 1)));
}

static void do_listen(struct beside_step *step)
{
    beside_done(step, beside_os(step)->listen(beside_os(step)->ctx, beside_fd(step, 1),
                                              (int)beside_value(step, 2)));
}

static void do_connect(struct beside_step *step)
{
    char name[256];
    size_t length = beside_sun_path(step, 2, name);

    /* Those of a pair block, and the real kernel waits for room at a listener before it looks
     * whether the socket is connected already. */
    (void)beside_os(step)->set_nonblock(beside_os(step)->ctx, beside_fd(step, 1));
    beside_done(step,
                beside_os(step)->connect(beside_os(step)->ctx, beside_fd(step, 1), name, length));
}

static void do_accept(struct beside_step *step)
{
    beside_made(step, beside_os(step)->accept(beside_os(step)->ctx, beside_fd(step, 1)));
}

static void do_close(struct beside_step *step)
{
    beside_done(step, beside_os(step)->close(beside_os(step)->ctx, beside_fd(step, 1)));
}

/* close_all: as the end of a process does */
static void do_close_all(struct beside_step *step)
{
    beside_done(step, step->side->beside->close_all(step->side->who));
}

static void do_dup(struct beside_step *step)
{
    beside_made(step, step->side->beside->dup(step->side->who, beside_fd(step, 1)));
}

static void do_shutdown(struct beside_step *step)
{
    static const char *const hows[] = {"read", "write", "both"};
    int how = 0;

    while (how < 3 && !beside_is(step, 2, hows[how]))
        how++;
    beside_done(step, step->side->beside->shutdown(step->side->who, beside_fd(step, 1), how));
}

/* ---- the list ---- */

const struct operation_row socket_operations[] = {
    {"socket", do_socket, 0, 0},
    {"plain", do_plain_socket, 1, 1},
    {"pair", do_pair, 0, 0},
    {"bind", do_bind, 2, 2},
    {"autobind", do_autobind, 1, 1},
    {"listen", do_listen, 2, 2},
    {"connect", do_connect, 2, 2},
    {"accept", do_accept, 1, 1},
    {"close", do_close, 1, 1},
    {"close_all", do_close_all, 0, 0},
    {"dup", do_dup, 1, 1},
    {"shutdown", do_shutdown, 2, 2},
    {NULL, NULL, 0, 0},
};
