/* SPDX-License-Identifier: MIT */
/*
 * The seam: everything the library asks of the world.
 *
 * sunpath never calls the kernel, the clock, the environment or malloc itself; it asks a
 * struct sp_os. sp_os_linux() is the real one; a simulated kernel implements the same table.
 *
 * Rules for every member:
 *   - the result is >= 0, or -errno with Linux's numbers; errno itself never crosses the seam
 *   - nothing blocks, except poll() up to its deadline
 *   - every descriptor it makes is close-on-exec from birth
 *   - any member may return -EINTR; the caller decides whether to ask again
 *   - ret_* arguments are written on success only
 *   - all members are required
 *   - a table must outlive the contexts made with it; if objects of one context are used in several
 *     threads, the members must be callable from all of them
 */
#ifndef SUNPATH_OS_H
#define SUNPATH_OS_H

#include <sunpath/export.h>

#include <stddef.h>
#include <stdint.h>

SP_BEGIN_DECLS

/* Changes whenever the table does; sp_context_new() refuses another number. */
#define SP_OS_VERSION 2

/* "No deadline": later than every clock reading. */
#define SP_NEVER UINT64_MAX

/* The descriptor that stands for "/" in open_dir(). */
#define SP_OS_ROOT (-1)

/* Room for a struct sockaddr_un and a little more, so that a length of 111 can be seen. */
#define SP_OS_SOCKADDR_MAX 128

/**
 * struct sp_os_stat - identity, owner and mode of a node
 * @mode: type and permission bits, with Linux's octal values (SP_OS_IFMT and so on)
 */
struct sp_os_stat {
    uint64_t dev;
    uint64_t ino;
    uint32_t mode;
    uint32_t uid;
    uint32_t gid;
};

#define SP_OS_IFMT 0170000u
#define SP_OS_IFSOCK 0140000u
#define SP_OS_IFLNK 0120000u
#define SP_OS_IFREG 0100000u
#define SP_OS_IFDIR 0040000u
#define SP_OS_IFIFO 0010000u
#define SP_OS_ISVTX 0001000u

/** struct sp_os_cred - who the peer was when it connected (or called listen). pid is informative
 * only. */
struct sp_os_cred {
    int32_t pid;
    uint32_t uid;
    uint32_t gid;
};

/** struct sp_os_iov - one piece of a vectored send; same layout as struct iovec on Linux. */
struct sp_os_iov {
    const void *bytes;
    size_t length;
};

/** struct sp_os_sockinfo - what a descriptor is. Booleans are 0 or 1. */
struct sp_os_sockinfo {
    uint8_t is_unix;      /* domain AF_UNIX */
    uint8_t is_stream;    /* type SOCK_STREAM */
    uint8_t is_listening; /* SO_ACCEPTCONN */
    uint8_t is_connected; /* getpeername() succeeds */
    uint8_t is_bound;     /* getsockname() gives more than the family */
};

/* Readiness, as poll() has it: same values as POLLIN and so on on Linux. */
#define SP_OS_POLLIN 0x0001u
#define SP_OS_POLLOUT 0x0004u
#define SP_OS_POLLERR 0x0008u
#define SP_OS_POLLHUP 0x0010u
#define SP_OS_POLLNVAL 0x0020u
#define SP_OS_POLLRDHUP 0x2000u

struct sp_os_pollfd {
    int fd; /* negative: skipped, and got is 0 */
    uint32_t want;
    uint32_t got;
};

/* Flag of recv(): look, but leave the bytes in the queue. */
#define SP_OS_PEEK 1u

struct sp_os {
    uint32_t version; /* SP_OS_VERSION */
    void *ctx;        /* passed back to every member; may be NULL */

    /* -- memory, clock, environment, identity -- */

    /* @size > 0. NULL when there is none. */
    void *(*alloc)(void *ctx, size_t size);
    /* @memory came from alloc() with this @size; never NULL. */
    void (*release)(void *ctx, void *memory, size_t size);
    /* Monotonic nanoseconds; never goes back, never 0, never SP_NEVER. */
    uint64_t (*now_ns)(void *ctx);
    /* The value of an environment variable or NULL; valid until the environment changes. */
    const char *(*environment)(void *ctx, const char *name);
    uint32_t (*euid)(void *ctx);
    uint32_t (*egid)(void *ctx);
    /* Of this process, asked anew each time: a fork() in between must show. */
    int32_t (*pid)(void *ctx);

    /* -- sockets -- */

    /* A new AF_UNIX stream socket, non-blocking. EMFILE, ENFILE, ENOMEM, ENOBUFS, EACCES, EPERM,
     * EAFNOSUPPORT. */
    int (*socket)(void *ctx);
    /* @name: the bytes of sun_path, at most 108; an abstract name begins with NUL. The address
     * length is exactly 2 + @length. EADDRINUSE, EACCES, EPERM, ENOENT, ENOTDIR, ELOOP,
     * ENAMETOOLONG, EROFS, ENOSPC, EDQUOT, EIO, ENOMEM, EINVAL (bound already). */
    int (*bind)(void *ctx, int fd, const void *name, size_t length);
    int (*listen)(void *ctx, int fd, int backlog);
    /* A new non-blocking descriptor. EAGAIN, ECONNABORTED, EMFILE, ENFILE, ENOMEM, ENOBUFS, EPERM,
     * EPROTO, EINVAL, EINTR. */
    int (*accept)(void *ctx, int fd);
    /* @name as bind(). 0: connected. EAGAIN: backlog full, and poll() will not tell when it is not.
     * ECONNREFUSED, ENOENT, ENOTDIR, EACCES, EPERM, ELOOP, EPROTOTYPE, EISCONN, ENOMEM, EINTR. */
    int (*connect)(void *ctx, int fd, const void *name, size_t length);
    /* The kernel's address structure, family included. Writes at most @capacity bytes; the result
     * is the length the kernel reported, which may be larger. EBADF, ENOTSOCK, ENOTCONN, ENOBUFS.
     */
    int (*getsockname)(void *ctx, int fd, void *ret_sockaddr, size_t capacity);
    int (*getpeername)(void *ctx, int fd, void *ret_sockaddr, size_t capacity);
    /* Sends without SIGPIPE and without blocking; the count may be short. EAGAIN, EPIPE,
     * ECONNRESET, ENOTCONN, ENOBUFS, ENOMEM, EINTR. @count is 1 to SP_OS_IOV_MAX; no piece is
     * empty. */
    int64_t (*send)(void *ctx, int fd, const struct sp_os_iov *iov, size_t count);
    /* 0: end of stream. Never blocks; descriptors sent along are dropped by the kernel. EAGAIN,
     * ECONNRESET, EINVAL or ENOTCONN (never connected), ENOMEM, EINTR. @capacity > 0.
     * @flags: 0 or SP_OS_PEEK. */
    int64_t (*recv)(void *ctx, int fd, void *ret_bytes, size_t capacity, uint32_t flags);
    /* The descriptor is gone whatever this returns; it must not be closed again. */
    int (*close)(void *ctx, int fd);
    /* Number of entries with got != 0; 0 when @deadline_ns (of now_ns()) has passed; EINTR. A
     * deadline in the past looks once. @count is 0 to SP_OS_POLL_MAX; more is EINVAL. */
    int (*poll)(void *ctx, struct sp_os_pollfd *fds, size_t count, uint64_t deadline_ns);
    /* EBADF, ENOTSOCK. */
    int (*sockinfo)(void *ctx, int fd, struct sp_os_sockinfo *ret_info);
    int (*set_nonblock)(void *ctx, int fd);
    int (*set_cloexec)(void *ctx, int fd);
    /* SO_PEERCRED. A socket without a peer gives pid 0 and uid 0xffffffff without an error. */
    int (*peer_cred)(void *ctx, int fd, struct sp_os_cred *ret_cred);
    /* SO_PEERGROUPS, the supplementary groups. Number of groups; ERANGE if more than @capacity;
     * ENODATA if there is no peer. */
    int (*peer_groups)(void *ctx, int fd, uint32_t *ret_groups, size_t capacity);
    /* SO_PEERPIDFD: a new descriptor. ENOPROTOOPT on kernels before 6.5; ESRCH or EINVAL when the
     * peer is gone (some kernels still give one then); ENODATA if there is none. */
    int (*peer_pidfd)(void *ctx, int fd);
    /* Sets the mode of the socket itself, from which bind() makes the file's mode (less umask).
     * After bind it no longer reaches the file. */
    int (*set_socket_mode)(void *ctx, int fd, uint32_t mode);

    /* -- files; @dir is a descriptor from open_dir(), names are one component and NUL-terminated --
     */

    /* A handle on directory @name in @dir, never through a link (ELOOP or ENOTDIR for one). With
     * @dir SP_OS_ROOT @name is ignored and the handle is on "/". Needs search permission only. */
    int (*open_dir)(void *ctx, int dir, const char *name);
    /* lstat() semantics. ENOENT, EACCES, ENAMETOOLONG. */
    int (*stat_at)(void *ctx, int dir, const char *name, struct sp_os_stat *ret_stat);
    /* The node behind a descriptor: a directory or lock handle. */
    int (*stat_fd)(void *ctx, int fd, struct sp_os_stat *ret_stat);
    /* Bytes of the link's text, at most @capacity, not terminated; a result equal to @capacity may
     * be cut. */
    int (*readlink_at)(void *ctx, int dir, const char *name, char *ret_text, size_t capacity);
    int (*unlink_at)(void *ctx, int dir, const char *name);
    /* Changes the mode of @name only if it is the node @expected says (device, inode, type),
     * through a handle, so that a link or another file swapped in is not touched: ESTALE then. */
    int (*chmod_at)(void *ctx, int dir, const char *name, const struct sp_os_stat *expected,
                    uint32_t mode);
    /* Creates a file of mode 0600, umask or not, or opens one that can only be a lock file:
     * regular, ours, empty, without a second name; never through a link. Then tries to lock it
     * exclusively. Closing the descriptor gives the lock back; the file stays. EWOULDBLOCK: someone
     * holds it, or was removing it just now; EEXIST: the name belongs to something that is no lock
     * file, which stays untouched; EACCES: such a file of another user, who could hold it for ever,
     * or no permission; and whatever creating a file can give. On failure no file is left that was
     * not there before, except one that someone else has locked in the meantime. */
    int (*lock_at)(void *ctx, int dir, const char *name);
};

/* Pieces in one send(). Linux's IOV_MAX is 1024; more than 64 gain nothing. */
#define SP_OS_IOV_MAX 64
/* Descriptors in one poll(). The library's own waits need one. */
#define SP_OS_POLL_MAX 64

/** sp_os_linux() - the real kernel. The table is constant and shared; nobody frees it. */
SP_API const struct sp_os *sp_os_linux(void);

SP_END_DECLS

#endif
