/* SPDX-License-Identifier: MIT */
/*
 * Steps: bytes: sending and receiving. See step.h; the list is at the end.
 */
#include "step.h"

#define PATTERN_MAX (1 << 20)
#define SHOWN_MAX 40

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

    return beside_os(step)->send(beside_os(step)->ctx, beside_fd(step, 1), &iov, 1);
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
    beside_number(step,
                  beside_os(step)->send(beside_os(step)->ctx, beside_fd(step, 1), iov, count));
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
    show_received(
        step, bytes,
        beside_os(step)->recv(beside_os(step)->ctx, beside_fd(step, 1), bytes, capacity, flags));
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

    while ((got = beside_os(step)->recv(beside_os(step)->ctx, beside_fd(step, 1), bytes, capacity,
                                        0)) > 0)
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

/* ---- the list ---- */

const struct operation_row byte_operations[] = {
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
    {NULL, NULL, 0, 0},
};
