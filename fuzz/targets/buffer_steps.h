/* SPDX-License-Identifier: MIT */
/*
 * The steps of an input for fuzz_buffer: the one list of them.
 *
 * Operands are text, so that an engine which knows about decimal numbers (both do) changes sizes by
 * one or to a half, and so that inputs can be read as they are. NUMBERs are separated by colons:
 *
 *   1000       itself
 *   size       the largest size_t; so are  ptrdiff  uint (32 bits)  int (32 bits)
 *   size-24    24 less; and so on with + and with the others
 *
 * What is missing is 0, and what is no number is not looked at.
 */
#ifndef FUZZ_BUFFER_STEPS_H
#define FUZZ_BUFFER_STEPS_H

#include "fuzz/program/steps.h"

/*
 * X(NAME, letter, pattern)
 *
 * Queues; each step is about one of three, the one last chosen. A size that is more than the memory
 * there is goes to the call as it is, with fewer bytes behind it: it is claimed.
 *
 *   queue N        choose
 *   append N       N bytes, which are never a newline
 *   text BYTES     append them
 *   prepend BYTES  put each in front, the last one first
 *   reserve N:M    room for up to N bytes, of which M are filled
 *   copy N:M       M bytes from offset N on, which stay
 *   take N         copy and drop
 *   drop N
 *   find N:B       the byte of number B, from offset N on
 *   pieces N       the first N pieces
 *   clear
 *   no-memory N:M  after N allocations, M of them fail; the last such step counts
 *
 * A socket, and what is at the other end of its wire:
 *
 *   connect MODE   adopts a connected descriptor; MODE: r, w, else both
 *   said N         the far end says N bytes, none of them a newline
 *   said-text BYTES
 *   finish         it has said all; it still listens
 *   leave          it is gone
 *   room N         the kernel takes N more bytes; without this step, all
 *   kernel TAPE    how the next calls of send() and recv() go: see buffer_wire.h
 *   ready BITS     what a loop reports: r, w, h, d as in SP_IO_READ, WRITE, HANGUP, DATA
 *   later N        N milliseconds pass
 *   read N         and so on: the calls of sunpath/socket.h
 */
#define BUFFER_STEP_LIST(X)                         \
    X(QUEUE, 'q', "queue {rest}")                   \
    X(APPEND, 'a', "append {rest}")                 \
    X(TEXT, 't', "text {rest}")                     \
    X(PREPEND, 'p', "prepend {rest}")               \
    X(RESERVE, 'r', "reserve {rest}")               \
    X(COPY, 'c', "copy {rest}")                     \
    X(TAKE, 'k', "take {rest}")                     \
    X(DROP, 'd', "drop {rest}")                     \
    X(FIND, 'f', "find {rest}")                     \
    X(PIECES, 'i', "pieces {rest}")                 \
    X(CLEAR, 'x', "clear {rest}")                   \
    X(NO_MEMORY, 'm', "no-memory {rest}")           \
    X(CONNECT, 'C', "connect {rest}")               \
    X(SAID, 'S', "said {rest}")                     \
    X(SAID_TEXT, 'T', "said-text {rest}")           \
    X(FINISH, 'F', "finish {rest}")                 \
    X(LEAVE, 'L', "leave {rest}")                   \
    X(ROOM, 'O', "room {rest}")                     \
    X(KERNEL, 'K', "kernel {rest}")                 \
    X(READY, 'Y', "ready {rest}")                   \
    X(LATER, 'Z', "later {rest}")                   \
    X(READ, 'R', "read {rest}")                     \
    X(PEEK, 'P', "peek {rest}")                     \
    X(SKIP, 'J', "skip {rest}")                     \
    X(READ_LINE, 'N', "read-line {rest}")           \
    X(GET_CHAR, 'G', "get-char {rest}")             \
    X(UNGET_CHAR, 'U', "unget-char {rest}")         \
    X(AVAILABLE, 'V', "available {rest}")           \
    X(READ_LIMIT, 'I', "read-limit {rest}")         \
    X(BEGIN, 'B', "start-transaction {rest}")       \
    X(COMMIT, 'M', "commit-transaction {rest}")     \
    X(ROLLBACK, 'Q', "rollback-transaction {rest}") \
    X(WRITE, 'W', "write {rest}")                   \
    X(WRITE_TEXT, 'X', "write-text {rest}")         \
    X(PUT_CHAR, 'H', "put-char {rest}")             \
    X(FLUSH, '!', "flush {rest}")                   \
    X(WRITE_LIMIT, 'w', "write-limit {rest}")       \
    X(EVENTS, 'E', "events {rest}")                 \
    X(DISCONNECT, 'D', "disconnect {rest}")         \
    X(CLOSE, 'z', "close {rest}")                   \
    X(ABORT, 'A', "abort {rest}")

enum buffer_step {
#define BUFFER_STEP_ENUM(name, letter, pattern) BUFFER_STEP_##name,
    BUFFER_STEP_LIST(BUFFER_STEP_ENUM)
#undef BUFFER_STEP_ENUM
};

/** buffer_step_number() - the NUMBER of an operand at @index, from 0. */
size_t buffer_step_number(const struct step *step, size_t index);

#endif
