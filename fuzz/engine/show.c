/* SPDX-License-Identifier: MIT */
/*
 * Inputs, for a person to read: see show.h.
 *
 * Tests: fuzz/engine/check_replay, tests/cli/test_replay.py
 */
#define _GNU_SOURCE
#include "fuzz/engine/show.h"

#include "fuzz/engine/digest.h"
#include "fuzz/engine/target.h"
#include "fuzz/program/emit_c.h"
#include "fuzz/program/operation.h"
#include "fuzz/program/steps_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void show_text(const struct input *input, FILE *out)
{
    if (fuzz_language == NULL)
        fprintf(out, "# %zu bytes\n", input->length);
    else
        steps_print(fuzz_language, input->bytes, input->length, out);
}

/* The text form of an input, for the caller to free. */
static char *text_of(const struct input *input)
{
    char *text = NULL;
    size_t length;
    FILE *out = need(open_memstream(&text, &length));

    show_text(input, out);
    (void)fclose(out);
    return need(text);
}

void show_step(const struct input *input, size_t step, FILE *out)
{
    char *text = text_of(input);
    char *rest = text;
    char *line;

    for (size_t i = 0; *rest != '\0' && (line = strsep(&rest, "\n")) != NULL; i++) {
        fprintf(out, "%s %s\n", i == step ? "->" : "  ", line);
        if (rest == NULL)
            break;
    }
    free(text);
}

/* ---- bytes ---- */

static void show_some(const uint8_t *bytes, size_t length, FILE *out)
{
    for (size_t i = 0; i < length; i++)
        fprintf(out, "%s%02x", i > 0 ? " " : "", bytes[i]);
}

void show_bytes(const struct input *input, FILE *out)
{
    struct step_cursor cursor;
    struct step step;
    const uint8_t *at = input->bytes;

    if (fuzz_language == NULL) {
        for (size_t i = 0; i < input->length; i += 16) {
            show_some(at + i, input->length - i < 16 ? input->length - i : 16, out);
            fputc('\n', out);
        }
        return;
    }
    cursor = step_cursor_over(fuzz_language, input->bytes, input->length);
    while (step_next(&cursor, &step)) {
        char text[STEP_TEXT_MAX];
        size_t length = step_print(fuzz_language, &step, text);

        show_some(at, (size_t)(cursor.at - at), out);
        fprintf(out, "  # %.*s\n", (int)length, text);
        at = cursor.at;
    }
}

/* ---- C ---- */

bool show_c(const struct input *input, FILE *out)
{
    size_t length;
    char *text;

    if (fuzz_language == NULL || !operation_can_read(fuzz_language)) {
        fprintf(stderr, "replay: %s: inputs of this target are no operations, and have no C form\n",
                input->name);
        return false;
    }
    length = emit_c(fuzz_language, input->bytes, input->length, NULL, 0);
    text = need(malloc(length + 1));
    (void)emit_c(fuzz_language, input->bytes, input->length, text, length + 1);
    fputs(emit_c_prelude, out);
    fputs(text, out);
    free(text);
    return true;
}

/* ---- what happens ---- */

static char *traced; /* the text of the input that is played */

/* A line of the text, or what comes behind the last. */
static void trace_step(size_t step)
{
    const char *line = traced;

    for (size_t i = 0; i < step && *line != '\0'; i++) {
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    if (step > 0) /* what is before the first step is the same in every run */
        fprintf(fuzz_watch.trace, "digest %016" PRIx64 "\n", fuzz_digest());
    fprintf(fuzz_watch.trace, "%zu: %.*s\n", step + 1, *line != '\0' ? (int)strcspn(line, "\n") : 7,
            *line != '\0' ? line : "the end");
}

void trace_input(const struct input *input, FILE *out)
{
    free(traced);
    traced = text_of(input);
    fprintf(out, "# %s\n", input->name);
    (void)setvbuf(out, NULL, _IOLBF, 0); /* the next step may end the process */
    fuzz_watch.trace = out;
    fuzz_watch.on_step = trace_step;
}

void trace_end(void)
{
    free(traced);
    traced = NULL;
    fuzz_watch.trace = NULL;
    fuzz_watch.on_step = NULL;
}
