/* SPDX-License-Identifier: MIT */
/*
 * Input programs in their binary form: see steps.h.
 *
 * Tests: the checks fuzz/NAME/steps (fuzz/CMakeLists.txt); fuzz/targets/fuzz_program.c
 */
#include "fuzz/program/steps.h"

struct step_cursor step_cursor_over(const struct step_language *language, const uint8_t *bytes,
                                    size_t length)
{
    return (struct step_cursor){
        .language = language,
        .at = bytes,
        .end = length > 0 ? bytes + length : bytes,
    };
}

static size_t kind_of(const struct step_language *language, uint8_t letter)
{
    for (size_t i = 0; i < language->count; i++)
        if (language->kinds[i].letter == letter)
            return i;
    return letter % language->count;
}

/* Whether a step begins at the cursor: a mark, then a letter. */
static bool at_mark(const struct step_cursor *cursor)
{
    return cursor->end - cursor->at >= 2 && cursor->at[0] == STEP_MARK &&
           cursor->at[1] != STEP_MARK;
}

bool step_read(struct step_cursor *cursor, struct step *ret, int *ret_letter)
{
    if (cursor->at == cursor->end)
        return false;

    *ret_letter = -1;
    ret->length = 0;
    if (at_mark(cursor)) {
        *ret_letter = cursor->at[1];
        cursor->at += 2;
    }
    /* What stands before the first mark falls through to here as an operand of the first kind. */
    while (cursor->at < cursor->end && !at_mark(cursor)) {
        uint8_t byte = *cursor->at++;

        if (ret->length < STEP_OPERAND_MAX)
            ret->operand[ret->length++] = byte;
        /* Two marks are one byte of the operand, as is one at the very end. */
        if (byte == STEP_MARK && cursor->at < cursor->end)
            cursor->at++;
    }
    return true;
}

bool step_next(struct step_cursor *cursor, struct step *ret)
{
    int letter;

    if (!step_read(cursor, ret, &letter))
        return false;
    ret->kind = letter < 0 ? 0 : kind_of(cursor->language, (uint8_t)letter);
    return true;
}

bool step_skip(struct step_cursor *cursor)
{
    if (cursor->at == cursor->end)
        return false;
    if (at_mark(cursor))
        cursor->at += 2;
    while (cursor->at < cursor->end && !at_mark(cursor)) {
        cursor->at += *cursor->at == STEP_MARK && cursor->end - cursor->at > 1;
        cursor->at++;
    }
    return true;
}

uint32_t step_field(const struct step *step, size_t offset, size_t width)
{
    uint32_t value = 0;

    for (size_t i = 0; i < width; i++)
        if (offset + i < step->length)
            value |= (uint32_t)step->operand[offset + i] << (8 * i);
    return value;
}

size_t step_store(const struct step_language *language, const struct step *step, uint8_t *ret_bytes,
                  size_t capacity)
{
    size_t length = 2 + step->length;

    for (size_t i = 0; i < step->length; i++)
        length += step->operand[i] == STEP_MARK;
    if (length > capacity)
        return 0;
    *ret_bytes++ = STEP_MARK;
    *ret_bytes++ = language->kinds[step->kind].letter;
    for (size_t i = 0; i < step->length; i++) {
        *ret_bytes++ = step->operand[i];
        if (step->operand[i] == STEP_MARK)
            *ret_bytes++ = STEP_MARK;
    }
    return length;
}

uint32_t step_id(uint32_t field)
{
    /* root, ordinary users, nobody, the ends of the signed and the unsigned range, "no such id". */
    static const uint32_t ids[STEP_IDS] = {0,     1,          1000,       1001,
                                           65534, 0x7fffffff, 0xfffffffe, 0xffffffff};

    return ids[field % STEP_IDS];
}
