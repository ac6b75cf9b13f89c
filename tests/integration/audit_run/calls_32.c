/* SPDX-License-Identifier: MIT */
/* System calls as a 32-bit program makes them: see calls_32.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "calls_32.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* Their numbers on i386. */
enum { CHMOD = 15, GETPID = 20, SOCKETCALL = 102, SOCKET = 359, BIND = 361, LISTEN = 363 };
/* The first argument of socketcall(). */
enum { FOLDED_SOCKET = 1, FOLDED_BIND = 2, FOLDED_LISTEN = 4 };

#if defined(__x86_64__)
static long enter(uint32_t number, uint32_t a, uint32_t b, uint32_t c)
{
    long result;

    /* The kernel leaves r8 to r11 undefined on this way. */
    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"((uint64_t)number), "b"((uint64_t)a), "c"((uint64_t)b), "d"((uint64_t)c)
                     : "memory", "r8", "r9", "r10", "r11");
    return result;
}
#else
static long enter(uint32_t number, uint32_t a, uint32_t b, uint32_t c)
{
    (void)number, (void)a, (void)b, (void)c;
    return -ENOSYS;
}
#endif

static int call(uint32_t number, uint32_t a, uint32_t b, uint32_t c)
{
    const int result = (int)enter(number, a, b, c);

    if (result >= 0)
        return result;
    errno = -result;
    return -1;
}

/* A copy at an address that 32 bits hold; for the life of the process. */
static uint32_t copy_low(const void *bytes, size_t length)
{
#if defined(__x86_64__)
    void *low =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

    if (low == MAP_FAILED)
        abort();
    (void)memcpy(low, bytes, length);
    return (uint32_t)(uintptr_t)low;
#else
    (void)bytes, (void)length;
    return 0;
#endif
}

static int socket_call(uint32_t number, uint32_t folded_number, bool folded, uint32_t a, uint32_t b,
                       uint32_t c)
{
    const uint32_t arguments[3] = {a, b, c};

    return folded ? call(SOCKETCALL, folded_number, copy_low(arguments, sizeof(arguments)), 0)
                  : call(number, a, b, c);
}

/* Where there are none it is a fault, and not an error: another process tries. */
bool has_32(void)
{
    const pid_t child = fork();
    int status = 0;

    if (child == 0)
        _exit(call(GETPID, 0, 0, 0) == (int)getpid() ? 0 : 1);
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

int socket_32(bool folded)
{
    return socket_call(SOCKET, FOLDED_SOCKET, folded, AF_UNIX, SOCK_STREAM, 0);
}

int bind_32(int fd, const struct sockaddr_un *address, socklen_t length, bool folded)
{
    return socket_call(BIND, FOLDED_BIND, folded, (uint32_t)fd, copy_low(address, sizeof(*address)),
                       length);
}

int listen_32(int fd, int backlog, bool folded)
{
    return socket_call(LISTEN, FOLDED_LISTEN, folded, (uint32_t)fd, (uint32_t)backlog, 0);
}

int chmod_32(const char *path, unsigned mode)
{
    return call(CHMOD, copy_low(path, strlen(path) + 1), mode, 0);
}
