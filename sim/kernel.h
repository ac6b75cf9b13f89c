/* SPDX-License-Identifier: MIT */
/*
 * A simulated Linux behind struct sp_os: AF_UNIX stream sockets, a small filesystem, several actors
 * with their own user ids and descriptor tables, memory, and a clock that only moves when told.
 *
 * Rules:
 *   - everything that can happen is decided by the calls made on a world; no host time, no address,
 *     no hash order leaks in, so the same calls give the same results on every machine
 *   - nothing is global: worlds are independent, also between threads
 *   - sim_new() allocates; nothing after it does (but see SIM_HEAP_HOST)
 *   - results are >= 0 or -errno, as at the seam
 *
 * What Linux does and this does not: sim/README.md. How it is kept honest: tests/conformance.
 */
#ifndef SIM_KERNEL_H
#define SIM_KERNEL_H

#include "call.h"

#include <sunpath/os.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim;
struct sim_actor;

/* How much of each thing one world can hold. Running out gives the errno that Linux would give and
 * is counted in sim_full(), so that a test can tell the size of the world from a rule of Linux. */
#define SIM_ACTORS_MAX 8
#define SIM_DESCRIPTORS_MAX 64 /* of one actor */
#define SIM_FILES_MAX 192      /* open file descriptions */
#define SIM_SOCKETS_MAX 160
#define SIM_NODES_MAX 128
#define SIM_ENTRIES_MAX 160
#define SIM_MESSAGES_MAX 2048          /* pieces of data in all receive queues */
#define SIM_BLOCKS_MAX 4096            /* of SIM_BLOCK_SIZE bytes, for their bytes */
#define SIM_BLOCK_SIZE 256             /* small enough that a message of a few bytes is cheap */
#define SIM_TEXT_MAX ((size_t)1 << 18) /* names, link texts, addresses, environments of one run */
#define SIM_HEAP_MAX ((size_t)4 << 20) /* what alloc() hands out; touched only as far as used */
#define SIM_CREDS_MAX 64

enum sim_heap {
    /* From the world's own memory, poisoned for AddressSanitizer around and after each block;
     * freed memory is reused as late as possible. */
    SIM_HEAP_WORLD,
    /* From malloc(), one block each: slower, and reports say where a block was allocated. What is
     * not released by the end of the run is a leak that LeakSanitizer sees. */
    SIM_HEAP_HOST
};

/** struct sim_options - what kind of machine it is. sim_options_default() fills it. */
struct sim_options {
    uint64_t start_ns;    /* the clock's first reading */
    uint32_t send_buffer; /* SO_SNDBUF of every new socket; Linux: 212992 */
    uint32_t somaxconn;   /* what listen() cuts a backlog to; Linux: 4096 */
    uint32_t files_max;   /* open files of all actors before ENFILE; at most SIM_FILES_MAX */
    bool reuse_inodes;    /* a freed inode number comes back at once (ext4), or never (tmpfs) */
    bool proc;            /* /proc/self/fd works in paths */
    enum sim_heap heap;
};

void sim_options_default(struct sim_options *ret);

/** sim_new() - a world, already reset with the default options; NULL without memory */
struct sim *sim_new(void);
/** sim_size() - bytes of the tables of a world; the memory for names, bytes and blocks is apart */
size_t sim_size(void);
/** sim_free() - everything of the world; NULL is allowed */
void sim_free(struct sim *sim);
/** sim_reset() - back to a directory "/" of root's with mode 0755, and no actor at all. @options
 * NULL: the default ones. Pointers to actors and their seams are void afterwards. */
void sim_reset(struct sim *sim, const struct sim_options *options);

/* ---- actors: processes ---- */

/**
 * sim_actor_new() - a process: no descriptors, umask 022, working directory "/", no environment
 *
 * Its number of descriptors is limited to SIM_DESCRIPTORS_MAX; its memory is not limited. NULL when
 * there are SIM_ACTORS_MAX. Actors are numbered from 0 in the order of their making.
 */
struct sim_actor *sim_actor_new(struct sim *sim, uint32_t uid, uint32_t gid);
struct sim_actor *sim_actor(struct sim *sim, unsigned number);
unsigned sim_actor_number(const struct sim_actor *actor);
unsigned sim_actor_count(const struct sim *sim);
struct sim *sim_of(const struct sim_actor *actor);

/** sim_os() - the seam as this actor sees it: give it to sp_context_new() */
const struct sp_os *sim_os(const struct sim_actor *actor);

/** sim_actor_exit() - ends the process: descriptors and locks go as close() would have them go; its
 * memory stays counted. The actor can be used again as if it were a new process. */
void sim_actor_exit(struct sim_actor *actor);
/** sim_actor_set_ids() - both ids and all groups at once. -ENOMEM when there is no room. */
int sim_actor_set_ids(struct sim_actor *actor, uint32_t uid, uint32_t gid, const uint32_t *groups,
                      size_t group_count);
int32_t sim_actor_pid(const struct sim_actor *actor);
void sim_actor_set_umask(struct sim_actor *actor, uint32_t mask);
/** sim_actor_set_descriptor_limit() - RLIMIT_NOFILE; what is open stays open */
void sim_actor_set_descriptor_limit(struct sim_actor *actor, unsigned limit);
/** sim_actor_set_memory_limit() - bytes that may be allocated at one time; alloc() gives NULL
 * beyond */
void sim_actor_set_memory_limit(struct sim_actor *actor, size_t bytes);
/** sim_actor_setenv() - @value NULL removes the variable. -ENOMEM when there is no room. */
int sim_actor_setenv(struct sim_actor *actor, const char *name, const char *value);
/** sim_actor_getenv() - a variable's value, valid until it is set again; NULL if there is none */
const char *sim_actor_getenv(const struct sim_actor *actor, const char *name);

/* ---- the clock ---- */

uint64_t sim_now(const struct sim *sim);
/** sim_advance() - saturates below SP_NEVER */
void sim_advance(struct sim *sim, uint64_t ns);

/* ---- what happens between two calls ---- */

enum sim_moment {
    SIM_BEFORE, /* the call has not looked at anything yet */
    SIM_WITHIN, /* between two system calls of one member (chmod_at, lock_at) */
    SIM_BLOCKED /* poll() found nothing and would sleep */
};

/**
 * A hook is called at every call that an actor makes at its seam. It may do anything to the world
 * through sim/actor.h, but must not use the same actor's seam.
 *
 * At SIM_BLOCKED it says whether it did something: false lets the clock jump to the deadline of
 * poll(), or, without a deadline, makes poll() fail with ENOMEM and be counted as SIM_MISUSE_STUCK,
 * because nothing could ever wake it. The result at other moments is not looked at.
 */
typedef bool sim_hook(void *user, struct sim_actor *actor, enum sim_call call,
                      enum sim_moment moment);
void sim_set_hook(struct sim *sim, sim_hook *hook, void *user);

/** struct sim_trace_entry - one call at a seam after it was made */
struct sim_trace_entry {
    const struct sim_actor *actor;
    enum sim_call call;
    int fd;           /* the descriptor it was about; -1 if none */
    int64_t result;   /* alloc: 0 or -ENOMEM */
    bool faulted;     /* a fault plan decided the result or the length */
    const char *name; /* file or variable name, or NULL; valid during the callback */
};

typedef void sim_trace(void *user, const struct sim_trace_entry *entry);
void sim_set_trace(struct sim *sim, sim_trace *trace, void *user);

/* Changes of the file system that a seam can make, by whomever. */
enum sim_change_kind {
    SIM_CHANGE_MADE,    /* a node and its name */
    SIM_CHANGE_REMOVED, /* a name that was not a directory's */
    SIM_CHANGE_MODE
};

/** struct sim_change - one of them: a node's made after it has happened, the others before */
struct sim_change {
    const struct sim_actor *actor;
    enum sim_change_kind kind;
    struct sp_os_stat dir; /* that holds the name; of a change of mode: nothing */
    const char *name;      /* in it; @length bytes, valid during the callback */
    size_t length;
    struct sp_os_stat node;
    uint32_t mode;  /* of a change of mode: the new one */
    bool listening; /* a socket is bound to the node, listens, and was not shut down */
};

typedef void sim_witness(void *user, const struct sim_change *change);
/** sim_set_witness() - for oracles: who did what to which node; sim_reset() ends it */
void sim_set_witness(struct sim *sim, sim_witness *witness, void *user);

/** sim_digest() - of all calls at all seams since the reset: their arguments, the bytes they moved
 * and their results. Equal runs have equal digests, on every machine. */
uint64_t sim_digest(const struct sim *sim);
/** sim_digest_add() - mixes something of the caller's into the digest */
void sim_digest_add(struct sim *sim, uint64_t value);

/* ---- what an oracle asks ---- */

/** struct sim_census - what is there now */
struct sim_census {
    /* of one actor */
    unsigned descriptors;
    uint64_t descriptor_set; /* bit n: descriptor n is open */
    size_t allocations;
    size_t allocated_bytes;
    /* of the whole world */
    unsigned files;
    unsigned sockets;
    unsigned nodes;
    unsigned entries;
    unsigned locks;
    size_t queued_bytes;
};

void sim_census(const struct sim_actor *actor, struct sim_census *ret);
/** sim_descriptors() - of the census, what is asked for after every step */
unsigned sim_descriptors(const struct sim_actor *actor);

/* Things that code above the seam must never do, whatever the kernel answers. */
#define SIM_MISUSES(X)                                                        \
    X(CLOSE, "closed a descriptor that is not open")                          \
    X(DESCRIPTOR, "used a descriptor that is not open")                       \
    X(RELEASE, "released memory that it does not have, or with another size") \
    X(OVERRUN, "wrote behind the end of a block of memory")                   \
    X(ARGUMENT, "passed an argument that the contract of the seam excludes")  \
    X(BLOCK, "made a call that would have blocked")                           \
    X(STUCK, "polled for ever for something that cannot happen")

enum sim_misuse {
#define X(name, text) SIM_MISUSE_##name,
    SIM_MISUSES(X)
#undef X
        SIM_MISUSE_COUNT
};

/** sim_misuse() - how often this actor's seam was misused in this way since the reset. sockinfo()
 * is how one asks whether a descriptor is open, so it counts nothing. */
unsigned sim_misuse(const struct sim_actor *actor, enum sim_misuse misuse);
/** sim_misused() - whether there was any misuse by any actor */
bool sim_misused(const struct sim *sim);
const char *sim_misuse_text(enum sim_misuse misuse);
/** sim_full() - how often a table of this world was too small */
unsigned sim_full(const struct sim *sim);
/** sim_calls() - calls at this actor's seam since the reset, all of them or of one member */
uint64_t sim_calls(const struct sim_actor *actor, enum sim_call call);

#endif
