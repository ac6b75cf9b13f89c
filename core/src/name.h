/* SPDX-License-Identifier: MIT */
/*
 * The name of a socket or server: requested form and resolved address in one immutable block.
 *
 * A requested name is always a suffix of the resolved one (a short name stands at the end of its
 * path, every other name is the address), so one copy and an offset hold both. A server and all its
 * connections share one block; they may live in different threads, so the count is atomic.
 */
#ifndef SP__NAME_H
#define SP__NAME_H

#include <sunpath/address.h>
#include <sunpath/os.h>

#include <stdatomic.h>

struct sp__name {
    atomic_uint references;
    uint8_t space; /* enum sp_namespace: PATH or ABSTRACT */
    uint8_t length;
    uint8_t request; /* where in bytes the requested name begins */
    char nul;        /* directly before the bytes: an abstract name begins with it in the kernel */
    char bytes[];    /* length bytes and a NUL */
};

/** sp__name_new() - one reference; @request_length is the length of the requested name. NULL
 * without memory. */
struct sp__name *sp__name_new(const struct sp_os *os, const struct sp_address *address,
                              size_t request_length);
/** sp__name_ref() - one more reference; returns @name, which may be NULL. */
struct sp__name *sp__name_ref(struct sp__name *name);
/** sp__name_unref() - one reference less; NULL is allowed. */
void sp__name_unref(const struct sp_os *os, struct sp__name *name);
/** sp__name_address() - the resolved address; unnamed for NULL. */
void sp__name_address(const struct sp__name *name, struct sp_address *ret);
/** sp__name_encoded() - the bytes of sun_path, as sp__address_encode() has them, without a copy:
 * @name's own. Not for NULL. */
const void *sp__name_encoded(const struct sp__name *name, size_t *ret_length);
/** sp__name_request() - the requested name; "" for NULL. @ret_length may be NULL. */
const char *sp__name_request(const struct sp__name *name, size_t *ret_length);

#endif
