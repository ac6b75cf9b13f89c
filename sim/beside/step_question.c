/* SPDX-License-Identifier: MIT */
/*
 * Steps: what a socket says of itself and of its peer. See step.h; the list is at the end.
 */
#include "step.h"

#include "sim/actor.h"

#include <string.h>

/* A name that the kernel chose: five digits, whichever. */
static bool is_automatic(const unsigned char *sockaddr, int length)
{
    bool fits = length == 8 && sockaddr[2] == '\0';

    for (int i = 3; fits && i < length; i++)
        fits = strchr("0123456789abcdef", sockaddr[i]) != NULL;
    return fits;
}

/* The length that the kernel reports, and the name: as a word of a step, cut after 20 bytes. */
static void print_name(struct beside_step *step, const unsigned char *sockaddr, int r)
{
    size_t length = (size_t)r;
    const unsigned char *name = sockaddr + 2;
    size_t shown;

    beside_print(step, "%d", r);
    if (length <= 2)
        return;
    if (is_automatic(sockaddr, r)) {
        beside_print(step, " @...");
        return;
    }
    length -= 2;
    if (name[0] == '\0') {
        beside_print(step, " @");
        name++;
        length--;
        if (length >= PREFIX_LENGTH && memcmp(name, step->side->prefix, PREFIX_LENGTH) == 0) {
            name += PREFIX_LENGTH;
            length -= PREFIX_LENGTH;
        }
    } else {
        beside_print(step, " ");
        if (name[length - 1] == '\0')
            length--;
    }
    shown = length > 20 ? 20 : length;
    beside_print_bytes(step, name, shown);
    if (shown < length)
        beside_print(step, "...");
}

static void ask_name(struct beside_step *step,
                     int (*ask)(void *ctx, int fd, void *ret_sockaddr, size_t capacity))
{
    unsigned char sockaddr[SP_OS_SOCKADDR_MAX] = {0};
    size_t capacity = step->count > 2 ? beside_value(step, 2) : sizeof(sockaddr);
    int r = ask(beside_os(step)->ctx, beside_fd(step, 1), sockaddr, capacity);

    if (beside_ok(step, r))
        print_name(step, sockaddr, r);
}

static void do_sockname(struct beside_step *step)
{
    ask_name(step, beside_os(step)->getsockname);
}

static void do_peername(struct beside_step *step)
{
    ask_name(step, beside_os(step)->getpeername);
}

static void do_autoname(struct beside_step *step)
{
    unsigned char sockaddr[SP_OS_SOCKADDR_MAX] = {0};
    int r = beside_os(step)->getsockname(beside_os(step)->ctx, beside_fd(step, 1), sockaddr,
                                         sizeof(sockaddr));

    if (beside_ok(step, r))
        beside_print(step, is_automatic(sockaddr, r) ? "five digits" : "something else");
}

static void do_info(struct beside_step *step)
{
    struct sp_os_sockinfo info;

    if (!beside_ok(step,
                   beside_os(step)->sockinfo(beside_os(step)->ctx, beside_fd(step, 1), &info)))
        return;
    beside_print(step, "%s %s%s%s%s", info.is_unix ? "unix" : "foreign",
                 info.is_stream ? "stream" : "other", info.is_listening ? " listening" : "",
                 info.is_connected ? " connected" : "", info.is_bound ? " bound" : "");
}

static void print_pid(struct beside_step *step, int32_t pid)
{
    for (size_t i = 0; i < CAST_SIZE; i++) {
        if (pid > 0 && step->side->cast[i].pid == pid) {
            beside_print(step, "%s", cast_names[i]);
            return;
        }
    }
    beside_print(step, "%s", pid == 0 ? "-" : "?");
}

/* process, user, group */
static void do_cred(struct beside_step *step)
{
    struct sp_os_cred cred;

    if (!beside_ok(step,
                   beside_os(step)->peer_cred(beside_os(step)->ctx, beside_fd(step, 1), &cred)))
        return;
    print_pid(step, cred.pid);
    beside_print(step, " ");
    beside_print_id(step, cred.uid, false);
    beside_print(step, " ");
    beside_print_id(step, cred.gid, true);
}

static void do_groups(struct beside_step *step)
{
    uint32_t groups[16];
    size_t capacity = step->count > 2 ? beside_value(step, 2) : 16;
    int n =
        beside_os(step)->peer_groups(beside_os(step)->ctx, beside_fd(step, 1), groups, capacity);

    if (!beside_ok(step, n))
        return;
    beside_print(step, "%d", n);
    for (int i = 0; i < n; i++)
        beside_print(step, " %u", groups[i]);
}

static void do_pidfd(struct beside_step *step)
{
    beside_made(step, beside_os(step)->peer_pidfd(beside_os(step)->ctx, beside_fd(step, 1)));
}

static void do_error(struct beside_step *step)
{
    int r = step->side->beside->take_error(step->side->who, beside_fd(step, 1));

    if (!beside_ok(step, r))
        return;
    if (r == 0)
        beside_print(step, "0");
    else
        (void)beside_ok(step, -r);
}

static void do_flags(struct beside_step *step)
{
    int flags = step->side->beside->flags(step->side->who, beside_fd(step, 1));

    if (beside_ok(step, flags))
        beside_print(step, "%s %s", (flags & SIM_CLOEXEC) != 0 ? "cloexec" : "-",
                     (flags & SIM_NONBLOCK) != 0 ? "nonblock" : "-");
}

static void do_nonblock(struct beside_step *step)
{
    beside_done(step, beside_os(step)->set_nonblock(beside_os(step)->ctx, beside_fd(step, 1)));
}

static void do_cloexec(struct beside_step *step)
{
    beside_done(step, beside_os(step)->set_cloexec(beside_os(step)->ctx, beside_fd(step, 1)));
}

static void do_number(struct beside_step *step)
{
    beside_print(step, "%d", beside_fd(step, 1));
}

static void do_socket_mode(struct beside_step *step)
{
    beside_done(step, beside_os(step)->set_socket_mode(beside_os(step)->ctx, beside_fd(step, 1),
                                                       beside_value(step, 2)));
}

/* ---- the list ---- */

const struct operation_row question_operations[] = {
    {"sockname", do_sockname, 1, 2},
    {"peername", do_peername, 1, 2},
    {"autoname", do_autoname, 1, 1},
    {"info", do_info, 1, 1},
    {"cred", do_cred, 1, 1},
    {"groups", do_groups, 1, 2},
    {"pidfd", do_pidfd, 1, 1},
    {"error", do_error, 1, 1},
    {"flags", do_flags, 1, 1},
    {"nonblock", do_nonblock, 1, 1},
    {"cloexec", do_cloexec, 1, 1},
    {"number", do_number, 1, 1},
    {"socket_mode", do_socket_mode, 2, 2},
    {NULL, NULL, 0, 0},
};
