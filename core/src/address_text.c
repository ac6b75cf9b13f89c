/* SPDX-License-Identifier: MIT */
/*
 * Addresses as text, and back.
 *
 *   printed          what it is
 *   <unnamed>        an address without a name
 *   @rest            an abstract name
 *   rest             a path
 *
 * In "rest" a byte outside '!'..'~' is \xHH and a backslash is two. A relative path may begin with
 * '@' or '<'; there that byte is escaped too, so the first character alone says which row applies.
 * That makes the printer injective: two sockets never look the same, and no name can forge a line
 * or a field in a log.
 *
 * What this file does not do: it judges no name. What was decoded can be printed, and
 * what was printed can be read back, even where the constructors of address.c would refuse it.
 *
 * Tests: tests/unit/test_address_text.c    Fuzz: fuzz/targets/fuzz_address.c
 */
#include "address.h"

#include <string.h>

static const char unnamed_text[] = "<unnamed>";

/* Longest form of one byte: \xHH. */
#define SP__ESCAPE_MAX ((size_t)4)

static bool is_graphic(uint8_t byte)
{
    return byte >= '!' && byte <= '~';
}

static size_t escape(uint8_t byte, char *text)
{
    static const char digits[] = "0123456789abcdef";

    text[0] = '\\';
    text[1] = 'x';
    text[2] = digits[byte >> 4];
    text[3] = digits[byte & 15];
    return SP__ESCAPE_MAX;
}

/* Prints without terminator to @text, which has room for any address; returns how much. */
static size_t format_any(const struct sp_address *address, char *text)
{
    size_t used = 0;
    size_t i = 0;

    if (address->space == SP_NAMESPACE_UNNAMED) {
        memcpy(text, unnamed_text, sizeof(unnamed_text) - 1);
        return sizeof(unnamed_text) - 1;
    }
    if (address->space == SP_NAMESPACE_ABSTRACT)
        text[used++] = '@';
    else if (address->bytes[0] == '@' || address->bytes[0] == '<')
        used = escape(address->bytes[i++], text);

    for (; i < address->length; i++) {
        uint8_t byte = address->bytes[i];

        if (!is_graphic(byte)) {
            used += escape(byte, text + used);
            continue;
        }
        text[used++] = (char)byte;
        if (byte == '\\')
            text[used++] = '\\';
    }
    return used;
}

int sp_address_format(const struct sp_address *address, char *text, size_t capacity)
{
    char whole[SP_ADDRESS_TEXT_MAX];
    /* What somebody filled by hand may not even have a length that fits. */
    bool is_valid = sp__address_is_valid(address);
    size_t used = is_valid ? format_any(address, whole) : 0;

    if (!is_valid || used >= capacity) {
        if (capacity > 0)
            text[0] = '\0';
        return SP_ERROR_ARGUMENT;
    }
    memcpy(text, whole, used);
    text[used] = '\0';
    return (int)used;
}

/* The value of a hexadecimal digit, or -1. */
static int digit_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

/* Reads what follows a backslash; returns how many characters it took, 0 if they mean nothing. */
static size_t unescape(const char *text, size_t length, uint8_t *ret)
{
    int high;
    int low;

    if (length >= 1 && text[0] == '\\') {
        *ret = '\\';
        return 1;
    }
    if (length < SP__ESCAPE_MAX - 1 || text[0] != 'x')
        return 0;
    high = digit_value(text[1]);
    low = digit_value(text[2]);
    if (high < 0 || low < 0)
        return 0;
    *ret = (uint8_t)(high * 16 + low);
    return SP__ESCAPE_MAX - 1;
}

/*
 * Reads the name part of @text into @address, whose namespace is known. All of the text is read
 * before its length is judged, so that a text which is wrong in two ways is always refused for the
 * same one: syntax, then NUL, then length.
 */
static enum sp_cause parse_name(struct sp_address *address, const char *text, size_t length)
{
    bool is_path = address->space == SP_NAMESPACE_PATH;
    size_t longest = is_path ? SP_PATH_MAX : SP_ABSTRACT_MAX;
    size_t count = 0;
    bool has_nul = false;

    for (size_t at = 0; at < length; count++) {
        uint8_t byte = (uint8_t)text[at++];

        if (byte == '\\') {
            size_t taken = unescape(text + at, length - at, &byte);

            if (taken == 0)
                return SP_CAUSE_NAME_SYNTAX;
            at += taken;
            has_nul = has_nul || byte == 0;
        } else if (!is_graphic(byte) && byte < 0x80) {
            /* Bytes from 0x80 up are what people type in their own language. */
            return SP_CAUSE_NAME_SYNTAX;
        }
        if (count < longest)
            address->bytes[count] = byte;
    }
    if (is_path && has_nul)
        return SP_CAUSE_NAME_HAS_NUL;
    if (count > longest)
        return SP_CAUSE_NAME_TOO_LONG;
    address->length = (uint8_t)count;
    return SP_CAUSE_NONE;
}

int sp_address_parse(struct sp_address *ret, const char *text, size_t length,
                     enum sp_cause *ret_cause)
{
    struct sp_address address = {.space = SP_NAMESPACE_PATH};
    enum sp_cause cause;

    if (length == SP_STRLEN)
        length = strlen(text);
    if (length == 0)
        return sp__address_refuse(ret_cause, SP_CAUSE_NAME_EMPTY);
    if (text[0] == '<') {
        if (length != sizeof(unnamed_text) - 1 || memcmp(text, unnamed_text, length) != 0)
            return sp__address_refuse(ret_cause, SP_CAUSE_NAME_SYNTAX);
        address.space = SP_NAMESPACE_UNNAMED;
        *ret = address;
        return SP_OK;
    }
    if (text[0] == '@') {
        address.space = SP_NAMESPACE_ABSTRACT;
        text++;
        length--;
    }
    cause = parse_name(&address, text, length);
    if (cause != SP_CAUSE_NONE)
        return sp__address_refuse(ret_cause, cause);
    *ret = address;
    return SP_OK;
}
