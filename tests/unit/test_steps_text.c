/* SPDX-License-Identifier: MIT */
/*
 * The text form of input programs: what is read back as it was written, and what a person is told
 * who has written something wrong. That nothing else is lost on the way is fuzz_program's matter.
 */
#define _GNU_SOURCE
#include "fuzz/program/operation.h"
#include "fuzz/program/steps_text.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>
#include <string.h>

struct buffer {
    char *at;
    size_t length;
};

static bool encode(const char *text, struct buffer *ret, struct steps_error *ret_error)
{
    FILE *out = open_memstream(&ret->at, &ret->length);
    bool is_right;

    cr_assert(out != NULL);
    is_right = steps_encode(&operation_all, text, strlen(text), out, ret_error);
    cr_assert(fclose(out) == 0);
    return is_right;
}

static void print(struct buffer bytes, struct buffer *ret)
{
    FILE *out = open_memstream(&ret->at, &ret->length);

    cr_assert(out != NULL);
    steps_print(&operation_all, (const uint8_t *)bytes.at, bytes.length, out);
    cr_assert(fclose(out) == 0);
}

/* ---- texts that come back as they are ---- */

struct text {
    char text[160];
};

ParameterizedTestParameters(steps_text, comes_back)
{
    static struct text texts[] = {
        {"c0 = connect \"a\" rw\n"},
        {"c7.wait-ready-read -1ms\nadvance 32767ms\nadvance -32768ms\n"},
        {"fault send eintr x3\nfault connect eintr-after x1\nfault recv short-7 x255\n"},
        {"fault server accept delay-60000ms x0 after 255\n"},
        {"fault tape\nfault tape c0ff00\n"},
        {"s0.accept -> c1\nexpect state c0 closing\nno faults\n"},
        {"at bind 2: at any 0: u2.unlink \"/run/sun/a\"\n"},
        {"at lock_at 0:\n"},
        {"c0.process read+write+hangup+data\nc0.process 0\nc0.process write+data\n"},
        {"u1.mkdir \"/tmp/\\\"q\\\\ \\xff\\x0a\" 0700\nu1.chmod \"\" 177777\n"},
        {"u1.symlink \"/tmp/a\" -> \"b\\x00c\"\nu1.symlink \"\" -> \"\"\nu1.symlink \"\" -> "
         "\"x\"\n"},
        {"c0.skip 4294967295\nc0.policy self+root\nenvironment client TMPDIR \"/tmp\"\n"},
        {""},
    };

    return cr_make_param_array(struct text, texts, sizeof(texts) / sizeof(texts[0]));
}

ParameterizedTest(struct text *c, steps_text, comes_back)
{
    struct buffer bytes, text;
    struct steps_error error;

    cr_assert(encode(c->text, &bytes, &error), "%s", error.what);
    print(bytes, &text);
    cr_expect_str_eq(text.at, c->text);
    free(bytes.at);
    free(text.at);
}

/* ---- texts that are wrong ---- */

struct wrong {
    char text[96];
    size_t line;
    char what[160]; /* the beginning of what is said */
};

ParameterizedTestParameters(steps_text, says_what_is_wrong)
{
    static struct wrong wrongs[] = {
        {"c0.close\n\nc0.closed\n", 3,
         "\"closed\" cannot stand here; what can: set-name, open, adopt,"},
        {"foo\n", 1, "\"foo\" cannot stand here; what can: c0 to c7, s0 to s3, remove, p0 to p7,"},
        {"c8.close\n", 1, "\"c8.close\" cannot stand here; what can: c0 to c7,"},
        {"c0.close now\n", 1, "\"now\" cannot stand here; what can: the end of the line"},
        {"c0.read\n", 1, "the line ends too early; what can: a number from 0 to 65535"},
        {"c0.read 65536\n", 1, "\"65536\" cannot stand here; what can: a number from 0 to 65535"},
        {"c0.skip 4294967296\n", 1,
         "\"4294967296\" cannot stand here; what can: a number from 0 to"},
        {"c0.skip 99999999999999999999999\n", 1, "\"99999999999999999999999\" cannot stand here"},
        {"c0.read -1\n", 1, "\"-1\" cannot stand here; what can: a number from 0 to 65535"},
        {"c0.read 5x\n", 1, "\"5x\" cannot stand here; what can: a number from 0 to 65535"},
        {"advance 5\n", 1, "\"5\" cannot stand here; what can: a time from -32768ms to 32767ms"},
        {"advance 32768ms\n", 1, "\"32768ms\" cannot stand here; what can: a time from"},
        {"s0.access 0800\n", 1, "\"0800\" cannot stand here; what can: an octal mode up to 177777"},
        {"s0.access 200000\n", 1, "\"200000\" cannot stand here; what can: an octal mode"},
        {"expect state c0 open\n", 1,
         "\"open\" cannot stand here; what can: unconnected, connecting, connected, closing"},
        {"c0.process read+read\n", 1, "\"read+read\" cannot stand here; what can: 0, or with +"},
        {"fault send ebadf x1\n", 1,
         "\"ebadf\" cannot stand here; what can: eagain, epipe, econnre"},
        {"fault any eintr x1\n", 1, "\"any\" cannot stand here; what can: alloc, release, now_ns,"},
        {"fault tape 0\n", 1, "a tape is pairs of lower-case hexadecimal digits"},
        {"u1.unlink \"a\\x00\"\n", 1, "a path cannot hold a NUL"},
        {"u1.unlink \"a\n", 1, "the quote at the end of the string is missing"},
        {"u1.unlink \"\\xFF\"\n", 1, "in quotes, \\ is followed by \", by \\, or by x and two"},
        {"u1.unlink /run\n", 1, "\"/run\" cannot stand here; what can: a string in quotes"},
        {"at send 0: foo\n", 1, "\"foo\" cannot stand here; what can: c0 to c7,"},
    };

    return cr_make_param_array(struct wrong, wrongs, sizeof(wrongs) / sizeof(wrongs[0]));
}

ParameterizedTest(struct wrong *c, steps_text, says_what_is_wrong)
{
    struct steps_error error;
    struct buffer bytes;

    cr_assert(!encode(c->text, &bytes, &error), "%s was taken for right", c->text);
    cr_expect_eq(error.line, c->line);
    cr_expect(strncmp(error.what, c->what, strlen(c->what)) == 0, "said: %s", error.what);
    free(bytes.at);
}

/* A step has room for 512 bytes: of a name behind two other operands, for 510. */
Test(steps_text, nothing_is_cut)
{
    char text[640];
    struct steps_error error;
    struct buffer bytes;

    snprintf(text, sizeof(text), "c0 = connect \"%0510d\" rw\n", 0);
    cr_expect(encode(text, &bytes, &error), "%s", error.what);
    free(bytes.at);
    snprintf(text, sizeof(text), "c0 = connect \"%0511d\" rw\n", 0);
    cr_expect(!encode(text, &bytes, &error));
    cr_expect_str_eq(error.what, "the step is longer than one may be");
    free(bytes.at);
}
