/* SPDX-License-Identifier: MIT */
/*
 * The seam on Linux: sockets. Rules: linux.h.
 *
 * Tests: tests/integration/test_linux_os_socket.c
 */
#include "linux.h"

#include "hint.h"

#include <assert.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

/* Newer than the headers of some systems we build on; the numbers never change. */
#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

/* The library counts on these without including the headers that define them. */
static_assert(AF_UNIX == 1, "the address decoder has this number");
static_assert(offsetof(struct sockaddr_un, sun_path) == 2, "the address decoder has this offset");
static_assert(sizeof(((struct sockaddr_un *)0)->sun_path) == 108, "SP_PATH_MAX");
static_assert(sizeof(struct sockaddr_un) <= SP_OS_SOCKADDR_MAX, "room for an address and more");
static_assert(SP_OS_POLLIN == POLLIN && SP_OS_POLLOUT == POLLOUT && SP_OS_POLLERR == POLLERR &&
                  SP_OS_POLLHUP == POLLHUP && SP_OS_POLLNVAL == POLLNVAL &&
                  SP_OS_POLLRDHUP == POLLRDHUP,
              "poll bits are passed on as they are");
static_assert(sizeof(struct sp_os_iov) == sizeof(struct iovec) &&
                  offsetof(struct sp_os_iov, bytes) == offsetof(struct iovec, iov_base) &&
                  offsetof(struct sp_os_iov, length) == offsetof(struct iovec, iov_len),
              "pieces are passed on as they are");
static_assert(SP_OS_IOV_MAX <= IOV_MAX, "the kernel takes as many pieces");

#define NS_PER_SECOND UINT64_C(1000000000)

int sp__linux_socket(void *ctx)
{
    (void)ctx;
    return sp__linux_result(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

/* One byte more than the kernel's structure, and zero where the name is not: a path of 108 bytes
 * leaves no room for a terminator there, and not everybody who looks at an address on its way (a
 * tracer, a filter) looks at its length. */
union address {
    struct sockaddr_un sun;
    char bytes[sizeof(struct sockaddr_un) + 1];
};

/* Returns the length of the address, to the byte, or a negative errno. An address without a name
 * would make bind() pick an abstract one of its own. */
static int fill_address(union address *ret, const void *name, size_t length)
{
    if (length == 0)
        return -EINVAL;
    if (length > sizeof(ret->sun.sun_path))
        return -ENAMETOOLONG;
    memset(ret, 0, sizeof(*ret));
    ret->sun.sun_family = AF_UNIX;
    memcpy(ret->sun.sun_path, name, length);
    return (int)(offsetof(struct sockaddr_un, sun_path) + length);
}

int sp__linux_bind(void *ctx, int fd, const void *name, size_t length)
{
    union address address;
    int size = fill_address(&address, name, length);

    (void)ctx;
    return size < 0 ? size
                    : sp__linux_result(bind(fd, (struct sockaddr *)&address.sun, (socklen_t)size));
}

int sp__linux_listen(void *ctx, int fd, int backlog)
{
    (void)ctx;
    return sp__linux_result(listen(fd, backlog));
}

int sp__linux_accept(void *ctx, int fd)
{
    (void)ctx;
    return sp__linux_result(accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

int sp__linux_connect(void *ctx, int fd, const void *name, size_t length)
{
    union address address;
    int size = fill_address(&address, name, length);

    (void)ctx;
    return size < 0
               ? size
               : sp__linux_result(connect(fd, (struct sockaddr *)&address.sun, (socklen_t)size));
}

static socklen_t capacity_of(size_t capacity)
{
    return capacity < SP_OS_SOCKADDR_MAX ? (socklen_t)capacity : SP_OS_SOCKADDR_MAX;
}

int sp__linux_getsockname(void *ctx, int fd, void *ret_sockaddr, size_t capacity)
{
    socklen_t length = capacity_of(capacity);

    (void)ctx;
    return getsockname(fd, ret_sockaddr, &length) < 0 ? -errno : (int)length;
}

int sp__linux_getpeername(void *ctx, int fd, void *ret_sockaddr, size_t capacity)
{
    socklen_t length = capacity_of(capacity);

    (void)ctx;
    return getpeername(fd, ret_sockaddr, &length) < 0 ? -errno : (int)length;
}

SP__HOT int64_t sp__linux_send(void *ctx, int fd, const struct sp_os_iov *iov, size_t count)
{
    ssize_t sent;

    (void)ctx;
    if (count == 1) {
        sent = send(fd, iov->bytes, iov->length, MSG_NOSIGNAL | MSG_DONTWAIT);
    } else {
        struct msghdr message = {
            /* The kernel only reads the pieces; struct iovec has no const because readv() shares
             * it. */
            .msg_iov = (struct iovec *)(uintptr_t)iov,
            .msg_iovlen = count,
        };

        sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    return sent < 0 ? -errno : sent;
}

/* Without room for control data the kernel closes descriptors that a peer sends along. */
SP__HOT int64_t sp__linux_recv(void *ctx, int fd, void *ret_bytes, size_t capacity, uint32_t flags)
{
    ssize_t got = recv(fd, ret_bytes, capacity,
                       (flags & SP_OS_PEEK) != 0 ? MSG_DONTWAIT | MSG_PEEK : MSG_DONTWAIT);

    (void)ctx;
    return got < 0 ? -errno : got;
}

/* Linux frees the descriptor before anything in close() can fail or be interrupted: asking again
 * would close whatever another thread has opened meanwhile. */
int sp__linux_close(void *ctx, int fd)
{
    (void)ctx;
    return close(fd) < 0 && errno != EINTR ? -errno : 0;
}

int sp__linux_poll(void *ctx, struct sp_os_pollfd *fds, size_t count, uint64_t deadline_ns)
{
    struct pollfd list[SP_OS_POLL_MAX];
    struct timespec left = {0};
    int ready;

    if (count > SP_OS_POLL_MAX)
        return -EINVAL;
    for (size_t i = 0; i < count; i++)
        list[i] = (struct pollfd){.fd = fds[i].fd, .events = (short)fds[i].want};
    if (deadline_ns != SP_NEVER) {
        uint64_t now = sp__linux_now_ns(ctx);

        if (deadline_ns > now) {
            left.tv_sec = (time_t)((deadline_ns - now) / NS_PER_SECOND);
            left.tv_nsec = (long)((deadline_ns - now) % NS_PER_SECOND);
        }
    }
    ready = ppoll(list, count, deadline_ns != SP_NEVER ? &left : NULL, NULL);
    if (ready < 0)
        return -errno;
    for (size_t i = 0; i < count; i++)
        fds[i].got = (uint16_t)list[i].revents;
    return ready;
}

static int int_option(int fd, int option, int *ret)
{
    socklen_t length = sizeof(*ret);

    return sp__linux_result(getsockopt(fd, SOL_SOCKET, option, ret, &length));
}

int sp__linux_sockinfo(void *ctx, int fd, struct sp_os_sockinfo *ret_info)
{
    unsigned char scratch[SP_OS_SOCKADDR_MAX];
    int domain = 0;
    int type = 0;
    int listening = 0;
    int r;

    if ((r = int_option(fd, SO_DOMAIN, &domain)) < 0 || (r = int_option(fd, SO_TYPE, &type)) < 0 ||
        (r = int_option(fd, SO_ACCEPTCONN, &listening)) < 0)
        return r;
    *ret_info = (struct sp_os_sockinfo){
        .is_unix = domain == AF_UNIX,
        .is_stream = type == SOCK_STREAM,
        .is_listening = listening != 0,
        .is_connected = sp__linux_getpeername(ctx, fd, scratch, sizeof(scratch)) >= 0,
        .is_bound =
            sp__linux_getsockname(ctx, fd, scratch, sizeof(scratch)) > (int)sizeof(sa_family_t),
    };
    return 0;
}

int sp__linux_set_nonblock(void *ctx, int fd)
{
    int flags = fcntl(fd, F_GETFL);

    (void)ctx;
    if (flags < 0)
        return -errno;
    return (flags & O_NONBLOCK) != 0 ? 0 : sp__linux_result(fcntl(fd, F_SETFL, flags | O_NONBLOCK));
}

int sp__linux_set_cloexec(void *ctx, int fd)
{
    (void)ctx;
    return sp__linux_result(fcntl(fd, F_SETFD, FD_CLOEXEC));
}

int sp__linux_peer_cred(void *ctx, int fd, struct sp_os_cred *ret_cred)
{
    struct ucred cred;
    socklen_t length = sizeof(cred);

    (void)ctx;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &length) < 0)
        return -errno;
    *ret_cred = (struct sp_os_cred){.pid = cred.pid, .uid = cred.uid, .gid = cred.gid};
    return 0;
}

int sp__linux_peer_groups(void *ctx, int fd, uint32_t *ret_groups, size_t capacity)
{
    /* The option's length is an int. */
    size_t most = (size_t)INT_MAX / sizeof(gid_t);
    socklen_t length = (socklen_t)((capacity < most ? capacity : most) * sizeof(gid_t));

    (void)ctx;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, ret_groups, &length) < 0)
        return -errno;
    return (int)(length / sizeof(gid_t));
}

int sp__linux_peer_pidfd(void *ctx, int fd)
{
    int pidfd;

    (void)ctx;
    /* Close-on-exec from birth, as every pidfd. */
    return int_option(fd, SO_PEERPIDFD, &pidfd) < 0 ? -errno : pidfd;
}

int sp__linux_set_socket_mode(void *ctx, int fd, uint32_t mode)
{
    (void)ctx;
    return sp__linux_result(fchmod(fd, mode));
}
