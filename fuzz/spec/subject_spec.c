/* SPDX-License-Identifier: MIT */
/* What every implementation of local sockets must do: see subject_spec.h. */
#include "fuzz/spec/subject_spec.h"

#include "fuzz/world/world.h"

#include <string.h>

static const struct spec_verdict holds = {SPEC_HOLDS, SUBJECT_PROPERTIES};

static struct spec_verdict broken(enum subject_property property)
{
    return (struct spec_verdict){SPEC_BROKEN, property};
}

static struct spec_verdict later(enum subject_property property)
{
    return (struct spec_verdict){SPEC_LATER, property};
}

static struct spec_verdict must(bool is_right, enum subject_property property)
{
    return is_right ? holds : broken(property);
}

/* ---- names ---- */

struct spec_verdict spec_connect(enum spec_place place, int result)
{
    static const int expected[] = {
        [SPEC_PLACE_NOTHING] = SUBJECT_ERROR_NOT_FOUND,
        [SPEC_PLACE_NO_DIRECTORY] = SUBJECT_ERROR_NOT_FOUND,
        [SPEC_PLACE_LISTENING] = SUBJECT_OK,
        [SPEC_PLACE_STALE] = SUBJECT_ERROR_REFUSED,
        [SPEC_PLACE_OTHER] = SUBJECT_ERROR_REFUSED,
    };

    if (place == SPEC_PLACE_UNKNOWN)
        return must(result < 0, SUBJECT_PROPERTY_CONNECT_RESULT);
    return must(result == expected[place], SUBJECT_PROPERTY_CONNECT_RESULT);
}

struct spec_verdict spec_listen(enum spec_place place, int result)
{
    static const int expected[] = {
        [SPEC_PLACE_NOTHING] = SUBJECT_OK,
        [SPEC_PLACE_NO_DIRECTORY] = SUBJECT_ERROR_NOT_FOUND,
        [SPEC_PLACE_LISTENING] = SUBJECT_ERROR_IN_USE,
        [SPEC_PLACE_STALE] = SUBJECT_ERROR_IN_USE,
        [SPEC_PLACE_OTHER] = SUBJECT_ERROR_IN_USE,
    };

    if (place == SPEC_PLACE_UNKNOWN)
        return must(result < 0, SUBJECT_PROPERTY_LISTEN_RESULT);
    return must(result == expected[place] || (place == SPEC_PLACE_STALE && result == SUBJECT_OK),
                SUBJECT_PROPERTY_LISTEN_RESULT);
}

/* ---- links ---- */

/* What this end writes, and what it reads. */
static struct spec_way *out_of(struct spec_end end)
{
    return &end.link->ways[end.side];
}

static struct spec_way *into(struct spec_end end)
{
    return &end.link->ways[1 - end.side];
}

/* A program that has ended its own side may find the other one ending in answer. */
bool spec_may_end(struct spec_end end)
{
    return into(end)->finished || out_of(end)->finished;
}

static bool must_arrive(const struct spec_way *way)
{
    return way->got < way->sent && !way->cut;
}

static struct spec_verdict took(struct spec_way *way, const uint8_t *bytes, size_t length)
{
    if (length > way->sent - way->got ||
        memcmp(bytes, world_bytes(way->writer, way->got), length) != 0)
        return broken(SUBJECT_PROPERTY_READ_IN_ORDER);
    way->got += length;
    return holds;
}

struct spec_verdict spec_read(struct spec_end end, const uint8_t *bytes, ptrdiff_t result,
                              size_t capacity)
{
    struct spec_way *way = into(end);

    if (result > 0 && (size_t)result > capacity)
        return broken(SUBJECT_PROPERTY_READ_WITHIN);
    if (result > 0)
        return took(way, bytes, (size_t)result);
    if (result == 0) {
        if (capacity > 0 && must_arrive(way))
            return later(SUBJECT_PROPERTY_BYTE_LOST);
        return capacity > 0 && way->finished ? later(SUBJECT_PROPERTY_END_TOLD) : holds;
    }
    if (result != SUBJECT_ERROR_PEER_CLOSED)
        return broken(SUBJECT_PROPERTY_READ_REFUSED);
    if (!spec_may_end(end))
        return broken(SUBJECT_PROPERTY_END_CAUSE);
    return must(!must_arrive(way) || capacity == 0, SUBJECT_PROPERTY_END_EARLY);
}

struct spec_verdict spec_wrote(struct spec_end end, ptrdiff_t result, size_t length)
{
    struct spec_way *way = out_of(end);
    bool has_gone = way->unread || into(end)->finished;

    if (result < 0)
        return must(has_gone, SUBJECT_PROPERTY_WRITE_REFUSED);
    if ((size_t)result > length)
        return broken(SUBJECT_PROPERTY_WRITE_WITHIN);
    way->sent += (size_t)result;
    if (result == 0 && length > 0 && way->sent == way->got && !has_gone)
        return later(SUBJECT_PROPERTY_WRITE_ROOM);
    return holds;
}

struct spec_verdict spec_events(struct spec_end end, unsigned events)
{
    const struct spec_way *way = into(end);

    if ((events & SUBJECT_FAILED) != 0)
        return broken(SUBJECT_PROPERTY_CONNECT_RESULT);
    if ((events & SUBJECT_READABLE) != 0 && way->got == way->sent)
        return broken(SUBJECT_PROPERTY_READABLE_TRUE);
    if ((events & (SUBJECT_ENDED | SUBJECT_CLOSED)) != 0 && !spec_may_end(end))
        return broken(SUBJECT_PROPERTY_END_CAUSE);
    if ((events & SUBJECT_CONNECTED) == 0 && !spec_may_end(end))
        return later(SUBJECT_PROPERTY_CONNECTED_TOLD);
    if ((events & SUBJECT_READABLE) == 0 && must_arrive(way))
        return later(SUBJECT_PROPERTY_READABLE_TOLD);
    /* Of one that was cut nobody knows how much is still to be read. */
    if ((events & (SUBJECT_ENDED | SUBJECT_READABLE)) == 0 && way->finished && !must_arrive(way))
        return later(SUBJECT_PROPERTY_END_TOLD);
    return holds;
}

void spec_shut(struct spec_end end)
{
    out_of(end)->finished = true;
}

void spec_close(struct spec_end end)
{
    out_of(end)->finished = true;
    into(end)->unread = true;
}

void spec_abort(struct spec_end end)
{
    spec_close(end);
    out_of(end)->cut = true;
}

bool spec_is_quiet(struct spec_end end)
{
    return !must_arrive(into(end));
}
