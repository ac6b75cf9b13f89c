/* SPDX-License-Identifier: MIT */
/* Names that a path may be mistaken for: see names.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "audit/facts/names.h"

#include "audit/facts/array.h"
#include "audit/facts/traceless.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void names_add(struct names *names, const char *bytes, size_t length)
{
    char *copy = malloc(length + 1);

    struct name *all = array_grow(names->all, names->count, &names->room, sizeof(*all));

    if (all != NULL)
        names->all = all;
    if (copy == NULL || all == NULL) {
        free(copy);
        names->error = ENOMEM;
        return;
    }
    (void)memcpy(copy, bytes, length);
    copy[length] = '\0';
    names->all[names->count++] = (struct name){length, copy};
}

void names_free(struct names *names)
{
    while (names->count > 0)
        free(names->all[--names->count].bytes);
    free(names->all);
    *names = (struct names){.count = 0};
}

/* Links on the way are followed already, so a name that leads elsewhere now was changed meanwhile.
 */
static int open_directory(const char *name, const struct node *as)
{
    const int fd = traceless_open(AT_FDCWD, name, O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK);
    struct stat is;

    if (fd < 0)
        return -errno;
    if (fstat(fd, &is) != 0 || is.st_ino != as->inode || is.st_dev != as->device) {
        (void)close(fd);
        return -ESTALE;
    }
    return fd;
}

static bool counts(const struct dirent *entry)
{
    return entry->d_type == DT_SOCK || entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN;
}

/* @name is the directory's, with a slash and room for an entry behind it. */
static void read_entries(struct names *names, DIR *from, char *name, size_t length,
                         const struct path_step *own)
{
    const struct dirent *entry;

    for (size_t i = 0; (errno = 0, entry = readdir(from)) != NULL; i++) {
        const size_t taken = strlen(entry->d_name);

        if (i == NAMES_ENTRIES_MAX) {
            names->error = E2BIG;
            return;
        }
        if (!counts(entry) ||
            (taken == own->length && memcmp(entry->d_name, own->name, taken) == 0))
            continue;
        (void)memcpy(name + length, entry->d_name, taken);
        names_add(names, name, length + taken);
    }
    if (errno != 0)
        names->error = errno;
}

void names_read_beside(struct names *names, const struct path_facts *path)
{
    const bool missing = path->end == PATH_MISSING;
    /* stop() in path.c has left there which directory the missing name was looked up in. */
    const struct path_step *last = missing ? &path->steps[path->count] : path_end_step(path);
    char name[PATH_MAX + NAME_MAX + 1];
    size_t length;
    DIR *from;
    int fd;

    if (path->end == PATH_UNREADABLE || (missing && !path->missing_last))
        return;
    length = path_step_name(path, last->directory, name);
    fd = open_directory(name, &path->steps[last->directory].node);
    from = fd < 0 ? NULL : fdopendir(fd);
    if (from == NULL) {
        names->error = fd < 0 ? -fd : errno;
        if (fd >= 0)
            (void)close(fd);
        return;
    }
    if (name[length - 1] != '/')
        name[length++] = '/';
    read_entries(names, from, name, length, last);
    (void)closedir(from);
}
