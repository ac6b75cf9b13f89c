/* SPDX-License-Identifier: MIT */
/*
 * Events: what happened, in order, until the application asks.
 *
 * The library calls nobody back. A call or sp_*_process() records events, the application takes
 * them one by one; between two of them it may do anything with the object, free it included.
 * sunpath/dispatch.h turns events into callbacks.
 */
#ifndef SUNPATH_EVENT_H
#define SUNPATH_EVENT_H

#include <sunpath/error.h>

#include <stdint.h>

SP_BEGIN_DECLS

/* As QLocalSocket::LocalSocketState. X(NAME, name in Qt) */
#define SP_STATE_LIST(X)               \
    X(UNCONNECTED, "UnconnectedState") \
    X(CONNECTING, "ConnectingState")   \
    X(CONNECTED, "ConnectedState")     \
    X(CLOSING, "ClosingState")

enum sp_state {
#define SP_STATE_ENUM(name, qt) SP_STATE_##name,
    SP_STATE_LIST(SP_STATE_ENUM)
#undef SP_STATE_ENUM
};

/* X(NAME, signal in Qt) */
#define SP_EVENT_LIST(X)                                                                       \
    X(STATE, "stateChanged") /* .state */                                                      \
    X(CONNECTED, "connected")                                                                  \
    X(DISCONNECTED, "disconnected")  /* only of what was connected */                          \
    X(READY_READ, "readyRead")       /* there are bytes to read */                             \
    X(BYTES_WRITTEN, "bytesWritten") /* .bytes went to the kernel since the last such event */ \
    X(READ_FINISHED, "readChannelFinished") /* nothing more will arrive */                     \
    X(ABOUT_TO_CLOSE, "aboutToClose")                                                          \
    X(ERROR, "errorOccurred")          /* .error; the state is settled already */              \
    X(NEW_CONNECTION, "newConnection") /* server: at least one connection waits to be taken */ \
    X(LOST, "")                        /* .bytes older events were dropped: nobody took them */

/* READY_READ is exact but for one case: a loop that reports SP_IO_DATA cannot know of a byte sent
 * out of band (MSG_OOB), which makes the kernel report readiness and is never given to a reader.
 * Then a read finds nothing, once. */

enum sp_event_kind {
#define SP_EVENT_ENUM(name, qt) SP_EVENT_##name,
    SP_EVENT_LIST(SP_EVENT_ENUM)
#undef SP_EVENT_ENUM
};

struct sp_event {
    enum sp_event_kind kind;
    enum sp_state state; /* of a STATE event */
    enum sp_error error; /* of an ERROR event */
    uint64_t bytes;      /* of BYTES_WRITTEN and LOST */
};

/** sp_state_name() - "unconnected" and so on; "?" for a number not in the list. */
SP_API const char *sp_state_name(enum sp_state state);
/** sp_event_name() - "state", "ready-read" and so on; "?" for a number not in the list. */
SP_API const char *sp_event_name(enum sp_event_kind kind);

SP_END_DECLS

#endif
