/* SPDX-License-Identifier: MIT */
/*
 * Rows: who the peer is.
 */
#include "row.h"

/* One step a line. */
/* clang-format off */

ROW_SINCE(6, 5, cred, unconnected, "nobody; not an error",
    "c = socket",
    "cred c    -> - nobody nobody",
    "groups c  -> ENODATA",
    "pidfd c   -> ENODATA",
    "bind c a",
    "cred c    -> - nobody nobody")

ROW(cred, listener, "a listener names itself",
    "s = socket",
    "bind s a",
    "listen s 1",
    "cred s  -> me me me")

ROW(cred, pair, "the maker",
    "p q = pair",
    "cred p    -> me me me",
    "cred q    -> me me me",
    "groups p  -> 0")

ROW(cred, both_sides, "each sees the other",
    "root: s = socket",
    "root: bind s a",
    "root: listen s 5",
    "root: chmod a 0666",
    "c = socket",
    "connect c a",
    "root: p = accept s",
    "cred c        -> root root root",
    "root: cred p  -> me me me")

ROW(cred, before_accept, "the client can look at once",
    "root: s = socket",
    "root: bind s a",
    "root: listen s 5",
    "root: chmod a 0666",
    "other: c = socket",
    "other: connect c a",
    "other: cred c  -> root root root")

ROW(cred, at_connect, "as it was when it connected",
    "s = socket",
    "bind s a",
    "listen s 5",
    "chmod a 0666",
    "root: c = socket",
    "root: connect c a",
    "root: ids other other",
    "root: who  -> other other",
    "p = accept s",
    "cred p     -> root root root")

ROW(cred, at_listen, "and when it listened, not when it accepts",
    "root: s = socket",
    "root: bind s a",
    "root: listen s 5",
    "root: chmod a 0666",
    "root: ids other other",
    "c = socket",
    "connect c a",
    "cred c  -> root root root",
    "root: p = accept s")

ROW(cred, listen_again, "listening again renews it",
    "root: s = socket",
    "root: bind s @s",
    "root: listen s 5",
    "root: ids other other",
    "root: listen s 5",
    "c = socket",
    "connect c @s",
    "cred c  -> root other other")

ROW(cred, bound_only_by_another, "binding is not listening",
    "root: s = socket",
    "root: bind s @s",
    "root: ids other other",
    "root: listen s 5",
    "c = socket",
    "connect c @s",
    "cred c  -> root other other")

ROW(cred, after_exit, "unchanged when the peer has gone",
    "s = socket",
    "bind s @s",
    "listen s 5",
    "other: c = socket",
    "other: connect c @s",
    "other: exit",
    "p = accept s",
    "cred p    -> other other other",
    "groups p  -> 0",
    "recv p    -> end")

ROW(cred, groups, "the supplementary groups, in ascending order",
    "s = socket",
    "bind s @s",
    "listen s 5",
    "root: ids other other 5000 100 77",
    "root: c = socket",
    "root: connect c @s",
    "p = accept s",
    "groups p    -> 3 77 100 5000",
    "groups p 3  -> 3 77 100 5000",
    "groups p 2  -> ERANGE",
    "groups p 0  -> ERANGE")

ROW(cred, groups_none, "none is not an error",
    "s = socket",
    "bind s @s",
    "listen s 5",
    "root: ids other other",
    "root: c = socket",
    "root: connect c @s",
    "p = accept s",
    "groups p    -> 0",
    "groups p 0  -> 0")

ROW_SINCE(6, 5, cred, pidfd, "a new descriptor, close-on-exec",
    "p q = pair",
    "d = pidfd p",
    "number d     -> 5",
    "flags d      -> cloexec -",
    "limit 6",
    "e = pidfd p  -> EMFILE")

ROW_SINCE(6, 18, cred, pidfd_dead, "of a process that has gone",
    "s = socket",
    "bind s @s",
    "listen s 5",
    "other: c = socket",
    "other: connect c @s",
    "other: exit",
    "p = accept s",
    "d = pidfd p")

ROW_SINCE(6, 5, cred, not_a_socket, "other descriptors",
    "d = open .",
    "cred d     -> ENOTSOCK",
    "groups d   -> ENOTSOCK",
    "pidfd d    -> ENOTSOCK",
    "h = handle .",
    "cred h     -> EBADF",
    "cred 40    -> EBADF",
    "groups 40  -> EBADF",
    "pidfd 40   -> EBADF")

ROW(cred, foreign, "a socket of another family",
    "i = plain inet",
    "cred i    -> - nobody nobody",
    "groups i  -> ENODATA")

ROW(cred, both_ends_one_process, "a process connected to itself",
    "s = socket",
    "bind s a",
    "listen s 5",
    "c = socket",
    "connect c a",
    "p = accept s",
    "cred c  -> me me me",
    "cred p  -> me me me")

ROW(cred, group_of_socket, "effective ids count",
    "root: ids other 5000 other",
    "root: p q = pair",
    "root: cred p    -> root other 5000",
    "root: groups p  -> 1 12346")
