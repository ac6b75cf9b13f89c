/* SPDX-License-Identifier: MIT */
/* See subject_room.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "fuzz/targets/subject_room.h"

#include "sim/beside/keeper.h"
#include "tests/support/must.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Descriptors that are looked at. */
#define DESCRIPTORS 256

static const char *const names[ROOM_NAMES] = {"a", "b", "c", "d", "e", "d/a", "d/b", "e/a", "e/b"};
/* Directories in which a file without a name of ours would lie. */
static const char *const directories[] = {"", "/d", "/e"};

static struct tempdir home; /* of all rooms; goes when the process does */
static char root[TEMPDIR_PATH_MAX + 2];
static char paths[ROOM_NAMES][ROOM_PATH_MAX];
static bool is_foreign[DESCRIPTORS];
static struct room_view view; /* the last one; if nobody but the subject has done anything since: */
static bool is_viewed;

/* All in one call: whether each number is in use. */
static void look_at_descriptors(bool ret_open[DESCRIPTORS])
{
    static struct pollfd entries[DESCRIPTORS];

    for (int i = 0; i < DESCRIPTORS; i++)
        entries[i] = (struct pollfd){.fd = i};
    MUST(poll(entries, DESCRIPTORS, 0) >= 0);
    for (int i = 0; i < DESCRIPTORS; i++)
        ret_open[i] = (entries[i].revents & POLLNVAL) == 0;
}

static void open_home(void)
{
    home = tempdir_make();
    keeper_start(&home);
    (void)snprintf(root, sizeof(root), "%s/r", home.path);
    for (unsigned i = 0; i < ROOM_NAMES; i++)
        (void)snprintf(paths[i], sizeof(paths[i]), "%s/%s", root, names[i]);
}

void room_open(void)
{
    if (home.path[0] == '\0')
        open_home();
    MUST(mkdir(root, 0700) == 0);
    room_touched();
    look_at_descriptors(is_foreign);
}

/* What has a name of ours goes by it, which is quick; the rest as it is found. */
void room_close(void)
{
    for (unsigned i = ROOM_NAMES; i-- > 0;)
        if (unlink(paths[i]) < 0 && errno == EISDIR)
            (void)rmdir(paths[i]);
    if (rmdir(root) < 0)
        tempdir_empty(&home);
}

unsigned room_name(struct operation_text text)
{
    for (unsigned i = 0; i < ROOM_NAMES; i++)
        if (text.length == strlen(names[i]) && memcmp(text.bytes, names[i], text.length) == 0)
            return i;
    return text.length > 0 ? text.bytes[0] % ROOM_NAMES : 0;
}

const char *room_path(unsigned name)
{
    return paths[name];
}

const char *room_text(unsigned name)
{
    return names[name];
}

static struct room_node look_at(const char *path)
{
    struct room_node node = {0};
    struct stat status;

    if (lstat(path, &status) == 0)
        node = (struct room_node){true, S_ISSOCK(status.st_mode), status.st_dev, status.st_ino};
    return node;
}

static bool is_ours(const char *directory, const char *entry)
{
    char text[300];

    (void)snprintf(text, sizeof(text), "%s%s%s", directory, directory[0] != '\0' ? "/" : "", entry);
    for (unsigned i = 0; i < ROOM_NAMES; i++)
        if (strcmp(text + (text[0] == '/'), names[i]) == 0)
            return true;
    return strcmp(entry, ".") == 0 || strcmp(entry, "..") == 0;
}

static void look_for_strays(const char *directory, char ret_stray[64])
{
    char path[ROOM_PATH_MAX + 4];
    DIR *stream;
    struct dirent *entry;

    (void)snprintf(path, sizeof(path), "%s%s", root, directory);
    stream = opendir(path);
    if (stream == NULL)
        return;
    while ((entry = readdir(stream)) != NULL)
        if (!is_ours(directory, entry->d_name))
            (void)snprintf(ret_stray, 64, "%s/%.60s", directory, entry->d_name);
    (void)closedir(stream);
}

static void look(void)
{
    for (unsigned i = 0; i < ROOM_NAMES; i++)
        view.nodes[i] = look_at(paths[i]);
    view.stray[0] = '\0';
    for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
        look_for_strays(directories[i], view.stray);
    is_viewed = true;
}

void room_touched(void)
{
    is_viewed = false;
}

struct room_view room_before(void)
{
    if (!is_viewed)
        look();
    return view;
}

struct room_view room_after(void)
{
    look();
    return view;
}

bool room_is_same(const struct room_node *a, const struct room_node *b)
{
    return a->exists == b->exists &&
           (!a->exists || (a->device == b->device && a->inode == b->inode));
}

void room_lend(int fd, bool foreign)
{
    MUST(fd >= 0 && fd < DESCRIPTORS);
    is_foreign[fd] = foreign;
}

unsigned room_descriptors(void)
{
    bool open[DESCRIPTORS];
    unsigned count = 0;

    look_at_descriptors(open);
    for (int i = 0; i < DESCRIPTORS; i++)
        count += open[i] && !is_foreign[i];
    return count;
}

int room_lost(void)
{
    bool open[DESCRIPTORS];

    look_at_descriptors(open);
    for (int i = 0; i < DESCRIPTORS; i++)
        if (is_foreign[i] && !open[i])
            return i;
    return -1;
}
