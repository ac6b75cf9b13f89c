/* SPDX-License-Identifier: MIT */
/*
 * Names and explanations of errors, operations and causes, made from the lists in sunpath/error.h.
 *
 * Tests: tests/unit/test_error.c
 */
#include <sunpath/error.h>

#include <stddef.h>

struct error_text {
    const char *name;
    const char *qt;
    const char *text;
};

/* Indexed by -error. */
static const struct error_text error_texts[] = {{"SP_OK", "", "no error"},
#define TEXT(name, number, qt, text) [number] = {"SP_ERROR_" #name, qt, text},
                                                SP_ERROR_LIST(TEXT)
#undef TEXT
};

static const char *const operation_texts[] = {
#define TEXT(name, text) text,
    SP_OPERATION_LIST(TEXT)
#undef TEXT
};

static const char *const cause_texts[] = {
#define TEXT(name, text) text,
    SP_CAUSE_LIST(TEXT)
#undef TEXT
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct error_text *find(int error)
{
    static const struct error_text none = {"SP_ERROR_?", "", "not an error of this library"};

    /* Compared as it comes: negating INT_MIN would be undefined. */
    if (error > 0 || error <= -(int)COUNT(error_texts))
        return &none;
    return &error_texts[-error];
}

const char *sp_error_string(int error)
{
    return find(error)->text;
}

const char *sp_error_name(int error)
{
    return find(error)->name;
}

const char *sp_error_qt_name(int error)
{
    return find(error)->qt;
}

const char *sp_operation_string(enum sp_operation operation)
{
    return (size_t)operation < COUNT(operation_texts) ? operation_texts[operation] : "?";
}

const char *sp_cause_string(enum sp_cause cause)
{
    return (size_t)cause < COUNT(cause_texts) ? cause_texts[cause] : "?";
}
