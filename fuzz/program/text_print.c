/* SPDX-License-Identifier: MIT */
/*
 * Input programs in their text form, bytes to text: see steps_text.h.
 *
 * By hand and not with printf(): fuzz_program prints every input that it gets.
 *
 * Tests: the checks fuzz/NAME/steps (fuzz/CMakeLists.txt); fuzz/targets/fuzz_program.c
 */
#include "fuzz/program/pattern.h"
#include "fuzz/program/steps_text.h"

#include <string.h>

/* Where text goes. STEP_TEXT_MAX bytes are enough for any step. */
struct writer {
    char *at;
};

static void put(struct writer *out, const char *text, size_t length)
{
    memcpy(out->at, text, length);
    out->at += length;
}

static void put_string(struct writer *out, const char *text)
{
    put(out, text, strlen(text));
}

/* @width: digits at least */
static void put_number(struct writer *out, int64_t value, unsigned base, int width)
{
    char digits[24];
    char *first = digits + sizeof(digits);
    uint64_t left = value < 0 ? (uint64_t)-value : (uint64_t)value;

    for (; left > 0 || width > 0; left /= base, width--)
        *--first = (char)('0' + left % base);
    if (value < 0)
        *--first = '-';
    put(out, first, (size_t)(digits + sizeof(digits) - first));
}

static void put_hex(struct writer *out, uint8_t byte)
{
    static const char digits[] = "0123456789abcdef";

    *out->at++ = digits[byte >> 4];
    *out->at++ = digits[byte & 15];
}

/* @also: the one character beside the backslash that is written with a backslash before it.
 * @least: the lowest byte that is written as itself */
static void put_escaped(struct writer *out, const uint8_t *bytes, size_t length, char also,
                        char least)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\\' || bytes[i] == (uint8_t)also) {
            *out->at++ = '\\';
            *out->at++ = (char)bytes[i];
        } else if (bytes[i] >= (uint8_t)least && bytes[i] <= '~') {
            *out->at++ = (char)bytes[i];
        } else {
            put_string(out, "\\x");
            put_hex(out, bytes[i]);
        }
    }
}

static void put_bits(struct writer *out, const char *words, uint32_t bits)
{
    bool is_first = true;

    if (bits == 0)
        put_string(out, "0");
    for (size_t i = 0; bits >> i != 0; i++) {
        size_t length;
        const char *word = field_word(words, i, &length);

        if ((bits >> i & 1) == 0)
            continue;
        if (!is_first)
            put_string(out, "+");
        put(out, word, length);
        is_first = false;
    }
}

static void put_fault(struct writer *out, uint32_t raw)
{
    struct field_fault fault = field_fault(raw);
    char word[FIELD_FAULT_WORD_MAX];
    size_t length = field_fault_word(fault, word);

    put_string(out, sim_call_name(fault.call));
    put_string(out, " ");
    put(out, word, length);
}

static void put_value(struct writer *out, const struct field *field, uint32_t raw)
{
    const char *word;
    size_t length;
    int64_t value;

    if (field->form == FIELD_FAULT) {
        put_fault(out, raw);
        return;
    }
    value = field_value(field, raw);
    switch (field->form) {
    case FIELD_SLOT:
        put_string(out, field->words);
        put_number(out, value, 10, 1);
        break;
    case FIELD_WORD:
        word = field_word(field->words, (size_t)value, &length);
        put(out, word, length);
        break;
    case FIELD_BITS:
        put_bits(out, field->words, (uint32_t)value);
        break;
    case FIELD_CALL:
        put_string(out, sim_call_name((enum sim_call)value));
        break;
    case FIELD_OCTAL:
        put_number(out, value, 8, 4);
        break;
    case FIELD_MS:
        put_number(out, value, 10, 1);
        put_string(out, "ms");
        break;
    default:
        put_number(out, value, 10, 1);
        break;
    }
}

static void put_text(struct writer *out, enum field_form form, struct step_text text)
{
    switch (form) {
    case FIELD_TAPE:
        for (size_t i = 0; i < text.length; i++)
            put_hex(out, text.bytes[i]);
        break;
    case FIELD_REST:
        put_escaped(out, text.bytes, text.length, '\\', '!');
        break;
    default:
        put_string(out, "\"");
        put_escaped(out, text.bytes, text.length, '"', ' ');
        put_string(out, "\"");
        break;
    }
}

/* Whether the field behind this text is one that is written without anything around it, and empty:
 * then the blank before it is not written either. */
static bool is_before_nothing(const char *pattern, struct step_text string)
{
    struct pattern_part part;

    return string.length == 0 && pattern_next(&pattern, &part) && part.is_field &&
           (part.field.form == FIELD_REST || part.field.form == FIELD_TAPE);
}

size_t step_print(const struct step_language *language, const struct step *step,
                  char ret_text[STEP_TEXT_MAX])
{
    const char *pattern = language->kinds[step->kind].pattern;
    struct writer out = {ret_text};
    struct pattern_part part;
    struct layout layout;
    struct step_strings strings;
    size_t offset = 0;

    layout_of(&layout, pattern);
    strings = layout_strings(&layout, step);
    while (pattern_next(&pattern, &part)) {
        if (!part.is_field) {
            put(&out, part.text, part.length - is_before_nothing(pattern, strings.string));
        } else if (part.field.form == FIELD_PATH) {
            put_text(&out, part.field.form, strings.path);
        } else if (part.field.width == 0) {
            put_text(&out, part.field.form, strings.string);
        } else {
            put_value(&out, &part.field, step_field(step, offset, part.field.width));
            offset += part.field.width;
        }
    }
    return (size_t)(out.at - ret_text);
}

bool step_is_prefix(const struct step_language *language, const struct step *step)
{
    const char *pattern = language->kinds[step->kind].pattern;
    size_t length = strlen(pattern);

    return length > 0 && pattern[length - 1] == ':';
}

void steps_print(const struct step_language *language, const uint8_t *bytes, size_t length,
                 FILE *out)
{
    struct step_cursor cursor = step_cursor_over(language, bytes, length);
    struct step step;
    char text[STEP_TEXT_MAX];
    const char *separator = "";

    while (step_next(&cursor, &step)) {
        fputs(separator, out);
        fwrite(text, 1, step_print(language, &step, text), out);
        separator = step_is_prefix(language, &step) ? " " : "\n";
    }
    if (length > 0)
        fputc('\n', out);
}
