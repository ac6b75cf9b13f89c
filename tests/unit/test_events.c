/* SPDX-License-Identifier: MIT */
/* The ring of events: order, what is recorded once, overflow; and against a plain list at random.
 */
#include "events.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void expect(struct sp__events *events, enum sp_event_kind kind)
{
    struct sp_event event;

    memset(&event, 0xa5, sizeof(event));
    cr_assert(sp__events_pop(events, &event));
    cr_assert_eq(event.kind, kind, "%s", sp_event_name(event.kind));
}

static void expect_none(struct sp__events *events)
{
    struct sp_event event;
    struct sp_event before;

    memset(&event, 0xa5, sizeof(event));
    before = event;
    cr_assert(sp__events_empty(events));
    cr_assert_not(sp__events_pop(events, &event));
    cr_assert_eq(memcmp(&event, &before, sizeof(event)), 0, "written although there was none");
}

Test(events, come_in_the_order_they_went_in_with_what_they_carry)
{
    struct sp__events events = {0};
    struct sp_event event;

    expect_none(&events);
    sp__events_push_state(&events, SP_STATE_CLOSING);
    sp__events_push_error(&events, SP_ERROR_UNTRUSTED);
    sp__events_push(&events, SP_EVENT_DISCONNECTED);
    cr_assert_not(sp__events_empty(&events));
    cr_assert(sp__events_pop(&events, &event));
    cr_assert(event.kind == SP_EVENT_STATE && event.state == SP_STATE_CLOSING &&
              event.error == SP_OK && event.bytes == 0);
    cr_assert(sp__events_pop(&events, &event));
    cr_assert(event.kind == SP_EVENT_ERROR && event.error == SP_ERROR_UNTRUSTED &&
              event.state == SP_STATE_UNCONNECTED && event.bytes == 0);
    expect(&events, SP_EVENT_DISCONNECTED);
    expect_none(&events);
}

Test(events, every_state_and_every_error_survives)
{
    struct sp__events events = {0};
    struct sp_event event;

    for (int state = SP_STATE_UNCONNECTED; state <= SP_STATE_CLOSING; state++) {
        sp__events_push_state(&events, (enum sp_state)state);
        cr_assert(sp__events_pop(&events, &event) && (int)event.state == state);
    }
#define ERROR(name, number, qt, text)                \
    sp__events_push_error(&events, SP_ERROR_##name); \
    cr_assert(sp__events_pop(&events, &event));      \
    cr_assert(event.kind == SP_EVENT_ERROR && event.error == SP_ERROR_##name);
    SP_ERROR_LIST(ERROR)
#undef ERROR
}

Test(events, what_says_that_something_is_so_is_recorded_once)
{
    static const enum sp_event_kind once[] = {SP_EVENT_READY_READ, SP_EVENT_BYTES_WRITTEN,
                                              SP_EVENT_NEW_CONNECTION};

    for (size_t i = 0; i < 3; i++) {
        struct sp__events events = {0};

        sp__events_push(&events, once[i]);
        sp__events_push(&events, once[(i + 1) % 3]);
        sp__events_push(&events, once[i]);
        expect(&events, once[i]);
        /* Taken: the next one is news. */
        sp__events_push(&events, once[i]);
        expect(&events, once[(i + 1) % 3]);
        expect(&events, once[i]);
        expect_none(&events);
    }
}

/* A second one after a change of state belongs to what came after it. */
Test(events, a_change_of_state_separates_them)
{
    struct sp__events events = {0};

    sp__events_push(&events, SP_EVENT_READY_READ);
    sp__events_push_state(&events, SP_STATE_CLOSING);
    sp__events_push(&events, SP_EVENT_READY_READ);
    sp__events_push(&events, SP_EVENT_READY_READ);
    expect(&events, SP_EVENT_READY_READ);
    expect(&events, SP_EVENT_STATE);
    expect(&events, SP_EVENT_READY_READ);
    expect_none(&events);
}

Test(events, the_oldest_give_way_and_are_counted_first_of_all)
{
    struct sp__events events = {0};
    struct sp_event event;

    for (int i = 0; i < SP_EVENTS_MAX + 3; i++)
        sp__events_push_error(&events, i < SP_EVENTS_MAX ? SP_ERROR_ACCESS : SP_ERROR_LIMIT);
    cr_assert(sp__events_pop(&events, &event));
    cr_assert(event.kind == SP_EVENT_LOST && event.bytes == 3);
    for (int i = 3; i < SP_EVENTS_MAX + 3; i++) {
        cr_assert(sp__events_pop(&events, &event));
        cr_assert_eq(event.error, i < SP_EVENTS_MAX ? SP_ERROR_ACCESS : SP_ERROR_LIMIT);
    }
    expect_none(&events);
}

Test(events, the_count_of_lost_ones_does_not_wrap)
{
    struct sp__events events = {.lost = UINT16_MAX - 1};
    struct sp_event event;

    for (int i = 0; i < SP_EVENTS_MAX + 3; i++)
        sp__events_push(&events, SP_EVENT_CONNECTED);
    cr_assert(sp__events_pop(&events, &event));
    cr_assert(event.kind == SP_EVENT_LOST && event.bytes == UINT16_MAX);
}

Test(events, a_kind_can_be_forgotten)
{
    struct sp__events events = {0};

    /* In the middle of the ring, so that it wraps. */
    for (int i = 0; i < SP_EVENTS_MAX - 3; i++) {
        sp__events_push(&events, SP_EVENT_CONNECTED);
        expect(&events, SP_EVENT_CONNECTED);
    }
    sp__events_push(&events, SP_EVENT_READY_READ);
    sp__events_push(&events, SP_EVENT_CONNECTED);
    sp__events_push_state(&events, SP_STATE_CLOSING);
    sp__events_push(&events, SP_EVENT_READY_READ);
    sp__events_push(&events, SP_EVENT_DISCONNECTED);
    sp__events_drop(&events, SP_EVENT_READY_READ);
    sp__events_drop(&events, SP_EVENT_BYTES_WRITTEN);
    expect(&events, SP_EVENT_CONNECTED);
    expect(&events, SP_EVENT_STATE);
    expect(&events, SP_EVENT_DISCONNECTED);
    expect_none(&events);
}

/* ---- at random, against a list that is as long as it needs to be ---- */

#define STEPS 200000

struct list {
    struct sp_event event[SP_EVENTS_MAX];
    unsigned count;
    uint64_t lost;
};

static bool is_once(enum sp_event_kind kind)
{
    return kind == SP_EVENT_READY_READ || kind == SP_EVENT_BYTES_WRITTEN ||
           kind == SP_EVENT_NEW_CONNECTION;
}

static void list_remove(struct list *list, unsigned index)
{
    list->count--;
    memmove(&list->event[index], &list->event[index + 1],
            (list->count - index) * sizeof(list->event[0]));
}

static void list_push(struct list *list, struct sp_event event)
{
    for (unsigned i = list->count; is_once(event.kind) && i > 0; i--) {
        if (list->event[i - 1].kind == event.kind)
            return;
        if (list->event[i - 1].kind == SP_EVENT_STATE)
            break;
    }
    if (list->count == SP_EVENTS_MAX) {
        list_remove(list, 0);
        list->lost++;
    }
    list->event[list->count++] = event;
}

static bool list_pop(struct list *list, struct sp_event *ret)
{
    if (list->lost > 0) {
        *ret = (struct sp_event){.kind = SP_EVENT_LOST, .bytes = list->lost};
        list->lost = 0;
        return true;
    }
    if (list->count == 0)
        return false;
    *ret = list->event[0];
    list_remove(list, 0);
    return true;
}

static void list_drop(struct list *list, enum sp_event_kind kind)
{
    for (unsigned i = list->count; i > 0; i--) {
        if (list->event[i - 1].kind == kind)
            list_remove(list, i - 1);
    }
}

static void push_both(struct sp__events *events, struct list *list, enum sp_event_kind kind)
{
    struct sp_event event = {.kind = kind};

    if (kind == SP_EVENT_STATE) {
        event.state = (enum sp_state)(rand() % 4);
        sp__events_push_state(events, event.state);
    } else if (kind == SP_EVENT_ERROR) {
        event.error = (enum sp_error)(-1 - rand() % 15);
        sp__events_push_error(events, event.error);
    } else {
        sp__events_push(events, kind);
    }
    list_push(list, event);
}

static bool same(const struct sp_event *a, const struct sp_event *b)
{
    return a->kind == b->kind && a->state == b->state && a->error == b->error &&
           a->bytes == b->bytes;
}

Test(events, random_steps_agree_with_a_list)
{
    struct sp__events events = {0};
    struct list list = {.count = 0};
    unsigned overflows = 0, wrong = 0;

    srand(1);
    for (int step = 0; step < STEPS && wrong == 0; step++) {
        enum sp_event_kind kind = (enum sp_event_kind)(rand() % SP_EVENT_LOST);
        struct sp_event got, want;

        switch (rand() % 8) {
        case 0:
            sp__events_drop(&events, kind);
            list_drop(&list, kind);
            break;
        case 1:
        case 2:
        case 3:
            if (list_pop(&list, &want)) {
                wrong += !sp__events_pop(&events, &got) || !same(&got, &want);
                overflows += want.kind == SP_EVENT_LOST;
            } else {
                wrong += sp__events_pop(&events, &got);
            }
            break;
        default:
            push_both(&events, &list, kind);
            break;
        }
        wrong += !sp__events_valid(&events);
        wrong += sp__events_empty(&events) != (list.count == 0 && list.lost == 0);
    }
    cr_assert_eq(wrong, 0);
    cr_assert_gt(overflows, 0, "the steps never filled the ring");
}

Test(events, invalid_rings_are_seen)
{
    const struct sp__events bad[] = {
        {.head = SP_EVENTS_MAX},
        {.count = SP_EVENTS_MAX + 1},
        {.count = 1, .ring = {SP_EVENT_LOST << 4}},
        {.head = 15, .count = 2, .ring = {0xf0}},
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cr_assert_not(sp__events_valid(&bad[i]));
}

/* ---- names ---- */

Test(events, names_of_states_and_events)
{
    static const char *const state[] = {"unconnected", "connecting", "connected", "closing", "?"};
    static const char *const event[] = {
        "state",
        "connected",
        "disconnected",
        "ready-read",
        "bytes-written",
        "read-finished",
        "about-to-close",
        "error",
        "new-connection",
        "lost",
        "?",
    };

    for (int i = 0; i < 5; i++)
        cr_assert_str_eq(sp_state_name((enum sp_state)i), state[i]);
    for (int i = 0; i < 11; i++)
        cr_assert_str_eq(sp_event_name((enum sp_event_kind)i), event[i]);
    cr_assert_str_eq(sp_state_name((enum sp_state)INT_MIN), "?");
    cr_assert_str_eq(sp_event_name((enum sp_event_kind)INT_MAX), "?");
}
