/* SPDX-License-Identifier: MIT */
/* The writing half of a socket against buffer_spec.h: see buffer.h. */
#include "fuzz/engine/target.h"
#include "fuzz/targets/buffer.h"
#include "fuzz/targets/buffer_wire.h"

#include <sunpath/socket.h>

/* Events that can be waiting, with those that taking them makes. */
#define EVENTS_MAX 64

/* Makes a write of @bytes known to the wire; ends with end_write(). */
static struct spec_write begin_write(struct buffer_bytes bytes)
{
    buffer_wire.writing = (struct sp_os_iov){bytes.at, bytes.real};
    buffer_wire.claimed = bytes.claimed;
    buffer_wire.written = 0;
    return (struct spec_write){
        .length = bytes.claimed,
        .queued = buffer_wire.writer.unsent.size,
        .was_dead = buffer_wire.writer.is_dead,
    };
}

/* @result is what was returned for it, as a count. */
static void end_write(struct spec_write *call, size_t refused, ptrdiff_t result)
{
    struct buffer_wire *wire = &buffer_wire;
    ptrdiff_t expected;

    call->sent = wire->written;
    call->memory_ran_out = buffer_heap.refused != refused;
    expected = spec_write(&wire->writer, call);
    FUZZ_CHECK(result == expected,
               "write of %zu bytes (%zu queued, limit %zu, %zu of them sent) gave %td, must be %td",
               call->length, call->queued, wire->writer.limit, call->sent, result, expected);
    if (result > 0) {
        size_t rest = (size_t)result - call->sent;

        FUZZ_CHECK(rest <= wire->writing.length, "%zu bytes were accepted, and do not exist", rest);
        spec_array_append(&wire->writer.unsent, wire->writing.bytes, rest);
    } else {
        FUZZ_CHECK(call->sent == 0, "%zu bytes were sent by a call that failed", call->sent);
    }
    wire->writing = (struct sp_os_iov){0};
    wire->claimed = 0;
}

void buffer_write(struct sp_socket *socket, struct buffer_bytes bytes)
{
    struct spec_write call = begin_write(bytes);
    size_t refused = buffer_heap.refused;
    ptrdiff_t result = sp_socket_write(socket, bytes.at, bytes.claimed);

    end_write(&call, refused, result);
    if (result > 0)
        buffer_moved((size_t)result);
}

void buffer_put_char(struct sp_socket *socket, uint8_t byte)
{
    struct spec_write call = begin_write((struct buffer_bytes){&byte, 1, 1});
    size_t refused = buffer_heap.refused;
    int result = sp_socket_put_char(socket, byte);

    end_write(&call, refused, result == SP_OK ? 1 : result);
}

void buffer_flush(struct sp_socket *socket)
{
    const struct spec_writer *writer = &buffer_wire.writer;
    bool was_open = sp_socket_is_valid(socket);
    bool was_dead = writer->is_dead;
    uint64_t before = writer->sent;
    ptrdiff_t result = sp_socket_flush(socket);
    ptrdiff_t expected = (ptrdiff_t)(writer->sent - before);

    if (!was_open)
        expected = SP_ERROR_OPERATION;
    else if (was_dead || (expected == 0 && (writer->is_dead || !sp_socket_is_valid(socket))))
        expected = SP_ERROR_PEER_CLOSED;
    FUZZ_CHECK(result == expected, "flush gave %td, must be %td", result, expected);
    if (sp_socket_state(socket) == SP_STATE_CONNECTED && sp_socket_deadline(socket) == SP_NEVER &&
        !was_dead && buffer_wire.held_back == 0)
        FUZZ_CHECK(writer->unsent.size == 0,
                   "%zu bytes are left by a flush, and the kernel would take them",
                   writer->unsent.size);
}

void buffer_take_events(struct sp_socket *socket)
{
    struct spec_writer *writer = &buffer_wire.writer;
    struct sp_event event;
    unsigned count = 0;

    while (sp_socket_next_event(socket, &event)) {
        FUZZ_CHECK(++count <= EVENTS_MAX, "events do not end");
        if (event.kind == SP_EVENT_LOST)
            writer->may_be_late = true;
        if (event.kind != SP_EVENT_BYTES_WRITTEN)
            continue;
        FUZZ_CHECK(event.bytes == writer->unreported,
                   "%llu bytes are reported as written, must be %llu",
                   (unsigned long long)event.bytes, (unsigned long long)writer->unreported);
        writer->unreported = 0;
        writer->may_be_late = false;
    }
    FUZZ_CHECK(writer->unreported == 0 || writer->may_be_late,
               "%llu bytes were written and not reported", (unsigned long long)writer->unreported);
}
