/* SPDX-License-Identifier: MIT */
/*
 * Turns the text form of inputs into seeds, and checks that the form is sound.
 *
 *   seeds encode DIRECTORY TEXT...   writes each TEXT as an input of the same name
 *   seeds check TEXT...              text to bytes to text to bytes must lead back to the bytes,
 * for these texts and for COUNT random inputs
 *
 * Every text begins with a comment that says what it is and whose: a seed without a story is
 * refused. Exit status: 0; 1 a text is wrong or the form is not sound; 2 wrong usage; 3 a file
 * cannot be read or written.
 */
#define _GNU_SOURCE
#include "fuzz/engine/target.h"
#include "fuzz/program/steps_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Random inputs that "check" tries, and their longest length. */
#define COUNT 4000
#define LENGTH 200

enum { DONE = 0, WRONG = 1, USAGE = 2, UNUSABLE = 3 };

struct blob {
    char *bytes;
    size_t length;
};

static _Noreturn void stop(const char *path, int status)
{
    fprintf(stderr, "seeds: %s: %s\n", path, strerror(errno));
    exit(status);
}

static struct blob read_file(const char *path)
{
    struct blob blob = {0};
    FILE *file = fopen(path, "rbe");
    FILE *copy = open_memstream(&blob.bytes, &blob.length);
    int c;

    if (file == NULL || copy == NULL)
        stop(path, UNUSABLE);
    while ((c = fgetc(file)) != EOF)
        fputc(c, copy);
    if (ferror(file) || fclose(copy) != 0)
        stop(path, UNUSABLE);
    (void)fclose(file);
    return blob;
}

static void write_file(const char *path, struct blob blob)
{
    FILE *file = fopen(path, "wbe");

    if (file == NULL || fwrite(blob.bytes, 1, blob.length, file) != blob.length ||
        fclose(file) != 0)
        stop(path, UNUSABLE);
}

static struct blob encode(struct blob text, const char *path)
{
    struct blob blob = {0};
    FILE *out = open_memstream(&blob.bytes, &blob.length);
    struct steps_error error;

    if (out == NULL)
        stop(path, UNUSABLE);
    if (text.length == 0 || text.bytes[0] != '#') {
        fprintf(stderr, "%s:1: the first line must be a comment that says what this is\n", path);
        exit(WRONG);
    }
    if (!steps_encode(fuzz_language, text.bytes, text.length, out, &error)) {
        fprintf(stderr, "%s:%zu: %s\n", path, error.line, error.what);
        exit(WRONG);
    }
    if (fclose(out) != 0)
        stop(path, UNUSABLE);
    return blob;
}

/* With the first line that encode() wants. */
static struct blob print(struct blob input)
{
    struct blob text = {0};
    FILE *out = open_memstream(&text.bytes, &text.length);

    if (out == NULL)
        stop("memory", UNUSABLE);
    fputs("#\n", out);
    steps_print(fuzz_language, (const uint8_t *)input.bytes, input.length, out);
    if (fclose(out) != 0)
        stop("memory", UNUSABLE);
    return text;
}

static bool is_same(struct blob a, struct blob b)
{
    return a.length == b.length && memcmp(a.bytes, b.bytes, a.length) == 0;
}

/*
 * Prints @input, reads the text back and prints that: the two texts must agree. An input that was
 * made from text must come back byte for byte; others may have spellings that the text does not
 * keep.
 */
static void check(struct blob input, bool is_from_text, const char *name)
{
    struct blob text = print(input);
    struct blob again = encode(text, name);
    struct blob text_again = print(again);

    if (!is_same(text, text_again) || (is_from_text && !is_same(input, again))) {
        fprintf(stderr, "%s: does not survive the text form:\n%s", name, text.bytes);
        exit(WRONG);
    }
    free(text.bytes);
    free(again.bytes);
    free(text_again.bytes);
}

/* Random bytes in which marks and letters of steps are frequent; the same on every machine. */
static void check_random(void)
{
    char bytes[LENGTH];
    uint32_t state = 1;

    for (int round = 0; round < COUNT; round++) {
        struct blob input = {bytes, (size_t)round % LENGTH};

        for (size_t i = 0; i < input.length; i++) {
            state = state * 1664525u + 1013904223u;
            bytes[i] = (char)(state >> 24);
            if ((state >> 16) % 8 == 0)
                bytes[i] = (char)STEP_MARK;
            else if ((state >> 16) % 8 == 1)
                bytes[i] = (char)fuzz_language->kinds[(state >> 20) % fuzz_language->count].letter;
        }
        check(input, false, "a random input");
    }
}

static int usage(void)
{
    fputs("usage: seeds encode DIRECTORY TEXT... | seeds check TEXT...\n", stderr);
    return USAGE;
}

int main(int argc, char **argv)
{
    bool encodes = argc > 3 && strcmp(argv[1], "encode") == 0;
    bool checks = argc > 2 && strcmp(argv[1], "check") == 0;

    if (!encodes && !checks)
        return usage();
    for (int i = encodes ? 3 : 2; i < argc; i++) {
        struct blob text = read_file(argv[i]);
        struct blob seed = encode(text, argv[i]);

        if (encodes) {
            char *path = NULL;

            if (asprintf(&path, "%s/%s", argv[2], basename(argv[i])) < 0)
                stop(argv[i], UNUSABLE);
            write_file(path, seed);
            free(path);
        } else {
            check(seed, true, argv[i]);
        }
        free(text.bytes);
        free(seed.bytes);
    }
    if (checks)
        check_random();
    return DONE;
}
