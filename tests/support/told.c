/* SPDX-License-Identifier: MIT */
/* Events as words: see told.h. */
#include "tests/support/told.h"

#include "tests/support/must.h"

#define ERROR_PREFIX "SP_ERROR_"

static void add(struct told *told, const char *separator, const char *word)
{
    size_t room = sizeof(told->text) - told->length;
    int length = snprintf(told->text + told->length, room, "%s%s", separator, word);

    MUST(length >= 0);
    told->length += (size_t)length < room ? (size_t)length : room - 1;
}

static void add_number(struct told *told, uint64_t number)
{
    char digits[24];

    (void)snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number);
    add(told, ":", digits);
}

void told_add(struct told *told, const struct sp_event *event)
{
    MUST(event->kind <= SP_EVENT_LOST);
    told->count[event->kind]++;
    add(told, told->length > 0 ? " " : "", sp_event_name(event->kind));
    switch (event->kind) {
    case SP_EVENT_STATE:
        add(told, ":", sp_state_name(event->state));
        break;
    case SP_EVENT_ERROR:
        add(told, ":", sp_error_name(event->error) + strlen(ERROR_PREFIX));
        break;
    case SP_EVENT_BYTES_WRITTEN:
        told->written += event->bytes;
        add_number(told, event->bytes);
        break;
    case SP_EVENT_LOST:
        add_number(told, event->bytes);
        break;
    default:
        break;
    }
}

struct told told_by(struct sp_socket *socket)
{
    struct told told = {.length = 0};
    struct sp_event event;

    while (sp_socket_next_event(socket, &event))
        told_add(&told, &event);
    return told;
}
