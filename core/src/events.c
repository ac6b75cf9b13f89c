/* SPDX-License-Identifier: MIT */
/*
 * The event ring, and the names of events and states.
 *
 * Tests: tests/unit/test_events.c
 */
#include "events.h"

#include "hint.h"

#include <stddef.h>

static const char *const state_names[] = {
    [SP_STATE_UNCONNECTED] = "unconnected",
    [SP_STATE_CONNECTING] = "connecting",
    [SP_STATE_CONNECTED] = "connected",
    [SP_STATE_CLOSING] = "closing",
};

/* What an event is called, and whether one waiting event says it all. */
static const struct event_row {
    const char *name;
    bool once;
} event_rows[] = {
    [SP_EVENT_STATE] = {"state", false},
    [SP_EVENT_CONNECTED] = {"connected", false},
    [SP_EVENT_DISCONNECTED] = {"disconnected", false},
    [SP_EVENT_READY_READ] = {"ready-read", true},
    [SP_EVENT_BYTES_WRITTEN] = {"bytes-written", true},
    [SP_EVENT_READ_FINISHED] = {"read-finished", false},
    [SP_EVENT_ABOUT_TO_CLOSE] = {"about-to-close", false},
    [SP_EVENT_ERROR] = {"error", false},
    [SP_EVENT_NEW_CONNECTION] = {"new-connection", true},
    [SP_EVENT_LOST] = {"lost", false},
};

#define KINDS (sizeof(event_rows) / sizeof(event_rows[0]))

_Static_assert((SP_EVENTS_MAX & (SP_EVENTS_MAX - 1)) == 0, "the ring wraps by masking");
_Static_assert(KINDS <= 16, "an event has four bits for its kind");

const char *sp_state_name(enum sp_state state)
{
    return (size_t)state < sizeof(state_names) / sizeof(state_names[0]) ? state_names[state] : "?";
}

const char *sp_event_name(enum sp_event_kind kind)
{
    return (size_t)kind < KINDS ? event_rows[kind].name : "?";
}

static uint8_t *slot(struct sp__events *events, unsigned index)
{
    return &events->ring[(events->head + index) & (SP_EVENTS_MAX - 1)];
}

static enum sp_event_kind kind_of(uint8_t code)
{
    return (enum sp_event_kind)(code >> 4);
}

/* Is @kind waiting, with no change of state behind it? Only then does a second one say nothing new.
 */
static bool waiting(struct sp__events *events, enum sp_event_kind kind)
{
    for (unsigned i = events->count; i-- > 0;) {
        enum sp_event_kind seen = kind_of(*slot(events, i));

        if (seen == kind)
            return true;
        if (seen == SP_EVENT_STATE)
            return false;
    }
    return false;
}

static SP__COLD void drop_oldest(struct sp__events *events)
{
    events->head = (events->head + 1) & (SP_EVENTS_MAX - 1);
    events->count--;
    if (events->lost < UINT16_MAX)
        events->lost++;
}

static SP__HOT void push(struct sp__events *events, enum sp_event_kind kind, unsigned argument)
{
    if (events->count == 0)
        events->head = 0; /* the same few bytes of the ring again and again */
    else if (event_rows[kind].once && waiting(events, kind))
        return;
    else if (events->count == SP_EVENTS_MAX)
        drop_oldest(events);
    *slot(events, events->count) = (uint8_t)((unsigned)kind << 4 | argument);
    events->count++;
}

void sp__events_push(struct sp__events *events, enum sp_event_kind kind)
{
    push(events, kind, 0);
}

void sp__events_push_state(struct sp__events *events, enum sp_state state)
{
    push(events, SP_EVENT_STATE, (unsigned)state);
}

void sp__events_push_error(struct sp__events *events, enum sp_error error)
{
    push(events, SP_EVENT_ERROR, (unsigned)-error & 0xfu);
}

void sp__events_drop(struct sp__events *events, enum sp_event_kind kind)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < events->count; i++) {
        uint8_t code = *slot(events, i);

        if (kind_of(code) != kind)
            *slot(events, kept++) = code;
    }
    events->count = (uint8_t)kept;
}

SP__COLD void sp__events_pop_lost(struct sp__events *events, struct sp_event *ret)
{
    *ret = (struct sp_event){.kind = SP_EVENT_LOST, .bytes = events->lost};
    events->lost = 0;
}

bool sp__events_valid(const struct sp__events *events)
{
    if (events->head >= SP_EVENTS_MAX || events->count > SP_EVENTS_MAX)
        return false;
    for (unsigned i = 0; i < events->count; i++) {
        uint8_t code = events->ring[(events->head + i) & (SP_EVENTS_MAX - 1)];

        if (kind_of(code) >= SP_EVENT_LOST)
            return false;
    }
    return true;
}
