/* SPDX-License-Identifier: MIT */
/* A server at a path: see served.h. */
#include "tests/integration/served.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>

void served_begin(struct served *served)
{
    faulty_os_init(&served->os, sp_os_linux());
    served->dir = tempdir_make();
    tempdir_join(&served->dir, "svc", served->path);
    cr_assert_eq(sp_context_new(&served->context, &served->os.os, served->dir.path), SP_OK);
    cr_assert_eq(sp_server_new(&served->server, served->context), SP_OK);
}

void served_listen(struct served *served)
{
    cr_assert_eq(sp_server_listen(served->server, "svc", SP_STRLEN), SP_OK, "%s",
                 sp_error_name(sp_server_error(served->server)));
}

void served_end(struct served *served)
{
    sp_server_free(served->server);
    sp_context_free(served->context);
    tempdir_remove(&served->dir);
}

bool served_turn(struct served *served, int ms)
{
    const struct sp_os *os = sp_os_linux();
    uint64_t deadline = sp_server_deadline(served->server);
    unsigned interest = sp_server_interest(served->server);
    struct pollfd entry = {
        .fd = interest != 0 ? sp_server_fd(served->server) : -1,
        .events = (short)sp_io_to_poll(interest),
    };
    int until_deadline = sp_io_timeout_ms(deadline, os->now_ns(os->ctx));
    int n;

    if (until_deadline >= 0 && until_deadline < ms)
        ms = until_deadline;
    n = poll(&entry, 1, ms);
    sp_server_process(served->server, n > 0 ? sp_io_from_poll((unsigned)entry.revents) : 0);
    return n > 0 || (deadline != SP_NEVER && os->now_ns(os->ctx) >= deadline);
}

void served_until_pending(struct served *served)
{
    for (int turns = 0; !sp_server_has_pending(served->server); turns++) {
        cr_assert_lt(turns, 100, "no connection came");
        served_turn(served, 100);
    }
}

struct sp_socket *served_take(struct served *served)
{
    struct sp_socket *socket = NULL;

    served_until_pending(served);
    cr_assert_eq(sp_server_take(served->server, &socket), SP_OK);
    return socket;
}

void served_expect(struct served *served, const char *events)
{
    struct sp_event event;
    char text[512] = "";
    size_t used = 0;

    while (sp_server_next_event(served->server, &event)) {
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", used > 0 ? " " : "",
                                 sp_event_name(event.kind));
        if (event.kind == SP_EVENT_ERROR)
            used += (size_t)snprintf(text + used, sizeof(text) - used, ":%d", event.error);
        cr_assert_lt(used, sizeof(text));
    }
    cr_assert_str_eq(text, events);
}

long cpu_ms(void)
{
    struct timespec spent;

    cr_assert_eq(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent), 0);
    return (long)spent.tv_sec * 1000 + spent.tv_nsec / 1000000;
}
