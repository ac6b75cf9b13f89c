/* SPDX-License-Identifier: MIT */
/*
 * Fields: what can stand between {} in the pattern of a step.
 *
 * One table says for each how many bytes it takes in the operand and what these stand for. Every
 * value of the bytes stands for something: what is out of range is taken modulo what there is.
 */
#ifndef FUZZ_FIELD_H
#define FUZZ_FIELD_H

#include "sim/call.h"

#include <stddef.h>
#include <stdint.h>

enum field_form {
    FIELD_SLOT,   /* c0: the thing with this letter and number */
    FIELD_NUMBER, /* 250 */
    FIELD_SIGNED, /* -1 */
    FIELD_MS,     /* -1ms */
    FIELD_OCTAL,  /* 0700 */
    FIELD_ID,     /* a user's number, one of those step_id() knows */
    FIELD_WORD,   /* one of a list */
    FIELD_BITS,   /* any of a list, with + between them, or 0 */
    FIELD_CALL,   /* a member of the seam, or any */
    FIELD_FAULT,  /* a member of the seam, and one of the faults it can have: two bytes */
    FIELD_PATH,   /* "a string", which ends at a NUL */
    FIELD_NAME,   /* "a string", to the end of the operand; may hold NUL */
    FIELD_TAPE,   /* bytes in hexadecimal, to the end of the operand */
    FIELD_REST,   /* the rest of the line as it is, to the end of the operand */
};

/**
 * struct field - one row of the table
 * @name:  between {}
 * @width: bytes in the operand; 0 for strings, which stand behind everything else
 * @count: of slots
 * @words: separated by blanks, up to a NUL or a brace; of a slot: its letter
 */
struct field {
    const char *name;
    enum field_form form;
    uint8_t width;
    uint8_t count;
    const char *words;
};

/** field_between() - the field that stands between {}: a row of the table, or a list of words; ends
 * the process if there is none, because a table is wrong then */
struct field field_between(const char *name, size_t length);

/** field_values() - how many values it has: of a slot, a word, a call; 0 where all are different */
uint32_t field_values(const struct field *field);

/** field_value() - what a field's bytes stand for, lowest first in @raw; not for faults */
int64_t field_value(const struct field *field, uint32_t raw);

/** field_fault() - the same for a fault */
struct field_fault {
    enum sim_call call;
    unsigned choice; /* below sim_fault_choices(call) */
};
struct field_fault field_fault(uint32_t raw);

/* Room for field_fault_word(). */
#define FIELD_FAULT_WORD_MAX 32

/** field_fault_word() - a fault in words: "eintr", "eintr-after" when it took effect before,
 * "short-1", "delay-60000ms"; returns the length */
size_t field_fault_word(struct field_fault fault, char ret_word[FIELD_FAULT_WORD_MAX]);

/** field_word() - word number @index of a list; @ret_length is 0 behind the last */
const char *field_word(const char *words, size_t index, size_t *ret_length);

#endif
