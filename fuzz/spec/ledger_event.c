/* SPDX-License-Identifier: MIT */
/*
 * The ledger: what events may say. See ledger.h.
 *
 * An event can tell of an earlier connection than the one there is now. Each change of state is one
 * event, so what has been told of is followed by these; where events were dropped (LOST) it is not
 * known until none are left.
 */
#include "fuzz/spec/ledger.h"

static void changed(struct ledger_told *told, enum sp_state state)
{
    if (state == SP_STATE_CONNECTING ||
        (state == SP_STATE_CONNECTED && told->state == SP_STATE_UNCONNECTED))
        *told = (struct ledger_told){
            .connection = told->connection + 1,
            .unknown = told->unknown,
            .with_gaps = told->unknown,
        };
    told->state = state;
}

static void ready_read(struct ledger *ledger, unsigned slot)
{
    struct ledger_end *end = &ledger->ends[slot];
    struct sim_connection wire;
    bool there = ledger_available(end) > 0 || (ledger_wire(ledger, slot, &wire) && wire.unread > 0);

    WORLD_CHECK(ledger->world, there || end->misled, "ready-read-is-true",
                "c%u: READY_READ, and there is nothing to read", slot);
    WORLD_CHECK(ledger->world, !end->told.finished, "ready-read-behind-the-end",
                "c%u: READY_READ after READ_FINISHED", slot);
    end->promised = there;
}

static void finished(struct ledger *ledger, unsigned slot)
{
    struct ledger_end *end = &ledger->ends[slot];
    struct sim_connection wire;

    WORLD_CHECK(ledger->world, !end->told.finished && !end->told.disconnected, "events-in-order",
                "c%u: READ_FINISHED twice, or after DISCONNECTED", slot);
    end->told.finished = true;
    if (ledger_wire(ledger, slot, &wire)) /* otherwise it was seen when it ended */
        WORLD_CHECK(ledger->world, ledger_all_received(end, &wire), "finished-before-the-last-byte",
                    "c%u: READ_FINISHED, and %llu of %llu bytes were received", slot,
                    (unsigned long long)end->received, (unsigned long long)wire.peer_sent);
}

static void bytes_written(struct ledger *ledger, unsigned slot, uint64_t bytes)
{
    struct ledger_end *end = &ledger->ends[slot];

    end->reported += bytes;
    WORLD_CHECK(ledger->world, bytes > 0 && end->reported <= end->sent, "written-is-what-was-sent",
                "c%u: %llu bytes are told of, and %llu were sent", slot,
                (unsigned long long)end->reported, (unsigned long long)end->sent);
}

static void disconnected(const struct ledger *ledger, unsigned slot)
{
    const struct ledger_told *told = &ledger->ends[slot].told;

    WORLD_CHECK(ledger->world, told->finished || told->with_gaps, "events-in-order",
                "c%u: DISCONNECTED without READ_FINISHED", slot);
    WORLD_CHECK(ledger->world, !told->disconnected && told->state == SP_STATE_UNCONNECTED,
                "events-in-order", "c%u: DISCONNECTED twice, or of what is connected", slot);
}

/* Of the connection that there is. */
static void tells(struct ledger *ledger, unsigned slot, const struct sp_event *event)
{
    struct ledger_told *told = &ledger->ends[slot].told;

    switch (event->kind) {
    case SP_EVENT_READY_READ:
        ready_read(ledger, slot);
        break;
    case SP_EVENT_READ_FINISHED:
        finished(ledger, slot);
        break;
    case SP_EVENT_BYTES_WRITTEN:
        bytes_written(ledger, slot, event->bytes);
        break;
    case SP_EVENT_DISCONNECTED:
        disconnected(ledger, slot);
        told->disconnected = true;
        break;
    case SP_EVENT_ERROR:
        told->error = true;
        break;
    default:
        break;
    }
}

void ledger_event(struct ledger *ledger, unsigned slot, const struct sp_event *event)
{
    struct ledger_end *end = &ledger->ends[slot];
    struct ledger_told *told = &end->told;

    if (event->kind == SP_EVENT_LOST)
        told->unknown = told->with_gaps = true;
    else if (event->kind == SP_EVENT_STATE)
        changed(told, event->state);
    else if (!told->unknown && told->connection == end->connection)
        tells(ledger, slot, event);
}

void ledger_all_told(struct ledger *ledger, unsigned slot)
{
    struct ledger_end *end = &ledger->ends[slot];
    struct ledger_told *told = &end->told;

    if (told->unknown) {
        told->unknown = false;
        told->connection = end->connection;
        told->state = end->state;
    }
    if (end->connection == 0 || told->with_gaps)
        return;
    WORLD_CHECK(ledger->world, told->connection == end->connection && told->state == end->state,
                "events-tell-all", "c%u is %s, and what was told last is %s", slot,
                sp_state_name(end->state), sp_state_name(told->state));
    WORLD_CHECK(ledger->world, end->aborted || end->reported == end->sent, "events-tell-all",
                "c%u: %llu bytes were sent, and %llu are told of", slot,
                (unsigned long long)end->sent, (unsigned long long)end->reported);
    WORLD_CHECK(ledger->world,
                end->lost == 0 || end->aborted || told->error || end->state != SP_STATE_UNCONNECTED,
                "events-tell-all", "c%u: %llu bytes were lost, and no error was told of", slot,
                (unsigned long long)end->lost);
}
