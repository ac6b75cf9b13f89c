/* SPDX-License-Identifier: MIT */
/* Where a path leads: see path_place.h. */
#include "fuzz/spec/path_place.h"

#include "fuzz/spec/address_spec.h"

#include <errno.h>
#include <string.h>

#define LINKS_MAX 40
#define COMPONENT_MAX 255

struct walk {
    struct sim_actor *looker;
    struct place *place;
    uint32_t uid;
    enum sp_trust trust;
    unsigned links;
    char rest[PLACE_TEXT_MAX]; /* what is still to be walked */
    const char *at;            /* in it */
};

/* ---- permission ---- */

bool place_may(const struct sp_os_stat *node, uint32_t uid, unsigned bits)
{
    unsigned has = node->mode & 7u;

    if (uid == 0)
        return true;
    if (node->uid == uid)
        has = node->mode / 0100u & 7u;
    else if (node->gid == uid)
        has = node->mode / 010u & 7u;
    return (bits & ~has) == 0;
}

bool place_same(const struct sp_os_stat *a, const struct sp_os_stat *b)
{
    return a->dev == b->dev && a->ino == b->ino && a->uid == b->uid &&
           (a->mode & SP_OS_IFMT) == (b->mode & SP_OS_IFMT);
}

/* ---- paths as text ---- */

/* By hand: see sim/text.h. */
static size_t length_to_slash(const char *text)
{
    size_t length = 0;

    while (text[length] != '\0' && text[length] != '/')
        length++;
    return length;
}

static void copy(char *to, const char *from, size_t length)
{
    for (size_t i = 0; i < length; i++)
        to[i] = from[i];
}

const char *place_path(const struct place *place, const char *prefix, const char *suffix)
{
    static char path[2 * PLACE_TEXT_MAX];
    const char *parts[] = {place->dir, "/", prefix, place->leaf, suffix};
    size_t length = 0;

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        for (const char *c = parts[i]; *c != '\0'; c++)
            path[length++] = *c;
    path[length] = '\0';
    return path;
}

int place_look(struct sim_actor *looker, const struct place *place, const char *prefix,
               const char *suffix, struct sp_os_stat *ret)
{
    return sim_lstat(looker, place_path(place, prefix, suffix), ret);
}

static bool fail(struct walk *walk, enum sp_error error, enum sp_cause cause)
{
    walk->place->error = error;
    walk->place->cause = cause;
    return false;
}

static bool lost(struct walk *walk)
{
    walk->place->is_known = false;
    return false;
}

/* ---- steps; each says whether the walk goes on ---- */

static bool judge(struct walk *walk)
{
    struct place *place = walk->place;
    const char *path = place->dir_length > 0 ? place->dir : "/";
    enum sp_cause cause;

    if (sim_lstat(walk->looker, path, &place->stat) < 0)
        return lost(walk);
    cause = spec_directory(place->stat.mode, place->stat.uid, walk->uid, walk->trust);
    return cause == SP_CAUSE_NONE || fail(walk, SP_ERROR_UNTRUSTED, cause);
}

static bool to_root(struct walk *walk)
{
    walk->place->dir_length = 0;
    walk->place->dir[0] = '\0';
    return judge(walk);
}

static bool to_parent(struct walk *walk)
{
    struct place *place = walk->place;

    while (place->dir_length > 0 && place->dir[--place->dir_length] != '/')
        ;
    place->dir[place->dir_length] = '\0';
    return judge(walk);
}

/* The text of the link takes the place of its name in what is still to be walked. */
static bool follow(struct walk *walk, const char *path, const struct sp_os_stat *link)
{
    char text[PLACE_TEXT_MAX];
    enum sp_cause cause = spec_link(link->uid, walk->uid, walk->trust);
    size_t rest = strlen(walk->at);
    int length;

    if (cause != SP_CAUSE_NONE)
        return fail(walk, SP_ERROR_UNTRUSTED, cause);
    if (++walk->links > LINKS_MAX)
        return fail(walk, SP_ERROR_UNTRUSTED, SP_CAUSE_LINK_LOOP);
    length = sim_readlink(walk->looker, path, text, sizeof(text));
    if (length < 0 || (size_t)length + 1 + rest + 1 > sizeof(walk->rest))
        return lost(walk);
    memmove(walk->rest + length + 1, walk->at, rest + 1);
    memcpy(walk->rest, text, (size_t)length);
    walk->rest[length] = '/';
    walk->at = walk->rest;
    return text[0] != '/' || to_root(walk);
}

static bool enter(struct walk *walk, const char *name, size_t length)
{
    struct place *place = walk->place;
    struct sp_os_stat node;
    size_t before = place->dir_length;

    if (length > COMPONENT_MAX)
        return fail(walk, SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_OS);
    if (before + 1 + length + 1 > sizeof(place->dir))
        return lost(walk);
    place->dir[before] = '/';
    copy(place->dir + before + 1, name, length);
    place->dir_length = before + 1 + length;
    place->dir[place->dir_length] = '\0';
    if (sim_lstat(walk->looker, place->dir, &node) < 0)
        return fail(walk, SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_OS);
    if ((node.mode & SP_OS_IFMT) == SP_OS_IFDIR)
        return judge(walk);
    if ((node.mode & SP_OS_IFMT) == SP_OS_IFLNK) {
        char path[PLACE_TEXT_MAX];

        memcpy(path, place->dir, place->dir_length + 1);
        place->dir_length = before;
        place->dir[before] = '\0';
        return follow(walk, path, &node);
    }
    return fail(walk, SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_OS);
}

/* The next component; false at the end too. */
static bool step(struct walk *walk)
{
    const char *name = walk->at;
    size_t length;

    while (*name == '/')
        name++;
    length = length_to_slash(name);

    walk->at = name + length;
    if (length == 0)
        return false;
    if (length == 1 && name[0] == '.')
        return true;
    if (!place_may(&walk->place->stat, walk->uid, PLACE_SEARCH))
        return fail(walk, SP_ERROR_ACCESS, SP_CAUSE_OS);
    if (length == 2 && name[0] == '.' && name[1] == '.')
        return to_parent(walk);
    return enter(walk, name, length);
}

void place_find(struct sim_actor *looker, uint32_t uid, const char *path, enum sp_trust trust,
                struct place *ret)
{
    struct walk walk;
    const char *leaf = path;
    size_t length;

    for (const char *c = path; *c != '\0'; c++)
        if (*c == '/')
            leaf = c + 1;
    length = length_to_slash(leaf);
    walk.looker = looker;
    walk.place = ret;
    walk.uid = uid;
    walk.trust = trust;
    walk.links = 0;

    ret->is_known = true;
    ret->error = SP_OK;
    ret->cause = SP_CAUSE_NONE;
    if (length >= sizeof(ret->leaf) || (size_t)(leaf - path) >= sizeof(walk.rest)) {
        ret->is_known = false;
        return;
    }
    copy(ret->leaf, leaf, length + 1);
    copy(walk.rest, path, (size_t)(leaf - path));
    walk.rest[leaf - path] = '\0';
    walk.at = walk.rest;
    if (!to_root(&walk))
        return;
    while (step(&walk))
        ;
}
