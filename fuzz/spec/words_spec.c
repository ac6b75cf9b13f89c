/* SPDX-License-Identifier: MIT */
/* The words for numbers, specified: see words_spec.h. Comparisons only: nothing is an index. */
#include "fuzz/spec/words_spec.h"

#include <sunpath/error.h>
#include <sunpath/event.h>

#include <stddef.h>

struct word {
    int number;
    const char *name;
    const char *qt;
};

static const struct word errors[] = {
    {0, "SP_OK", ""},
    {-1, "SP_ERROR_CONNECTION_REFUSED", "ConnectionRefusedError"},
    {-2, "SP_ERROR_PEER_CLOSED", "PeerClosedError"},
    {-3, "SP_ERROR_SERVER_NOT_FOUND", "ServerNotFoundError"},
    {-4, "SP_ERROR_ACCESS", "SocketAccessError"},
    {-5, "SP_ERROR_RESOURCE", "SocketResourceError"},
    {-6, "SP_ERROR_TIMEOUT", "SocketTimeoutError"},
    {-7, "SP_ERROR_DATAGRAM_TOO_LARGE", "DatagramTooLargeError"},
    {-8, "SP_ERROR_CONNECTION", "ConnectionError"},
    {-9, "SP_ERROR_UNSUPPORTED", "UnsupportedSocketOperationError"},
    {-10, "SP_ERROR_UNKNOWN", "UnknownSocketError"},
    {-11, "SP_ERROR_OPERATION", "OperationError"},
    {-12, "SP_ERROR_ADDRESS_IN_USE", "AddressInUseError"},
    {-13, "SP_ERROR_ARGUMENT", ""},
    {-14, "SP_ERROR_LIMIT", ""},
    {-15, "SP_ERROR_UNTRUSTED", ""},
};

static const struct word states[] = {
    {SP_STATE_UNCONNECTED, "unconnected", NULL},
    {SP_STATE_CONNECTING, "connecting", NULL},
    {SP_STATE_CONNECTED, "connected", NULL},
    {SP_STATE_CLOSING, "closing", NULL},
};

static const struct word events[] = {
    {SP_EVENT_STATE, "state", NULL},
    {SP_EVENT_CONNECTED, "connected", NULL},
    {SP_EVENT_DISCONNECTED, "disconnected", NULL},
    {SP_EVENT_READY_READ, "ready-read", NULL},
    {SP_EVENT_BYTES_WRITTEN, "bytes-written", NULL},
    {SP_EVENT_READ_FINISHED, "read-finished", NULL},
    {SP_EVENT_ABOUT_TO_CLOSE, "about-to-close", NULL},
    {SP_EVENT_ERROR, "error", NULL},
    {SP_EVENT_NEW_CONNECTION, "new-connection", NULL},
    {SP_EVENT_LOST, "lost", NULL},
};

#define FIND(words, number) find(words, sizeof(words) / sizeof((words)[0]), number)

static const struct word *find(const struct word *words, size_t count, int number)
{
    for (size_t i = 0; i < count; i++)
        if (words[i].number == number)
            return &words[i];
    return NULL;
}

/* Explanations are for people, and may be said better: only that there is none is fixed. */
static const char *explanation(int number, int last)
{
    return number < 0 || number > last ? "?" : NULL;
}

struct spec_words spec_words(int number)
{
    const struct word *error = FIND(errors, number);
    const struct word *state = FIND(states, number);
    const struct word *event = FIND(events, number);

    return (struct spec_words){
        .error = error != NULL ? error->name : "SP_ERROR_?",
        .qt = error != NULL ? error->qt : "",
        .state = state != NULL ? state->name : "?",
        .event = event != NULL ? event->name : "?",
        .operation = explanation(number, SP_OPERATION_ALLOCATE),
        .cause = explanation(number, SP_CAUSE_IO_LIES),
    };
}
