/* SPDX-License-Identifier: MIT */
/*
 * What the rest of the core needs of addresses and the public header does not offer.
 *
 * Tests: tests/unit/test_address_encode.c
 */
#ifndef SP__ADDRESS_H
#define SP__ADDRESS_H

#include <sunpath/address.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reports @cause, if anybody asks, and gives the error that every refused name has. */
int sp__address_refuse(enum sp_cause *ret_cause, enum sp_cause cause);

/**
 * sp__address_is_valid() - whether an address is one that the public functions can produce
 *
 * For the entry checks of checking builds. Safe for any contents of @address.
 */
bool sp__address_is_valid(const struct sp_address *address);

/**
 * sp__address_encode() - the bytes of sun_path, as the seam's bind() and connect() take them
 *
 * A path is given without terminator: its length is exact, and 108 bytes leave no room for one. An
 * abstract name gets its leading NUL and nothing after its last byte, because the kernel counts
 * padding as part of the name. @address is valid: the caller has looked.
 *
 * Return: how many bytes of @ret count; 0 for an unnamed address. The rest of @ret is zero.
 */
size_t sp__address_encode(const struct sp_address *address, uint8_t ret[SP_PATH_MAX]);

#endif
