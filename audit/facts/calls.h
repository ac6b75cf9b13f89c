/* SPDX-License-Identifier: MIT */
/*
 * What a watched program did: one call that concerns local sockets, as plain data.
 *
 * Sockets are told apart by their inode, not by a descriptor, so copies of a descriptor, forked
 * processes and descriptors sent to another process all name the same socket.
 */
#ifndef AUDIT_FACTS_CALLS_H
#define AUDIT_FACTS_CALLS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum call_kind {
    CALL_BIND,    /* succeeded; .path, or .abstract */
    CALL_CONNECT, /* is about to; the same */
    CALL_LISTEN,  /* succeeded; .mode is that of the file at this moment */
    CALL_ACCEPT,  /* succeeded; .socket is the new one, .listener the old */
    CALL_CHMOD,   /* is about to; .path, .mode */
    CALL_CHOWN,   /* is about to; .path */
    CALL_FCHMOD,  /* is about to change mode or owner of .socket itself, not of its file */
    CALL_UNLINK,  /* is about to; .path */
    CALL_RENAME,  /* succeeded; .path is the name it has now, .former the one it had; or .linked */
    CALL_UMASK,   /* .mode is the new mask */
    CALL_LOCK,    /* took a lock on some file, or made one that its name calls a lock */
    CALL_ASK,     /* asks who the peer is, or has it told with what it receives */
    CALL_READ,    /* is about to read from .socket */
    CALL_CLOSE,   /* is about to close it */
    CALL_WRITE,   /* is about to send, and SIGPIPE would end the process */
    CALL_RECEIVE, /* received descriptors without asking for close-on-exec */
    CALL_EXEC,    /* a new program has .socket open: told once for each socket it has */
};

struct call {
    enum call_kind kind;
    pid_t process;
    uint64_t socket;
    uint64_t listener;
    uint32_t mode;
    bool keeps;    /* LISTEN, ASK, READ: the descriptor has no close-on-exec flag */
    bool abstract; /* .path is a name without a file */
    size_t bytes;  /* BIND, CONNECT: bytes of the name in the address, as its length says;
                    * READ: most that it takes, 0 if that is not known */
    bool open;     /* BIND, CONNECT: the path fills the address and has no terminator */
    size_t length;
    char path[PATH_MAX]; /* absolute; as the program wrote it otherwise */
    size_t former_length;
    const char *former; /* RENAME; the caller's */
    bool linked;        /* RENAME: the former name is still there, and .path was free */
};

#endif
