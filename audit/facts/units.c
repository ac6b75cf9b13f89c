/* SPDX-License-Identifier: MIT */
/* The .socket units of the system: see units.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "audit/facts/units.h"

#include "audit/facts/traceless.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* systemd.unit(5), "Unit File Load Path"; /lib only where it is a directory of its own. */
static const char *const usual[] = {
    "/etc/systemd/system",     "/run/systemd/system", "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system", "/lib/systemd/system",
};

/* Names of one kind in all directories, each with the first directory that has it. */
struct name {
    char *name;
    char *path;
};

struct found {
    size_t count;
    struct name all[UNITS_MAX];
};

static bool ends_in(const char *name, const char *end)
{
    const size_t length = strlen(name);
    const size_t tail = strlen(end);

    return length > tail && strcmp(name + length - tail, end) == 0;
}

static bool has(const struct found *found, const char *name)
{
    for (size_t i = 0; i < found->count; i++)
        if (strcmp(found->all[i].name, name) == 0)
            return true;
    return false;
}

static bool add(struct found *to, const char *directory, const char *name)
{
    struct name *place = &to->all[to->count];

    if (to->count == UNITS_MAX)
        return false;
    place->name = strdup(name);
    if (place->name == NULL || asprintf(&place->path, "%s/%s", directory, name) < 0) {
        free(place->name);
        return false;
    }
    to->count++;
    return true;
}

static void forget(struct found *found)
{
    while (found->count > 0) {
        free(found->all[--found->count].name);
        free(found->all[found->count].path);
    }
}

/* The names in @directory that end in @end, but for those that are there already. */
static void look_in(struct units *units, struct found *to, const char *directory, const char *end)
{
    const int fd = traceless_open(AT_FDCWD, directory, O_DIRECTORY | O_NONBLOCK);
    DIR *from = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;

    if (from == NULL) {
        units->partial = units->partial || (errno != ENOENT && errno != ENOTDIR);
        if (fd >= 0)
            (void)close(fd);
        return;
    }
    while ((entry = readdir(from)) != NULL)
        if (ends_in(entry->d_name, end) && strstr(entry->d_name, "@.") == NULL &&
            !has(to, entry->d_name) && !add(to, directory, entry->d_name))
            units->partial = true;
    (void)closedir(from);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct name *)a)->name, ((const struct name *)b)->name);
}

/* One text, as another part of the unit. False: it is masked, which an empty file or a link to
 * /dev/null means. */
static bool read_text(struct units *units, struct known_unit *to, const char *path)
{
    const int fd = traceless_open(AT_FDCWD, path, O_NONBLOCK | O_NOCTTY);
    char *text = NULL;
    ssize_t length = 0;
    struct stat of;
    bool good = fd >= 0 && fstat(fd, &of) == 0;

    if (good && (S_ISCHR(of.st_mode) || (S_ISREG(of.st_mode) && of.st_size == 0))) {
        (void)close(fd);
        return false;
    }
    good = good && S_ISREG(of.st_mode) && of.st_size <= UNIT_BYTES_MAX &&
           to->texts < UNIT_TEXTS_MAX && (text = malloc((size_t)of.st_size)) != NULL &&
           (length = read(fd, text, (size_t)of.st_size)) >= 0 &&
           (to->files[to->texts] = strdup(path)) != NULL;
    if (good) {
        unit_parse(&to->unit, to->files[to->texts], text, (size_t)length);
        to->texts++;
    } else {
        units->partial = true;
    }
    free(text);
    if (fd >= 0)
        (void)close(fd);
    return true;
}

/* What is dropped in: by the names of the files, whatever directory they are in. */
static void read_drop_ins(struct units *units, struct known_unit *to, const char *name,
                          const char *const *directories, size_t count)
{
    struct found *found = calloc(1, sizeof(*found));
    char *where;

    for (size_t i = 0; found != NULL && i < 2 * count; i++) {
        /* Those of one unit before those of all sockets. */
        if (asprintf(&where, "%s/%s.d", directories[i % count], i < count ? name : "socket") < 0) {
            units->partial = true;
            break;
        }
        look_in(units, found, where, ".conf");
        free(where);
    }
    if (found == NULL) {
        units->partial = true;
        return;
    }
    qsort(found->all, found->count, sizeof(found->all[0]), by_name);
    for (size_t i = 0; i < found->count; i++)
        (void)read_text(units, to, found->all[i].path);
    forget(found);
    free(found);
}

static bool is_number(const char *text, uint32_t *ret)
{
    char *end;
    unsigned long number;

    errno = 0;
    number = strtoul(text, &end, 10);
    *ret = (uint32_t)number;
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && number < UINT32_MAX;
}

/* The user, whose group is meant unless the unit says another. */
static bool find_user(struct known_unit *of)
{
    FILE *file;
    const struct passwd *user;
    bool good = of->unit.user[0] == '\0' || is_number(of->unit.user, &of->uid);

    if (of->unit.user[0] == '\0' || (file = fopen("/etc/passwd", "re")) == NULL)
        return good;
    while ((user = fgetpwent(file)) != NULL)
        if (good ? user->pw_uid == of->uid : strcmp(user->pw_name, of->unit.user) == 0) {
            of->uid = user->pw_uid;
            of->gid = user->pw_gid;
            good = true;
            break;
        }
    (void)fclose(file);
    return good;
}

static bool find_group(struct known_unit *of)
{
    FILE *file;
    const struct group *group;
    bool good = of->unit.group[0] == '\0' || is_number(of->unit.group, &of->gid);

    if (good || (file = fopen("/etc/group", "re")) == NULL)
        return good;
    while (!good && (group = fgetgrent(file)) != NULL)
        if (strcmp(group->gr_name, of->unit.group) == 0) {
            of->gid = group->gr_gid;
            good = true;
        }
    (void)fclose(file);
    return good;
}

static void forget_unit(struct known_unit *unit)
{
    while (unit->texts > 0)
        free(unit->files[--unit->texts]);
    free(unit);
}

static void read_unit(struct units *units, const struct name *name, const char *const *directories,
                      size_t count)
{
    struct known_unit *unit = calloc(1, sizeof(*unit));

    if (unit == NULL) {
        units->partial = true;
        return;
    }
    unit_init(&unit->unit);
    if (!read_text(units, unit, name->path)) {
        forget_unit(unit);
        return;
    }
    read_drop_ins(units, unit, name->name, directories, count);
    unit->knows_owner = find_user(unit) && find_group(unit);
    units->partial = units->partial || unit->unit.unclear || !unit->knows_owner;
    units->all[units->count++] = unit;
}

void units_read(struct units *ret, const char *const *directories, size_t count)
{
    struct found *found = calloc(1, sizeof(*found));

    *ret = (struct units){.count = 0};
    if (directories == NULL) {
        directories = usual;
        count = sizeof(usual) / sizeof(usual[0]);
    }
    for (size_t i = 0; found != NULL && i < count; i++)
        look_in(ret, found, directories[i], ".socket");
    if (found != NULL && found->count > 0)
        ret->all = calloc(found->count, sizeof(struct known_unit *));
    ret->partial = ret->partial || found == NULL || (found->count > 0 && ret->all == NULL);
    for (size_t i = 0; ret->all != NULL && i < found->count; i++)
        read_unit(ret, &found->all[i], directories, count);
    if (found != NULL)
        forget(found);
    free(found);
}

void units_free(struct units *units)
{
    while (units->count > 0)
        forget_unit(units->all[--units->count]);
    free(units->all);
    *units = (struct units){.count = 0};
}
