/* SPDX-License-Identifier: MIT */
/*
 * Input programs in their text form: see steps_text.h.
 *
 * Tests: the check "fuzz/program" (fuzz/CMakeLists.txt)
 */
#include "fuzz/program/steps_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct slice {
    const char *at;
    size_t length;
};

/* What one character of step_kind.operands stands for. */
struct field {
    char letter; /* '(': a list of words, up to ')' */
    size_t width;
    int base;
    int64_t least;
    int64_t most;
};

static const struct field fields[] = {
    {'s', 1, 10, -128, 127}, {'u', 1, 10, 0, UINT32_MAX}, {'f', 1, 10, 0, 1},
    {'m', 2, 8, 0, 0177777}, {'n', 2, 10, 0, 65535},      {'(', 1, 0, 0, 0},
};

static const struct field *field_of(char letter)
{
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (fields[i].letter == letter)
            return &fields[i];
    abort(); /* a table of step kinds names a field that does not exist */
}

/* The last character of the field at @operands. */
static const char *field_end(const char *operands)
{
    return *operands == '(' ? strchr(operands, ')') : operands;
}

/* ---- bytes to text ---- */

static void print_bytes(const struct step *step, FILE *out)
{
    if (step->length > 0)
        fputc(' ', out);
    for (size_t i = 0; i < step->length; i++) {
        uint8_t byte = step->operand[i];

        if (byte == '\\')
            fputs("\\\\", out);
        else if (byte >= '!' && byte <= '~')
            fputc(byte, out);
        else
            fprintf(out, "\\x%02x", byte);
    }
}

static void print_fields(const struct step *step, const char *operands, FILE *out)
{
    size_t offset = 0;

    for (const char *letter = operands; *letter != '\0'; letter = field_end(letter) + 1) {
        const struct field *field = field_of(*letter);
        uint32_t raw = step_field(step, offset, field->width);
        const char *word;
        size_t length;

        offset += field->width;
        switch (field->letter) {
        case '(':
            word = step_word(letter, raw, &length);
            fprintf(out, " %.*s", (int)length, word);
            break;
        case 's':
            fprintf(out, " %d", (int)(int8_t)raw);
            break;
        case 'u':
            fprintf(out, " %" PRIu32, step_id(raw));
            break;
        case 'f':
            fprintf(out, " %" PRIu32, raw & 1);
            break;
        case 'n':
            fprintf(out, " %" PRIu32, raw);
            break;
        default:
            fprintf(out, " %" PRIo32, raw);
            break;
        }
    }
}

void steps_print(const struct step_language *language, const uint8_t *bytes, size_t length,
                 FILE *out)
{
    struct step_cursor cursor = step_cursor_over(language, bytes, length);
    struct step step;

    while (step_next(&cursor, &step)) {
        const struct step_kind *kind = &language->kinds[step.kind];

        fputs(kind->keyword, out);
        if (kind->operands[0] == '\0')
            print_bytes(&step, out);
        else
            print_fields(&step, kind->operands, out);
        fputc('\n', out);
    }
}

/* ---- text to bytes ---- */

static void put_byte(uint8_t byte, FILE *out)
{
    fputc(byte, out);
    if (byte == STEP_MARK)
        fputc(byte, out);
}

static int hex_value(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = digit != '\0' ? strchr(digits, digit) : NULL;

    return found != NULL ? (int)(found - digits) : -1;
}

/* Each of these returns NULL, or what is wrong. */

static const char *encode_bytes(struct slice operand, FILE *out)
{
    size_t count = 0;

    for (size_t i = 0; i < operand.length; i++, count++) {
        if (operand.at[i] != '\\') {
            put_byte((uint8_t)operand.at[i], out);
        } else if (operand.length - i >= 2 && operand.at[i + 1] == '\\') {
            put_byte('\\', out);
            i += 1;
        } else if (operand.length - i >= 4 && operand.at[i + 1] == 'x' &&
                   hex_value(operand.at[i + 2]) >= 0 && hex_value(operand.at[i + 3]) >= 0) {
            put_byte((uint8_t)(hex_value(operand.at[i + 2]) * 16 + hex_value(operand.at[i + 3])),
                     out);
            i += 3;
        } else {
            return "a backslash must be followed by another, or by x and two lower-case digits";
        }
    }
    return count <= STEP_OPERAND_MAX ? NULL : "the operand is longer than a step may have";
}

/* The byte that step_id() turns into @id, or -1. */
static int64_t index_of_id(int64_t id)
{
    for (uint32_t i = 0; i < STEP_IDS; i++)
        if (step_id(i) == id)
            return i;
    return -1;
}

static const char *encode_word(const char *list, const char **text, FILE *out)
{
    const char *first = *text + (**text == ' ');
    size_t wanted = strcspn(first, " ");
    size_t length;

    for (uint32_t i = 0; i <= UINT8_MAX; i++) {
        const char *word = step_word(list, i, &length);

        if (length != wanted || memcmp(word, first, length) != 0)
            continue;
        put_byte((uint8_t)i, out);
        *text = first + length;
        return NULL;
    }
    return "a word is missing, or is not one of those that can stand here";
}

static const char *encode_number(const struct field *field, const char **text, FILE *out)
{
    char *end;
    int64_t value = strtoll(*text, &end, field->base);

    if (end == *text || (*end != ' ' && *end != '\0'))
        return "a number is missing, or is not one";
    if (value < field->least || value > field->most)
        return "a number is out of range";
    if (field->letter == 'u') {
        value = index_of_id(value);
        if (value < 0)
            return "no field can hold this user id";
    }
    *text = end;
    for (size_t i = 0; i < field->width; i++)
        put_byte((uint8_t)(value >> (8 * i)), out);
    return NULL;
}

static const char *encode_fields(struct slice operand, const char *operands, FILE *out)
{
    char line[256];
    const char *text = line;

    if (operand.length >= sizeof(line))
        return "too much for a list of fields";
    memcpy(line, operand.at, operand.length);
    line[operand.length] = '\0';

    for (; *operands != '\0'; operands = field_end(operands) + 1) {
        const char *wrong = *operands == '(' ? encode_word(operands, &text, out)
                                             : encode_number(field_of(*operands), &text, out);

        if (wrong != NULL)
            return wrong;
    }
    return *text == '\0' ? NULL : "more fields than this step has";
}

static const struct step_kind *kind_named(const struct step_language *language, struct slice word)
{
    for (size_t i = 0; i < language->count; i++) {
        const char *keyword = language->kinds[i].keyword;

        if (strlen(keyword) == word.length && memcmp(keyword, word.at, word.length) == 0)
            return &language->kinds[i];
    }
    return NULL;
}

static const char *encode_line(const struct step_language *language, struct slice line, FILE *out)
{
    const char *blank = memchr(line.at, ' ', line.length);
    struct slice word = {line.at, blank != NULL ? (size_t)(blank - line.at) : line.length};
    struct slice operand = {line.at + line.length, 0};
    const struct step_kind *kind = kind_named(language, word);

    if (kind == NULL)
        return "no such step";
    if (blank != NULL)
        operand = (struct slice){blank + 1, line.length - word.length - 1};

    fputc(STEP_MARK, out);
    fputc(kind->letter, out);
    if (kind->operands[0] == '\0')
        return encode_bytes(operand, out);
    return encode_fields(operand, kind->operands, out);
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

        const char *wrong = encode_line(language, line, out);

        if (wrong != NULL) {
            *ret_error = (struct steps_error){.line = number, .what = wrong};
            return false;
        }
    }
    return true;
}
