/* SPDX-License-Identifier: MIT */
/*
 * Mutation of input programs: see mutate.h.
 *
 * A program is brought into a form in which every step begins with its mark, then changed by one to
 * four actions from a table. What an action needs and a program has not makes it try another.
 *
 * Tests: fuzz/targets/fuzz_program.c
 */
#include "fuzz/program/mutate.h"

#include "fuzz/program/mutate_step.h"
#include "fuzz/program/random.h"
#include "fuzz/program/steps_text.h"

#include <stdlib.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Actions one mutation does at most, and how often it looks for one that can be done. */
#define ACTIONS_MAX 4
#define TRIES_MAX 8
/* Steps that are moved, copied or taken out at once, and how often one is repeated. */
#define RANGE_MAX 8
#define REPEAT_MAX 8

/* Where the steps of a program are. */
struct index {
    size_t count;                        /* up to MUTATOR_STEPS_MAX */
    size_t begin[MUTATOR_STEPS_MAX + 1]; /* of each; and where the last one ends */
};

/* A program that is being changed. */
struct draft {
    const struct mutator *mutator;
    struct random random;
    uint8_t *bytes;
    size_t length;
    size_t capacity;
    struct index steps;
};

/* Steps number @first to @end - 1. */
struct range {
    size_t first;
    size_t end;
};

/* ---- bytes ---- */

/* Puts @length bytes in the place of @removed others at @at; false if there is no room. @bytes are
 * none of the draft's own. */
static bool replace(struct draft *draft, size_t at, size_t removed, const uint8_t *bytes,
                    size_t length)
{
    if (length > draft->capacity - (draft->length - removed))
        return false;
    memmove(draft->bytes + at + length, draft->bytes + at + removed, draft->length - at - removed);
    if (length > 0)
        memcpy(draft->bytes + at, bytes, length);
    draft->length += length - removed;
    return true;
}

/* A mark at the end that has no partner would swallow the step that is put behind it. */
static size_t length_without_lone_mark(const uint8_t *bytes, size_t length)
{
    size_t marks = 0;

    while (marks < length && bytes[length - 1 - marks] == STEP_MARK)
        marks++;
    return length - marks % 2;
}

static bool begins_with_step(const uint8_t *bytes, size_t length)
{
    return length >= 2 && bytes[0] == STEP_MARK && bytes[1] != STEP_MARK;
}

/* Bytes before the first mark are an operand of the first kind: says so. */
static void mark_first(struct draft *draft)
{
    const uint8_t mark[2] = {STEP_MARK, draft->mutator->language->kinds[0].letter};

    if (draft->length == 0 || begins_with_step(draft->bytes, draft->length))
        return;
    if (!replace(draft, 0, 0, mark, sizeof(mark)))
        draft->length = 0;
}

static void find_steps(struct index *steps, const struct step_language *language,
                       const uint8_t *bytes, size_t length)
{
    struct step_cursor cursor = step_cursor_over(language, bytes, length);

    steps->count = 0;
    steps->begin[0] = 0;
    while (steps->count < MUTATOR_STEPS_MAX && step_skip(&cursor))
        steps->begin[++steps->count] = (size_t)(cursor.at - bytes);
}

/* ---- steps ---- */

static void read_step(const struct draft *draft, size_t number, struct step *ret)
{
    struct step_cursor cursor =
        step_cursor_over(draft->mutator->language, draft->bytes + draft->steps.begin[number],
                         draft->steps.begin[number + 1] - draft->steps.begin[number]);

    if (!step_next(&cursor, ret))
        abort(); /* no step is without bytes */
}

static bool replace_steps(struct draft *draft, struct range old, const struct step *new)
{
    uint8_t bytes[STEP_BYTES_MAX];
    size_t length = step_store(draft->mutator->language, new, bytes, sizeof(bytes));

    return replace(draft, draft->steps.begin[old.first],
                   draft->steps.begin[old.end] - draft->steps.begin[old.first], bytes, length);
}

/* A place where a step can be put: before any, or behind the last. */
static size_t any_place(struct draft *draft)
{
    return random_below(&draft->random, draft->steps.count + 1);
}

/* Mostly one step; there must be one. */
static struct range any_range(struct random *random, size_t count)
{
    size_t first = random_below(random, count);
    size_t most = count - first < RANGE_MAX ? count - first : RANGE_MAX;
    size_t more = random_one_in(random, 3) ? random_below(random, most) : 0;

    return (struct range){first, first + 1 + more};
}

/* The strings of any step; @room holds them. */
static struct step_strings any_strings(struct draft *draft, struct step *room)
{
    if (draft->steps.count == 0)
        return (struct step_strings){0};
    read_step(draft, random_below(&draft->random, draft->steps.count), room);
    return layout_strings(&draft->mutator->layouts[room->kind], room);
}

/* A new step of a kind, before step number @place. */
static bool invent_at(struct draft *draft, size_t place, size_t kind)
{
    struct step step, other;
    struct step_strings strings = any_strings(draft, &other);

    step.kind = kind;
    step_invent(&step, &draft->mutator->layouts[kind], strings, &draft->random);
    return replace_steps(draft, (struct range){place, place}, &step);
}

/* ---- actions: false if there was nothing to do it with, or no room ---- */

static bool alter_operand(struct draft *draft)
{
    struct step step, other;
    struct step_strings strings;
    size_t number;

    if (draft->steps.count == 0)
        return false;
    number = random_below(&draft->random, draft->steps.count);
    strings = any_strings(draft, &other);
    read_step(draft, number, &step);
    return step_alter(&step, &draft->mutator->layouts[step.kind], strings, &draft->random) &&
           replace_steps(draft, (struct range){number, number + 1}, &step);
}

/* The same operands, another step. */
static bool alter_kind(struct draft *draft)
{
    const struct step_language *language = draft->mutator->language;
    size_t number;

    if (draft->steps.count == 0)
        return false;
    number = random_below(&draft->random, draft->steps.count);
    draft->bytes[draft->steps.begin[number] + 1] =
        language->kinds[random_below(&draft->random, language->count)].letter;
    return true;
}

/* Two draws are never in one expression: C leaves open which comes first. */
static bool insert_step(struct draft *draft)
{
    size_t place = any_place(draft);

    return invent_at(draft, place, random_below(&draft->random, draft->mutator->language->count));
}

static bool insert_fault(struct draft *draft)
{
    const struct mutator *mutator = draft->mutator;
    size_t place;

    if (mutator->fault_count == 0)
        return false;
    place = any_place(draft);
    return invent_at(draft, place,
                     mutator->faults[random_below(&draft->random, mutator->fault_count)]);
}

static bool insert_prefix(struct draft *draft)
{
    const struct mutator *mutator = draft->mutator;
    size_t place;

    if (mutator->prefix_count == 0 || draft->steps.count == 0)
        return false;
    place = random_below(&draft->random, draft->steps.count);
    return invent_at(draft, place,
                     mutator->prefixes[random_below(&draft->random, mutator->prefix_count)]);
}

static bool delete_steps(struct draft *draft)
{
    struct range range;

    if (draft->steps.count < 2)
        return false;
    range = any_range(&draft->random, draft->steps.count);
    if (range.end - range.first == draft->steps.count)
        range.first++;
    return replace(draft, draft->steps.begin[range.first],
                   draft->steps.begin[range.end] - draft->steps.begin[range.first], NULL, 0);
}

/* Turns what is between two places by as many bytes: how a range moves without a second buffer. */
static void reverse(uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length / 2; i++) {
        uint8_t byte = bytes[i];

        bytes[i] = bytes[length - 1 - i];
        bytes[length - 1 - i] = byte;
    }
}

static void exchange(uint8_t *bytes, size_t first, size_t second)
{
    reverse(bytes, first);
    reverse(bytes + first, second);
    reverse(bytes, first + second);
}

static bool move_steps(struct draft *draft)
{
    struct range range;
    size_t place, from, to;

    if (draft->steps.count < 2)
        return false;
    range = any_range(&draft->random, draft->steps.count);
    place = any_place(draft);
    from = draft->steps.begin[range.first];
    to = draft->steps.begin[range.end];
    if (place > range.end)
        exchange(draft->bytes + from, to - from, draft->steps.begin[place] - to);
    else if (place < range.first)
        exchange(draft->bytes + draft->steps.begin[place], from - draft->steps.begin[place],
                 to - from);
    else
        return false;
    return true;
}

/* A range once more somewhere else. */
static bool copy_steps(struct draft *draft)
{
    uint8_t bytes[RANGE_MAX * STEP_BYTES_MAX];
    struct range range;
    size_t length;

    if (draft->steps.count == 0)
        return false;
    range = any_range(&draft->random, draft->steps.count);
    length = draft->steps.begin[range.end] - draft->steps.begin[range.first];
    if (length > sizeof(bytes))
        return false;
    memcpy(bytes, draft->bytes + draft->steps.begin[range.first], length);
    return replace(draft, draft->steps.begin[any_place(draft)], 0, bytes, length);
}

/* A range several times in its place. */
static bool repeat_steps(struct draft *draft)
{
    uint8_t bytes[RANGE_MAX * STEP_BYTES_MAX];
    size_t times = 1 + random_below(&draft->random, REPEAT_MAX);
    struct range range;
    size_t length;

    if (draft->steps.count == 0)
        return false;
    range = any_range(&draft->random, draft->steps.count);
    length = draft->steps.begin[range.end] - draft->steps.begin[range.first];
    if (length > sizeof(bytes))
        return false;
    memcpy(bytes, draft->bytes + draft->steps.begin[range.first], length);
    for (size_t i = 0; i < times; i++)
        if (!replace(draft, draft->steps.begin[range.end], 0, bytes, length))
            return i > 0;
    return true;
}

static bool change_bit(struct draft *draft)
{
    size_t place;

    if (draft->length == 0)
        return false;
    place = random_below(&draft->random, draft->length);
    draft->bytes[place] ^= (uint8_t)(1u << random_below(&draft->random, 8));
    return true;
}

static const struct {
    bool (*act)(struct draft *draft);
    unsigned weight;
} actions[] = {
    {alter_operand, 10}, {insert_step, 6},  {delete_steps, 4}, {copy_steps, 3}, {insert_fault, 3},
    {insert_prefix, 2},  {repeat_steps, 2}, {move_steps, 2},   {alter_kind, 1}, {change_bit, 1},
};

static void act(struct draft *draft)
{
    unsigned total = 0;

    for (size_t i = 0; i < COUNT_OF(actions); i++)
        total += actions[i].weight;
    for (int try = 0; try < TRIES_MAX; try++) {
        size_t weight = random_below(&draft->random, total);
        size_t i = 0;

        for (; weight >= actions[i].weight; i++)
            weight -= actions[i].weight;
        if (actions[i].act(draft))
            return;
    }
}

/* ---- the whole ---- */

static bool has_fault(const struct layout *layout)
{
    for (size_t i = 0; i < layout->count; i++)
        if (layout->fields[i].form == FIELD_FAULT)
            return true;
    return false;
}

void mutator_init(struct mutator *mutator, const struct step_language *language)
{
    *mutator = (struct mutator){.language = language};
    if (language->count > MUTATOR_KINDS_MAX)
        abort(); /* MUTATOR_KINDS_MAX is too small for this language */
    for (size_t i = 0; i < language->count; i++) {
        struct step step = {.kind = i};

        layout_of(&mutator->layouts[i], language->kinds[i].pattern);
        if (has_fault(&mutator->layouts[i]))
            mutator->faults[mutator->fault_count++] = (uint8_t)i;
        if (step_is_prefix(language, &step))
            mutator->prefixes[mutator->prefix_count++] = (uint8_t)i;
    }
}

static void prepare(struct draft *draft)
{
    draft->length = length_without_lone_mark(draft->bytes, draft->length);
    mark_first(draft);
    find_steps(&draft->steps, draft->mutator->language, draft->bytes, draft->length);
}

static void begin(struct draft *draft, const struct mutator *mutator, uint32_t seed, uint8_t *bytes,
                  size_t capacity)
{
    draft->mutator = mutator;
    draft->random.state = seed;
    draft->bytes = bytes;
    draft->capacity = capacity;
}

/* An engine takes an empty input for a mistake of ours. */
static size_t finish(struct draft *draft)
{
    if (draft->length == 0 && draft->capacity > 0)
        draft->bytes[draft->length++] = 0;
    return draft->length;
}

size_t mutate(const struct mutator *mutator, uint8_t *bytes, size_t length, size_t capacity,
              uint32_t seed)
{
    struct draft draft;
    size_t count;

    begin(&draft, mutator, seed, bytes, capacity);
    draft.length = length < capacity ? length : capacity;
    count = 1 + random_below(&draft.random, ACTIONS_MAX);
    for (size_t i = 0; i < count; i++) {
        prepare(&draft);
        act(&draft);
    }
    return finish(&draft);
}

/* Steps of @program, of a length that fits into @room bytes; perhaps none. */
static struct program any_part(struct draft *draft, struct program program, size_t room)
{
    struct index steps;
    struct range range;
    size_t first, length;

    program.length = length_without_lone_mark(program.bytes, program.length);
    find_steps(&steps, draft->mutator->language, program.bytes, program.length);
    /* Without its mark, the first step could not stand elsewhere. */
    first = !begins_with_step(program.bytes, program.length);
    if (steps.count <= first)
        return (struct program){NULL, 0};
    range.first = first + random_below(&draft->random, steps.count - first);
    range.end = range.first + 1 + random_below(&draft->random, steps.count - range.first);
    do
        length = steps.begin[range.end] - steps.begin[range.first];
    while (length > room && --range.end > range.first);
    return (struct program){program.bytes + steps.begin[range.first], length > room ? 0 : length};
}

size_t mutate_cross(const struct mutator *mutator, struct program a, struct program b,
                    uint8_t *ret_bytes, size_t capacity, uint32_t seed)
{
    struct draft draft;
    struct program part;
    size_t place, from, to;

    begin(&draft, mutator, seed, ret_bytes, capacity);
    draft.length = a.length < capacity ? a.length : capacity;
    if (draft.length > 0)
        memcpy(ret_bytes, a.bytes, draft.length);
    prepare(&draft);

    /* In the place of nothing, of a few steps, or of all that follow. */
    place = any_place(&draft);
    from = draft.steps.begin[place];
    to =
        random_one_in(&draft.random, 2)
            ? from
            : draft.steps.begin[place + random_below(&draft.random, draft.steps.count - place + 1)];
    if (random_one_in(&draft.random, 4))
        to = draft.length;
    part = any_part(&draft, b, capacity - (draft.length - (to - from)));
    (void)replace(&draft, from, to - from, part.bytes, part.length);
    return finish(&draft);
}
