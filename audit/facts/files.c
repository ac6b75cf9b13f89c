/* SPDX-License-Identifier: MIT */
/* Socket files below a directory: see files.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "audit/facts/files.h"

#include "audit/facts/array.h"
#include "audit/facts/traceless.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void add(struct files *to, const char *path)
{
    char **paths = array_grow(to->paths, to->count, &to->room, sizeof(*paths));

    if (paths == NULL) {
        to->partial = true;
        return;
    }
    to->paths = paths;
    to->paths[to->count] = strdup(path);
    if (to->paths[to->count] == NULL)
        to->partial = true;
    else
        to->count++;
}

static void walk(struct files *to, int above, const char *name, char path[PATH_MAX], size_t length,
                 dev_t device, unsigned level)
{
    const int fd = traceless_open(above, name, O_DIRECTORY | O_NOFOLLOW);
    DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;

    if (directory == NULL) {
        to->partial = to->partial || (errno != ENOENT && errno != ELOOP && errno != ENOTDIR);
        if (fd >= 0)
            (void)close(fd);
        return;
    }
    while ((entry = readdir(directory)) != NULL) {
        const size_t more = strlen(entry->d_name);
        struct stat of;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (++to->names > FILES_NAMES_MAX || length + 1 + more >= PATH_MAX) {
            to->partial = true;
            break;
        }
        /* Most names are of other things, and where the file system says of which, that is enough.
         */
        if (entry->d_type != DT_DIR && entry->d_type != DT_SOCK && entry->d_type != DT_UNKNOWN)
            continue;
        if (fstatat(fd, entry->d_name, &of, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) != 0)
            continue;
        path[length] = '/';
        (void)memcpy(path + length + 1, entry->d_name, more + 1);
        if (S_ISSOCK(of.st_mode))
            add(to, path);
        else if (S_ISDIR(of.st_mode) && of.st_dev == device && level > 0)
            walk(to, fd, entry->d_name, path, length + 1 + more, device, level - 1);
        path[length] = '\0';
    }
    (void)closedir(directory);
}

void files_add(struct files *to, const char *directory)
{
    char path[PATH_MAX];
    char start[PATH_MAX + 2];
    struct stat of;
    size_t length = strlen(directory);

    while (length > 1 && directory[length - 1] == '/')
        length--;
    if (length >= sizeof(path) || stat(directory, &of) != 0) {
        to->partial = to->partial || errno != ENOENT;
        return;
    }
    (void)memcpy(path, directory, length);
    path[length] = '\0';
    if (strcmp(path, "/") == 0)
        length = 0;
    to->names = 0;
    /* The directory itself may be named through a link: it was chosen. */
    (void)snprintf(start, sizeof(start), "%s/.", directory);
    walk(to, AT_FDCWD, start, path, length, of.st_dev, FILES_LEVELS_MAX);
}

void files_free(struct files *files)
{
    while (files->count > 0)
        free(files->paths[--files->count]);
    free(files->paths);
    *files = (struct files){.partial = false};
}
