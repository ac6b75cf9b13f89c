/* SPDX-License-Identifier: MIT */
/*
 * System calls as a 32-bit program makes them, from a 64-bit one: the kernel goes by how it is
 * entered, not by what the program is. No library for 32 bits is needed for that.
 *
 * On machines that have no such calls has_32() is false, and the others fail with ENOSYS.
 */
#ifndef TEST_CALLS_32_H
#define TEST_CALLS_32_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

/** has_32() - does the kernel take such calls? */
bool has_32(void);

/* As the calls of these names. @folded: through socketcall(), the one call that all calls on
 * sockets had to go through before Linux 4.3. Result: as from libc. */
int socket_32(bool folded);
int bind_32(int fd, const struct sockaddr_un *address, socklen_t length, bool folded);
int listen_32(int fd, int backlog, bool folded);
int chmod_32(const char *path, unsigned mode);

#endif
