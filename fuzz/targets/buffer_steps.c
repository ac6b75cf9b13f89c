/* SPDX-License-Identifier: MIT */
/* The table of buffer_steps.h, and its numbers, for the target and every tool that reads inputs. */
#include "fuzz/targets/buffer_steps.h"

#include "fuzz/engine/target.h"

static const struct step_kind kinds[] = {
#define BUFFER_STEP_ROW(name, letter, pattern) {letter, pattern},
    BUFFER_STEP_LIST(BUFFER_STEP_ROW)
#undef BUFFER_STEP_ROW
};

static const struct step_language language = {kinds, sizeof(kinds) / sizeof(kinds[0])};
const struct step_language *const fuzz_language = &language;

/* A number without a word is at most this. */
#define DIGITS_MAX 999999

struct reader {
    const uint8_t *at;
    const uint8_t *end;
};

static bool is_letter(uint8_t byte)
{
    return byte >= 'a' && byte <= 'z';
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

/* What a number counts from: a word is known by its first letter. */
static size_t read_base(struct reader *reader)
{
    uint8_t letter = reader->at < reader->end ? *reader->at : 0;

    while (reader->at < reader->end && is_letter(*reader->at))
        reader->at++;
    switch (letter) {
    case 's':
        return SIZE_MAX;
    case 'p':
        return PTRDIFF_MAX;
    case 'u':
        return UINT32_MAX;
    case 'i':
        return INT32_MAX;
    default:
        return 0;
    }
}

static size_t read_digits(struct reader *reader)
{
    size_t value = 0;

    while (reader->at < reader->end && is_digit(*reader->at)) {
        value = value * 10 + (size_t)(*reader->at++ - '0');
        if (value > DIGITS_MAX)
            value = DIGITS_MAX;
    }
    return value;
}

size_t buffer_step_number(const struct step *step, size_t index)
{
    struct reader reader = {step->operand, step->operand + step->length};
    size_t base, digits;
    bool is_less;

    for (; index > 0 && reader.at < reader.end; reader.at++)
        if (*reader.at == ':')
            index--;
    base = read_base(&reader);
    is_less = reader.at < reader.end && *reader.at == '-';
    if (reader.at < reader.end && (*reader.at == '-' || *reader.at == '+'))
        reader.at++;
    digits = read_digits(&reader);
    return is_less ? base - digits : base + digits;
}
