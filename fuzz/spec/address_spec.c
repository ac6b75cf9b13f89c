/* SPDX-License-Identifier: MIT */
/*
 * Names and addresses, specified: see address_spec.h.
 *
 * Every judgement has the same shape: a list of rules (this is wrong, and this is what it is
 * called) in the order the header gives, of which the first that holds is the answer.
 */
#include "fuzz/spec/address_spec.h"

#include <string.h>

struct rule {
    bool broken;
    enum sp_cause cause;
};

static struct spec_verdict refuse(int error, enum sp_cause cause)
{
    return (struct spec_verdict){.error = error, .cause = cause};
}

static struct spec_verdict accept(enum sp_namespace space, struct spec_bytes name)
{
    struct spec_verdict verdict = {.error = SP_OK};

    verdict.address.space = space;
    verdict.address.length = (uint8_t)name.length;
    for (size_t i = 0; i < name.length; i++)
        verdict.address.bytes[i] = name.at[i];
    return verdict;
}

/* The first broken rule; SP_CAUSE_NONE if all are kept. */
static enum sp_cause first_broken(const struct rule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (rules[i].broken)
            return rules[i].cause;
    return SP_CAUSE_NONE;
}

#define FIRST_BROKEN(...)                          \
    first_broken((const struct rule[])__VA_ARGS__, \
                 sizeof((const struct rule[])__VA_ARGS__) / sizeof(struct rule))

static bool holds(struct spec_bytes string, int byte)
{
    bool found = false;

    for (size_t i = 0; i < string.length; i++)
        found |= string.at[i] == byte;
    return found;
}

static bool starts_with(struct spec_bytes string, const char *what)
{
    size_t length = strlen(what);

    return string.length >= length && memcmp(string.at, what, length) == 0;
}

static bool ends_with(struct spec_bytes string, const char *what)
{
    size_t length = strlen(what);

    return string.length >= length &&
           memcmp(string.at + (string.length - length), what, length) == 0;
}

struct spec_verdict spec_path(struct spec_bytes path)
{
    bool is_directory = ends_with(path, "/") || ends_with(path, "/.") || ends_with(path, "/..");
    enum sp_cause cause = FIRST_BROKEN({
        {path.length == 0, SP_CAUSE_NAME_EMPTY},
        {holds(path, 0), SP_CAUSE_NAME_HAS_NUL},
        {!starts_with(path, "/"), SP_CAUSE_NAME_NOT_ABSOLUTE},
        {path.length >= 109, SP_CAUSE_NAME_TOO_LONG},
        {is_directory, SP_CAUSE_NAME_IS_DIRECTORY},
    });

    if (cause != SP_CAUSE_NONE)
        return refuse(SP_ERROR_SERVER_NOT_FOUND, cause);
    return accept(SP_NAMESPACE_PATH, path);
}

struct spec_verdict spec_name(struct spec_bytes name, struct spec_bytes base)
{
    uint8_t joined[SPEC_BYTES_MAX + 1 + SPEC_BYTES_MAX];
    struct spec_bytes path = {joined, 0};
    enum sp_cause cause;

    if (starts_with(name, "/"))
        return spec_path(name);

    cause = FIRST_BROKEN({
        {name.length == 0, SP_CAUSE_NAME_EMPTY},
        {holds(name, 0), SP_CAUSE_NAME_HAS_NUL},
        {holds(name, '/'), SP_CAUSE_NAME_HAS_SLASH},
        {base.length == 0, SP_CAUSE_NAME_EMPTY},
        {holds(base, 0), SP_CAUSE_NAME_HAS_NUL},
        {!starts_with(base, "/"), SP_CAUSE_NAME_NOT_ABSOLUTE},
    });
    if (cause != SP_CAUSE_NONE)
        return refuse(SP_ERROR_SERVER_NOT_FOUND, cause);

    for (size_t i = 0; i < base.length; i++)
        joined[path.length++] = base.at[i];
    if (!ends_with(base, "/"))
        joined[path.length++] = '/';
    for (size_t i = 0; i < name.length; i++)
        joined[path.length++] = name.at[i];
    return spec_path(path);
}

struct spec_verdict spec_abstract(struct spec_bytes name)
{
    enum sp_cause cause = FIRST_BROKEN({
        {name.length == 0, SP_CAUSE_NAME_EMPTY},
        {name.length >= 108, SP_CAUSE_NAME_TOO_LONG},
    });

    if (cause != SP_CAUSE_NONE)
        return refuse(SP_ERROR_SERVER_NOT_FOUND, cause);
    return accept(SP_NAMESPACE_ABSTRACT, name);
}

/*
 * One byte of sun_path as far as it is known: a value, or there is none because the name is over,
 * or there is one and we were not shown it.
 */
enum { OVER = -1, HIDDEN = -2 };

static int sun_path_byte(struct spec_bytes written, size_t kernel_length, size_t index)
{
    if (2 + index >= kernel_length)
        return OVER;
    if (2 + index >= written.length)
        return HIDDEN;
    return written.at[2 + index];
}

static struct spec_verdict decode_path(struct spec_bytes written, size_t kernel_length)
{
    struct spec_bytes name = {written.at + 2, 0};

    for (;;) {
        int byte = sun_path_byte(written, kernel_length, name.length);

        if (byte == OVER || byte == 0)
            return accept(SP_NAMESPACE_PATH, name);
        /* Linux counts a terminator after a name of 108 bytes, 2 + 108 + 1, and keeps no room for
         * it: that one byte need not be seen. */
        if (byte == HIDDEN && name.length == 108 && kernel_length == 111)
            return accept(SP_NAMESPACE_PATH, name);
        if (byte == HIDDEN || name.length == 108)
            return refuse(SP_ERROR_UNSUPPORTED, SP_CAUSE_NAME_TOO_LONG);
        name.length++;
    }
}

static struct spec_verdict decode_abstract(struct spec_bytes written, size_t kernel_length)
{
    struct spec_bytes name = {written.at + 3, 0};

    for (;;) {
        int byte = sun_path_byte(written, kernel_length, 1 + name.length);

        if (byte == OVER)
            return accept(SP_NAMESPACE_ABSTRACT, name);
        if (byte == HIDDEN || name.length == 107)
            return refuse(SP_ERROR_UNSUPPORTED, SP_CAUSE_NAME_TOO_LONG);
        name.length++;
    }
}

struct spec_verdict spec_decode(struct spec_bytes written, size_t kernel_length)
{
    /* AF_UNIX is 1 in the byte order of the machine, which is little or big endian. */
    static const uint16_t one = 1;
    bool has_family = written.length >= 2 && kernel_length >= 2;

    if (has_family && memcmp(written.at, &one, 2) != 0)
        return refuse(SP_ERROR_UNSUPPORTED, SP_CAUSE_WRONG_FAMILY);

    if (kernel_length <= 2)
        return accept(SP_NAMESPACE_UNNAMED, (struct spec_bytes){NULL, 0});
    switch (sun_path_byte(written, kernel_length, 0)) {
    case HIDDEN:
        return refuse(SP_ERROR_UNSUPPORTED, SP_CAUSE_NAME_TOO_LONG);
    case 0:
        return decode_abstract(written, kernel_length);
    default:
        return decode_path(written, kernel_length);
    }
}

static const char graphic[] = "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"
                              "abcdefghijklmnopqrstuvwxyz{|}~";

static bool is_graphic(int byte)
{
    return byte != 0 && strchr(graphic, byte) != NULL;
}

static char hex_digit(int value)
{
    return (char)(value < 10 ? '0' + value : 'a' + (value - 10));
}

size_t spec_format(const struct sp_address *address, char *text)
{
    const char *prefix[] = {
        [SP_NAMESPACE_UNNAMED] = "<unnamed>",
        [SP_NAMESPACE_PATH] = "",
        [SP_NAMESPACE_ABSTRACT] = "@",
    };
    size_t length = strlen(prefix[address->space]);

    memcpy(text, prefix[address->space], length);
    for (size_t i = 0; i < address->length; i++) {
        int byte = address->bytes[i];
        /* In front of everything these two would say that it is not a path. */
        bool is_misleading = length == 0 && (byte == '@' || byte == '<');

        if (!is_graphic(byte) || is_misleading) {
            text[length++] = '\\';
            text[length++] = 'x';
            text[length++] = hex_digit(byte / 16);
            text[length++] = hex_digit(byte % 16);
        } else {
            if (byte == '\\')
                text[length++] = '\\';
            text[length++] = (char)byte;
        }
    }
    return length;
}

static int hex_value(int digit)
{
    static const char lower[] = "0123456789abcdef";
    static const char upper[] = "0123456789ABCDEF";

    for (int i = 0; i < 16; i++)
        if (digit == lower[i] || digit == upper[i])
            return i;
    return -1;
}

/* Where a reader of escaped text stands. */
enum reading { PLAIN, AFTER_BACKSLASH, AFTER_X, AFTER_FIRST_DIGIT };

struct unescaped {
    bool is_wrong;
    size_t length;
    uint8_t bytes[SPEC_BYTES_MAX];
};

static void unescape(struct spec_bytes text, struct unescaped *ret)
{
    enum reading reading = PLAIN;
    int pending = 0;

    ret->is_wrong = false;
    ret->length = 0;
    for (size_t i = 0; i < text.length; i++) {
        int c = text.at[i];

        switch (reading) {
        case PLAIN:
            if (c == '\\')
                reading = AFTER_BACKSLASH;
            else if (is_graphic(c) || c >= 128)
                ret->bytes[ret->length++] = (uint8_t)c;
            else
                ret->is_wrong = true;
            break;
        case AFTER_BACKSLASH:
            if (c == 'x') {
                reading = AFTER_X;
            } else {
                ret->is_wrong |= c != '\\';
                ret->bytes[ret->length++] = '\\';
                reading = PLAIN;
            }
            break;
        case AFTER_X:
            pending = hex_value(c);
            ret->is_wrong |= pending < 0;
            reading = AFTER_FIRST_DIGIT;
            break;
        case AFTER_FIRST_DIGIT:
            ret->is_wrong |= hex_value(c) < 0;
            ret->bytes[ret->length++] = (uint8_t)(pending * 16 + hex_value(c));
            reading = PLAIN;
            break;
        }
    }
    ret->is_wrong |= reading != PLAIN;
}

struct spec_verdict spec_parse(struct spec_bytes text)
{
    bool is_abstract = starts_with(text, "@");
    struct unescaped name;
    enum sp_cause cause;

    if (starts_with(text, "<unnamed>") && text.length == 9)
        return accept(SP_NAMESPACE_UNNAMED, (struct spec_bytes){NULL, 0});

    unescape((struct spec_bytes){text.at + is_abstract, text.length - is_abstract}, &name);
    cause = FIRST_BROKEN({
        {text.length == 0, SP_CAUSE_NAME_EMPTY},
        {starts_with(text, "<"), SP_CAUSE_NAME_SYNTAX},
        {name.is_wrong, SP_CAUSE_NAME_SYNTAX},
        {!is_abstract && holds((struct spec_bytes){name.bytes, name.length}, 0),
         SP_CAUSE_NAME_HAS_NUL},
        {name.length > (is_abstract ? 107 : 108), SP_CAUSE_NAME_TOO_LONG},
    });
    if (cause != SP_CAUSE_NONE)
        return refuse(SP_ERROR_SERVER_NOT_FOUND, cause);
    return accept(is_abstract ? SP_NAMESPACE_ABSTRACT : SP_NAMESPACE_PATH,
                  (struct spec_bytes){name.bytes, name.length});
}

size_t spec_encode(const struct sp_address *address, uint8_t *bytes)
{
    size_t length = 0;

    if (address->space == SP_NAMESPACE_ABSTRACT)
        bytes[length++] = 0;
    for (size_t i = 0; i < address->length; i++)
        bytes[length++] = address->bytes[i];
    return length;
}

/* An address can exist when it comes back as it is from the kernel. */
bool spec_is_valid(const struct sp_address *address)
{
    static const uint16_t one = 1;
    uint8_t sockaddr[2 + 1 + UINT8_MAX + 1] = {0};
    struct spec_verdict verdict;
    size_t length = 2;

    if (address->length > SP_PATH_MAX)
        return false;
    memcpy(sockaddr, &one, 2);
    switch ((int)address->space) {
    case SP_NAMESPACE_UNNAMED:
        break;
    case SP_NAMESPACE_PATH:
        length += spec_encode(address, sockaddr + 2) + 1;
        break;
    case SP_NAMESPACE_ABSTRACT:
        length += spec_encode(address, sockaddr + 2);
        break;
    default:
        return false;
    }
    verdict = spec_decode((struct spec_bytes){sockaddr, length}, length);
    return verdict.error == SP_OK && verdict.address.space == address->space &&
           verdict.address.length == address->length &&
           memcmp(verdict.address.bytes, address->bytes, sizeof(address->bytes)) == 0;
}
