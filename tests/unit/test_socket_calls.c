/* SPDX-License-Identifier: MIT */
/*
 * Every call of the public interface in every state: what it returns and which events it records.
 * And a call that is refused moves nothing.
 */
#include "tests/unit/wire.h"

#include "tests/support/must.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

/* ---- the states ---- */

enum place {
    FRESH,      /* never used, without a name */
    CONNECTING, /* the backlog is full */
    CONNECTED,  /* nothing to read, nothing to send */
    CLOSING,    /* "bytes" are queued, and the kernel takes nothing */
    ENDED,      /* the peer has closed, and "hello" is left to be read */
    FAILED,     /* nobody listens */
    PLACES
};

static const char *const place_names[PLACES] = {"fresh",   "connecting", "connected",
                                                "closing", "ended",      "failed"};

static void go_to(struct wire *wire, enum place place)
{
    wire_begin(wire);
    if (place == CONNECTING)
        wire_fail(wire, WIRE_CONNECT, EAGAIN, 1000);
    if (place == FAILED)
        wire_fail(wire, WIRE_CONNECT, ECONNREFUSED, 1);
    if (place != FRESH)
        MUST(sp_socket_connect(wire->socket, "server", SP_STRLEN, SP_READ_WRITE) == SP_OK);
    if (place == CLOSING) {
        wire->room = 0;
        MUST(sp_socket_write(wire->socket, "bytes", 5) == 5);
        sp_socket_disconnect(wire->socket);
    }
    if (place == ENDED) {
        wire_say_text(wire, "hello");
        wire_leave(wire, false);
        (void)wire_settle(wire, 10);
    }
    /* An event would flush what is queued. */
    for (struct sp_event event; sp_socket_has_events(wire->socket);)
        MUST(sp_socket_next_event(wire->socket, &event));
}

/* ---- the calls ---- */

/* A call that is one expression; S is the socket. */
#define S (w->socket)
#define CALL(name, expression)      \
    static int name(struct wire *w) \
    {                               \
        return (int)(expression);   \
    }

static char bytes[8];

CALL(set_name, sp_socket_set_name(S, "other", SP_STRLEN))
CALL(set_no_name, sp_socket_set_name(S, "", SP_STRLEN))
CALL(open_it, sp_socket_open(S, SP_READ_WRITE))
CALL(open_not, sp_socket_open(S, (enum sp_mode)0))
CALL(connect_it, sp_socket_connect(S, "other", SP_STRLEN, SP_READ_ONLY))
CALL(connect_nowhere, sp_socket_connect(S, "a/b", SP_STRLEN, SP_READ_ONLY))
CALL(set_connect_timeout, sp_socket_set_connect_timeout(S, 5))
CALL(set_close_timeout, sp_socket_set_close_timeout(S, 5))
CALL(set_policy, sp_socket_set_peer_policy(S, NULL))
CALL(disconnect, (sp_socket_disconnect(S), 0))
CALL(close_it, (sp_socket_close(S), 0))
CALL(abort_it, (sp_socket_abort(S), 0))
CALL(mode, sp_socket_mode(S))
CALL(is_valid, sp_socket_is_valid(S))
CALL(has_descriptor, sp_socket_descriptor(S) >= 0)
CALL(error, sp_socket_error(S))
CALL(bytes_lost, sp_socket_bytes_lost(S))
CALL(read_8, sp_socket_read(S, bytes, 8))
CALL(read_0, sp_socket_read(S, NULL, 0))
CALL(peek_8, sp_socket_peek(S, bytes, 8))
CALL(peek_0, sp_socket_peek(S, NULL, 0))
CALL(skip_8, sp_socket_skip(S, 8))
CALL(skip_0, sp_socket_skip(S, 0))
CALL(read_line, sp_socket_read_line(S, bytes, 8))
CALL(get_char, sp_socket_get_char(S))
CALL(unget_char, sp_socket_unget_char(S, 'x'))
CALL(available, sp_socket_bytes_available(S))
CALL(can_read_line, sp_socket_can_read_line(S))
CALL(at_end, sp_socket_at_end(S))
CALL(start, sp_socket_start_transaction(S))
CALL(commit, sp_socket_commit_transaction(S))
CALL(rollback, sp_socket_rollback_transaction(S))
CALL(in_transaction, sp_socket_in_transaction(S))
CALL(write_1, sp_socket_write(S, "x", 1))
CALL(write_0, sp_socket_write(S, NULL, 0))
CALL(put_char, sp_socket_put_char(S, 'x'))
CALL(flush, sp_socket_flush(S))
CALL(bytes_to_write, sp_socket_bytes_to_write(S))
CALL(has_fd, sp_socket_fd(S) >= 0)
CALL(interest, sp_socket_interest(S))
CALL(is_timed, sp_socket_deadline(S) != SP_NEVER)
CALL(process_0, (sp_socket_process(S, 0), 0))
CALL(process_all, (sp_socket_process(S, ~0u), 0))
CALL(wait_connected, sp_socket_wait_connected(S, 0))
CALL(wait_ready_read, sp_socket_wait_ready_read(S, 0))
CALL(wait_written, sp_socket_wait_bytes_written(S, 0))
CALL(wait_disconnected, sp_socket_wait_disconnected(S, 0))
CALL(wait_minus_2, sp_socket_wait_connected(S, -2))

static int connect_address(struct wire *w)
{
    struct sp_address address;

    MUST(sp_address_abstract(&address, "other", SP_STRLEN, NULL) == SP_OK);
    return sp_socket_connect_address(S, &address, SP_READ_WRITE);
}

static int set_address(struct wire *w)
{
    struct sp_address address;

    MUST(sp_address_path(&address, "/other", SP_STRLEN, NULL) == SP_OK);
    return sp_socket_set_address(S, &address);
}

static int set_no_address(struct wire *w)
{
    const struct sp_address unnamed = {.space = SP_NAMESPACE_UNNAMED};

    return sp_socket_set_address(S, &unnamed);
}

static int adopt(struct wire *w)
{
    int fd = wire_descriptor(w);
    int r = sp_socket_adopt(S, fd, SP_STATE_CONNECTED, SP_READ_WRITE);

    if (r < 0)
        MUST(w->os.close(w->os.ctx, fd) == 0);
    return r;
}

static int name_length(struct wire *w)
{
    size_t length;

    MUST(sp_socket_name(S, &length)[length] == '\0');
    return (int)length;
}

static int space(struct wire *w)
{
    struct sp_address address;

    sp_socket_address(S, &address);
    return (int)address.space;
}

static int peer_address(struct wire *w)
{
    struct sp_address address;

    return sp_socket_peer_address(S, &address);
}

static int peer(struct wire *w)
{
    struct sp_peer who;

    return sp_socket_peer(S, &who);
}

static int peer_pidfd(struct wire *w)
{
    int fd = sp_socket_peer_pidfd(S);

    return fd < 0 ? fd : w->os.close(w->os.ctx, fd);
}

#define OP SP_ERROR_OPERATION
#define NF SP_ERROR_SERVER_NOT_FOUND
#define AR SP_ERROR_ARGUMENT
#define LI SP_ERROR_LIMIT
#define TO SP_ERROR_TIMEOUT
#define PC SP_ERROR_PEER_CLOSED
#define CR SP_ERROR_CONNECTION_REFUSED
#define R SP_IO_READ
#define RW (SP_IO_READ | SP_IO_WRITE)

#define CONNECTS "state:connecting state:connected connected"
#define ADOPTS "state:connected connected"
#define GIVES_UP "state:unconnected"
#define ABORTS "state:unconnected read-finished disconnected"
#define ENDS "state:closing state:unconnected read-finished disconnected"
#define WRITES "bytes-written:1"

struct row {
    const char *name;
    int (*call)(struct wire *wire);
    int result[PLACES];
    const char *events[PLACES]; /* NULL: none */
};

/* clang-format off */
static const struct row rows[] = {
    /*                                       fresh conn. conn'd closing ended failed */
    {"set_name", set_name,                   {0,  OP, OP, OP, 0,  0}, {0}},
    {"set_name, empty", set_no_name,         {NF, OP, OP, OP, NF, NF}, {0}},
    {"set_address", set_address,             {0,  OP, OP, OP, 0,  0}, {0}},
    {"set_address, unnamed", set_no_address, {NF, OP, OP, OP, NF, NF}, {0}},
    {"open", open_it,                        {NF, OP, OP, OP, 0,  0},
                                             {0,  0,  0,  0,  CONNECTS, CONNECTS}},
    {"open, no mode", open_not,              {AR, OP, OP, OP, AR, AR}, {0}},
    {"connect", connect_it,                  {0,  OP, OP, OP, 0,  0},
                                             {CONNECTS, 0, 0, 0, CONNECTS, CONNECTS}},
    {"connect, bad name", connect_nowhere,   {NF, OP, OP, OP, NF, NF}, {0}},
    {"connect_address", connect_address,     {0,  OP, OP, OP, 0,  0},
                                             {CONNECTS, 0, 0, 0, CONNECTS, CONNECTS}},
    {"set_connect_timeout", set_connect_timeout, {0, OP, OP, OP, 0, 0}, {0}},
    {"set_close_timeout", set_close_timeout, {0,  0,  0,  0,  0,  0}, {0}},
    {"set_peer_policy", set_policy,          {0,  OP, OP, OP, 0,  0}, {0}},
    {"adopt", adopt,                         {0,  OP, OP, OP, 0,  0},
                                             {ADOPTS, 0, 0, 0, ADOPTS, ADOPTS}},

    {"disconnect", disconnect,               {0,  0,  0,  0,  0,  0},
                                             {0,  GIVES_UP, ENDS, 0, 0, 0}},
    {"close", close_it,                      {0,  0,  0,  0,  0,  0},
                                             {0,  GIVES_UP, "about-to-close " ENDS, 0, 0, 0}},
    {"abort", abort_it,                      {0,  0,  0,  0,  0,  0},
                                             {0,  GIVES_UP, ABORTS, ABORTS, 0, 0}},

    {"mode", mode,                           {0,  3,  3,  3,  0,  0}, {0}},
    {"is_valid", is_valid,                   {0,  0,  1,  1,  0,  0}, {0}},
    {"descriptor", has_descriptor,           {0,  1,  1,  1,  0,  0}, {0}},
    {"name", name_length,                    {0,  6,  6,  6,  6,  6}, {0}},
    {"address", space,                       {0,  1,  1,  1,  1,  1}, {0}},
    {"peer_address", peer_address,           {OP, OP, 0,  0,  OP, OP}, {0}},
    {"peer", peer,                           {OP, OP, 0,  0,  OP, OP}, {0}},
    {"peer_pidfd", peer_pidfd,               {OP, OP, 0,  0,  OP, OP}, {0}},
    {"error", error,                         {0,  0,  0,  0,  PC, CR}, {0}},
    {"bytes_lost", bytes_lost,               {0,  0,  0,  0,  0,  0}, {0}},

    {"read", read_8,                         {OP, OP, 0,  0,  5,  OP}, {0}},
    {"read, 0 bytes", read_0,                {OP, OP, 0,  0,  0,  OP}, {0}},
    {"peek", peek_8,                         {OP, OP, 0,  0,  5,  OP}, {0}},
    {"peek, 0 bytes", peek_0,                {OP, OP, 0,  0,  0,  OP}, {0}},
    {"skip", skip_8,                         {OP, OP, 0,  0,  5,  OP}, {0}},
    {"skip, 0 bytes", skip_0,                {OP, OP, 0,  0,  0,  OP}, {0}},
    {"read_line", read_line,                 {OP, OP, 0,  0,  5,  OP}, {0}},
    {"get_char", get_char,                   {OP, OP, LI, LI, 'h', OP}, {0}},
    {"unget_char", unget_char,               {OP, OP, 0,  0,  0,  OP}, {0}},
    {"bytes_available", available,           {0,  0,  0,  0,  5,  0}, {0}},
    {"can_read_line", can_read_line,         {0,  0,  0,  0,  1,  0}, {0}},
    {"at_end", at_end,                       {1,  1,  1,  1,  0,  1}, {0}},
    {"start_transaction", start,             {OP, OP, 0,  0,  0,  OP}, {0}},
    {"commit_transaction", commit,           {OP, OP, OP, OP, OP, OP}, {0}},
    {"rollback_transaction", rollback,       {OP, OP, OP, OP, OP, OP}, {0}},
    {"in_transaction", in_transaction,       {0,  0,  0,  0,  0,  0}, {0}},

    {"write", write_1,                       {OP, OP, 1,  OP, OP, OP}, {0, 0, WRITES, 0, 0, 0}},
    {"write, 0 bytes", write_0,              {OP, OP, 0,  OP, OP, OP}, {0}},
    {"put_char", put_char,                   {OP, OP, 0,  OP, OP, OP}, {0, 0, WRITES, 0, 0, 0}},
    {"flush", flush,                         {OP, OP, 0,  0,  OP, OP}, {0}},
    {"bytes_to_write", bytes_to_write,       {0,  0,  0,  5,  0,  0}, {0}},

    {"fd", has_fd,                           {0,  1,  1,  1,  0,  0}, {0}},
    {"interest", interest,                   {0,  0,  R,  RW, 0,  0}, {0}},
    {"deadline", is_timed,                   {0,  1,  0,  1,  0,  0}, {0}},
    {"process, nothing", process_0,          {0,  0,  0,  0,  0,  0}, {0}},
    {"process, every bit", process_all,      {0,  0,  0,  0,  0,  0}, {0}},
    {"wait_connected", wait_connected,       {OP, TO, 0,  OP, PC, CR}, {0}},
    {"wait_ready_read", wait_ready_read,     {OP, TO, TO, TO, PC, CR}, {0}},
    {"wait_bytes_written", wait_written,     {OP, OP, OP, TO, PC, CR}, {0}},
    {"wait_disconnected", wait_disconnected, {OP, TO, TO, TO, OP, OP}, {0}},
    {"wait, below -1", wait_minus_2,         {AR, AR, AR, AR, AR, AR}, {0}},
};
/* clang-format on */

/* What a refused call must leave as it was. */
struct shape {
    enum sp_state state;
    int mode, fd;
    unsigned interest;
    uint64_t deadline, lost;
    size_t queued, available, memory, name_length;
    int open_descriptors;
    bool has_events;
};

static struct shape shape_of(struct wire *wire)
{
    struct shape shape;

    memset(&shape, 0, sizeof(shape)); /* compared with its padding */
    shape.state = sp_socket_state(wire->socket);
    shape.mode = sp_socket_mode(wire->socket);
    shape.fd = sp_socket_descriptor(wire->socket);
    shape.interest = sp_socket_interest(wire->socket);
    shape.deadline = sp_socket_deadline(wire->socket);
    shape.lost = sp_socket_bytes_lost(wire->socket);
    shape.queued = sp_socket_bytes_to_write(wire->socket);
    shape.available = sp_socket_bytes_available(wire->socket);
    (void)sp_socket_name(wire->socket, &shape.name_length);
    shape.open_descriptors = wire->open_descriptors;
    shape.has_events = sp_socket_has_events(wire->socket);
    return shape;
}

/* The object remembers the refusal, and why: the state it was in, or the direction it is not open
 * for. */
static void expect_told(const struct wire *wire, int result, const char *call, const char *place)
{
    struct sp_error_detail detail;

    sp_socket_error_detail(wire->socket, &detail);
    cr_expect(detail.error == (enum sp_error)result, "%s when %s", call, place);
    if (result == OP)
        cr_expect(detail.cause == SP_CAUSE_STATE || detail.cause == SP_CAUSE_MODE,
                  "%s when %s: cause %s", call, place, sp_cause_string(detail.cause));
}

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* A parameter crosses to another process, where the functions lie elsewhere: its number goes. */
ParameterizedTestParameters(socket_calls, in_every_state)
{
    static size_t numbers[ROWS];

    for (size_t i = 0; i < ROWS; i++)
        numbers[i] = i;
    return cr_make_param_array(size_t, numbers, ROWS);
}

/* Covers: STAT-02, STAT-10, STAT-12, BUFF-12, QT-L1, QT-L2, QT-C8, QT-H11, QT-I8, QT-I10, QT-L9,
 * QT-L12, QT-L13, QT-F13 */
ParameterizedTest(size_t *number, socket_calls, in_every_state)
{
    const struct row *row = &rows[*number];

    for (int place = FRESH; place < PLACES; place++) {
        const char *events = row->events[place] != NULL ? row->events[place] : "";
        struct shape before, after;
        struct wire wire;
        int result;

        go_to(&wire, (enum place)place);
        before = shape_of(&wire);
        result = row->call(&wire);
        cr_expect_eq(result, row->result[place], "%s when %s: %d", row->name, place_names[place],
                     result);
        if (result < 0 && row->call != error) {
            after = shape_of(&wire);
            cr_expect_eq(memcmp(&before, &after, sizeof(after)), 0, "%s when %s moved something",
                         row->name, place_names[place]);
            expect_told(&wire, result, row->name, place_names[place]);
        }
        cr_expect(sp_socket_validate(wire.socket));
        wire_expect(&wire, events);
        wire_end(&wire);
    }
}
