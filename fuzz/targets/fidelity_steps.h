/* SPDX-License-Identifier: MIT */
/*
 * The steps of an input for fuzz_fidelity: the one list of them.
 *
 * Their text form is that of sim/beside, which plays them: "root: mkdir d 0700". A descriptor is
 * one of eight handles, p to w. A word with a star is a repetition, as n*255, or n*3:b with b
 * behind it.
 */
#ifndef FUZZ_FIDELITY_STEPS_H
#define FUZZ_FIDELITY_STEPS_H

#include "fuzz/program/steps.h"

/* What operands are: fields of a pattern. There is little of everything, so that steps meet. */
#define FIDELITY_HANDLE "{p q r s t u v w}"
#define FIDELITY_WHO "{me other root}"
/* Paths: names, directories, what a link can be in, longest ones, and the ways of not being one. */
#define FIDELITY_PATH                                                                           \
    "{there b d d/a d/b d/d d/d/a l l/a . .. ../x ./b b/ d/ d/. d/.. d//a there/a l/ l/.. d/l " \
    "/tmp/x /tmp / /tmp/work/b '' n*255 n*256 ./*2047:b ./*2048:b}"
/* One component, as the seam has it. */
#define FIDELITY_NAME "{there b d l a x . .. n*255 n*256}"
/* What links say. */
#define FIDELITY_TEXT "{there b d d/a d/d l . .. ../x /tmp/work/d / nothing n*255 ./*2047:b ''}"
/* Names of sockets. */
#define FIDELITY_SUN                                                                               \
    "{there b d/a @one @two l l/a d ./b ../x d/d/a @ @x*91 n*107 n*108 ./*53:b b/ there/a /tmp/x " \
    "'b\\0c'}"
#define FIDELITY_BYTES "{'x' 'hello' 'z*200' 'z*5000'}"
/* Room for what getsockname() writes. */
#define FIDELITY_ROOM "{1 2 3 20 109 110 111 128}"

/* What a step has to do with. */
enum {
    FIDELITY_SOCKETS = 1, /* readiness is looked at after it */
    FIDELITY_FILES = 2,   /* names and nodes are looked at after it */
    /* Its outcome depends on the version of the kernel and on what it sets aside for a message. */
    FIDELITY_MEASURED = 4,
    FIDELITY_OF_ROOT = 8,   /* done by nobody else */
    FIDELITY_NODE = 16,     /* only on a file or directory: sim/README.md says why */
    FIDELITY_NO_OTHER = 32, /* not on a socket of another kind, which is only in the way */
    FIDELITY_NO_FILE = 64,  /* only on a socket: something else answers in its own way */
    FIDELITY_CAST = 128,    /* needs to know the tester's groups: they are chosen, or root's */
    /* What must not come after something else; sim/README.md says why. Each has a partner that is
     * twice as much. */
    FIDELITY_URGENT = 256, /* the kernel then counts bytes that are not there: */
    FIDELITY_COUNTS = 512,
    FIDELITY_LIMITS = 1024, /* a user may then have fewer descriptors in flight: */
    FIDELITY_PASSES = 2048,
    FIDELITY_FIFOS = 4096, /* a FIFO is only in the way: */
    FIDELITY_OPENS = 8192,
    FIDELITY_FIRSTS = FIDELITY_URGENT | FIDELITY_LIMITS | FIDELITY_FIFOS,
    FIDELITY_AMOUNT = 16384, /* not of nothing: the seam has no such call */
    FIDELITY_CHMOD =
        32768, /* needs fchmodat2(): the way round it is /proc, which is out of reach */
};
/* Shorthand: what happens to our sockets, without and with bytes. */
#define FIDELITY_OURS (FIDELITY_SOCKETS | FIDELITY_NO_OTHER)
#define FIDELITY_MOVES (FIDELITY_SOCKETS | FIDELITY_NO_OTHER | FIDELITY_MEASURED)

/* clang-format off */

/* X(letter, flags, pattern) */
#define FIDELITY_STEP_LIST(X)                                                                      \
    X(':', 0,                 FIDELITY_WHO ":")                                 /* a prefix */     \
    /* sockets */                                                                                  \
    X('s', FIDELITY_SOCKETS,  FIDELITY_HANDLE " = socket")                                         \
    X('S', FIDELITY_SOCKETS,  FIDELITY_HANDLE " = plain dgram")                                    \
    X('p', FIDELITY_SOCKETS,  FIDELITY_HANDLE " " FIDELITY_HANDLE " = pair")                       \
    X('b', FIDELITY_SOCKETS | FIDELITY_FILES, "bind " FIDELITY_HANDLE " " FIDELITY_SUN)            \
    X('B', FIDELITY_OURS,     "autobind " FIDELITY_HANDLE)                                         \
    X('l', FIDELITY_OURS,     "listen " FIDELITY_HANDLE " {0 1 2 5 -1}")                           \
    X('c', FIDELITY_OURS,     "connect " FIDELITY_HANDLE " " FIDELITY_SUN)                         \
    X('a', FIDELITY_OURS,     FIDELITY_HANDLE " = accept " FIDELITY_HANDLE)                        \
    X('x', FIDELITY_SOCKETS,  "close " FIDELITY_HANDLE)                                            \
    X('X', FIDELITY_SOCKETS,  "close_all")                                                         \
    X('d', FIDELITY_SOCKETS,  FIDELITY_HANDLE " = dup " FIDELITY_HANDLE)                           \
    X('h', FIDELITY_OURS,     "shutdown " FIDELITY_HANDLE " {read write both}")                    \
    X('N', 0,                 "nonblock " FIDELITY_HANDLE)                                         \
    X('C', 0,                 "cloexec " FIDELITY_HANDLE)                                          \
    X('m', FIDELITY_NO_OTHER | FIDELITY_NO_FILE, "socket_mode " FIDELITY_HANDLE " {octal}")                           \
    /* bytes */                                                                                    \
    X('w', FIDELITY_MOVES | FIDELITY_AMOUNT, "send " FIDELITY_HANDLE " {u16}")                                    \
    X('W', FIDELITY_MOVES,    "sendv " FIDELITY_HANDLE " " FIDELITY_BYTES " " FIDELITY_BYTES)      \
    X('F', FIDELITY_MOVES,    "fill " FIDELITY_HANDLE " {1 100 1000 4096 65536}")                  \
    X('u', FIDELITY_MOVES | FIDELITY_URGENT, "urgent " FIDELITY_HANDLE " " FIDELITY_BYTES)                        \
    X('P', FIDELITY_MOVES | FIDELITY_PASSES, "pass " FIDELITY_HANDLE " 'x' " FIDELITY_HANDLE)                     \
    X('r', FIDELITY_OURS | FIDELITY_AMOUNT, "recv " FIDELITY_HANDLE " {u16}")                                    \
    X('k', FIDELITY_OURS | FIDELITY_AMOUNT, "peek " FIDELITY_HANDLE " {u16}")                                    \
    X('D', FIDELITY_OURS,     "drain " FIDELITY_HANDLE " {100 4096 100000}")                       \
    X('z', FIDELITY_MOVES,    "send_buffer " FIDELITY_HANDLE                                       \
                              " {4608 4610 10000 65536 212992 1000000}")                           \
    /* questions */                                                                                \
    X('i', 0,                 "info " FIDELITY_HANDLE)                                             \
    X('n', 0,                 "sockname " FIDELITY_HANDLE " " FIDELITY_ROOM)                       \
    X('O', FIDELITY_NO_OTHER, "peername " FIDELITY_HANDLE " " FIDELITY_ROOM)                       \
    X('q', 0,                 "poll " FIDELITY_HANDLE " {IN OUT RDHUP nothing}")                   \
    X('Q', 0,                 "poll_many " FIDELITY_HANDLE " -1 " FIDELITY_HANDLE)                 \
    X('v', FIDELITY_NO_OTHER, "cred " FIDELITY_HANDLE)                                             \
    X('g', FIDELITY_NO_OTHER | FIDELITY_CAST, "groups " FIDELITY_HANDLE)                           \
    X('V', FIDELITY_MOVES,    FIDELITY_HANDLE " = pidfd " FIDELITY_HANDLE)                         \
    X('t', FIDELITY_MOVES | FIDELITY_NO_FILE | FIDELITY_COUNTS, "unread " FIDELITY_HANDLE)                           \
    X('T', FIDELITY_MOVES | FIDELITY_NO_FILE, "unsent " FIDELITY_HANDLE)                           \
    X('e', FIDELITY_OURS,     "error " FIDELITY_HANDLE)                                            \
    X('f', 0,                 "flags " FIDELITY_HANDLE)                                            \
    X('#', 0,                 "number " FIDELITY_HANDLE)                                           \
    /* the process */                                                                              \
    X('U', 0,                 "umask {octal}")                                                     \
    X('L', FIDELITY_LIMITS,   "limit {3 4 5 6 8 64}")                                              \
    X('I', FIDELITY_OF_ROOT,  "ids " FIDELITY_WHO " " FIDELITY_WHO " " FIDELITY_WHO)               \
    /* files, by path */                                                                           \
    X('j', FIDELITY_FILES,    "chdir " FIDELITY_PATH)                                              \
    X('M', FIDELITY_FILES,    "mkdir " FIDELITY_PATH " {octal}")                                   \
    X('R', FIDELITY_FILES,    "rmdir " FIDELITY_PATH)                                              \
    X('y', FIDELITY_FILES,    "create " FIDELITY_PATH " {octal}")                                  \
    X('Y', FIDELITY_FILES | FIDELITY_FIFOS, "fifo " FIDELITY_PATH " {octal}")                                    \
    X('+', FIDELITY_FILES,    "write " FIDELITY_PATH " " FIDELITY_BYTES)                           \
    X('Z', FIDELITY_FILES,    "symlink " FIDELITY_TEXT " " FIDELITY_PATH)                          \
    X('K', FIDELITY_FILES,    "link " FIDELITY_PATH " " FIDELITY_PATH)                             \
    X('-', FIDELITY_FILES,    "unlink " FIDELITY_PATH)                                             \
    X('>', FIDELITY_FILES,    "rename " FIDELITY_PATH " " FIDELITY_PATH)                           \
    X('H', FIDELITY_FILES,    "chmod " FIDELITY_PATH " {octal}")                                   \
    X('J', FIDELITY_FILES,    "chown " FIDELITY_PATH " " FIDELITY_WHO " " FIDELITY_WHO)            \
    X('o', 0,                 "stat " FIDELITY_PATH)                                               \
    X('7', 0,                 "lstat " FIDELITY_PATH)                                              \
    X('=', 0,                 "same " FIDELITY_PATH " " FIDELITY_PATH)                             \
    X('<', 0,                 "readlink " FIDELITY_PATH)                                           \
    X('*', 0,                 "list " FIDELITY_PATH)                                               \
    X('E', FIDELITY_SOCKETS | FIDELITY_OPENS, FIDELITY_HANDLE " = open " FIDELITY_PATH)                            \
    X('G', FIDELITY_SOCKETS,  FIDELITY_HANDLE " = handle " FIDELITY_PATH)                          \
    X('!', 0,                 "flock " FIDELITY_HANDLE)                                            \
    X('?', 0,                 "funlock " FIDELITY_HANDLE)                                          \
    /* files, through the seam */                                                                  \
    X('/', FIDELITY_SOCKETS,  FIDELITY_HANDLE " = open_dir /")                                     \
    X('.', FIDELITY_SOCKETS,  FIDELITY_HANDLE " = open_dir " FIDELITY_HANDLE " " FIDELITY_NAME)    \
    X('1', 0,                 "stat_at " FIDELITY_HANDLE " " FIDELITY_NAME)                        \
    X('2', FIDELITY_NODE,      "stat_fd " FIDELITY_HANDLE)                                         \
    X('3', FIDELITY_NODE,      "same_at " FIDELITY_HANDLE " " FIDELITY_NAME " " FIDELITY_HANDLE)   \
    X('4', 0,                 "readlink_at " FIDELITY_HANDLE " " FIDELITY_NAME " {1 5 255 4095}")  \
    X('5', FIDELITY_FILES,    "unlink_at " FIDELITY_HANDLE " " FIDELITY_NAME)                      \
    X('6', FIDELITY_FILES | FIDELITY_CHMOD, "chmod_as " FIDELITY_HANDLE " " FIDELITY_NAME " " FIDELITY_NAME      \
                              " {octal}")                                                          \
    X('8', FIDELITY_FILES,    FIDELITY_HANDLE " = lock_at " FIDELITY_HANDLE " " FIDELITY_NAME)

/* clang-format on */

/* By kind of step. */
extern const unsigned fidelity_flags[];

#endif
