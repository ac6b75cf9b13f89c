/* SPDX-License-Identifier: MIT */
/*
 * The ledger: operations, what goes over the seam, and how a connection ends. See ledger.h.
 */
#include "fuzz/spec/ledger.h"

#include <errno.h>

static unsigned slot_of(const struct world *world, int64_t number)
{
    return (unsigned)number % world->sockets_used;
}

/* Of the operations that a pair's programs have. */
static bool is_on_socket(enum operation_kind kind)
{
    return kind <= OPERATION_DISPATCH || kind == OPERATION_SEND_BUFFER;
}

bool ledger_wire(const struct ledger *ledger, unsigned slot, struct sim_connection *ret)
{
    const struct world_socket *here = &ledger->world->sockets[slot];
    int fd = here->socket != NULL ? sp_socket_descriptor(here->socket) : -1;

    return fd >= 0 && sim_connection(ledger->world->sides[here->side].actor, fd, ret) == 0;
}

/* ---- objects and connections ---- */

static void forget(struct ledger_end *end)
{
    end->object = NULL;
    end->connection = 0;
}

static void clear(struct ledger_end *end)
{
    end->readable = true;
    end->labelled = false;
    end->accepted = end->sent = end->lost = end->reported = 0;
    end->peer = 0;
    end->received = end->consumed = 0;
    end->put_back = 0;
    end->in_transaction = false;
    end->taken = 0;
    end->taken_back = 0;
    end->aborted = end->left = end->dropped = end->promised = false;
    end->refused_sending = end->refused_receiving = false;
    end->misled = false;
}

static void new_object(struct ledger_end *end, const struct sp_socket *object)
{
    clear(end);
    end->object = object;
    end->connection = 0;
    end->state = SP_STATE_UNCONNECTED;
    end->connect_timeout = SP_CONNECT_TIMEOUT_MS_DEFAULT;
    end->close_timeout = SP_CLOSE_TIMEOUT_MS_DEFAULT;
    end->told = (struct ledger_told){.state = SP_STATE_UNCONNECTED};
}

/* A connection begins, or is begun. */
static void new_connection(struct ledger *ledger, unsigned slot)
{
    clear(&ledger->ends[slot]);
    ledger->ends[slot].connection++;
    ledger->step.connected = ledger_wire(ledger, slot, &ledger->step.wire);
}

/* A server's connection: its first events, up to being connected, are not recorded. */
static void was_taken(struct ledger *ledger, unsigned slot)
{
    struct ledger_end *end = &ledger->ends[slot];

    new_object(end, ledger->world->sockets[slot].socket);
    new_connection(ledger, slot);
    end->state = SP_STATE_CONNECTED;
    end->told.connection = end->connection;
    end->told.state = SP_STATE_CONNECTED;
}

void ledger_begin(struct ledger *ledger, struct world *world)
{
    ledger->world = world;
    ledger->step.slot = OPERATION_SOCKETS;
    for (unsigned i = 0; i < OPERATION_SOCKETS; i++)
        forget(&ledger->ends[i]);
}

/* ---- how a connection ends ---- */

bool ledger_all_received(const struct ledger_end *end, const struct sim_connection *wire)
{
    return end->received == wire->peer_sent || !end->readable || end->left || end->dropped ||
           end->refused_receiving;
}

/* The application had its time for an orderly close. */
static bool has_expired(const struct ledger *ledger, const struct ledger_end *end)
{
    uint64_t since = end->state == SP_STATE_CLOSING ? end->closing_since : ledger->step.now;

    return end->close_timeout >= 0 &&
           sim_now(ledger->world->sim) >= since + (uint64_t)end->close_timeout * NS_PER_MS;
}

/* Whether the contract lets go of bytes that were accepted. */
static bool may_lose(const struct ledger *ledger, const struct ledger_end *end)
{
    const struct ledger_step *step = &ledger->step;

    return end->aborted || end->refused_sending || step->raced ||
           (step->connected && step->wire.peer_closed) || has_expired(ledger, end);
}

static void check_end(const struct ledger *ledger, unsigned slot)
{
    const struct ledger_end *end = &ledger->ends[slot];
    const struct ledger_step *step = &ledger->step;

    if (!step->connected)
        return;
    WORLD_CHECK(ledger->world, ledger_all_received(end, &step->wire), "unread-at-the-end",
                "c%u: the peer sent %llu bytes and made an end; %llu were received", slot,
                (unsigned long long)step->wire.peer_sent, (unsigned long long)end->received);
    WORLD_CHECK(ledger->world,
                !end->promised || end->dropped || step->faulted || ledger_available(end) > 0,
                "what-was-told-stays",
                "c%u: READY_READ was told, nothing was read, and now nothing is there", slot);
}

/* Accepted bytes, wherever they are. */
static void check_output(const struct ledger *ledger, unsigned slot, const struct sp_socket *socket,
                         uint64_t lost)
{
    const struct ledger_end *end = &ledger->ends[slot];
    uint64_t queued = sp_socket_bytes_to_write(socket);

    WORLD_CHECK(ledger->world, end->accepted == end->sent + queued + lost, "every-byte-accounted",
                "c%u: accepted %llu, sent %llu, queued %llu, lost %llu", slot,
                (unsigned long long)end->accepted, (unsigned long long)end->sent,
                (unsigned long long)queued, (unsigned long long)lost);
    WORLD_CHECK(ledger->world, lost == end->lost || (lost > end->lost && may_lose(ledger, end)),
                "lost-without-cause", "c%u: %llu bytes were lost, now %llu are", slot,
                (unsigned long long)end->lost, (unsigned long long)lost);
}

/* Everything that must be so behind any operation on a socket. */
static void check_now(struct ledger *ledger, unsigned slot, const struct sp_socket *socket)
{
    struct ledger_end *end = &ledger->ends[slot];
    struct world_socket *here = &ledger->world->sockets[slot];
    enum sp_state state = sp_socket_state(socket);
    uint64_t lost;

    if (end->connection == 0)
        return;
    lost = sp_socket_bytes_lost(socket);
    check_output(ledger, slot, socket, lost);
    end->lost = lost;
    if (state != SP_STATE_UNCONNECTED)
        end->readable = (sp_socket_mode(socket) & SP_READ_ONLY) != 0;
    /* Nobody was promised bytes of a connection that the kernel had made (it was interrupted when
     * it said so) and the peer policy refused. */
    if (state == SP_STATE_UNCONNECTED && end->state != SP_STATE_UNCONNECTED &&
        end->state != SP_STATE_CONNECTING)
        check_end(ledger, slot);
    if (state == SP_STATE_CLOSING && end->state != SP_STATE_CLOSING)
        end->closing_since = ledger->step.now;
    end->state = state;
    if (!end->labelled && sp_socket_is_valid(socket)) {
        (void)sim_set_label(ledger->world->sides[here->side].actor, sp_socket_descriptor(socket),
                            slot + 1);
        end->labelled = true;
    }
}

/* ---- operations ---- */

void ledger_before(struct ledger *ledger, const struct operation *operation)
{
    struct ledger_step *step = &ledger->step;
    const struct world *world = ledger->world;
    struct ledger_end *end;

    if (!is_on_socket(operation->kind)) {
        /* Inside another one it is a race: what that one is about stays. */
        if (world->depth > 1)
            step->raced = true;
        else
            step->slot = OPERATION_SOCKETS;
        return;
    }
    step->slot = slot_of(world, operation->arg[0]);
    end = &ledger->ends[step->slot];
    step->connected = ledger_wire(ledger, step->slot, &step->wire);
    step->available = ledger_available(end);
    step->sent = end->sent;
    step->received = end->received;
    step->now = sim_now(world->sim);
    step->faulted = false;
    step->raced = false;
    if (!step->connected || end->connection == 0)
        return;
    end->peer = step->wire.peer_label;
    WORLD_CHECK(world,
                step->wire.sent == end->sent &&
                    step->wire.peer_sent - step->wire.unread == end->received,
                "kernel-agrees", "c%u: sent %llu and received %llu, says the kernel", step->slot,
                (unsigned long long)step->wire.sent,
                (unsigned long long)(step->wire.peer_sent - step->wire.unread));
}

static void check_written(const struct ledger *ledger, unsigned slot, bool holds, int64_t result)
{
    WORLD_CHECK(ledger->world, holds, "written-is-what-was-sent",
                "c%u: the result is %lld, and %llu bytes went to the kernel", slot,
                (long long)result,
                (unsigned long long)(ledger->ends[slot].sent - ledger->step.sent));
}

static void writing(struct ledger *ledger, unsigned slot, const struct world_outcome *outcome)
{
    struct ledger_end *end = &ledger->ends[slot];
    uint64_t sent = end->sent - ledger->step.sent;
    int64_t result = outcome->result;

    switch (outcome->operation->kind) {
    case OPERATION_WRITE:
    case OPERATION_WRITE_LARGE:
        if (result > 0)
            end->accepted += (uint64_t)result;
        break;
    case OPERATION_PUT_CHAR:
        if (result == SP_OK)
            end->accepted++;
        break;
    case OPERATION_FLUSH:
        check_written(ledger, slot, sent == (result > 0 ? (uint64_t)result : 0), result);
        break;
    case OPERATION_WAIT_WRITTEN:
        check_written(ledger, slot, result != SP_OK || sent > 0, result);
        break;
    default:
        break;
    }
}

static void closing(struct ledger_end *end, enum operation_kind kind)
{
    bool is_open = end->state == SP_STATE_CONNECTED || end->state == SP_STATE_CLOSING;

    switch (kind) {
    case OPERATION_DISCONNECT:
        end->left = true;
        if (end->state == SP_STATE_CONNECTING)
            end->aborted = true;
        break;
    case OPERATION_CLOSE:
        end->left = end->dropped = true;
        if (!is_open)
            end->aborted = true;
        break;
    case OPERATION_ABORT:
        end->left = end->dropped = end->aborted = true;
        break;
    default:
        break;
    }
}

static void configuring(struct ledger_end *end, const struct world_outcome *outcome)
{
    int ms = (int)outcome->operation->arg[1];

    if (outcome->result != SP_OK)
        return;
    if (outcome->operation->kind == OPERATION_CONNECT_TIMEOUT)
        end->connect_timeout = ms;
    else if (outcome->operation->kind == OPERATION_CLOSE_TIMEOUT)
        end->close_timeout = ms;
}

/* The loop says that there are bytes. */
static void processing(struct ledger *ledger, unsigned slot, const struct operation *operation)
{
    const struct ledger_step *step = &ledger->step;

    if ((operation->arg[1] & SP_IO_DATA) != 0 && (!step->connected || step->wire.unread == 0))
        ledger->ends[slot].misled = true;
}

static void on_socket(struct ledger *ledger, unsigned slot, const struct world_outcome *outcome)
{
    const struct operation *operation = outcome->operation;
    const struct sp_socket *socket = ledger->world->sockets[slot].socket;
    struct ledger_end *end = &ledger->ends[slot];

    if (socket == NULL) {
        forget(end);
        return;
    }
    if (end->object != socket || operation->kind == OPERATION_SOCKET_NEW)
        new_object(end, socket);
    switch (operation->kind) {
    case OPERATION_CONNECT:
    case OPERATION_CONNECT_ABSTRACT:
    case OPERATION_OPEN:
        if (outcome->called && outcome->result == SP_OK)
            new_connection(ledger, slot);
        break;
    case OPERATION_ADOPT:
        if (outcome->called && outcome->result == SP_OK && operation->arg[2] == SP_STATE_CONNECTED)
            new_connection(ledger, slot);
        break;
    case OPERATION_PROCESS:
        processing(ledger, slot, operation);
        break;
    default:
        if (!ledger_read_result(ledger, slot, outcome)) {
            writing(ledger, slot, outcome);
            configuring(end, outcome);
        }
        break;
    }
    closing(end, operation->kind);
    check_now(ledger, slot, socket);
    if (!sp_socket_has_events(socket))
        ledger_all_told(ledger, slot);
}

void ledger_after(struct ledger *ledger, const struct world_outcome *outcome)
{
    const struct operation *operation = outcome->operation;
    const struct world *world = ledger->world;

    if (is_on_socket(operation->kind)) {
        unsigned slot = slot_of(world, operation->arg[0]);

        if (outcome->called || world->sockets[slot].socket != ledger->ends[slot].object)
            on_socket(ledger, slot, outcome);
    } else if (operation->kind == OPERATION_TAKE) {
        if (outcome->called && outcome->result == SP_OK)
            was_taken(ledger, slot_of(world, operation->arg[1]));
    } else if (operation->kind == OPERATION_KILL) {
        for (unsigned i = 0; i < OPERATION_SOCKETS; i++)
            if (world->sockets[i].socket == NULL)
                forget(&ledger->ends[i]);
    }
}

/* ---- the seam ---- */

/* By hand: a string function would pass through the sanitizer at every call. */
static bool is_stream(const uint8_t *bytes, unsigned who, uint64_t position, size_t length)
{
    const uint8_t *expected = world_bytes(who, position);
    unsigned difference = 0;

    for (size_t i = 0; i < length; i++)
        difference |= bytes[i] ^ expected[i];
    return difference == 0;
}

static void sent(struct ledger *ledger, unsigned slot, uint64_t length)
{
    const struct world_io *io = &ledger->world->io;
    struct ledger_end *end = &ledger->ends[slot];

    for (size_t i = 0; length > 0; i++) {
        size_t n = io->iov[i].length < length ? io->iov[i].length : (size_t)length;

        WORLD_CHECK(
            ledger->world, is_stream(io->iov[i].bytes, WORLD_WRITER_SOCKET(slot), end->sent, n),
            "sent-in-order", "c%u: the %zu bytes from byte %llu on are not what was written", slot,
            n, (unsigned long long)end->sent);
        end->sent += n;
        length -= n;
    }
}

/* Answers after which a connection goes on: by sunpath/os.h, a resource or a signal. */
static bool is_passing(int64_t result)
{
    switch (-result) {
    case EAGAIN:
    case EINTR:
    case ENOBUFS:
    case ENOMEM:
    case ETOOMANYREFS:
        return true;
    default:
        return false;
    }
}

void ledger_call(struct ledger *ledger, const struct sim_trace_entry *entry)
{
    struct ledger_step *step = &ledger->step;
    struct ledger_end *end;

    if (step->slot == OPERATION_SOCKETS)
        return;
    end = &ledger->ends[step->slot];
    if (entry->faulted || (entry->call == SIM_CALL_ALLOC && entry->result < 0))
        step->faulted = true;
    switch (entry->call) {
    case SIM_CALL_SEND:
        if (entry->result > 0)
            sent(ledger, step->slot, (uint64_t)entry->result);
        else if (entry->faulted && !is_passing(entry->result))
            end->refused_sending = true;
        break;
    case SIM_CALL_RECV:
        if (entry->faulted)
            end->promised = false; /* perhaps there was nothing after all */
        if (entry->result > 0 && (ledger->world->io.flags & SP_OS_PEEK) == 0)
            end->received += (uint64_t)entry->result;
        else if (entry->faulted && entry->result < 0 && !is_passing(entry->result))
            end->refused_receiving = true;
        break;
    default:
        break;
    }
}
