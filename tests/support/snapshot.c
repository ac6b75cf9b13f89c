/* SPDX-License-Identifier: MIT */
/* Directories and descriptors as texts: see snapshot.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "tests/support/snapshot.h"

#include "tests/support/must.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

static void add(struct snapshot *snapshot, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add(struct snapshot *snapshot, const char *format, ...)
{
    size_t room = sizeof(snapshot->text) - snapshot->length;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(snapshot->text + snapshot->length, room, format, arguments);
    va_end(arguments);
    MUST(length >= 0 && (size_t)length < room);
    snapshot->length += (size_t)length;
}

/* Bytes as hexadecimal digits: nothing a file holds may break a line. */
static void add_bytes(struct snapshot *snapshot, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        add(snapshot, "%02x", (unsigned char)bytes[i]);
}

static void add_contents(struct snapshot *snapshot, int dir, const char *name,
                         const struct stat *stat)
{
    char bytes[512];
    ssize_t length = 0;

    if (S_ISLNK(stat->st_mode)) {
        length = readlinkat(dir, name, bytes, sizeof(bytes));
    } else if (S_ISREG(stat->st_mode)) {
        int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

        /* Unreadable for us: what changes is then the inode or the size. */
        if (fd < 0)
            return;
        length = read(fd, bytes, sizeof(bytes));
        (void)close(fd);
    }
    MUST(length >= 0 && (size_t)length < sizeof(bytes));
    add_bytes(snapshot, bytes, (size_t)length);
}

static void add_entry(struct snapshot *snapshot, int dir, const char *prefix, const char *name)
{
    struct stat stat;

    MUST(fstatat(dir, name, &stat, AT_SYMLINK_NOFOLLOW) == 0);
    add(snapshot, "%s%s ino=%ju mode=%o uid=%u gid=%u", prefix, name, (uintmax_t)stat.st_ino,
        (unsigned)stat.st_mode, (unsigned)stat.st_uid, (unsigned)stat.st_gid);
    /* The size of a directory is the file system's own affair. */
    if (!S_ISDIR(stat.st_mode))
        add(snapshot, " size=%jd ", (intmax_t)stat.st_size);
    add_contents(snapshot, dir, name, &stat);
    add(snapshot, "\n");
}

static void add_directory(struct snapshot *snapshot, const char *path, const char *prefix)
{
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);
    int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

    MUST(count >= 0 && dir >= 0);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        struct stat stat;

        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
            char below[4096];
            char label[4096];

            add_entry(snapshot, dir, prefix, name);
            MUST(fstatat(dir, name, &stat, AT_SYMLINK_NOFOLLOW) == 0);
            if (S_ISDIR(stat.st_mode)) {
                MUST(snprintf(below, sizeof(below), "%s/%s", path, name) < (int)sizeof(below));
                MUST(snprintf(label, sizeof(label), "%s%s/", prefix, name) < (int)sizeof(label));
                add_directory(snapshot, below, label);
            }
        }
        free(entries[i]);
    }
    free(entries);
    (void)close(dir);
}

struct snapshot snapshot_of(const char *directory)
{
    struct snapshot snapshot = {.length = 0};

    add_directory(&snapshot, directory, "");
    return snapshot;
}

struct snapshot snapshot_descriptors_of(int proc)
{
    struct snapshot snapshot = {.length = 0};
    int dir = openat(proc, "self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *open_ones;
    struct dirent *entry;

    MUST(dir >= 0 && (open_ones = fdopendir(dir)) != NULL);
    /* In ascending order, as the kernel walks its table; without the two that this needs itself. */
    while ((entry = readdir(open_ones)) != NULL) {
        int fd = atoi(entry->d_name);
        struct stat stat;

        if (entry->d_name[0] == '.' || fd == dir || fd == proc)
            continue;
        MUST(fstat(fd, &stat) == 0);
        add(&snapshot, "%d dev=%ju ino=%ju flags=%d\n", fd, (uintmax_t)stat.st_dev,
            (uintmax_t)stat.st_ino, fcntl(fd, F_GETFD));
    }
    (void)closedir(open_ones);
    return snapshot;
}

struct snapshot snapshot_descriptors(void)
{
    int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct snapshot snapshot;

    MUST(proc >= 0);
    snapshot = snapshot_descriptors_of(proc);
    (void)close(proc);
    return snapshot;
}

bool snapshot_holds(const struct snapshot *whole, const struct snapshot *part)
{
    const char *line = part->text;

    while (*line != '\0') {
        size_t length = strcspn(line, "\n") + 1;
        const char *at = whole->text;

        while (*at != '\0' && strncmp(at, line, length) != 0)
            at += strcspn(at, "\n") + 1;
        if (*at == '\0')
            return false;
        line += length;
    }
    return true;
}
