/* SPDX-License-Identifier: MIT */
/* The lines of a baseline, which anybody may have written, and what is printed of them. */
#include "fuzz/targets/audit_facts.h"

#if FUZZ_BASELINE
#include "audit/report/baseline.h"
#include "audit/report/text.h"
#include "fuzz/engine/digest.h"
#include "fuzz/engine/guard.h"
#include "fuzz/engine/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A finding that is gone is told in four lines. */
#define LINES_GONE 4

static void check_printed(const json_t *line)
{
    char *text = NULL;
    size_t length = 0;
    size_t lines = 0;
    FILE *out = open_memstream(&text, &length);

    if (out == NULL)
        return;
    text_gone(out, line);
    (void)fclose(out);
    for (size_t i = 0; i < length; i++) {
        const unsigned char byte = (unsigned char)text[i];

        FUZZ_CHECK(byte == '\n' || (byte >= ' ' && byte <= '~'), "byte %02x is printed", byte);
        lines += byte == '\n';
    }
    FUZZ_CHECK(lines == LINES_GONE, "a finding is told in %zu lines", lines);
    free(text);
}

static void check_taken(struct baseline *baseline, size_t taken)
{
    json_t *gone = baseline_gone(baseline);
    json_t *left;

    FUZZ_CHECK(gone != NULL && json_array_size(gone) <= taken, "more is gone than was taken");
    for (size_t i = 0; i < json_array_size(gone); i++) {
        const json_t *line = json_array_get(gone, i);

        check_printed(line);
        FUZZ_CHECK(
            baseline_knows(baseline, json_string_value(json_object_get(line, "fingerprint"))),
            "what was taken is not known");
    }
    left = baseline_gone(baseline);
    FUZZ_CHECK(json_array_size(left) == 0, "what was found again is gone");
    fuzz_note(json_array_size(gone));
    json_decref(left);
    json_decref(gone);
}

void audit_facts_baseline(const uint8_t *bytes, size_t length)
{
    struct baseline baseline;
    const uint8_t *const end = bytes + length;
    size_t taken = 0;

    if (!baseline_begin(&baseline))
        return;
    while (bytes < end) {
        const uint8_t *newline = memchr(bytes, '\n', (size_t)(end - bytes));
        const size_t line = newline != NULL ? (size_t)(newline - bytes) + 1 : (size_t)(end - bytes);

        taken += baseline_take(&baseline, guard_copy(GUARD_TEXT, bytes, line), line);
        bytes += line;
    }
    check_taken(&baseline, taken);
    baseline_end(&baseline);
}
#else
void audit_facts_baseline(const uint8_t *bytes, size_t length)
{
    (void)bytes;
    (void)length;
}
#endif
