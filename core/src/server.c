/* SPDX-License-Identifier: MIT */
/*
 * The server: life, configuration, and what can be asked.
 *
 * Nothing here makes a system call, except that freeing a server closes it.
 *
 * Tests: tests/unit/test_server.c
 */
#include "server.h"

#include "check.h"
#include "context.h"

#include <string.h>

#define BACKLOG_MAX 65535

/* The bits of a policy that make sense for a server: it needs no proof of where it is reached. */
#define PERMITTED (SP_PEER_ANY | SP_PEER_SELF | SP_PEER_ROOT | SP_PEER_UIDS | SP_PEER_GIDS)

const struct sp__phase_row sp__server_phases[SP__PHASES] = {
    /*                        listening  interest    timed */
    [SP__PHASE_CLOSED] = {false, 0, false}, [SP__PHASE_ACCEPTING] = {true, SP_IO_READ, false},
    [SP__PHASE_FULL] = {true, 0, false},    [SP__PHASE_STARVED] = {true, 0, true},
    [SP__PHASE_BROKEN] = {true, 0, true},
};

int sp_server_new(struct sp_server **ret, const struct sp_context *context)
{
    const struct sp_os *os = context->os;
    struct sp_server *server = os->alloc(os->ctx, sizeof(*server));

    if (server == NULL)
        return SP_ERROR_RESOURCE;
    memset(server, 0, sizeof(*server));
    server->context = context;
    server->fd = -1;
    server->file.dir = -1;
    server->max_pending = SP_MAX_PENDING_DEFAULT;
    server->backlog = SP_BACKLOG_DEFAULT;
    server->access = SP_ACCESS_USER;
    server->trust = SP_TRUST_STRICT;
    server->phase = SP__PHASE_CLOSED;
    server->trouble = SP__PHASE_ACCEPTING;
    sp__pending_init(&server->pending);
    SP__CHECK(sp_server_validate(server));
    *ret = server;
    return SP_OK;
}

void sp_server_free(struct sp_server *server)
{
    const struct sp_os *os;

    if (server == NULL)
        return;
    os = server->context->os;
    sp_server_close(server);
    sp__dispatch_gone(server->dispatch);
    sp__policy_free(os, server->policy);
    os->release(os->ctx, server, sizeof(*server));
}

void sp_server_set_user(struct sp_server *server, void *user)
{
    server->user = user;
}

void *sp_server_user(const struct sp_server *server)
{
    return server->user;
}

/* ---- configuration ---- */

/* Whether a setter may go on: what is set while listening would be silently ignored. */
static int configure(struct sp_server *server, bool valid)
{
    SP__CHECK(sp_server_validate(server));
    if (sp_server_is_listening(server))
        return sp__fail(&server->fault, SP_ERROR_OPERATION, SP_OPERATION_CONFIGURE, SP_CAUSE_STATE);
    if (!valid)
        return sp__fail(&server->fault, SP_ERROR_ARGUMENT, SP_OPERATION_CONFIGURE, SP_CAUSE_NONE);
    return SP_OK;
}

static bool is_access(unsigned access)
{
    unsigned rest = access;

    if (access == SP_ACCESS_UMASK)
        return true;
    for (unsigned class = SP_ACCESS_OTHER; class <= SP_ACCESS_USER; class <<= 3) {
        if ((access & class) == class)
            rest &= ~class;
    }
    return access != 0 && rest == 0;
}

int sp_server_set_access(struct sp_server *server, unsigned access)
{
    int r = configure(server, is_access(access));

    if (r == SP_OK)
        server->access = (uint16_t)access;
    return r;
}

int sp_server_set_backlog(struct sp_server *server, int backlog)
{
    int r = configure(server, backlog >= 0 && backlog <= BACKLOG_MAX);

    if (r == SP_OK)
        server->backlog = backlog;
    return r;
}

int sp_server_set_trust(struct sp_server *server, enum sp_trust trust)
{
    int r = configure(server,
                      trust == SP_TRUST_STRICT || trust == SP_TRUST_GROUP || trust == SP_TRUST_OFF);

    if (r == SP_OK)
        server->trust = (uint8_t)trust;
    return r;
}

int sp_server_set_take_over(struct sp_server *server, bool take_over)
{
    int r = configure(server, true);

    if (r == SP_OK)
        server->take_over = take_over;
    return r;
}

int sp_server_set_peer_policy(struct sp_server *server, const struct sp_peer_policy *policy)
{
    const struct sp_os *os = server->context->os;
    struct sp__policy *copy = NULL;
    int r = configure(server, true);

    if (r == SP_OK)
        r = sp__policy_copy(os, policy, PERMITTED, &copy, &server->fault);
    if (r < 0)
        return r;
    sp__policy_free(os, server->policy);
    server->policy = copy;
    return SP_OK;
}

int sp_server_set_max_pending(struct sp_server *server, int connections)
{
    SP__CHECK(sp_server_validate(server));
    if (connections < 1 || connections > SP_MAX_PENDING_MAX)
        return sp__fail(&server->fault, SP_ERROR_ARGUMENT, SP_OPERATION_CONFIGURE, SP_CAUSE_NONE);
    server->max_pending = (uint32_t)connections;
    sp__server_settle(server);
    SP__CHECK(sp_server_validate(server));
    return SP_OK;
}

int sp_server_max_pending(const struct sp_server *server)
{
    return (int)server->max_pending;
}

int sp_server_backlog(const struct sp_server *server)
{
    return server->backlog;
}

unsigned sp_server_access(const struct sp_server *server)
{
    return server->access;
}

/* ---- what can be asked ---- */

bool sp_server_is_listening(const struct sp_server *server)
{
    return sp__server_phases[server->phase].listening;
}

const char *sp_server_name(const struct sp_server *server, size_t *ret_length)
{
    return sp__name_request(server->name, ret_length);
}

void sp_server_address(const struct sp_server *server, struct sp_address *ret)
{
    sp__name_address(server->name, ret);
}

int sp_server_descriptor(const struct sp_server *server)
{
    return server->fd;
}

enum sp_error sp_server_error(const struct sp_server *server)
{
    return (enum sp_error)server->fault.error;
}

void sp_server_error_detail(const struct sp_server *server, struct sp_error_detail *ret)
{
    sp__fault_detail(&server->fault, ret);
}

uint64_t sp_server_refused(const struct sp_server *server)
{
    return server->refused;
}

bool sp_server_has_pending(const struct sp_server *server)
{
    return server->pending.count > 0;
}

/* ---- the loop ---- */

int sp_server_fd(const struct sp_server *server)
{
    return server->fd;
}

unsigned sp_server_interest(const struct sp_server *server)
{
    return sp__server_phases[server->phase].interest;
}

uint64_t sp_server_deadline(const struct sp_server *server)
{
    return sp__server_phases[server->phase].timed ? server->retry_ns : SP_NEVER;
}

bool sp_server_next_event(struct sp_server *server, struct sp_event *ret_event)
{
    SP__CHECK(sp_server_validate(server));
    return sp__events_pop(&server->events, ret_event);
}

/* ---- invariants ---- */

static bool has_event(const struct sp__events *events, enum sp_event_kind kind)
{
    for (unsigned i = 0; i < events->count; i++) {
        if (events->ring[(events->head + i) % SP_EVENTS_MAX] >> 4 == (unsigned)kind)
            return true;
    }
    return false;
}

static bool configuration_valid(const struct sp_server *server)
{
    return server->max_pending >= 1 && server->max_pending <= SP_MAX_PENDING_MAX &&
           server->backlog >= 0 && server->backlog <= BACKLOG_MAX && is_access(server->access) &&
           server->trust <= SP_TRUST_OFF;
}

static bool closed_valid(const struct sp_server *server)
{
    return server->fd < 0 && server->name == NULL && server->file.dir < 0 &&
           server->pending.count == 0;
}

static bool listening_valid(const struct sp_server *server)
{
    bool full = server->pending.count >= server->max_pending;
    uint64_t pause = server->pause_ns;

    if (server->fd < 0)
        return false;
    if (server->pace.batch < 1 || server->pace.batch > SP_ACCEPTS_PER_PROCESS ||
        server->pace.patience < 1 || server->misses >= SP_ACCEPTS_PER_PROCESS)
        return false;
    if (server->trouble == SP__PHASE_ACCEPTING
            ? pause != 0
            : pause < SP_ACCEPT_RETRY_MIN_NS || pause > SP_ACCEPT_RETRY_MAX_NS)
        return false;
    switch (server->phase) {
    case SP__PHASE_ACCEPTING:
        return !full;
    case SP__PHASE_FULL:
        return full;
    default:
        return server->trouble == server->phase;
    }
}

bool sp_server_validate(const struct sp_server *server)
{
    if (server == NULL || server->context == NULL || server->phase >= SP__PHASES)
        return false;
    if (!configuration_valid(server) || !sp__pending_valid(&server->pending) ||
        !sp__events_valid(&server->events))
        return false;
    if (server->pending.count == 0 && has_event(&server->events, SP_EVENT_NEW_CONNECTION))
        return false;
    return sp_server_is_listening(server) ? listening_valid(server) : closed_valid(server);
}
