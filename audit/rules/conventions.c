/* SPDX-License-Identifier: MIT */
/* The rule over directories that are known by their names; the table of rules is in rules.c. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "audit/report/escape.h"
#include "audit/rules/path_rules.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Programs rely on these without looking, or look and refuse. A '#' at the end of a path is the
 * number of the user who owns it; the others are root's. */
static const struct convention {
    const char *path;
    uint32_t wants;
    uint32_t forbids;
    const char *says;
} conventions[] = {
    {"/tmp", S_ISVTX, 0, "sticky"},
    {"/var/tmp", S_ISVTX, 0, "sticky"},
    {"/dev/shm", S_ISVTX, 0, "sticky"},
    {"/tmp/.X11-unix", S_ISVTX, 0, "sticky"},
    {"/tmp/.ICE-unix", S_ISVTX, 0, "sticky"},
    {"/tmp/tmux-#", 0, S_IRWXO, "closed to others"},
    {"/run", 0, S_IWGRP | S_IWOTH, "written by its owner only"},
    {"/run/systemd", 0, S_IWGRP | S_IWOTH, "written by its owner only"},
    {"/run/user", 0, S_IWGRP | S_IWOTH, "written by its owner only"},
    {"/run/user/#", 0, S_IRWXG | S_IRWXO, "closed to group and others"},
};

/* Whether @name is such a path; then @ret is who should own it. */
static bool is_called(const char *path, const char *name, uint32_t *ret)
{
    const size_t before = strcspn(path, "#");
    unsigned long user;
    char *end;

    *ret = 0;
    if (path[before] == '\0')
        return strcmp(path, name) == 0;
    if (strncmp(path, name, before) != 0 || name[before] < '0' || name[before] > '9')
        return false;
    user = strtoul(name + before, &end, 10);
    *ret = (uint32_t)user;
    return *end == '\0' && user < UINT32_MAX;
}

/* The convention that the directory @name breaks, or NULL. */
static const struct convention *broken_by(const struct node *node, const char *name,
                                          uint32_t *ret_owner)
{
    for (size_t i = 0; i < sizeof(conventions) / sizeof(conventions[0]); i++) {
        const struct convention *one = &conventions[i];

        if (is_called(one->path, name, ret_owner))
            return node->uid == *ret_owner && (node->mode & one->wants) == one->wants &&
                           (node->mode & one->forbids) == 0
                       ? NULL
                       : one;
    }
    return NULL;
}

void path_rule_convention(const struct rule *rule, const struct place *place, struct findings *ret)
{
    const struct path_facts *path = place->path;
    char name[PATH_MAX];
    char text[ESCAPED_MAX(PATH_MAX)];

    for (size_t i = 1; i < path->count; i++) {
        const struct node *node = &path->steps[i].node;
        const struct convention *broken;
        uint32_t owner;
        size_t length;

        if (!S_ISDIR(node->mode) || path->steps[i].same != i)
            continue;
        length = path_step_name(path, i, name);
        broken = broken_by(node, name, &owner);
        if (broken == NULL)
            continue;
        finding_add(ret, rule, "%s has mode %04o and owner %u; it should be %s, and user %u's",
                    escape(text, name, length), node->mode & 07777, node->uid, broken->says, owner);
        return;
    }
}
