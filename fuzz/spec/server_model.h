/* SPDX-License-Identifier: MIT */
/*
 * What sunpath/server.h promises of servers, said a second time: the oracle of fuzz_server, beside
 * path_spec.h, which has the files.
 *
 * The model is told every operation, every call at the seam with its result, and every event that
 * is taken. It follows each connection from accept() on: let in or not, by whom it is and what was
 * asked for; in the queue, in order; handed out once, or dropped for a reason; and after every
 * operation it says what the server must say of itself: listening, pending, refused, error,
 * interest, deadline, events.
 *
 * Written from the public headers and docs/semantics.md; it shares no line and no table with
 * core/src. What the contract leaves open (how many connections one sp_server_process() accepts) is
 * taken as it happens, within the bounds that it gives.
 *
 *   server_model.c         operations, and the comparison with the server
 *   server_model_seam.c    what follows from an answer of the kernel
 *   server_model_result.c  what a call must return
 */
#ifndef FUZZ_SERVER_MODEL_H
#define FUZZ_SERVER_MODEL_H

#include "fuzz/world/world.h"

#include <errno.h>

/* Why accepting is paused, or was until something could be accepted again. */
enum server_trouble { TROUBLE_NONE, TROUBLE_STARVED, TROUBLE_BROKEN };

struct server_event {
    enum sp_event_kind kind;
    enum sp_error error;
};

/* One server. */
struct server_one {
    bool exists;
    bool listens;
    uint8_t side;
    /* configuration */
    unsigned access;
    int backlog;
    int max_pending;
    unsigned policy; /* the word */
    /* listening */
    int fd;           /* of the last bind(), while it does not listen */
    bool is_abstract; /* its mode is our business */
    bool has_file;    /* it holds the directory of one */
    unsigned refused;
    int queue[SIM_DESCRIPTORS_MAX]; /* descriptors accepted and not taken, the oldest first */
    unsigned count;
    /* pausing */
    enum server_trouble trouble;
    bool paused;
    bool pause_begins; /* its clock has not been read yet */
    uint64_t pause;
    uint64_t until;
    unsigned lost; /* connections in a row that could not be accepted */
    /* what waits to be taken */
    struct server_event events[SP_EVENTS_MAX];
    unsigned event_count;
    uint64_t events_lost;
    enum sp_error error; /* the last failure */
};

/* Who is at the other end of the connection that is being let in, as far as it was asked. */
struct server_peer {
    int fd; /* -1: nobody is */
    bool is_known;
    uint32_t uid;
    bool failed; /* it could not be found out */
};

struct server_model {
    struct world *world;
    struct server_one servers[OPERATION_SERVERS];

    /* The operation under way; handlers and turns have others inside, which come to their end
     * first. */
    struct server_one *now; /* NULL: none about a server */
    enum operation_kind kind;
    int64_t argument;
    bool disturbed; /* a fault, a shortage or another actor came between */
    /* As it was before. */
    bool was_listening, was_paused, name_was_taken;
    unsigned was_pending;
    uint64_t began;
    /* What happened. */
    unsigned accept_calls;
    unsigned accepts; /* that were not interrupted */
    unsigned accepted;
    bool processes;      /* the next reading of the clock decides whether a pause is over */
    bool reserve_failed; /* no memory for one more in the queue */
    bool
        wants_groups; /* the list was too short; memory that is asked for now is for a longer one */
    int examined;     /* descriptor that sockinfo() was asked about; -1: none */
    struct sp_os_sockinfo info;
    struct server_peer peer;
    bool was_vain;          /* the first accept() of a turn found nobody */
    unsigned interruptions; /* in a row, of the look that follows */
    enum server_trouble trouble_before;
    bool sweeps;       /* the queue was full when poll() looked at it */
    uint64_t deserted; /* connections that were looked at and found so, by descriptor */
};

/** server_model_begin() - before world_play() */
void server_model_begin(struct server_model *model, struct world *world);
/* To be called from the members of the same names of a struct world_watch. */
void server_model_before(struct server_model *model, const struct operation *operation);
void server_model_after(struct server_model *model, const struct world_outcome *outcome);
void server_model_call(struct server_model *model, const struct sim_trace_entry *entry);
void server_model_event(struct server_model *model, unsigned slot, const struct sp_event *event);

/* ---- what the files share ---- */

#define SERVER_CHECK(model, condition, property, ...) \
    WORLD_CHECK((model)->world, (condition), (property), __VA_ARGS__)

/** server_push_event(), server_drop_event() - NEW_CONNECTION waits at most once, and goes when the
 * last connection does; of too many the oldest go */
void server_push_event(struct server_one *one, enum sp_event_kind kind, enum sp_error error);
void server_drop_new_connection(struct server_one *one);

/** server_settle_peer() - the connection being let in, if there is one, is in the queue: nothing
 * else can have become of it */
void server_settle_peer(struct server_model *model);
/** server_may_enter() - whether that peer may, by access mode and policy */
bool server_may_enter(const struct server_model *model);
/** server_is_checked() - whether peers have to be looked at at all */
bool server_is_checked(const struct server_one *one);

/** server_accept_error() - what an errno of accept() is for the caller */
enum sp_error server_accept_error(int64_t result);

/** server_check_result() - of the operation that just came to its end */
void server_check_result(struct server_model *model, const struct world_outcome *outcome);

#endif
