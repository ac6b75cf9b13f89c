/* SPDX-License-Identifier: MIT */
/*
 * Steps: sockets, poll and the process. See step.h; the list is at the end.
 */
#include "step.h"

#include "sim/actor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PATTERN_MAX (1 << 20)
#define SHOWN_MAX 40
#define NS_PER_MS UINT64_C(1000000)

static const struct sp_os *os_of(const struct beside_step *step)
{
    return step->side->os;
}

/* ---- making ---- */

static void do_socket(struct beside_step *step)
{
    beside_made(step, os_of(step)->socket(os_of(step)->ctx));
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

    beside_done(step, os_of(step)->bind(os_of(step)->ctx, beside_fd(step, 1), name, length));
}

static void do_autobind(struct beside_step *step)
{
    beside_done(step, step->side->beside->autobind(step->side->who, beside_fd(step, 1)));
}

static void do_listen(struct beside_step *step)
{
    beside_done(step, os_of(step)->listen(os_of(step)->ctx, beside_fd(step, 1),
                                          (int)beside_value(step, 2)));
}

static void do_connect(struct beside_step *step)
{
    char name[256];
    size_t length = beside_sun_path(step, 2, name);

    /* Those of a pair block, and the real kernel waits for room at a listener before it looks
     * whether the socket is connected already. */
    (void)os_of(step)->set_nonblock(os_of(step)->ctx, beside_fd(step, 1));
    beside_done(step, os_of(step)->connect(os_of(step)->ctx, beside_fd(step, 1), name, length));
}

static void do_accept(struct beside_step *step)
{
    beside_made(step, os_of(step)->accept(os_of(step)->ctx, beside_fd(step, 1)));
}

static void do_close(struct beside_step *step)
{
    beside_done(step, os_of(step)->close(os_of(step)->ctx, beside_fd(step, 1)));
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

/* ---- bytes ---- */

static char pattern_at(unsigned position)
{
    return (char)('a' + position % 26);
}

static void fill_pattern(char *bytes, size_t length, unsigned position)
{
    for (size_t i = 0; i < length; i++)
        bytes[i] = pattern_at(position + (unsigned)i);
}

static bool is_pattern(const char *bytes, size_t length)
{
    for (size_t i = 1; i < length; i++)
        if (bytes[i] != pattern_at((unsigned)(bytes[i - 1] - 'a') + 1))
            return false;
    return length > 0;
}

static int64_t send_bytes(const struct beside_step *step, const void *bytes, size_t length)
{
    const struct sp_os_iov iov = {.bytes = bytes, .length = length};

    return os_of(step)->send(os_of(step)->ctx, beside_fd(step, 1), &iov, 1);
}

static int64_t send_pattern(const struct beside_step *step, size_t length)
{
    static char bytes[PATTERN_MAX];
    struct handle *handle = beside_handle(step, 1);
    int64_t sent;

    if (length > sizeof(bytes))
        beside_mistake(step, "too many bytes");
    fill_pattern(bytes, length, handle->sent);
    sent = send_bytes(step, bytes, length);
    if (sent > 0)
        handle->sent += (unsigned)sent;
    return sent;
}

/* send c 'text' | send c 5000 (letters that go on from call to call) */
static void do_send(struct beside_step *step)
{
    if (step->words[2].quoted)
        beside_number(step, send_bytes(step, step->words[2].bytes, step->words[2].length));
    else
        beside_number(step, send_pattern(step, beside_value(step, 2)));
}

/* sendv c 'a' 'b' 'c': in one call */
static void do_sendv(struct beside_step *step)
{
    struct sp_os_iov iov[SP_OS_IOV_MAX];
    size_t count = step->count - 2;

    if (count > SP_OS_IOV_MAX)
        beside_mistake(step, "too many pieces");
    for (size_t i = 0; i < count; i++)
        iov[i] = (struct sp_os_iov){step->words[2 + i].bytes, step->words[2 + i].length};
    beside_number(step, os_of(step)->send(os_of(step)->ctx, beside_fd(step, 1), iov, count));
}

static void do_urgent(struct beside_step *step)
{
    beside_number(step,
                  step->side->beside->send_urgent(step->side->who, beside_fd(step, 1),
                                                  step->words[2].bytes, step->words[2].length));
}

/* pass c 'text' h: with descriptor h */
static void do_pass(struct beside_step *step)
{
    beside_number(step, step->side->beside->send_descriptor(
                            step->side->who, beside_fd(step, 1), step->words[2].bytes,
                            step->words[2].length, beside_fd(step, 3)));
}

/* fill c 4096: pieces of so many bytes until there is no more room */
static void do_fill(struct beside_step *step)
{
    size_t piece = beside_value(step, 2);
    int64_t sum = 0, sent;

    while ((sent = send_pattern(step, piece)) > 0)
        sum += sent;
    beside_print(step, "%lld ", (long long)sum);
    (void)beside_ok(step, sent);
}

static void show_received(struct beside_step *step, const char *bytes, int64_t got)
{
    if (!beside_ok(step, got))
        return;
    if (got == 0)
        beside_print(step, "end");
    else if (got <= SHOWN_MAX)
        beside_print_bytes(step, bytes, (size_t)got);
    else
        beside_print(step, "%lld %s", (long long)got,
                     is_pattern(bytes, (size_t)got) ? "letters" : "bytes");
}

static void receive(struct beside_step *step, uint32_t flags)
{
    static char bytes[PATTERN_MAX];
    size_t capacity = step->count > 2 ? beside_value(step, 2) : sizeof(bytes);

    if (capacity > sizeof(bytes))
        beside_mistake(step, "too many bytes");
    show_received(step, bytes,
                  os_of(step)->recv(os_of(step)->ctx, beside_fd(step, 1), bytes, capacity, flags));
}

static void do_recv(struct beside_step *step)
{
    receive(step, 0);
}

static void do_peek(struct beside_step *step)
{
    receive(step, SP_OS_PEEK);
}

/* drain c 100: in pieces of at most so many bytes, until there is nothing */
static void do_drain(struct beside_step *step)
{
    static char bytes[PATTERN_MAX];
    size_t capacity = beside_value(step, 2);
    int64_t sum = 0, got;

    while ((got = os_of(step)->recv(os_of(step)->ctx, beside_fd(step, 1), bytes, capacity, 0)) > 0)
        sum += got;
    beside_print(step, "%lld ", (long long)sum);
    if (beside_ok(step, got))
        beside_print(step, "end");
}

static void do_unread(struct beside_step *step)
{
    beside_number(step, step->side->beside->unread(step->side->who, beside_fd(step, 1)));
}

static void do_unsent(struct beside_step *step)
{
    beside_number(step, step->side->beside->unsent(step->side->who, beside_fd(step, 1)));
}

static void do_send_buffer(struct beside_step *step)
{
    beside_done(step, step->side->beside->set_send_buffer(step->side->who, beside_fd(step, 1),
                                                          beside_value(step, 2)));
}

/* ---- poll ---- */

static const struct {
    uint32_t bit;
    const char *name;
} poll_bits[] = {{SP_OS_POLLIN, "IN"},   {SP_OS_POLLOUT, "OUT"},     {SP_OS_POLLERR, "ERR"},
                 {SP_OS_POLLHUP, "HUP"}, {SP_OS_POLLRDHUP, "RDHUP"}, {SP_OS_POLLNVAL, "NVAL"}};
#define POLL_BITS (sizeof(poll_bits) / sizeof(poll_bits[0]))

static uint32_t poll_word(const struct beside_step *step, size_t word)
{
    for (size_t i = 0; i < POLL_BITS; i++)
        if (beside_is(step, word, poll_bits[i].name))
            return poll_bits[i].bit;
    if (beside_is(step, word, "nothing"))
        return 0;
    beside_mistake(step, "unknown readiness");
}

static void print_bits(struct beside_step *step, uint32_t bits)
{
    const char *between = "";

    for (size_t i = 0; i < POLL_BITS; i++) {
        if ((bits & poll_bits[i].bit) == 0)
            continue;
        beside_print(step, "%s%s", between, poll_bits[i].name);
        between = " ";
    }
    if (bits == 0)
        beside_print(step, "-");
}

static void poll_one(struct beside_step *step, uint64_t deadline, size_t first)
{
    struct sp_os_pollfd entry = {.fd = beside_fd(step, 1)};
    int r;

    for (size_t i = first; i < step->count; i++)
        entry.want |= poll_word(step, i);
    if (step->count == first)
        entry.want = SP_OS_POLLIN | SP_OS_POLLOUT | SP_OS_POLLRDHUP;
    r = os_of(step)->poll(os_of(step)->ctx, &entry, 1, deadline);
    if (beside_ok(step, r))
        print_bits(step, entry.got);
}

/* poll c [IN OUT RDHUP nothing]: everything, if nothing is named */
static void do_poll(struct beside_step *step)
{
    poll_one(step, 1, 2);
}

/* wait c 20 [IN ...]: at most so many milliseconds */
static void do_wait(struct beside_step *step)
{
    poll_one(step, os_of(step)->now_ns(os_of(step)->ctx) + beside_value(step, 2) * NS_PER_MS, 3);
}

/* poll_many a b -1 c: several at once, for everything */
static void do_poll_many(struct beside_step *step)
{
    struct sp_os_pollfd list[TOKENS_MAX];
    size_t count = step->count - 1;
    int r;

    for (size_t i = 0; i < count; i++)
        list[i] = (struct sp_os_pollfd){.fd = beside_fd(step, 1 + i),
                                        .want = SP_OS_POLLIN | SP_OS_POLLOUT};
    r = os_of(step)->poll(os_of(step)->ctx, list, count, 1);
    if (!beside_ok(step, r))
        return;
    beside_print(step, "%d:", r);
    for (size_t i = 0; i < count; i++) {
        beside_print(step, " ");
        print_bits(step, list[i].got);
        beside_print(step, i + 1 < count ? "," : "");
    }
}

/* ready: what every handle is ready for, in the order in which they were first made */
static void do_ready(struct beside_step *step)
{
    for (size_t i = 0; i < step->side->handle_count; i++) {
        const struct handle *handle = &step->side->handles[i];
        struct sp_os_pollfd entry = {.fd = handle->fd,
                                     .want = SP_OS_POLLIN | SP_OS_POLLOUT | SP_OS_POLLRDHUP};
        int r = os_of(step)->poll(os_of(step)->ctx, &entry, 1, 1);

        beside_print(step, "%s%s: ", i > 0 ? ", " : "", handle->name);
        if (beside_ok(step, r))
            print_bits(step, entry.got);
    }
    if (step->side->handle_count == 0)
        beside_print(step, "-");
}

/* ---- asking ---- */

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
    int r = ask(os_of(step)->ctx, beside_fd(step, 1), sockaddr, capacity);

    if (beside_ok(step, r))
        print_name(step, sockaddr, r);
}

static void do_sockname(struct beside_step *step)
{
    ask_name(step, os_of(step)->getsockname);
}

static void do_peername(struct beside_step *step)
{
    ask_name(step, os_of(step)->getpeername);
}

static void do_autoname(struct beside_step *step)
{
    unsigned char sockaddr[SP_OS_SOCKADDR_MAX] = {0};
    int r =
        os_of(step)->getsockname(os_of(step)->ctx, beside_fd(step, 1), sockaddr, sizeof(sockaddr));

    if (beside_ok(step, r))
        beside_print(step, is_automatic(sockaddr, r) ? "five digits" : "something else");
}

static void do_info(struct beside_step *step)
{
    struct sp_os_sockinfo info;

    if (!beside_ok(step, os_of(step)->sockinfo(os_of(step)->ctx, beside_fd(step, 1), &info)))
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

    if (!beside_ok(step, os_of(step)->peer_cred(os_of(step)->ctx, beside_fd(step, 1), &cred)))
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
    int n = os_of(step)->peer_groups(os_of(step)->ctx, beside_fd(step, 1), groups, capacity);

    if (!beside_ok(step, n))
        return;
    beside_print(step, "%d", n);
    for (int i = 0; i < n; i++)
        beside_print(step, " %u", groups[i]);
}

static void do_pidfd(struct beside_step *step)
{
    beside_made(step, os_of(step)->peer_pidfd(os_of(step)->ctx, beside_fd(step, 1)));
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
    beside_done(step, os_of(step)->set_nonblock(os_of(step)->ctx, beside_fd(step, 1)));
}

static void do_cloexec(struct beside_step *step)
{
    beside_done(step, os_of(step)->set_cloexec(os_of(step)->ctx, beside_fd(step, 1)));
}

static void do_number(struct beside_step *step)
{
    beside_print(step, "%d", beside_fd(step, 1));
}

static void do_socket_mode(struct beside_step *step)
{
    beside_done(step, os_of(step)->set_socket_mode(os_of(step)->ctx, beside_fd(step, 1),
                                                   beside_value(step, 2)));
}

/* ---- the process ---- */

static void do_umask(struct beside_step *step)
{
    beside_done(step, step->side->beside->umask(step->side->who, beside_value(step, 1)));
}

static void do_limit(struct beside_step *step)
{
    beside_done(step, step->side->beside->limit(step->side->who, beside_value(step, 1)));
}

static uint32_t id_word(const struct beside_step *step, size_t word, bool group)
{
    for (size_t i = 0; i < CAST_SIZE; i++)
        if (beside_is(step, word, cast_names[i]))
            return group ? step->side->cast[i].gid : step->side->cast[i].uid;
    return beside_value(step, word);
}

/* ids user group [groups]: for good, so of root only */
static void do_ids(struct beside_step *step)
{
    uint32_t groups[TOKENS_MAX];
    size_t count = 0;

    for (size_t i = 3; i < step->count; i++)
        groups[count++] = id_word(step, i, true);
    beside_done(step, step->side->beside->ids(step->side->who, id_word(step, 1, false),
                                              id_word(step, 2, true), groups, count));
}

static void do_who(struct beside_step *step)
{
    beside_print_id(step, os_of(step)->euid(os_of(step)->ctx), false);
    beside_print(step, " ");
    beside_print_id(step, os_of(step)->egid(os_of(step)->ctx), true);
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
    {"send", do_send, 2, 2},
    {"sendv", do_sendv, 2, 66},
    {"urgent", do_urgent, 2, 2},
    {"pass", do_pass, 3, 3},
    {"fill", do_fill, 2, 2},
    {"recv", do_recv, 1, 2},
    {"peek", do_peek, 1, 2},
    {"drain", do_drain, 2, 2},
    {"unread", do_unread, 1, 1},
    {"unsent", do_unsent, 1, 1},
    {"send_buffer", do_send_buffer, 2, 2},
    {"poll", do_poll, 1, 5},
    {"wait", do_wait, 2, 6},
    {"poll_many", do_poll_many, 0, 70},
    {"ready", do_ready, 0, 0},
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
    {"umask", do_umask, 1, 1},
    {"limit", do_limit, 1, 1},
    {"ids", do_ids, 2, 18},
    {"who", do_who, 0, 0},
    {NULL, NULL, 0, 0},
};
