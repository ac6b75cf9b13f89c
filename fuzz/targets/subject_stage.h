/* SPDX-License-Identifier: MIT */
/*
 * What the parts of fuzz_subject share: the objects of a program, calls of the subject, the report.
 *
 *   fuzz_subject.c     the program, step by step, and its end
 *   subject_names.c    connecting, listening, files: what is at a path, and what came of it
 *   subject_ends.c     both ends of connections: reading, writing, events
 *   subject_call.c     calls of the subject, patience, the report
 *   subject_room.c     the directory and the descriptors
 */
#ifndef FUZZ_SUBJECT_STAGE_H
#define FUZZ_SUBJECT_STAGE_H

#include "fuzz/program/operation.h"
#include "fuzz/spec/subject_spec.h"
#include "fuzz/targets/subject_room.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Steps of a program that are played. Each makes one connection at most. */
#define STAGE_STEPS_MAX 64
#define STAGE_LINKS STAGE_STEPS_MAX
/* Ends that a program can name, and those that are taken from servers at its end. */
#define STAGE_SOCKETS (OPERATION_SOCKETS + STAGE_LINKS)
#define STAGE_PEERS (OPERATION_PEERS + STAGE_LINKS)
/* Connections that may wait for a server: what subject_listen() promises. */
#define STAGE_WAITING 16
/* Bytes of one read or write. */
#define STAGE_BYTES_MAX ((size_t)64 * 1024)

/* A socket of the subject. */
struct stage_socket {
    struct subject_socket *socket; /* NULL: the slot is empty */
    struct spec_end end;           /* without a link: not connected */
    bool is_closing;
    bool is_closed; /* SUBJECT_CLOSED was told */
};

/* A descriptor of another program. */
struct stage_peer {
    bool is_used;
    int fd;
    struct spec_end end; /* without a link: it listens */
};

/* Whoever listens: subject's servers first, then peers. */
#define STAGE_LISTENERS (OPERATION_SERVERS + OPERATION_PEERS)
struct stage_listener {
    struct subject_server *server; /* of a server slot in use */
    bool listens;
    unsigned name;         /* of its file, when it was made */
    struct room_node file; /* which is this */
    size_t waiting;
    struct spec_link *queue[STAGE_WAITING]; /* connections that were not handed out, oldest first */
};

struct stage {
    struct stage_socket sockets[STAGE_SOCKETS];
    struct stage_peer peers[STAGE_PEERS];
    struct stage_listener listeners[STAGE_LISTENERS];
    size_t links_used;
    struct spec_link links[STAGE_LINKS];
    size_t step;
    const uint8_t *program;
    size_t length;
};

extern struct stage stage;

static inline struct stage_listener *stage_peer_listener(size_t peer)
{
    return &stage.listeners[OPERATION_SERVERS + peer];
}

/* ---- subject_call.c ---- */

/** stage_fail() - ends the run with the property that does not hold, and the program */
_Noreturn void stage_fail(enum subject_property property, const char *format, ...)
    __attribute__((format(printf, 2, 3), cold));
/** stage_judge() - fails if the verdict is that it is broken */
void stage_judge(struct spec_verdict verdict, const char *call, ptrdiff_t result);

/** stage_call_begin(), stage_call_end() - around each call of the subject: one that does not return
 * is reported, and so is one that closes what is not its own */
void stage_call_begin(const char *name);
void stage_call_end(void);
/* The value of a call. */
#define STAGE_CALL(name, type, call) \
    (stage_call_begin(name), (type)stage_call_value((intptr_t)(call)))
intptr_t stage_call_value(intptr_t value);

/** struct stage_patience - how often something was asked for; zero at first */
struct stage_patience {
    unsigned turns;
};
/** stage_again() - turns all loops of the subject; false once that was done often enough */
bool stage_again(struct stage_patience *patience);

/* ---- subject_ends.c ---- */

/** stage_turn() - one turn of all loops */
void stage_turn(void);

void stage_read(struct stage_socket *socket, size_t capacity);
void stage_write(struct stage_socket *socket, size_t length);
void stage_events(struct stage_socket *socket);
void stage_close(struct stage_socket *socket);
void stage_free(struct stage_socket *socket);
/** stage_new() - into an empty slot */
void stage_new(struct stage_socket *socket);

void stage_peer_read(struct stage_peer *peer, size_t capacity);
void stage_peer_write(struct stage_peer *peer, size_t length);
void stage_peer_fill(struct stage_peer *peer);
void stage_peer_shut(struct stage_peer *peer);
void stage_peer_close(struct stage_peer *peer);
void stage_peer_put(struct stage_peer *peer, int fd, struct spec_link *link, unsigned side);

/** stage_drain() - everything that is on its way arrives, ends are told, closing ends */
void stage_drain(void);

/* ---- subject_names.c ---- */

void stage_connect(struct stage_socket *socket, unsigned name);
void stage_listen(struct stage_listener *listener, unsigned name);
void stage_accept(struct stage_listener *listener, struct stage_socket *socket);
void stage_server_events(struct stage_listener *listener);
void stage_server_close(struct stage_listener *listener, bool frees);

void stage_peer_connect(struct stage_peer *peer, unsigned name);
void stage_peer_listen(struct stage_peer *peer, unsigned name);
void stage_peer_accept(struct stage_peer *listening, struct stage_peer *peer);
/** stage_peer_leave() - a peer that listens does so no more; its file stays */
void stage_peer_leave(struct stage_peer *peer);

#endif
