/* SPDX-License-Identifier: MIT */
/*
 * Steps: poll. See step.h; the list is at the end.
 */
#include "step.h"

#define NS_PER_MS UINT64_C(1000000)

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
    r = beside_os(step)->poll(beside_os(step)->ctx, &entry, 1, deadline);
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
    poll_one(step,
             beside_os(step)->now_ns(beside_os(step)->ctx) + beside_value(step, 2) * NS_PER_MS, 3);
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
    r = beside_os(step)->poll(beside_os(step)->ctx, list, count, 1);
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
        int r = beside_os(step)->poll(beside_os(step)->ctx, &entry, 1, 1);

        beside_print(step, "%s%s: ", i > 0 ? ", " : "", handle->name);
        if (beside_ok(step, r))
            print_bits(step, entry.got);
    }
    if (step->side->handle_count == 0)
        beside_print(step, "-");
}

/* ---- the list ---- */

const struct operation_row poll_operations[] = {
    {"poll", do_poll, 1, 5},   {"wait", do_wait, 2, 6}, {"poll_many", do_poll_many, 0, 70},
    {"ready", do_ready, 0, 0}, {NULL, NULL, 0, 0},
};
