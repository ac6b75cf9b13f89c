/* SPDX-License-Identifier: MIT */
/* Who is connected to a listener: see connections.h. */
#include "audit/facts/connections.h"

#include "audit/facts/array.h"
#include "audit/facts/listeners.h"

#include <stdlib.h>

struct end {
    uint32_t number;
    uint32_t uid;
    bool has_uid;
};

struct accepted {
    struct bound_socket as; /* what its listener is found by */
    uint32_t peer;
};

static void keep_end(struct connections *to, const struct bound_socket *end)
{
    struct end *ends = array_grow(to->ends, to->ends_count, &to->ends_room, sizeof(*ends));

    if (ends == NULL) {
        to->partial = true;
        return;
    }
    to->ends = ends;
    ends[to->ends_count++] =
        (struct end){.number = end->number, .uid = end->uid, .has_uid = end->has_uid};
}

static void keep_accepted(struct connections *to, const struct bound_socket *end)
{
    struct accepted *accepted =
        array_grow(to->accepted, to->accepted_count, &to->accepted_room, sizeof(*accepted));

    if (accepted == NULL) {
        to->partial = true;
        return;
    }
    to->accepted = accepted;
    accepted[to->accepted_count++] = (struct accepted){.as = *end, .peer = end->peer};
}

void connections_add(struct connections *to, const struct bound_socket *end)
{
    keep_end(to, end);
    if (end->name.space != SP_NAMESPACE_UNNAMED)
        keep_accepted(to, end);
}

static int compare_ends(const void *a, const void *b)
{
    const struct end *x = a;
    const struct end *y = b;

    return x->number < y->number ? -1 : x->number > y->number;
}

static int compare_listeners(const void *a, const void *b)
{
    const struct connected *x = a;
    const struct connected *y = b;

    return x->listener < y->listener ? -1 : x->listener > y->listener;
}

static int compare_connected(const void *a, const void *b)
{
    const struct connected *x = a;
    const struct connected *y = b;

    if (x->listener != y->listener)
        return compare_listeners(a, b);
    if (x->has_uid != y->has_uid)
        return x->has_uid ? -1 : 1;
    return x->uid < y->uid ? -1 : x->uid > y->uid;
}

/* Those of one listener and one user become one. */
static void count_equal(struct connections *connections)
{
    struct connected *all = connections->all;
    size_t kept = 0;

    for (size_t i = 0; i < connections->count; i++)
        if (kept > 0 && compare_connected(&all[kept - 1], &all[i]) == 0)
            all[kept - 1].count++;
        else
            all[kept++] = all[i];
    connections->count = kept;
}

void connections_join(struct connections *connections, const struct bound_sockets *sockets)
{
    connections->all = calloc(connections->accepted_count + 1, sizeof(*connections->all));
    if (connections->all == NULL) {
        connections->partial = true;
        return;
    }
    if (connections->ends_count > 0)
        qsort(connections->ends, connections->ends_count, sizeof(*connections->ends), compare_ends);
    for (size_t i = 0; i < connections->accepted_count; i++) {
        const struct accepted *one = &connections->accepted[i];
        const struct bound_socket *listener = listener_like(sockets, &one->as);
        const struct end wanted = {.number = one->peer};
        const struct end *peer = NULL;

        /* The own end of a client that has bound a name has one as well, and no listener. */
        if (listener == NULL)
            continue;
        if (one->peer != 0)
            peer = bsearch(&wanted, connections->ends, connections->ends_count,
                           sizeof(*connections->ends), compare_ends);
        connections->all[connections->count++] =
            (struct connected){.listener = listener->number,
                               .has_uid = peer != NULL && peer->has_uid,
                               .uid = peer != NULL && peer->has_uid ? peer->uid : 0,
                               .count = 1};
    }
    qsort(connections->all, connections->count, sizeof(*connections->all), compare_connected);
    count_equal(connections);
}

size_t connections_of(const struct connections *connections, uint32_t listener,
                      const struct connected **ret)
{
    const struct connected key = {.listener = listener};
    const size_t first = array_first(&key, connections->all, connections->count,
                                     sizeof(*connections->all), compare_listeners);
    const size_t count = array_equals(&key, connections->all, first, connections->count,
                                      sizeof(*connections->all), compare_listeners);

    *ret = count > 0 ? &connections->all[first] : NULL;
    return count;
}

void connections_free(struct connections *connections)
{
    free(connections->ends);
    free(connections->accepted);
    free(connections->all);
    *connections = (struct connections){.count = 0};
}
