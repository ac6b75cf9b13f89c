/* SPDX-License-Identifier: MIT */
/*
 * The server object, shared by the files server*.c.
 *
 * server.c         life, configuration, what can be asked
 * server_listen.c  listen, adopt, close, remove
 * server_accept.c  accepting, and handing out what was accepted
 * server_wait.c    the blocking wait
 */
#ifndef SP__SERVER_H
#define SP__SERVER_H

#include "dispatch.h"
#include "events.h"
#include "fault.h"
#include "name.h"
#include "peer.h"
#include "pending.h"
#include "sockfile.h"

#include <sunpath/server.h>

/* What a server is doing about connections; sp__server_phases says what each asks of the loop. */
enum sp__phase {
    SP__PHASE_CLOSED,    /* not listening */
    SP__PHASE_ACCEPTING, /* connections are accepted when they come */
    SP__PHASE_FULL,      /* as many as allowed are pending: until one is taken */
    SP__PHASE_STARVED,   /* no descriptor or no memory for one more: until a timer */
    SP__PHASE_BROKEN,    /* accept() fails in a way that waiting hardly mends: the longest timer */
};
#define SP__PHASES 5

struct sp__phase_row {
    bool listening;
    uint8_t interest; /* enum sp_io */
    bool timed;       /* sp_server.retry_ns counts */
};

extern const struct sp__phase_row sp__server_phases[SP__PHASES];

/* How many accept() calls one sp_server_process() makes; see server_accept.c. */
struct sp__pace {
    uint8_t batch;    /* this many */
    uint8_t calm;     /* calls with a batch of one that used it, since the last probe */
    uint8_t patience; /* calm calls before the next probe */
};

struct sp_server {
    const struct sp_context *context;
    void *user;
    struct sp__dispatch *dispatch; /* innermost call that is delivering events, or NULL */
    struct sp__policy *policy;     /* NULL: the default */

    struct sp__name *name; /* NULL unless listening; also NULL if the address is unnamed */
    struct sp__pending pending;
    uint32_t max_pending;
    int fd; /* the listening socket, or -1 */

    uint64_t retry_ns; /* when a pause ends */
    uint64_t pause_ns; /* how long it is; 0: no accept has failed since the last that worked */
    uint64_t refused;
    struct sp__pace pace;
    uint8_t phase;   /* enum sp__phase */
    uint8_t trouble; /* STARVED or BROKEN until an accept works again, else ACCEPTING */
    uint8_t misses;  /* failures in a row that should not repeat */

    uint8_t trust; /* enum sp_trust */
    bool take_over;
    uint16_t access;
    int backlog;
    struct sp__fault fault;
    struct sp__events events;
    struct sp__sockfile file; /* the socket file we made, if we made one */
};

/**
 * sp__server_examine() - may this descriptor be taken over?
 * @unfit: what speaks against it, once it is known to be a socket
 *
 * Returns SP_OK, or SP_ERROR_UNSUPPORTED with the cause; nothing is changed.
 */
int sp__server_examine(struct sp_server *server, int fd,
                       enum sp_cause (*unfit)(const struct sp_os_sockinfo *info));

/** sp__server_settle() - ACCEPTING or FULL, by the number of connections; the other phases stay. */
void sp__server_settle(struct sp_server *server);

/** sp__server_start() - from now on @server->fd listens: everything about accepting begins anew. */
void sp__server_start(struct sp_server *server);

#endif
