/* SPDX-License-Identifier: MIT */
/*
 * The events that wait in a socket, as sunpath/event.h and docs/semantics.md promise them: in
 * order; READY_READ and BYTES_WRITTEN once until taken, in one state; at most SP_EVENTS_MAX, of
 * which the oldest give way and are counted.
 */
#include "fuzz/spec/socket_model.h"

static bool is_said_already(const struct socket_model *model, enum sp_event_kind kind)
{
    for (unsigned i = model->event_count; i > 0; i--) {
        if (model->events[i - 1].kind == kind)
            return true;
        if (model->events[i - 1].kind == SP_EVENT_STATE)
            return false;
    }
    return false;
}

static void remove_first(struct socket_model *model)
{
    for (unsigned i = 1; i < model->event_count; i++)
        model->events[i - 1] = model->events[i];
    model->event_count--;
}

static void push(struct socket_model *model, struct model_event event)
{
    model->progressed = true;
    if ((event.kind == SP_EVENT_READY_READ || event.kind == SP_EVENT_BYTES_WRITTEN) &&
        is_said_already(model, event.kind))
        return;
    if (model->event_count == SP_EVENTS_MAX) {
        remove_first(model);
        model->events_lost++;
    }
    model->events[model->event_count++] = event;
}

void model_push(struct socket_model *model, enum sp_event_kind kind)
{
    push(model, (struct model_event){.kind = kind});
}

void model_push_state(struct socket_model *model, enum sp_state state)
{
    model->state = state;
    push(model, (struct model_event){.kind = SP_EVENT_STATE, .state = state});
}

void model_push_error(struct socket_model *model, const struct model_fault *fault)
{
    push(model, (struct model_event){
                    .kind = SP_EVENT_ERROR,
                    .error = fault->error,
                    .any_error = fault->any_error,
                });
}

void model_drop_events(struct socket_model *model, enum sp_event_kind kind)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < model->event_count; i++)
        if (model->events[i].kind != kind)
            model->events[kept++] = model->events[i];
    model->event_count = kept;
}

/* What an event tells of must still be so when it is taken. */
static bool still_holds(const struct socket_model *model, const struct model_event *event)
{
    if (event->kind == SP_EVENT_READY_READ)
        return model_available(model) > 0 || (model->readable && !model->doubtful);
    if (event->kind == SP_EVENT_BYTES_WRITTEN)
        return model->written > 0;
    return true;
}

void model_settle_events(struct socket_model *model)
{
    if (model->events_lost > 0)
        return;
    while (model->event_count > 0 && !still_holds(model, &model->events[0]))
        remove_first(model);
}

void model_event(struct socket_model *model, const struct sp_event *event)
{
    const struct model_event *expected = &model->events[0];

    model->progressed = true;
    if (model->events_lost > 0) {
        MODEL_CHECK(model, event->kind == SP_EVENT_LOST && event->bytes == model->events_lost,
                    "event-order", "got %s of %llu, must be lost of %llu",
                    sp_event_name(event->kind), (unsigned long long)event->bytes,
                    (unsigned long long)model->events_lost);
        model->events_lost = 0;
        return;
    }
    model_settle_events(model);
    MODEL_CHECK(model, model->event_count > 0, "event-too-many", "got %s, must be none",
                sp_event_name(event->kind));
    MODEL_CHECK(model, event->kind == expected->kind, "event-order", "got %s, must be %s",
                sp_event_name(event->kind), sp_event_name(expected->kind));
    if (event->kind == SP_EVENT_STATE)
        MODEL_CHECK(model, event->state == expected->state, "event-value",
                    "got state %s, must be %s", sp_state_name(event->state),
                    sp_state_name(expected->state));
    if (event->kind == SP_EVENT_ERROR)
        MODEL_CHECK(model, expected->any_error ? event->error < 0 : event->error == expected->error,
                    "event-value", "got error %s, must be %s", sp_error_name(event->error),
                    expected->any_error ? "any" : sp_error_name(expected->error));
    if (event->kind == SP_EVENT_BYTES_WRITTEN) {
        MODEL_CHECK(model, event->bytes == model->written, "event-value",
                    "got %llu bytes written, must be %llu", (unsigned long long)event->bytes,
                    (unsigned long long)model->written);
        model->written = 0;
    }
    remove_first(model);
}
