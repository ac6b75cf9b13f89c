/* SPDX-License-Identifier: MIT */
/* Which processes have a socket open: see holders.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "audit/facts/holders.h"

#include "audit/facts/array.h"
#include "audit/facts/proc_text.h"
#include "audit/facts/processes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The numbers of the sockets that are looked for, sorted. */
struct wanted {
    size_t count;
    uint32_t *numbers;
};

static int compare_numbers(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a;
    const uint32_t y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

static bool want_listeners(struct wanted *ret, const struct bound_sockets *sockets)
{
    *ret = (struct wanted){.numbers = calloc(sockets->count + 1, sizeof(*ret->numbers))};
    if (ret->numbers == NULL)
        return false;
    for (size_t i = 0; i < sockets->count; i++)
        if (sockets->sockets[i].listening)
            ret->numbers[ret->count++] = sockets->sockets[i].number;
    qsort(ret->numbers, ret->count, sizeof(*ret->numbers), compare_numbers);
    return true;
}

static bool is_wanted(const struct wanted *wanted, const char *link, size_t length, uint32_t *ret)
{
    return proc_text_socket(ret, link, length) &&
           bsearch(ret, wanted->numbers, wanted->count, sizeof(*wanted->numbers),
                   compare_numbers) != NULL;
}

static struct holder *one_more(struct holders *to)
{
    struct holder *all = array_grow(to->all, to->count, &to->room, sizeof(*all));

    if (all == NULL) {
        to->error = ENOMEM;
        return NULL;
    }
    to->all = all;
    return &all[to->count];
}

/* What a small file below /proc says, terminated; nothing if it cannot be read. Returns its length.
 */
static size_t read_small(int directory, const char *name, char *ret, size_t capacity)
{
    const int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
    const ssize_t length = fd >= 0 ? read(fd, ret, capacity - 1) : -1;

    ret[length > 0 ? length : 0] = '\0';
    if (fd >= 0)
        (void)close(fd);
    return length > 0 ? (size_t)length : 0;
}

static bool survives_exec(int process, const char *number)
{
    char name[sizeof("fdinfo/") + NAME_MAX];
    char said[512];

    (void)snprintf(name, sizeof(name), "fdinfo/%s", number);
    return proc_text_survives_exec(said, read_small(process, name, said, sizeof(said)));
}

/* Where we live ourselves. */
struct places {
    struct stat root;
    struct stat mounts;
};

/* What is the same for all descriptors of a process; read when it has one that is wanted. */
static void describe(struct holder *ret, int process, const struct places *own)
{
    struct stat of;

    if (fstat(process, &of) == 0)
        ret->uid = of.st_uid;
    if (fstatat(process, "root", &of, 0) == 0)
        ret->other_root = of.st_dev != own->root.st_dev || of.st_ino != own->root.st_ino;
    /* With the same root directory, too, other things can be mounted below it. */
    if (fstatat(process, "ns/mnt", &of, 0) == 0)
        ret->other_root = ret->other_root || of.st_ino != own->mounts.st_ino;
    (void)read_small(process, "comm", ret->comm, sizeof(ret->comm));
    ret->comm[strcspn(ret->comm, "\n")] = '\0';
}

static void read_process(struct holders *to, const struct wanted *wanted, int process, pid_t pid,
                         const struct places *own)
{
    const int fd = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    struct holder about = {.pid = pid};
    bool is_described = false;
    const struct dirent *entry;

    if (directory == NULL) {
        /* A process that has ended meanwhile holds nothing. */
        to->unreadable += errno != ENOENT && errno != ESRCH;
        if (fd >= 0)
            (void)close(fd);
        return;
    }
    while ((entry = readdir(directory)) != NULL) {
        char link[64];
        const ssize_t length = readlinkat(fd, entry->d_name, link, sizeof(link));
        struct holder *place;

        if (length <= 0 || !is_wanted(wanted, link, (size_t)length, &about.number) ||
            (place = one_more(to)) == NULL)
            continue;
        if (!is_described)
            describe(&about, process, own);
        is_described = true;
        about.fd = atoi(entry->d_name);
        about.survives_exec = survives_exec(process, entry->d_name);
        *place = about;
        to->count++;
    }
    (void)closedir(directory);
}

struct search {
    struct holders *to;
    struct wanted wanted;
    struct places own;
};

static void search_process(int process, pid_t pid, void *arg)
{
    struct search *search = arg;

    read_process(search->to, &search->wanted, process, pid, &search->own);
}

static int compare_sockets(const void *a, const void *b)
{
    const struct holder *x = a;
    const struct holder *y = b;

    return x->number < y->number ? -1 : x->number > y->number;
}

static int compare_holders(const void *a, const void *b)
{
    const struct holder *x = a;
    const struct holder *y = b;

    if (x->number != y->number)
        return compare_sockets(a, b);
    return x->pid < y->pid ? -1 : x->pid > y->pid;
}

void holders_read(struct holders *ret, const struct bound_sockets *sockets)
{
    struct search search = {.to = ret};

    *ret = (struct holders){.error = 0};
    if (!want_listeners(&search.wanted, sockets)) {
        ret->error = ENOMEM;
        return;
    }
    if (stat("/", &search.own.root) != 0 || stat("/proc/self/ns/mnt", &search.own.mounts) != 0 ||
        !processes_each(search_process, &search))
        ret->error = errno;
    if (ret->count > 0)
        qsort(ret->all, ret->count, sizeof(*ret->all), compare_holders);
    free(search.wanted.numbers);
}

void holders_free(struct holders *holders)
{
    free(holders->all);
    *holders = (struct holders){.error = 0};
}

size_t holders_of(const struct holders *holders, uint32_t number, const struct holder **ret)
{
    const struct holder key = {.number = number};
    const size_t first =
        array_first(&key, holders->all, holders->count, sizeof(key), compare_sockets);
    const size_t count =
        array_equals(&key, holders->all, first, holders->count, sizeof(key), compare_sockets);

    *ret = count > 0 ? &holders->all[first] : NULL;
    return count;
}
