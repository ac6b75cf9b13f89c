/* SPDX-License-Identifier: MIT */
/* A socket: its life, its loop, and what must be true of it after each step. See buffer.h. */
#include "fuzz/engine/digest.h"
#include "fuzz/engine/target.h"
#include "fuzz/targets/buffer.h"
#include "fuzz/targets/buffer_wire.h"
#include "socket.h"

#define NS_PER_MS UINT64_C(1000000)
#define LATER_MS_MAX 100000
/* Turns of a loop in which a socket without faults must come to rest. */
#define TURNS_MAX 32
/* A socket without its queues is one block of at most this size. */
#define SOCKET_MAX 1024

static struct sp_context context = {.os = &buffer_os, .base_length = 1, .base = "/"};

static struct {
    struct sp_socket *socket; /* NULL until a step needs it */
    size_t in_chunks, out_chunks;
} run;

static struct spec_reader *const reader = &buffer_wire.reader;
static struct spec_writer *const writer = &buffer_wire.writer;

/* ---- what must hold after a step ---- */

/* Bytes that were accepted and will not be sent: they must be counted, and there must be a reason.
 */
static void check_lost(void)
{
    size_t unsent = run.socket->out.size;

    if (unsent == 0 && writer->unsent.size > 0 && (writer->is_dead || !writer->is_connected)) {
        writer->lost += writer->unsent.size;
        spec_array_clear(&writer->unsent);
    }
    FUZZ_CHECK(unsent == writer->unsent.size, "%zu bytes wait to be sent, must be %zu", unsent,
               writer->unsent.size);
    FUZZ_CHECK(run.socket->lost == writer->lost, "%llu bytes are lost, must be %llu",
               (unsigned long long)run.socket->lost, (unsigned long long)writer->lost);
}

/* What can be done is waited for. Nothing is only right for a while that ends. */
static void check_interest(void)
{
    unsigned expected = (buffer_can_grow(run.socket) ? SP_IO_READ : 0u) |
                        (writer->unsent.size > 0 ? SP_IO_WRITE : 0u);
    unsigned interest = sp_socket_interest(run.socket);

    if (interest == 0 && sp_socket_deadline(run.socket) != SP_NEVER)
        return;
    FUZZ_CHECK((interest & (SP_IO_READ | SP_IO_WRITE)) == expected,
               "waits for %u, must be %u: %zu received (limit %zu), %zu to be sent", interest,
               expected, reader->bytes.size, reader->limit, writer->unsent.size);
}

/*
 * In builds with checks, which all fuzz builds are, each call validates the socket as it ends. What
 * has a member is looked at there and not asked for: a call of instrumented code for every question
 * after every step would be a third of the time.
 */
static void check(void)
{
    const struct sp_socket *socket = run.socket;

    writer->is_connected = socket->state == SP_STATE_CONNECTED;
    reader->has_ended = !sp__is_open(socket) || buffer_wire.is_over;
    check_lost();
    FUZZ_CHECK(socket->taken == reader->taken &&
                   sp__has(socket, SP__TRANSACTION) == reader->is_in_transaction,
               "%zu bytes are read inside a transaction, must be %zu", socket->taken,
               reader->taken);
    run.in_chunks = buffer_queue_check(&socket->in, &reader->bytes, "received");
    run.out_chunks = buffer_queue_check(&socket->out, &writer->unsent, "to be sent");
    check_interest();
    fuzz_note(socket->state);
    fuzz_note((uint64_t)socket->fault.error);
}

void buffer_socket_held(size_t *blocks, size_t *bytes)
{
    if (run.socket == NULL)
        return;
    *blocks += 1 + run.in_chunks + run.out_chunks;
    *bytes +=
        SOCKET_MAX + buffer_queue_worth(&run.socket->in) + buffer_queue_worth(&run.socket->out);
}

/* ---- its life ---- */

/* Whether there is a socket now. */
static bool make_socket(void)
{
    size_t refused = buffer_heap.refused;
    int result = sp_socket_new(&run.socket, &context);

    FUZZ_CHECK(result == (buffer_heap.refused == refused ? SP_OK : SP_ERROR_RESOURCE),
               "a new socket: %d", result);
    reader->limit = SP_READ_LIMIT_DEFAULT;
    writer->limit = SP_WRITE_LIMIT_DEFAULT;
    return result == SP_OK;
}

static void connect_to_wire(const struct step *step)
{
    uint8_t letter = step->length > 0 ? step->operand[0] : 0;
    enum sp_mode mode = letter == 'r'   ? SP_READ_ONLY
                        : letter == 'w' ? SP_WRITE_ONLY
                                        : SP_READ_WRITE;
    bool is_allowed = run.socket->state == SP_STATE_UNCONNECTED;
    int result = sp_socket_adopt(run.socket, BUFFER_WIRE_FD, SP_STATE_CONNECTED, mode);

    FUZZ_CHECK(result == (is_allowed ? SP_OK : SP_ERROR_OPERATION), "adopt gave %d", result);
    if (result == SP_OK)
        buffer_wire_connect((int)mode);
}

/* What was received is dropped, and what still comes will be. */
static void drop_received(void)
{
    spec_array_clear(&reader->bytes);
    reader->taken = 0;
    reader->is_in_transaction = false;
    reader->was_connected = false;
    reader->is_discarding = true;
}

/* close() of what is unconnected is an abort: there is nothing to be told of any more. */
static void close_or_abort(bool is_abort)
{
    is_abort = is_abort || sp_socket_state(run.socket) == SP_STATE_UNCONNECTED;
    drop_received();
    if (is_abort)
        sp_socket_abort(run.socket);
    else
        sp_socket_close(run.socket);
    if (is_abort)
        writer->unreported = 0;
}

/* ---- the loop, and the other end ---- */

static void process(const struct step *step)
{
    static const struct {
        uint8_t letter;
        uint8_t bit;
    } bits[] = {{'r', SP_IO_READ}, {'w', SP_IO_WRITE}, {'h', SP_IO_HANGUP}, {'d', SP_IO_DATA}};
    unsigned ready = 0;

    for (size_t i = 0; i < step->length && i < 4; i++)
        for (size_t j = 0; j < sizeof(bits) / sizeof(bits[0]); j++)
            if (step->operand[i] == bits[j].letter)
                ready |= bits[j].bit;
    sp_socket_process(run.socket, ready);
}

static void say(struct buffer_bytes bytes)
{
    if (buffer_wire.has_finished || bytes.claimed > bytes.real)
        return;
    spec_array_append(&buffer_wire.coming, bytes.at, bytes.real);
    buffer_moved(bytes.real);
}

/* True if @kind is one of these. */
static bool play_far_end(enum buffer_step kind, const struct step *step)
{
    size_t number = buffer_step_number(step, 0);

    switch (kind) {
    case BUFFER_STEP_SAID:
        say(buffer_pattern(number));
        return true;
    case BUFFER_STEP_SAID_TEXT:
        say(buffer_literal(step));
        return true;
    case BUFFER_STEP_LEAVE:
        buffer_wire.has_left = true;
        buffer_wire.has_finished = true;
        return true;
    case BUFFER_STEP_FINISH:
        buffer_wire.has_finished = true;
        return true;
    case BUFFER_STEP_ROOM:
        buffer_wire.space = number;
        return true;
    case BUFFER_STEP_KERNEL:
        for (size_t i = 0; i < step->length; i++)
            buffer_wire.tape[i] = step->operand[i];
        buffer_wire.tape_length = step->length;
        buffer_wire.tape_at = 0;
        return true;
    case BUFFER_STEP_LATER:
        buffer_wire.now += (number < LATER_MS_MAX ? number : LATER_MS_MAX) * NS_PER_MS;
        return true;
    default:
        return false;
    }
}

static void play_call(enum buffer_step kind, const struct step *step)
{
    size_t number = buffer_step_number(step, 0);

    switch (kind) {
    case BUFFER_STEP_CONNECT:
        connect_to_wire(step);
        break;
    case BUFFER_STEP_READY:
        process(step);
        break;
    case BUFFER_STEP_READ:
        buffer_read(run.socket, BUFFER_READ, number);
        break;
    case BUFFER_STEP_PEEK:
        buffer_read(run.socket, BUFFER_PEEK, number);
        break;
    case BUFFER_STEP_READ_LINE:
        buffer_read(run.socket, BUFFER_LINE, number);
        break;
    case BUFFER_STEP_SKIP:
        buffer_skip(run.socket, number);
        break;
    case BUFFER_STEP_GET_CHAR:
        buffer_get_char(run.socket);
        break;
    case BUFFER_STEP_UNGET_CHAR:
        buffer_unget_char(run.socket, step);
        break;
    case BUFFER_STEP_AVAILABLE:
        buffer_ask(run.socket);
        break;
    case BUFFER_STEP_READ_LIMIT:
        sp_socket_set_read_limit(run.socket, number);
        reader->limit = number;
        break;
    case BUFFER_STEP_BEGIN:
        buffer_start_transaction(run.socket);
        break;
    case BUFFER_STEP_COMMIT:
        buffer_end_transaction(run.socket, true);
        break;
    case BUFFER_STEP_ROLLBACK:
        buffer_end_transaction(run.socket, false);
        break;
    case BUFFER_STEP_WRITE:
        buffer_write(run.socket, buffer_pattern(number));
        break;
    case BUFFER_STEP_WRITE_TEXT:
        buffer_write(run.socket, buffer_literal(step));
        break;
    case BUFFER_STEP_PUT_CHAR:
        buffer_put_char(run.socket, step->length > 0 ? step->operand[0] : 0);
        break;
    case BUFFER_STEP_FLUSH:
        buffer_flush(run.socket);
        break;
    case BUFFER_STEP_WRITE_LIMIT:
        sp_socket_set_write_limit(run.socket, number);
        writer->limit = number;
        break;
    case BUFFER_STEP_EVENTS:
        buffer_take_events(run.socket);
        break;
    case BUFFER_STEP_DISCONNECT:
        sp_socket_disconnect(run.socket);
        break;
    case BUFFER_STEP_CLOSE:
        close_or_abort(false);
        break;
    case BUFFER_STEP_ABORT:
        close_or_abort(true);
        break;
    default:
        break;
    }
}

void buffer_socket_play(enum buffer_step kind, const struct step *step)
{
    if (play_far_end(kind, step) || (run.socket == NULL && !make_socket()))
        return;
    buffer_wire_step();
    play_call(kind, step);
    check();
}

void buffer_socket_reset(void)
{
    run.socket = NULL;
    run.in_chunks = 0;
    run.out_chunks = 0;
}

/* ---- the end ---- */

/* From here on nothing fails, and nothing is limited. */
static void heal(void)
{
    buffer_heap.fail_count = 0;
    buffer_wire.tape_length = 0;
    buffer_wire.space = SIZE_MAX;
    sp_socket_set_read_limit(run.socket, 0);
    reader->limit = 0;
    if (reader->is_in_transaction)
        buffer_end_transaction(run.socket, true);
}

/* One turn of a loop; false when there is nothing to do. */
static bool turn(void)
{
    unsigned interest = sp_socket_interest(run.socket);
    bool is_readable = buffer_wire.coming.size > 0 || buffer_wire.has_finished;
    unsigned ready = (is_readable ? interest & SP_IO_READ : 0u) | (interest & SP_IO_WRITE);

    if (buffer_wire.has_left && interest != 0)
        ready |= SP_IO_HANGUP;
    if (ready == 0 && (interest != 0 || sp_socket_deadline(run.socket) == SP_NEVER))
        return false;
    if (interest == 0)
        buffer_wire.now = sp_socket_deadline(run.socket);
    sp_socket_process(run.socket, ready);
    return true;
}

/* Everything that was said is read, and everything that was accepted is sent. */
static void settle(void)
{
    unsigned turns = 0;
    bool is_busy;

    do {
        FUZZ_CHECK(++turns <= TURNS_MAX, "it does not come to rest");
        buffer_wire_step();
        while (reader->was_connected && reader->may_read && spec_reader_available(reader) > 0)
            buffer_read(run.socket, BUFFER_READ, SIZE_MAX);
        buffer_take_events(run.socket);
        check();
        buffer_wire_step();
        is_busy = turn();
        check();
    } while (is_busy);
    FUZZ_CHECK(sp_socket_validate(run.socket), "the socket is not what it must be");
    if (!sp_socket_is_valid(run.socket))
        return;
    FUZZ_CHECK(writer->unsent.size == 0, "%zu bytes are never sent", writer->unsent.size);
    FUZZ_CHECK(buffer_wire.coming.size == 0 || !reader->may_read, "%zu bytes are never received",
               buffer_wire.coming.size);
}

void buffer_socket_finish(void)
{
    if (run.socket == NULL)
        return;
    heal();
    settle();
    sp_socket_free(run.socket);
    run.socket = NULL;
    FUZZ_CHECK(!buffer_wire.is_open, "the descriptor is left open");
}
