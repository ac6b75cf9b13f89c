/* SPDX-License-Identifier: MIT */
/*
 * Rows: the descriptor table.
 */
#include "row.h"

/* One step a line. */
/* clang-format off */

ROW(descriptors, path_before_number, "what is no path is told before the lack of a descriptor",
    "limit 3",
    "d = open ''             -> ENOENT",
    "d = handle ''           -> ENOENT",
    "d = open {./*2048}      -> ENAMETOOLONG",
    "write '' 'x'            -> ENOENT",
    "write {./*2048} 'x'     -> ENAMETOOLONG",
    "list ''                 -> ENOENT",
    "d = open none           -> EMFILE",
    "write none 'x'          -> EMFILE")

ROW(descriptors, close_all, "everything at once, as when a process ends",
    "p q = pair",
    "d = open .",
    "close_all",
    "ready      -> p: NVAL, q: NVAL, d: NVAL",
    "c = socket",
    "number c   -> 3")

ROW(descriptors, lowest, "always the lowest free number",
    "a = socket",
    "b = socket",
    "c = socket",
    "number a  -> 3",
    "number b  -> 4",
    "number c  -> 5",
    "close b",
    "d = socket",
    "number d  -> 4",
    "e = socket",
    "number e  -> 6")

ROW(descriptors, limit, "no more than allowed",
    "limit 4",
    "a = socket",
    "b = socket  -> EMFILE",
    "close a",
    "b = socket")

ROW(descriptors, limit_below, "what is open stays open",
    "a = socket",
    "b = socket",
    "c = socket",
    "limit 4",
    "d = socket  -> EMFILE",
    "close c",
    "d = socket  -> EMFILE",
    "close b",
    "close a",
    "d = socket")

ROW(descriptors, limit_open_dir, "for directories too",
    "h = handle .",
    "limit 4",
    "d = open_dir h x    -> EMFILE",
    "d = open_dir /      -> EMFILE",
    "l = lock_at h lock  -> EMFILE",
    "stat_at h lock      -> ENOENT")

ROW(descriptors, limit_chmod, "even to change a mode a descriptor is needed",
    "h = handle .",
    "create f",
    "remember h f f",
    "limit 4",
    "chmod_at h f f 0600  -> EMFILE",
    "stat_at h f          -> file 0644 me me")

ROW(descriptors, limit_open, "the descriptor is looked for before the name",
    "limit 3",
    "d = handle nowhere  -> EMFILE",
    "d = open nowhere    -> EMFILE")

ROW(descriptors, limit_pair, "a pair needs two",
    "limit 4",
    "p q = pair  -> EMFILE",
    "a = socket")

ROW(descriptors, flags_socket, "close-on-exec and non-blocking from birth",
    "a = socket",
    "flags a  -> cloexec nonblock",
    "p = plain stream",
    "flags p  -> - -")

ROW(descriptors, set_flags, "set later",
    "p = plain stream",
    "cloexec p",
    "flags p  -> cloexec -",
    "nonblock p",
    "flags p  -> cloexec nonblock",
    "nonblock p",
    "cloexec p",
    "flags p  -> cloexec nonblock")

ROW(descriptors, set_flags_none, "on what is not open",
    "cloexec 40   -> EBADF",
    "nonblock 40  -> EBADF",
    "flags 40     -> EBADF")

ROW(descriptors, set_flags_handle, "a handle has no state of its own",
    "h = handle .",
    "cloexec h",
    "nonblock h  -> EBADF",
    "flags h     -> cloexec -")

ROW(descriptors, dup_flags, "flags of the descriptor and of the file",
    "a = socket",
    "b = dup a",
    "flags b  -> - nonblock",
    "p = plain stream",
    "q = dup p",
    "nonblock q",
    "flags p  -> - nonblock",
    "cloexec q",
    "flags p  -> - nonblock")

ROW(descriptors, close_twice, "the second time it is not open",
    "a = socket",
    "close a",
    "close a   -> EBADF",
    "close 40  -> EBADF",
    "close -1  -> EBADF")

ROW(descriptors, close_dup, "the file stays open",
    "p q = pair",
    "r = dup p",
    "close p",
    "poll q  -> OUT",
    "close r",
    "poll q  -> IN OUT HUP RDHUP")

ROW(descriptors, handle_flags, "handles of the seam are close-on-exec",
    "h = handle .",
    "mkdir d",
    "d = open_dir h d",
    "flags d  -> cloexec -",
    "r = open_dir /",
    "flags r  -> cloexec -",
    "l = lock_at h lock",
    "flags l  -> cloexec nonblock")

ROW(descriptors, kinds, "what a descriptor is",
    "a = socket",
    "info a   -> unix stream",
    "b = plain stream",
    "info b   -> unix stream",
    "c = plain dgram",
    "info c   -> unix other",
    "i = plain inet",
    "info i   -> foreign stream bound",
    "d = open .",
    "info d   -> ENOTSOCK",
    "h = handle .",
    "info h   -> EBADF",
    "info 40  -> EBADF",
    "info -1  -> EBADF")

ROW(descriptors, dgram_connected, "a datagram socket has nothing to accept",
    "d = plain dgram",
    "poll d  -> OUT",
    "recv d  -> EAGAIN")
