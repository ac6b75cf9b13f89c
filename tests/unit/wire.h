/* SPDX-License-Identifier: MIT */
/*
 * A socket alone, and the far end of its wire in the test's hand: a seam on which every byte,
 * failure and instant is set by the test.
 *
 * What the far end did (said something, finished, left) and what the kernel would take is state of
 * the wire; each connect() that succeeds begins with a fresh one. The clock moves only in poll(),
 * to its deadline, and where a test moves it; waiting for what never comes fails the test.
 *
 * Closing a descriptor that is not open fails the test, and so does anything left at wire_end().
 */
#ifndef TESTS_UNIT_WIRE_H
#define TESTS_UNIT_WIRE_H

#include <sunpath/sunpath.h>

#define WIRE_MS UINT64_C(1000000)
#define WIRE_UID 1000u
#define WIRE_ALL SIZE_MAX

/* What the seam is asked and can refuse. X(ENUM) */
#define WIRE_CALLS(X) \
    X(SOCKET)         \
    X(CONNECT)        \
    X(SEND)           \
    X(RECV)           \
    X(POLL)           \
    X(SOCKINFO)       \
    X(GETSOCKNAME)    \
    X(GETPEERNAME)    \
    X(SET_NONBLOCK)   \
    X(SET_CLOEXEC)    \
    X(PEER_CRED)      \
    X(PEER_PIDFD)     \
    X(CLOSE)          \
    X(ALLOC)

enum wire_call {
#define WIRE_ENUM(name) WIRE_##name,
    WIRE_CALLS(WIRE_ENUM)
#undef WIRE_ENUM
        WIRE_CALL_COUNT
};

/* A planned failure: the calls after @after good ones, @times of them (0: none), give @error. */
struct wire_failure {
    int error;
    unsigned after;
    unsigned times;
};

struct wire_bytes {
    uint8_t *bytes;
    size_t length, capacity;
};

struct wire {
    struct sp_os os;
    struct sp_context *context;
    struct sp_socket *socket;

    /* set by the test */
    uint64_t now;
    uint64_t tick;    /* how much every reading of the clock moves it */
    size_t room;      /* bytes the kernel takes yet; WIRE_ALL: any number */
    size_t send_max;  /* bytes one send() takes; WIRE_ALL: any number */
    size_t recv_max;  /* bytes one recv() gives */
    uint64_t shuffle; /* not 0: seed of counts that are shorter still, at random */
    uint32_t uid;     /* of the far end */
    struct sp_os_sockinfo info;
    uint8_t own_name[SP_OS_SOCKADDR_MAX], peer_name[SP_OS_SOCKADDR_MAX];
    int own_length, peer_length;
    struct wire_failure fail[WIRE_CALL_COUNT];
    unsigned interrupt_polls; /* poll() calls that a signal interrupts, each after 1 ms */
    /* Called when poll() would sleep, with the time at which it would wake. */
    void (*asleep)(struct wire *wire, uint64_t until);

    /* the far end */
    struct wire_bytes coming; /* said by the far end, not received */
    size_t received;          /* how much of it has been */
    bool finished;            /* it says no more */
    bool reset;               /* it left bytes of ours unread: ECONNRESET once, then the end */
    bool left;                /* it is gone: hung up, and takes nothing */
    int refuse;               /* an errno that send() gives, though it is there */

    /* read by the test */
    struct wire_bytes heard; /* what the far end got, of all connections */
    unsigned calls[WIRE_CALL_COUNT];
    int open_descriptors;
    bool open[64];
    size_t memory; /* bytes allocated now */
    size_t memory_peak;
    uint8_t target[SP_PATH_MAX]; /* of the last connect() */
    size_t target_length;
};

/** wire_begin() - an unconnected socket, base directory "/base". */
void wire_begin(struct wire *wire);
/** wire_end() - frees all; fails the test if a descriptor or a byte is left. */
void wire_end(struct wire *wire);

/** wire_fail() - the next @times calls give @error. */
void wire_fail(struct wire *wire, enum wire_call call, int error, unsigned times);
/** wire_descriptor() - an open descriptor of the test's. */
int wire_descriptor(struct wire *wire);

/** wire_connect() - connects to "server"; takes the events. */
void wire_connect(struct wire *wire, enum sp_mode mode);
/** wire_say() - the far end says something. */
void wire_say(struct wire *wire, const void *bytes, size_t length);
void wire_say_text(struct wire *wire, const char *text);
/** wire_finish() - the far end has said all, and still listens. */
void wire_finish(struct wire *wire);
/** wire_leave() - the far end closes; @reset: it had not read all. */
void wire_leave(struct wire *wire, bool reset);

/** wire_ready() - what a loop would be told at this instant, for this interest. */
unsigned wire_ready(const struct wire *wire, unsigned interest);
/** wire_turn() - one round of a loop: false if there is nothing to do at this instant. */
bool wire_turn(struct wire *wire);
/** wire_settle() - rounds until there is nothing to do, events left alone; how many. Fails the test
 * if that takes @most of them. */
unsigned wire_settle(struct wire *wire, unsigned most);
/** wire_expect() - the events since the last look are exactly those: see tests/support/told.h. */
void wire_expect(struct wire *wire, const char *events);
/** wire_heard() - and forgets: the far end got exactly this. */
void wire_heard(struct wire *wire, const char *text);

#endif
