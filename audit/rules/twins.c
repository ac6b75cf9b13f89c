/* SPDX-License-Identifier: MIT */
/* Listeners whose names look alike: see twins.h. */
#include "audit/rules/twins.h"

#include "audit/facts/array.h"
#include "audit/rules/alike.h"

#include <stdlib.h>
#include <string.h>

struct twins_entry {
    const struct bound_socket *socket;
    size_t length;
    int32_t look[SP_PATH_MAX];
};

static void look_at(struct twins_entry *ret, const struct bound_socket *socket)
{
    ret->socket = socket;
    ret->length = name_look(ret->look, (const char *)socket->name.bytes, socket->name.length);
}

static int compare(const void *a, const void *b)
{
    const struct twins_entry *x = a;
    const struct twins_entry *y = b;

    if (x->length != y->length)
        return x->length < y->length ? -1 : 1;
    return memcmp(x->look, y->look, x->length * sizeof(x->look[0]));
}

bool twins_read(struct twins *ret, const struct bound_sockets *sockets)
{
    *ret = (struct twins){.entries = calloc(sockets->count + 1, sizeof(*ret->entries))};
    if (ret->entries == NULL)
        return false;
    for (size_t i = 0; i < sockets->count; i++)
        if (sockets->sockets[i].listening && sockets->sockets[i].name.length > 0)
            look_at(&ret->entries[ret->count++], &sockets->sockets[i]);
    qsort(ret->entries, ret->count, sizeof(*ret->entries), compare);
    return true;
}

void twins_free(struct twins *twins)
{
    free(twins->entries);
    *twins = (struct twins){.count = 0};
}

const struct bound_socket *twin_of(const struct twins *twins, const struct bound_socket *socket)
{
    struct twins_entry wanted;
    size_t first;
    size_t count;

    look_at(&wanted, socket);
    first = array_first(&wanted, twins->entries, twins->count, sizeof(wanted), compare);
    count = array_equals(&wanted, twins->entries, first, twins->count, sizeof(wanted), compare);
    for (size_t i = first; i < first + count; i++)
        if (!sp_address_equal(&twins->entries[i].socket->name, &socket->name))
            return twins->entries[i].socket;
    return NULL;
}
