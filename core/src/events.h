/* SPDX-License-Identifier: MIT */
/*
 * The events of one object: a ring of fixed size, one byte an event.
 *
 * READY_READ, BYTES_WRITTEN and NEW_CONNECTION say that something is so, not how often; a second
 * one is not recorded while the first is still waiting in the same state of the object. When the
 * application takes no events at all the oldest give way, and are counted.
 */
#ifndef SP__EVENTS_H
#define SP__EVENTS_H

#include <sunpath/event.h>
#include <sunpath/limits.h>

#include "hint.h"

#include <stdbool.h>

struct sp__events {
    uint8_t head;
    uint8_t count;
    uint16_t lost;               /* saturates */
    uint8_t ring[SP_EVENTS_MAX]; /* kind << 4 | state or -error */
};

void sp__events_push(struct sp__events *events, enum sp_event_kind kind);
void sp__events_push_state(struct sp__events *events, enum sp_state state);
void sp__events_push_error(struct sp__events *events, enum sp_error error);
/** sp__events_drop() - forget every event of this kind: it no longer holds. */
void sp__events_drop(struct sp__events *events, enum sp_event_kind kind);
/** sp__events_pop_lost() - the event LOST, of a ring that has lost some. */
void sp__events_pop_lost(struct sp__events *events, struct sp_event *ret);
bool sp__events_valid(const struct sp__events *events);

static inline bool sp__events_empty(const struct sp__events *events)
{
    return events->count == 0 && events->lost == 0;
}

/** sp__events_pop() - the oldest event, LOST before all others; false if there is none. Members
 * that the kind does not use are 0; .bytes of BYTES_WRITTEN is the caller's business. Here, because
 * every message comes past it three times. */
static inline bool sp__events_pop(struct sp__events *events, struct sp_event *ret)
{
    uint8_t code;

    if (SP__RARELY(events->lost > 0)) {
        sp__events_pop_lost(events, ret);
        return true;
    }
    if (events->count == 0)
        return false;
    code = events->ring[events->head];
    events->head = (events->head + 1) & (SP_EVENTS_MAX - 1);
    events->count--;
    *ret = (struct sp_event){.kind = (enum sp_event_kind)(code >> 4)};
    if (ret->kind == SP_EVENT_STATE)
        ret->state = (enum sp_state)(code & 0xf);
    else if (ret->kind == SP_EVENT_ERROR)
        ret->error = (enum sp_error) - (code & 0xf);
    return true;
}

#endif
