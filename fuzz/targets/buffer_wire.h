/* SPDX-License-Identifier: MIT */
/*
 * What is below the socket of fuzz_buffer: a kernel that has one connection and does with it what
 * the input says.
 *
 * Not the simulated kernel: no names, no files, no other process, no buffer of its own. It knows
 * the bytes that the far end has said and those that the socket has accepted, and so sees at every
 * call whether the right ones pass.
 *
 * How calls go, a letter of the tape for each send() or recv():
 *
 *   0 to 9   at most 1, 2, 3, 7, 100, 999, 1000, 1001, 4096, 16384 bytes
 *   a i m b  EAGAIN, EINTR, ENOMEM, ENOBUFS
 *   c x      ECONNRESET, EIO: the direction is dead
 *   p t n    when sending: EPIPE, ETOOMANYREFS, or no byte and no error
 *   others, and behind the end of the tape: 64 KiB, if there are so many
 */
#ifndef FUZZ_BUFFER_WIRE_H
#define FUZZ_BUFFER_WIRE_H

#include "fuzz/spec/buffer_spec.h"
#include "fuzz/targets/buffer_steps.h"

#include <sunpath/os.h>

/* The only descriptor. */
#define BUFFER_WIRE_FD 5

struct buffer_wire {
    /* the far end */
    struct spec_array coming; /* said, not received */
    bool has_finished;        /* it says no more */
    bool has_left;            /* it is gone */

    /* the kernel */
    bool is_open;
    bool is_over; /* recv() has told the end */
    size_t space; /* bytes that send() takes yet */
    uint64_t now;
    unsigned calls;     /* since the step began */
    unsigned held_back; /* of them, those that did less than was asked for */
    size_t tape_at, tape_length;
    uint8_t tape[STEP_OPERAND_MAX];

    /* our end: what must pass */
    struct spec_reader reader;
    struct spec_writer writer;
    struct sp_os_iov reading; /* memory of the application's that is being read into */
    struct sp_os_iov writing; /* bytes of the application's that are being written; */
    size_t claimed;           /* it says that there are so many; */
    size_t written;           /* so many were sent at once */
};

extern struct buffer_wire buffer_wire;
extern const struct sp_os buffer_os;

/** buffer_wire_reset() - before an input */
void buffer_wire_reset(void);
/** buffer_wire_connect() - another connection, with mode bits of enum sp_mode */
void buffer_wire_connect(int mode);
/** buffer_wire_step() - a call of the library begins: the count of system calls starts again. */
void buffer_wire_step(void);

#endif
