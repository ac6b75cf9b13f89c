/* SPDX-License-Identifier: MIT */
/*
 * Operations in C: what each is in the terms of prelude/.
 *
 * X(NAME, how, call): how the result is told (did, called, expect; or plain: it has none), and a
 * call in which stand for what the operation has
 *
 *   $0 to $4        an operand as a number           $o0    in octal
 *   $w0             as a word, fit for a name in C
 *   $fault0         a fault: its call, its kind and its value
 *   $path, $name    a string, and with a comma its length
 */
#ifndef FUZZ_EMIT_C_LIST_H
#define FUZZ_EMIT_C_LIST_H

/* clang-format off */
#define EMIT_C_LIST(X)                                                                             \
    X(CONNECT,           did, "socket_connect($0, $name, mode_$w1)")                               \
    X(CONNECT_ABSTRACT,  did, "socket_connect_abstract($0, $name, mode_$w1)")                      \
    X(SOCKET_NEW,        did, "socket_new($0, $w1)")                                               \
    X(SET_NAME,          did, "socket_set_name($0, $name)")                                        \
    X(OPEN,              did, "ON(c[$0], sp_socket_open(c[$0], (enum sp_mode)mode_$w1))")          \
    X(ADOPT,             did, "socket_adopt($0, $1, (enum sp_state)$2, mode_$w3)")                 \
    X(CONNECT_TIMEOUT,   did, "ON(c[$0], sp_socket_set_connect_timeout(c[$0], $1))")               \
    X(SOCKET_POLICY,     did, "socket_policy($0, allow_$w1)")                                      \
    X(DISCONNECT,        did, "DO(c[$0], sp_socket_disconnect(c[$0]))")                            \
    X(CLOSE,             did, "DO(c[$0], sp_socket_close(c[$0]))")                                 \
    X(ABORT,             did, "DO(c[$0], sp_socket_abort(c[$0]))")                                 \
    X(FREE,              did, "DO(c[$0], socket_free($0))")                                        \
    X(CLOSE_TIMEOUT,     did, "ON(c[$0], sp_socket_set_close_timeout(c[$0], $1))")                 \
    X(HALF_OPEN,         did, "DO(c[$0], sp_socket_set_half_open(c[$0], $1))")                     \
    X(READ,              did, "got(ON(c[$0], sp_socket_read(c[$0], bytes, $1)))")                  \
    X(PEEK,              did, "got(ON(c[$0], sp_socket_peek(c[$0], bytes, $1)))")                  \
    X(SKIP,              did, "ON(c[$0], sp_socket_skip(c[$0], $1u))")                             \
    X(READ_LINE,         did, "got(ON(c[$0], sp_socket_read_line(c[$0], bytes, $1)))")             \
    X(GET_CHAR,          did, "ON(c[$0], sp_socket_get_char(c[$0]))")                              \
    X(UNGET_CHAR,        did, "ON(c[$0], sp_socket_unget_char(c[$0], $1))")                        \
    X(BYTES_AVAILABLE,   did, "ON(c[$0], sp_socket_bytes_available(c[$0]))")                       \
    X(CAN_READ_LINE,     did, "ON(c[$0], sp_socket_can_read_line(c[$0]))")                         \
    X(READ_LIMIT,        did, "DO(c[$0], sp_socket_set_read_limit(c[$0], $1u))")                   \
    X(BEGIN,             did, "ON(c[$0], sp_socket_start_transaction(c[$0]))")                     \
    X(COMMIT,            did, "ON(c[$0], sp_socket_commit_transaction(c[$0]))")                    \
    X(ROLLBACK,          did, "ON(c[$0], sp_socket_rollback_transaction(c[$0]))")                  \
    X(WRITE,             did, "ON(c[$0], sp_socket_write(c[$0], written($1), $1))")                \
    X(WRITE_LARGE,       did, "socket_write_large($0, $1u)")                                       \
    X(PUT_CHAR,          did, "ON(c[$0], sp_socket_put_char(c[$0], 'x'))")                         \
    X(FLUSH,             did, "ON(c[$0], sp_socket_flush(c[$0]))")                                 \
    X(WRITE_LIMIT,       did, "DO(c[$0], sp_socket_set_write_limit(c[$0], $1u))")                  \
    X(WAIT_CONNECTED,    did, "ON(c[$0], sp_socket_wait_connected(c[$0], $1))")                    \
    X(WAIT_READY_READ,   did, "ON(c[$0], sp_socket_wait_ready_read(c[$0], $1))")                   \
    X(WAIT_WRITTEN,      did, "ON(c[$0], sp_socket_wait_bytes_written(c[$0], $1))")                \
    X(WAIT_DISCONNECTED, did, "ON(c[$0], sp_socket_wait_disconnected(c[$0], $1))")                 \
    X(PROCESS,           did, "DO(c[$0], sp_socket_process(c[$0], $1))")                           \
    X(TURN,              did, "socket_turn($0)")                                                   \
    X(NEXT_EVENT,        did, "socket_events($0, 1)")                                              \
    X(EVENTS,            did, "socket_events($0, 64)")                                             \
    X(HANDLER,           plain, "on_socket[$0][$1] = do_$w2")                                      \
    X(DISPATCH,          did, "socket_dispatch($0)")                                               \
    X(LISTEN,            did, "server_listen($0, $name)")                                          \
    X(LISTEN_ABSTRACT,   did, "server_listen_abstract($0, $name)")                                 \
    X(SERVER_NEW,        did, "server_new($0, $w1)")                                               \
    X(SERVER_ADOPT,      did, "server_adopt($0, $1)")                                              \
    X(SERVER_CLOSE,      did, "DO(s[$0], sp_server_close(s[$0]))")                                 \
    X(SERVER_FREE,       did, "DO(s[$0], server_free($0))")                                        \
    X(ACCESS,            did, "ON(serve($0), sp_server_set_access(s[$0], $o1))")                   \
    X(BACKLOG,           did, "ON(serve($0), sp_server_set_backlog(s[$0], $1))")                   \
    X(MAX_PENDING,       did, "ON(serve($0), sp_server_set_max_pending(s[$0], $1))")               \
    X(TRUST,             did, "ON(serve($0), sp_server_set_trust(s[$0], (enum sp_trust)$1))")      \
    X(TAKE_OVER,         did, "ON(serve($0), sp_server_set_take_over(s[$0], $1))")                 \
    X(SERVER_POLICY,     did, "ON(serve($0), sp_server_set_peer_policy(s[$0], allow_$w1))")        \
    X(REMOVE,            did, "server_remove($name, (enum sp_remove)$0)")                          \
    X(TAKE,              did, "server_take($0, $1)")                                               \
    X(TAKE_DESCRIPTOR,   did, "server_take_descriptor($0, $1)")                                    \
    X(ADD,               did, "server_add($0, $1)")                                                \
    X(SERVER_WAIT,       did, "ON(s[$0], sp_server_wait_new_connection(s[$0], $1, NULL))")         \
    X(SERVER_PROCESS,    did, "DO(s[$0], sp_server_process(s[$0], $1))")                           \
    X(SERVER_TURN,       did, "server_turn($0)")                                                   \
    X(SERVER_EVENTS,     did, "server_events($0)")                                                 \
    X(SERVER_HANDLER,    plain, "on_server[$0][$1] = do_$w2")                                      \
    X(SERVER_DISPATCH,   did, "server_dispatch($0)")                                               \
    X(PEER_LISTEN,       called, "peer_path($0, $1, $name, to_listen, $2)")                        \
    X(PEER_LISTEN_ABSTRACT, called, "peer_abstract($0, $1, $name, to_listen, $2)")                 \
    X(PEER_BIND,         called, "peer_path($0, $1, $name, to_bind, 0)")                           \
    X(PEER_CONNECT,      called, "peer_path($0, $1, $name, to_connect, 0)")                        \
    X(PEER_CONNECT_ABSTRACT, called, "peer_abstract($0, $1, $name, to_connect, 0)")                \
    X(PEER_ACCEPT,       called, "peer_accept($0, $1)")                                            \
    X(PEER_SOCKET,       called, "peer_socket($0, $1, kind_$w2)")                                  \
    X(PEER_PAIR,         called, "peer_pair($0, $1, $2)")                                          \
    X(PEER_SEND,         called, "peer_send($0, written($1), $1, 0)")                              \
    X(PEER_SEND_TEXT,    called, "peer_send($0, $name, 0)")                                        \
    X(PEER_URGENT,       called, "peer_send($0, written(1), 1, MSG_OOB)")                          \
    X(PEER_PASS,         did, "SKIPPED")                                                           \
    X(PEER_FILL,         called, "peer_fill($0)")                                                  \
    X(PEER_RECEIVE,      called, "peer_receive($0, $1)")                                           \
    X(PEER_SHUTDOWN,     called, "p[$0].fd < 0 ? NOTHING : shutdown(p[$0].fd, $1)")                \
    X(PEER_BUFFER,       called, "peer_buffer(p[$0].fd, $1)")                                      \
    X(PEER_CLOSE,        called, "peer_close($0)")                                                 \
    X(PEER_EXIT,         called, "peer_exit($0)")                                                  \
    X(KILL,              did, "kill_side($w0)")                                                    \
    X(MKDIR,             called, "AS($0, mkdir(path($path), $o1))")                                \
    X(RMDIR,             called, "AS($0, rmdir(path($path)))")                                     \
    X(CREATE,            called, "AS($0, file_create(path($path), file_$w1, $o2))")                \
    X(SYMLINK,           called, "AS($0, symlink(link_text($name), path($path)))")                 \
    X(LINK,              called, "AS($0, link(path($name), path($path)))")                         \
    X(RENAME,            called, "AS($0, rename(path($path), path($name)))")                       \
    X(UNLINK,            called, "AS($0, unlink(path($path)))")                                    \
    X(CHMOD,             called, "AS($0, chmod(path($path), $o1))")                                \
    X(CHOWN,             called, "AS($0, lchown(path($path), ids[$1], ids[$1]))")                  \
    X(LOCK,              called, "AS($0, file_lock(path($path)))")                                 \
    X(UNLOCK,            called, "file_unlock()")                                                  \
    X(FAULT,             plain, "fault(BOTH, $fault0, $2, 0)")                                     \
    X(FAULT_LATER,       plain, "fault($w0, $fault1, $3, $4)")                                     \
    X(TAPE,              did, "SKIPPED")                                                           \
    X(NO_FAULTS,         plain, "no_faults()")                                                     \
    X(ADVANCE,           plain, "advance($0)")                                                     \
    X(LIMIT_DESCRIPTORS, plain, "sides[$w0].descriptor_limit = $1")                                \
    X(LIMIT_MEMORY,      plain, "sides[$w0].memory_limit = $1u")                                   \
    X(SEND_BUFFER,       called, "ON(c[$0], peer_buffer(sp_socket_descriptor(c[$0]), $1))")        \
    X(UMASK,             called, "umask($o1 & 0777)")                                              \
    X(ENVIRONMENT,       did, "set_environment($w0, $1, $name)")                                   \
    X(RACE,              plain, "")                                                                \
    X(EXPECT_STATE,      expect, "c[$0] != NULL && sp_socket_state(c[$0]) == (enum sp_state)$1")   \
    X(EXPECT_ERROR,      expect, "c[$0] != NULL && sp_socket_error(c[$0]) == (enum sp_error)-$1")  \
    X(EXPECT_RESULT,     expect, "last == $0")                                                     \
    X(EXPECT_REFUSED,    expect, "last == -$0")                                                    \
    X(EXPECT_EVENT,      expect, "event_was($0)")                                                  \
    X(EXPECT_LISTENING,  expect, "(s[$0] != NULL && sp_server_is_listening(s[$0])) == $1")         \
    X(EXPECT_EXISTS,     expect, "file_exists(path($path)) == $0")
/* clang-format on */

#endif
