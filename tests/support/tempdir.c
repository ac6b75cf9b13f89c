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

struct tempdir tempdir_make(void)
{
    struct tempdir dir;
    const char *base = getenv("TMPDIR");
    int length = snprintf(dir.path, sizeof(dir.path), "%s/sunpath-XXXXXX",
                          base != NULL && base[0] == '/' ? base : "/tmp");

    MUST(length > 0 && (size_t)length < sizeof(dir.path));
    MUST(mkdtemp(dir.path) != NULL);
    return dir;
}

/* Directories must be searchable before what they hold can go: first down, then up. */
static int open_up(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    (void)stat;
    (void)ftw;
    if (type == FTW_D || type == FTW_DNR)
        MUST(chmod(path, 0700) == 0);
    return 0;
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    (void)stat;
    (void)type;
    (void)ftw;
    MUST(remove(path) == 0);
    return 0;
}

void tempdir_remove(struct tempdir *dir)
{
    MUST(nftw(dir->path, open_up, 16, FTW_PHYS) == 0);
    MUST(nftw(dir->path, remove_one, 16, FTW_PHYS | FTW_DEPTH) == 0);
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
