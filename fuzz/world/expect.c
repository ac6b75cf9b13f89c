/* SPDX-License-Identifier: MIT */
/*
 * What a text seed claims, and the events that were taken.
 *
 * Claims are looked at only when the seeds of a target are checked (world.claims): to a fuzzer they
 * are nothing, because the programs that it makes of them claim what is not so.
 *
 *   expect result N      the last operation gave N
 *   expect refused E     the last operation was refused with this error
 *   expect event E       the next event that was taken and not yet claimed is of this kind
 *   the others           how things are now
 */
#include "fuzz/engine/target.h"
#include "fuzz/world/internal.h"
#include "fuzz/world/names.h"

#define EVENTS (sizeof(((struct world *)NULL)->events))

static void note_event(struct world *world, const struct sp_event *event)
{
    world->events[world->events_taken++ % EVENTS] = (uint8_t)event->kind;
}

void world_took_socket_event(struct world *world, unsigned slot, const struct sp_event *event)
{
    note_event(world, event);
    if (fuzz_watch.trace != NULL)
        world_tell_event('c', slot, event);
    if (world->watch->socket_event != NULL)
        world->watch->socket_event(world, slot, event);
}

void world_took_server_event(struct world *world, unsigned slot, const struct sp_event *event)
{
    note_event(world, event);
    if (fuzz_watch.trace != NULL)
        world_tell_event('s', slot, event);
    if (world->watch->server_event != NULL)
        world->watch->server_event(world, slot, event);
}

static void claim_event(struct world *world, enum sp_event_kind kind)
{
    WORLD_CHECK(world, world->events_claimed < world->events_taken, "claim",
                "event %s: all that were taken are claimed already", sp_event_name(kind));
    WORLD_CHECK(world, world->events[world->events_claimed % EVENTS] == (uint8_t)kind, "claim",
                "event %s: the next one was %s", sp_event_name(kind),
                sp_event_name((enum sp_event_kind)world->events[world->events_claimed % EVENTS]));
    world->events_claimed++;
}

static void claim_socket(struct world *world, const struct operation *operation)
{
    unsigned number = (unsigned)operation->arg[0] % world->sockets_used;
    const struct sp_socket *socket = world->sockets[number].socket;
    int value = (int)operation->arg[1];

    WORLD_CHECK(world, socket != NULL, "claim", "there is no c%u", number);
    if (operation->kind == OPERATION_EXPECT_STATE)
        WORLD_CHECK(world, sp_socket_state(socket) == (enum sp_state)value, "claim",
                    "c%u is %s, not %s", number, sp_state_name(sp_socket_state(socket)),
                    sp_state_name((enum sp_state)value));
    else
        WORLD_CHECK(world, sp_socket_error(socket) == (enum sp_error) - value, "claim",
                    "the error of c%u is %s, not %s", number,
                    sp_error_name(sp_socket_error(socket)), sp_error_name(-value));
}

static void claim_exists(struct world *world, const struct operation *operation)
{
    struct world_name path;
    struct sp_os_stat stat;
    bool exists;

    world_name(operation->path, &path);
    exists = sim_lstat(world->users[0], path.bytes, &stat) >= 0;
    WORLD_CHECK(world, exists == (operation->arg[0] != 0), "claim", "%s %s", path.bytes,
                exists ? "exists" : "does not exist");
}

static void claim_result(struct world *world, int64_t expected)
{
    WORLD_CHECK(world, world->last.called, "claim", "the last operation made no call");
    WORLD_CHECK(world, world->last.result == expected, "claim", "the result was %lld, not %lld",
                (long long)world->last.result, (long long)expected);
}

bool world_do_expect(struct world *world, const struct operation *operation)
{
    if (operation->kind < OPERATION_EXPECT_STATE)
        return false;
    if (!world->claims)
        return true;
    switch (operation->kind) {
    case OPERATION_EXPECT_STATE:
    case OPERATION_EXPECT_ERROR:
        claim_socket(world, operation);
        break;
    case OPERATION_EXPECT_RESULT:
        claim_result(world, operation->arg[0]);
        break;
    case OPERATION_EXPECT_REFUSED:
        claim_result(world, -operation->arg[0]);
        break;
    case OPERATION_EXPECT_EVENT:
        claim_event(world, (enum sp_event_kind)operation->arg[0]);
        break;
    case OPERATION_EXPECT_LISTENING: {
        const struct sp_server *server = world->servers[operation->arg[0]].server;
        bool listens = server != NULL && sp_server_is_listening(server);

        WORLD_CHECK(world, listens == (operation->arg[1] != 0), "claim", "s%u %s",
                    (unsigned)operation->arg[0], listens ? "listens" : "does not listen");
        break;
    }
    default: /* the last of the list */
        claim_exists(world, operation);
        break;
    }
    return true;
}
