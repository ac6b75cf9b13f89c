/* SPDX-License-Identifier: MIT */
/*
 * The server: waiting for a connection, as a loop of one descriptor.
 *
 * One deadline is fixed at the start, so neither signals nor clients that are refused or vanish
 * prolong a wait. While accepting is paused the wait sleeps on the timer of the pause.
 *
 * Tests: tests/unit/test_server_wait.c, tests/integration/test_server_signals.c
 */
#include "server.h"

#include "check.h"
#include "context.h"
#include "socket.h"

#include <errno.h>

/* Waits for readiness until the nearer of @deadline and the server's own, and acts on it. Returns
 * SP_OK or why no waiting can help. */
static int turn(struct sp_server *server, uint64_t deadline)
{
    const struct sp_os *os = server->context->os;
    unsigned interest = sp_server_interest(server);
    uint64_t until = sp_server_deadline(server);
    struct sp_os_pollfd entry = {.fd = -1};
    int n;

    if (interest != 0) {
        entry.fd = server->fd;
        entry.want = sp_io_to_poll(interest);
    }
    n = os->poll(os->ctx, &entry, 1, until < deadline ? until : deadline);
    if (n < 0 && n != -EINTR)
        return sp__fail_os(&server->fault, SP_OPERATION_POLL, n);
    sp_server_process(server, n > 0 ? SP_IO_READ : 0);
    /* Nobody will ever come: better said than slept through. */
    if (server->phase == SP__PHASE_BROKEN)
        return server->fault.error;
    return SP_OK;
}

static int wait_for_connection(struct sp_server *server, int ms)
{
    const struct sp_os *os = server->context->os;
    uint64_t deadline;
    bool last = false;

    if (ms < -1)
        return sp__fail(&server->fault, SP_ERROR_ARGUMENT, SP_OPERATION_POLL, SP_CAUSE_NONE);
    if (!sp_server_is_listening(server))
        return sp__fail(&server->fault, SP_ERROR_OPERATION, SP_OPERATION_POLL, SP_CAUSE_STATE);
    if (sp_server_has_pending(server))
        return SP_OK;
    deadline = sp__deadline_after(os, ms);
    while (!last) {
        int r = turn(server, deadline);

        if (sp_server_has_pending(server))
            return SP_OK;
        if (r < 0)
            return r;
        last = ms >= 0 && os->now_ns(os->ctx) >= deadline;
    }
    return sp__fail(&server->fault, SP_ERROR_TIMEOUT, SP_OPERATION_POLL, SP_CAUSE_DEADLINE);
}

int sp_server_wait_new_connection(struct sp_server *server, int ms, bool *ret_timed_out)
{
    int r;

    SP__CHECK(sp_server_validate(server));
    r = wait_for_connection(server, ms);
    if (ret_timed_out != NULL)
        *ret_timed_out = r == SP_ERROR_TIMEOUT;
    SP__CHECK(sp_server_validate(server));
    return r;
}
