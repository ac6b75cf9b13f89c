/* SPDX-License-Identifier: MIT */
/*
 * The steps of an input for fuzz_address: the one list of them.
 */
#ifndef FUZZ_ADDRESS_STEPS_H
#define FUZZ_ADDRESS_STEPS_H

#include "fuzz/program/steps.h"

/*
 * X(NAME, letter, pattern)
 *
 *   name      a server name: as a path, and under the base directory
 *   abstract  an abstract name
 *   cname     a name in all three ways, handed over as a C string with SP_STRLEN
 *   base      the base directory of the names that follow
 *   text      a printed address to be read back
 *   kernel    sun_path of an AF_UNIX address as the kernel wrote it
 *   sockaddr  the whole address as the kernel wrote it, family first
 *   structure a struct sp_address filled by hand: namespace, length, bytes
 *   length    how far the kernel's length is from what is in the buffer, for the two above
 *   access    mode and owner of a socket, peer, whether the peer is in the socket's group
 *   directory a directory on the way (or a link): mode, owner, who we are
 *   words     what a number is called: as an error, an operation, a cause, a state, an event
 */
#define ADDRESS_STEP_LIST(X)                                              \
    X(NAME, 'n', "name {rest}")                                           \
    X(ABSTRACT, 'a', "abstract {rest}")                                   \
    X(CNAME, 'c', "cname {rest}")                                         \
    X(BASE, 'b', "base {rest}")                                           \
    X(TEXT, 't', "text {rest}")                                           \
    X(KERNEL, 'k', "kernel {rest}")                                       \
    X(SOCKADDR, 's', "sockaddr {rest}")                                   \
    X(STRUCTURE, 'x', "structure {rest}")                                 \
    X(LENGTH, 'l', "length {s8}")                                         \
    X(ACCESS, 'm', "access {octal} owner {id} peer {id} in-group {flag}") \
    X(DIRECTORY, 'd', "directory {octal} owner {id} us {id}")             \
    X(WORDS, 'w', "words {s32}")

enum address_step {
#define ADDRESS_STEP_ENUM(name, letter, pattern) ADDRESS_STEP_##name,
    ADDRESS_STEP_LIST(ADDRESS_STEP_ENUM)
#undef ADDRESS_STEP_ENUM
};

#endif
