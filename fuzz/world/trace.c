/* SPDX-License-Identifier: MIT */
/*
 * What happens in a program, for a person to read (fuzz_watch.trace): every call at a side's seam,
 * every event that is taken, and what each operation came to.
 *
 * Nothing here is looked at by an oracle, and nothing is noted in the digest.
 *
 * Tests: tests/cli/test_replay.py
 */
#include "fuzz/engine/target.h"
#include "fuzz/world/internal.h"

#include <inttypes.h>

/* Names come from the input: whatever could end the line or drive a terminal is escaped. */
static void tell_name(const char *name)
{
    fputs(" \"", fuzz_watch.trace);
    for (; *name != '\0'; name++) {
        unsigned char c = (unsigned char)*name;

        if (c < ' ' || c > '~' || c == '"' || c == '\\')
            fprintf(fuzz_watch.trace, "\\x%02x", c);
        else
            fputc(c, fuzz_watch.trace);
    }
    fputc('"', fuzz_watch.trace);
}

static const char *who(const struct world *world, const struct sim_actor *actor)
{
    if (actor == world->sides[WORLD_CLIENT].actor)
        return "client";
    return actor == world->sides[WORLD_SERVER].actor ? "server" : "user";
}

void world_tell_call(const struct world *world, const struct sim_trace_entry *entry)
{
    const char *error = entry->result < 0 ? sim_errno_name((int)-entry->result) : NULL;

    fprintf(fuzz_watch.trace, "      %s %s", who(world, entry->actor), sim_call_name(entry->call));
    if (entry->fd >= 0)
        fprintf(fuzz_watch.trace, " fd %d", entry->fd);
    if (entry->name != NULL)
        tell_name(entry->name);
    if (error != NULL)
        fprintf(fuzz_watch.trace, " = -%s", error);
    else
        fprintf(fuzz_watch.trace, " = %" PRId64, entry->result);
    fputs(entry->faulted ? " (a fault)\n" : "\n", fuzz_watch.trace);
}

void world_tell_event(char object, unsigned slot, const struct sp_event *event)
{
    fprintf(fuzz_watch.trace, "      %c%u event %s", object, slot, sp_event_name(event->kind));
    if (event->kind == SP_EVENT_STATE)
        fprintf(fuzz_watch.trace, " %s", sp_state_name(event->state));
    fputc('\n', fuzz_watch.trace);
}

void world_tell_outcome(const struct world_outcome *outcome)
{
    if (!outcome->called)
        fputs("    nothing to do it with\n", fuzz_watch.trace);
    else if (outcome->operation->kind < OPERATION_PEER_LISTEN && outcome->result < 0)
        fprintf(fuzz_watch.trace, "    = %s\n", sp_error_name((int)outcome->result));
    else
        fprintf(fuzz_watch.trace, "    = %" PRId64 "\n", outcome->result);
}
