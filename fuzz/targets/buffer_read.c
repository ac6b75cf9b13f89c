/* SPDX-License-Identifier: MIT */
/* The reading half of a socket against buffer_spec.h: see buffer.h. */
#include "fuzz/engine/digest.h"
#include "fuzz/engine/guard.h"
#include "fuzz/engine/target.h"
#include "fuzz/targets/buffer.h"
#include "fuzz/targets/buffer_wire.h"
#include "socket.h"

static struct spec_reader *const reader = &buffer_wire.reader;

bool buffer_can_grow(const struct sp_socket *socket)
{
    return sp__is_open(socket) && reader->may_read && !buffer_wire.is_over &&
           !spec_reader_is_full(reader);
}

/* @length bytes were given, and must be the next ones. */
static void check_given(const uint8_t *bytes, ptrdiff_t length, const char *name)
{
    guard_room_check(name);
    if (length > 0)
        FUZZ_CHECK(
            spec_same_bytes(bytes, spec_array_at(&reader->bytes, reader->taken), (size_t)length),
            "%s gave other bytes", name);
}

static ptrdiff_t call(struct sp_socket *socket, enum buffer_way way, uint8_t *bytes,
                      size_t capacity)
{
    switch (way) {
    case BUFFER_READ:
        return sp_socket_read(socket, bytes, capacity);
    case BUFFER_PEEK:
        return sp_socket_peek(socket, bytes, capacity);
    case BUFFER_LINE:
        return sp_socket_read_line(socket, bytes, capacity);
    }
    return 0;
}

/* Reads to where exactly so much fits; a capacity that no memory has is claimed. */
void buffer_read(struct sp_socket *socket, enum buffer_way way, size_t capacity)
{
    static const char *const names[] = {
        [BUFFER_READ] = "sp_socket_read()",
        [BUFFER_PEEK] = "sp_socket_peek()",
        [BUFFER_LINE] = "sp_socket_read_line()",
    };
    size_t real = capacity < BUFFER_HEAP_MAX ? capacity : BUFFER_HEAP_MAX;
    uint8_t *bytes = guard_room(real);
    ptrdiff_t result, expected;

    buffer_wire.reading = (struct sp_os_iov){bytes, real};
    result = call(socket, way, bytes, capacity);
    buffer_wire.reading = (struct sp_os_iov){0};
    expected = way == BUFFER_LINE ? spec_read_line(reader, capacity, buffer_can_grow(socket))
                                  : spec_read(reader, capacity);
    FUZZ_CHECK(result == expected, "%s of %zu bytes gave %td, must be %td", names[way], capacity,
               result, expected);
    check_given(bytes, result, names[way]);
    if (result > 0 && way != BUFFER_PEEK)
        spec_reader_take(reader, (size_t)result);
}

void buffer_skip(struct sp_socket *socket, size_t count)
{
    ptrdiff_t result = sp_socket_skip(socket, count);
    ptrdiff_t expected = spec_read(reader, count);

    FUZZ_CHECK(result == expected, "skip of %zu bytes gave %td, must be %td", count, result,
               expected);
    if (result > 0)
        spec_reader_take(reader, (size_t)result);
}

void buffer_get_char(struct sp_socket *socket)
{
    int result = sp_socket_get_char(socket);
    int expected = spec_get_char(reader);

    FUZZ_CHECK(result == expected, "get_char gave %d, must be %d", result, expected);
    if (result >= 0)
        spec_reader_take(reader, 1);
}

void buffer_unget_char(struct sp_socket *socket, const struct step *step)
{
    for (size_t i = step->length; i-- > 0;) {
        size_t refused = buffer_heap.refused;
        int result = sp_socket_unget_char(socket, step->operand[i]);
        int expected = spec_unget_char(reader, buffer_heap.refused != refused);

        FUZZ_CHECK(result == expected, "unget_char gave %d, must be %d", result, expected);
        if (result < 0)
            return;
        spec_array_prepend(&reader->bytes, step->operand[i]);
    }
}

/* The calls that only tell. Asked in this order, for the first may fetch what the next one sees. */
void buffer_ask(struct sp_socket *socket)
{
    size_t available;
    bool at_end, has_line;

    FUZZ_CHECK(sp_socket_in_transaction(socket) == reader->is_in_transaction &&
                   sp_socket_bytes_to_write(socket) == buffer_wire.writer.unsent.size &&
                   sp_socket_bytes_lost(socket) == buffer_wire.writer.lost,
               "in transaction %d, %zu bytes to be sent, %llu lost",
               sp_socket_in_transaction(socket), sp_socket_bytes_to_write(socket),
               (unsigned long long)sp_socket_bytes_lost(socket));
    at_end = sp_socket_at_end(socket);
    FUZZ_CHECK(at_end == (spec_reader_available(reader) == 0), "at_end is %d", at_end);
    has_line = sp_socket_can_read_line(socket);
    /* A refusal is no line. */
    FUZZ_CHECK(has_line == (spec_read_line(reader, SIZE_MAX, buffer_can_grow(socket)) > 0),
               "can_read_line is %d with %zu bytes", has_line, spec_reader_available(reader));
    available = sp_socket_bytes_available(socket);
    FUZZ_CHECK(available == spec_reader_available(reader), "%zu bytes are available, must be %zu",
               available, spec_reader_available(reader));
}

void buffer_start_transaction(struct sp_socket *socket)
{
    int result = sp_socket_start_transaction(socket);

    FUZZ_CHECK(result == spec_start_transaction(reader), "start_transaction gave %d", result);
    if (result == SP_OK)
        reader->is_in_transaction = true;
}

void buffer_end_transaction(struct sp_socket *socket, bool is_commit)
{
    int result =
        is_commit ? sp_socket_commit_transaction(socket) : sp_socket_rollback_transaction(socket);

    FUZZ_CHECK(result == spec_end_transaction(reader), "the end of a transaction gave %d", result);
    if (result != SP_OK)
        return;
    if (is_commit)
        spec_array_drop(&reader->bytes, reader->taken);
    reader->taken = 0;
    reader->is_in_transaction = false;
}
