/* SPDX-License-Identifier: MIT */
/*
 * Rows: listen() and accept().
 */
#include "row.h"

/* One step a line. */
/* clang-format off */

ROW(listen, unbound, "a socket without a name cannot listen",
    "s = socket",
    "listen s 1  -> EINVAL")

ROW(listen, twice, "listening again is allowed",
    "s = socket",
    "bind s a",
    "listen s 1",
    "listen s 2")

ROW(listen, connected, "a connected socket cannot listen",
    "s = socket",
    "bind s a",
    "listen s 1",
    "c = socket",
    "bind c b",
    "connect c a",
    "listen c 1  -> EINVAL")

ROW(listen, datagram, "nor can a datagram socket",
    "s = plain dgram",
    "bind s a",
    "listen s 1  -> EOPNOTSUPP",
    "accept s    -> EOPNOTSUPP")

ROW(listen, not_a_socket, "nor anything else",
    "d = open .",
    "listen d 1   -> ENOTSOCK",
    "accept d     -> ENOTSOCK",
    "h = handle .",
    "listen h 1   -> EBADF",
    "accept h     -> EBADF",
    "accept 40    -> EBADF",
    "listen 40 1  -> EBADF")

ROW(listen, accept_empty, "nobody waits",
    "s = socket",
    "bind s a",
    "listen s 1",
    "p = accept s  -> EAGAIN",
    "poll s        -> -")

ROW(listen, accept_not_listening, "a socket that does not listen",
    "s = socket",
    "p = accept s  -> EINVAL",
    "bind s a",
    "p = accept s  -> EINVAL")

ROW(listen, accept_connected, "a connected socket",
    "p q = pair",
    "r = accept p  -> EINVAL")

ROW(listen, accept_order, "first come, first served",
    "s = socket",
    "bind s a",
    "listen s 5",
    "c1 = socket",
    "c2 = socket",
    "connect c1 a",
    "connect c2 a",
    "send c1 'one'  -> 3",
    "send c2 'two'  -> 3",
    "p1 = accept s",
    "p2 = accept s",
    "recv p1        -> 'one'",
    "recv p2        -> 'two'")

ROW(listen, accept_gone, "a client that has gone already",
    "s = socket",
    "bind s a",
    "listen s 1",
    "c = socket",
    "connect c a",
    "close c",
    "poll s      -> IN",
    "p = accept s",
    "recv p      -> end",
    "poll p      -> IN OUT HUP RDHUP",
    "send p 'x'  -> EPIPE")

ROW(listen, accept_gone_with_data, "what it sent is there",
    "s = socket",
    "bind s a",
    "listen s 1",
    "c = socket",
    "connect c a",
    "send c 'last words'  -> 10",
    "close c",
    "p = accept s",
    "recv p               -> 'last words'",
    "recv p               -> end")

ROW(listen, accept_limit, "no descriptor left; the connection stays",
    "s = socket",
    "bind s a",
    "listen s 1",
    "c = socket",
    "connect c a",
    "limit 5",
    "p = accept s  -> EMFILE",
    "poll s        -> IN",
    "limit 6",
    "p = accept s",
    "number p      -> 5")

ROW(listen, accept_limit_empty, "the descriptor is looked for first",
    "s = socket",
    "bind s a",
    "listen s 1",
    "limit 4",
    "p = accept s  -> EMFILE")

ROW(listen, accept_limit_not_listening, "even on a socket that does not listen",
    "s = socket",
    "limit 4",
    "p = accept s  -> EMFILE")

ROW(listen, accept_flags, "what accept gives",
    "s = socket",
    "bind s a",
    "listen s 1",
    "flags s  -> cloexec nonblock",
    "c = socket",
    "connect c a",
    "p = accept s",
    "flags p  -> cloexec nonblock")

ROW(listen, readiness, "a listener is readable while somebody waits",
    "s = socket",
    "poll s      -> OUT HUP",
    "bind s a",
    "poll s      -> OUT HUP",
    "listen s 1",
    "poll s      -> -",
    "c = socket",
    "connect c a",
    "poll s      -> IN",
    "poll s OUT  -> -",
    "p = accept s",
    "poll s      -> -")

ROW(listen, wait, "a listener becomes readable",
    "s = socket",
    "bind s a",
    "listen s 1",
    "wait s 5 IN     -> -",
    "c = socket",
    "connect c a",
    "wait s 5000 IN  -> IN")

ROW(listen, close_resets, "those who wait are reset when the listener closes",
    "s = socket",
    "bind s a",
    "listen s 5",
    "c1 = socket",
    "c2 = socket",
    "connect c1 a",
    "connect c2 a",
    "send c2 'hello'  -> 5",
    "close s",
    "recv c1          -> ECONNRESET",
    "recv c1          -> end",
    "send c1 'x'      -> EPIPE",
    "poll c2          -> IN OUT ERR HUP RDHUP",
    "error c2         -> ECONNRESET",
    "error c2         -> 0",
    "recv c2          -> end",
    "send c2 'x'      -> EPIPE")

ROW(listen, close_keeps_accepted, "those who were accepted are not",
    "s = socket",
    "bind s a",
    "listen s 5",
    "c = socket",
    "connect c a",
    "p = accept s",
    "close s",
    "send p 'still here'  -> 10",
    "recv c               -> 'still here'")

ROW(listen, shut_accepts_waiting, "a listener that was shut down hands out who waits",
    "s = socket",
    "bind s a",
    "listen s 5",
    "c = socket",
    "connect c a",
    "shutdown s both",
    "poll s         -> IN HUP RDHUP",
    "p = accept s",
    "p2 = accept s  -> EAGAIN")

ROW(listen, exit, "the process ends",
    "other: s = socket",
    "other: bind s @server",
    "other: listen s 5",
    "c = socket",
    "connect c @server",
    "other: exit",
    "recv c             -> ECONNRESET",
    "recv c             -> end",
    "d = socket",
    "connect d @server  -> ECONNREFUSED")

ROW(listen, io, "a listener has no bytes",
    "s = socket",
    "bind s a",
    "listen s 5",
    "recv s      -> EINVAL",
    "send s 'x'  -> ENOTCONN",
    "unread s    -> EINVAL",
    "unsent s    -> 0",
    "peername s  -> ENOTCONN")

ROW(listen, accept_shared, "two descriptors of one listener take turns",
    "s = socket",
    "bind s a",
    "listen s 5",
    "t = dup s",
    "c1 = socket",
    "c2 = socket",
    "connect c1 a",
    "connect c2 a",
    "send c1 '1'   -> 1",
    "send c2 '2'   -> 1",
    "p = accept t",
    "q = accept s",
    "r = accept t  -> EAGAIN",
    "recv p        -> '1'",
    "recv q        -> '2'")

ROW(listen, second_actor, "a client of another user",
    "root: chmod . 0777",
    "other: s = socket",
    "other: bind s a",
    "other: listen s 5",
    "other: chmod a 0666",
    "c = socket",
    "connect c a",
    "other: p = accept s",
    "send c 'hello'  -> 5",
    "other: recv p   -> 'hello'")
