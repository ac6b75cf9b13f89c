/* SPDX-License-Identifier: MIT */
/*
 * Server names and socket addresses.
 *
 * A name is what a person writes; an address is what the kernel compares.
 *   1. a name that starts with '/' is a path and is used byte for byte
 *   2. any other name is short: one path component, placed under a base directory
 *   3. an abstract name is any 1 to 107 bytes, of exactly that length; it is made
 *      with sp_address_abstract() and never guessed from the first character, so
 *      a literal leading '@' in a name stays a literal
 * Nothing is normalised, nothing is cut short, no locale is consulted. A name
 * that does not fit is refused: a shortened path is a different file, perhaps
 * someone else's.
 *
 * No function here makes a system call or allocates; all are pure. None
 * keeps a pointer it was given. On failure @ret is untouched, and @ret_cause,
 * which may be NULL, says why: where several causes apply, the one that comes
 * first in what is said of the function.
 */
#ifndef SUNPATH_ADDRESS_H
#define SUNPATH_ADDRESS_H

#include <sunpath/error.h>
#include <sunpath/limits.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

SP_BEGIN_DECLS

/* Given as a length: the bytes are a C string. */
#define SP_STRLEN SIZE_MAX

enum sp_namespace {
    SP_NAMESPACE_UNNAMED,  /* no name: a client, one end of a socketpair */
    SP_NAMESPACE_PATH,     /* a name in the file system */
    SP_NAMESPACE_ABSTRACT, /* a name of the network namespace, without a file */
};

/**
 * struct sp_address - an AF_UNIX address
 * @space:  which kind of name
 * @length: bytes in @bytes: 0 if unnamed, 1..108 for a path, 0..107 for an abstract name
 * @bytes:  the name; no terminator, and for an abstract name no leading NUL. Bytes past @length
 *          are zero, so two addresses are equal exactly when the structures are.
 *
 * Read the members freely; fill them only through the functions below. A decoded address can hold
 * what the constructors refuse (a relative path, an empty abstract name), because other programs
 * bind such things.
 */
struct sp_address {
    enum sp_namespace space;
    uint8_t length;
    uint8_t bytes[SP_PATH_MAX];
};

/**
 * sp_address_path() - address of an absolute path
 * @path, @length: the path's bytes; @length may be SP_STRLEN
 *
 * Return: SP_OK, or SP_ERROR_SERVER_NOT_FOUND with @ret_cause:
 *   NAME_EMPTY
 *   NAME_HAS_NUL       anywhere
 *   NAME_NOT_ABSOLUTE
 *   NAME_TOO_LONG      over SP_PATH_MAX
 *   NAME_IS_DIRECTORY  it ends in '/', or its last component is "." or ".."
 */
SP_API SP_MUST_CHECK int sp_address_path(struct sp_address *ret, const void *path, size_t length,
                                         enum sp_cause *ret_cause);

/**
 * sp_address_name() - address of a server name, absolute or short
 * @name, @length: the name's bytes; @length may be SP_STRLEN
 * @base, @base_length: absolute directory for short names, with or without a slash at its end;
 *                      @base_length may be SP_STRLEN. Unused when @name is absolute; may then be
 *                      NULL.
 *
 * A short name is exactly one path component. What counts against the limit is the whole resulting
 * path.
 *
 * Return: SP_OK, or SP_ERROR_SERVER_NOT_FOUND with @ret_cause: of an absolute name as
 * sp_address_path(), of a short one, in this order:
 *   NAME_EMPTY, NAME_HAS_NUL, NAME_HAS_SLASH     of the name
 *   NAME_EMPTY, NAME_HAS_NUL, NAME_NOT_ABSOLUTE  of the base
 *   NAME_TOO_LONG                                the two together are over SP_PATH_MAX
 *   NAME_IS_DIRECTORY                            the name is "." or ".."
 *
 * From Qt: QLocalServer::fullServerName(); unlike Qt, "../x" and "a/b" do not leave the base
 * directory.
 */
SP_API SP_MUST_CHECK int sp_address_name(struct sp_address *ret, const void *name, size_t length,
                                         const char *base, size_t base_length,
                                         enum sp_cause *ret_cause);

/**
 * sp_address_abstract() - address in the abstract namespace
 * @name, @length: 1 to SP_ABSTRACT_MAX bytes of any value, NUL included; @length may be SP_STRLEN
 *
 * Return: SP_OK, or SP_ERROR_SERVER_NOT_FOUND with @ret_cause NAME_EMPTY or NAME_TOO_LONG. From Qt:
 * QLocalSocket::AbstractNamespaceOption.
 */
SP_API SP_MUST_CHECK int sp_address_abstract(struct sp_address *ret, const void *name,
                                             size_t length, enum sp_cause *ret_cause);

/**
 * sp_address_decode() - address from what the kernel returned
 * @sockaddr:      the buffer given to getsockname(), getpeername() or accept()
 * @capacity:      bytes in that buffer
 * @kernel_length: the length the kernel reported, which can exceed @capacity
 *
 * Every combination is safe; no byte past min(@capacity, @kernel_length) is read. A length of 0 to
 * 2 is unnamed. A path ends at its first NUL or at the length; an abstract name, one that begins
 * with a NUL, ends only at the length, and may have none of its own bytes. For a path of
 * SP_PATH_MAX bytes Linux reports a terminator that it had no room for: that one byte need not be
 * there.
 *
 * No name is ever returned that is shorter than the real one. Return: SP_OK, or
 * SP_ERROR_UNSUPPORTED with @ret_cause:
 *   WRONG_FAMILY   both bytes of the family are there to be read, and say something else than
 *                  AF_UNIX, whatever the length
 *   NAME_TOO_LONG  a path or an abstract name whose end @capacity cut off; one longer than
 *                  SP_PATH_MAX or SP_ABSTRACT_MAX; or not one byte of the name is there to be read
 */
SP_API SP_MUST_CHECK int sp_address_decode(struct sp_address *ret, const void *sockaddr,
                                           size_t capacity, size_t kernel_length,
                                           enum sp_cause *ret_cause);

/**
 * sp_address_format() - print an address so that no two look alike
 * @text: NUL-terminated result; SP_ADDRESS_TEXT_MAX bytes are always enough
 *
 * A path is printed as it is, an abstract name after '@', an unnamed address as "<unnamed>". Bytes
 * outside '!'..'~' become \xHH with lower-case digits, a backslash becomes two; '@' or '<' at
 * the start of a (relative) path is escaped too. The result holds no blank and no control
 * character, so it can neither forge a line nor a field.
 *
 * Return: length of the text without terminator; or SP_ERROR_ARGUMENT, and @text is "" (when
 * @capacity > 0), if @capacity is too small.
 */
SP_API SP_MUST_CHECK int sp_address_format(const struct sp_address *address, char *text,
                                           size_t capacity);

/**
 * sp_address_parse() - read a printed address back
 * @text, @length: the text; @length may be SP_STRLEN
 *
 * The inverse of sp_address_format() on everything it prints. Also takes escapes that the printer
 * would not have made, in upper or lower case; raw control characters and blanks are refused.
 *
 * Return: SP_OK, or SP_ERROR_SERVER_NOT_FOUND with @ret_cause NAME_EMPTY (no text), NAME_SYNTAX
 * (anywhere in it), NAME_HAS_NUL (in a path) or NAME_TOO_LONG, in this order.
 */
SP_API SP_MUST_CHECK int sp_address_parse(struct sp_address *ret, const char *text, size_t length,
                                          enum sp_cause *ret_cause);

/** sp_address_equal() - true when both name the same socket of one mount and network namespace. */
SP_API bool sp_address_equal(const struct sp_address *a, const struct sp_address *b);

SP_END_DECLS

#endif
