/* SPDX-License-Identifier: MIT */
/*
 * What a buffer is, said a second time: bytes in an array, and what the reading and writing calls
 * of sunpath/socket.h promise about them.
 *
 * This is the oracle of fuzz_buffer. The library keeps bytes in chunks that are linked, shared out
 * and given back; here they lie in one piece, and every question is answered by looking at all of
 * them. Written from the public headers and core/src/queue.h alone.
 */
#ifndef FUZZ_BUFFER_SPEC_H
#define FUZZ_BUFFER_SPEC_H

#include <sunpath/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room of an array; whoever fills it stays below. */
#define SPEC_ARRAY_MAX ((size_t)1024 * 1024)

/* ---- bytes in order ---- */

struct spec_array {
    size_t begin, size; /* of what counts, in bytes */
    uint8_t bytes[SPEC_ARRAY_MAX];
};

/** spec_array_clear() - no bytes; costs the same however many there were. */
void spec_array_clear(struct spec_array *array);
void spec_array_append(struct spec_array *array, const void *bytes, size_t length);
void spec_array_prepend(struct spec_array *array, uint8_t byte);
/** spec_array_drop() - the first @length go; at most all. */
void spec_array_drop(struct spec_array *array, size_t length);
/** spec_array_at() - the bytes from @offset on, or from the end. */
const uint8_t *spec_array_at(const struct spec_array *array, size_t offset);
/** spec_array_find() - the offset of the first @byte at or after @offset, or the size. */
size_t spec_array_find(const struct spec_array *array, size_t offset, uint8_t byte);
/** spec_array_count() - how many bytes there are from @offset on, at most @length. */
size_t spec_array_count(const struct spec_array *array, size_t offset, size_t length);

/** spec_same_bytes() - by hand: see fuzz_address.c for why not memcmp(). */
bool spec_same_bytes(const void *a, const void *b, size_t length);

/* ---- the reading half of a socket ---- */

struct spec_reader {
    struct spec_array bytes; /* received, and neither read for good nor dropped */
    size_t taken;            /* of them, read inside the transaction */
    bool is_in_transaction;
    bool was_connected; /* since the last abort() or close() */
    bool may_read;      /* the mode */
    bool is_discarding; /* closed: what still arrives is dropped */
    bool has_ended;     /* before the call that is looked at: no byte will come any more */
    size_t limit;       /* 0: none */
};

/** spec_reader_available() - bytes that a read can give. */
size_t spec_reader_available(const struct spec_reader *reader);

/*
 * What a call returns. @reader holds what had been received when the call was done: what the kernel
 * gives during a call is for the kernel to decide, what becomes of it is not. A negative result is
 * an enum sp_error.
 */
ptrdiff_t spec_read(const struct spec_reader *reader, size_t capacity); /* and peek, skip */
/* @can_grow: more bytes can still come before some are read. */
ptrdiff_t spec_read_line(const struct spec_reader *reader, size_t capacity, bool can_grow);
int spec_get_char(const struct spec_reader *reader);
int spec_unget_char(const struct spec_reader *reader, bool memory_ran_out);
int spec_start_transaction(const struct spec_reader *reader);
int spec_end_transaction(const struct spec_reader *reader);
/** spec_reader_is_full() - whether the limit forbids to receive more. */
bool spec_reader_is_full(const struct spec_reader *reader);
/** spec_reader_take() - @length available bytes are read. */
void spec_reader_take(struct spec_reader *reader, size_t length);
/** spec_reader_restart() - a connection begins: nothing is left of the one before. */
void spec_reader_restart(struct spec_reader *reader, bool may_read);

/* ---- the writing half ---- */

struct spec_writer {
    struct spec_array unsent; /* accepted, and neither sent nor lost */
    bool is_connected;
    bool may_write; /* the mode */
    bool is_dead;   /* the peer takes no more */
    size_t limit;   /* 0: none */
    uint64_t sent, lost;
    uint64_t unreported; /* sent since the last event that said so */
    bool may_be_late;    /* events were lost: the next one will tell of these bytes too */
};

/* What happened during one write(). */
struct spec_write {
    size_t length;       /* offered */
    size_t queued;       /* unsent bytes when it began */
    size_t sent;         /* of the bytes offered, those that the kernel took */
    bool was_dead;       /* when it began */
    bool memory_ran_out; /* during it */
};

/** spec_write() - what it returns; @writer as it is afterwards, but without what is accepted. */
ptrdiff_t spec_write(const struct spec_writer *writer, const struct spec_write *call);

#endif
