/* SPDX-License-Identifier: MIT */
/*
 * Mutation of one step: see mutate_step.h.
 *
 * Tests: fuzz/targets/fuzz_program.c
 */
#include "fuzz/program/mutate_step.h"

#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ---- numbers ---- */

/* Where something changes: the library's limits, the sizes of its steps, the ends of ranges. */
static const uint32_t sizes[] = {
    0,       1,       2,          3,          7,          8,          16,    255,
    256,     1023,    1024,       4095,       4096,       65535,      65536, 262144,
    1048576, 1048577, 0x7fffffff, 0x80000000, 0xfffffffe, UINT32_MAX,
};

static const int16_t times[] = {0,    -1,    1,     2,     10,        100,      1000,
                                5000, 29999, 30000, 30001, INT16_MAX, INT16_MIN};

static const uint16_t modes[] = {0,    0600,  0660,  0666,  0700,  0755,    0770,
                                 0777, 01777, 02775, 04755, 07777, 0140777, UINT16_MAX};

static uint32_t invent_size(uint32_t old, size_t width, struct random *random)
{
    uint32_t mask = (uint32_t)((UINT64_C(1) << (8 * width)) - 1);

    switch (random_below(random, 4)) {
    case 0:
        return (old + (uint32_t)random_below(random, 9) - 4) & mask;
    case 1:
        return random_next(random) & mask;
    case 2:
        return (uint32_t)random_below(random, 32);
    default:
        return sizes[random_below(random, COUNT_OF(sizes))] & mask;
    }
}

static uint32_t invent_value(const struct field *field, uint32_t old, struct random *random)
{
    uint32_t values = field_values(field);

    switch (field->form) {
    case FIELD_SLOT:
        /* Mostly the first two, so that steps have to do with each other. */
        return (uint32_t)random_below(random, random_one_in(random, 4) ? values : 2);
    case FIELD_MS:
        return random_one_in(random, 4) ? random_next(random)
                                        : (uint16_t)times[random_below(random, COUNT_OF(times))];
    case FIELD_OCTAL:
        return random_one_in(random, 4) ? old ^ 1u << random_below(random, 12)
                                        : modes[random_below(random, COUNT_OF(modes))];
    case FIELD_FAULT:
        return random_next(random);
    case FIELD_NUMBER:
    case FIELD_SIGNED:
        return invent_size(old, field->width, random);
    default:
        return (uint32_t)random_below(random, values > 0 ? values : UINT8_MAX);
    }
}

static void store_value(struct step *step, size_t offset, size_t width, uint32_t raw)
{
    for (size_t i = 0; i < width; i++)
        step->operand[offset + i] = (uint8_t)(raw >> (8 * i));
}

/* ---- strings ---- */

/* Names that mean something in the world where programs take place (fuzz/world/world.h). */
static const char *const names[] = {
    "",
    "a",
    "b",
    "/run/sun",
    "/run/sun/a",
    "/run/sun/b",
    "/run/open/a",
    "/tmp/a",
    "/tmp/d/a",
    "/home/mallory/a",
    "/home/mallory",
    "/",
    "..",
    "../a",
    "/run/sun/../sun/a",
    "/run/sun/a/",
    "/run/sun/a.lock",
};

/* A string that is being made. */
struct draft {
    size_t length;
    uint8_t bytes[STEP_OPERAND_MAX];
};

static void draft_set(struct draft *draft, const void *bytes, size_t length)
{
    draft->length = length;
    if (length > 0)
        memcpy(draft->bytes, bytes, length);
}

/* As long as a path or a name may be, or one more or less. */
static void draft_long(struct draft *draft, struct random *random)
{
    size_t length = 105 + random_below(random, 6);

    if (draft->length == 0)
        draft->bytes[draft->length++] = '/';
    while (draft->length < length)
        draft->bytes[draft->length++] = 'x';
}

static void draft_change_byte(struct draft *draft, struct random *random)
{
    size_t at = random_below(random, draft->length + 1);

    if (at == draft->length && draft->length < STEP_OPERAND_MAX)
        draft->length++;
    if (at < draft->length)
        draft->bytes[at] = random_one_in(random, 2)
                               ? (uint8_t)"/.ab\0\xff@ "[random_below(random, 8)]
                               : (uint8_t)random_next(random);
}

static void draft_drop_byte(struct draft *draft, struct random *random)
{
    size_t at;

    if (draft->length == 0)
        return;
    at = random_below(random, draft->length);
    draft->length--;
    memmove(draft->bytes + at, draft->bytes + at + 1, draft->length - at);
}

/* Bytes for a tape: each decides one call, and most calls shall go well (sim/faults.h). */
static void draft_tape(struct draft *draft, struct random *random)
{
    draft->length = 1 + random_below(random, 32);
    for (size_t i = 0; i < draft->length; i++)
        draft->bytes[i] = random_one_in(random, 4) ? (uint8_t)(192 + random_below(random, 64)) : 0;
}

/* @draft: what it was before; @elsewhere: of another step */
static void invent_string(struct draft *draft, enum field_form form, struct step_text elsewhere,
                          struct random *random)
{
    const char *name;

    if (form == FIELD_TAPE && random_one_in(random, 2)) {
        draft_tape(draft, random);
        return;
    }
    switch (random_below(random, form == FIELD_REST ? 4 : 8)) {
    case 0:
        draft_drop_byte(draft, random);
        break;
    case 1:
        draft_change_byte(draft, random);
        break;
    case 2:
        draft_long(draft, random);
        break;
    case 3:
    case 4:
        draft_set(draft, elsewhere.bytes, elsewhere.length);
        break;
    default:
        name = names[random_below(random, COUNT_OF(names))];
        draft_set(draft, name, strlen(name));
        break;
    }
}

/* ---- a step ---- */

/* What a step has, taken apart so that it can be put together again. */
struct parts {
    struct draft path;
    struct draft string;
};

static void take_apart(struct parts *parts, const struct step *step, const struct layout *layout)
{
    struct step_strings strings = layout_strings(layout, step);

    draft_set(&parts->path, strings.path.bytes, strings.path.length);
    draft_set(&parts->string, strings.string.bytes, strings.string.length);
}

/* Appends what there is room for. */
static void append(struct step *step, const uint8_t *bytes, size_t length)
{
    size_t room = STEP_OPERAND_MAX - step->length;

    if (length > room)
        length = room;
    memcpy(step->operand + step->length, bytes, length);
    step->length += length;
}

static void put_together(struct step *step, const struct layout *layout, struct parts *parts)
{
    step->length = layout->length;
    if (layout->has_path) {
        uint8_t *nul = memchr(parts->path.bytes, '\0', parts->path.length);

        append(step, parts->path.bytes,
               nul != NULL ? (size_t)(nul - parts->path.bytes) : parts->path.length);
        if (layout->has_string && parts->string.length > 0)
            append(step, (const uint8_t *)"", 1);
    }
    if (layout->has_string)
        append(step, parts->string.bytes, parts->string.length);
}

/* Fields that a step has not are 0; here they must be there. */
static void fill_up(struct step *step, const struct layout *layout)
{
    while (step->length < layout->length)
        step->operand[step->length++] = 0;
}

static struct step_text either(struct step_strings strings)
{
    return strings.path.length > 0 ? strings.path : strings.string;
}

void step_invent(struct step *step, const struct layout *layout, struct step_strings strings,
                 struct random *random)
{
    struct parts parts;
    size_t offset = 0;

    parts.path.length = 0;
    parts.string.length = 0;
    for (size_t i = 0; i < layout->count; i++) {
        const struct field *field = &layout->fields[i];

        store_value(step, offset, field->width, invent_value(field, 0, random));
        offset += field->width;
    }
    if (layout->has_path)
        invent_string(&parts.path, FIELD_PATH, either(strings), random);
    if (layout->has_string)
        invent_string(&parts.string, layout->string_form, either(strings), random);
    put_together(step, layout, &parts);
}

bool step_alter(struct step *step, const struct layout *layout, struct step_strings strings,
                struct random *random)
{
    size_t operands = layout->count + layout->has_path + layout->has_string;
    size_t which, offset = 0;
    struct parts parts;

    if (operands == 0)
        return false;
    which = random_below(random, operands);
    fill_up(step, layout);
    if (which < layout->count) {
        const struct field *field = &layout->fields[which];

        for (size_t i = 0; i < which; i++)
            offset += layout->fields[i].width;
        store_value(step, offset, field->width,
                    invent_value(field, step_field(step, offset, field->width), random));
        return true;
    }
    take_apart(&parts, step, layout);
    if (which == layout->count && layout->has_path)
        invent_string(&parts.path, FIELD_PATH, either(strings), random);
    else
        invent_string(&parts.string, layout->string_form, either(strings), random);
    put_together(step, layout, &parts);
    return true;
}
