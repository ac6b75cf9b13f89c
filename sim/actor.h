/* SPDX-License-Identifier: MIT */
/*
 * What actors beside the code under test do: system calls made directly, past the seam.
 *
 * No hook, no fault plan, no trace and no misuse counter sees these calls. Each acts with the
 * identity of the actor it is given. Results are >= 0 or -errno.
 *
 * Paths are whole paths, absolute or relative to the actor's working directory, and may lead
 * through links, as in the system calls of these names. Descriptors are the actor's own.
 */
#ifndef SIM_ACTOR_H
#define SIM_ACTOR_H

#include "kernel.h"

/* ---- descriptors ---- */

int sim_close(struct sim_actor *actor, int fd);
int sim_dup(struct sim_actor *actor, int fd);
/** sim_give() - the same open file in another actor's table, as SCM_RIGHTS or fork() bring it
 * there; not close-on-exec. Returns the new descriptor. */
int sim_give(struct sim_actor *from, int fd, struct sim_actor *to);
/** sim_exec() - closes what is close-on-exec */
void sim_exec(struct sim_actor *actor);
/** sim_descriptor_flags() - SIM_CLOEXEC and SIM_NONBLOCK, or -EBADF */
int sim_descriptor_flags(const struct sim_actor *actor, int fd);
#define SIM_CLOEXEC 1
#define SIM_NONBLOCK 2
/** sim_same_file() - whether two descriptors stand for one open file */
bool sim_same_file(const struct sim_actor *a, int fd_a, const struct sim_actor *b, int fd_b);

/* ---- sockets ---- */

enum sim_socket_kind {
    SIM_STREAM,
    SIM_DGRAM,  /* can be bound and closed: something that is in the way */
    SIM_FOREIGN /* a stream socket of another family: something to be refused */
};

/** sim_socket() - blocking and not close-on-exec, as socket() makes them; nothing here ever blocks:
 * what would block gives -EAGAIN */
int sim_socket(struct sim_actor *actor, enum sim_socket_kind kind);
int sim_socketpair(struct sim_actor *actor, int ret_fds[2]);
/* @name: the bytes of sun_path; no bytes at all: an abstract name of the kernel's choice */
int sim_bind(struct sim_actor *actor, int fd, const void *name, size_t length);
int sim_listen(struct sim_actor *actor, int fd, int backlog);
int sim_connect(struct sim_actor *actor, int fd, const void *name, size_t length);
int sim_accept(struct sim_actor *actor, int fd);
int64_t sim_send(struct sim_actor *actor, int fd, const void *bytes, size_t length);
/** sim_send_urgent() - MSG_OOB: the last byte is out of band */
int64_t sim_send_urgent(struct sim_actor *actor, int fd, const void *bytes, size_t length);
/** sim_send_descriptor() - with SCM_RIGHTS. A receiver at the seam makes no room for it, so the
 * kernel drops it there. */
int64_t sim_send_descriptor(struct sim_actor *actor, int fd, const void *bytes, size_t length,
                            int passed);
/** sim_fill() - sends @value until the queue takes no more; the number of bytes taken */
int64_t sim_fill(struct sim_actor *actor, int fd, uint8_t value);
int64_t sim_recv(struct sim_actor *actor, int fd, void *ret_bytes, size_t capacity, bool peek);
enum { SIM_SHUT_READ = 0, SIM_SHUT_WRITE = 1, SIM_SHUT_BOTH = 2 };
int sim_shutdown(struct sim_actor *actor, int fd, int how);
/** sim_poll() - what poll() says at once; POLLNVAL for what is not open */
uint32_t sim_poll(struct sim_actor *actor, int fd, uint32_t want);
int sim_getsockname(struct sim_actor *actor, int fd, void *ret_sockaddr, size_t capacity);
int sim_getpeername(struct sim_actor *actor, int fd, void *ret_sockaddr, size_t capacity);
int sim_set_send_buffer(struct sim_actor *actor, int fd, uint32_t bytes);
/** sim_take_error() - SO_ERROR: the pending errno as a positive number, cleared by reading it */
int sim_take_error(struct sim_actor *actor, int fd);
/** sim_unread() - bytes waiting to be received here; SIOCINQ */
int64_t sim_unread(struct sim_actor *actor, int fd);
/** sim_unsent() - buffer space taken by what the peer has not received; SIOCOUTQ */
int64_t sim_unsent(struct sim_actor *actor, int fd);

/** struct sim_connection - of a connected socket and the one at its other end, for oracles */
struct sim_connection {
    uint64_t sent;       /* bytes that the kernel took from this end since it was made */
    uint64_t peer_sent;  /* and from the other one, also if it is closed by now */
    uint64_t unread;     /* of these, what waits to be received */
    uint32_t peer_label; /* sim_set_label() of the other end */
    bool peer_closed;
};

/** sim_connection() - -ENOTCONN for a socket that never was connected */
int sim_connection(struct sim_actor *actor, int fd, struct sim_connection *ret);
/** sim_set_label() - a number of the oracle's by which it knows the socket again from the other
 * end, also when it is closed; 0 until set. To the kernel it means nothing. */
int sim_set_label(struct sim_actor *actor, int fd, uint32_t label);
/** sim_pending() - connections waiting in a listener's queue; -EINVAL if it does not listen */
int sim_pending(struct sim_actor *actor, int fd);

/* ---- files ---- */

int sim_chdir(struct sim_actor *actor, const char *path);
int sim_mkdir(struct sim_actor *actor, const char *path, uint32_t mode);
/** sim_mount() - makes a directory that is another file system, empty, with a device number of its
 * own; root only. @read_only: everything below gives EROFS. */
int sim_mount(struct sim_actor *actor, const char *path, uint32_t mode, bool read_only);
int sim_rmdir(struct sim_actor *actor, const char *path);
/** sim_create() - an empty regular file or, with @type SP_OS_IFIFO, a FIFO. -EEXIST. */
int sim_create(struct sim_actor *actor, const char *path, uint32_t type, uint32_t mode);
/** sim_write() - a regular file's new content. Only its length and a check sum are kept. */
int sim_write(struct sim_actor *actor, const char *path, const void *bytes, size_t length);
int sim_symlink(struct sim_actor *actor, const char *text, const char *path);
int sim_link(struct sim_actor *actor, const char *from, const char *to);
int sim_unlink(struct sim_actor *actor, const char *path);
int sim_rename(struct sim_actor *actor, const char *from, const char *to);
int sim_chmod(struct sim_actor *actor, const char *path, uint32_t mode);
int sim_chown(struct sim_actor *actor, const char *path, uint32_t uid, uint32_t gid);
int sim_lstat(struct sim_actor *actor, const char *path, struct sp_os_stat *ret_stat);
int sim_stat(struct sim_actor *actor, const char *path, struct sp_os_stat *ret_stat);
int sim_readlink(struct sim_actor *actor, const char *path, char *ret_text, size_t capacity);
/** sim_open() - a descriptor for a file or directory that exists, O_RDONLY|O_NONBLOCK; @handle:
 * O_PATH|O_NOFOLLOW */
int sim_open(struct sim_actor *actor, const char *path, bool handle);
/** sim_flock() - exclusively, without waiting: -EAGAIN if another open file has the lock */
int sim_flock(struct sim_actor *actor, int fd);
int sim_funlock(struct sim_actor *actor, int fd);

/** struct sim_listing - one name in a directory */
struct sim_listing {
    char name[256];
    struct sp_os_stat stat;
    uint64_t content; /* regular file: check sum of its content; 0 when empty */
    uint64_t size;
};

/**
 * sim_list() - the @index'th name of a directory, in byte order
 * @path: absolute
 *
 * For oracles: acts as nobody, needs no permission, changes nothing. Returns 1, or 0 past the last,
 * or -errno for the path.
 */
int sim_list(struct sim *sim, const char *path, size_t index, struct sim_listing *ret);
/** sim_read_dir() - the same of a directory that the actor has open, as getdents() gives it */
int sim_read_dir(struct sim_actor *actor, int fd, size_t index, struct sim_listing *ret);
/** sim_is_listening() - whether a socket at this absolute path or abstract name listens, and was
 * not shut down; as sim_list() */
bool sim_is_listening(struct sim *sim, const void *name, size_t length);

#endif
