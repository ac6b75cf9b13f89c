/* SPDX-License-Identifier: MIT */
/*
 * What is wrong with a line that is no step: see text_trouble.h.
 *
 * Tests: tests/unit/test_steps_text.c
 */
#include "fuzz/program/text_trouble.h"
#include "sim/faults.h"

#include <stdarg.h>
#include <string.h>

void trouble_begin(struct trouble *trouble, const char *begin)
{
    *trouble = (struct trouble){.begin = begin, .at = begin};
}

/* Whether @at is where the patterns so far came to; a place further on makes them forgotten. */
static bool is_furthest(struct trouble *trouble, const char *at)
{
    if (trouble == NULL || at < trouble->at)
        return false;
    if (at > trouble->at) {
        trouble->at = at;
        trouble->what = NULL;
        trouble->count = 0;
    }
    return true;
}

/* Text without what is only there to separate it from what stands before and behind it. */
static struct slice trim(const struct pattern_part *text)
{
    struct slice slice = {text->text, text->length};

    while (slice.length > 1 && strchr(" .=", slice.at[0]) != NULL) {
        slice.at++;
        slice.length--;
    }
    while (slice.length > 1 && slice.at[slice.length - 1] == ' ')
        slice.length--;
    return slice;
}

static bool is_same(const struct expectation *a, const struct expectation *b)
{
    if (a->kind != b->kind || a->call != b->call)
        return false;
    if (a->kind != EXPECTS_PART)
        return true;
    if (a->part.is_field != b->part.is_field)
        return false;
    if (a->part.is_field)
        return a->part.field.name == b->part.field.name &&
               a->part.field.words == b->part.field.words;
    return trim(&a->part).length == trim(&b->part).length &&
           memcmp(trim(&a->part).at, trim(&b->part).at, trim(&a->part).length) == 0;
}

static void expect(struct trouble *trouble, const char *at, const struct expectation *new)
{
    if (!is_furthest(trouble, at) || trouble->count == TROUBLE_MAX)
        return;
    for (size_t i = 0; i < trouble->count; i++)
        if (is_same(&trouble->expected[i], new))
            return;
    trouble->expected[trouble->count++] = *new;
}

void trouble_expects(struct trouble *trouble, const char *at, const struct pattern_part *part)
{
    expect(trouble, at, &(struct expectation){.kind = EXPECTS_PART, .part = *part});
}

void trouble_expects_fault(struct trouble *trouble, const char *at, enum sim_call call)
{
    expect(trouble, at, &(struct expectation){.kind = EXPECTS_FAULT, .call = call});
}

void trouble_expects_end(struct trouble *trouble, const char *at)
{
    expect(trouble, at, &(struct expectation){.kind = EXPECTS_END});
}

void trouble_is(struct trouble *trouble, const char *at, const char *what)
{
    if (is_furthest(trouble, at))
        trouble->what = what;
}

/* ---- in words ---- */

struct writer {
    char *text;
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void say(struct writer *out, const char *format, ...)
{
    size_t room = STEPS_ERROR_MAX - out->length;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(out->text + out->length, room, format, arguments);
    va_end(arguments);
    out->length += (size_t)length < room ? (size_t)length : room - 1;
}

static void say_words(struct writer *out, const char *words)
{
    size_t length;

    for (size_t i = 0;; i++) {
        const char *word = field_word(words, i, &length);

        if (length == 0)
            return;
        say(out, "%s%.*s", i > 0 ? ", " : "", (int)length, word);
    }
}

static void say_calls(struct writer *out, unsigned count)
{
    for (unsigned call = 0; call < count; call++)
        say(out, "%s%s", call > 0 ? ", " : "", sim_call_name((enum sim_call)call));
}

static void say_ids(struct writer *out)
{
    say(out, "a user's number, of");
    for (uint32_t i = 0; i < STEP_IDS; i++)
        say(out, " %u", step_id(i));
}

static void say_field(struct writer *out, const struct field *field)
{
    switch (field->form) {
    case FIELD_SLOT:
        say(out, "%s0 to %s%d", field->words, field->words, field->count - 1);
        break;
    case FIELD_NUMBER:
        say(out, "a number from 0 to %u", (unsigned)((UINT64_C(1) << (8 * field->width)) - 1));
        break;
    case FIELD_SIGNED:
        say(out, field->width == 1 ? "a number from -128 to 127"
                                   : "a number from -2147483648 to 2147483647");
        break;
    case FIELD_MS:
        say(out, "a time from -32768ms to 32767ms");
        break;
    case FIELD_OCTAL:
        say(out, "an octal mode up to 177777");
        break;
    case FIELD_ID:
        say_ids(out);
        break;
    case FIELD_WORD:
        say_words(out, field->words);
        break;
    case FIELD_BITS:
        say(out, "0, or with + between them ");
        say_words(out, field->words);
        break;
    case FIELD_CALL:
        say_calls(out, SIM_CALL_COUNT + 1);
        break;
    case FIELD_FAULT:
        say_calls(out, SIM_CALL_COUNT);
        break;
    default:
        say(out, "a string in quotes");
        break;
    }
}

static void say_faults(struct writer *out, enum sim_call call)
{
    for (unsigned i = 0; i < sim_fault_choices(call); i++) {
        char word[FIELD_FAULT_WORD_MAX];
        size_t length = field_fault_word((struct field_fault){call, i}, word);

        say(out, "%s%.*s", i > 0 ? ", " : "", (int)length, word);
    }
}

static void say_expectation(struct writer *out, const struct expectation *expected)
{
    struct slice text;

    switch (expected->kind) {
    case EXPECTS_FAULT:
        say_faults(out, expected->call);
        break;
    case EXPECTS_END:
        say(out, "the end of the line");
        break;
    case EXPECTS_PART:
        if (expected->part.is_field) {
            say_field(out, &expected->part.field);
        } else {
            text = trim(&expected->part);
            say(out, "%.*s", (int)text.length, text.at);
        }
        break;
    }
}

/* Longest piece of a wrong line that is repeated. */
#define FOUND_MAX 40

/* What stands at the wrong place, from the beginning of its word on. */
static void say_found(struct writer *out, const struct trouble *trouble, const char *end)
{
    const char *at = trouble->at;

    if (at == end) {
        say(out, "the line ends too early");
        return;
    }
    if (*at == ' ')
        at++;
    else
        while (at > trouble->begin && strchr(" .\"", at[-1]) == NULL)
            at--;
    say(out, "\"");
    for (int i = 0; i < FOUND_MAX && at < end && *at != ' '; i++, at++)
        say(out, "%c", *at >= ' ' && *at <= '~' ? *at : '?');
    say(out, "\" cannot stand here");
}

void trouble_explain(const struct trouble *trouble, const char *end, char ret_text[STEPS_ERROR_MAX])
{
    struct writer out = {ret_text, 0};

    if (trouble->what != NULL) {
        say(&out, "%s", trouble->what);
        return;
    }
    say_found(&out, trouble, end);
    say(&out, "; what can: ");
    for (size_t i = 0; i < trouble->count; i++) {
        if (i > 0)
            say(&out, ", ");
        say_expectation(&out, &trouble->expected[i]);
    }
}
