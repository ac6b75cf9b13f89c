/* SPDX-License-Identifier: MIT */
/*
 * What every implementation of local sockets must do, as far as fuzz/subjects/subject.h can show
 * it: the oracle for subjects.
 *
 * Two parts. Names: what connect and listen come to follows from what is at the path. Links: a
 * connection is two ways of bytes, one for each end to write; what is read, refused and told
 * follows from what was written and which end has gone. Written from that header, and shares
 * nothing with any implementation. Makes no call and knows no clock: where something may still be
 * on its way the verdict is SPEC_LATER, and whoever asks decides how long that is good for.
 *
 * Tests: tests/subjects
 */
#ifndef FUZZ_SUBJECT_SPEC_H
#define FUZZ_SUBJECT_SPEC_H

#include "fuzz/subjects/subject.h"

#include <stdbool.h>
#include <stdint.h>

/* The properties: X(NAME, name in a report, what it says) */
#define SUBJECT_PROPERTY_LIST(X)                                                                   \
    X(CONNECT_RESULT, "connect-result",                                                            \
      "connecting succeeds where somebody listens, else says why")                                 \
    X(LISTEN_RESULT, "listen-result", "listening succeeds at a name that is free, else says why")  \
    X(STATE_REFUSED, "state-refused", "what makes no sense in a state is refused, and says so")    \
    X(REACHABLE, "server-is-reachable", "who listens can be connected to, by sixteen at once")     \
    X(CLOSED_SERVES, "closed-is-closed", "nobody is served where nobody listens any more")         \
    X(HANDED_OUT, "connection-handed-out", "every connection is handed out, once and in order")    \
    X(FROM_NOWHERE, "connection-from-nowhere", "only connections that were made are handed out")   \
    X(WAITING_TOLD, "waiting-is-told", "a server tells that a connection waits, and only then")    \
    X(CONNECTED_TOLD, "connected-is-told", "a connection is told of until one end has closed it")  \
    X(READ_IN_ORDER, "read-in-order",                                                              \
      "what is read is what the other end wrote, all in its place")                                \
    X(READ_WITHIN, "read-within-capacity", "no read gives or writes more than it was asked for")   \
    X(READ_REFUSED, "read-has-a-result",                                                           \
      "reading from a connection gives bytes, none, or its end")                                   \
    X(BYTE_LOST, "every-byte-arrives", "what was accepted for writing arrives")                    \
    X(READABLE_TRUE, "readable-is-true", "there are bytes where it is told that there are")        \
    X(READABLE_TOLD, "readable-is-told", "it is told that there are bytes")                        \
    X(WRITE_WITHIN, "write-within-length", "no write accepts more than there is")                  \
    X(WRITE_REFUSED, "write-has-a-result", "a connection whose reader is there takes bytes")       \
    X(WRITE_ROOM, "write-has-room", "with nothing on its way there is room")                       \
    X(END_EARLY, "end-behind-the-last-byte", "the end of a connection comes behind its last byte") \
    X(END_CAUSE, "end-has-a-cause",                                                                \
      "a connection ends when an end of it is closed, and only then")                              \
    X(END_TOLD, "end-is-told", "when the other end has gone, that is told")                        \
    X(CLOSING_ENDS, "closing-ends", "closing comes to its end while the other end reads")          \
    X(FOREIGN_FILE, "foreign-file-stays",                                                          \
      "nothing is removed or replaced that somebody else made")                                    \
    X(OWN_FILE, "own-file-goes", "a server that has closed leaves no file behind")                 \
    X(STRAY_FILE, "no-other-file", "listening makes one socket at its name, and nothing else")     \
    X(DESCRIPTOR_LEFT, "no-descriptor-left", "with everything freed no descriptor is left open")   \
    X(DESCRIPTOR_FOREIGN, "foreign-descriptor-stays", "only own descriptors are closed, and once") \
    X(CALL_RETURNS, "call-returns", "every call returns")

enum subject_property {
#define SUBJECT_PROPERTY_ENUM(name, text, says) SUBJECT_PROPERTY_##name,
    SUBJECT_PROPERTY_LIST(SUBJECT_PROPERTY_ENUM)
#undef SUBJECT_PROPERTY_ENUM
        SUBJECT_PROPERTIES
};

struct spec_verdict {
    enum {
        SPEC_HOLDS,
        SPEC_LATER, /* not yet; broken if it stays so */
        SPEC_BROKEN,
    } is;
    enum subject_property property; /* unless it holds */
};

/* ---- names ---- */

/* What is at a path. Where it is to be connected to, behind all links. */
enum spec_place {
    SPEC_PLACE_NOTHING,
    SPEC_PLACE_NO_DIRECTORY,
    SPEC_PLACE_LISTENING, /* a socket behind which somebody listens */
    SPEC_PLACE_STALE,     /* one behind which nobody does */
    SPEC_PLACE_OTHER,     /* no socket */
    SPEC_PLACE_UNKNOWN,   /* cannot be looked at: links without end */
};

/** spec_connect(), spec_listen() - @result, as enum subject_error, of doing it at such a place */
struct spec_verdict spec_connect(enum spec_place place, int result);
struct spec_verdict spec_listen(enum spec_place place, int result);

/* ---- links ---- */

/* From one end to the other. */
struct spec_way {
    unsigned writer; /* whose bytes these are: see world_byte() */
    uint64_t sent;   /* accepted from the writer */
    uint64_t got;    /* given to the reader */
    bool finished;   /* the writer writes no more, or has gone */
    bool cut;        /* it went without order: what was not read may be lost */
    bool unread;     /* nobody reads any more */
};

struct spec_link {
    struct spec_way ways[2]; /* end 0 writes the first */
};

/* One end of a connection. Without a link there is none. */
struct spec_end {
    struct spec_link *link;
    unsigned side;
};

/** spec_read() - what a read of @capacity bytes came to; bytes that are right are counted as read
 */
struct spec_verdict spec_read(struct spec_end end, const uint8_t *bytes, ptrdiff_t result,
                              size_t capacity);
/** spec_wrote() - the same for a write of @length bytes: the writer's next ones */
struct spec_verdict spec_wrote(struct spec_end end, ptrdiff_t result, size_t length);
/** spec_events() - what is told of a connection that was not closed at this end */
struct spec_verdict spec_events(struct spec_end end, unsigned events);

/** spec_shut(), spec_close(), spec_abort() - an end writes no more; nor reads; nor sends what it
 * has accepted */
void spec_shut(struct spec_end end);
void spec_close(struct spec_end end);
void spec_abort(struct spec_end end);

/** spec_may_end() - the connection may be over, as this end sees it */
bool spec_may_end(struct spec_end end);
/** spec_is_quiet() - nothing is on its way to an end that must come */
bool spec_is_quiet(struct spec_end end);

#endif
