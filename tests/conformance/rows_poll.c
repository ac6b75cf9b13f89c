/* SPDX-License-Identifier: MIT */
/*
 * Rows: poll().
 */
#include "row.h"

/* One step a line. */
/* clang-format off */

ROW(poll, ready, "every handle of a process",
    "ready     -> -",
    "p q = pair",
    "d = open .",
    "c = socket",
    "close d",
    "send p 'x'",
    "ready     -> p: OUT, q: IN OUT, d: NVAL, c: OUT HUP")

ROW(poll, unconnected, "writable and hung up",
    "c = socket",
    "poll c          -> OUT HUP",
    "poll c nothing  -> HUP",
    "poll c IN       -> HUP",
    "wait c 5 IN     -> HUP")

ROW(poll, bound, "also with a name",
    "c = socket",
    "bind c a",
    "poll c  -> OUT HUP")

ROW(poll, connected, "writable",
    "p q = pair",
    "poll p          -> OUT",
    "poll p IN       -> -",
    "poll p nothing  -> -")

ROW(poll, data, "readable",
    "p q = pair",
    "send q 'x'  -> 1",
    "poll p      -> IN OUT",
    "poll p OUT  -> OUT",
    "recv p      -> 'x'",
    "poll p      -> OUT")

ROW(poll, peer_closed, "everything at once",
    "p q = pair",
    "close q",
    "poll p          -> IN OUT HUP RDHUP",
    "poll p IN       -> IN HUP",
    "poll p OUT      -> OUT HUP",
    "poll p nothing  -> HUP")

ROW(poll, peer_closed_data, "data first; poll reports both",
    "p q = pair",
    "send q 'x'  -> 1",
    "close q",
    "poll p      -> IN OUT HUP RDHUP",
    "recv p      -> 'x'",
    "poll p      -> IN OUT HUP RDHUP")

ROW(poll, peer_closed_unread, "with an error",
    "p q = pair",
    "send p 'x'      -> 1",
    "close q",
    "poll p          -> IN OUT ERR HUP RDHUP",
    "poll p nothing  -> ERR HUP",
    "recv p          -> ECONNRESET",
    "poll p          -> IN OUT HUP RDHUP")

ROW(poll, peer_shut_write, "half closed by the peer",
    "p q = pair",
    "shutdown q write",
    "poll p          -> IN OUT RDHUP",
    "poll p nothing  -> -",
    "poll q          -> OUT")

ROW(poll, peer_shut_read, "the other half",
    "p q = pair",
    "shutdown q read",
    "poll p  -> OUT",
    "poll q  -> IN OUT RDHUP")

ROW(poll, shut_write_then_peer, "both halves, one by each",
    "p q = pair",
    "shutdown p write",
    "shutdown q write",
    "poll p  -> IN OUT HUP RDHUP",
    "poll q  -> IN OUT HUP RDHUP")

ROW(poll, shut_own_both, "by ourselves",
    "p q = pair",
    "shutdown p both",
    "poll p  -> IN OUT HUP RDHUP",
    "poll q  -> IN OUT HUP RDHUP")

ROW_SINCE(6, 18, poll, full, "not writable",
    "p q = pair",
    "fill p 4096   -> 180224 EAGAIN",
    "poll p        -> -",
    "wait p 5 OUT  -> -")

ROW_SINCE(6, 18, poll, full_peer_closed, "a full queue whose reader goes",
    "p q = pair",
    "fill p 4096  -> 180224 EAGAIN",
    "close q",
    "poll p       -> IN OUT ERR HUP RDHUP")

ROW(poll, closed_descriptor, "not open",
    "p q = pair",
    "close p",
    "poll 3   -> NVAL",
    "poll 40  -> NVAL")

ROW(poll, negative, "skipped",
    "p q = pair",
    "poll_many -1 p  -> 1: -, OUT")

ROW(poll, none, "nothing to wait for",
    "poll_many  -> 0:")

ROW(poll, many, "several at once",
    "p q = pair",
    "c = socket",
    "send q 'x'          -> 1",
    "poll_many p q c 40  -> 4: IN OUT, OUT, OUT HUP, NVAL")

ROW(poll, directory, "a directory is always ready",
    "d = open .",
    "poll d  -> IN OUT")

ROW(poll, handle, "a handle is no open file",
    "h = handle .",
    "poll h  -> NVAL")

ROW(poll, file, "nor does a file wait",
    "create f",
    "f = open f",
    "poll f  -> IN OUT")

ROW(poll, wait_ready, "no time passes if something is ready",
    "p q = pair",
    "send q 'x'       -> 1",
    "wait p 60000 IN  -> IN")

ROW(poll, wait_timeout, "the time passes",
    "p q = pair",
    "wait p 10 IN  -> -",
    "wait p 0 IN   -> -")

ROW(poll, listener_with_waiting, "a listener is never writable",
    "s = socket",
    "bind s a",
    "listen s 1",
    "poll s OUT     -> -",
    "c = socket",
    "connect c a",
    "poll s OUT IN  -> IN")

ROW(poll, listener_shut, "a listener that was shut down",
    "s = socket",
    "bind s a",
    "listen s 1",
    "shutdown s read",
    "poll s  -> IN RDHUP",
    "shutdown s both",
    "poll s  -> IN HUP RDHUP")

ROW_SINCE(6, 5, poll, pidfd, "of a process that lives",
    "p q = pair",
    "d = pidfd p",
    "poll d  -> -")

ROW(poll, accepted_reset, "a client that was reset before it was accepted",
    "s = socket",
    "bind s a",
    "listen s 1",
    "c = socket",
    "connect c a",
    "close s",
    "poll c  -> IN OUT ERR HUP RDHUP",
    "recv c  -> ECONNRESET",
    "poll c  -> IN OUT HUP RDHUP")
