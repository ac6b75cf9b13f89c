/* SPDX-License-Identifier: MIT */
/*
 * A world in which a program (fuzz/program/operations.h) takes place: the simulated kernel, two
 * processes that use the library (a client's and a server's side), four users beside them, and what
 * the program has made so far.
 *
 * world_play() takes the operations one by one, does what each says, and checks after each what must
 * hold in every program:
 *   - every object validates; the seam was never misused
 *   - descriptors and allocations of a side are those that its objects answer for
 *   - one operation makes at most WORLD_CALLS_MAX calls at the seam, plus what it moves in bytes
 *   - at the end, with everything freed, nothing is left: no descriptor, no allocation, no lock, no
 *     socket file of ours
 * What else must hold is a target's own matter: it watches with a struct world_watch and compares
 * with its model. The world decides nothing about right or wrong results.
 *
 * Operations never fail here: one that makes no sense (a slot that is empty, a name that does not
 * exist) does nothing or gets the kernel's error, because every byte string is a program.
 *
 * One world per process is made once and reset for each input. No allocation, no clock, no pointer
 * decides anything.
 */
#ifndef FUZZ_WORLD_H
#define FUZZ_WORLD_H

#include "fuzz/program/operation.h"
#include "sim/actor.h"
#include "sim/faults.h"

#include <sunpath/sunpath.h>

/* Operations of one program that are looked at. */
#define WORLD_OPERATIONS_MAX 256
/* Calls at the seam in one operation that moves no bytes. A wait may make more: one round for each
 * thing that happens to it. */
#define WORLD_CALLS_MAX 512

enum world_side_number { WORLD_CLIENT, WORLD_SERVER, WORLD_SIDES };

/* Where programs take place. /run/sun is ours, 0755 (base directory of both sides); /tmp is
 * everybody's and sticky; /home/mallory belongs to user u2; /run/open is ours and everybody may
 * write to it, without the sticky bit. */
#define WORLD_BASE "/run/sun"

/* uid and gid of u0 to u3. The library runs as u1 on both sides unless a target says otherwise. */
#define WORLD_ROOT 0u
#define WORLD_OURS 1000u
#define WORLD_MALLORY 2000u
#define WORLD_GROUP_MATE 2001u /* has our group as a supplementary one */

struct world_side {
    struct sim_actor *actor;
    struct sp_context *context; /* made when first needed, because that can fail too */
};

/* What a handler of an event does; see {action}. Zero: nothing. */
struct world_handlers {
    uint8_t action[16]; /* by enum sp_event_kind */
};

struct world_socket {
    struct sp_socket *socket; /* NULL: the slot is empty */
    uint8_t side;
    uint8_t end;           /* of a taken connection: its server's slot + 1; else 0 */
    uint64_t written;      /* bytes that write accepted since the connection began */
    struct world_handlers on;
};

struct world_server {
    struct sp_server *server; /* NULL: the slot is empty */
    uint8_t side;
    struct world_handlers on;
};

/* A descriptor of a program beside the library. */
struct world_peer {
    struct sim_actor *actor; /* NULL: the slot is empty */
    int fd;
    uint64_t sent;     /* bytes that the kernel took from it */
    uint64_t received; /* bytes it got */
};

struct world;

/* What an operation came to. */
struct world_outcome {
    const struct operation *operation;
    int64_t result;        /* of the call: >= 0, enum sp_error, or -errno of a peer's call */
    const uint8_t *bytes;  /* what a read, peek or line gave; NULL otherwise */
    bool called;           /* false: there was nothing to call it on */
};

/** struct world_watch - what a target wants to see; members may be NULL */
struct world_watch {
    /* Before an operation takes place; also before what a handler or a race does. */
    void (*before)(struct world *world, const struct operation *operation);
    /* After it, with everything settled. */
    void (*after)(struct world *world, const struct world_outcome *outcome);
    /* An event that was taken: by socket or server slot. */
    void (*socket_event)(struct world *world, unsigned slot, const struct sp_event *event);
    void (*server_event)(struct world *world, unsigned slot, const struct sp_event *event);
    /* Every call at a seam, after it: what a model is told of the kernel. */
    void (*call)(struct world *world, const struct sim_trace_entry *entry);
    /* Every operation has been played, faults are off: progress must follow now. */
    void (*settle)(struct world *world);
};

struct world {
    struct sim *sim;
    const struct world_watch *watch;
    void *target; /* the watcher's own */
    struct world_side sides[WORLD_SIDES];
    struct sim_actor *users[OPERATION_USERS];
    struct world_socket sockets[OPERATION_SOCKETS];
    struct world_server servers[OPERATION_SERVERS];
    struct world_peer peers[OPERATION_PEERS];
    struct world_peer lock; /* of {u}.lock */
    struct operation race;  /* waits for its call; kind OPERATION_COUNT: none */
    unsigned race_in;       /* so many such calls go by first */
    enum sim_call race_at;
    size_t step;            /* number of the operation, from 0 */
    uint64_t calls_before;  /* at both seams, when it began */
    bool claims;            /* whether what EXPECT_* says is checked */
};

/**
 * world_play() - the program from its beginning to the end of the world
 * @language: which operations it can hold
 * @watch:    stays the caller's
 */
void world_play(struct world *world, const struct step_language *language,
                const struct world_watch *watch, const uint8_t *bytes, size_t length);

/** world_do() - one operation, with before() and after(); how handlers and races act as well */
void world_do(struct world *world, const struct operation *operation);

/* What world_do() calls, by subject; each returns false for an operation of another subject. */
bool world_do_socket(struct world *world, const struct operation *operation,
                     struct world_outcome *ret);
bool world_do_server(struct world *world, const struct operation *operation,
                     struct world_outcome *ret);
bool world_do_peer(struct world *world, const struct operation *operation,
                   struct world_outcome *ret);
bool world_do_file(struct world *world, const struct operation *operation,
                   struct world_outcome *ret);
bool world_do_machine(struct world *world, const struct operation *operation,
                      struct world_outcome *ret);
bool world_do_expect(struct world *world, const struct operation *operation,
                     const struct world_outcome *last);

/* The bytes that a writer sends: byte @position of the stream of writer number @who. Known to
 * everybody, so that a reader can tell what must come next; one in 16 is a newline. */
uint8_t world_byte(unsigned who, uint64_t position);

#endif
