/* SPDX-License-Identifier: MIT */
/*
 * A world in which a program (fuzz/program/operations.h) takes place: the simulated kernel, two
 * processes that use the library (a client's and a server's side), four users beside them, and what
 * the program has made so far.
 *
 * world_play() takes the operations one by one, does what each says, and checks after each what
 * must hold in every program:
 *   - every object validates; the seam was never misused
 *   - descriptors and allocations of a side are those that its objects answer for
 *   - a wait never sleeps past its end, however often it is interrupted or woken for nothing
 *   - one operation makes at most WORLD_CALLS_MAX calls at the seam, besides those for what it moves
 *     in bytes and for the connections that it accepts
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
/* Calls at the seam in one operation that moves no bytes. A wait may make more, each time that it
 * has slept. */
#define WORLD_CALLS_MAX 512
/* The same where a name is walked. */
#define WORLD_CALLS_WALK 65536
#define WORLD_CALLS_AWAKE 40
/* A kernel that gives and takes single bytes has to be asked for each. */
#define WORLD_CALLS_A_BYTE 8
/* Who is accepted is asked who he is, and may be refused and the next one be taken. */
#define WORLD_CALLS_A_CLIENT 16

#define NS_PER_MS UINT64_C(1000000)

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
    struct sp_os os;            /* the actor's seam, with a note in world.io of what is asked */
    size_t abandoned;           /* allocations of processes that were killed */
    bool has_environment;       /* a variable was set: the context chooses its base directory */
};

/* What a handler of an event does; see {action}. Zero: nothing. */
struct world_handlers {
    uint8_t action[16]; /* by enum sp_event_kind */
};

struct world_socket {
    struct world *world;
    struct sp_socket *socket; /* NULL: the slot is empty */
    uint8_t side;
    uint8_t end;      /* of a taken connection: its server's slot + 1; else 0 */
    uint64_t written; /* bytes that write accepted since the connection began */
    struct world_handlers on;
};

struct world_server {
    struct world *world;
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
    int64_t result;       /* of the call: >= 0, enum sp_error, or -errno of a peer's call */
    const uint8_t *bytes; /* what a read, peek or line gave; NULL otherwise */
    bool called;          /* false: there was nothing to call it on */
    /* Of REMOVE: there is no object that would keep it. */
    struct sp_error_detail detail;
};

/**
 * struct world_sweep - a fault that every program meets besides its own
 * @side:  which process of the library meets it
 * @plans: whether it does; else the calls of that side are noted
 * @rule:  which; with SIM_CALL_ANY its skip is the number of a noted call
 */
struct world_sweep {
    enum world_side_number side;
    bool plans;
    struct sim_rule rule;
    size_t count;
    uint8_t calls[4096]; /* enum sim_call */
};

/**
 * struct world_io - what a call at a side's seam was about, beyond what the trace says
 *
 * Filled before the call is made and valid inside call(): by then what @ret points to is filled in,
 * if the call succeeded.
 */
struct world_io {
    const struct sp_os_iov *iov; /* send: @count pieces */
    size_t count;
    const uint8_t *bytes; /* recv: where to; connect, bind: the name; get*name: the address */
    size_t capacity;      /* bytes in @bytes */
    uint32_t flags;       /* recv */
    const struct sp_os_pollfd *polled; /* poll: @count entries, until @deadline */
    uint64_t deadline;
    const void *ret; /* sockinfo, peer_cred, stat: the structure */
};

struct world_patience {
    int64_t ms;    /* of a wait; negative: no wait, or one without end */
    uint64_t ends; /* when it must be over; 0: it has not slept yet */
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
    void *target;              /* the watcher's own */
    struct world_sweep *sweep; /* NULL: none */
    struct world_side sides[WORLD_SIDES];
    struct sim_actor *users[OPERATION_USERS];
    struct world_socket sockets[OPERATION_SOCKETS];
    struct world_server servers[OPERATION_SERVERS];
    struct world_peer peers[OPERATION_PEERS];
    struct world_peer lock; /* of {u}.lock */
    struct operation race;  /* waits for its call; kind OPERATION_COUNT: none */
    unsigned race_in;       /* so many such calls go by first */
    enum sim_call race_at;  /* when it has happened: the call at which it did */
    struct world_io io;
    struct world_outcome last; /* of the last operation that was no claim */
    uint8_t events[64];        /* kinds of the events taken, the last 64; for claims */
    unsigned events_taken;
    unsigned events_claimed;
    uint8_t tape[STEP_OPERAND_MAX]; /* of {tape}: a plan reads it later */
    const struct step_language *language;
    const uint8_t *program; /* all of it, for reports */
    size_t program_length;
    size_t step;      /* number of the operation, from 0 */
    unsigned depth;   /* operations under way: 1, or more in handlers, turns and races */
    uint64_t calls;   /* at the seams of the sides, in the operation under way */
    uint64_t moved;   /* bytes that it moved through them */
    unsigned clients; /* connections that it accepted */
    unsigned inner;   /* operations of handlers, turns and races inside it */
    bool walked;      /* it made a context, whose base directory is walked */
    unsigned slept;   /* polls of it in which time passed */
    uint64_t slept_until;
    struct world_patience patience; /* of the innermost operation under way */
    unsigned faults;                /* that its calls met */
    bool endless; /* a wait without end was asked for: being stuck is not the library's fault */
    bool claims;  /* whether what EXPECT_* says is checked */
    unsigned sockets_used; /* {c} is taken modulo this, so that few objects meet many operations */
};

/** world_get() - the process's world, made at the first call. What a caller sets in it (claims,
 * target, sockets_used) stays set. */
struct world *world_get(void);

/**
 * world_play() - the program from its beginning to the end of the world
 * @language: which operations it can hold
 * @watch:    stays the caller's
 */
void world_play(struct world *world, const struct step_language *language,
                const struct world_watch *watch, const uint8_t *bytes, size_t length);

/** world_do() - one operation, with before() and after(); how handlers and races act as well */
void world_do(struct world *world, const struct operation *operation);

/** world_act() - an operation of our own making: on a slot, with one more operand, without strings
 */
void world_act(struct world *world, enum operation_kind kind, unsigned slot, int64_t argument);

/** world_recover() - the machine has no faults and limits any more */
void world_recover(struct world *world);
/** world_leave_alone() - all users' processes end: no peer is left */
void world_leave_alone(struct world *world);

/** world_fail() - ends the run: @property did not hold. Says in which step, and prints the program.
 */
_Noreturn void world_fail(const struct world *world, const char *property, const char *format, ...)
    __attribute__((format(printf, 3, 4), cold));
#define WORLD_CHECK(world, condition, property, ...)      \
    do {                                                  \
        if (__builtin_expect(!(condition), 0))            \
            world_fail((world), (property), __VA_ARGS__); \
    } while (0)

/** world_context() - the context of a side, made now if it has none; NULL if that failed */
const struct sp_context *world_context(struct world *world, unsigned side);

/** world_took_socket_event(), world_took_server_event() - tells the watch, and notes it for claims
 */
void world_took_socket_event(struct world *world, unsigned slot, const struct sp_event *event);
void world_took_server_event(struct world *world, unsigned slot, const struct sp_event *event);

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
bool world_do_expect(struct world *world, const struct operation *operation);

/** world_may_race() - whether an operation may take place inside a call of a side: it must not use
 * the library */
bool world_may_race(const struct operation *operation);
/** world_forget() - a side's process is gone: its objects with it */
void world_forget_sockets(struct world *world, unsigned side);
void world_forget_servers(struct world *world, unsigned side);
/** world_free_sockets(), world_free_servers() - the end of a program */
void world_free_sockets(struct world *world);
void world_free_servers(struct world *world);
/** world_server_descriptors() - how many descriptors a server answers for */
unsigned world_server_descriptors(const struct world_server *server);

/* The bytes that a writer sends: byte @position of the stream of writer number @who. Known to
 * everybody, so that a reader can tell what must come next; one in 16 is a newline. */
uint8_t world_byte(unsigned who, uint64_t position);
/** world_bytes() - WORLD_BYTES_MAX of them from there on */
const uint8_t *world_bytes(unsigned who, uint64_t position);
#define WORLD_BYTES_MAX ((size_t)80 * 1024)
/* Writers' numbers. */
#define WORLD_WRITER_SOCKET(slot) (slot)
#define WORLD_WRITER_PEER(slot) (OPERATION_SOCKETS + (slot))

#endif
