/* SPDX-License-Identifier: MIT */
/*
 * Every sequence of operations up to a depth, over a small alphabet, under the same model as the
 * random ones.
 *
 *   walk DEPTH
 *
 * The alphabet is what a client can do to a connection and what the kernel and the peer can answer,
 * reduced to one of each kind: sizes that are gathered, that go straight and fill the kernel, that
 * end reading; a peer that accepts, sends, receives, stops, leaves; one failure in each direction;
 * time. Each sequence is played from each of a few beginnings as an input of fuzz_state: compared
 * after each operation, and brought to its end.
 *
 * Prints how many there were. Exit status: 0 all hold; 2 wrong usage; a failure ends the process as
 * it does in the fuzz target, with the program.
 */
#define _GNU_SOURCE
#include "fuzz/engine/target.h"
#include "fuzz/program/steps_text.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 12
/* Bytes of one encoded operation, or beginning. */
#define LETTER_MAX 64

static const char *const beginnings[] = {
    "p0 = u1 listen \"a\" 0", "p0 = u1 listen \"a\" 0\nc0 = connect \"a\" rw\np1 = accept p0",
    "p0 = u1 listen \"a\" 0\np2 = u1 connect \"a\"\nc0 = connect \"a\" rw", /* a full backlog */
};

#define BEGINNINGS (sizeof(beginnings) / sizeof(beginnings[0]))

static const char *const alphabet[] = {
    "c0 = connect \"a\" rw",
    "c0.write 10",
    "c0.write-large 20000",
    "c0.read 100",
    "c0.turn",
    "c0.disconnect",
    "c0.close",
    "c0.abort",
    "c0.half-open on",
    "p1 = accept p0",
    "p1.send 10",
    "p1.receive 20000",
    "p1.shutdown write",
    "p1.close",
    "advance 30000ms",
    "fault recv econnreset x1",
    "fault send epipe x1",
};

#define LETTERS (sizeof(alphabet) / sizeof(alphabet[0]))

struct letter {
    uint8_t bytes[LETTER_MAX];
    size_t length;
};

static void encode(const char *text, struct letter *ret)
{
    struct steps_error error;
    char *bytes = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&bytes, &length);

    if (out == NULL || !steps_encode(fuzz_language, text, strlen(text), out, &error) ||
        fclose(out) != 0 || length > LETTER_MAX) {
        fprintf(stderr, "walk: \"%s\" cannot be encoded\n", text);
        exit(EXIT_FAILURE);
    }
    memcpy(ret->bytes, bytes, length);
    ret->length = length;
    free(bytes);
}

static void append(uint8_t *program, size_t *length, const struct letter *letter)
{
    memcpy(program + *length, letter->bytes, letter->length);
    *length += letter->length;
}

/* All sequences of exactly @depth letters; returns how many. */
static unsigned long long walk(const struct letter *first, const struct letter *letters,
                               unsigned depth)
{
    unsigned long long count = 0;
    unsigned digits[DEPTH_MAX] = {0};
    unsigned at = 0;

    while (at < depth) {
        uint8_t program[(DEPTH_MAX + 1) * LETTER_MAX];
        size_t length = 0;

        append(program, &length, first);
        for (unsigned i = 0; i < depth; i++)
            append(program, &length, &letters[digits[i]]);
        (void)LLVMFuzzerTestOneInput(program, length);
        count++;
        for (at = 0; at < depth && ++digits[at] == LETTERS; at++)
            digits[at] = 0;
    }
    return count;
}

int main(int argc, char **argv)
{
    unsigned long depth = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
    struct letter letters[LETTERS];
    unsigned long long count = 0;

    if (depth < 1 || depth > DEPTH_MAX) {
        fputs("usage: walk DEPTH\n", stderr);
        return 2;
    }
    for (size_t i = 0; i < LETTERS; i++)
        encode(alphabet[i], &letters[i]);
    for (size_t i = 0; i < BEGINNINGS; i++) {
        struct letter beginning;

        encode(beginnings[i], &beginning);
        for (unsigned j = 1; j <= depth; j++)
            count += walk(&beginning, letters, j);
    }
    printf("%llu sequences of up to %lu operations out of %zu, from %zu beginnings: all hold\n",
           count, depth, LETTERS, BEGINNINGS);
    return 0;
}
