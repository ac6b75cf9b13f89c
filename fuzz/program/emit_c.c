/* SPDX-License-Identifier: MIT */
/*
 * Input programs in their C form: see emit_c.h.
 *
 * What an operation is in C says a table (emit_c_list.h); here its operands are put in. A step that
 * takes place in the middle of a call of the library becomes a function of its own.
 *
 * Tests: fuzz/targets/fuzz_program.c; tests/install/check_emitted
 */
#include "fuzz/program/emit_c.h"

#include "fuzz/program/emit_c_list.h"
#include "fuzz/program/operation.h"
#include "fuzz/program/pattern.h"
#include "fuzz/program/steps_text.h"
#include "sim/faults.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum how { TOLD_plain, TOLD_did, TOLD_called, TOLD_expect };

static const struct {
    enum how how;
    const char *call;
} rows[] = {
#define ROW(name, how, call) [OPERATION_##name] = {TOLD_##how, call},
    EMIT_C_LIST(ROW)
#undef ROW
};

/* One row for each operation: a row that is missing is missing in the sum, and one that is there
 * twice initialises a member twice. */
#define ROW_OF(name, how, call) +1
_Static_assert(0 EMIT_C_LIST(ROW_OF) == OPERATION_COUNT, "every operation has a C form");
#undef ROW_OF

/* ---- text that is cut at its capacity, and counted all the same ---- */

struct writer {
    char *text;
    size_t capacity;
    size_t length;
};

static void put_char(struct writer *out, char c)
{
    if (out->length + 1 < out->capacity)
        out->text[out->length] = c;
    out->length++;
}

static void put(struct writer *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        put_char(out, text[i]);
}

__attribute__((format(printf, 2, 3))) static void say(struct writer *out, const char *format, ...)
{
    char line[128];
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    put(out, line, (size_t)length < sizeof(line) ? (size_t)length : sizeof(line) - 1);
}

/* Octal escapes end after three digits, whatever follows; a question mark could be part of a
 * trigraph. */
static void put_literal(struct writer *out, const uint8_t *bytes, size_t length)
{
    put_char(out, '"');
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] < ' ' || bytes[i] > '~') {
            say(out, "\\%03o", bytes[i]);
            continue;
        }
        if (bytes[i] == '"' || bytes[i] == '\\' || bytes[i] == '?')
            put_char(out, '\\');
        put_char(out, (char)bytes[i]);
    }
    put_char(out, '"');
}

/* ---- one step ---- */

struct emitter {
    struct writer out;
    const struct step_language *language;
    struct operation operation;
};

/* The field that operand number @arg belongs to: a fault is two operands. */
static const struct field *field_of(const struct layout *layout, size_t arg)
{
    for (size_t i = 0; i < layout->count; i++) {
        size_t args = layout->fields[i].form == FIELD_FAULT ? 2 : 1;

        if (arg < args)
            return &layout->fields[i];
        arg -= args;
    }
    return NULL;
}

/* A word of a list as a part of a name in C. */
static void put_word(struct emitter *emitter, size_t arg)
{
    const struct operation *operation = &emitter->operation;
    const struct field *field;
    struct layout layout;
    const char *word;
    size_t length;

    layout_of(&layout, emitter->language->kinds[operation->step.kind].pattern);
    field = field_of(&layout, arg);
    if (field == NULL || field->form != FIELD_WORD)
        return;
    word = field_word(field->words, (size_t)operation->arg[arg], &length);
    for (size_t i = 0; i < length; i++)
        put_char(&emitter->out, word[i] == '-' || word[i] == '+' ? '_' : word[i]);
}

static void put_fault(struct emitter *emitter, size_t arg)
{
    static const char *const kinds[] = {
        [SIM_FAULT_ERRNO] = "FAIL",
        [SIM_FAULT_AFTER] = "AFTER",
        [SIM_FAULT_SHORT] = "SHORT",
        [SIM_FAULT_DELAY] = "DELAY",
    };
    enum sim_call call = (enum sim_call)emitter->operation.arg[arg];
    struct sim_fault fault = sim_fault_choice(call, (uint64_t)emitter->operation.arg[arg + 1]);

    say(&emitter->out, "CALL_%s, %s, ", sim_call_name(call), kinds[fault.kind]);
    if (fault.kind == SIM_FAULT_ERRNO || fault.kind == SIM_FAULT_AFTER)
        say(&emitter->out, "%s", sim_errno_name((int)fault.value));
    else
        say(&emitter->out, "%lluLL", (unsigned long long)fault.value);
}

static void put_string(struct emitter *emitter, struct operation_text text)
{
    put_literal(&emitter->out, text.bytes, text.length);
    say(&emitter->out, ", %zu", text.length);
}

static bool begins_with(const char *text, const char *word)
{
    return strncmp(text, word, strlen(word)) == 0;
}

/* What is written for the $ at @at; returns what is behind it. */
static const char *put_operand(struct emitter *emitter, const char *at)
{
    static const struct {
        const char *word;
        void (*put)(struct emitter *emitter, size_t arg);
    } forms[] = {{"$w", put_word}, {"$fault", put_fault}};
    const struct operation *operation = &emitter->operation;

    if (begins_with(at, "$path")) {
        put_string(emitter, operation->path);
        return at + strlen("$path");
    }
    if (begins_with(at, "$name")) {
        put_string(emitter, operation->name);
        return at + strlen("$name");
    }
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        size_t length = strlen(forms[i].word);

        if (begins_with(at, forms[i].word)) {
            forms[i].put(emitter, (size_t)(at[length] - '0'));
            return at + length + 1;
        }
    }
    if (begins_with(at, "$o")) {
        say(&emitter->out, "0%llo", (unsigned long long)operation->arg[at[2] - '0']);
        return at + 3;
    }
    say(&emitter->out, "%lld", (long long)operation->arg[at[1] - '0']);
    return at + 2;
}

static void put_call(struct emitter *emitter)
{
    static const char *const tells[] = {
        [TOLD_plain] = "",
        [TOLD_did] = "did(",
        [TOLD_called] = "called(",
        [TOLD_expect] = "expect(",
    };
    enum how how = rows[emitter->operation.kind].how;

    say(&emitter->out, "    %s", tells[how]);
    for (const char *at = rows[emitter->operation.kind].call; *at != '\0';) {
        if (*at == '$')
            at = put_operand(emitter, at);
        else
            put_char(&emitter->out, *at++);
    }
    say(&emitter->out, "%s;\n", how == TOLD_plain ? "" : ")");
}

/* The step in its text form, as a comment or as a string. */
static void put_step_text(struct emitter *emitter, bool as_comment)
{
    char text[STEP_TEXT_MAX];
    size_t length = step_print(emitter->language, &emitter->operation.step, text);

    if (as_comment) {
        put(&emitter->out, "    // ", 7);
        put(&emitter->out, text, length);
    } else {
        put(&emitter->out, "    ", 4);
        put_literal(&emitter->out, (const uint8_t *)text, length);
        put_char(&emitter->out, ',');
    }
    put_char(&emitter->out, '\n');
}

/* ---- the whole ---- */

/* Races are of others than the library: of its own calls there is only one at a time. */
static bool may_race(enum operation_kind kind)
{
    return (kind >= OPERATION_PEER_LISTEN && kind <= OPERATION_PEER_EXIT) ||
           (kind >= OPERATION_MKDIR && kind <= OPERATION_UNLOCK) || kind == OPERATION_ADVANCE ||
           kind == OPERATION_LIMIT_DESCRIPTORS || kind == OPERATION_LIMIT_MEMORY;
}

enum pass { TEXTS, RACES, STEPS };

static void put_race(struct emitter *emitter, unsigned number)
{
    say(&emitter->out, "static void race_%u(void)\n{\n", number);
    put_step_text(emitter, true);
    say(&emitter->out, "    step(%u);\n", number);
    put_call(emitter);
    say(&emitter->out, "}\n\n");
}

/* @prefix: the operation that the one at hand races with, or NULL */
static void put_step(struct emitter *emitter, unsigned number, const int64_t *prefix)
{
    put_char(&emitter->out, '\n');
    put_step_text(emitter, true);
    if (prefix != NULL) {
        say(&emitter->out, "    race(CALL_%s, %lld, race_%u);\n",
            sim_call_name((enum sim_call)prefix[0]), (long long)prefix[1], number);
        return;
    }
    say(&emitter->out, "    step(%u);\n", number);
    if (emitter->operation.kind != OPERATION_RACE)
        put_call(emitter);
}

static void put_pass(struct emitter *emitter, struct step_cursor cursor, enum pass pass)
{
    int64_t prefix[2];
    bool has_prefix = false;

    for (unsigned number = 0;
         number < EMIT_C_STEPS_MAX && operation_next(&cursor, &emitter->operation); number++) {
        bool races = has_prefix && may_race(emitter->operation.kind);

        if (pass == TEXTS)
            put_step_text(emitter, false);
        else if (pass == RACES && races)
            put_race(emitter, number);
        else if (pass == STEPS)
            put_step(emitter, number, races ? prefix : NULL);
        has_prefix = emitter->operation.kind == OPERATION_RACE;
        prefix[0] = emitter->operation.arg[0];
        prefix[1] = emitter->operation.arg[1];
    }
}

size_t emit_c(const struct step_language *language, const uint8_t *bytes, size_t length,
              char *ret_text, size_t capacity)
{
    struct step_cursor cursor = step_cursor_over(language, bytes, length);
    struct emitter emitter;

    emitter.out = (struct writer){ret_text, capacity, 0};
    emitter.language = language;
    say(&emitter.out, "static const char *const steps[] = {\n");
    put_pass(&emitter, cursor, TEXTS);
    say(&emitter.out, "    NULL,\n};\n\n");
    put_pass(&emitter, cursor, RACES);
    say(&emitter.out, "int main(void)\n{\n    begin(steps);\n");
    put_pass(&emitter, cursor, STEPS);
    say(&emitter.out, "\n    end();\n}\n");
    if (capacity > 0)
        ret_text[emitter.out.length < capacity ? emitter.out.length : capacity - 1] = '\0';
    return emitter.out.length;
}
