/* SPDX-License-Identifier: MIT */
/*
 * The system calls that a watched program stops at, and the filter that makes it stop.
 *
 * Everything else runs at full speed. Sockets are known by their inode, so neither socket() nor
 * dup(), close() or fork() has to stop; reads stop only while a connection is fresh (engine.h).
 */
#ifndef AUDIT_TRACE_WATCHED_H
#define AUDIT_TRACE_WATCHED_H

#include <stdbool.h>
#include <stdint.h>

enum watched {
    WATCHED_NONE,
    WATCHED_BIND,
    WATCHED_CONNECT,
    WATCHED_LISTEN,
    WATCHED_ACCEPT,
    WATCHED_ACCEPT4,
    WATCHED_GETSOCKOPT,
    WATCHED_SETSOCKOPT,
    WATCHED_SENDTO,
    WATCHED_SENDMSG,
    WATCHED_RECVMSG,
    WATCHED_CHMOD,
    WATCHED_FCHMODAT,
    WATCHED_FCHMODAT2,
    WATCHED_FCHMOD,
    WATCHED_CHOWN,
    WATCHED_FCHOWNAT,
    WATCHED_FCHOWN,
    WATCHED_UNLINK,
    WATCHED_UNLINKAT,
    WATCHED_RENAME,
    WATCHED_RENAMEAT,
    WATCHED_LINK,
    WATCHED_LINKAT,
    WATCHED_UMASK,
    WATCHED_OPEN,
    WATCHED_OPENAT,
    WATCHED_FLOCK,
    WATCHED_FCNTL,
    WATCHED_URING,
    /* From here on only while a connection is fresh, without the filter's help. */
    WATCHED_READ,
    WATCHED_READV,
    WATCHED_RECVFROM,
    WATCHED_RECVMMSG,
    WATCHED_CLOSE,
};
#define WATCHED_FIRST_FRESH WATCHED_READ

/** watched_of() - which one a call is, of this machine's calls or of i386's */
enum watched watched_of(bool is_32, uint64_t number);

/** watched_of_socketcall() - which one socketcall() does on i386 */
enum watched watched_of_socketcall(uint64_t number);
#define SOCKETCALL_NUMBER 102

/**
 * watched_load() - put the filter before this process and what it executes
 *
 * Return: 0 or a negative errno. Without CAP_SYS_ADMIN no_new_privs is set, and set-user-ID
 * programs keep the user.
 */
int watched_load(void);

#endif
