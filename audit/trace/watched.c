/* SPDX-License-Identifier: MIT */
/* The system calls that a watched program stops at: see watched.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "audit/trace/watched.h"

#include "audit/trace/options.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#define NUMBERS 512

struct row {
    enum watched watched;
    const char *name;
};

static const struct row rows[] = {
    {WATCHED_BIND, "bind"},
    {WATCHED_CONNECT, "connect"},
    {WATCHED_LISTEN, "listen"},
    {WATCHED_ACCEPT, "accept"},
    {WATCHED_ACCEPT4, "accept4"},
    {WATCHED_GETSOCKOPT, "getsockopt"},
    {WATCHED_SETSOCKOPT, "setsockopt"},
    {WATCHED_SENDTO, "sendto"},
    {WATCHED_SENDTO, "send"},
    {WATCHED_SENDMSG, "sendmsg"},
    {WATCHED_RECVMSG, "recvmsg"},
    {WATCHED_CHMOD, "chmod"},
    {WATCHED_FCHMODAT, "fchmodat"},
    {WATCHED_FCHMODAT2, "fchmodat2"},
    {WATCHED_FCHMOD, "fchmod"},
    {WATCHED_CHOWN, "chown"},
    {WATCHED_CHOWN, "lchown"},
    {WATCHED_CHOWN, "chown32"},
    {WATCHED_CHOWN, "lchown32"},
    {WATCHED_FCHOWNAT, "fchownat"},
    {WATCHED_FCHOWN, "fchown"},
    {WATCHED_FCHOWN, "fchown32"},
    {WATCHED_UNLINK, "unlink"},
    {WATCHED_UNLINKAT, "unlinkat"},
    {WATCHED_RENAME, "rename"},
    {WATCHED_RENAMEAT, "renameat"},
    {WATCHED_RENAMEAT, "renameat2"},
    {WATCHED_LINK, "link"}, /* some bind a name of their own, and give it the right one so */
    {WATCHED_LINKAT, "linkat"},
    {WATCHED_UMASK, "umask"},
    {WATCHED_OPEN, "open"},
    {WATCHED_OPENAT, "openat"},
    {WATCHED_FLOCK, "flock"},
    {WATCHED_FCNTL, "fcntl"},
    {WATCHED_FCNTL, "fcntl64"},
    {WATCHED_URING, "io_uring_setup"},
    {WATCHED_READ, "read"},
    {WATCHED_READV, "readv"},
    {WATCHED_RECVFROM, "recvfrom"},
    {WATCHED_RECVFROM, "recv"},
    {WATCHED_RECVMMSG, "recvmmsg"},
    {WATCHED_CLOSE, "close"},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* On i386 the calls on sockets have numbers of their own besides socketcall(): since Linux 4.3, and
 * libseccomp resolves their names to none of the two. */
static const struct {
    enum watched watched;
    uint16_t number;
} rows_i386[] = {
    {WATCHED_BIND, 361},    {WATCHED_CONNECT, 362},    {WATCHED_LISTEN, 363},
    {WATCHED_ACCEPT4, 364}, {WATCHED_GETSOCKOPT, 365}, {WATCHED_SETSOCKOPT, 366},
    {WATCHED_SENDTO, 369},  {WATCHED_SENDMSG, 370},    {WATCHED_RECVFROM, 371},
    {WATCHED_RECVMSG, 372},
};

#define EXCLUSIVE ((uint64_t)(O_CREAT | O_EXCL))

/* Only these make the program stop: the argument at .index, under .mask, is .value. */
static const struct {
    enum watched watched;
    unsigned index;
    uint64_t mask;
    uint64_t value;
} conditions[] = {
    {WATCHED_GETSOCKOPT, 2, UINT32_MAX, SO_PEERCRED},
    {WATCHED_GETSOCKOPT, 2, UINT32_MAX, OPTION_PEERPIDFD},
    {WATCHED_GETSOCKOPT, 2, UINT32_MAX, SO_PEERSEC},
    {WATCHED_GETSOCKOPT, 2, UINT32_MAX, SO_PEERGROUPS},
    {WATCHED_SETSOCKOPT, 2, UINT32_MAX, SO_PASSCRED},
    {WATCHED_SETSOCKOPT, 2, UINT32_MAX, OPTION_PASSPIDFD},
    {WATCHED_SENDTO, 3, MSG_NOSIGNAL, 0},
    {WATCHED_SENDMSG, 2, MSG_NOSIGNAL, 0},
    {WATCHED_RECVMSG, 2, MSG_CMSG_CLOEXEC, 0},
    {WATCHED_OPEN, 1, EXCLUSIVE, EXCLUSIVE},
    {WATCHED_OPENAT, 2, EXCLUSIVE, EXCLUSIVE},
    {WATCHED_FCNTL, 1, UINT32_MAX, F_SETLK},
    {WATCHED_FCNTL, 1, UINT32_MAX, F_SETLKW},
    {WATCHED_FCNTL, 1, UINT32_MAX, F_OFD_SETLK},
    {WATCHED_FCNTL, 1, UINT32_MAX, F_OFD_SETLKW},
};
#define CONDITIONS (sizeof(conditions) / sizeof(conditions[0]))

static uint8_t numbers[2][NUMBERS];
static bool numbers_known;

static void learn_numbers(void)
{
    const uint32_t arches[2] = {seccomp_arch_native(), SCMP_ARCH_X86};

    for (size_t arch = 0; arch < 2; arch++)
        for (size_t i = 0; i < ROWS; i++) {
            const int number = seccomp_syscall_resolve_name_arch(arches[arch], rows[i].name);

            if (number >= 0 && number < NUMBERS)
                numbers[arch][number] = (uint8_t)rows[i].watched;
        }
    for (size_t i = 0; i < sizeof(rows_i386) / sizeof(rows_i386[0]); i++)
        numbers[1][rows_i386[i].number] = (uint8_t)rows_i386[i].watched;
    /* Newer than the oldest libseccomp that this is built with, and the same everywhere. */
    numbers[0][452] = numbers[1][452] = WATCHED_FCHMODAT2;
    numbers_known = true;
}

enum watched watched_of(bool is_32, uint64_t number)
{
    if (!numbers_known)
        learn_numbers();
    return number < NUMBERS ? (enum watched)numbers[is_32 ? 1 : 0][number] : WATCHED_NONE;
}

enum watched watched_of_socketcall(uint64_t number)
{
    static const enum watched calls[] = {
        [2] = WATCHED_BIND,        [3] = WATCHED_CONNECT,   [4] = WATCHED_LISTEN,
        [5] = WATCHED_ACCEPT,      [9] = WATCHED_SENDTO,    [10] = WATCHED_RECVFROM,
        [11] = WATCHED_SENDTO,     [12] = WATCHED_RECVFROM, [14] = WATCHED_SETSOCKOPT,
        [15] = WATCHED_GETSOCKOPT, [16] = WATCHED_SENDMSG,  [17] = WATCHED_RECVMSG,
        [18] = WATCHED_ACCEPT4,    [19] = WATCHED_RECVMMSG,
    };

    return number < sizeof(calls) / sizeof(calls[0]) ? calls[number] : WATCHED_NONE;
}

static int add(scmp_filter_ctx to, enum watched watched, int number, bool conditional)
{
    bool done = false;

    for (size_t i = 0; conditional && i < CONDITIONS; i++) {
        int result;

        if (conditions[i].watched != watched)
            continue;
        result = seccomp_rule_add(to, SCMP_ACT_TRACE(watched), number, 1,
                                  SCMP_CMP(conditions[i].index, SCMP_CMP_MASKED_EQ,
                                           conditions[i].mask, conditions[i].value));
        if (result != 0)
            return result;
        done = true;
    }
    return done ? 0 : seccomp_rule_add(to, SCMP_ACT_TRACE(watched), number, 0);
}

/* A rule is given by the number that the call has on this machine, or by libseccomp's stand-in for
 * one that it has not, whatever the filter is for: libseccomp goes from there by the name. */
static int fill(scmp_filter_ctx to, bool conditional)
{
    for (size_t i = 0; i < ROWS && rows[i].watched < WATCHED_FIRST_FRESH; i++) {
        const int number = seccomp_syscall_resolve_name(rows[i].name);
        const bool opens = rows[i].watched == WATCHED_OPEN || rows[i].watched == WATCHED_OPENAT;
        const int result = number == __NR_SCMP_ERROR || (conditional && number < 0)
                               ? 0
                               : add(to, rows[i].watched, number, conditional || opens);

        if (result != 0)
            return result;
    }
    return 0;
}

static int add_i386(scmp_filter_ctx to)
{
    scmp_filter_ctx other = seccomp_init(SCMP_ACT_ALLOW);
    int result = other == NULL ? -ENOMEM : seccomp_arch_remove(other, SCMP_ARCH_NATIVE);

    if (result == 0)
        result = seccomp_arch_add(other, SCMP_ARCH_X86);
    if (result == 0)
        result = seccomp_attr_set(other, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW);
    if (result == 0)
        result = seccomp_attr_set(other, SCMP_FLTATR_CTL_NNP, geteuid() == 0 ? 0 : 1);
    if (result == 0)
        result = fill(other, false);
    /* Its arguments are in memory, where no filter sees them. */
    if (result == 0)
        result = seccomp_rule_add(other, SCMP_ACT_TRACE(WATCHED_NONE),
                                  seccomp_syscall_resolve_name("socketcall"), 0);
    if (result == 0)
        result = seccomp_merge(to, other); /* takes @other */
    if (result != 0 && other != NULL)
        seccomp_release(other);
    return result;
}

int watched_load(void)
{
    scmp_filter_ctx to = seccomp_init(SCMP_ACT_ALLOW);
    int result = to == NULL ? -ENOMEM : 0;

    if (result == 0)
        result = seccomp_attr_set(to, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW);
    if (result == 0)
        result = seccomp_attr_set(to, SCMP_FLTATR_CTL_NNP, geteuid() == 0 ? 0 : 1);
    /* Before Linux 5.16 a filter turned on mitigations that slow the whole program. */
    if (result == 0)
        result = seccomp_attr_set(to, SCMP_FLTATR_CTL_SSB, 1);
    if (result == 0)
        result = fill(to, true);
    if (result == 0 && seccomp_arch_native() == SCMP_ARCH_X86_64)
        result = add_i386(to);
    if (result == 0) /* a tree, not a list: calls that are let through are found sooner */
        result = seccomp_attr_set(to, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (result == 0)
        result = seccomp_load(to);
    if (to != NULL)
        seccomp_release(to);
    return result;
}
