/* SPDX-License-Identifier: MIT */
/*
 * Server names and socket addresses.
 *
 * Turns the name a caller gives us into the bytes the kernel wants, and the kernel's bytes back:
 *   1. a name starting with '/' is used as it is
 *   2. any other name is one component, placed under the directory passed in
 *   3. an abstract name is any bytes, of exactly the length given
 * What counts against a limit is always the whole name that would reach the kernel, never a part of
 * it. A name that does not fit is refused; nothing is ever cut short, because a shortened path is a
 * different file, perhaps someone else's.
 *
 * Every constructor builds its result aside and hands it over in one assignment, after the last
 * check: so a failure leaves the caller's address as it was, and the bytes past its length are zero
 * by construction.
 *
 * What this file does not do: it opens nothing, looks at no directory, reads no environment
 * variable, and prints nothing (address_text.c).
 *
 * Tests: tests/unit/test_address_*.c    Fuzz: fuzz/targets/fuzz_address.c
 */
#include "address.h"

#include "check.h"

#include <string.h>

/* Linux's number. The core includes no <sys/...>; core/os/linux_socket.c asserts that it is the
 * same. */
#define SP__FAMILY_UNIX 1u
/* Bytes of an AF_UNIX address before the name. */
#define SP__FAMILY_SIZE sizeof(uint16_t)

int sp__address_refuse(enum sp_cause *ret_cause, enum sp_cause cause)
{
    if (ret_cause != NULL)
        *ret_cause = cause;
    return SP_ERROR_SERVER_NOT_FOUND;
}

static size_t length_of(const void *bytes, size_t length)
{
    return length == SP_STRLEN ? strlen(bytes) : length;
}

static bool has_byte(const void *bytes, size_t length, char byte)
{
    return length > 0 && memchr(bytes, byte, length) != NULL;
}

/* A path that ends in a slash, "." or ".." can only ever be a directory. @length > 0. */
static bool is_directory_name(const char *path, size_t length)
{
    size_t start = length;

    while (start > 0 && path[start - 1] != '/')
        start--;
    switch (length - start) {
    case 0:
        return true;
    case 1:
        return path[start] == '.';
    case 2:
        return path[start] == '.' && path[start + 1] == '.';
    default:
        return false;
    }
}

static enum sp_cause check_path(const char *path, size_t length)
{
    if (length == 0)
        return SP_CAUSE_NAME_EMPTY;
    if (has_byte(path, length, '\0'))
        return SP_CAUSE_NAME_HAS_NUL;
    if (path[0] != '/')
        return SP_CAUSE_NAME_NOT_ABSOLUTE;
    if (length > SP_PATH_MAX)
        return SP_CAUSE_NAME_TOO_LONG;
    if (is_directory_name(path, length))
        return SP_CAUSE_NAME_IS_DIRECTORY;
    return SP_CAUSE_NONE;
}

int sp_address_path(struct sp_address *ret, const void *path, size_t length,
                    enum sp_cause *ret_cause)
{
    struct sp_address address = {.space = SP_NAMESPACE_PATH};
    enum sp_cause cause;

    length = length_of(path, length);
    cause = check_path(path, length);
    if (cause != SP_CAUSE_NONE)
        return sp__address_refuse(ret_cause, cause);

    memcpy(address.bytes, path, length);
    address.length = (uint8_t)length;
    *ret = address;
    return SP_OK;
}

/* Everything about a short name and its base that the joined path would no longer show. */
static enum sp_cause check_short_name(const char *name, size_t length, const char *base,
                                      size_t base_length)
{
    if (length == 0)
        return SP_CAUSE_NAME_EMPTY;
    if (has_byte(name, length, '\0'))
        return SP_CAUSE_NAME_HAS_NUL;
    if (has_byte(name, length, '/'))
        return SP_CAUSE_NAME_HAS_SLASH;
    if (base_length == 0)
        return SP_CAUSE_NAME_EMPTY;
    if (has_byte(base, base_length, '\0'))
        return SP_CAUSE_NAME_HAS_NUL;
    if (base[0] != '/')
        return SP_CAUSE_NAME_NOT_ABSOLUTE;
    return SP_CAUSE_NONE;
}

int sp_address_name(struct sp_address *ret, const void *name, size_t length, const char *base,
                    size_t base_length, enum sp_cause *ret_cause)
{
    char path[SP_PATH_MAX];
    const char *short_name = name;
    size_t used;
    enum sp_cause cause;

    length = length_of(name, length);
    if (length > 0 && short_name[0] == '/')
        return sp_address_path(ret, name, length, ret_cause);

    base_length = length_of(base, base_length);
    cause = check_short_name(name, length, base, base_length);
    if (cause != SP_CAUSE_NONE)
        return sp__address_refuse(ret_cause, cause);

    /* The base counts, and so does the slash. Each part is bounded alone first, so that the sum
     * cannot wrap round. */
    used = base_length + (base[base_length - 1] != '/');
    if (base_length > SP_PATH_MAX || length > SP_PATH_MAX || used + length > SP_PATH_MAX)
        return sp__address_refuse(ret_cause, SP_CAUSE_NAME_TOO_LONG);

    memcpy(path, base, base_length);
    path[used - 1] = '/';
    memcpy(path + used, name, length);
    return sp_address_path(ret, path, used + length, ret_cause);
}

int sp_address_abstract(struct sp_address *ret, const void *name, size_t length,
                        enum sp_cause *ret_cause)
{
    struct sp_address address = {.space = SP_NAMESPACE_ABSTRACT};

    length = length_of(name, length);
    if (length == 0)
        return sp__address_refuse(ret_cause, SP_CAUSE_NAME_EMPTY);
    if (length > SP_ABSTRACT_MAX)
        return sp__address_refuse(ret_cause, SP_CAUSE_NAME_TOO_LONG);

    memcpy(address.bytes, name, length);
    address.length = (uint8_t)length;
    *ret = address;
    return SP_OK;
}

/*
 * The length of a path inside sun_path, or SIZE_MAX when its end was cut off or it is longer than a
 * path can be. @visible bytes were written, of @claimed bytes there are.
 *
 * The kernel counts the terminator: for a path of 108 bytes it claims 109, while sun_path itself
 * ends after 108. Such a path is complete although its terminator is not there to be seen.
 */
static size_t decoded_path_length(const uint8_t *name, size_t visible, size_t claimed)
{
    size_t looked_at = visible <= SP_PATH_MAX ? visible : SP_PATH_MAX + 1;
    const uint8_t *nul = memchr(name, 0, looked_at);

    if (nul != NULL)
        return (size_t)(nul - name);
    if (looked_at > SP_PATH_MAX)
        return SIZE_MAX;
    if (visible == claimed || (visible == SP_PATH_MAX && claimed == SP_PATH_MAX + 1))
        return visible;
    return SIZE_MAX;
}

/* An abstract name ends only where the length says: no byte in it is special. */
static size_t decoded_abstract_length(size_t visible, size_t claimed)
{
    return visible == claimed && claimed <= SP_ABSTRACT_MAX + 1 ? claimed - 1 : SIZE_MAX;
}

static int refuse_decoding(enum sp_cause *ret_cause, enum sp_cause cause)
{
    (void)sp__address_refuse(ret_cause, cause);
    return SP_ERROR_UNSUPPORTED;
}

int sp_address_decode(struct sp_address *ret, const void *sockaddr, size_t capacity,
                      size_t kernel_length, enum sp_cause *ret_cause)
{
    struct sp_address address = {.space = SP_NAMESPACE_UNNAMED};
    const uint8_t *bytes = sockaddr;
    size_t written = kernel_length < capacity ? kernel_length : capacity;
    size_t visible;
    size_t claimed;
    size_t length;

    if (written >= SP__FAMILY_SIZE) {
        uint16_t family;

        memcpy(&family, bytes, sizeof(family));
        if (family != SP__FAMILY_UNIX)
            return refuse_decoding(ret_cause, SP_CAUSE_WRONG_FAMILY);
    }
    if (kernel_length <= SP__FAMILY_SIZE) {
        *ret = address;
        return SP_OK;
    }
    if (written <= SP__FAMILY_SIZE)
        return refuse_decoding(ret_cause, SP_CAUSE_NAME_TOO_LONG);

    bytes += SP__FAMILY_SIZE;
    visible = written - SP__FAMILY_SIZE;
    claimed = kernel_length - SP__FAMILY_SIZE;
    if (bytes[0] != 0) {
        address.space = SP_NAMESPACE_PATH;
        length = decoded_path_length(bytes, visible, claimed);
    } else {
        address.space = SP_NAMESPACE_ABSTRACT;
        length = decoded_abstract_length(visible, claimed);
        bytes++;
    }
    if (length == SIZE_MAX)
        return refuse_decoding(ret_cause, SP_CAUSE_NAME_TOO_LONG);

    memcpy(address.bytes, bytes, length);
    address.length = (uint8_t)length;
    *ret = address;
    return SP_OK;
}

bool sp_address_equal(const struct sp_address *a, const struct sp_address *b)
{
    /* All of bytes[], not a->length of them: what is past the length is zero in both. */
    return a->space == b->space && a->length == b->length &&
           memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool sp__address_is_valid(const struct sp_address *address)
{
    static const uint8_t zeros[SP_PATH_MAX];
    size_t shortest;
    size_t longest;

    switch (address->space) {
    case SP_NAMESPACE_UNNAMED:
        shortest = 0;
        longest = 0;
        break;
    case SP_NAMESPACE_PATH:
        shortest = 1;
        longest = SP_PATH_MAX;
        break;
    case SP_NAMESPACE_ABSTRACT:
        shortest = 0;
        longest = SP_ABSTRACT_MAX;
        break;
    default:
        return false;
    }
    if (address->length < shortest || address->length > longest)
        return false;
    if (address->space == SP_NAMESPACE_PATH && has_byte(address->bytes, address->length, '\0'))
        return false;
    return memcmp(address->bytes + address->length, zeros, sizeof(zeros) - address->length) == 0;
}

size_t sp__address_encode(const struct sp_address *address, uint8_t ret[SP_PATH_MAX])
{
    size_t lead = address->space == SP_NAMESPACE_ABSTRACT ? 1 : 0;

    SP__CHECK(sp__address_is_valid(address));
    memset(ret, 0, SP_PATH_MAX);
    memcpy(ret + lead, address->bytes, address->length);
    return lead + address->length;
}
