/* SPDX-License-Identifier: MIT */
/*
 * Rows: bytes: send(), recv(), the send buffer, shutdown(), the end of a connection.
 */
#include "row.h"

/* One step a line. */
/* clang-format off */

ROW(stream, order, "bytes arrive once and in order",
    "p q = pair",
    "send p 'one '  -> 4",
    "send p 'two '  -> 4",
    "recv q         -> 'one two '",
    "recv q         -> EAGAIN")

ROW(stream, both_ways, "directions are independent",
    "p q = pair",
    "send p 'ping'  -> 4",
    "send q 'pong'  -> 4",
    "recv p         -> 'pong'",
    "recv q         -> 'ping'")

ROW(stream, vectored, "pieces of one call",
    "p q = pair",
    "sendv p 'a' 'bc' 'def'  -> 6",
    "recv q                  -> 'abcdef'")

ROW(stream, partial_recv, "what does not fit stays",
    "p q = pair",
    "send p 'abcdef'  -> 6",
    "recv q 2         -> 'ab'",
    "recv q 2         -> 'cd'",
    "recv q           -> 'ef'")

ROW(stream, peek, "looking leaves the bytes",
    "p q = pair",
    "send p 'abc'  -> 3",
    "send p 'def'  -> 3",
    "peek q 2      -> 'ab'",
    "peek q        -> 'abcdef'",
    "recv q        -> 'abcdef'")

ROW(stream, empty, "nothing yet",
    "p q = pair",
    "recv q  -> EAGAIN",
    "peek q  -> EAGAIN",
    "poll q  -> OUT")

ROW(stream, never_connected, "no connection, no bytes",
    "c = socket",
    "recv c      -> EINVAL",
    "peek c      -> EINVAL",
    "send c 'x'  -> ENOTCONN")

ROW(stream, end, "the peer has finished",
    "p q = pair",
    "send p 'bye'  -> 3",
    "close p",
    "recv q        -> 'bye'",
    "recv q        -> end",
    "recv q        -> end")

ROW(stream, end_peek, "also when only looking",
    "p q = pair",
    "close p",
    "peek q  -> end",
    "peek q  -> end",
    "recv q  -> end")

ROW(stream, send_to_closed, "the peer has gone",
    "p q = pair",
    "close p",
    "send q 'x'  -> EPIPE",
    "send q 'x'  -> EPIPE",
    "recv q      -> end")

ROW(stream, unread_reset, "the peer closed with bytes of ours unread",
    "p q = pair",
    "send q 'unread'  -> 6",
    "send p 'data'    -> 4",
    "close p",
    "recv q 2         -> 'da'",
    "recv q           -> 'ta'",
    "recv q           -> ECONNRESET",
    "recv q           -> end",
    "send q 'x'       -> EPIPE")

ROW(stream, unread_reset_nothing, "without anything to read",
    "p q = pair",
    "send q 'unread'  -> 6",
    "close p",
    "recv q           -> ECONNRESET",
    "recv q           -> end")

ROW(stream, unread_reset_peek, "looking takes the error too",
    "p q = pair",
    "send q 'unread'  -> 6",
    "close p",
    "peek q           -> ECONNRESET",
    "recv q           -> end")

ROW(stream, unread_reset_send, "sending does not take it",
    "p q = pair",
    "send q 'unread'  -> 6",
    "close p",
    "send q 'x'       -> EPIPE",
    "recv q           -> ECONNRESET")

ROW(stream, unread_reset_so_error, "SO_ERROR does",
    "p q = pair",
    "send q 'unread'  -> 6",
    "close p",
    "error q          -> ECONNRESET",
    "recv q           -> end")

ROW(stream, unread_reset_partly_read, "one byte is enough",
    "p q = pair",
    "send q 'ab'  -> 2",
    "recv p 1     -> 'a'",
    "close p",
    "recv q       -> ECONNRESET")

ROW(stream, shut_write, "end of our direction only",
    "p q = pair",
    "send p 'last'   -> 4",
    "shutdown p write",
    "send p 'x'      -> EPIPE",
    "recv q          -> 'last'",
    "recv q          -> end",
    "send q 'reply'  -> 5",
    "recv p          -> 'reply'")

ROW(stream, shut_read, "we do not want to hear more",
    "p q = pair",
    "send q 'before'  -> 6",
    "shutdown p read",
    "send q 'x'       -> EPIPE",
    "recv p           -> 'before'",
    "recv p           -> end",
    "send p 'still'   -> 5",
    "recv q           -> 'still'")

ROW(stream, shut_both, "both",
    "p q = pair",
    "send q 'before'  -> 6",
    "shutdown p both",
    "recv p           -> 'before'",
    "recv p           -> end",
    "send p 'x'       -> EPIPE",
    "recv q           -> end",
    "send q 'x'       -> EPIPE")

ROW(stream, shut_unconnected, "nothing to shut down",
    "c = socket",
    "shutdown c write",
    "shutdown c read",
    "shutdown c both")

ROW(stream, shut_invalid, "no such direction",
    "p q = pair",
    "shutdown p none    -> EINVAL",
    "shutdown 40 write  -> EBADF",
    "d = open .",
    "shutdown d write   -> ENOTSOCK")

ROW(stream, shut_after_close, "the peer has gone",
    "p q = pair",
    "close q",
    "shutdown p write",
    "recv p  -> end")

ROW_SINCE(6, 18, stream, fill_4096, "how much a queue takes, in pieces of 4096",
    "p q = pair",
    "fill p 4096  -> 180224 EAGAIN",
    "poll p       -> -",
    "unread q     -> 180224",
    "unsent p     -> 214016")

ROW_SINCE(6, 18, stream, fill_1, "in single bytes",
    "p q = pair",
    "fill p 1  -> 278 EAGAIN",
    "unread q  -> 278",
    "unsent p  -> 213504")

ROW_SINCE(6, 18, stream, fill_1000, "in pieces of 1000",
    "p q = pair",
    "fill p 1000  -> 93000 EAGAIN",
    "unsent p     -> 214272")

ROW_SINCE(6, 18, stream, fill_65536, "in large pieces, the last one cut short",
    "p q = pair",
    "fill p 65536  -> 233152 EAGAIN",
    "unsent p      -> 238336")

ROW_SINCE(6, 18, stream, fill_200000, "a call that fits at once",
    "p q = pair",
    "send p 200000  -> 200000",
    "unsent p       -> 204288",
    "send p 200000  -> 36544",
    "unsent p       -> 241408",
    "send p 1       -> EAGAIN")

ROW_SINCE(6, 18, stream, fill_1000000, "one call takes what there is room for",
    "p q = pair",
    "send p 1000000   -> 219264",
    "unsent p         -> 222720",
    "unread q         -> 219264",
    "drain q 1000000  -> 219264 EAGAIN",
    "unsent p         -> 0")

ROW_SINCE(6, 18, stream, room_one_byte, "reading one byte makes no room",
    "p q = pair",
    "fill p 4096  -> 180224 EAGAIN",
    "recv q 1     -> 'a'",
    "poll p       -> -",
    "send p 'x'   -> EAGAIN",
    "unsent p     -> 214016")

ROW_SINCE(6, 18, stream, room_one_message, "reading a whole message does, for sending",
    "p q = pair",
    "fill p 4096  -> 180224 EAGAIN",
    "recv q 4096  -> 4096 letters",
    "poll p       -> -",
    "unsent p     -> 209152",
    "send p 'x'   -> 1",
    "send p 4096  -> 4096")

ROW_SINCE(6, 18, stream, room_a_quarter, "poll says so when a quarter is in use",
    "p q = pair",
    "fill p 4096    -> 180224 EAGAIN",
    "recv q 110592  -> 110592 letters",
    "poll p         -> -",
    "unsent p       -> 82688",
    "recv q 4096    -> 4096 letters",
    "poll p         -> -",
    "recv q 36864   -> 36864 letters",
    "poll p         -> OUT",
    "unsent p       -> 34048",
    "recv q 4096    -> 4096 letters",
    "poll p         -> OUT",
    "unsent p       -> 29184")

ROW_SINCE(6, 18, stream, charge_steps, "what a message takes of the buffer",
    "p q = pair",
    "send p 1     -> 1",
    "unsent p     -> 768",
    "send p 192   -> 192",
    "unsent p     -> 1536",
    "send p 193   -> 193",
    "unsent p     -> 2816",
    "send p 704   -> 704",
    "unsent p     -> 4096",
    "send p 705   -> 705",
    "unsent p     -> 6400",
    "send p 1728  -> 1728",
    "unsent p     -> 8704",
    "send p 1729  -> 1729",
    "unsent p     -> 13056",
    "send p 3776  -> 3776",
    "unsent p     -> 17408",
    "send p 3777  -> 3777",
    "unsent p     -> 22272",
    "send p 4096  -> 4096",
    "unsent p     -> 27136",
    "send p 8192  -> 8192",
    "unsent p     -> 36096")

ROW_SINCE(6, 18, stream, charge_cut, "where a large one is cut",
    "p q = pair",
    "send p 36544  -> 36544",
    "unsent p      -> 37120",
    "send p 36545  -> 36545",
    "unsent p      -> 75008")

ROW_SINCE(6, 18, stream, small_buffer, "a small send buffer",
    "p q = pair",
    "send_buffer p 4608",
    "send p 10000  -> 4480",
    "unsent p      -> 8704",
    "unread q      -> 4480",
    "recv q        -> 4480 letters",
    "unsent p      -> 0")

ROW_SINCE(6, 18, stream, small_buffer_fill, "and how it fills",
    "p q = pair",
    "send_buffer p 8192",
    "fill p 100    -> 1100 EAGAIN",
    "unsent p      -> 8448",
    "drain q 1000  -> 1100 EAGAIN",
    "fill p 3000   -> 6000 EAGAIN",
    "unsent p      -> 8704")

ROW(stream, merge, "one call receives from several messages",
    "p q = pair",
    "send p 3000  -> 3000",
    "send p 3000  -> 3000",
    "send p 3000  -> 3000",
    "recv q 8000  -> 8000 letters",
    "recv q 8000  -> 1000 letters")

ROW(stream, large, "a megabyte in turns",
    "p q = pair",
    "send p 100000  -> 100000",
    "recv q 100000  -> 100000 letters",
    "send p 100000  -> 100000",
    "recv q 50000   -> 50000 letters",
    "recv q 100000  -> 50000 letters")

ROW_SINCE(6, 18, stream, urgent, "an out-of-band byte announces data that is not there",
    "p q = pair",
    "urgent p 'u'  -> 1",
    "poll q        -> IN OUT",
    "recv q        -> EAGAIN",
    "poll q        -> OUT")

ROW_SINCE(6, 18, stream, urgent_between, "receiving stops in front of it",
    "p q = pair",
    "send p 'before'  -> 6",
    "urgent p 'u'     -> 1",
    "send p 'after'   -> 5",
    "recv q           -> 'before'",
    "recv q           -> 'after'",
    "recv q           -> EAGAIN")

ROW_SINCE(6, 18, stream, urgent_tail, "only the last byte is out of band",
    "p q = pair",
    "urgent p 'abc'  -> 3",
    "recv q          -> 'ab'",
    "recv q          -> EAGAIN")

ROW_SINCE(6, 18, stream, urgent_peek, "looking steps over it and leaves it",
    "p q = pair",
    "urgent p 'u'    -> 1",
    "send p 'after'  -> 5",
    "peek q          -> 'after'",
    "recv q          -> 'after'")

ROW_SINCE(6, 18, stream, urgent_twice, "a second one makes the first ordinary",
    "p q = pair",
    "urgent p 'u'  -> 1",
    "urgent p 'v'  -> 1",
    "recv q        -> 'u'",
    "recv q        -> EAGAIN",
    "poll q        -> OUT")

ROW_SINCE(6, 18, stream, urgent_end, "and the end behind it",
    "p q = pair",
    "urgent p 'u'  -> 1",
    "close p",
    "poll q        -> IN OUT HUP RDHUP",
    "recv q        -> end")

ROW(stream, passed_descriptor, "what comes along is dropped, and ends what one call receives",
    "p q = pair",
    "r t = pair",
    "pass p 'one' r  -> 3",
    "send p 'two'    -> 3",
    "close r",
    "poll t          -> OUT",
    "recv q          -> 'one'",
    "poll t          -> IN OUT HUP RDHUP",
    "recv q          -> 'two'")

ROW(stream, passed_unread, "also with what is never received",
    "p q = pair",
    "r t = pair",
    "pass p 'one' r  -> 3",
    "close r",
    "close q",
    "poll t          -> IN OUT HUP RDHUP")

ROW(stream, passed_peek, "looking does not drop it",
    "p q = pair",
    "r t = pair",
    "pass p 'one' r  -> 3",
    "send p 'two'    -> 3",
    "close r",
    "peek q          -> 'one'",
    "poll t          -> OUT",
    "recv q          -> 'one'",
    "poll t          -> IN OUT HUP RDHUP")

ROW_SINCE(6, 18, stream, passed_partly, "receiving a part of it does",
    "p q = pair",
    "r t = pair",
    "pass p 'one' r  -> 3",
    "close r",
    "recv q 1        -> 'o'",
    "poll t          -> IN OUT HUP RDHUP",
    "recv q          -> 'ne'",
    "poll t          -> IN OUT HUP RDHUP")

ROW_SINCE(6, 18, stream, unsent_after_peer_closed, "what the peer never read is given back",
    "p q = pair",
    "send p 'x'  -> 1",
    "unsent p    -> 768",
    "close q",
    "unsent p    -> 0",
    "unread p    -> 0")

ROW(stream, not_a_socket, "other descriptors",
    "d = open .",
    "recv d       -> ENOTSOCK",
    "send d 'x'   -> ENOTSOCK",
    "h = handle .",
    "recv h       -> EBADF",
    "send h 'x'   -> EBADF",
    "recv 40      -> EBADF",
    "send 40 'x'  -> EBADF")

ROW_SINCE(6, 18, stream, empty_buffer_of_listener, "the client wrote before it was accepted",
    "s = socket",
    "bind s a",
    "listen s 1",
    "c = socket",
    "connect c a",
    "fill c 4096   -> 180224 EAGAIN",
    "p = accept s",
    "unread p      -> 180224",
    "drain p 4096  -> 180224 EAGAIN",
    "poll c        -> OUT")

ROW(stream, pass_what, "the socket is looked at first",
    "p q = pair",
    "pass p 'x' 40   -> EBADF",
    "d = open .",
    "pass d 'x' 40   -> ENOTSOCK",
    "pass 41 'x' 40  -> EBADF",
    "c = socket",
    "pass c 'x' p    -> ENOTCONN",
    "pass c 'x' 40   -> EBADF")

ROW(stream, passed_itself_kept, "a descriptor in a queue keeps its socket",
    "p q = pair",
    "r t = pair",
    "pass p 'one' r  -> 3",
    "close r",
    "send t 'for r'  -> 5",
    "poll t          -> OUT",
    "unsent t        -> 768",
    "recv q          -> 'one'",
    "poll t          -> IN OUT ERR HUP RDHUP",
    "recv t          -> ECONNRESET")

ROW_SINCE(6, 18, stream, room_exactly_a_quarter, "a quarter to the byte is too much",
    "p q = pair",
    "send_buffer p 8192",
    "send p 700  -> 700",
    "send p 1    -> 1",
    "unsent p    -> 2048",
    "poll p      -> -",
    "recv q 700  -> 700 letters",
    "unsent p    -> 768",
    "poll p      -> OUT")
