/* SPDX-License-Identifier: MIT */
/*
 * Decoding of operations: see operation.h.
 *
 * What the list says in patterns is turned into small tables before main() starts, so that decoding
 * is a look-up for the letter and a few bytes for each operand.
 *
 * Tests: fuzz/targets/fuzz_program.c
 */
#include "fuzz/program/operation.h"

#include "fuzz/program/pattern.h"

#include <stdlib.h>

/* ---- the letters ---- */

/* Two rows with one letter would initialise the same member twice, which is an error here. */
__attribute__((unused)) static const uint8_t letters_are_unique[UINT8_MAX + 1] = {
#define LETTER(name, letter, targets, pattern) [letter] = 1,
    OPERATION_LIST(LETTER)
#undef LETTER
};

#define LETTER_IS_NO_MARK(name, letter, targets, pattern) \
    _Static_assert((letter) != STEP_MARK, #name " has the mark of steps.h as its letter");
OPERATION_LIST(LETTER_IS_NO_MARK)
#undef LETTER_IS_NO_MARK

static const struct {
    uint8_t letter;
    uint8_t targets;
    const char *pattern;
} rows[OPERATION_COUNT] = {
#define ROW(name, letter, targets, pattern) {letter, targets, pattern},
    OPERATION_LIST(ROW)
#undef ROW
};

/* ---- the languages ---- */

#define BIT_STATE OPERATION_IN_STATE
#define BIT_SERVER OPERATION_IN_SERVER
#define BIT_PAIR OPERATION_IN_PAIR
#define BIT_PATH OPERATION_IN_PATH
#define BIT_SUBJECT OPERATION_IN_SUBJECT
#define BIT_ALL (BIT_STATE | BIT_SERVER | BIT_PAIR | BIT_PATH)

/* X(lower, UPPER) */
#define LANGUAGES(X)    \
    X(state, STATE)     \
    X(server, SERVER)   \
    X(pair, PAIR)       \
    X(path, PATH)       \
    X(subject, SUBJECT) \
    X(all, ALL)

/* How many rows each has: the list again for each of them, as a list cannot expand inside itself.
 */
#define ROW_STATE(name, letter, targets, pattern) +(((targets) & BIT_STATE) != 0)
#define ROW_SERVER(name, letter, targets, pattern) +(((targets) & BIT_SERVER) != 0)
#define ROW_PAIR(name, letter, targets, pattern) +(((targets) & BIT_PAIR) != 0)
#define ROW_PATH(name, letter, targets, pattern) +(((targets) & BIT_PATH) != 0)
#define ROW_SUBJECT(name, letter, targets, pattern) +(((targets) & BIT_SUBJECT) != 0)
#define ROW_ALL(name, letter, targets, pattern) +(((targets) & BIT_ALL) != 0)

#define LANGUAGE(lower, UPPER)                              \
    enum { COUNT_##UPPER = 0 OPERATION_LIST(ROW_##UPPER) }; \
    static struct step_kind kinds_##lower[COUNT_##UPPER];   \
    const struct step_language operation_##lower = {kinds_##lower, COUNT_##UPPER};
LANGUAGES(LANGUAGE)
#undef LANGUAGE

/* One language: its rows, and which of them each letter stands for. */
static struct subset {
    const struct step_language *language;
    unsigned bit;
    struct step_kind *kinds;
    uint8_t row_of_letter[UINT8_MAX + 1];
    uint8_t kind_of_row[OPERATION_COUNT];
} subsets[] = {
#define SUBSET(lower, UPPER) {&operation_##lower, BIT_##UPPER, kinds_##lower, {0}, {0}},
    LANGUAGES(SUBSET)
#undef SUBSET
};

#define SUBSETS (sizeof(subsets) / sizeof(subsets[0]))

/* How an operation's bytes become its operands. */
static struct plan {
    struct layout layout;
    uint32_t values[PATTERN_FIELDS_MAX]; /* of each field; 0: as many as its bytes have */
} plans[OPERATION_COUNT];

static void make_plan(struct plan *plan, const char *pattern)
{
    size_t args = 0;

    layout_of(&plan->layout, pattern);
    for (size_t i = 0; i < plan->layout.count; i++) {
        plan->values[i] = field_values(&plan->layout.fields[i]);
        args += plan->layout.fields[i].form == FIELD_FAULT ? 2 : 1;
    }
    if (args > OPERATION_ARGS_MAX)
        abort(); /* a pattern has too many operands */
}

static void make_subset(struct subset *subset)
{
    size_t count = 0;

    for (size_t kind = 0; kind < OPERATION_COUNT; kind++) {
        if ((rows[kind].targets & subset->bit) == 0)
            continue;
        subset->kind_of_row[count] = (uint8_t)kind;
        subset->kinds[count++] = (struct step_kind){rows[kind].letter, rows[kind].pattern};
    }
    for (size_t letter = 0; letter <= UINT8_MAX; letter++)
        subset->row_of_letter[letter] = (uint8_t)(letter % count);
    for (size_t row = 0; row < count; row++)
        subset->row_of_letter[subset->kinds[row].letter] = (uint8_t)row;
}

__attribute__((constructor)) static void make_tables(void)
{
    for (size_t kind = 0; kind < OPERATION_COUNT; kind++)
        make_plan(&plans[kind], rows[kind].pattern);
    for (size_t i = 0; i < SUBSETS; i++)
        make_subset(&subsets[i]);
}

/* ---- decoding ---- */

/* NULL for a language that is not made of operations. */
static const struct subset *subset_of(const struct step_language *language)
{
    for (size_t i = 0; i < SUBSETS; i++)
        if (subsets[i].language == language)
            return &subsets[i];
    return NULL;
}

bool operation_can_read(const struct step_language *language)
{
    return subset_of(language) != NULL;
}

bool operation_next(struct step_cursor *cursor, struct operation *ret)
{
    const struct subset *subset = subset_of(cursor->language);
    const struct plan *plan;
    struct step_strings strings;
    int letter;
    size_t offset = 0;
    size_t arg = 0;

    if (!step_read(cursor, &ret->step, &letter))
        return false;
    ret->step.kind = letter < 0 ? 0 : subset->row_of_letter[letter];
    ret->kind = (enum operation_kind)subset->kind_of_row[ret->step.kind];

    plan = &plans[ret->kind];
    for (size_t i = 0; i < plan->layout.count; i++) {
        const struct field *field = &plan->layout.fields[i];
        uint32_t raw = step_field(&ret->step, offset, field->width);

        offset += field->width;
        if (plan->values[i] > 0) {
            ret->arg[arg++] = raw % plan->values[i];
        } else if (field->form == FIELD_FAULT) {
            struct field_fault fault = field_fault(raw);

            ret->arg[arg++] = fault.call;
            ret->arg[arg++] = fault.choice;
        } else {
            ret->arg[arg++] = field_value(field, raw);
        }
    }
    while (arg < OPERATION_ARGS_MAX)
        ret->arg[arg++] = 0;
    strings = layout_strings(&plan->layout, &ret->step);
    ret->path = (struct operation_text){strings.path.bytes, strings.path.length};
    ret->name = (struct operation_text){strings.string.bytes, strings.string.length};
    return true;
}
