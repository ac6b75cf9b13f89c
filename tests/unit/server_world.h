/* SPDX-License-Identifier: MIT */
/*
 * A world for a server alone: a seam on which every connection, failure and instant is set by the
 * test.
 *
 * Clients are put in the listening socket's queue with world_connect(); each is of a kind that says
 * what poll() and recv() show of it. Descriptors are the lowest free numbers from 0, up to
 * .descriptors of them. The clock moves only in poll(), to its deadline, and where a test moves it.
 *
 * What a server on an abstract name never asks for is NULL: asking crashes the test. Closing a
 * descriptor that is not open fails it, and so does anything that is left at world_end().
 */
#ifndef TESTS_UNIT_SERVER_WORLD_H
#define TESTS_UNIT_SERVER_WORLD_H

#include <sunpath/sunpath.h>

#define WORLD_DESCRIPTORS 256
#define WORLD_QUEUE 4096
#define WORLD_NAME "world"

enum world_kind {
    WORLD_CLOSED,         /* not an open descriptor */
    WORLD_SOCKET,         /* new, bound or listening */
    WORLD_ALIVE,          /* a connection whose client is there */
    WORLD_GONE,           /* ... has closed without a byte */
    WORLD_RESET,          /* ... has closed, and left bytes of ours unread */
    WORLD_GONE_WITH_BYTES /* ... has closed after sending something */
};

struct world_client {
    enum world_kind kind;
    uint32_t uid;
};

struct world {
    struct sp_os os;
    struct sp_context *context;
    struct sp_server *server;
    uint64_t now;

    /* set by the test */
    int descriptors;              /* how many can be open */
    int fail_accept[WORLD_QUEUE]; /* errnos that accept() gives before it looks at the queue */
    unsigned fail_accept_count;
    int accept_always;        /* an errno that it gives every time; 0: none */
    unsigned interrupt_polls; /* poll() calls that a signal interrupts, each after 1 ms */
    bool no_memory;
    int fail_cred;  /* an errno that peer_cred() gives; 0: none */
    int fail_next;  /* an errno that the next socket(), bind(), listen(), sockinfo() ... gives */
    int fail_after; /* after so many of those that work */
    struct sp_os_sockinfo info;           /* what sockinfo() tells of any descriptor */
    uint8_t sockaddr[SP_OS_SOCKADDR_MAX]; /* what getsockname() tells */
    int sockaddr_length;

    /* read by the test */
    unsigned accepts, polls, recvs, creds, closes;
    uint8_t bound[SP_PATH_MAX];
    size_t bound_length;
    int backlog;
    bool nonblock, cloexec;
    size_t bytes; /* allocated now */

    struct world_client open[WORLD_DESCRIPTORS];
    struct world_client queue[WORLD_QUEUE];
    unsigned queue_head, queue_count;
};

/** world_begin() - a world with an unconfigured server. */
void world_begin(struct world *world);
/** world_listen() - the server listens on the abstract name WORLD_NAME. */
void world_listen(struct world *world);
/** world_end() - frees both; fails the test if a descriptor or a byte is left. */
void world_end(struct world *world);

/** world_connect() - @count clients of this kind, of our own uid. */
void world_connect(struct world *world, enum world_kind kind, unsigned count);
void world_connect_as(struct world *world, uint32_t uid);
/** world_open() - a descriptor of the caller's. */
int world_open(struct world *world, enum world_kind kind);
unsigned world_open_count(const struct world *world);
/** world_pending_count() - connections that a listening server holds. */
unsigned world_pending_count(const struct world *world);

/** world_turns() - runs a loop as long as it has something to do at this instant; returns how many
 * times it went round, at most @most. */
unsigned world_turns(struct world *world, unsigned most);
/** world_take_all() - takes and frees; returns how many. */
unsigned world_take_all(struct world *world);
/** world_expect() - the events recorded are exactly those, as words: "new-connection error:-5". */
void world_expect(struct world *world, const char *events);

#endif
