/* SPDX-License-Identifier: MIT */
/*
 * Input programs: a byte string read as a sequence of steps.
 *
 *   0xff LETTER operand...     begins a step, whose operand goes on to the next one
 *   0xff 0xff                  inside an operand: one byte 0xff
 *   0xff                       as the last byte: one byte 0xff
 *
 * What stands before the first mark is the operand of a step of the first kind. A letter that no
 * kind has stands for the kind at (letter modulo the number of kinds). So every byte string is a
 * program, there is no magic and no length to keep right, and a byte that is inserted or lost
 * changes one operand and leaves the steps behind it alone. 0xff is the mark because no name that
 * anybody uses holds it: it is in no UTF-8 text.
 *
 * A target says which kinds of step it has in one table; decoding, printing, reading the text form
 * (steps_text.h) and mutating (mutate.h) all work from that.
 *
 * What is read here is test input, so everything is bounded and nothing can fail.
 */
#ifndef FUZZ_STEPS_H
#define FUZZ_STEPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of an operand that are looked at; more are skipped. */
#define STEP_OPERAND_MAX 512

/**
 * struct step_kind - one kind of step
 * @letter:  in the binary form
 * @pattern: its text form, and with that its operands: see operations.h
 */
struct step_kind {
    uint8_t letter;
    const char *pattern;
};

struct step_language {
    const struct step_kind *kinds;
    size_t count;
};

/* One step, its operand unescaped. @length is at most STEP_OPERAND_MAX. */
struct step {
    size_t kind;
    size_t length;
    uint8_t operand[STEP_OPERAND_MAX];
};

/* Bytes in an operand. */
struct step_text {
    const uint8_t *bytes;
    size_t length;
};

/* Where a reader stands in an input. */
struct step_cursor {
    const struct step_language *language;
    const uint8_t *at;
    const uint8_t *end;
};

#define STEP_MARK 0xff

struct step_cursor step_cursor_over(const struct step_language *language, const uint8_t *bytes,
                                    size_t length);

/** step_read() - as step_next(), but tells the letter, -1 before the first mark, and not the kind.
 */
bool step_read(struct step_cursor *cursor, struct step *ret, int *ret_letter);

/** step_next() - reads the next step; false at the end. An empty input has no step. */
bool step_next(struct step_cursor *cursor, struct step *ret);

/** step_skip() - moves to the next step without reading this one; false at the end */
bool step_skip(struct step_cursor *cursor);

/**
 * step_field() - a number in an operand made of fields
 * @offset: of its first byte
 * @width:  1 to 4 bytes, the lower one first; what is missing is 0
 */
uint32_t step_field(const struct step *step, size_t offset, size_t width);

/* Room for the bytes of a step: a mark, a letter, an operand that is all marks. */
#define STEP_BYTES_MAX (2 + 2 * STEP_OPERAND_MAX)

/** step_store() - the bytes of a step; returns how many, or 0 if there is no room for them */
size_t step_store(const struct step_language *language, const struct step *step, uint8_t *ret_bytes,
                  size_t capacity);

/** step_id() - the user id a field 'u' stands for; few, so that two of them are often the same. */
#define STEP_IDS 8
uint32_t step_id(uint32_t field);

#endif
