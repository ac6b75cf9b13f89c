/* SPDX-License-Identifier: MIT */
/*
 * The members of the seam, as numbers: for fault plans, hooks and traces.
 *
 * One list, in the order of struct sp_os; seam.c asserts that none is missing. The second part of
 * it, what goes to the kernel, is also what tests/support/faulty_os.h can make fail.
 */
#ifndef SIM_CALL_H
#define SIM_CALL_H

#define SIM_CALLS_OF_KERNEL(X)          \
    X(SOCKET, socket)                   \
    X(BIND, bind)                       \
    X(LISTEN, listen)                   \
    X(ACCEPT, accept)                   \
    X(CONNECT, connect)                 \
    X(GETSOCKNAME, getsockname)         \
    X(GETPEERNAME, getpeername)         \
    X(SEND, send)                       \
    X(RECV, recv)                       \
    X(CLOSE, close)                     \
    X(POLL, poll)                       \
    X(SOCKINFO, sockinfo)               \
    X(SET_NONBLOCK, set_nonblock)       \
    X(SET_CLOEXEC, set_cloexec)         \
    X(PEER_CRED, peer_cred)             \
    X(PEER_GROUPS, peer_groups)         \
    X(PEER_PIDFD, peer_pidfd)           \
    X(SET_SOCKET_MODE, set_socket_mode) \
    X(OPEN_DIR, open_dir)               \
    X(STAT_AT, stat_at)                 \
    X(STAT_FD, stat_fd)                 \
    X(READLINK_AT, readlink_at)         \
    X(UNLINK_AT, unlink_at)             \
    X(CHMOD_AT, chmod_at)               \
    X(LOCK_AT, lock_at)

#define SIM_CALLS(X)            \
    X(ALLOC, alloc)             \
    X(RELEASE, release)         \
    X(NOW, now_ns)              \
    X(ENVIRONMENT, environment) \
    X(EUID, euid)               \
    X(EGID, egid)               \
    X(PID, pid)                 \
    SIM_CALLS_OF_KERNEL(X)

enum sim_call {
#define X(upper, lower) SIM_CALL_##upper,
    SIM_CALLS(X)
#undef X
        SIM_CALL_COUNT,
    SIM_CALL_ANY = SIM_CALL_COUNT /* in a fault rule only */
};

/** sim_call_name() - the member's name in struct sp_os; "any" for SIM_CALL_ANY */
const char *sim_call_name(enum sim_call call);

#endif
