/* SPDX-License-Identifier: MIT */
/*
 * The members of the seam on Linux, for the one table in linux.c. Contracts: sunpath/os.h.
 *
 * These files are the only ones of the library that make system calls. One member, one call,
 * wherever the kernel allows it: what a result means, and whether to ask again, is for the caller
 * to decide. errno is read right after the call it belongs to and goes no further. Nothing is kept
 * between two calls: no buffers, no flags, no probing of the kernel whose answer could grow stale.
 */
#ifndef SP__LINUX_H
#define SP__LINUX_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* accept4, ppoll, O_PATH, struct ucred, secure_getenv */
#endif
#include <sunpath/os.h>

#include <errno.h>

static inline int sp__linux_result(int value)
{
    return value < 0 ? -errno : value;
}

/* linux.c */
uint64_t sp__linux_now_ns(void *ctx);

/* linux_socket.c */
int sp__linux_socket(void *ctx);
int sp__linux_bind(void *ctx, int fd, const void *name, size_t length);
int sp__linux_listen(void *ctx, int fd, int backlog);
int sp__linux_accept(void *ctx, int fd);
int sp__linux_connect(void *ctx, int fd, const void *name, size_t length);
int sp__linux_getsockname(void *ctx, int fd, void *ret_sockaddr, size_t capacity);
int sp__linux_getpeername(void *ctx, int fd, void *ret_sockaddr, size_t capacity);
int64_t sp__linux_send(void *ctx, int fd, const struct sp_os_iov *iov, size_t count);
int64_t sp__linux_recv(void *ctx, int fd, void *ret_bytes, size_t capacity, uint32_t flags);
int sp__linux_close(void *ctx, int fd);
int sp__linux_poll(void *ctx, struct sp_os_pollfd *fds, size_t count, uint64_t deadline_ns);
int sp__linux_sockinfo(void *ctx, int fd, struct sp_os_sockinfo *ret_info);
int sp__linux_set_nonblock(void *ctx, int fd);
int sp__linux_set_cloexec(void *ctx, int fd);
int sp__linux_peer_cred(void *ctx, int fd, struct sp_os_cred *ret_cred);
int sp__linux_peer_groups(void *ctx, int fd, uint32_t *ret_groups, size_t capacity);
int sp__linux_peer_pidfd(void *ctx, int fd);
int sp__linux_set_socket_mode(void *ctx, int fd, uint32_t mode);

/* linux_file.c */
int sp__linux_open_dir(void *ctx, int dir, const char *name);
int sp__linux_stat_at(void *ctx, int dir, const char *name, struct sp_os_stat *ret_stat);
int sp__linux_stat_fd(void *ctx, int fd, struct sp_os_stat *ret_stat);
int sp__linux_readlink_at(void *ctx, int dir, const char *name, char *ret_text, size_t capacity);
int sp__linux_unlink_at(void *ctx, int dir, const char *name);
int sp__linux_chmod_at(void *ctx, int dir, const char *name, const struct sp_os_stat *expected,
                       uint32_t mode);
int sp__linux_lock_at(void *ctx, int dir, const char *name);

#endif
