/* SPDX-License-Identifier: MIT */
/* The rules over one listening socket: see system_rules.h. */
#include "audit/rules/system_rules.h"

#include "audit/report/escape.h"

#include <string.h>

#define COMM_TEXT_MAX ESCAPED_MAX(HOLDER_COMM_MAX)

static const char *comm_of(const struct holder *holder, char ret[COMM_TEXT_MAX])
{
    return escape(ret, holder->comm, strlen(holder->comm));
}

void system_rule_abstract(const struct rule *rule, const struct place *place, struct findings *ret)
{
    const struct bound_socket *socket = place->bound;

    if (socket->name.space == SP_NAMESPACE_ABSTRACT && socket->has_uid && socket->uid == 0)
        finding_add(ret, rule, "user 0 listens at an abstract name, where anybody can connect");
}

void system_rule_abstract_user(const struct rule *rule, const struct place *place,
                               struct findings *ret)
{
    const struct bound_socket *socket = place->bound;
    size_t others = 0;

    if (socket->name.space != SP_NAMESPACE_ABSTRACT || !socket->has_uid || socket->uid == 0)
        return;
    for (size_t i = 0; i < place->connected_count; i++)
        others += place->connected[i].has_uid && place->connected[i].uid != socket->uid;
    finding_add(
        ret, rule,
        "user %u listens at an abstract name, where anybody can connect; %zu other users are "
        "connected",
        socket->uid, others);
}

void system_rule_backlog(const struct rule *rule, const struct place *place, struct findings *ret)
{
    const struct bound_socket *socket = place->bound;

    /* The kernel refuses when more wait than the backlog says: one more than it fits. */
    if (socket->has_queue && socket->pending > socket->backlog)
        finding_add(ret, rule, "%u connections wait, the backlog is %u", socket->pending,
                    socket->backlog);
}

void system_rule_holder(const struct rule *rule, const struct place *place, struct findings *ret)
{
    const struct bound_socket *socket = place->bound;
    char comm[COMM_TEXT_MAX];

    /* Root can take any descriptor, and what root made it can have handed over on purpose. */
    if (!socket->has_uid || socket->uid == 0)
        return;
    for (size_t i = 0; i < place->holders_count; i++) {
        const struct holder *holder = &place->holders[i];

        if (holder->uid == socket->uid || holder->uid == 0)
            continue;
        finding_add(ret, rule, "user %u made the socket; process %d (%s) of user %u has it open",
                    socket->uid, (int)holder->pid, comm_of(holder, comm), holder->uid);
        return;
    }
}

void system_rule_exec(const struct rule *rule, const struct place *place, struct findings *ret)
{
    char comm[COMM_TEXT_MAX];

    for (size_t i = 0; i < place->holders_count; i++) {
        const struct holder *holder = &place->holders[i];

        if (!holder->survives_exec)
            continue;
        finding_add(ret, rule, "descriptor %d of process %d (%s) has no close-on-exec flag",
                    holder->fd, (int)holder->pid, comm_of(holder, comm));
        return;
    }
}

void system_rule_twin(const struct rule *rule, const struct place *place, struct findings *ret)
{
    char name[SP_ADDRESS_TEXT_MAX];

    if (place->twin == NULL || sp_address_format(&place->twin->name, name, sizeof(name)) < 0)
        return;
    if (place->twin->has_uid)
        finding_add(ret, rule, "user %u listens at %s", place->twin->uid, name);
    else
        finding_add(ret, rule, "somebody listens at %s", name);
}

void system_rule_relative(const struct rule *rule, const struct place *place, struct findings *ret)
{
    const struct sp_address *name = &place->bound->name;

    if (name->space == SP_NAMESPACE_PATH && name->length > 0 && name->bytes[0] != '/')
        finding_add(ret, rule, "the name does not begin with a slash");
}

void system_rule_connected(const struct rule *rule, const struct place *place, struct findings *ret)
{
    const struct audience *can = &place->audiences[DEED_CONNECT];

    /* Without its file nobody can connect, and UDS011 says so. */
    if (place->path == NULL || place->service != SERVICE_LISTENS)
        return;
    for (size_t i = 0; i < place->connected_count; i++) {
        const struct connected *row = &place->connected[i];

        if (!row->has_uid || row->uid == 0 || audience_may_have(can, row->uid))
            continue;
        finding_add(ret, rule, "user %u has %zu connection%s", row->uid, row->count,
                    row->count == 1 ? "" : "s");
        return;
    }
}
