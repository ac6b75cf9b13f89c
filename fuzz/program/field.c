/* SPDX-License-Identifier: MIT */
/*
 * Fields: see field.h.
 *
 * Tests: the checks fuzz/NAME/steps (fuzz/CMakeLists.txt); fuzz/targets/fuzz_program.c
 */
#include "fuzz/program/field.h"

#include "fuzz/program/operations.h"
#include "fuzz/program/steps.h"
#include "sim/faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NANOSECONDS_PER_MS 1000000

#define WORDS(list, words) {#list, FIELD_WORD, 1, 0, words},

static const struct field fields[] = {
    {"c", FIELD_SLOT, 1, OPERATION_SOCKETS, "c"},
    {"s", FIELD_SLOT, 1, OPERATION_SERVERS, "s"},
    {"p", FIELD_SLOT, 1, OPERATION_PEERS, "p"},
    {"u", FIELD_SLOT, 1, OPERATION_USERS, "u"},
    {"side", FIELD_WORD, 1, 0, "client server"},
    {"flag", FIELD_WORD, 1, 0, "off on"},
    {"u8", FIELD_NUMBER, 1, 0, NULL},
    {"u16", FIELD_NUMBER, 2, 0, NULL},
    {"u32", FIELD_NUMBER, 4, 0, NULL},
    {"s8", FIELD_SIGNED, 1, 0, NULL},
    {"s32", FIELD_SIGNED, 4, 0, NULL},
    {"ms", FIELD_MS, 2, 0, NULL},
    {"octal", FIELD_OCTAL, 2, 0, NULL},
    {"id", FIELD_ID, 1, 0, NULL},
    {"ready", FIELD_BITS, 1, 0, "read write hangup data"}, /* as enum sp_io */
    {"call", FIELD_CALL, 1, 0, NULL},
    {"fault", FIELD_FAULT, 2, 0, NULL},
    {"path", FIELD_PATH, 0, 0, NULL},
    {"name", FIELD_NAME, 0, 0, NULL},
    {"tape", FIELD_TAPE, 0, 0, NULL},
    {"rest", FIELD_REST, 0, 0, NULL},
    OPERATION_WORDS_LIST(WORDS)};

struct field field_between(const char *name, size_t length)
{
    if (memchr(name, ' ', length) != NULL)
        return (struct field){"", FIELD_WORD, 1, 0, name};
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (strlen(fields[i].name) == length && memcmp(fields[i].name, name, length) == 0)
            return fields[i];
    fprintf(stderr, "a pattern has a field {%.*s}, which does not exist\n", (int)length, name);
    abort();
}

const char *field_word(const char *words, size_t index, size_t *ret_length)
{
    for (; index > 0; index--) {
        words += strcspn(words, " }");
        words += *words == ' ';
    }
    *ret_length = strcspn(words, " }");
    return words;
}

static uint32_t count_words(const char *words)
{
    uint32_t count = 1;

    for (; *words != '\0' && *words != '}'; words++)
        count += *words == ' ';
    return count;
}

uint32_t field_values(const struct field *field)
{
    switch (field->form) {
    case FIELD_SLOT:
        return field->count;
    case FIELD_WORD:
        return count_words(field->words);
    case FIELD_BITS:
        return 1u << count_words(field->words);
    case FIELD_CALL:
        return SIM_CALL_COUNT + 1;
    default:
        return 0;
    }
}

int64_t field_value(const struct field *field, uint32_t raw)
{
    uint32_t values;

    switch (field->form) {
    case FIELD_SIGNED:
        return field->width == 1 ? (int8_t)raw : (int32_t)raw;
    case FIELD_MS:
        return (int16_t)raw;
    case FIELD_ID:
        return step_id(raw);
    default:
        values = field_values(field);
        return values > 0 ? raw % values : raw;
    }
}

struct field_fault field_fault(uint32_t raw)
{
    enum sim_call call = (raw & UINT8_MAX) % SIM_CALL_COUNT;

    return (struct field_fault){call, (raw >> 8) % sim_fault_choices(call)};
}

size_t field_fault_word(struct field_fault fault, char ret_word[FIELD_FAULT_WORD_MAX])
{
    struct sim_fault choice = sim_fault_choice(fault.call, fault.choice);
    const char *name = NULL;
    int length;

    if (choice.kind == SIM_FAULT_SHORT) {
        length = snprintf(ret_word, FIELD_FAULT_WORD_MAX, "short-%d", (int)choice.value);
    } else if (choice.kind == SIM_FAULT_DELAY) {
        length = snprintf(ret_word, FIELD_FAULT_WORD_MAX, "delay-%dms",
                          (int)(choice.value / NANOSECONDS_PER_MS));
    } else {
        name = sim_errno_name((int)choice.value);
        length = snprintf(ret_word, FIELD_FAULT_WORD_MAX, "%s%s", name,
                          choice.kind == SIM_FAULT_AFTER ? "-after" : "");
    }
    for (int i = 0; name != NULL && name[i] != '\0'; i++)
        ret_word[i] = (char)(ret_word[i] | 0x20); /* lower case */
    return (size_t)length;
}
