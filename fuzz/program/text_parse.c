/* SPDX-License-Identifier: MIT */
/*
 * Input programs in their text form, text to bytes: see steps_text.h.
 *
 * A line is held against the pattern of every step there is; at most one fits. Where none does, it
 * is gone through once more, and the place that any pattern came furthest to is what is wrong, with
 * all that could have stood there (text_trouble.c).
 *
 * Tests: the checks fuzz/NAME/steps (fuzz/CMakeLists.txt); fuzz/targets/fuzz_program.c
 */
#include "fuzz/program/pattern.h"
#include "fuzz/program/steps_text.h"
#include "fuzz/program/text_trouble.h"
#include "sim/faults.h"

#include <string.h>

/* Where a pattern's reader stands in a line, and what it has found so far. */
struct reader {
    const char *at;
    const char *end;
    struct step *step; /* its operand gets the fields that are no strings */
    struct slice path; /* as it is written, without the quotes */
    struct slice string;
    struct trouble *trouble;
};

/* ---- fields that are no strings ---- */

static bool is_word_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '+' || c == '_';
}

/* The word that begins at @at, perhaps empty. */
static struct slice word_at(const char *at, const char *end)
{
    struct slice word = {at, 0};

    while (at + word.length < end && is_word_character(at[word.length]))
        word.length++;
    return word;
}

static bool is_word(struct slice slice, const char *word, size_t length)
{
    return slice.length == length && memcmp(slice.at, word, length) == 0;
}

/* The longest word of a list that begins at @at and ends there: in a list words can hold any
 * character but a blank and a brace. */
static struct slice listed_word_at(const char *words, const char *at, const char *end)
{
    struct slice longest = word_at(at, end);
    size_t length;

    for (size_t i = 0;; i++) {
        const char *word = field_word(words, i, &length);

        if (length == 0)
            return longest;
        if (length > longest.length && length <= (size_t)(end - at) &&
            memcmp(at, word, length) == 0 && (at + length == end || !is_word_character(at[length])))
            longest.length = length;
    }
}

/* Each of these turns a word into what is stored for it, or returns false. */

static bool read_number(struct slice word, unsigned base, int64_t least, int64_t most,
                        uint32_t *ret_raw)
{
    bool is_negative = word.length > 0 && word.at[0] == '-';
    int64_t value = 0;

    if (word.length == is_negative)
        return false;
    for (size_t i = is_negative; i < word.length; i++) {
        unsigned digit = (unsigned)(word.at[i] - '0');

        if (word.at[i] < '0' || digit >= base)
            return false;
        value = value * base + digit;
        if (value > UINT32_MAX)
            return false;
    }
    if (is_negative) {
        if (value == 0)
            return false;
        value = -value;
    }
    *ret_raw = (uint32_t)value;
    return value >= least && value <= most;
}

static bool read_slot(const struct field *field, struct slice word, uint32_t *ret_raw)
{
    struct slice number = {word.at + 1, word.length - 1};

    return word.length > 0 && word.at[0] == field->words[0] &&
           read_number(number, 10, 0, field->count - 1, ret_raw);
}

static bool read_ms(struct slice word, uint32_t *ret_raw)
{
    struct slice number = {word.at, word.length - 2};

    return word.length > 2 && is_word((struct slice){word.at + number.length, 2}, "ms", 2) &&
           read_number(number, 10, INT16_MIN, INT16_MAX, ret_raw);
}

static bool read_id(struct slice word, uint32_t *ret_raw)
{
    uint32_t id;

    if (!read_number(word, 10, 0, UINT32_MAX, &id))
        return false;
    for (*ret_raw = 0; *ret_raw < STEP_IDS; (*ret_raw)++)
        if (step_id(*ret_raw) == id)
            return true;
    return false;
}

static bool read_word(const char *words, struct slice word, uint32_t *ret_raw)
{
    size_t length;

    for (*ret_raw = 0;; (*ret_raw)++) {
        const char *allowed = field_word(words, *ret_raw, &length);

        if (length == 0)
            return false;
        if (is_word(word, allowed, length))
            return true;
    }
}

static bool read_bits(const char *words, struct slice word, uint32_t *ret_raw)
{
    uint32_t bits = 0;

    if (is_word(word, "0", 1)) {
        *ret_raw = 0;
        return true;
    }
    for (;;) {
        const char *plus = memchr(word.at, '+', word.length);
        size_t length = plus != NULL ? (size_t)(plus - word.at) : word.length;
        uint32_t bit;

        /* In the order of the list, so that there is one way to write each. */
        if (!read_word(words, (struct slice){word.at, length}, &bit) || bits >> bit != 0)
            return false;
        bits |= 1u << bit;
        if (plus == NULL)
            break;
        word = (struct slice){plus + 1, word.length - length - 1};
    }
    *ret_raw = bits;
    return true;
}

/* @count: calls that can stand here */
static bool read_call(struct slice word, unsigned count, uint32_t *ret_raw)
{
    for (*ret_raw = 0; *ret_raw < count; (*ret_raw)++) {
        const char *name = sim_call_name((enum sim_call) * ret_raw);

        if (is_word(word, name, strlen(name)))
            return true;
    }
    return false;
}

static bool read_choice(struct slice word, enum sim_call call, uint32_t *ret_choice)
{
    char name[FIELD_FAULT_WORD_MAX];

    for (*ret_choice = 0; *ret_choice < sim_fault_choices(call); (*ret_choice)++) {
        size_t length = field_fault_word((struct field_fault){call, *ret_choice}, name);

        if (is_word(word, name, length))
            return true;
    }
    return false;
}

/* Two words: the call, and what it comes to. */
static bool read_fault(struct reader *reader, const struct pattern_part *part, uint32_t *ret_raw)
{
    struct slice word = word_at(reader->at, reader->end);
    uint32_t call, choice;

    if (!read_call(word, SIM_CALL_COUNT, &call)) {
        trouble_expects(reader->trouble, reader->at, part);
        return false;
    }
    reader->at += word.length;
    if (reader->at == reader->end || *reader->at != ' ') {
        trouble_expects_fault(reader->trouble, reader->at, (enum sim_call)call);
        return false;
    }
    reader->at++;
    word = word_at(reader->at, reader->end);
    if (!read_choice(word, (enum sim_call)call, &choice)) {
        trouble_expects_fault(reader->trouble, reader->at, (enum sim_call)call);
        return false;
    }
    reader->at += word.length;
    *ret_raw = call | choice << 8;
    return true;
}

static bool read_one(const struct field *field, struct slice word, uint32_t *ret_raw)
{
    uint32_t most = (uint32_t)((UINT64_C(1) << (8 * field->width)) - 1);

    switch (field->form) {
    case FIELD_SLOT:
        return read_slot(field, word, ret_raw);
    case FIELD_SIGNED:
        return field->width == 1 ? read_number(word, 10, INT8_MIN, INT8_MAX, ret_raw)
                                 : read_number(word, 10, INT32_MIN, INT32_MAX, ret_raw);
    case FIELD_MS:
        return read_ms(word, ret_raw);
    case FIELD_OCTAL:
        return read_number(word, 8, 0, most, ret_raw);
    case FIELD_ID:
        return read_id(word, ret_raw);
    case FIELD_WORD:
        return read_word(field->words, word, ret_raw);
    case FIELD_BITS:
        return read_bits(field->words, word, ret_raw);
    case FIELD_CALL:
        return read_call(word, SIM_CALL_COUNT + 1, ret_raw);
    default:
        return read_number(word, 10, 0, most, ret_raw);
    }
}

static bool match_value(struct reader *reader, const struct pattern_part *part)
{
    struct step *step = reader->step;
    uint32_t raw;

    if (part->field.form == FIELD_FAULT) {
        if (!read_fault(reader, part, &raw))
            return false;
    } else {
        struct slice word = part->field.form == FIELD_WORD
                                ? listed_word_at(part->field.words, reader->at, reader->end)
                                : word_at(reader->at, reader->end);

        if (!read_one(&part->field, word, &raw)) {
            trouble_expects(reader->trouble, reader->at, part);
            return false;
        }
        reader->at += word.length;
    }
    for (size_t i = 0; i < part->field.width; i++)
        step->operand[step->length++] = (uint8_t)(raw >> (8 * i));
    return true;
}

/* ---- strings ---- */

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static int hex_byte(const char *at, const char *end)
{
    if (end - at < 2 || hex_value(at[0]) < 0 || hex_value(at[1]) < 0)
        return -1;
    return hex_value(at[0]) * 16 + hex_value(at[1]);
}

/* The byte that is written at *at, which moves behind it; -1 if that is no escape. */
static int read_byte(const char **at, const char *end, bool in_quotes)
{
    const char *text = *at;
    int byte;

    if (*text != '\\') {
        *at += 1;
        return (uint8_t)*text;
    }
    if (end - text >= 2 && (text[1] == '\\' || (in_quotes && text[1] == '"'))) {
        *at += 2;
        return (uint8_t)text[1];
    }
    byte = end - text >= 2 && text[1] == 'x' ? hex_byte(text + 2, end) : -1;
    *at += 4;
    return byte;
}

static bool match_quoted(struct reader *reader, const struct pattern_part *part)
{
    struct slice *slice = part->field.form == FIELD_PATH ? &reader->path : &reader->string;
    const char *at = reader->at;

    if (at == reader->end || *at != '"') {
        trouble_expects(reader->trouble, at, part);
        return false;
    }
    slice->at = ++at;
    while (at < reader->end && *at != '"') {
        const char *before = at;
        int byte = read_byte(&at, reader->end, true);

        if (byte < 0) {
            trouble_is(reader->trouble, before,
                       "in quotes, \\ is followed by \", by \\, or by x and two lower-case digits");
            return false;
        }
        if (byte == 0 && part->field.form == FIELD_PATH) {
            trouble_is(reader->trouble, before, "a path cannot hold a NUL");
            return false;
        }
    }
    if (at == reader->end) {
        trouble_is(reader->trouble, at, "the quote at the end of the string is missing");
        return false;
    }
    slice->length = (size_t)(at - slice->at);
    reader->at = at + 1;
    return true;
}

static bool match_rest(struct reader *reader)
{
    const char *at = reader->at;

    while (at < reader->end) {
        const char *before = at;

        if (read_byte(&at, reader->end, false) < 0) {
            trouble_is(reader->trouble, before,
                       "\\ is followed by another, or by x and two lower-case digits");
            return false;
        }
    }
    reader->string = (struct slice){reader->at, (size_t)(reader->end - reader->at)};
    reader->at = reader->end;
    return true;
}

static bool match_tape(struct reader *reader)
{
    const char *at = reader->at;

    while (hex_byte(at, reader->end) >= 0)
        at += 2;
    reader->string = (struct slice){reader->at, (size_t)(at - reader->at)};
    reader->at = at;
    if (at < reader->end) {
        trouble_is(reader->trouble, at, "a tape is pairs of lower-case hexadecimal digits");
        return false;
    }
    return true;
}

/* Puts a string's bytes behind the operand; false if there is no room. */
static bool store_string(struct step *step, struct slice text, enum field_form form)
{
    const char *at = text.at;
    const char *end = text.at + text.length;

    while (at < end) {
        int byte;

        if (form == FIELD_TAPE) {
            byte = hex_byte(at, end);
            at += 2;
        } else {
            byte = read_byte(&at, end, form != FIELD_REST);
        }
        if (step->length == STEP_OPERAND_MAX)
            return false;
        step->operand[step->length++] = (uint8_t)byte;
    }
    return true;
}

static bool store_strings(struct step *step, const struct reader *reader,
                          const struct layout *layout)
{
    if (layout->has_path) {
        if (!store_string(step, reader->path, FIELD_PATH))
            return false;
        if (layout->has_string && reader->string.length > 0) {
            if (step->length == STEP_OPERAND_MAX)
                return false;
            step->operand[step->length++] = '\0';
        }
    }
    return !layout->has_string || store_string(step, reader->string, layout->string_form);
}

/* ---- a pattern ---- */

/* Whether a field at the beginning of @pattern is written without anything around it: the blank
 * before such a field may be missing when it is empty. See step_print(). */
static bool is_bare_field(const char *pattern)
{
    struct pattern_part part;

    return pattern_next(&pattern, &part) && part.is_field &&
           (part.field.form == FIELD_REST || part.field.form == FIELD_TAPE);
}

/* @pattern: what follows the text */
static bool match_text(struct reader *reader, const struct pattern_part *text, const char *pattern)
{
    size_t there = (size_t)(reader->end - reader->at);
    size_t i = 0;
    bool goes_on;

    while (i < text->length && i < there && reader->at[i] == text->text[i])
        i++;
    /* Whether the line has a longer word than the pattern. */
    goes_on = i < there && is_word_character(reader->at[i]);
    if (i == text->length && !(goes_on && *pattern == '\0')) {
        reader->at += i;
        return true;
    }
    if (i == there && i + 1 == text->length && text->text[i] == ' ') {
        struct pattern_part next;

        reader->at += i;
        if (is_bare_field(pattern))
            return true;
        if (pattern_next(&pattern, &next))
            trouble_expects(reader->trouble, reader->at, &next);
        return false;
    }
    /* A word is wrong as a whole. */
    if (goes_on || i == text->length || is_word_character(text->text[i]))
        while (i > 0 && is_word_character(text->text[i - 1]))
            i--;
    trouble_expects(reader->trouble, reader->at + i,
                    &(struct pattern_part){.text = text->text + i, .length = text->length - i});
    return false;
}

static bool match_field(struct reader *reader, const struct pattern_part *part)
{
    switch (part->field.form) {
    case FIELD_PATH:
    case FIELD_NAME:
        return match_quoted(reader, part);
    case FIELD_REST:
        return match_rest(reader);
    case FIELD_TAPE:
        return match_tape(reader);
    default:
        return match_value(reader, part);
    }
}

/* Whether what @reader stands at is a step with this pattern, the whole of it; what it was is then
 * in the reader's step. */
static bool match(struct reader *reader, const char *pattern)
{
    const char *at = pattern;
    struct pattern_part part;
    struct layout layout;
    bool is_prefix = false;

    reader->step->length = 0;
    while (pattern_next(&at, &part)) {
        if (!(part.is_field ? match_field(reader, &part) : match_text(reader, &part, at)))
            return false;
        is_prefix = !part.is_field && part.text[part.length - 1] == ':';
    }
    if (is_prefix && reader->at < reader->end && *reader->at == ' ') {
        reader->at++;
    } else if (reader->at < reader->end) {
        trouble_expects_end(reader->trouble, reader->at);
        return false;
    }
    layout_of(&layout, pattern);
    if (!store_strings(reader->step, reader, &layout)) {
        trouble_is(reader->trouble, reader->end, "the step is longer than one may be");
        return false;
    }
    return true;
}

/* Whether a line can fit a pattern, by its first character alone: most cannot. */
static bool can_fit(const char *pattern, const char *text, const char *end)
{
    bool is_slot = pattern[0] == '{' && pattern[2] == '}'; /* which begins with its letter */

    if (pattern[0] == '{' && !is_slot)
        return true;
    return text < end && *text == pattern[is_slot];
}

static bool match_any(const struct step_language *language, const char **text, const char *end,
                      struct step *ret, struct trouble *trouble)
{
    for (size_t kind = 0; kind < language->count; kind++) {
        const char *pattern = language->kinds[kind].pattern;
        struct reader reader = {.at = *text, .end = end, .step = ret, .trouble = trouble};

        if (trouble == NULL && !can_fit(pattern, *text, end))
            continue;
        if (match(&reader, pattern)) {
            ret->kind = kind;
            *text = reader.at;
            return true;
        }
    }
    return false;
}

bool step_parse(const struct step_language *language, const char **text, const char *end,
                struct step *ret, struct steps_error *ret_error)
{
    struct trouble trouble;

    if (match_any(language, text, end, ret, NULL))
        return true;
    trouble_begin(&trouble, *text);
    (void)match_any(language, text, end, ret, &trouble);
    trouble_explain(&trouble, end, ret_error->what);
    return false;
}

/* ---- a whole text ---- */

static bool encode_line(const struct step_language *language, struct slice line, FILE *out,
                        struct steps_error *ret_error)
{
    const char *at = line.at;
    const char *end = line.at + line.length;

    do {
        uint8_t bytes[STEP_BYTES_MAX];
        struct step step;

        if (!step_parse(language, &at, end, &step, ret_error))
            return false;
        fwrite(bytes, 1, step_store(language, &step, bytes, sizeof(bytes)), out);
    } while (at < end);
    return true;
}

bool steps_encode(const struct step_language *language, const char *text, size_t length, FILE *out,
                  struct steps_error *ret_error)
{
    const char *end = text + length;

    for (size_t number = 1; text < end; number++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        struct slice line = {text, (size_t)((newline != NULL ? newline : end) - text)};

        text = newline != NULL ? newline + 1 : end;
        if (line.length == 0 || line.at[0] == '#')
            continue;
        if (!encode_line(language, line, out, ret_error)) {
            ret_error->line = number;
            return false;
        }
    }
    return true;
}
