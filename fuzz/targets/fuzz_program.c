/* SPDX-License-Identifier: MIT */
/*
 * Input programs themselves: what all other targets stand on.
 *
 * Under test:   fuzz/program: decoding, the text form both ways, mutation, the C form
 * Not covered:  what the operations do (fuzz/world)
 * Input:        any bytes: taken as a program of all operations, and as a text
 * Oracle:       - operands are in their range; strings are where the operand is
 *               - a program printed and read back is the same program and prints the same; what was
 *                 read has one form in bytes
 *               - a text that is not read is told what is wrong; one that is read says, but for
 *                 spelling, what is printed for it: nothing is cut (spec/text_normal.h)
 *               - a mutant stays within its bounds and depends on nothing but the arguments
 *               - the C form is within its bounds, and is C as far as quotes and braces go
 *               - nothing is read or written outside of what was handed over (guard.h)
 */
#include "fuzz/engine/digest.h"
#include "fuzz/engine/guard.h"
#include "fuzz/engine/target.h"
#include "fuzz/program/emit_c.h"
#include "fuzz/program/mutate.h"
#include "fuzz/program/operation.h"
#include "fuzz/program/steps_text.h"
#include "fuzz/spec/c_text.h"
#include "fuzz/spec/text_normal.h"
#include "sim/faults.h"

#include <string.h>

/* Bytes of an input that are looked at. */
#define INPUT_MAX ((size_t)1024)
/* Steps of a program that go through their text form, and lines of a text that are read. */
#define STEPS_MAX 8
#define LINES_MAX 8
/* The C form of a program that is looked at as a whole. */
#define C_MAX ((size_t)32 * 1024)

static const struct step_language *const languages[] = {
    &operation_state,
    &operation_server,
    &operation_pair,
    &operation_path,
};

/* ---- decoding ---- */

static bool is_inside(struct operation_text text, const struct step *step)
{
    return text.bytes == NULL ? text.length == 0
                              : text.bytes >= step->operand &&
                                    text.bytes + text.length <= step->operand + step->length;
}

static void check_operation(const struct operation *operation)
{
    FUZZ_CHECK(operation->kind < OPERATION_COUNT, "operation number %d", (int)operation->kind);
    FUZZ_CHECK(is_inside(operation->path, &operation->step) &&
                   is_inside(operation->name, &operation->step),
               "a string of operation %d is not in its operand", (int)operation->kind);
    FUZZ_CHECK(operation->path.length == 0 ||
                   memchr(operation->path.bytes, '\0', operation->path.length) == NULL,
               "a path of operation %d holds a NUL", (int)operation->kind);
    switch (operation->kind) {
    case OPERATION_CONNECT:
        FUZZ_CHECK(operation->arg[0] < OPERATION_SOCKETS && operation->arg[1] < 5,
                   "a socket or a mode that does not exist");
        break;
    case OPERATION_TAKE:
        FUZZ_CHECK(operation->arg[0] < OPERATION_SERVERS && operation->arg[1] < OPERATION_SOCKETS,
                   "a server or a socket that does not exist");
        break;
    case OPERATION_CHOWN:
        FUZZ_CHECK(operation->arg[0] < OPERATION_USERS && operation->arg[1] < OPERATION_USERS,
                   "a user who does not exist");
        break;
    case OPERATION_FAULT:
        FUZZ_CHECK(operation->arg[0] < SIM_CALL_COUNT &&
                       operation->arg[1] <
                           (int64_t)sim_fault_choices((enum sim_call)operation->arg[0]),
                   "a fault that does not exist");
        break;
    case OPERATION_ADVANCE:
        FUZZ_CHECK(operation->arg[0] >= INT16_MIN && operation->arg[0] <= INT16_MAX,
                   "a time out of range");
        break;
    default:
        break;
    }
}

/* Every language reads every input, to its end and no further. Returns the number of steps. */
static size_t check_decoding(const struct step_language *language, struct program program)
{
    static struct operation operation;
    static struct step step;
    struct step_cursor cursor = step_cursor_over(language, program.bytes, program.length);
    struct step_cursor steps = cursor;
    struct step_cursor skipped = cursor;
    const uint8_t *last = cursor.at;
    size_t count = 0;

    while (operation_next(&cursor, &operation)) {
        check_operation(&operation);
        FUZZ_CHECK(cursor.at > last, "a step of no bytes");
        last = cursor.at;
        count++;
        FUZZ_CHECK(step_next(&steps, &step) && step.kind == operation.step.kind &&
                       step.length == operation.step.length && steps.at == cursor.at,
                   "a step and its operation differ");
        FUZZ_CHECK(step_skip(&skipped) && skipped.at == cursor.at,
                   "a step is skipped to another place than it is read to");
        fuzz_note((uint64_t)operation.kind);
    }
    FUZZ_CHECK(cursor.at == cursor.end, "bytes are left behind the last step");
    FUZZ_CHECK(!step_next(&steps, &step) && !step_skip(&skipped), "a step behind the last");
    return count;
}

static bool is_same_text(struct operation_text a, struct operation_text b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.bytes, b.bytes, a.length) == 0);
}

static void decode_one(const uint8_t *bytes, size_t length, struct operation *ret)
{
    struct step_cursor cursor = step_cursor_over(fuzz_language, bytes, length);

    FUZZ_CHECK(operation_next(&cursor, ret), "no step in %zu bytes", length);
    FUZZ_CHECK(cursor.at == cursor.end, "a step goes on behind its end");
}

/* ---- the text form ---- */

/* Reads a step from a copy of @text with nothing readable behind it; how far goes to @ret_read. */
static bool parse(const char *text, size_t length, struct step *ret, size_t *ret_read,
                  struct steps_error *ret_error)
{
    char *copy = guard_room(length);
    const char *at = copy;
    bool is_read;

    if (length > 0)
        memcpy(copy, text, length);
    is_read = step_parse(fuzz_language, &at, copy + length, ret, ret_error);
    guard_room_check("step_parse()");
    FUZZ_CHECK(!is_read || at == copy + length || step_is_prefix(fuzz_language, ret),
               "a step was read from a part of \"%.*s\"", (int)length, text);
    *ret_read = (size_t)(at - copy);
    return is_read;
}

static size_t print(const struct step *step, char ret_text[STEP_TEXT_MAX])
{
    size_t length = step_print(fuzz_language, step, ret_text);

    FUZZ_CHECK(length <= STEP_TEXT_MAX, "a step of %zu bytes prints as %zu", step->length, length);
    for (size_t i = 0; i < length; i++)
        FUZZ_CHECK(ret_text[i] >= ' ' && ret_text[i] <= '~', "a step prints byte %d",
                   (int)ret_text[i]);
    return length;
}

/* What is stored for a step that was read: one form, which decodes to the same step. */
static size_t check_bytes(const struct step *step, uint8_t ret_bytes[STEP_BYTES_MAX])
{
    static struct step back;
    size_t length = step_store(fuzz_language, step, ret_bytes, STEP_BYTES_MAX);
    struct step_cursor cursor = step_cursor_over(fuzz_language, ret_bytes, length);
    size_t room;

    FUZZ_CHECK(length >= 2 && length <= STEP_BYTES_MAX, "a step has %zu bytes", length);
    /* A byte too few; of a long step, many. */
    room = length - 1 < GUARD_MAX ? length - 1 : GUARD_MAX;
    FUZZ_CHECK(step_store(fuzz_language, step, guard_block(GUARD_BASE, room), room) == 0,
               "a step is stored where there is no room for it");
    guard_check(GUARD_BASE, "step_store()");
    FUZZ_CHECK(step_next(&cursor, &back) && cursor.at == cursor.end,
               "the bytes of a step are not one step");
    FUZZ_CHECK(back.kind == step->kind && back.length == step->length &&
                   memcmp(back.operand, step->operand, step->length) == 0,
               "a step is another when it is stored and read");
    return length;
}

/* A step printed and read back. @bytes: what it was decoded from */
static void check_text(const struct step *step, const uint8_t *bytes, size_t length)
{
    static char text[STEP_TEXT_MAX], again[STEP_TEXT_MAX];
    static uint8_t canonical[STEP_BYTES_MAX];
    static struct operation before, after;
    static struct steps_error error;
    static struct step back;
    size_t text_length = print(step, text);
    size_t read;

    FUZZ_CHECK(parse(text, text_length, &back, &read, &error) && read == text_length,
               "\"%.*s\" cannot be read back: %s", (int)text_length, text, error.what);
    FUZZ_CHECK(back.kind == step->kind, "\"%.*s\" is read as another operation", (int)text_length,
               text);
    FUZZ_CHECK(print(&back, again) == text_length && memcmp(text, again, text_length) == 0,
               "\"%.*s\" is read back and printed as another text", (int)text_length, text);

    decode_one(bytes, length, &before);
    decode_one(canonical, check_bytes(&back, canonical), &after);
    FUZZ_CHECK(before.kind == after.kind &&
                   memcmp(before.arg, after.arg, sizeof(before.arg)) == 0 &&
                   is_same_text(before.path, after.path) && is_same_text(before.name, after.name),
               "\"%.*s\" is read back with other operands", (int)text_length, text);
}

static void check_program_as_text(struct program program)
{
    static struct step step;
    struct step_cursor cursor = step_cursor_over(fuzz_language, program.bytes, program.length);
    const uint8_t *begin = cursor.at;

    for (int i = 0; i < STEPS_MAX && step_next(&cursor, &step); i++) {
        check_text(&step, begin, (size_t)(cursor.at - begin));
        begin = cursor.at;
    }
}

/* ---- any text ---- */

static void check_error(const struct steps_error *error)
{
    size_t length = strnlen(error->what, sizeof(error->what));

    FUZZ_CHECK(length > 0 && length < sizeof(error->what), "what is wrong has %zu characters",
               length);
    for (size_t i = 0; i < length; i++)
        FUZZ_CHECK(error->what[i] >= ' ' && error->what[i] <= '~',
                   "what is wrong is said with byte %d", (int)error->what[i]);
}

static void check_line(const char *line, size_t length)
{
    static uint8_t normal[STEP_TEXT_MAX], printed[STEP_TEXT_MAX];
    static uint8_t bytes[STEP_BYTES_MAX];
    static char text[STEP_TEXT_MAX];
    static struct steps_error error;
    static struct step step;
    size_t normal_length, printed_length, text_length;

    error.what[0] = '\0';
    if (!parse(line, length, &step, &length, &error)) {
        check_error(&error);
        fuzz_note_bytes(error.what, strlen(error.what));
        return;
    }
    check_text(&step, bytes, check_bytes(&step, bytes));
    text_length = print(&step, text);
    fuzz_note_bytes(text, text_length);
    normal_length = text_normal(line, length, normal);
    printed_length = text_normal(text, text_length, printed);
    FUZZ_CHECK(normal_length == printed_length && memcmp(normal, printed, normal_length) == 0,
               "\"%.*s\" is read, and means \"%.*s\"", (int)length, line, (int)text_length, text);
}

static void check_as_text(const char *text, size_t length)
{
    const char *end = text + length;

    for (int i = 0; i < LINES_MAX && text < end; i++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *line_end = newline != NULL ? newline : end;

        check_line(text, (size_t)(line_end - text));
        text = line_end + 1;
    }
}

/* ---- mutation ---- */

static const struct mutator *mutator(void)
{
    static struct mutator mutator;

    if (mutator.language == NULL)
        mutator_init(&mutator, fuzz_language);
    return &mutator;
}

static void check_mutant(struct program program, size_t capacity, uint32_t seed)
{
    static uint8_t first[INPUT_MAX];
    size_t length = program.length < capacity ? program.length : capacity;
    uint8_t *bytes = guard_block(GUARD_TEXT, capacity);
    size_t first_length, again;

    memcpy(bytes, program.bytes, length);
    first_length = mutate(mutator(), bytes, length, capacity, seed);
    guard_check(GUARD_TEXT, "mutate()");
    FUZZ_CHECK(first_length <= capacity && first_length > 0, "a mutant of %zu bytes in %zu",
               first_length, capacity);
    memcpy(first, bytes, first_length);
    memcpy(bytes, program.bytes, length);
    again = mutate(mutator(), bytes, length, capacity, seed);
    FUZZ_CHECK(again == first_length && memcmp(first, bytes, again) == 0,
               "the same mutation comes out in two ways");
    fuzz_note_bytes(first, first_length);
    (void)check_decoding(fuzz_language, (struct program){first, first_length});
}

static void check_crossing(struct program program, size_t capacity, uint32_t seed)
{
    size_t middle = program.length / 2;
    struct program a = {guard_copy(GUARD_NAME, program.bytes, middle), middle};
    struct program b = {guard_copy(GUARD_BASE, program.bytes + middle, program.length - middle),
                        program.length - middle};
    uint8_t *bytes = guard_block(GUARD_TEXT, capacity);
    size_t length = mutate_cross(mutator(), a, b, bytes, capacity, seed);

    guard_check(GUARD_TEXT, "mutate_cross()");
    FUZZ_CHECK(length <= capacity && length > 0, "a crossing of %zu bytes in %zu", length,
               capacity);
    fuzz_note_bytes(bytes, length);
    (void)check_decoding(fuzz_language, (struct program){bytes, length});
}

/* ---- the C form ---- */

/* @steps: how many the program has */
static void check_c(struct program program, size_t steps)
{
    static char text[C_MAX];
    size_t length = emit_c(fuzz_language, program.bytes, program.length, text, sizeof(text));
    size_t cut = length / 2 < GUARD_MAX ? length / 2 : GUARD_MAX;
    char *piece = guard_block(GUARD_TEXT, cut);
    const char *wrong;

    FUZZ_CHECK(emit_c(fuzz_language, program.bytes, program.length, piece, cut) == length &&
                   piece[cut - 1] == '\0' && memcmp(piece, text, cut - 1) == 0,
               "a text in C depends on the room for it");
    guard_check(GUARD_TEXT, "emit_c()");
    if (length >= sizeof(text))
        return;
    wrong = c_text_wrong(text, length);
    FUZZ_CHECK(wrong == NULL, "%s:\n%s", wrong, text);
    FUZZ_CHECK(c_text_statements(text, length, "step(") == steps,
               "%zu steps are not all there:\n%s", steps, text);
    fuzz_note_bytes(text, length);
}

/* ---- the whole ---- */

static uint32_t hash(struct program program)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < program.length; i++)
        hash = (hash ^ program.bytes[i]) * 16777619u;
    return hash ^ hash >> 15;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct program program = {data, size < INPUT_MAX ? size : INPUT_MAX};
    size_t room, steps;
    uint32_t seed;

    fuzz_digest_reset();
    if (program.length == 0)
        return 0;
    seed = hash(program);
    /* Half of it is less than the program has. */
    room = 2 * program.length < INPUT_MAX ? 2 * program.length : INPUT_MAX;
    /* Mutants are looked at first: they were copied here, so a block is free for the rest. */
    check_mutant(program, 1 + seed % room, seed);
    check_crossing(program, 1 + (seed >> 10) % room, seed);
    program.bytes = guard_copy(GUARD_NAME, program.bytes, program.length);
    steps = check_decoding(fuzz_language, program);
    check_c(program, steps < EMIT_C_STEPS_MAX ? steps : EMIT_C_STEPS_MAX);
    (void)check_decoding(languages[seed % 4], program);
    check_program_as_text(program);
    check_as_text((const char *)program.bytes, program.length);
    return 0;
}
