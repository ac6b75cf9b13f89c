/* SPDX-License-Identifier: MIT */
/*
 * Names and addresses against their specification, and what numbers are called.
 *
 * Under test:   core/src/address.c, address_text.c, access.c, trust_judge.c, error.c; the names of
 *               events.c
 * Not covered:  anything that needs a kernel: links, directories, sockets
 * Input:        steps, listed in address_steps.h; every byte string is valid
 * Oracle:       fuzz/spec says the result, the cause and every byte of each call; besides, whatever
 *               the specification says:
 *                 - a failed call leaves its result as it was, a successful one leaves the cause
 *                 - an address printed and read back is the same address
 *                 - no two addresses of an input print alike, and none prints a blank or a control
 *                 - an address given to the kernel and taken back is the same address
 *                 - nothing is read or written outside of what was handed over (guard.h)
 */
#include "address.h"
#include "fuzz/engine/digest.h"
#include "fuzz/engine/guard.h"
#include "fuzz/engine/target.h"
#include "fuzz/spec/address_spec.h"
#include "fuzz/spec/words_spec.h"
#include "fuzz/targets/address_steps.h"

#include <sunpath/error.h>
#include <sunpath/event.h>
#include <sunpath/version.h>

#include <string.h>

/* Steps of an input that are played; more are ignored, so that one run stays short. */
#define STEPS_MAX 8
/* Addresses of an input that are compared with each other. */
#define SEEN_MAX 8
/* What results hold before a call. */
#define CANARY 0xa5
#define CAUSE_CANARY ((enum sp_cause)0x5a5a)

struct seen {
    struct sp_address address;
    size_t length;
    char text[SP_ADDRESS_TEXT_MAX];
};

/* What one step leaves for the next. */
struct run {
    size_t base_length;
    uint8_t base[STEP_OPERAND_MAX];
    int length_offset;
    bool failed_before;
    size_t seen_count;
    struct seen seen[SEEN_MAX];
};

/*
 * Comparing by hand, here and below, and not with memcmp(): where a sanitizer is linked, every call
 * of a string function goes through it, also from code that it does not check, and that would be a
 * third of the time.
 */
static bool is_same_bytes(const void *a, const void *b, size_t length)
{
    const uint8_t *left = a;
    const uint8_t *right = b;
    unsigned difference = 0;

    for (size_t i = 0; i < length; i++)
        difference |= left[i] ^ right[i];
    return difference == 0;
}

static bool is_same(const struct sp_address *a, const struct sp_address *b)
{
    return a->space == b->space && a->length == b->length &&
           is_same_bytes(a->bytes, b->bytes, sizeof(a->bytes));
}

/* ---- one address that came out of somewhere ---- */

/* Prints @address where it just fits; returns the text's length. */
static size_t check_format(const struct sp_address *address, char *ret_text)
{
    char expected[SP_ADDRESS_TEXT_MAX];
    size_t length = spec_format(address, expected);
    char *text = guard_block(GUARD_TEXT, length + 1);
    int result = sp_address_format(address, text, length + 1);

    guard_check(GUARD_TEXT, "sp_address_format()");
    FUZZ_CHECK(result == (int)length, "format() gave %d, must be %zu", result, length);
    FUZZ_CHECK(is_same_bytes(text, expected, length) && text[length] == '\0',
               "printed \"%s\", must be \"%.*s\"", text, (int)length, expected);
    for (size_t i = 0; i < length; i++)
        FUZZ_CHECK(text[i] >= '!' && text[i] <= '~', "\"%s\" holds more than graphic characters",
                   text);
    for (size_t i = 0; i <= length; i++)
        ret_text[i] = text[i];
    fuzz_note_bytes(text, length);
    return length;
}

/* Prints @address where there is no room for the terminator. */
static void check_format_refuses(const struct sp_address *address, size_t length)
{
    char *text = guard_block(GUARD_TEXT, length);
    int result = sp_address_format(address, text, length);

    guard_check(GUARD_TEXT, "sp_address_format()");
    FUZZ_CHECK(result == SP_ERROR_ARGUMENT, "no room for the terminator, and format() gave %d",
               result);
    FUZZ_CHECK(text[0] == '\0', "a failed format() must leave an empty string");
}

/* @text is printed from @address, with terminator. */
static void check_parse_back(const struct sp_address *address, const char *text, size_t length)
{
    struct sp_address back;
    int result = sp_address_parse(&back, guard_copy(GUARD_TEXT, text, length + 1), SP_STRLEN, NULL);

    FUZZ_CHECK(result == SP_OK, "\"%s\" was printed and cannot be read back", text);
    FUZZ_CHECK(is_same(address, &back), "\"%s\" is read back as another address", text);
}

/* To sun_path and back, as bind() and getsockname() would do it. In builds with checks, which all
 * fuzz builds are, encoding checks its argument too: so what is made here is always valid. */
static void check_kernel_round_trip(const struct sp_address *address)
{
    static const uint16_t family = 1;
    uint8_t expected[SP_PATH_MAX];
    uint8_t sockaddr[sizeof(family) + SP_PATH_MAX + 1] = {0};
    size_t length = spec_encode(address, expected);
    uint8_t *sun_path = guard_block(GUARD_SOCKADDR, SP_PATH_MAX);
    struct sp_address back;
    size_t kernel_length;
    size_t capacity;
    int result;

    FUZZ_CHECK(sp__address_encode(address, sun_path) == length &&
                   is_same_bytes(sun_path, expected, length),
               "the bytes for the kernel are not the name");

    memcpy(sockaddr, &family, sizeof(family));
    memcpy(sockaddr + sizeof(family), expected, length);
    kernel_length = sizeof(family) + length;
    /* The kernel counts a path's terminator, but keeps no room for it behind 108 bytes. */
    kernel_length += address->space == SP_NAMESPACE_PATH;
    capacity = sizeof(family) + SP_PATH_MAX;
    if (capacity > kernel_length)
        capacity = kernel_length;
    result = sp_address_decode(&back, guard_copy(GUARD_SOCKADDR, sockaddr, capacity), capacity,
                               kernel_length, NULL);
    FUZZ_CHECK(result == SP_OK && is_same(address, &back),
               "an address of %zu bytes does not come back from the kernel", kernel_length);
}

static bool was_seen(const struct run *run, const struct sp_address *address)
{
    for (size_t i = 0; i < run->seen_count; i++)
        if (is_same(&run->seen[i].address, address))
            return true;
    return false;
}

/* Everything that must hold for an address that the library has made. */
static void examine(struct run *run, const struct sp_address *address)
{
    char text[SP_ADDRESS_TEXT_MAX];
    size_t length;

    FUZZ_CHECK(sp_address_equal(address, address), "an address differs from itself");
    if (was_seen(run, address))
        return;
    if (run->seen_count > 0)
        FUZZ_CHECK(!sp_address_equal(address, &run->seen[run->seen_count - 1].address),
                   "two different addresses are called equal");

    length = check_format(address, text);
    if (run->seen_count == 0) /* once an input is enough */
        check_format_refuses(address, length);
    check_parse_back(address, text, length);
    check_kernel_round_trip(address);

    for (size_t i = 0; i < run->seen_count; i++)
        FUZZ_CHECK(run->seen[i].length != length || !is_same_bytes(run->seen[i].text, text, length),
                   "two addresses print as \"%s\"", text);
    if (run->seen_count < SEEN_MAX) {
        struct seen *seen = &run->seen[run->seen_count++];

        seen->address = *address;
        seen->length = length;
        for (size_t i = 0; i < length; i++)
            seen->text[i] = text[i];
    }
}

/* ---- one call that may make an address ---- */

enum function { F_PATH, F_NAME, F_ABSTRACT, F_PARSE, F_DECODE };

static const char *const function_names[] = {
    [F_PATH] = "sp_address_path()",         [F_NAME] = "sp_address_name()",
    [F_ABSTRACT] = "sp_address_abstract()", [F_PARSE] = "sp_address_parse()",
    [F_DECODE] = "sp_address_decode()",
};

struct call {
    enum function function;
    const void *bytes;
    size_t length;
    const void *base; /* F_NAME */
    size_t base_length;
    size_t kernel_length; /* F_DECODE */
};

static int make_call(const struct call *call, struct sp_address *ret, enum sp_cause *ret_cause)
{
    switch (call->function) {
    case F_PATH:
        return sp_address_path(ret, call->bytes, call->length, ret_cause);
    case F_NAME:
        return sp_address_name(ret, call->bytes, call->length, call->base, call->base_length,
                               ret_cause);
    case F_ABSTRACT:
        return sp_address_abstract(ret, call->bytes, call->length, ret_cause);
    case F_PARSE:
        return sp_address_parse(ret, call->bytes, call->length, ret_cause);
    case F_DECODE:
        return sp_address_decode(ret, call->bytes, call->length, call->kernel_length, ret_cause);
    }
    return SP_OK;
}

static struct sp_address *fresh_result(void)
{
    uint8_t *bytes = guard_block(GUARD_ADDRESS, sizeof(struct sp_address));

    for (size_t i = 0; i < sizeof(struct sp_address); i++)
        bytes[i] = CANARY;
    return (struct sp_address *)(void *)bytes;
}

static void check_untouched(const struct sp_address *ret, const char *name)
{
    const uint8_t *bytes = (const uint8_t *)ret;
    unsigned difference = 0;

    for (size_t i = 0; i < sizeof(*ret); i++)
        difference |= bytes[i] ^ CANARY;
    FUZZ_CHECK(difference == 0, "%s failed and changed its result", name);
}

/* Makes @call, and holds its outcome against @expected. */
static void attempt(struct run *run, const struct call *call, const struct spec_verdict *expected)
{
    const char *name = function_names[call->function];
    struct sp_address *ret = fresh_result();
    enum sp_cause cause = CAUSE_CANARY;
    int result = make_call(call, ret, &cause);

    fuzz_note((uint64_t)result);
    fuzz_note(cause);
    guard_check(GUARD_ADDRESS, name);
    FUZZ_CHECK(result == expected->error, "%s gave %d (cause %d), must be %d (cause %d)", name,
               result, (int)cause, expected->error, (int)expected->cause);
    if (result == SP_OK) {
        struct sp_address address = *ret;

        FUZZ_CHECK(is_same(&address, &expected->address), "%s made another address", name);
        FUZZ_CHECK(cause == CAUSE_CANARY, "%s succeeded and gave a cause", name);
        examine(run, &address);
        return;
    }
    FUZZ_CHECK(cause == expected->cause, "%s gave cause %d, must be %d", name, (int)cause,
               (int)expected->cause);
    check_untouched(ret, name);

    if (run->failed_before) /* the rest is checked once an input */
        return;
    run->failed_before = true;
    FUZZ_CHECK(make_call(call, ret, NULL) == result, "%s depends on whether a cause is asked for",
               name);
    check_untouched(ret, name);
}

/* ---- the steps ---- */

/* How a string is handed over: its length beside it, or a NUL behind it. */
enum form { WITH_LENGTH, AS_C_STRING };

/* Puts @string where the bytes around it are guarded. A C string ends at its first NUL. */
static const void *hand_over(enum guard guard, enum form form, struct spec_bytes *string,
                             size_t *ret_length)
{
    const uint8_t *nul;
    uint8_t *block;

    if (form == WITH_LENGTH) {
        *ret_length = string->length;
        return guard_copy(guard, string->at, string->length);
    }
    nul = memchr(string->at, 0, string->length);
    if (nul != NULL)
        string->length = (size_t)(nul - string->at);
    block = guard_block(guard, string->length + 1);
    memcpy(block, string->at, string->length);
    block[string->length] = '\0';
    *ret_length = SP_STRLEN;
    return block;
}

enum way { AS_PATH_OR_SHORT = 1, AS_ABSTRACT = 2 };

/* @ways: a set of enum way */
static void play_name(struct run *run, const struct step *step, enum form form, int ways)
{
    struct spec_bytes name = {step->operand, step->length};
    struct spec_bytes base = {run->base, run->base_length};
    struct call call = {0};
    struct spec_verdict expected;

    call.bytes = hand_over(GUARD_NAME, form, &name, &call.length);
    call.base = hand_over(GUARD_BASE, form, &base, &call.base_length);
    if (name.length > 0 && name.at[0] == '/')
        call.base = NULL;

    if (ways & AS_PATH_OR_SHORT) {
        call.function = F_PATH;
        expected = spec_path(name);
        attempt(run, &call, &expected);
        call.function = F_NAME;
        expected = spec_name(name, base);
        attempt(run, &call, &expected);
    }
    if (ways & AS_ABSTRACT) {
        call.function = F_ABSTRACT;
        expected = spec_abstract(name);
        attempt(run, &call, &expected);
    }
}

static void play_text(struct run *run, const struct step *step)
{
    struct spec_verdict expected = spec_parse((struct spec_bytes){step->operand, step->length});
    struct call call = {
        .function = F_PARSE,
        .bytes = guard_copy(GUARD_NAME, step->operand, step->length),
        .length = step->length,
    };

    attempt(run, &call, &expected);
}

/* @bytes: what is in the buffer, family included. */
static void play_sockaddr(struct run *run, const uint8_t *bytes, size_t length)
{
    size_t back = run->length_offset < 0 ? (size_t)-run->length_offset : 0;
    size_t ahead = run->length_offset > 0 ? (size_t)run->length_offset : 0;
    struct call call = {
        .function = F_DECODE,
        .bytes = guard_copy(GUARD_NAME, bytes, length),
        .length = length,
        .kernel_length = back < length ? length - back + ahead : ahead,
    };
    struct spec_verdict expected =
        spec_decode((struct spec_bytes){bytes, length}, call.kernel_length);

    attempt(run, &call, &expected);
}

static void play_kernel(struct run *run, const struct step *step)
{
    static const uint16_t family = 1;
    uint8_t sockaddr[sizeof(family) + STEP_OPERAND_MAX];

    memcpy(sockaddr, &family, sizeof(family));
    memcpy(sockaddr + sizeof(family), step->operand, step->length);
    play_sockaddr(run, sockaddr, sizeof(family) + step->length);
}

static void play_structure(struct run *run, const struct step *step)
{
    struct sp_address address = {
        .space = (enum sp_namespace)(step_field(step, 0, 1) & 3),
        .length = (uint8_t)step_field(step, 1, 1),
    };
    char text[SP_ADDRESS_TEXT_MAX];
    bool is_valid;

    for (size_t i = 0; i < sizeof(address.bytes); i++)
        address.bytes[i] = (uint8_t)step_field(step, 2 + i, 1);
    is_valid = sp__address_is_valid(&address);
    fuzz_note(is_valid);
    FUZZ_CHECK(is_valid == spec_is_valid(&address), "of namespace %d, %d bytes: valid is %d",
               (int)address.space, address.length, is_valid);
    if (is_valid)
        examine(run, &address);
    else
        FUZZ_CHECK(sp_address_format(&address, text, sizeof(text)) == SP_ERROR_ARGUMENT &&
                       text[0] == '\0',
                   "what is no address was printed");
}

/* The mode of the input, with the bits that count in all their combinations. */
static void play_access(const struct step *step)
{
    uint32_t owner = step_id(step_field(step, 2, 1));
    uint32_t uid = step_id(step_field(step, 3, 1));
    bool in_group = (step_field(step, 4, 1) & 1) != 0;

    for (unsigned bits = 0; bits < 8; bits++) {
        uint32_t mode = step_field(step, 0, 2) & ~0222u;
        bool is_allowed;

        mode |= (bits & 1 ? 0200u : 0) | (bits & 2 ? 0020u : 0) | (bits & 4 ? 0002u : 0);
        is_allowed = sp_access_mode_allows(mode, owner, uid, in_group);
        fuzz_note(is_allowed);
        FUZZ_CHECK(is_allowed == spec_access(mode, owner, uid, in_group),
                   "sp_access_mode_allows() gave %d: mode %06o, owner %u, peer %u, in group %d",
                   is_allowed, mode, owner, uid, in_group);
    }
}

static void play_directory(const struct step *step)
{
    struct sp_os_stat node = {
        .mode = step_field(step, 0, 2),
        .uid = step_id(step_field(step, 2, 1)),
    };
    uint32_t euid = step_id(step_field(step, 3, 1));

    for (int i = SP_TRUST_STRICT; i <= SP_TRUST_OFF; i++) {
        enum sp_trust trust = (enum sp_trust)i;
        enum sp_cause cause = sp_trust_judge_directory(&node, euid, trust);
        enum sp_cause expected = spec_directory(node.mode, node.uid, euid, trust);

        fuzz_note(cause);
        FUZZ_CHECK(cause == expected,
                   "directory of mode %06o, owner %u, us %u, trust %d: %d, must be %d", node.mode,
                   node.uid, euid, i, (int)cause, (int)expected);
        cause = sp_trust_judge_link(&node, euid, trust);
        fuzz_note(cause);
        expected = spec_link(node.uid, euid, trust);
        FUZZ_CHECK(cause == expected, "link, owner %u, us %u, trust %d: %d, must be %d", node.uid,
                   euid, i, (int)cause, (int)expected);
    }
}

/* A program prints what it is given: a number that nobody gave a name must not end it. */
static void check_word(const char *function, int number, const char *word, const char *expected)
{
    FUZZ_CHECK(word != NULL, "%s gave no word for %d", function, number);
    for (size_t i = 0; word[i] != '\0'; i++)
        FUZZ_CHECK(word[i] >= ' ' && word[i] <= '~', "%s: the word for %d cannot be printed",
                   function, number);
    FUZZ_CHECK(expected == NULL || strcmp(word, expected) == 0,
               "%s calls %d \"%s\", must be \"%s\"", function, number, word, expected);
    fuzz_note_bytes((const uint8_t *)word, strlen(word));
}

static void play_words(const struct step *step)
{
    int number = (int32_t)step_field(step, 0, 4);
    const struct spec_words expected = spec_words(number);
    const char *text = sp_error_string(number);

    check_word("sp_error_name()", number, sp_error_name(number), expected.error);
    check_word("sp_error_qt_name()", number, sp_error_qt_name(number), expected.qt);
    check_word("sp_error_string()", number, text, NULL);
    FUZZ_CHECK(text[0] != '\0', "error %d has no explanation", number);
    check_word("sp_state_name()", number, sp_state_name((enum sp_state)number), expected.state);
    check_word("sp_event_name()", number, sp_event_name((enum sp_event_kind)number),
               expected.event);
    check_word("sp_operation_string()", number, sp_operation_string((enum sp_operation)number),
               expected.operation);
    check_word("sp_cause_string()", number, sp_cause_string((enum sp_cause)number), expected.cause);
    check_word("sp_version()", number, sp_version(), SP_VERSION_STRING);
}

static void play(struct run *run, const struct step *step)
{
    switch ((enum address_step)step->kind) {
    case ADDRESS_STEP_NAME:
        play_name(run, step, WITH_LENGTH, AS_PATH_OR_SHORT);
        break;
    case ADDRESS_STEP_ABSTRACT:
        play_name(run, step, WITH_LENGTH, AS_ABSTRACT);
        break;
    case ADDRESS_STEP_CNAME:
        play_name(run, step, AS_C_STRING, AS_PATH_OR_SHORT | AS_ABSTRACT);
        break;
    case ADDRESS_STEP_BASE:
        memcpy(run->base, step->operand, step->length);
        run->base_length = step->length;
        break;
    case ADDRESS_STEP_TEXT:
        play_text(run, step);
        break;
    case ADDRESS_STEP_KERNEL:
        play_kernel(run, step);
        break;
    case ADDRESS_STEP_SOCKADDR:
        play_sockaddr(run, step->operand, step->length);
        break;
    case ADDRESS_STEP_STRUCTURE:
        play_structure(run, step);
        break;
    case ADDRESS_STEP_LENGTH:
        run->length_offset = (int8_t)step_field(step, 0, 1);
        break;
    case ADDRESS_STEP_ACCESS:
        play_access(step);
        break;
    case ADDRESS_STEP_DIRECTORY:
        play_directory(step);
        break;
    case ADDRESS_STEP_WORDS:
        play_words(step);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char base[] = "/run/user/1000";
    static struct run run;
    static struct step step;
    struct step_cursor cursor = step_cursor_over(fuzz_language, data, size);

    memcpy(run.base, base, sizeof(base) - 1);
    run.base_length = sizeof(base) - 1;
    run.length_offset = 0;
    run.failed_before = false;
    run.seen_count = 0;
    for (size_t i = 0; i < STEPS_MAX && step_next(&cursor, &step); i++) {
        fuzz_at(i);
        play(&run, &step);
    }
    return 0;
}
