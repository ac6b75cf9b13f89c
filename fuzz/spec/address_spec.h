/* SPDX-License-Identifier: MIT */
/*
 * What sunpath/address.h, sunpath/trust.h and sunpath/peer.h promise, said a second time.
 *
 * This is the oracle of fuzz_address. It is written from the public headers alone and
 * shares their types, but no line, no table and no way of thinking with core/src: the library walks
 * over bytes and stops at the first fault, the specification states one fact after another about
 * the whole, then asks which rule comes first. Where the two agree, a mistake would have to be made
 * twice, in two different ways, with the same result.
 *
 * Slow and obvious on purpose: nothing here is clever, nothing is saved.
 */
#ifndef FUZZ_ADDRESS_SPEC_H
#define FUZZ_ADDRESS_SPEC_H

#include <sunpath/address.h>
#include <sunpath/peer.h>
#include <sunpath/trust.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest byte string the specification is asked about. */
#define SPEC_BYTES_MAX 1024

/* A run of bytes. */
struct spec_bytes {
    const uint8_t *at;
    size_t length;
};

/* What a function must return: an address, or an error and its cause. */
struct spec_verdict {
    int error; /* SP_OK: @address counts; else @cause does */
    enum sp_cause cause;
    struct sp_address address;
};

struct spec_verdict spec_path(struct spec_bytes path);
struct spec_verdict spec_name(struct spec_bytes name, struct spec_bytes base);
struct spec_verdict spec_abstract(struct spec_bytes name);
/* @written: what is in the buffer, at most its capacity; @kernel_length: what the kernel said. */
struct spec_verdict spec_decode(struct spec_bytes written, size_t kernel_length);
struct spec_verdict spec_parse(struct spec_bytes text);

/* Prints without terminator to @text, which has room for SP_ADDRESS_TEXT_MAX; returns the length.
 */
size_t spec_format(const struct sp_address *address, char *text);

/* The bytes of sun_path to @bytes, which has room for SP_PATH_MAX; returns how many. */
size_t spec_encode(const struct sp_address *address, uint8_t *bytes);

/* Whether the library can make @address; any contents. */
bool spec_is_valid(const struct sp_address *address);

bool spec_access(uint32_t mode, uint32_t owner, uint32_t uid, bool in_group);
enum sp_cause spec_directory(uint32_t mode, uint32_t owner, uint32_t euid, enum sp_trust trust);
enum sp_cause spec_link(uint32_t owner, uint32_t euid, enum sp_trust trust);

#endif
