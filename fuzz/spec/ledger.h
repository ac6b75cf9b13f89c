/* SPDX-License-Identifier: MIT */
/*
 * What became of every byte between sockets whose two ends are the library: the oracle of
 * fuzz_pair.
 *
 * One ledger for each end of a connection, kept from outside: from what calls return, from what
 * goes over the seam, and from the events that are taken. It never asks the library how many bytes
 * there are in order to learn it, only in order to compare. What it claims, by the name that a
 * report has:
 *
 *   writing
 *     sent-in-order               what is handed to the kernel is what was accepted, from where the
 *                                 last send ended: nothing is left out, sent twice or before its turn
 *     every-byte-accounted        accepted = handed to the kernel + queued + reported as lost
 *     lost-without-cause          bytes are lost only when the application aborted, the closing took
 *                                 its time, the other end has closed or the kernel refused for good
 *     written-is-what-was-sent    flush(), BYTES_WRITTEN and the wait for it agree with the kernel
 *   reading
 *     read-in-order               what is read is the peer's stream, from where the last read ended
 *     read-gives-what-is-there    neither less than there is, nor an end before the last byte
 *     available-is-what-is-there
 *     nothing-was-read            a wait for bytes succeeds, and none have come
 *   the end
 *     unread-at-the-end           an end that the peer made comes behind his last byte
 *     what-was-told-stays         bytes that READY_READ told of are there behind a graceful close
 *   events
 *     ready-read-is-true, ready-read-behind-the-end, finished-before-the-last-byte,
 *     events-in-order, events-tell-all
 *   and
 *     kernel-agrees               the simulated kernel has carried as many bytes as went over the
 *                                 seam in operations on the socket: nobody else touches them
 *
 * How the two ends of a connection find each other: the simulated kernel lets an oracle label a
 * socket, and tells the label to whoever asks from the other end, also after this one was closed
 * (sim_connection()). So it does not matter through which hands a descriptor has gone: taken from a
 * server, or as a raw descriptor and adopted later. A label of 0 is a raw descriptor, or a
 * connection that nobody has accepted.
 *
 *   ledger.c        operations, what goes over the seam, and how a connection ends
 *   ledger_read.c   what a reader must get: bytes that were put back, transactions
 *   ledger_event.c  what events may say
 */
#ifndef FUZZ_LEDGER_H
#define FUZZ_LEDGER_H

#include "fuzz/world/world.h"

/* What the events taken so far have told of an object. */
struct ledger_told {
    unsigned connection; /* which one they tell of: 1 for the first of the object */
    enum sp_state state;
    bool finished;
    bool disconnected;
    bool error;
    bool unknown;   /* some were dropped: until there are none left it is not known where we are */
    bool with_gaps; /* some of this connection were dropped */
};

/* One socket, and its end of the connection that it has or had last. */
struct ledger_end {
    const struct sp_socket *object; /* only compared; NULL: none */
    unsigned connection;            /* the number of it, counted per object; 0: none yet */
    enum sp_state state;            /* as the last operation left it */
    bool readable;                  /* open for reading */
    int connect_timeout, close_timeout;
    struct ledger_told told;

    /* As a writer. */
    bool labelled;
    uint64_t accepted, sent, lost;
    uint64_t reported; /* by BYTES_WRITTEN */

    /* As a reader. */
    unsigned peer;       /* the label of the other end: its slot + 1 */
    uint64_t received;   /* from the kernel */
    uint64_t consumed;   /* of that, by the application, for good */
    unsigned put_back;   /* bytes in front of the rest of the stream, the last one first */
    bool in_transaction; /* then: how much of both was read in it */
    uint64_t taken;
    unsigned taken_back;
    uint8_t pushed[WORLD_OPERATIONS_MAX];

    /* What the application did. */
    bool aborted;  /* what was not sent is lost, and nobody is told */
    bool left;     /* it disconnected or closed: what it has not been told of may be dropped */
    bool dropped;  /* what it has not read is gone */
    bool promised; /* READY_READ told of bytes, and nothing was read since */
    /* What the kernel did, by a fault. */
    bool refused_sending, refused_receiving;
    /* A loop told of bytes that were not there: so may READY_READ be. */
    bool misled;
    uint64_t closing_since;
};

/* How things were when the operation under way began. */
struct ledger_step {
    unsigned slot; /* OPERATION_SOCKETS: it is not one on a socket */
    bool connected;
    struct sim_connection wire; /* if connected */
    uint64_t available, sent, received;
    uint64_t now;
    bool faulted; /* a fault, or no memory */
    bool raced;   /* another program did something in the middle of it */
};

struct ledger {
    struct world *world;
    struct ledger_step step;
    struct ledger_end ends[OPERATION_SOCKETS];
};

/** ledger_begin() - a program begins */
void ledger_begin(struct ledger *ledger, struct world *world);
/* What a struct world_watch is told. */
void ledger_before(struct ledger *ledger, const struct operation *operation);
void ledger_after(struct ledger *ledger, const struct world_outcome *outcome);
void ledger_call(struct ledger *ledger, const struct sim_trace_entry *entry);
void ledger_event(struct ledger *ledger, unsigned slot, const struct sp_event *event);

/** ledger_available() - bytes that the application of this end can read now */
uint64_t ledger_available(const struct ledger_end *end);
/** ledger_wire() - what the kernel knows of a socket's connection; false: it has none */
bool ledger_wire(const struct ledger *ledger, unsigned slot, struct sim_connection *ret);

/* ---- between the files of the ledger ---- */

/** ledger_read_result() - what a reading call gave; false for an operation of another subject */
bool ledger_read_result(struct ledger *ledger, unsigned slot, const struct world_outcome *outcome);
/** ledger_all_told() - no events wait to be taken */
void ledger_all_told(struct ledger *ledger, unsigned slot);
/** ledger_all_received() - whether everything that the other end has sent was received, or need not
 * be */
bool ledger_all_received(const struct ledger_end *end, const struct sim_connection *wire);

#endif
