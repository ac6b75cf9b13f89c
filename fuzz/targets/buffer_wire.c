/* SPDX-License-Identifier: MIT */
/* A kernel with one connection: see buffer_wire.h. */
#include "fuzz/targets/buffer_wire.h"

#include "fuzz/engine/digest.h"
#include "fuzz/engine/target.h"
#include "fuzz/targets/buffer_heap.h"

#include <errno.h>
#include <string.h>

/* System calls in one call of the library. Each moves 16 KiB or ends the matter, but for
 * interruptions, which are followed up 16 times. */
#define CALLS_MAX 400
/* What a call moves if nothing is said about it. */
#define AT_ONCE 65536
#define BEGINNING UINT64_C(1000000000)

struct buffer_wire buffer_wire;

void buffer_wire_reset(void)
{
    struct buffer_wire *wire = &buffer_wire;

    wire->has_finished = false;
    wire->has_left = false;
    wire->is_open = false;
    wire->is_over = false;
    wire->space = SIZE_MAX;
    wire->now = BEGINNING;
    wire->tape_at = 0;
    wire->tape_length = 0;
    wire->reading = (struct sp_os_iov){0};
    wire->writing = (struct sp_os_iov){0};
    wire->claimed = 0;
    wire->written = 0;
    spec_reader_restart(&wire->reader, false);
    wire->reader.was_connected = false;
    wire->reader.has_ended = true;
    spec_array_clear(&wire->coming);
    spec_array_clear(&wire->writer.unsent);
    wire->writer.is_connected = false;
    wire->writer.may_write = false;
    wire->writer.is_dead = false;
    wire->writer.sent = wire->writer.unreported = wire->writer.lost = 0;
    wire->writer.may_be_late = false;
    buffer_wire_step();
}

void buffer_wire_connect(int mode)
{
    struct buffer_wire *wire = &buffer_wire;

    spec_array_clear(&wire->coming);
    wire->has_finished = false;
    wire->has_left = false;
    wire->is_open = true;
    wire->is_over = false;
    wire->space = SIZE_MAX;
    spec_reader_restart(&wire->reader, (mode & 1) != 0);
    spec_array_clear(&wire->writer.unsent);
    wire->writer.is_connected = true;
    wire->writer.may_write = (mode & 2) != 0;
    wire->writer.is_dead = false;
    wire->writer.unreported = 0;
    wire->writer.may_be_late = false;
    wire->writer.lost = 0;
}

void buffer_wire_step(void)
{
    buffer_wire.calls = 0;
    buffer_wire.held_back = 0;
}

/* ---- what the tape says ---- */

/* How the next call goes: a negative errno, or how many bytes it may move. */
static int64_t next_turn(void)
{
    static const uint16_t counts[10] = {1, 2, 3, 7, 100, 999, 1000, 1001, 4096, 16384};
    struct buffer_wire *wire = &buffer_wire;
    uint8_t letter = wire->tape_at < wire->tape_length ? wire->tape[wire->tape_at++] : 0;

    wire->calls++;
    FUZZ_CHECK(wire->is_open, "a descriptor is used that is not open");
    FUZZ_CHECK(wire->calls <= CALLS_MAX, "one call makes %u system calls", wire->calls);
    switch (letter) {
    case '0' ... '9':
        return counts[letter - '0'];
    case 'a':
        return -EAGAIN;
    case 'i':
        return -EINTR;
    case 'm':
        return -ENOMEM;
    case 'b':
        return -ENOBUFS;
    case 'c':
        return -ECONNRESET;
    case 'x':
        return -EIO;
    case 'p':
        return -EPIPE;
    case 't':
        return -ETOOMANYREFS;
    case 'n':
        return 0;
    default:
        return AT_ONCE;
    }
}

static bool is_final(int64_t result)
{
    return result == -ECONNRESET || result == -EIO || result == -EPIPE;
}

/* ---- receiving ---- */

/* What must be true of a request for bytes before it is granted. */
static void check_request(const uint8_t *bytes, size_t capacity)
{
    const struct spec_reader *reader = &buffer_wire.reader;
    uintptr_t offset = (uintptr_t)bytes - (uintptr_t)buffer_wire.reading.bytes;

    FUZZ_CHECK(capacity > 0, "no bytes are asked for");
    FUZZ_CHECK(!buffer_wire.is_over, "the end of the stream was told, and more is asked for");
    FUZZ_CHECK(reader->may_read, "bytes are fetched although it is not open for reading");
    if (buffer_wire.reading.bytes != NULL && offset < buffer_wire.reading.length) {
        FUZZ_CHECK(spec_reader_available(reader) == 0 && !reader->is_in_transaction,
                   "bytes are read past %zu that came before", reader->bytes.size);
        return;
    }
    if (reader->is_discarding) /* fills no buffer */
        return;
    FUZZ_CHECK(reader->limit == 0 || (reader->bytes.size < reader->limit &&
                                      capacity <= reader->limit - reader->bytes.size),
               "%zu bytes more are fetched with %zu buffered and a limit of %zu", capacity,
               reader->bytes.size, reader->limit);
}

static int64_t wire_recv(void *ctx, int fd, void *ret_bytes, size_t capacity, uint32_t flags)
{
    struct buffer_wire *wire = &buffer_wire;
    int64_t turn;
    size_t length;

    (void)ctx;
    FUZZ_CHECK(fd == BUFFER_WIRE_FD && flags == 0, "recv() of descriptor %d, flags %u", fd, flags);
    check_request(ret_bytes, capacity);
    turn = next_turn();
    if (turn == -EPIPE || turn == -ETOOMANYREFS || turn == 0) /* not of recv() */
        turn = AT_ONCE;
    if (turn < 0) {
        wire->held_back++;
        if (is_final(turn)) {
            wire->is_over = true;
            spec_array_clear(&wire->coming);
        }
        return turn;
    }
    length = spec_array_count(&wire->coming, 0, capacity);
    if (length > (size_t)turn)
        length = (size_t)turn;
    if (length < capacity)
        wire->held_back++;
    if (length == 0) {
        wire->is_over = wire->has_finished;
        return wire->is_over ? 0 : -EAGAIN;
    }
    memcpy(ret_bytes, spec_array_at(&wire->coming, 0), length);
    if (!wire->reader.is_discarding)
        spec_array_append(&wire->reader.bytes, ret_bytes, length);
    spec_array_drop(&wire->coming, length);
    fuzz_note(length);
    return (int64_t)length;
}

/* ---- sending ---- */

/* Whether @bytes are those that come next, behind @skipped others. */
static bool is_next(size_t skipped, const uint8_t *bytes, size_t length)
{
    const struct spec_array *unsent = &buffer_wire.writer.unsent;
    size_t accepted = spec_array_count(unsent, skipped, length);
    size_t offset = skipped + accepted - unsent->size;

    if (!spec_same_bytes(bytes, spec_array_at(unsent, skipped), accepted))
        return false;
    if (accepted == length)
        return true;
    length -= accepted;
    return offset <= buffer_wire.writing.length && length <= buffer_wire.writing.length - offset &&
           spec_same_bytes(bytes + accepted, (const uint8_t *)buffer_wire.writing.bytes + offset,
                           length);
}

/* The library offers @length bytes. It has those that were accepted, and believes in those that are
 * claimed. */
static void check_offer(size_t length)
{
    size_t accepted = buffer_wire.writer.unsent.size;

    FUZZ_CHECK(length <= accepted || length - accepted <= buffer_wire.claimed,
               "%zu bytes are offered, and only %zu were accepted", length, accepted);
}

/* @length bytes are gone: first those that were accepted, then those that are being written. */
static void take_sent(size_t length)
{
    struct buffer_wire *wire = &buffer_wire;
    size_t accepted = spec_array_count(&wire->writer.unsent, 0, length);
    size_t rest = length - accepted;

    spec_array_drop(&wire->writer.unsent, accepted);
    if (rest > 0) {
        wire->written += rest;
        wire->writing.bytes = (const uint8_t *)wire->writing.bytes + rest;
        wire->writing.length -= rest;
        wire->claimed -= rest;
    }
    wire->writer.sent += length;
    wire->writer.unreported += length;
    if (wire->space != SIZE_MAX)
        wire->space -= length;
}

static int64_t wire_send(void *ctx, int fd, const struct sp_os_iov *iov, size_t count)
{
    struct buffer_wire *wire = &buffer_wire;
    size_t offered = 0;
    size_t length = 0;
    size_t most;
    int64_t turn = next_turn();

    (void)ctx;
    FUZZ_CHECK(fd == BUFFER_WIRE_FD && count >= 1 && count <= SP_OS_IOV_MAX,
               "send() of descriptor %d, %zu pieces", fd, count);
    FUZZ_CHECK(!wire->writer.is_dead, "the peer takes no more, and is sent more");
    FUZZ_CHECK(wire->writer.may_write, "bytes are sent although it is not open for writing");
    if (wire->has_left)
        turn = -EPIPE;
    else if (turn >= 0 && wire->space == 0)
        turn = -EAGAIN;
    for (size_t i = 0; i < count; i++) {
        FUZZ_CHECK(iov[i].length > 0, "piece %zu of %zu is empty", i, count);
        offered += iov[i].length;
    }
    check_offer(offered);
    if (turn < 0) {
        wire->held_back++;
        wire->writer.is_dead = is_final(turn);
        return turn;
    }
    most = offered;
    if (most > wire->space)
        most = wire->space;
    if (most > (size_t)turn)
        most = (size_t)turn;
    for (size_t i = 0; length < most; i++) {
        size_t part = iov[i].length < most - length ? iov[i].length : most - length;

        FUZZ_CHECK(is_next(length, iov[i].bytes, part),
                   "piece %zu of %zu is not what was accepted, after %zu bytes", i, count, length);
        length += part;
    }
    if (length < offered)
        wire->held_back++;
    take_sent(length);
    fuzz_note(length);
    return (int64_t)length;
}

/* ---- the rest of the seam ---- */

static uint64_t wire_now(void *ctx)
{
    (void)ctx;
    return buffer_wire.now;
}

static int wire_close(void *ctx, int fd)
{
    (void)ctx;
    FUZZ_CHECK(fd == BUFFER_WIRE_FD && buffer_wire.is_open, "descriptor %d is closed again", fd);
    buffer_wire.is_open = false;
    return 0;
}

/* Asked whether the far end is gone, and for nothing else. */
static int wire_poll(void *ctx, struct sp_os_pollfd *fds, size_t count, uint64_t deadline_ns)
{
    (void)ctx;
    FUZZ_CHECK(count == 1 && deadline_ns <= buffer_wire.now, "a call waits");
    fds[0].got = buffer_wire.has_left ? SP_OS_POLLHUP : 0;
    return buffer_wire.has_left;
}

static int wire_sockinfo(void *ctx, int fd, struct sp_os_sockinfo *ret_info)
{
    (void)ctx;
    (void)fd;
    *ret_info = (struct sp_os_sockinfo){.is_unix = 1, .is_stream = 1, .is_connected = 1};
    return 0;
}

/* Neither end has a name. */
static int wire_name(void *ctx, int fd, void *ret_sockaddr, size_t capacity)
{
    static const uint16_t family = 1;

    (void)ctx;
    (void)fd;
    (void)capacity;
    memcpy(ret_sockaddr, &family, sizeof(family));
    return sizeof(family);
}

static int wire_set_cloexec(void *ctx, int fd)
{
    (void)ctx;
    (void)fd;
    return 0;
}

/* What is missing is nothing that moves bytes; to call it is a crash, and a finding. */
const struct sp_os buffer_os = {
    .version = SP_OS_VERSION,
    .alloc = buffer_heap_alloc,
    .release = buffer_heap_release,
    .now_ns = wire_now,
    .getsockname = wire_name,
    .getpeername = wire_name,
    .send = wire_send,
    .recv = wire_recv,
    .close = wire_close,
    .poll = wire_poll,
    .sockinfo = wire_sockinfo,
    .set_cloexec = wire_set_cloexec,
};
