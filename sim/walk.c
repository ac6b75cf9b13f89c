/* SPDX-License-Identifier: MIT */
/*
 * Paths: from a string to a node, as the kernel walks it.
 *
 * The order of the checks is Linux's, because it decides which errno a path with several things
 * wrong gives: search permission on a directory before the next name is looked at, the name's
 * length before whether it exists, that before whether it is a directory.
 *
 * /proc/self/fd/N, alone or with more behind it, leads to what the descriptor is a handle on, past
 * all directories above it. Nothing else of /proc exists.
 *
 * Tests: tests/conformance/rows_paths.c
 */
#include "internal.h"
#include "text.h"

#define PATH_LENGTH_MAX 4095
#define LINKS_MAX 40
#define PROC_FD "/proc/self/fd/"

struct walk {
    struct sim_actor *actor;
    sim_index at;
    unsigned links;
    unsigned depth; /* of texts in rest[] */
    const char *rest[LINKS_MAX + 1];
};

static const char *skip_slashes(const char *text)
{
    while (*text == '/')
        text++;
    return text;
}

/* What remains to be walked begins with text, then whatever is on the stack. */
static const char *next_text(struct walk *walk)
{
    while (walk->depth > 0) {
        const char *text = walk->rest[walk->depth - 1];

        if (*text != '\0')
            return text;
        walk->depth--;
    }
    return NULL;
}

/* A descriptor's number after PROC_FD, and what follows it in *ret_end; -1 for anything else. */
static int proc_descriptor(const char *text, const char **ret_end)
{
    int number = 0;

    text += sizeof(PROC_FD) - 1;
    if (*text < '0' || *text > '9')
        return -1;
    while (*text >= '0' && *text <= '9' && number < SIM_DESCRIPTORS_MAX)
        number = number * 10 + (*text++ - '0');
    if (*text != '/' && *text != '\0')
        return -1;
    *ret_end = text;
    return number;
}

static int begin_proc(struct walk *walk, const char **text)
{
    int fd = proc_descriptor(*text, text);
    sim_index node = sim__node_of(walk->actor, fd);

    if (node == SIM_NIL)
        return sim__file(walk->actor, fd) != NULL && **text == '/' ? -ENOTDIR : -ENOENT;
    if (++walk->links > LINKS_MAX)
        return -ELOOP;
    walk->at = node;
    return 0;
}

static bool is_proc(const struct sim *sim, const char *text)
{
    return sim->options.proc && sim__begins(text, PROC_FD, sizeof(PROC_FD) - 1) &&
           sim__entry_find(sim, sim->root, "proc", 4) == SIM_NIL;
}

/* The text takes the place of what was in front of the rest. */
static int push(struct walk *walk, const char *text)
{
    if (is_proc(walk->actor->sim, text)) {
        int r = begin_proc(walk, &text);

        if (r < 0)
            return r;
    } else if (*text == '/') {
        walk->at = walk->actor->sim->root;
    }
    walk->rest[walk->depth++] = skip_slashes(text);
    return 0;
}

static int lookup(const struct sim *sim, sim_index dir, const char *name, size_t length)
{
    int entry = sim__lookup(sim, dir, name, length);

    return entry < 0 ? entry : sim->entries[entry].node;
}

static int follow(struct walk *walk, sim_index link)
{
    if (++walk->links > LINKS_MAX)
        return -ELOOP;
    return push(walk, walk->actor->sim->text + walk->actor->sim->nodes[link].text);
}

static enum sim_last classify(const char *name, size_t length)
{
    if (length == 1 && name[0] == '.')
        return SIM_LAST_DOT;
    return length == 2 && name[0] == '.' && name[1] == '.' ? SIM_LAST_DOTDOT : SIM_LAST_NAME;
}

/* Walks to the last component of everything that is left, and leaves it in *ret. */
static int to_last(struct walk *walk, struct sim_place *ret)
{
    const struct sim *sim = walk->actor->sim;

    *ret = (struct sim_place){.dir = walk->at, .name = "", .last = SIM_LAST_ROOT};
    for (;;) {
        const char *text = next_text(walk);
        const char *end;
        size_t length;
        int r;

        if (text == NULL) {
            ret->dir = walk->at;
            return 0;
        }
        /* Something follows, so what we are at must be a directory. */
        if (!sim__is(sim, walk->at, SP_OS_IFDIR))
            return -ENOTDIR;
        r = sim__permission(walk->actor, walk->at, SIM_MAY_SEARCH);
        if (r < 0)
            return r;
        length = sim__component(text);
        end = skip_slashes(text + length);
        walk->rest[walk->depth - 1] = end;
        if (next_text(walk) == NULL) {
            *ret = (struct sim_place){
                .dir = walk->at,
                .name = text,
                .length = length,
                .last = classify(text, length),
                .slash = text[length] == '/',
            };
            return 0;
        }
        switch (classify(text, length)) {
        case SIM_LAST_DOT:
            break;
        case SIM_LAST_DOTDOT:
            walk->at = sim->nodes[walk->at].parent;
            break;
        default:
            r = lookup(sim, walk->at, text, length);
            if (r < 0)
                return r;
            if (sim__is(sim, (sim_index)r, SP_OS_IFLNK)) {
                r = follow(walk, (sim_index)r);
                if (r < 0)
                    return r;
            } else {
                walk->at = (sim_index)r;
            }
            break;
        }
    }
}

int sim__check_path(const char *path)
{
    if (*path == '\0')
        return -ENOENT;
    return sim__length(path) > PATH_LENGTH_MAX ? -ENAMETOOLONG : 0;
}

static int begin(struct walk *walk, struct sim_actor *actor, sim_index at, const char *path)
{
    int r;

    walk->actor = actor;
    walk->at = at;
    walk->links = 0;
    walk->depth = 0;
    r = sim__check_path(path);
    return r < 0 ? r : push(walk, path);
}

int sim__walk_parent(struct sim_actor *actor, sim_index at, const char *path, struct sim_place *ret)
{
    struct walk walk;
    int r = begin(&walk, actor, at, path);

    return r < 0 ? r : to_last(&walk, ret);
}

int sim__walk(struct sim_actor *actor, sim_index at, const char *path, bool follow_last)
{
    const struct sim *sim = actor->sim;
    bool directory = false;
    struct walk walk;
    int r = begin(&walk, actor, at, path);

    while (r >= 0) {
        struct sim_place place;

        r = to_last(&walk, &place);
        if (r < 0)
            break;
        directory = directory || place.slash;
        switch (place.last) {
        case SIM_LAST_ROOT:
        case SIM_LAST_DOT:
            r = place.dir;
            break;
        case SIM_LAST_DOTDOT:
            r = sim->nodes[place.dir].parent;
            break;
        default:
            r = lookup(sim, place.dir, place.name, place.length);
            break;
        }
        if (r < 0)
            break;
        if (sim__is(sim, (sim_index)r, SP_OS_IFLNK) && (follow_last || directory)) {
            walk.at = place.dir;
            r = follow(&walk, (sim_index)r);
            continue;
        }
        return directory && !sim__is(sim, (sim_index)r, SP_OS_IFDIR) ? -ENOTDIR : r;
    }
    return r;
}
