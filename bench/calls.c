/* SPDX-License-Identifier: MIT */
/*
 * Programs to be watched, for bench/audit_run. Usage: calls smallest|files|server ROUNDS [filtered]
 *
 * "filtered": behind a seccomp filter that allows everything. The kernel takes another way into a
 * system call then, whatever the filter says, and no watcher with a filter can cost less.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static bool filter(void)
{
    struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    const struct sock_fprog program = {.len = 1, .filter = &allow};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

/* The shortest call that does anything: what it pays, none pays more of. */
static int smallest(int rounds)
{
    const int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    char byte;

    for (int i = 0; i < rounds; i++)
        if (read(zero, &byte, 1) != 1)
            return 1;
    return 0;
}

/* Four calls a round, as most programs do them: open, look, read a page, close. */
static int files(int rounds)
{
    char page[4096];

    for (int i = 0; i < rounds; i++) {
        const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        struct stat about;

        if (fstat(file, &about) != 0 || read(file, page, sizeof(page)) != (ssize_t)sizeof(page))
            return 1;
        (void)close(file);
    }
    return 0;
}

/* One that is its own client: a connection a round, asked who it is, a byte to and fro. */
static int server(int rounds)
{
    const struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct sockaddr_un bound;
    socklen_t length = sizeof(sa_family_t);
    const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    /* No name is given: the kernel chooses a free one. */
    if (bind(listener, (const struct sockaddr *)&address, length) != 0 || listen(listener, 1) != 0)
        return 1;
    length = sizeof(bound);
    if (getsockname(listener, (struct sockaddr *)&bound, &length) != 0)
        return 1;
    for (int i = 0; i < rounds; i++) {
        const int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct ucred peer;
        socklen_t size = sizeof(peer);
        char byte = 'x';
        int connection;

        if (connect(client, (struct sockaddr *)&bound, length) != 0)
            return 1;
        connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 ||
            send(client, &byte, 1, MSG_NOSIGNAL) != 1 || recv(connection, &byte, 1, 0) != 1 ||
            send(connection, &byte, 1, MSG_NOSIGNAL) != 1 || recv(client, &byte, 1, 0) != 1)
            return 1;
        (void)close(connection);
        (void)close(client);
    }
    return 0;
}

static const struct {
    const char *name;
    int (*run)(int rounds);
} works[] = {{"smallest", smallest}, {"files", files}, {"server", server}};

int main(int argc, char **argv)
{
    const int rounds = argc >= 3 ? atoi(argv[2]) : 0;

    if (argc == 4 && strcmp(argv[3], "filtered") == 0 && !filter()) {
        perror("calls: seccomp");
        return 3;
    }
    for (size_t i = 0; rounds > 0 && i < sizeof(works) / sizeof(works[0]); i++)
        if (strcmp(argv[1], works[i].name) == 0)
            return works[i].run(rounds);
    (void)fputs("usage: calls smallest|files|server ROUNDS [filtered]\n", stderr);
    return 2;
}
