/* SPDX-License-Identifier: MIT */
/*
 * Walking a path: see walk.h.
 *
 * The walk holds one directory at a time, by descriptor, and opens the next one in it by a single
 * component that is not a link. What is judged is what the descriptor stands for, never a name: a
 * name can lead elsewhere by the time it is used.
 *
 *   a directory   is judged as soon as it is open, "/" and the last one included
 *   a link        is judged by its owner, then its text takes the place of its name
 *   ".."          is resolved by the kernel from the directory that is held, and judged like every
 *                 other; removing "x/.." from the text would be wrong where x is a link
 *
 * A link is looked at and read by name, in two calls. Whoever could change it in between owns it or
 * may replace entries of its directory, and the judgement has excluded both; where nothing is
 * judged, nothing is promised.
 *
 * Links of /proc that lead to an object rather than to a text (/proc/self/fd/5) are followed by
 * their text.
 *
 * What this file does not do: it looks at no last component, and changes nothing.
 *
 * Tests: tests/integration/test_walk.c, test_walk_tree.c (against a reference evaluator)
 */
#include "walk.h"

#include "check.h"
#include "retry.h"

#include <stdbool.h>
#include <string.h>

/* What is still to be walked stands at the end of text[], from start on: whole components, each
 * followed by a slash. So the text of a link can be put in front of the rest where it is. */
struct walk {
    const struct sp_os *os;
    struct sp__fault *fault;
    uint32_t euid;
    enum sp_trust trust;
    unsigned links;
    int dir;
    struct sp_os_stat dir_stat;
    size_t start;
    char text[SP_WALK_PATH_MAX];
};

static int fail_os(struct walk *walk, int result)
{
    return sp__fail_os(walk->fault, SP_OPERATION_DIRECTORY, result);
}

static int judged(struct walk *walk, enum sp_cause cause)
{
    if (cause == SP_CAUSE_NONE)
        return SP_OK;
    return sp__fail(walk->fault, SP_ERROR_UNTRUSTED, SP_OPERATION_DIRECTORY, cause);
}

static void leave(struct walk *walk)
{
    if (walk->dir >= 0)
        (void)walk->os->close(walk->os->ctx, walk->dir);
    walk->dir = -1;
}

/* Judges the directory behind a new handle; makes it the present one, or gives it up. */
static int enter(struct walk *walk, int handle)
{
    struct sp_os_stat stat;
    int r = SP__RETRY(walk->os->stat_fd(walk->os->ctx, handle, &stat));

    if (r < 0)
        r = fail_os(walk, r);
    else
        r = judged(walk, sp_trust_judge_directory(&stat, walk->euid, walk->trust));
    if (r < 0) {
        (void)walk->os->close(walk->os->ctx, handle);
        return r;
    }
    leave(walk);
    walk->dir = handle;
    walk->dir_stat = stat;
    return SP_OK;
}

static int enter_root(struct walk *walk)
{
    int handle = SP__RETRY(walk->os->open_dir(walk->os->ctx, SP_OS_ROOT, ""));

    return handle < 0 ? fail_os(walk, handle) : enter(walk, handle);
}

/* Puts the text of the link at text[name] in the place of its name. */
static int splice(struct walk *walk, size_t name)
{
    const struct sp_os *os = walk->os;
    size_t rest = walk->start - 1; /* where the slash after the name was */
    int length;

    /* A text that fills the room could be longer. */
    length =
        name > 0
            ? SP__RETRY(os->readlink_at(os->ctx, walk->dir, &walk->text[name], walk->text, name))
            : -ENAMETOOLONG;
    if (length >= 0 && (size_t)length >= name)
        length = -ENAMETOOLONG;
    if (length < 0)
        return fail_os(walk, length);
    if (memchr(walk->text, '\0', (size_t)length) != NULL)
        return sp__fail(walk->fault, SP_ERROR_SERVER_NOT_FOUND, SP_OPERATION_DIRECTORY,
                        SP_CAUSE_NAME_HAS_NUL);
    walk->text[rest] = '/';
    walk->start = rest - (size_t)length;
    memmove(&walk->text[walk->start], walk->text, (size_t)length);
    return walk->text[walk->start] == '/' ? enter_root(walk) : SP_OK;
}

/* What could not be opened as a directory: a link to follow, or the end. */
static int follow(struct walk *walk, size_t name, int opened)
{
    struct sp_os_stat stat;
    int r = SP__RETRY(walk->os->stat_at(walk->os->ctx, walk->dir, &walk->text[name], &stat));

    if (r < 0)
        return fail_os(walk, r);
    if ((stat.mode & SP_OS_IFMT) != SP_OS_IFLNK)
        return fail_os(walk, opened);
    r = judged(walk, sp_trust_judge_link(&stat, walk->euid, walk->trust));
    if (r == SP_OK && ++walk->links > SP_LINKS_MAX)
        r = judged(walk, SP_CAUSE_LINK_LOOP);
    return r < 0 ? r : splice(walk, name);
}

static int step(struct walk *walk, size_t name)
{
    int handle = SP__RETRY(walk->os->open_dir(walk->os->ctx, walk->dir, &walk->text[name]));

    if (handle == -ENOTDIR || handle == -ELOOP)
        return follow(walk, name, handle);
    return handle < 0 ? fail_os(walk, handle) : enter(walk, handle);
}

/* Cuts the next component off the rest; SIZE_MAX when there is none left. "." is nothing. */
static size_t next_component(struct walk *walk)
{
    while (walk->start < sizeof(walk->text)) {
        char *name = &walk->text[walk->start];
        char *slash = memchr(name, '/', sizeof(walk->text) - walk->start);
        size_t length;

        SP__CHECK(slash != NULL);
        length = (size_t)(slash - name);
        walk->start += length + 1;
        if (length == 0 || (length == 1 && name[0] == '.'))
            continue;
        *slash = '\0';
        return walk->start - length - 1;
    }
    return SIZE_MAX;
}

static int walk_all(struct walk *walk)
{
    int r = enter_root(walk);
    size_t name;

    while (r == SP_OK && (name = next_component(walk)) != SIZE_MAX)
        r = step(walk, name);
    if (r < 0)
        leave(walk);
    return r;
}

static bool is_directory_name(const char *leaf, size_t length)
{
    return length == 0 || (length <= 2 && memcmp(leaf, "..", length) == 0);
}

int sp__walk_as(const struct sp_os *os, const char *path, size_t length, enum sp_trust trust,
                uint32_t euid, struct sp__place *ret, struct sp__fault *fault)
{
    struct walk walk;
    size_t leaf = length;
    int r;

    SP__CHECK(length > 0 && path[0] == '/' && memchr(path, '\0', length) == NULL);
    while (path[leaf - 1] != '/')
        leaf--;
    if (is_directory_name(path + leaf, length - leaf))
        return sp__fail(fault, SP_ERROR_SERVER_NOT_FOUND, SP_OPERATION_DIRECTORY,
                        SP_CAUSE_NAME_IS_DIRECTORY);
    if (length - leaf > SP_PATH_MAX || leaf > sizeof(walk.text))
        return sp__fail(fault, SP_ERROR_SERVER_NOT_FOUND, SP_OPERATION_DIRECTORY,
                        SP_CAUSE_NAME_TOO_LONG);
    walk.os = os;
    walk.fault = fault;
    walk.euid = euid;
    walk.trust = trust;
    walk.links = 0;
    walk.dir = -1;
    walk.start = sizeof(walk.text) - leaf;
    memcpy(&walk.text[walk.start], path, leaf);
    r = walk_all(&walk);
    if (r < 0)
        return r;
    ret->dir = walk.dir;
    ret->dir_stat = walk.dir_stat;
    memcpy(ret->leaf, path + leaf, length - leaf);
    ret->leaf[length - leaf] = '\0';
    return SP_OK;
}

int sp__walk(const struct sp_os *os, const char *path, size_t length, enum sp_trust trust,
             struct sp__place *ret, struct sp__fault *fault)
{
    return sp__walk_as(os, path, length, trust, os->euid(os->ctx), ret, fault);
}

void sp__walk_end(const struct sp_os *os, struct sp__place *place)
{
    (void)os->close(os->ctx, place->dir);
    place->dir = -1;
}
