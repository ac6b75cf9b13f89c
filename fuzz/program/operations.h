/* SPDX-License-Identifier: MIT */
/*
 * The operations of which programs about sockets, servers, peers and files are made: the one list.
 *
 * X(NAME, letter, targets, pattern)
 *
 * @letter is the operation in bytes (steps.h). @targets says which targets' programs can hold it:
 * any of the OPERATION_IN_* bits. @pattern is its text form, and with that its operands; between
 * {} stand
 *
 *   {c} {s} {p} {u}  a socket, a server, a descriptor of a peer, a user: c0 to c7, s0 to s3, p0 to
 *                    p7, u0 to u3. One byte, modulo their number.
 *   {side}           which process of the library: client, server. One byte.
 *   {u8} {u16} {u32} a number, decimal; 1, 2 or 4 bytes, the lowest first
 *   {ms}             milliseconds, signed, 2 bytes: 250ms, -1ms
 *   {octal}          a mode, 2 bytes: 0700
 *   {flag}           on, off. One byte.
 *   {ready}          SP_IO_* bits: read+write+hangup+data, or 0. One byte.
 *   {call}           a member of the seam, or any. One byte.
 *   {fault}          a member of the seam and what it comes to: send eintr. Two bytes.
 *   {LIST}           a word of OPERATION_WORDS_LIST, modulo their number. One byte.
 *   {path}           a string in quotes, stored after all other operands, up to a NUL
 *   {name}           a string in quotes, stored last, to the end: may hold NUL
 *   {tape}           bytes in hexadecimal, stored last, to the end
 *
 * An operand that is missing is 0 or empty. A prefix is an operation that says when or where the
 * next one takes place. What an operation does is said in fuzz/world.
 */
#ifndef FUZZ_OPERATIONS_H
#define FUZZ_OPERATIONS_H

enum {
    OPERATION_IN_STATE = 1u << 0,
    OPERATION_IN_SERVER = 1u << 1,
    OPERATION_IN_PAIR = 1u << 2,
    OPERATION_IN_PATH = 1u << 3,
    OPERATION_IN_SUBJECT = 1u << 4,
};

/* Shorthand for the third column: sockets; servers; the names and files around servers; all; and
 * what any implementation can do, a subject's programs. */
#define IN_SOCKET (OPERATION_IN_STATE | OPERATION_IN_PAIR)
#define IN_SERVER (OPERATION_IN_SERVER | OPERATION_IN_PAIR)
#define IN_NAMES (OPERATION_IN_SERVER | OPERATION_IN_PATH)
#define IN_LISTEN (OPERATION_IN_SERVER | OPERATION_IN_PAIR | OPERATION_IN_PATH)
#define IN_PEER (OPERATION_IN_STATE | OPERATION_IN_SERVER)
#define IN_MOST (OPERATION_IN_STATE | OPERATION_IN_SERVER | OPERATION_IN_PAIR)
#define IN_ANY OPERATION_IN_SUBJECT
#define IN_ALL (OPERATION_IN_STATE | OPERATION_IN_SERVER | OPERATION_IN_PAIR | OPERATION_IN_PATH)

/* clang-format off */

/* The words of a {LIST}. X(LIST, words in their order, separated by blanks) */
#define OPERATION_WORDS_LIST(X)                                                                  \
    X(mode, "rw r w none all")                                                                   \
    X(state, "unconnected connecting connected closing")                                         \
    X(event, "state connected disconnected ready-read bytes-written read-finished "              \
             "about-to-close error new-connection lost")                                         \
    /* by -enum sp_error */                                                                      \
    X(error, "ok connection-refused peer-closed server-not-found access resource timeout "       \
             "datagram-too-large connection unsupported unknown operation address-in-use "       \
             "argument limit untrusted")                                                         \
    X(action, "nothing read write flush disconnect close abort free reopen dispatch take")       \
    X(allow, "any self root directory-owner self+root u1 u2 group default none")                 \
    X(trust, "strict group off bad")                                                             \
    X(remove, "stale alive")                                                                     \
    X(shut, "read write both")                                                                   \
    X(file, "regular fifo socket")                                                               \
    X(kind, "stream datagram foreign none")                                                      \
    X(variable, "XDG_RUNTIME_DIR TMPDIR")

#define OPERATION_LIST(X)                                                                        \
    /* sockets: connecting */                                                                    \
    X(CONNECT,          'c', IN_SOCKET | IN_ANY, "{c} = connect {name} {mode}")                  \
    X(CONNECT_ABSTRACT, 'C', IN_SOCKET, "{c} = connect-abstract {name} {mode}")                  \
    X(SOCKET_NEW,       'n', IN_SOCKET | IN_ANY, "{c} = new {side}")                             \
    X(SET_NAME,         'm', IN_SOCKET, "{c}.set-name {name}")                                   \
    X(OPEN,             'o', IN_SOCKET, "{c}.open {mode}")                                       \
    X(ADOPT,            'A', IN_SOCKET, "{c}.adopt {p} {state} {mode}")                          \
    X(CONNECT_TIMEOUT,  't', IN_SOCKET, "{c}.connect-timeout {ms}")                              \
    X(SOCKET_POLICY,    'y', IN_SOCKET, "{c}.policy {allow}")                                    \
    /* sockets: closing */                                                                       \
    X(DISCONNECT,       'd', IN_SOCKET, "{c}.disconnect")                                        \
    X(CLOSE,            'x', IN_SOCKET | IN_ANY, "{c}.close")                                    \
    X(ABORT,            'a', IN_SOCKET, "{c}.abort")                                             \
    X(FREE,             'f', IN_SOCKET | IN_ANY, "{c}.free")                                     \
    X(CLOSE_TIMEOUT,    'T', IN_SOCKET, "{c}.close-timeout {ms}")                                \
    X(HALF_OPEN,        'h', IN_SOCKET, "{c}.half-open {flag}")                                  \
    /* sockets: reading */                                                                       \
    X(READ,             'r', IN_SOCKET | IN_ANY, "{c}.read {u16}")                               \
    X(PEEK,             'p', IN_SOCKET, "{c}.peek {u16}")                                        \
    X(SKIP,             's', IN_SOCKET, "{c}.skip {u32}")                                        \
    X(READ_LINE,        'l', IN_SOCKET, "{c}.read-line {u16}")                                   \
    X(GET_CHAR,         'g', IN_SOCKET, "{c}.get-char")                                          \
    X(UNGET_CHAR,       'u', IN_SOCKET, "{c}.unget-char {u8}")                                   \
    X(BYTES_AVAILABLE,  'b', IN_SOCKET, "{c}.bytes-available")                                   \
    X(CAN_READ_LINE,    'L', IN_SOCKET, "{c}.can-read-line")                                     \
    X(READ_LIMIT,       'i', IN_SOCKET, "{c}.read-limit {u32}")                                  \
    X(BEGIN,            '(', IN_SOCKET, "{c}.start-transaction")                                 \
    X(COMMIT,           ')', IN_SOCKET, "{c}.commit-transaction")                                \
    X(ROLLBACK,         '<', IN_SOCKET, "{c}.rollback-transaction")                              \
    /* sockets: writing */                                                                       \
    X(WRITE,            'w', IN_SOCKET | IN_ANY, "{c}.write {u16}")                              \
    X(WRITE_LARGE,      'W', IN_SOCKET | IN_ANY, "{c}.write-large {u32}")                        \
    X(PUT_CHAR,         'q', IN_SOCKET, "{c}.put-char")                                          \
    X(FLUSH,            '!', IN_SOCKET, "{c}.flush")                                             \
    X(WRITE_LIMIT,      'I', IN_SOCKET, "{c}.write-limit {u32}")                                 \
    /* sockets: waiting and the loop */                                                          \
    X(WAIT_CONNECTED,   '1', IN_SOCKET, "{c}.wait-connected {ms}")                               \
    X(WAIT_READY_READ,  '2', IN_SOCKET, "{c}.wait-ready-read {ms}")                              \
    X(WAIT_WRITTEN,     '3', IN_SOCKET, "{c}.wait-bytes-written {ms}")                           \
    X(WAIT_DISCONNECTED,'4', IN_SOCKET, "{c}.wait-disconnected {ms}")                            \
    X(PROCESS,          'P', IN_SOCKET, "{c}.process {ready}")                                   \
    X(TURN,             '.', IN_SOCKET, "{c}.turn")                                              \
    X(NEXT_EVENT,       'e', IN_SOCKET, "{c}.next-event")                                        \
    X(EVENTS,           'E', IN_SOCKET | IN_ANY, "{c}.events")                                   \
    X(HANDLER,          'H', IN_SOCKET, "{c}.on {event} {action}")                               \
    X(DISPATCH,         'D', IN_SOCKET, "{c}.dispatch")                                          \
    /* servers: listening */                                                                     \
    X(LISTEN,           'j', IN_LISTEN | IN_ANY, "{s} = listen {name}")                          \
    X(LISTEN_ABSTRACT,  'J', IN_LISTEN, "{s} = listen-abstract {name}")                          \
    X(SERVER_NEW,       'N', IN_LISTEN | IN_ANY, "{s} = new {side}")                             \
    X(SERVER_ADOPT,     'B', IN_SERVER, "{s}.adopt {p}")                                         \
    X(SERVER_CLOSE,     'X', IN_LISTEN | IN_ANY, "{s}.close")                                    \
    X(SERVER_FREE,      'F', IN_LISTEN | IN_ANY, "{s}.free")                                     \
    X(ACCESS,           '0', IN_LISTEN, "{s}.access {octal}")                                    \
    X(BACKLOG,          'k', IN_SERVER, "{s}.backlog {u16}")                                     \
    X(MAX_PENDING,      'M', IN_SERVER, "{s}.max-pending {u16}")                                 \
    X(TRUST,            'z', IN_NAMES,  "{s}.trust {trust}")                                     \
    X(TAKE_OVER,        'v', IN_LISTEN, "{s}.take-over {flag}")                                  \
    X(SERVER_POLICY,    'Y', IN_SERVER, "{s}.policy {allow}")                                    \
    X(REMOVE,           'R', IN_NAMES,  "remove {name} {remove}")                                \
    /* servers: connections and the loop */                                                      \
    X(TAKE,             'K', IN_SERVER | IN_ANY, "{s}.accept -> {c}")                            \
    X(TAKE_DESCRIPTOR,  'V', IN_SERVER, "{s}.take-descriptor -> {p}")                            \
    X(ADD,              '+', IN_SERVER, "{s}.add {p}")                                           \
    X(SERVER_WAIT,      '5', IN_SERVER, "{s}.wait-new-connection {ms}")                          \
    X(SERVER_PROCESS,   'S', IN_SERVER, "{s}.process {ready}")                                   \
    X(SERVER_TURN,      ',', IN_LISTEN, "{s}.turn")                                              \
    X(SERVER_EVENTS,    '6', IN_SERVER | IN_ANY, "{s}.events")                                   \
    X(SERVER_HANDLER,   '7', IN_SERVER, "{s}.on {event} {action}")                               \
    X(SERVER_DISPATCH,  '8', IN_SERVER, "{s}.dispatch")                                          \
    /* peers: programs that use the kernel directly */                                           \
    X(PEER_LISTEN,      'G', IN_ALL | IN_ANY, "{p} = {u} listen {name} {u8}")                    \
    X(PEER_LISTEN_ABSTRACT, '^', IN_PEER, "{p} = {u} listen-abstract {name} {u8}")               \
    X(PEER_BIND,        'O', IN_NAMES,  "{p} = {u} bind {name}")                                 \
    X(PEER_CONNECT,     'Q', IN_ALL | IN_ANY, "{p} = {u} connect {name}")                        \
    X(PEER_CONNECT_ABSTRACT, '|', IN_PEER, "{p} = {u} connect-abstract {name}")                  \
    X(PEER_ACCEPT,      '>', IN_PEER | IN_ANY, "{p} = accept {p}")                               \
    X(PEER_SOCKET,      '~', IN_PEER,   "{p} = {u} socket {kind}")                               \
    X(PEER_PAIR,        '=', IN_PEER,   "{p} = {u} pair {p}")                                    \
    X(PEER_SEND,        '"', IN_PEER | IN_ANY, "{p}.send {u16}")                                 \
    X(PEER_SEND_TEXT,   '\'', IN_PEER,  "{p}.send-text {name}")                                  \
    X(PEER_URGENT,      '`', IN_PEER,   "{p}.send-urgent {u8}")                                  \
    X(PEER_PASS,        '@', IN_PEER,   "{p}.pass {p}")                                          \
    X(PEER_FILL,        '#', IN_PEER | IN_ANY, "{p}.fill")                                       \
    X(PEER_RECEIVE,     '?', IN_PEER | IN_ANY, "{p}.receive {u16}")                              \
    X(PEER_SHUTDOWN,    '-', IN_PEER | IN_ANY, "{p}.shutdown {shut}")                            \
    X(PEER_BUFFER,      '_', IN_PEER,   "{p}.send-buffer {u16}")                                 \
    X(PEER_CLOSE,       ';', IN_ALL | IN_ANY, "{p}.close")                                       \
    X(PEER_EXIT,        ':', IN_PEER,   "{u}.exit")                                              \
    X(KILL,             'Z', OPERATION_IN_PAIR, "kill {side}")                                   \
    /* files */                                                                                  \
    X(MKDIR,            '[', IN_NAMES | IN_ANY, "{u}.mkdir {path} {octal}")                      \
    X(RMDIR,            ']', IN_NAMES | IN_ANY, "{u}.rmdir {path}")                              \
    X(CREATE,           '*', IN_NAMES | IN_ANY, "{u}.create {path} {file} {octal}")              \
    X(SYMLINK,          '/', IN_NAMES | IN_ANY, "{u}.symlink {path} -> {name}")                  \
    X(LINK,             '\\', IN_NAMES, "{u}.link {path} -> {name}")                             \
    X(RENAME,           '%', IN_NAMES | IN_ANY, "{u}.rename {path} -> {name}")                   \
    X(UNLINK,           '$', IN_NAMES | IN_ANY, "{u}.unlink {path}")                             \
    X(CHMOD,            '&', IN_NAMES,  "{u}.chmod {path} {octal}")                              \
    X(CHOWN,            '{', IN_NAMES,  "{u}.chown {path} {u}")                                  \
    X(LOCK,             '}', IN_NAMES,  "{u}.lock {path}")                                       \
    X(UNLOCK,           '9', IN_NAMES,  "{u}.unlock")                                            \
    /* the machine: faults, limits, the clock, races */                                          \
    X(FAULT,            0x01, IN_ALL,   "fault {fault} x{u8}")                                   \
    X(FAULT_LATER,      0x02, IN_ALL,   "fault {side} {fault} x{u8} after {u8}")                 \
    X(TAPE,             0x03, IN_ALL,   "fault tape {tape}")                                     \
    X(NO_FAULTS,        0x04, IN_ALL,   "no faults")                                             \
    X(ADVANCE,          0x05, IN_ALL,   "advance {ms}")                                          \
    X(LIMIT_DESCRIPTORS, 0x06, IN_ALL,  "limit {side} descriptors {u8}")                         \
    X(LIMIT_MEMORY,     0x07, IN_ALL,   "limit {side} memory {u32}")                             \
    X(SEND_BUFFER,      0x08, IN_MOST,  "send-buffer {c} {u16}")                                 \
    X(UMASK,            0x09, IN_NAMES, "umask {side} {octal}")                                  \
    X(ENVIRONMENT,      0x0b, IN_NAMES, "environment {side} {variable} {name}")                  \
    X(RACE,             0x0c, IN_ALL,   "at {call} {u8}:")          /* a prefix */               \
    /* what a text seed claims; looked at when its author's claims are checked, and only then */ \
    X(EXPECT_STATE,     0x10, IN_MOST,  "expect state {c} {state}")                              \
    X(EXPECT_ERROR,     0x11, IN_MOST,  "expect error {c} {error}")                              \
    X(EXPECT_RESULT,    0x12, IN_ALL,   "expect result {u32}")                                   \
    X(EXPECT_REFUSED,   0x13, IN_ALL,   "expect refused {error}")                                \
    X(EXPECT_EVENT,     0x14, IN_MOST,  "expect event {event}")                                  \
    X(EXPECT_LISTENING, 0x15, IN_LISTEN, "expect listening {s} {flag}")                          \
    X(EXPECT_EXISTS,    0x16, IN_NAMES, "expect exists {path} {flag}")

/* clang-format on */

enum operation_kind {
#define OPERATION_ENUM(name, letter, targets, pattern) OPERATION_##name,
    OPERATION_LIST(OPERATION_ENUM)
#undef OPERATION_ENUM
        OPERATION_COUNT
};

/* How many there are of each thing that has a number. */
#define OPERATION_SOCKETS 8
#define OPERATION_SERVERS 4
#define OPERATION_PEERS 8
#define OPERATION_USERS 4

#endif
