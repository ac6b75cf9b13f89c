/* SPDX-License-Identifier: MIT */
/* Addresses printed and read back: no two look alike, nothing forges a line, nothing is lost. */
#include "tests/unit/address_case.h"

/* A path can be anything that was decoded, so it is put together by hand. */
static struct sp_address address_of(enum sp_namespace space, const void *bytes, size_t length)
{
    struct sp_address address = {.space = space, .length = (uint8_t)length};

    memcpy(address.bytes, bytes, length);
    CHECK(sp__address_is_valid(&address), "the test made an address that cannot exist");
    return address;
}

/* Prints in a block that just fits; returns the length. */
static size_t print(const struct sp_address *address, char *ret_text)
{
    char roomy[SP_ADDRESS_TEXT_MAX];
    int length = sp_address_format(address, roomy, sizeof(roomy));
    char *fits;

    CHECK(length > 0 && (size_t)length < sizeof(roomy), "length %d", length);
    CHECK(strlen(roomy) == (size_t)length, "length %d of \"%s\"", length, roomy);
    fits = malloc((size_t)length + 1);
    CHECK(sp_address_format(address, fits, (size_t)length + 1) == length, "no room in %d", length);
    CHECK(strcmp(fits, roomy) == 0, "\"%s\" and \"%s\"", fits, roomy);
    free(fits);
    memcpy(ret_text, roomy, (size_t)length + 1);
    return (size_t)length;
}

static struct outcome parse(const char *text, size_t length)
{
    struct outcome outcome = outcome_before();
    char *copy = exact(text, length);

    outcome.result = sp_address_parse(&outcome.address, copy, length, &outcome.cause);
    free(copy);
    return outcome;
}

/* Printed, graphic, and the same when read back. */
static void expect_round_trip(const struct sp_address *address, char *ret_text)
{
    size_t length = print(address, ret_text);
    struct outcome outcome = parse(ret_text, length);

    for (size_t i = 0; i < length; i++)
        CHECK(ret_text[i] > ' ' && ret_text[i] < 0x7f, "\"%s\"", ret_text);
    expect_address(&outcome, address->space, address->bytes, address->length, ret_text);
    CHECK(sp_address_equal(&outcome.address, address), "\"%s\"", ret_text);
}

struct printed {
    enum sp_namespace space;
    const char *bytes;
    size_t length;
    const char *text;
};

static const struct printed table[] = {
    {SP_NAMESPACE_UNNAMED, "", 0, "<unnamed>"},
    {SP_NAMESPACE_PATH, "/run/dbus/system_bus_socket", 27, "/run/dbus/system_bus_socket"},
    {SP_NAMESPACE_PATH, "relative", 8, "relative"},
    {SP_NAMESPACE_PATH, "@socket", 7, "\\x40socket"},
    {SP_NAMESPACE_PATH, "<unnamed>", 9, "\\x3cunnamed>"},
    {SP_NAMESPACE_PATH, "a@b<c", 5, "a@b<c"},
    {SP_NAMESPACE_PATH, "/@", 2, "/@"},
    {SP_NAMESPACE_PATH, "/a b", 4, "/a\\x20b"},
    {SP_NAMESPACE_PATH, "/a\nb", 4, "/a\\x0ab"},
    {SP_NAMESPACE_PATH, "/\\x41", 5, "/\\\\x41"},
    {SP_NAMESPACE_PATH, "/\x7f\x80\xff", 4, "/\\x7f\\x80\\xff"},
    {SP_NAMESPACE_PATH,
     "/gr\xc3\xb6\xc3\x9f"
     "e",
     8, "/gr\\xc3\\xb6\\xc3\\x9fe"},
    {SP_NAMESPACE_ABSTRACT, "", 0, "@"},
    {SP_NAMESPACE_ABSTRACT, "/tmp/.X11-unix/X0", 17, "@/tmp/.X11-unix/X0"},
    {SP_NAMESPACE_ABSTRACT, "@", 1, "@@"},
    {SP_NAMESPACE_ABSTRACT, "<", 1, "@<"},
    {SP_NAMESPACE_ABSTRACT, "a\0b", 3, "@a\\x00b"},
    {SP_NAMESPACE_ABSTRACT, "\0", 1, "@\\x00"},
};

/* Covers: ABST-09 */
Test(address_text, the_printed_form)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct sp_address address = address_of(table[i].space, table[i].bytes, table[i].length);
        char text[SP_ADDRESS_TEXT_MAX];

        expect_round_trip(&address, text);
        cr_assert_str_eq(text, table[i].text);
    }
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Every address of up to two bytes: about 130,000, in both namespaces. */
/* Covers: ABST-09 */
Test(address_text, no_two_addresses_print_alike)
{
    enum { MOST = 2 * (1 + 256 + 65536), ROOM = 10 };
    char *texts = malloc((size_t)MOST * ROOM);
    char **sorted = malloc(sizeof(char *) * MOST);
    size_t count = 0;

    CHECK(texts != NULL && sorted != NULL, "no memory");
    for (int space = SP_NAMESPACE_PATH; space <= SP_NAMESPACE_ABSTRACT; space++) {
        for (unsigned number = 0; number < 1 + 256 + 65536; number++) {
            uint8_t bytes[2] = {(uint8_t)(number - 1), (uint8_t)((number - 257) >> 8)};
            size_t length = number == 0 ? 0 : number <= 256 ? 1 : 2;
            struct sp_address address = {.space = (enum sp_namespace)space,
                                         .length = (uint8_t)length};
            char text[SP_ADDRESS_TEXT_MAX];

            memcpy(address.bytes, bytes, length);
            if (!sp__address_is_valid(&address))
                continue; /* a path that is empty or holds a NUL */
            expect_round_trip(&address, text);
            CHECK(strlen(text) < ROOM, "\"%s\"", text);
            sorted[count] = strcpy(texts + count * ROOM, text);
            count++;
        }
    }
    cr_assert_gt(count, 130000);
    qsort(sorted, count, sizeof(char *), compare_texts);
    for (size_t i = 1; i < count; i++)
        CHECK(strcmp(sorted[i - 1], sorted[i]) != 0, "two addresses print as \"%s\"", sorted[i]);
    free(sorted);
    free(texts);
}

Test(address_text, the_longest_text_fits_the_documented_room)
{
    uint8_t bytes[SP_PATH_MAX];
    struct sp_address address;
    char text[SP_ADDRESS_TEXT_MAX];

    memset(bytes, 0xff, sizeof(bytes));
    address = address_of(SP_NAMESPACE_PATH, bytes, SP_PATH_MAX);
    expect_round_trip(&address, text);
    cr_assert_eq(strlen(text), 4 * SP_PATH_MAX);
    address = address_of(SP_NAMESPACE_ABSTRACT, bytes, SP_ABSTRACT_MAX);
    expect_round_trip(&address, text);
    cr_assert_eq(strlen(text), 1 + 4 * SP_ABSTRACT_MAX);
}

/* Covers: ALEN-09 */
Test(address_text, every_capacity)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct sp_address address = address_of(table[i].space, table[i].bytes, table[i].length);
        size_t need = strlen(table[i].text) + 1;

        for (size_t capacity = 0; capacity <= need + 2; capacity++) {
            char *text = malloc(capacity + 1);
            int result;

            memset(text, 'c', capacity + 1);
            result = sp_address_format(&address, text, capacity);
            CHECK(text[capacity] == 'c', "%s: wrote behind %zu bytes", table[i].text, capacity);
            if (capacity >= need) {
                CHECK(result == (int)need - 1 && strcmp(text, table[i].text) == 0, "\"%s\"", text);
            } else {
                CHECK(result == SP_ERROR_ARGUMENT, "%s in %zu bytes: %d", table[i].text, capacity,
                      result);
                CHECK(capacity == 0 || text[0] == '\0', "a failure must leave an empty string");
            }
            free(text);
        }
    }
}

/* A structure filled by hand: refused, whatever its length says. */
Test(address_text, what_is_no_address_is_not_printed)
{
    static const struct sp_address wrong[] = {
        {.space = SP_NAMESPACE_PATH},
        {.space = SP_NAMESPACE_PATH, .length = 0, .bytes = "@x"},
        {.space = SP_NAMESPACE_PATH, .length = 255, .bytes = "/x"},
        {.space = SP_NAMESPACE_ABSTRACT, .length = 108},
        {.space = (enum sp_namespace)3},
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char text[SP_ADDRESS_TEXT_MAX] = "as before";

        cr_assert_eq(sp_address_format(&wrong[i], text, sizeof(text)), SP_ERROR_ARGUMENT);
        cr_assert_str_empty(text);
        cr_assert_eq(sp_address_format(&wrong[i], NULL, 0), SP_ERROR_ARGUMENT);
    }
}

struct spelled {
    const char *text;
    enum sp_namespace space;
    const char *bytes;
    size_t length;
};

/* Spellings that the printer does not use. */
static const struct spelled spellings[] = {
    {"/\\x41\\x4a\\x4A\\xfF", SP_NAMESPACE_PATH, "/AJJ\xff", 5},
    {"\\x2fx", SP_NAMESPACE_PATH, "/x", 2},
    {"\\x40a", SP_NAMESPACE_PATH, "@a", 2},
    {"@\\x40", SP_NAMESPACE_ABSTRACT, "@", 1},
    {"/gr\xc3\xb6", SP_NAMESPACE_PATH, "/gr\xc3\xb6", 5},
    {"/\x80", SP_NAMESPACE_PATH, "/\x80", 2},
    {"/x/", SP_NAMESPACE_PATH, "/x/", 3},
};

Test(address_text, other_spellings_are_read_too)
{
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        const struct spelled *spelled = &spellings[i];
        struct outcome outcome = parse(spelled->text, strlen(spelled->text));

        expect_address(&outcome, spelled->space, spelled->bytes, spelled->length, spelled->text);
    }
}

struct misspelled {
    const char *text;
    enum sp_cause cause;
};

static const struct misspelled misspellings[] = {
    {"", SP_CAUSE_NAME_EMPTY},
    {"<", SP_CAUSE_NAME_SYNTAX},
    {"<unnamed", SP_CAUSE_NAME_SYNTAX},
    {"<unnamed>>", SP_CAUSE_NAME_SYNTAX},
    {"<Unnamed>", SP_CAUSE_NAME_SYNTAX},
    {"<\\x00", SP_CAUSE_NAME_SYNTAX},
    {"\\", SP_CAUSE_NAME_SYNTAX},
    {"/\\", SP_CAUSE_NAME_SYNTAX},
    {"/\\x", SP_CAUSE_NAME_SYNTAX},
    {"/\\x4", SP_CAUSE_NAME_SYNTAX},
    {"/\\xg0", SP_CAUSE_NAME_SYNTAX},
    {"/\\x0g", SP_CAUSE_NAME_SYNTAX},
    {"/\\x/0", SP_CAUSE_NAME_SYNTAX},
    {"/\\x:0", SP_CAUSE_NAME_SYNTAX},
    {"/\\x`0", SP_CAUSE_NAME_SYNTAX},
    {"/\\x@0", SP_CAUSE_NAME_SYNTAX},
    {"/\\xG0", SP_CAUSE_NAME_SYNTAX},
    {"/\\X41", SP_CAUSE_NAME_SYNTAX},
    {"/\\n", SP_CAUSE_NAME_SYNTAX},
    {"/\\041", SP_CAUSE_NAME_SYNTAX},
    {"/a b", SP_CAUSE_NAME_SYNTAX},
    {" /a", SP_CAUSE_NAME_SYNTAX},
    {"/a ", SP_CAUSE_NAME_SYNTAX},
    {"/a\n", SP_CAUSE_NAME_SYNTAX},
    {"/a\tb", SP_CAUSE_NAME_SYNTAX},
    {"/a\x7f", SP_CAUSE_NAME_SYNTAX},
    {"@a\x1b[31m", SP_CAUSE_NAME_SYNTAX},
    {"/a\\x00", SP_CAUSE_NAME_HAS_NUL},
    {"\\x00", SP_CAUSE_NAME_HAS_NUL},
    /* Wrong in two ways: syntax, then NUL, then length. */
    {"/\\x00 ", SP_CAUSE_NAME_SYNTAX},
};

Test(address_text, what_means_nothing_is_refused)
{
    for (size_t i = 0; i < sizeof(misspellings) / sizeof(misspellings[0]); i++) {
        const char *text = misspellings[i].text;
        struct outcome outcome = parse(text, strlen(text));

        expect_refusal(&outcome, SP_ERROR_SERVER_NOT_FOUND, misspellings[i].cause, text);
    }
}

Test(address_text, raw_bytes_that_a_text_may_hold)
{
    for (int byte = 0; byte < 256; byte++) {
        char text[2] = {'/', (char)byte};
        struct outcome outcome = parse(text, 2);
        bool is_refused = byte <= ' ' || byte == 0x7f || byte == '\\';

        if (is_refused)
            expect_refusal(&outcome, SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_NAME_SYNTAX, "raw byte");
        else
            expect_address(&outcome, SP_NAMESPACE_PATH, text, 2, "raw byte");
    }
}

/* Covers: PATH-01 */
Test(address_text, every_length_fits_or_is_refused)
{
    char text[2 + 200];
    struct outcome outcome_of_nul;

    memset(text, 't', sizeof(text));
    for (size_t length = 1; length <= 200; length++) {
        struct outcome outcome;

        text[0] = '/';
        outcome = parse(text, length);
        if (length <= 108)
            expect_address(&outcome, SP_NAMESPACE_PATH, text, length, "path");
        else
            expect_refusal(&outcome, SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_NAME_TOO_LONG, "path");

        text[0] = '@';
        outcome = parse(text, 1 + length);
        if (length <= 107)
            expect_address(&outcome, SP_NAMESPACE_ABSTRACT, text + 1, length, "abstract");
        else
            expect_refusal(&outcome, SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_NAME_TOO_LONG, "abstract");
    }
    memcpy(text + 150, "\\x00", 4);
    text[0] = '/';
    outcome_of_nul = parse(text, 200);
    expect_refusal(&outcome_of_nul, SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_NAME_HAS_NUL,
                   "long, and a NUL where nothing is kept");
}

Test(address_text, a_c_string_is_measured)
{
    struct sp_address address;

    cr_assert_eq(sp_address_parse(&address, "@abc", SP_STRLEN, NULL), SP_OK);
    cr_assert_eq(address.space, SP_NAMESPACE_ABSTRACT);
    cr_assert_eq(address.length, 3);
    cr_assert_eq(sp_address_parse(&address, "", SP_STRLEN, NULL), SP_ERROR_SERVER_NOT_FOUND);
}
