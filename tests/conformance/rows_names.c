/* SPDX-License-Identifier: MIT */
/*
 * Rows: names of sockets: bind(), getsockname(), getpeername().
 */
#include "row.h"

/* One step a line. */
/* clang-format off */

ROW(names, unnamed, "no name",
    "s = socket",
    "sockname s  -> 2",
    "peername s  -> ENOTCONN",
    "info s      -> unix stream")

ROW(names, path, "a path counts its terminator",
    "s = socket",
    "bind s abc",
    "sockname s  -> 6 'abc'",
    "list .      -> abc",
    "lstat abc   -> socket 0755 me me",
    "info s      -> unix stream bound")

ROW(names, path_108, "108 bytes leave no room for it; it is counted all the same",
    "s = socket",
    "bind s {x*108}",
    "sockname s  -> 111 'xxxxxxxxxxxxxxxxxxxx'...",
    "listen s 1",
    "c = socket",
    "connect c {x*108}",
    "peername c  -> 111 'xxxxxxxxxxxxxxxxxxxx'...",
    "p = accept s",
    "sockname p  -> 111 'xxxxxxxxxxxxxxxxxxxx'...")

ROW(names, path_107, "the longest name with room",
    "s = socket",
    "bind s {x*107}",
    "sockname s  -> 110 'xxxxxxxxxxxxxxxxxxxx'...")

ROW(names, capacity, "what does not fit is left out, the length is not",
    "s = socket",
    "bind s abcdef",
    "sockname s 4    -> 9 'ab\\x00\\x00\\x00\\x00'",
    "sockname s 2    -> 9 @'\\x00\\x00\\x00\\x00\\x00\\x00'",
    "sockname s 128  -> 9 'abcdef'")

ROW(names, nul_inside, "a path ends at its first NUL",
    "s = socket",
    "bind s 'ab\\0cd'",
    "sockname s  -> 5 'ab'",
    "list .      -> ab")

ROW(names, at_sign, "only NUL makes a name abstract",
    "s = socket",
    "bind s '@ab'",
    "sockname s  -> 6 '@ab'",
    "list .      -> @ab")

ROW(names, abstract, "an abstract name counts its bytes",
    "s = socket",
    "bind s @abc",
    "sockname s  -> 22 @'abc'",
    "info s      -> unix stream bound",
    "list .      -> -")

ROW(names, abstract_nul, "NULs are part of it",
    "s = socket",
    "bind s '\\0conformance\\0\\0x'",
    "sockname s  -> 17 @'conformance\\x00\\x00x'")

ROW(names, abstract_taken, "one socket, one name",
    "s = socket",
    "bind s @abc",
    "t = socket",
    "bind t @abc  -> EADDRINUSE",
    "bind t @abcd")

ROW(names, abstract_taken_datagram, "types have names of their own",
    "s = socket",
    "bind s @abc",
    "t = plain dgram",
    "bind t @abc",
    "u = plain dgram",
    "bind u @abc  -> EADDRINUSE")

ROW(names, abstract_longest, "107 bytes",
    "s = socket",
    "bind s '\\0{x*107}'",
    "sockname s  -> 110 @'xxxxxxxxxxxxxxxxxxxx'...")

ROW(names, abstract_trailing, "a NUL at the end makes another name",
    "s = socket",
    "bind s '\\0conf-trail'",
    "t = socket",
    "bind t '\\0conf-trail\\0'",
    "sockname t  -> 14 @'conf-trail\\x00'")

ROW(names, autobind, "no name in the address: the kernel picks one",
    "s = socket",
    "autobind s",
    "autoname s  -> five digits",
    "list .      -> -")

ROW(names, autobind_twice, "a second time changes nothing",
    "s = socket",
    "bind s abc",
    "autobind s",
    "sockname s  -> 6 'abc'")

ROW(names, bind_twice, "a socket has one name",
    "s = socket",
    "bind s a",
    "bind s b    -> EINVAL",
    "list .      -> a",
    "bind s @b   -> EINVAL",
    "sockname s  -> 4 'a'")

ROW(names, bind_twice_taken, "the file is looked at first",
    "s = socket",
    "bind s a",
    "bind s a     -> EADDRINUSE",
    "create f",
    "bind s f     -> EADDRINUSE",
    "bind s no/f  -> ENOENT")

ROW(names, bind_abstract_then_path, "neither after an abstract one",
    "s = socket",
    "bind s @a",
    "bind s b   -> EINVAL",
    "bind s @b  -> EINVAL",
    "bind s @a  -> EINVAL",
    "list .     -> -")

ROW(names, bind_taken, "whatever is there",
    "create f",
    "mkdir d",
    "symlink nowhere l",
    "symlink f k",
    "s = socket",
    "bind s f    -> EADDRINUSE",
    "bind s d    -> EADDRINUSE",
    "bind s l    -> EADDRINUSE",
    "bind s k    -> EADDRINUSE",
    "bind s .    -> EADDRINUSE",
    "bind s ..   -> EADDRINUSE",
    "bind s d/   -> EADDRINUSE",
    "bind s d/.  -> EADDRINUSE",
    "list .      -> d f k l")

ROW(names, bind_taken_by_live, "a live server keeps its name",
    "s = socket",
    "bind s a",
    "listen s 1",
    "t = socket",
    "bind t a  -> EADDRINUSE",
    "c = socket",
    "connect c a")

ROW(names, bind_missing_directory, "nothing on the way is made",
    "s = socket",
    "bind s d/a  -> ENOENT",
    "list .      -> -")

ROW(names, bind_through_file, "a file is no directory",
    "create f",
    "s = socket",
    "bind s f/a  -> ENOTDIR")

ROW(names, bind_slash_behind, "a socket is no directory",
    "s = socket",
    "bind s a/    -> ENOENT",
    "bind s a//   -> ENOENT",
    "mkdir d",
    "bind s d/a/  -> ENOENT",
    "list d       -> -")

ROW(names, bind_through_link, "links on the way are followed",
    "mkdir d",
    "symlink d l",
    "s = socket",
    "bind s l/a",
    "list d      -> a",
    "sockname s  -> 6 'l/a'")

ROW(names, bind_connected, "a connected socket can get a name",
    "p q = pair",
    "bind p a",
    "sockname p  -> 4 'a'",
    "peername q  -> 4 'a'")

ROW(names, bind_accepted, "an accepted one has one",
    "s = socket",
    "bind s a",
    "listen s 1",
    "c = socket",
    "connect c a",
    "p = accept s",
    "bind p b  -> EINVAL")

ROW(names, rename_keeps, "renaming the file does not change the name",
    "s = socket",
    "bind s a",
    "rename a b",
    "sockname s  -> 4 'a'",
    "list .      -> b")

ROW(names, unlink_keeps, "nor does removing it",
    "s = socket",
    "bind s a",
    "unlink a",
    "sockname s  -> 4 'a'",
    "list .      -> -",
    "t = socket",
    "bind t a",
    "sockname t  -> 4 'a'")

ROW(names, peer_closed, "the name of a peer that has gone",
    "s = socket",
    "bind s a",
    "listen s 1",
    "c = socket",
    "connect c a",
    "p = accept s",
    "close p",
    "close s",
    "peername c  -> 4 'a'",
    "info c      -> unix stream connected")

ROW(names, pair, "a pair has no names",
    "p q = pair",
    "sockname p  -> 2",
    "peername p  -> 2",
    "info p      -> unix stream connected")

ROW(names, relative, "the name is kept as it was given",
    "mkdir d",
    "s = socket",
    "bind s ./d/../x",
    "sockname s  -> 11 './d/../x'",
    "list .      -> d x")

ROW(names, rebind_stale, "a stale file is in the way until it is removed",
    "s = socket",
    "bind s a",
    "close s",
    "t = socket",
    "bind t a  -> EADDRINUSE",
    "unlink a",
    "bind t a")

ROW(names, not_a_socket, "other descriptors",
    "d = open .",
    "bind d a     -> ENOTSOCK",
    "sockname d   -> ENOTSOCK",
    "peername d   -> ENOTSOCK",
    "h = handle .",
    "sockname h   -> EBADF",
    "sockname 40  -> EBADF",
    "peername 40  -> EBADF",
    "info 40      -> EBADF",
    "info d       -> ENOTSOCK",
    "info h       -> EBADF")

ROW(names, close_leaves_file, "closing removes nothing",
    "s = socket",
    "bind s a",
    "close s",
    "list .   -> a",
    "lstat a  -> socket 0755 me me")

ROW(names, by_descriptor, "a path through a directory handle",
    "mkdir d",
    "h = handle d",
    "s = socket",
    "bind s /proc/self/fd/{h}/a",
    "list d         -> a",
    "rename d e",
    "c = socket",
    "listen s 1",
    "connect c /proc/self/fd/{h}/a",
    "connect c e/a  -> EISCONN")

ROW(names, by_descriptor_gone, "without that descriptor",
    "c = socket",
    "connect c /proc/self/fd/40/a  -> ENOENT",
    "bind c /proc/self/fd/40/a     -> ENOENT")

ROW(names, by_descriptor_kind, "a descriptor that is no directory",
    "s = socket",
    "bind s /proc/self/fd/{s}/a     -> ENOTDIR",
    "create f",
    "f = open f",
    "bind s /proc/self/fd/{f}/a     -> ENOTDIR",
    "connect s /proc/self/fd/{f}    -> ECONNREFUSED",
    "connect s /proc/self/fd/{f}/a  -> ENOTDIR")
