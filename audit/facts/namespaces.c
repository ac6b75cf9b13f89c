/* SPDX-License-Identifier: MIT */
/* The sockets of other network namespaces: see namespaces.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "audit/facts/namespaces.h"

#include "audit/facts/processes.h"
#include "audit/facts/traceless.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define NAMED "/run/netns"
/* Namespaces that were seen, ours first. */
#define NAMESPACES_MAX 1024

struct visit {
    struct bound_sockets *to;
    int own; /* descriptor of our namespace, to come back to */
    size_t count;
    size_t refused;
    uint64_t seen[NAMESPACES_MAX];
};

static bool was_seen(const struct visit *visit, uint64_t inode)
{
    for (size_t i = 0; i < visit->count; i++)
        if (visit->seen[i] == inode)
            return true;
    return false;
}

/* @there is a descriptor of the namespace, or -1. */
static void enter(struct visit *visit, int there, uint64_t inode)
{
    if (visit->count == NAMESPACES_MAX || there < 0 || setns(there, CLONE_NEWNET) != 0) {
        visit->refused++;
        return;
    }
    visit->seen[visit->count++] = inode;
    bound_sockets_add(visit->to, inode);
    /* Without the way back everything that follows would be of the wrong namespace. */
    if (setns(visit->own, CLONE_NEWNET) != 0)
        abort();
}

static void visit_process(int process, pid_t pid, void *arg)
{
    struct visit *visit = arg;
    struct stat of;
    int there;

    (void)pid;
    /* Who may not follow the link may not enter either; what such a process has is not seen. */
    if (fstatat(process, "ns/net", &of, 0) != 0) {
        visit->refused += errno == EACCES || errno == EPERM;
        return;
    }
    if (was_seen(visit, of.st_ino))
        return;
    there = openat(process, "ns/net", O_RDONLY | O_CLOEXEC);
    enter(visit, there, of.st_ino);
    if (there >= 0)
        (void)close(there);
}

/* The files there have namespaces mounted on them; one that has lost its own is just a file. */
static void visit_named(struct visit *visit, int directory, const char *name)
{
    const int there = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct statfs system;
    struct stat of;

    if (there < 0) {
        visit->refused += errno == EACCES || errno == EPERM;
        return;
    }
    if (fstatfs(there, &system) == 0 && system.f_type == NSFS_MAGIC && fstat(there, &of) == 0 &&
        !was_seen(visit, of.st_ino))
        enter(visit, there, of.st_ino);
    (void)close(there);
}

static void visit_names(struct visit *visit)
{
    const int fd = traceless_open(AT_FDCWD, NAMED, O_DIRECTORY);
    DIR *names = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;

    if (names == NULL) {
        visit->refused += errno != ENOENT;
        if (fd >= 0)
            (void)close(fd);
        return;
    }
    while ((entry = readdir(names)) != NULL)
        if (entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN)
            visit_named(visit, fd, entry->d_name);
    (void)closedir(names);
}

size_t namespaces_read(struct bound_sockets *to)
{
    struct visit visit = {.to = to, .own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)};
    struct stat of;

    if (visit.own < 0 || fstat(visit.own, &of) != 0) {
        visit.refused++;
    } else {
        visit.seen[visit.count++] = of.st_ino;
        visit.refused += !processes_each(visit_process, &visit);
        visit_names(&visit);
    }
    if (visit.own >= 0)
        (void)close(visit.own);
    return visit.refused;
}
