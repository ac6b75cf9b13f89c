/* SPDX-License-Identifier: MIT */
/*
 * The seam on Linux: the table, and memory, clock, environment and identity.
 *
 * Tests: tests/integration/test_linux_os_*.c, member by member against the contract in
 * sunpath/os.h; everything else in tests/integration, together.
 */
#include "linux.h"

#include "hint.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SECOND UINT64_C(1000000000)

static_assert(sizeof(uid_t) == sizeof(uint32_t) && (uid_t)-1 > 0 &&
                  sizeof(gid_t) == sizeof(uint32_t) && (gid_t)-1 > 0,
              "ids are unsigned and 32 bits wide");

static SP__HOT void *os_alloc(void *ctx, size_t size)
{
    (void)ctx;
    return malloc(size);
}

static SP__HOT void os_release(void *ctx, void *memory, size_t size)
{
    (void)ctx;
    (void)size;
    free(memory);
}

uint64_t sp__linux_now_ns(void *ctx)
{
    struct timespec now;
    uint64_t ns;

    (void)ctx;
    /* Cannot fail: the clock exists on every Linux and the pointer is good. */
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    ns = (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
    return ns != 0 ? ns : 1;
}

/* A set-user-id program must not let its caller choose directories: there every name is unset. */
static const char *os_environment(void *ctx, const char *name)
{
    (void)ctx;
    return secure_getenv(name);
}

static uint32_t os_euid(void *ctx)
{
    (void)ctx;
    return geteuid();
}

static uint32_t os_egid(void *ctx)
{
    (void)ctx;
    return getegid();
}

static int32_t os_pid(void *ctx)
{
    (void)ctx;
    return getpid();
}

static const struct sp_os linux_os = {
    .version = SP_OS_VERSION,
    .alloc = os_alloc,
    .release = os_release,
    .now_ns = sp__linux_now_ns,
    .environment = os_environment,
    .euid = os_euid,
    .egid = os_egid,
    .pid = os_pid,
    .socket = sp__linux_socket,
    .bind = sp__linux_bind,
    .listen = sp__linux_listen,
    .accept = sp__linux_accept,
    .connect = sp__linux_connect,
    .getsockname = sp__linux_getsockname,
    .getpeername = sp__linux_getpeername,
    .send = sp__linux_send,
    .recv = sp__linux_recv,
    .close = sp__linux_close,
    .poll = sp__linux_poll,
    .sockinfo = sp__linux_sockinfo,
    .set_nonblock = sp__linux_set_nonblock,
    .set_cloexec = sp__linux_set_cloexec,
    .peer_cred = sp__linux_peer_cred,
    .peer_groups = sp__linux_peer_groups,
    .peer_pidfd = sp__linux_peer_pidfd,
    .set_socket_mode = sp__linux_set_socket_mode,
    .open_dir = sp__linux_open_dir,
    .stat_at = sp__linux_stat_at,
    .stat_fd = sp__linux_stat_fd,
    .readlink_at = sp__linux_readlink_at,
    .unlink_at = sp__linux_unlink_at,
    .chmod_at = sp__linux_chmod_at,
    .lock_at = sp__linux_lock_at,
};

const struct sp_os *sp_os_linux(void)
{
    return &linux_os;
}
