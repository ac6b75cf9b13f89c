/* SPDX-License-Identifier: MIT */
/*
 * Rows: connect().
 */
#include "row.h"

/* One step a line. */
/* clang-format off */

ROW(connect, missing, "a name that nobody has",
    "c = socket",
    "connect c there    -> ENOENT",
    "connect c d/there  -> ENOENT")

ROW(connect, through_file, "a directory of the path is a regular file",
    "create f",
    "c = socket",
    "connect c f/there  -> ENOTDIR")

ROW(connect, to_file, "a regular file",
    "create f",
    "c = socket",
    "connect c f  -> ECONNREFUSED")

ROW(connect, to_directory, "a directory, and the working directory",
    "mkdir d",
    "c = socket",
    "connect c d  -> ECONNREFUSED",
    "connect c .  -> ECONNREFUSED")

ROW(connect, to_fifo, "a FIFO",
    "fifo f",
    "c = socket",
    "connect c f  -> ECONNREFUSED")

ROW(connect, bound_only, "bound, but nobody listens",
    "s = socket",
    "bind s a",
    "c = socket",
    "connect c a  -> ECONNREFUSED")

ROW(connect, stale, "the file of a socket that is gone",
    "s = socket",
    "bind s a",
    "listen s 1",
    "close s",
    "c = socket",
    "connect c a  -> ECONNREFUSED",
    "list .       -> a")

ROW(connect, datagram, "a socket of another type",
    "s = plain dgram",
    "bind s a",
    "c = socket",
    "connect c a  -> EPROTOTYPE")

ROW(connect, simple, "both ends of a connection",
    "s = socket",
    "bind s a",
    "listen s 1",
    "c = socket",
    "connect c a",
    "info c  -> unix stream connected",
    "poll c  -> OUT",
    "p = accept s",
    "info p  -> unix stream connected bound",
    "poll p  -> OUT")

ROW(connect, before_accept, "a client is connected before anyone accepts",
    "s = socket",
    "bind s a",
    "listen s 1",
    "c = socket",
    "connect c a",
    "send c 'early'  -> 5",
    "poll s          -> IN",
    "p = accept s",
    "recv p          -> 'early'")

ROW(connect, backlog, "listen(n) admits n + 1",
    "s = socket",
    "bind s a",
    "listen s 2",
    "c1 = socket",
    "c2 = socket",
    "c3 = socket",
    "c4 = socket",
    "connect c1 a",
    "connect c2 a",
    "connect c3 a",
    "connect c4 a  -> EAGAIN",
    "p = accept s",
    "connect c4 a")

ROW(connect, backlog_zero, "listen(0) admits one",
    "s = socket",
    "bind s a",
    "listen s 0",
    "c1 = socket",
    "c2 = socket",
    "connect c1 a",
    "connect c2 a  -> EAGAIN")

ROW(connect, backlog_readiness, "after EAGAIN the socket looks writable and hung up, for ever",
    "s = socket",
    "bind s a",
    "listen s 0",
    "c1 = socket",
    "connect c1 a",
    "c2 = socket",
    "connect c2 a  -> EAGAIN",
    "poll c2       -> OUT HUP",
    "poll c2 OUT   -> OUT HUP",
    "p = accept s",
    "poll c2       -> OUT HUP",
    "wait c2 5     -> OUT HUP",
    "connect c2 a",
    "poll c2       -> OUT")

ROW(connect, backlog_closed_client, "a client that closes still takes a place",
    "s = socket",
    "bind s a",
    "listen s 0",
    "c1 = socket",
    "connect c1 a",
    "close c1",
    "c2 = socket",
    "connect c2 a  -> EAGAIN")

ROW(connect, backlog_grows, "another listen() with a larger number makes room",
    "s = socket",
    "bind s a",
    "listen s 0",
    "c1 = socket",
    "connect c1 a",
    "c2 = socket",
    "connect c2 a  -> EAGAIN",
    "listen s 1",
    "connect c2 a")

ROW(connect, backlog_shrinks, "with a smaller one, those who wait stay",
    "s = socket",
    "bind s a",
    "listen s 5",
    "c1 = socket",
    "c2 = socket",
    "c3 = socket",
    "connect c1 a",
    "connect c2 a",
    "listen s 0",
    "connect c3 a  -> EAGAIN",
    "p = accept s",
    "connect c3 a  -> EAGAIN",
    "p = accept s",
    "connect c3 a")

ROW(connect, backlog_negative, "a negative backlog is a large one",
    "s = socket",
    "bind s a",
    "listen s -1",
    "c1 = socket",
    "c2 = socket",
    "c3 = socket",
    "connect c1 a",
    "connect c2 a",
    "connect c3 a")

ROW(connect, no_error_left, "a failed connect leaves nothing in SO_ERROR",
    "c = socket",
    "connect c there  -> ENOENT",
    "error c          -> 0",
    "poll c           -> OUT HUP")

ROW(connect, again_after_failure, "the same socket can try again",
    "c = socket",
    "connect c a  -> ENOENT",
    "s = socket",
    "bind s a",
    "listen s 1",
    "connect c a")

ROW(connect, twice, "a connected socket does not connect again",
    "s = socket",
    "bind s a",
    "listen s 5",
    "c = socket",
    "connect c a",
    "connect c a  -> EISCONN")

ROW(connect, twice_missing, "the name is looked up first",
    "s = socket",
    "bind s a",
    "listen s 5",
    "c = socket",
    "connect c a",
    "connect c there  -> ENOENT")

ROW(connect, twice_full, "and so is the backlog",
    "s = socket",
    "bind s a",
    "listen s 0",
    "c = socket",
    "connect c a",
    "connect c a  -> EAGAIN")

ROW(connect, after_peer_closed, "a connection that has ended is still one",
    "s = socket",
    "bind s a",
    "listen s 0",
    "c = socket",
    "connect c a",
    "p = accept s",
    "close p",
    "connect c a  -> EISCONN")

ROW(connect, from_listener, "a listening socket cannot connect",
    "s = socket",
    "bind s a",
    "listen s 1",
    "t = socket",
    "bind t b",
    "listen t 1",
    "connect s b  -> EINVAL")

ROW(connect, to_itself, "a listener connects to itself",
    "s = socket",
    "bind s a",
    "listen s 1",
    "connect s a  -> EINVAL")

ROW(connect, bound_client, "a client with a name of its own",
    "s = socket",
    "bind s a",
    "listen s 1",
    "c = socket",
    "bind c client",
    "connect c a",
    "p = accept s",
    "peername p  -> 9 'client'",
    "sockname p  -> 4 'a'",
    "peername c  -> 4 'a'",
    "list .      -> a client")

ROW(connect, abstract, "by an abstract name",
    "s = socket",
    "bind s @name",
    "listen s 1",
    "c = socket",
    "connect c @name",
    "peername c  -> 23 @'name'",
    "list .      -> -")

ROW(connect, abstract_missing, "nobody has it",
    "c = socket",
    "connect c @name  -> ECONNREFUSED")

ROW(connect, abstract_bound_only, "bound, but nobody listens",
    "s = socket",
    "bind s @name",
    "c = socket",
    "connect c @name  -> ECONNREFUSED")

ROW(connect, abstract_datagram, "types do not meet",
    "s = plain dgram",
    "bind s @name",
    "c = socket",
    "connect c @name  -> ECONNREFUSED")

ROW(connect, abstract_gone, "free again as soon as the socket is gone",
    "s = socket",
    "bind s @name",
    "listen s 1",
    "close s",
    "c = socket",
    "connect c @name  -> ECONNREFUSED",
    "s = socket",
    "bind s @name")

ROW(connect, abstract_length, "every byte counts",
    "s = socket",
    "bind s @name",
    "listen s 1",
    "c = socket",
    "connect c @nam        -> ECONNREFUSED",
    "connect c @name1      -> ECONNREFUSED",
    "connect c '@name\\0'  -> ENOENT",
    "connect c @name")

ROW(connect, after_unlink, "without its file nobody finds a listener",
    "s = socket",
    "bind s a",
    "listen s 1",
    "unlink a",
    "c = socket",
    "connect c a  -> ENOENT")

ROW(connect, after_rename, "a renamed socket answers under the new name",
    "s = socket",
    "bind s a",
    "listen s 1",
    "rename a b",
    "c = socket",
    "connect c a  -> ENOENT",
    "connect c b",
    "peername c   -> 4 'a'")

ROW(connect, by_second_name, "a hard link is as good",
    "s = socket",
    "bind s a",
    "listen s 1",
    "link a b",
    "c = socket",
    "connect c b",
    "unlink a",
    "d = socket",
    "connect d b",
    "peername d  -> 4 'a'")

ROW(connect, by_link, "links are followed",
    "s = socket",
    "bind s a",
    "listen s 1",
    "symlink a l",
    "symlink l m",
    "c = socket",
    "connect c m",
    "peername c  -> 4 'a'")

ROW(connect, by_dangling_link, "a link to nowhere",
    "symlink nowhere l",
    "c = socket",
    "connect c l  -> ENOENT")

ROW(connect, to_foreign, "a socket of another family is none of ours",
    "i = plain inet",
    "info i  -> foreign stream bound")

ROW(connect, kept_by_second_descriptor, "a listener lives as long as a descriptor is left",
    "s = socket",
    "bind s a",
    "listen s 1",
    "t = dup s",
    "close s",
    "c = socket",
    "connect c a",
    "close t",
    "d = socket",
    "connect d a  -> ECONNREFUSED",
    "recv c       -> ECONNRESET")

ROW(connect, listener_shut, "a listener that was shut down refuses",
    "s = socket",
    "bind s a",
    "listen s 1",
    "shutdown s read",
    "c = socket",
    "connect c a  -> ECONNREFUSED")

ROW(connect, listener_shut_write, "but not if only its other direction was",
    "s = socket",
    "bind s a",
    "listen s 1",
    "shutdown s write",
    "c = socket",
    "connect c a",
    "p = accept s",
    "recv p  -> EAGAIN")

ROW(connect, empty_name, "no name at all",
    "c = socket",
    "connect c ''  -> EINVAL",
    "bind c ''     -> EINVAL")

ROW(connect, too_long, "more than the structure holds",
    "c = socket",
    "connect c {x*109}  -> ENAMETOOLONG",
    "bind c {x*109}     -> ENAMETOOLONG",
    "list .             -> -")

ROW(connect, slash_behind, "a socket is no directory",
    "s = socket",
    "bind s a",
    "listen s 1",
    "c = socket",
    "connect c a/    -> ENOTDIR",
    "connect c ./a",
    "connect c .//a  -> EISCONN")

ROW(connect, not_a_socket, "other descriptors",
    "f = handle .",
    "connect f a   -> EBADF",
    "d = open .",
    "connect d a   -> ENOTSOCK",
    "connect 40 a  -> EBADF",
    "connect -1 a  -> EBADF")

ROW(connect, nul_inside, "a path ends at its first NUL",
    "s = socket",
    "bind s a",
    "listen s 1",
    "c = socket",
    "connect c 'a\\0b'",
    "peername c  -> 4 'a'")

ROW(connect, shut_before, "a socket that was shut down before it connects",
    "s = socket",
    "bind s a",
    "listen s 1",
    "c = socket",
    "shutdown c write",
    "connect c a",
    "send c 'x'  -> EPIPE",
    "poll c      -> OUT",
    "recv c      -> EAGAIN")
