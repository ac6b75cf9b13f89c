/* SPDX-License-Identifier: MIT */
/* A fresh directory: see tempdir.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "tests/support/tempdir.h"

#include "tests/support/must.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Directories must be searchable before what they hold can go: first down, then up. */
static int open_up(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    (void)stat;
    (void)ftw;
    if (type == FTW_D || type == FTW_DNR)
        return chmod(path, 0700);
    return 0;
}

/* What the C library calls: not instrumented itself, it does not say that arguments are
 * initialised. */
#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#define CALLED_BY_LIBC __attribute__((no_sanitize("memory")))
#endif
#endif
#ifndef CALLED_BY_LIBC
#define CALLED_BY_LIBC
#endif

CALLED_BY_LIBC static int remove_one(const char *path, const struct stat *stat, int type,
                                     struct FTW *ftw)
{
    (void)stat;
    (void)type;
    (void)ftw;
    return remove(path);
}

CALLED_BY_LIBC static int remove_below(const char *path, const struct stat *stat, int type,
                                       struct FTW *ftw)
{
    return ftw->level == 0 ? 0 : remove_one(path, stat, type, ftw);
}

/* The directories of this process that exist. Children have a copy, and leave them alone. */
#define LIVE_MAX 8
static struct tempdir live[LIVE_MAX];
static pid_t live_in;

static void remove_with(const char *path, __nftw_func_t remover)
{
    if (nftw(path, open_up, 16, FTW_PHYS) != 0 ||
        nftw(path, remover, 16, FTW_PHYS | FTW_DEPTH) != 0)
        (void)fprintf(stderr, "cannot remove %s: %s\n", path, strerror(errno));
}

static void remove_live(void)
{
    if (getpid() != live_in)
        return;
    for (size_t i = 0; i < LIVE_MAX; i++) {
        if (live[i].path[0] != '\0')
            remove_with(live[i].path, remove_one);
    }
}

static struct tempdir *find_live(const char *path)
{
    for (size_t i = 0; i < LIVE_MAX; i++) {
        if (strcmp(live[i].path, path) == 0)
            return &live[i];
    }
    return NULL;
}

struct tempdir tempdir_make(void)
{
    const char *base = getenv("TMPDIR");
    struct tempdir *slot;
    struct tempdir dir;
    int length = snprintf(dir.path, sizeof(dir.path), "%s/sunpath-XXXXXX",
                          base != NULL && base[0] == '/' ? base : "/tmp");

    MUST(length > 0 && (size_t)length < sizeof(dir.path));
    MUST(mkdtemp(dir.path) != NULL);
    MUST(live_in != 0 || atexit(remove_live) == 0);
    if (live_in != getpid())
        memset(live, 0, sizeof(live));
    live_in = getpid();
    slot = find_live("");
    MUST(slot != NULL);
    *slot = dir;
    return dir;
}

void tempdir_remove(struct tempdir *dir)
{
    struct tempdir *slot = find_live(dir->path);

    MUST(slot != NULL);
    slot->path[0] = '\0';
    remove_with(dir->path, remove_one);
}

void tempdir_empty(const struct tempdir *dir)
{
    remove_with(dir->path, remove_below);
}

char *tempdir_join(const struct tempdir *dir, const char *leaf, char ret[TEMPDIR_JOINED_MAX])
{
    int length = snprintf(ret, TEMPDIR_JOINED_MAX, "%s/%s", dir->path, leaf);

    MUST(length > 0 && length < TEMPDIR_JOINED_MAX);
    return ret;
}

void tempdir_file(const struct tempdir *dir, const char *leaf, const char *text)
{
    char path[TEMPDIR_JOINED_MAX];
    int fd = open(tempdir_join(dir, leaf, path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

    MUST(fd >= 0);
    MUST(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    MUST(close(fd) == 0);
}
