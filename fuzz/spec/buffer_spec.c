/* SPDX-License-Identifier: MIT */
/* Bytes in an array, and what the calls promise about them: see buffer_spec.h. */
#include "fuzz/spec/buffer_spec.h"

#include <stdlib.h>
#include <string.h>

/* Where an empty array begins: there must be room in front for what is put back. */
#define FRONT (SPEC_ARRAY_MAX / 4)

/* ---- bytes in order ---- */

void spec_array_clear(struct spec_array *array)
{
    array->begin = FRONT;
    array->size = 0;
}

/* Moves all bytes to where an array begins. */
static void make_room(struct spec_array *array)
{
    memmove(array->bytes + FRONT, array->bytes + array->begin, array->size);
    array->begin = FRONT;
}

void spec_array_append(struct spec_array *array, const void *bytes, size_t length)
{
    if (length > SPEC_ARRAY_MAX - array->begin - array->size)
        make_room(array);
    if (length > SPEC_ARRAY_MAX - array->begin - array->size)
        abort(); /* the target bounds what a run holds */
    memcpy(array->bytes + array->begin + array->size, bytes, length);
    array->size += length;
}

void spec_array_prepend(struct spec_array *array, uint8_t byte)
{
    if (array->begin == 0)
        make_room(array);
    array->begin--;
    array->size++;
    array->bytes[array->begin] = byte;
}

void spec_array_drop(struct spec_array *array, size_t length)
{
    if (length > array->size)
        abort();
    array->begin += length;
    array->size -= length;
}

const uint8_t *spec_array_at(const struct spec_array *array, size_t offset)
{
    return array->bytes + array->begin + (offset < array->size ? offset : array->size);
}

size_t spec_array_find(const struct spec_array *array, size_t offset, uint8_t byte)
{
    const uint8_t *bytes = array->bytes + array->begin;
    size_t at = offset < array->size ? offset : array->size;

    /* Blocks that hold no such byte are passed as a whole: the compiler looks at all of one at
     * once. */
    for (; array->size - at >= 64; at += 64) {
        uint8_t hits = 0;

        for (size_t i = 0; i < 64; i++)
            hits |= bytes[at + i] == byte;
        if (hits != 0)
            break;
    }
    while (at < array->size && bytes[at] != byte)
        at++;
    return at;
}

size_t spec_array_count(const struct spec_array *array, size_t offset, size_t length)
{
    size_t rest = offset < array->size ? array->size - offset : 0;

    return rest < length ? rest : length;
}

bool spec_same_bytes(const void *a, const void *b, size_t length)
{
    const uint8_t *left = a;
    const uint8_t *right = b;
    uint8_t difference = 0;

    for (size_t i = 0; i < length; i++)
        difference |= left[i] ^ right[i];
    return difference == 0;
}

/* ---- the reading half ---- */

size_t spec_reader_available(const struct spec_reader *reader)
{
    return reader->bytes.size - reader->taken;
}

bool spec_reader_is_full(const struct spec_reader *reader)
{
    return reader->limit != 0 && reader->bytes.size >= reader->limit;
}

/* "SP_ERROR_OPERATION if never connected or not open for reading" */
static bool is_open_for_reading(const struct spec_reader *reader)
{
    return reader->was_connected && reader->may_read;
}

/* "0 if there are none now; SP_ERROR_PEER_CLOSED at the end of a connection, every time" */
static ptrdiff_t none(const struct spec_reader *reader)
{
    return reader->has_ended ? SP_ERROR_PEER_CLOSED : 0;
}

ptrdiff_t spec_read(const struct spec_reader *reader, size_t capacity)
{
    size_t available = spec_reader_available(reader);

    if (!is_open_for_reading(reader))
        return SP_ERROR_OPERATION;
    if (capacity == 0)
        return 0;
    if (available == 0)
        return none(reader);
    return (ptrdiff_t)(available < capacity ? available : capacity);
}

ptrdiff_t spec_read_line(const struct spec_reader *reader, size_t capacity, bool can_grow)
{
    size_t available = spec_reader_available(reader);
    size_t newline = spec_array_find(&reader->bytes, reader->taken, '\n');
    bool is_whole = newline < reader->bytes.size;
    size_t line = is_whole ? newline - reader->taken + 1 : available;

    if (!is_open_for_reading(reader))
        return SP_ERROR_OPERATION;
    if (capacity == 0)
        return 0;
    if (available == 0)
        return none(reader);
    if (line >= capacity)
        return (ptrdiff_t)capacity;
    if (is_whole || !can_grow)
        return (ptrdiff_t)line;
    return 0; /* the rest of the line is still to come */
}

int spec_get_char(const struct spec_reader *reader)
{
    ptrdiff_t length = spec_read(reader, 1);

    if (length == 0)
        return SP_ERROR_LIMIT;
    return length < 0 ? (int)length : *spec_array_at(&reader->bytes, reader->taken);
}

int spec_unget_char(const struct spec_reader *reader, bool memory_ran_out)
{
    if (!is_open_for_reading(reader) || reader->is_in_transaction)
        return SP_ERROR_OPERATION;
    return memory_ran_out ? SP_ERROR_RESOURCE : SP_OK;
}

int spec_start_transaction(const struct spec_reader *reader)
{
    return is_open_for_reading(reader) && !reader->is_in_transaction ? SP_OK : SP_ERROR_OPERATION;
}

int spec_end_transaction(const struct spec_reader *reader)
{
    return reader->is_in_transaction ? SP_OK : SP_ERROR_OPERATION;
}

void spec_reader_take(struct spec_reader *reader, size_t length)
{
    if (reader->is_in_transaction)
        reader->taken += length;
    else
        spec_array_drop(&reader->bytes, length);
}

void spec_reader_restart(struct spec_reader *reader, bool may_read)
{
    spec_array_clear(&reader->bytes);
    reader->taken = 0;
    reader->is_in_transaction = false;
    reader->was_connected = true;
    reader->may_read = may_read;
    reader->is_discarding = false;
    reader->has_ended = false;
}

/* ---- the writing half ---- */

ptrdiff_t spec_write(const struct spec_writer *writer, const struct spec_write *call)
{
    size_t rest = call->length - call->sent;
    size_t room = SIZE_MAX;

    if (!writer->is_connected || !writer->may_write)
        return SP_ERROR_OPERATION;
    if (call->was_dead)
        return SP_ERROR_PEER_CLOSED;
    if (call->length == 0)
        return 0;
    if (writer->limit != 0 && call->queued >= writer->limit)
        return SP_ERROR_LIMIT;
    if (writer->is_dead)
        return SP_ERROR_PEER_CLOSED;
    if (writer->limit != 0)
        room = writer->limit - writer->unsent.size;
    if (rest > room)
        rest = room;
    if (call->memory_ran_out)
        rest = 0;
    if (call->sent == 0 && rest == 0)
        return SP_ERROR_RESOURCE;
    return (ptrdiff_t)(call->sent + rest);
}
