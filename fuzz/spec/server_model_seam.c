/* SPDX-License-Identifier: MIT */
/* What follows from an answer of the kernel: see server_model.h. */
#include "fuzz/spec/server_model.h"

#include "fuzz/spec/address_spec.h"

/* Words of {allow}. */
enum {
    ALLOW_ANY,
    ALLOW_SELF,
    ALLOW_ROOT,
    ALLOW_DIRECTORY_OWNER,
    ALLOW_SELF_AND_ROOT,
    ALLOW_U1,
    ALLOW_U2,
    ALLOW_GROUP,
    ALLOW_DEFAULT,
};

/* Answers of accept(), by what the contract makes of them. */
static bool is_shortage(int64_t result)
{
    return result == -EMFILE || result == -ENFILE || result == -ENOMEM || result == -ENOBUFS;
}

static bool is_lost_connection(int64_t result)
{
    return result == -ECONNABORTED || result == -EPROTO || result == -EPERM;
}

enum sp_error server_accept_error(int64_t result)
{
    switch (result) {
    case -EMFILE:
    case -ENFILE:
    case -ENOMEM:
    case -ENOBUFS:
        return SP_ERROR_RESOURCE;
    case -EPERM:
        return SP_ERROR_ACCESS;
    case -EBADF:
    case -ENOTSOCK:
    case -EOPNOTSUPP:
        return SP_ERROR_UNSUPPORTED;
    default:
        return SP_ERROR_UNKNOWN;
    }
}

/* ---- who may enter ---- */

static bool has_policy(const struct server_one *one)
{
    return one->policy != ALLOW_ANY && one->policy != ALLOW_DEFAULT;
}

bool server_is_checked(const struct server_one *one)
{
    return one->is_abstract || has_policy(one);
}

static bool in_our_group(uint32_t uid)
{
    return uid == WORLD_OURS || uid == WORLD_GROUP_MATE;
}

static bool policy_allows(unsigned policy, uint32_t uid)
{
    switch (policy) {
    case ALLOW_SELF:
    case ALLOW_U1:
        return uid == WORLD_OURS;
    case ALLOW_ROOT:
        return uid == WORLD_ROOT;
    case ALLOW_SELF_AND_ROOT:
        return uid == WORLD_OURS || uid == WORLD_ROOT;
    case ALLOW_U2:
        return uid == WORLD_MALLORY;
    case ALLOW_GROUP:
        return in_our_group(uid);
    default:
        return true;
    }
}

bool server_may_enter(const struct server_model *model)
{
    const struct server_one *one = model->now;
    uint32_t uid = model->peer.uid;

    if (!server_is_checked(one))
        return true;
    if (!model->peer.is_known)
        return false;
    if (one->is_abstract && !spec_access(one->access, WORLD_OURS, uid, in_our_group(uid)))
        return false;
    return policy_allows(one->policy, uid);
}

/* ---- the queue ---- */

void server_push_event(struct server_one *one, enum sp_event_kind kind, enum sp_error error)
{
    for (unsigned i = 0; kind == SP_EVENT_NEW_CONNECTION && i < one->event_count; i++)
        if (one->events[i].kind == kind)
            return;
    if (one->event_count == SP_EVENTS_MAX) {
        one->event_count--;
        for (unsigned i = 0; i < one->event_count; i++)
            one->events[i] = one->events[i + 1];
        one->events_lost++;
    }
    one->events[one->event_count++] = (struct server_event){kind, error};
}

void server_drop_new_connection(struct server_one *one)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < one->event_count; i++)
        if (one->events[i].kind != SP_EVENT_NEW_CONNECTION)
            one->events[kept++] = one->events[i];
    one->event_count = kept;
}

void server_settle_peer(struct server_model *model)
{
    struct server_one *one = model->now;
    int fd = model->peer.fd;

    if (fd < 0)
        return;
    model->peer.fd = -1;
    SERVER_CHECK(model, !server_is_checked(one) || model->peer.is_known, "policy",
                 "a peer that nobody looked at was let in");
    SERVER_CHECK(model, server_may_enter(model), "policy", "user %u was let in", model->peer.uid);
    SERVER_CHECK(model, one->count < (unsigned)one->max_pending, "max-pending",
                 "%u connections wait, %d may", one->count + 1, one->max_pending);
    one->queue[one->count++] = fd;
    server_push_event(one, SP_EVENT_NEW_CONNECTION, SP_OK);
}

/* ---- accepting ---- */

static void recover(struct server_one *one)
{
    one->trouble = TROUBLE_NONE;
    one->pause = 0;
    one->lost = 0;
}

static void pause_for(struct server_one *one, enum server_trouble trouble)
{
    uint64_t pause = one->pause == 0 ? SP_ACCEPT_RETRY_MIN_NS : one->pause * 2;

    if (pause > SP_ACCEPT_RETRY_MAX_NS || trouble == TROUBLE_BROKEN)
        pause = SP_ACCEPT_RETRY_MAX_NS;
    if (one->trouble != trouble)
        server_push_event(one, SP_EVENT_ERROR, one->error);
    one->trouble = trouble;
    one->pause = pause;
    one->paused = true;
    one->pause_begins = true;
    one->lost = 0;
}

static void check_may_accept(struct server_model *model)
{
    struct server_one *one = model->now;

    SERVER_CHECK(model, one != NULL && one->listens, "accepts-when-asked",
                 "accept() in an operation that is about no listening server");
    SERVER_CHECK(model,
                 model->kind == OPERATION_SERVER_PROCESS || model->kind == OPERATION_SERVER_WAIT,
                 "accepts-when-asked", "accept() in an operation that does not process");
    SERVER_CHECK(model, !one->paused, "spins", "accept() before the pause is over");
    SERVER_CHECK(model, one->count < (unsigned)one->max_pending, "max-pending",
                 "accept() although %u connections wait, and %d may", one->count, one->max_pending);
}

static void accepted(struct server_model *model, int64_t result)
{
    struct server_one *one = model->now;

    server_settle_peer(model);
    check_may_accept(model);
    model->accept_calls++;
    if (result == -EINTR)
        return;
    model->accepts++;
    model->trouble_before = one->trouble;
    if (result >= 0) {
        model->accepted++;
        model->peer = (struct server_peer){.fd = (int)result};
        recover(one);
    } else if (result == -EAGAIN) {
        recover(one);
        model->was_vain = model->accepts == 1;
    } else {
        one->error = server_accept_error(result);
        if (is_shortage(result))
            pause_for(one, TROUBLE_STARVED);
        else if (!is_lost_connection(result))
            pause_for(one, TROUBLE_BROKEN);
        else if (++one->lost >= SP_ACCEPTS_PER_PROCESS) /* it is no accident of one client */
            pause_for(one, TROUBLE_STARVED);
    }
}

/* ---- closing ---- */

static bool is_deserted(const struct server_model *model, int fd)
{
    return (model->deserted >> fd & 1) != 0;
}

static void remove_from_queue(struct server_one *one, unsigned at)
{
    one->count--;
    for (; at < one->count; at++)
        one->queue[at] = one->queue[at + 1];
}

static void closed(struct server_model *model, int fd)
{
    struct server_one *one = model->now;
    bool ends = model->kind == OPERATION_SERVER_CLOSE || model->kind == OPERATION_SERVER_FREE ||
                model->kind == OPERATION_SERVER_NEW;

    if (fd == model->peer.fd) {
        SERVER_CHECK(model, model->peer.failed || !server_may_enter(model), "connection-lost",
                     "a peer that may enter was turned away");
        model->peer.fd = -1;
        one->refused++;
        return;
    }
    server_settle_peer(model);
    for (unsigned i = 0; i < one->count; i++) {
        if (one->queue[i] != fd)
            continue;
        SERVER_CHECK(model, ends || is_deserted(model, fd), "connection-lost",
                     "a connection that waited was closed, and its client is there");
        SERVER_CHECK(model, ends || model->sweeps, "connection-lost",
                     "a connection that waited was closed, and there was room");
        remove_from_queue(one, i);
        if (one->count == 0)
            server_drop_new_connection(one);
        return;
    }
    SERVER_CHECK(model,
                 model->kind != OPERATION_SERVER_PROCESS && model->kind != OPERATION_SERVER_WAIT,
                 "connection-lost", "a descriptor was closed that is no connection's");
}

/* ---- all calls ---- */

/* A socket that is ready, and on which nobody is there: was it shut down? Then it never ends. */
static void looked(struct server_model *model, const struct sim_trace_entry *entry)
{
    const struct sp_os_pollfd *polled = model->world->io.polled;

    server_settle_peer(model);
    /* It is asked again, so many times; then the interruption is the answer. */
    if (model->was_vain && entry->result == -EINTR && ++model->interruptions < SP_EINTR_RETRIES)
        return;
    model->interruptions = 0;
    if (model->was_vain && entry->result > 0 && polled[0].fd == model->now->fd &&
        (polled[0].got & SP_OS_POLLRDHUP) != 0) {
        model->now->trouble = model->trouble_before;
        model->now->error = SP_ERROR_UNSUPPORTED;
        pause_for(model->now, TROUBLE_BROKEN);
    }
    if (model->kind == OPERATION_SERVER_WAIT && !model->was_vain &&
        (polled[0].fd < 0 || polled[0].fd == model->now->fd)) { /* a turn of it begins */
        model->processes = true;
        model->accepts = 0;
    }
    model->was_vain = false;
}

static void read_the_clock(struct server_model *model, int64_t reading)
{
    struct server_one *one = model->now;

    if (one->pause_begins) {
        one->pause_begins = false;
        one->until = (uint64_t)reading + one->pause;
    } else if (model->processes && (uint64_t)reading >= one->until) {
        one->paused = false;
    }
    model->processes = false;
}

static void looked_at_bytes(struct server_model *model, const struct sim_trace_entry *entry)
{
    bool gone = entry->result == 0 || entry->result == -ECONNRESET;

    server_settle_peer(model);
    SERVER_CHECK(model, (model->world->io.flags & SP_OS_PEEK) != 0, "reads-nothing",
                 "a byte of a connection was taken that nobody has");
    model->deserted &= ~(UINT64_C(1) << entry->fd);
    model->deserted |= (uint64_t)gone << entry->fd;
}

static void allocated(struct server_model *model, int64_t result)
{
    if (model->wants_groups) {
        model->wants_groups = false;
        model->peer.failed = result < 0;
        return;
    }
    server_settle_peer(model);
    if (result == 0)
        return;
    model->reserve_failed = true;
    if (model->kind != OPERATION_SERVER_PROCESS && model->kind != OPERATION_SERVER_WAIT)
        return;
    model->now->error = SP_ERROR_RESOURCE;
    pause_for(model->now, TROUBLE_STARVED);
}

void server_model_call(struct server_model *model, const struct sim_trace_entry *entry)
{
    struct server_one *one = model->now;
    int64_t result = entry->result;

    /* A socket of the other side that made room for what was taken. */
    if (one == NULL || entry->actor != model->world->sides[one->side].actor)
        return;
    if (entry->faulted || is_shortage(result))
        model->disturbed = true;
    switch (entry->call) {
    case SIM_CALL_NOW:
        read_the_clock(model, result);
        break;
    case SIM_CALL_ACCEPT:
        accepted(model, result);
        break;
    case SIM_CALL_CLOSE:
        closed(model, entry->fd);
        break;
    case SIM_CALL_RECV:
        looked_at_bytes(model, entry);
        break;
    case SIM_CALL_POLL:
        looked(model, entry);
        model->sweeps = one->count >= (unsigned)one->max_pending;
        break;
    case SIM_CALL_ALLOC:
        allocated(model, result);
        break;
    case SIM_CALL_SET_CLOEXEC:
        /* The last thing that can fail. */
        if (result == 0 && model->kind == OPERATION_ADD) {
            model->peer.fd = entry->fd;
            server_settle_peer(model);
        }
        break;
    case SIM_CALL_BIND:
        if (result == 0)
            one->fd = entry->fd;
        break;
    case SIM_CALL_SOCKINFO:
        model->examined = entry->fd;
        if (result == 0)
            model->info = *(const struct sp_os_sockinfo *)model->world->io.ret;
        break;
    case SIM_CALL_GETSOCKNAME:
        one->is_abstract = result > 2 && model->world->io.bytes[2] == 0;
        break;
    case SIM_CALL_PEER_CRED:
        model->peer.failed = result < 0;
        model->peer.is_known = result == 0;
        if (result == 0) {
            model->peer.uid = ((const struct sp_os_cred *)model->world->io.ret)->uid;
            model->peer.is_known = model->peer.uid != UINT32_MAX;
        }
        break;
    case SIM_CALL_PEER_GROUPS:
        model->peer.failed = result < 0;
        model->wants_groups = result == -ERANGE;
        break;
    default:
        break;
    }
}
