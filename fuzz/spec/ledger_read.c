/* SPDX-License-Identifier: MIT */
/*
 * The ledger: what a reader must get. See ledger.h.
 *
 * In front of the peer's stream may stand bytes that the application has put back, the last one
 * first. Inside a transaction what is read stays, until it is committed.
 */
#include "fuzz/spec/ledger.h"

uint64_t ledger_available(const struct ledger_end *end)
{
    if (end->connection == 0 || end->dropped)
        return 0;
    return (end->put_back - end->taken_back) + (end->received - end->consumed - end->taken);
}

/* ---- what must come next ---- */

/* Whether @bytes are the next @length of what can be read. */
static bool is_next(const struct ledger_end *end, const uint8_t *bytes, size_t length)
{
    unsigned back = end->put_back - end->taken_back;
    const uint8_t *expected;
    unsigned difference = 0;

    for (; length > 0 && back > 0; length--)
        difference |= *bytes++ ^ end->pushed[--back];
    if (length == 0 || end->peer == 0)
        return length == 0 && difference == 0;
    expected = world_bytes(WORLD_WRITER_SOCKET(end->peer - 1), end->consumed + end->taken);
    for (size_t i = 0; i < length; i++)
        difference |= bytes[i] ^ expected[i];
    return difference == 0;
}

/* The application has read so many. */
static void take(struct ledger_end *end, uint64_t length)
{
    unsigned back = end->put_back - end->taken_back;
    unsigned from_back = length < back ? (unsigned)length : back;

    end->promised = false;
    if (end->in_transaction) {
        end->taken_back += from_back;
        end->taken += length - from_back;
    } else {
        end->put_back -= from_back;
        end->consumed += length - from_back;
    }
}

static void end_transaction(struct ledger_end *end, bool commits)
{
    if (commits) {
        end->put_back -= end->taken_back;
        end->consumed += end->taken;
    }
    end->in_transaction = false;
    end->taken = 0;
    end->taken_back = 0;
}

/* ---- what the calls give ---- */

static void check_bytes(const struct ledger *ledger, unsigned slot, const uint8_t *bytes,
                        uint64_t length)
{
    const struct ledger_end *end = &ledger->ends[slot];

    WORLD_CHECK(ledger->world,
                length <= ledger_available(end) && is_next(end, bytes, (size_t)length),
                "read-in-order",
                "c%u: %llu bytes were read that are not the next of %llu, from byte %llu on of "
                "what c%d wrote",
                slot, (unsigned long long)length, (unsigned long long)ledger_available(end),
                (unsigned long long)(end->consumed + end->taken), (int)end->peer - 1);
}

/* How many bytes there are, and of which how many there were before the call. */
struct amount {
    uint64_t before, now;
};

static void check_amount(const struct ledger *ledger, unsigned slot, bool holds,
                         const struct amount *there, int64_t result)
{
    WORLD_CHECK(ledger->world, holds, "read-gives-what-is-there",
                "c%u: the result is %lld, and %llu bytes are there, %llu before", slot,
                (long long)result, (unsigned long long)there->now,
                (unsigned long long)there->before);
}

/* A refusal, or 0: there must be nothing. And the end must be one. */
static void check_nothing(const struct ledger *ledger, unsigned slot, const struct amount *there,
                          int64_t result)
{
    const struct ledger_end *end = &ledger->ends[slot];
    const struct ledger_step *step = &ledger->step;

    check_amount(ledger, slot, there->now == 0, there, result);
    if (result == SP_ERROR_PEER_CLOSED && step->connected)
        WORLD_CHECK(ledger->world,
                    step->wire.peer_closed ? ledger_all_received(end, &step->wire)
                                           : end->refused_receiving,
                    "read-gives-what-is-there", "c%u: an end is told of that is none", slot);
}

/* A call for up to @wanted bytes gave @result of them. */
static void check_count(const struct ledger *ledger, unsigned slot, uint64_t wanted,
                        const struct amount *there, int64_t result)
{
    uint64_t least = there->before < wanted ? there->before : wanted;

    if (result > 0)
        check_amount(ledger, slot, (uint64_t)result >= least && (uint64_t)result <= wanted, there,
                     result);
    else if (wanted > 0)
        check_nothing(ledger, slot, there, result);
}

/* A line ends with its newline, or where no more can be had. */
static void check_line(const struct ledger *ledger, unsigned slot, uint64_t capacity,
                       const struct amount *there, const struct world_outcome *outcome)
{
    int64_t result = outcome->result;
    unsigned newlines = 0;

    if (result < 0) {
        check_nothing(ledger, slot, there, result);
        return;
    }
    for (int64_t i = 0; i < result - 1; i++)
        newlines += outcome->bytes[i] == '\n';
    check_amount(ledger, slot,
                 newlines == 0 && (result == 0 || outcome->bytes[result - 1] == '\n' ||
                                   (uint64_t)result == capacity || (uint64_t)result == there->now),
                 there, result);
}

static void put_back(struct ledger *ledger, unsigned slot, uint8_t byte)
{
    struct ledger_end *end = &ledger->ends[slot];

    WORLD_CHECK(ledger->world, !end->in_transaction, "read-in-order",
                "c%u: a byte was put back in the middle of a transaction", slot);
    end->pushed[end->put_back++ % WORLD_OPERATIONS_MAX] = byte;
}

static void get_char(struct ledger *ledger, unsigned slot, const struct amount *there,
                     int64_t result)
{
    uint8_t byte = (uint8_t)result;

    if (result >= 0) {
        check_bytes(ledger, slot, &byte, 1);
        take(&ledger->ends[slot], 1);
    } else {
        check_nothing(ledger, slot, there, result);
    }
}

static void waited(const struct ledger *ledger, unsigned slot, int64_t result)
{
    WORLD_CHECK(ledger->world,
                result != SP_OK || ledger->ends[slot].received > ledger->step.received,
                "nothing-was-read", "c%u: the wait for bytes succeeded, and none came", slot);
}

static void in_transaction(struct ledger_end *end, enum operation_kind kind)
{
    if (kind == OPERATION_BEGIN) {
        end->in_transaction = true;
        end->promised = false;
    } else {
        end_transaction(end, kind == OPERATION_COMMIT);
    }
}

bool ledger_read_result(struct ledger *ledger, unsigned slot, const struct world_outcome *outcome)
{
    struct ledger_end *end = &ledger->ends[slot];
    struct amount there = {ledger->step.available, ledger_available(end)};
    uint64_t wanted = (uint64_t)outcome->operation->arg[1];
    int64_t result = outcome->result;
    enum operation_kind kind = outcome->operation->kind;

    switch (kind) {
    case OPERATION_READ:
    case OPERATION_READ_LINE:
    case OPERATION_PEEK:
        if (result > 0)
            check_bytes(ledger, slot, outcome->bytes, (uint64_t)result);
        if (kind == OPERATION_READ_LINE)
            check_line(ledger, slot, wanted, &there, outcome);
        else
            check_count(ledger, slot, wanted, &there, result);
        if (kind != OPERATION_PEEK && result > 0)
            take(end, (uint64_t)result);
        return true;
    case OPERATION_SKIP:
        check_count(ledger, slot, wanted, &there, result);
        if (result > 0)
            take(end, (uint64_t)result);
        return true;
    case OPERATION_GET_CHAR:
        get_char(ledger, slot, &there, result);
        return true;
    case OPERATION_UNGET_CHAR:
        if (result == SP_OK)
            put_back(ledger, slot, (uint8_t)wanted);
        return true;
    case OPERATION_BYTES_AVAILABLE:
        WORLD_CHECK(ledger->world, (uint64_t)result == there.now, "available-is-what-is-there",
                    "c%u: %lld bytes are said to be there, and %llu are", slot, (long long)result,
                    (unsigned long long)there.now);
        return true;
    case OPERATION_CAN_READ_LINE:
        check_amount(ledger, slot, result == 0 || there.now > 0, &there, result);
        return true;
    case OPERATION_READ_LIMIT:
        end->promised = false; /* less may be fetched than was told of */
        return true;
    case OPERATION_BEGIN:
    case OPERATION_COMMIT:
    case OPERATION_ROLLBACK:
        if (result == SP_OK)
            in_transaction(end, kind);
        return true;
    case OPERATION_WAIT_READY_READ:
        waited(ledger, slot, result);
        return true;
    default:
        return false;
    }
}
