/* SPDX-License-Identifier: MIT */
/* What is asked about a stopped process: see tracee.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "audit/trace/tracee.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define PAGE 4096
#define PROC_NAME_MAX 64

bool tracee_read(pid_t task, uint64_t at, void *to, size_t length)
{
    struct iovec here = {.iov_base = to, .iov_len = length};
    struct iovec there = {.iov_base = (void *)(uintptr_t)at, .iov_len = length};

    return process_vm_readv(task, &here, 1, &there, 1, 0) == (ssize_t)length;
}

size_t tracee_string(pid_t task, uint64_t at, char ret[PATH_MAX])
{
    size_t length = 0;

    /* Page by page: the next one may not be there. */
    while (length < PATH_MAX) {
        size_t more = PAGE - (size_t)((at + length) % PAGE);
        const char *end;

        if (more > PATH_MAX - length)
            more = PATH_MAX - length;
        if (!tracee_read(task, at + length, ret + length, more))
            return 0;
        end = memchr(ret + length, '\0', more);
        if (end != NULL)
            return (size_t)(end - ret);
        length += more;
    }
    return 0;
}

/* The target of a link below /proc/TASK; 0 when there is none. */
static size_t read_link(pid_t task, const char *what, char *ret, size_t size)
{
    char name[PROC_NAME_MAX];
    ssize_t length;

    (void)snprintf(name, sizeof(name), "/proc/%d/%s", (int)task, what);
    length = readlink(name, ret, size - 1);
    ret[length > 0 ? length : 0] = '\0';
    return length > 0 ? (size_t)length : 0;
}

static uint64_t socket_of_link(const char *link)
{
    return strncmp(link, "socket:[", 8) == 0 ? strtoull(link + 8, NULL, 10) : 0;
}

uint64_t tracee_socket(pid_t task, int descriptor)
{
    char what[32];
    char link[PROC_NAME_MAX];

    if (descriptor < 0)
        return 0;
    (void)snprintf(what, sizeof(what), "fd/%d", descriptor);
    return read_link(task, what, link, sizeof(link)) > 0 ? socket_of_link(link) : 0;
}

/* A small file of /proc as a string; empty when it cannot be read. */
static void read_file(pid_t task, const char *what, char *ret, size_t size)
{
    char name[PROC_NAME_MAX];
    ssize_t length = -1;
    int file;

    (void)snprintf(name, sizeof(name), "/proc/%d/%s", (int)task, what);
    file = open(name, O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
        length = read(file, ret, size - 1);
        (void)close(file);
    }
    ret[length > 0 ? length : 0] = '\0';
}

/* A number that follows @label in a file of /proc. */
static unsigned long long number_after(const char *text, const char *label, int base)
{
    const char *at = strstr(text, label);

    return at != NULL ? strtoull(at + strlen(label), NULL, base) : 0;
}

bool tracee_keeps(pid_t task, int descriptor)
{
    char what[32];
    char text[512];

    (void)snprintf(what, sizeof(what), "fdinfo/%d", descriptor);
    read_file(task, what, text, sizeof(text));
    return text[0] != '\0' && (number_after(text, "flags:", 8) & O_CLOEXEC) == 0;
}

bool tracee_absolute(struct call *call, pid_t task, int directory, const char *path, size_t length)
{
    char what[32] = "cwd";
    size_t start = 0;

    if (length == 0 || path[0] != '/') {
        if (directory != AT_FDCWD)
            (void)snprintf(what, sizeof(what), "fd/%d", directory);
        start = read_link(task, what, call->path, sizeof(call->path) - 1);
        if (start == 0)
            return false;
        if (start > 1)
            call->path[start++] = '/';
    }
    if (start + length >= sizeof(call->path))
        return false;
    (void)memcpy(call->path + start, path, length);
    call->length = start + length;
    call->path[call->length] = '\0';
    return true;
}

uint32_t tracee_mode(pid_t task, const char *path)
{
    char name[PATH_MAX + PROC_NAME_MAX];
    struct stat file;

    (void)snprintf(name, sizeof(name), "/proc/%d/root%s", (int)task, path);
    return stat(name, &file) == 0 ? file.st_mode : 0;
}

bool tracee_dies_of_pipe(pid_t task)
{
    const unsigned long long bit = 1ULL << (SIGPIPE - 1);
    char text[4096];

    read_file(task, "status", text, sizeof(text));
    return text[0] != '\0' &&
           ((number_after(text, "SigBlk:", 16) | number_after(text, "SigIgn:", 16) |
             number_after(text, "SigCgt:", 16)) &
            bit) == 0;
}

pid_t tracee_group(pid_t task)
{
    char text[4096];

    read_file(task, "status", text, sizeof(text));
    return (pid_t)number_after(text, "Tgid:", 10);
}

uint32_t tracee_umask(pid_t task)
{
    char text[4096];

    read_file(task, "status", text, sizeof(text));
    return (uint32_t)number_after(text, "Umask:", 8);
}

void tracee_program(pid_t task, char ret[PATH_MAX])
{
    if (read_link(task, "exe", ret, PATH_MAX) == 0)
        (void)strcpy(ret, "/");
}

static bool name_of(struct call *ret, pid_t process, int own)
{
    struct sockaddr_un address = {.sun_family = AF_UNSPEC};
    socklen_t length = sizeof(address);
    int listens = 0;
    socklen_t size = sizeof(listens);
    size_t bytes;

    if (getsockopt(own, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0 ||
        getsockname(own, (struct sockaddr *)&address, &length) != 0 ||
        address.sun_family != AF_UNIX)
        return false;
    bytes = length - offsetof(struct sockaddr_un, sun_path);
    if (bytes > sizeof(address.sun_path))
        bytes = sizeof(address.sun_path);
    ret->abstract = bytes > 0 && address.sun_path[0] == '\0';
    if (!ret->abstract)
        return tracee_absolute(ret, process, AT_FDCWD, address.sun_path,
                               strnlen(address.sun_path, bytes));
    ret->length = bytes - 1;
    (void)memcpy(ret->path, address.sun_path + 1, ret->length);
    return true;
}

bool tracee_listener(struct call *ret, pid_t process, int descriptor)
{
    const int pidfd = (int)syscall(SYS_pidfd_open, process, 0);
    const int own = pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, descriptor, 0);
    const bool good = own >= 0 && name_of(ret, process, own);

    if (own >= 0)
        (void)close(own);
    if (pidfd >= 0)
        (void)close(pidfd);
    return good;
}

void tracee_each_socket(pid_t task, void (*each)(void *arg, uint64_t socket), void *arg)
{
    char name[PROC_NAME_MAX];
    const struct dirent *entry;
    DIR *directory;

    (void)snprintf(name, sizeof(name), "/proc/%d/fd", (int)task);
    directory = opendir(name);
    if (directory == NULL)
        return;
    while ((entry = readdir(directory)) != NULL) {
        const uint64_t inode =
            entry->d_name[0] == '.' ? 0 : tracee_socket(task, atoi(entry->d_name));

        if (inode != 0)
            each(arg, inode);
    }
    (void)closedir(directory);
}
