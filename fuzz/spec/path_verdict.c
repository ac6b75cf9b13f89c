/* SPDX-License-Identifier: MIT */
/*
 * What an undisturbed listen or remove must come to: one question after the other, in the order in
 * which the contract has them. See path_spec.h.
 */
#include "fuzz/spec/path_spec.h"

#include "fuzz/spec/address_spec.h"

#include <errno.h>
#include <string.h>

#define LOCK_PREFIX "."
#define LOCK_SUFFIX ".lock"

/* What stands at a name. */
enum thing { THING_NONE, THING_OTHER, THING_STALE, THING_ALIVE };

static struct sim_actor *looker(const struct path_spec *spec)
{
    return spec->world->users[0];
}

static struct path_verdict refuse(int error, enum sp_cause cause)
{
    return (struct path_verdict){.is_known = true, .result = error, .cause = cause};
}

static const struct path_verdict fine = {.is_known = true, .result = SP_OK};

static bool is(const struct sp_os_stat *node, uint32_t type)
{
    return (node->mode & SP_OS_IFMT) == type;
}

/* ---- the name ---- */

/* Where short names are looked up; NULL while only the library knows. */
static const char *base_of(const struct path_spec *spec)
{
    const struct world_side *side = &spec->world->sides[WORLD_SERVER];

    if (spec->work == PATH_LISTEN && spec->world->servers[spec->slot].server != NULL)
        side = &spec->world->sides[spec->world->servers[spec->slot].side];
    if (side->context != NULL)
        return sp_context_base(side->context);
    return side->has_environment ? NULL : WORLD_BASE;
}

/* The name as a whole path, or the verdict on what is none. */
static bool resolve(struct path_spec *spec)
{
    const char *base = base_of(spec);
    struct operation_text name = spec->operation->name;
    struct spec_verdict verdict;

    if (base == NULL)
        return false;
    verdict = spec_name((struct spec_bytes){name.bytes, name.length},
                        (struct spec_bytes){(const uint8_t *)base, strlen(base)});
    if (verdict.error == SP_OK && spec->work == PATH_LISTEN &&
        verdict.address.length > SP_LISTEN_PATH_MAX) {
        verdict.error = SP_ERROR_SERVER_NOT_FOUND;
        verdict.cause = SP_CAUSE_NAME_TOO_LONG;
    }
    spec->is_placed = true;
    if (verdict.error != SP_OK) {
        spec->verdict = refuse(verdict.error, verdict.cause);
        return false;
    }
    memcpy(spec->path, verdict.address.bytes, verdict.address.length);
    spec->path[verdict.address.length] = '\0';
    return true;
}

/* ---- the lock beside it ---- */

/* Whether somebody has it: found out by taking it for a moment. */
static bool is_locked(struct path_spec *spec)
{
    struct sim_actor *root = looker(spec);
    int fd = sim_open(root, place_path(&spec->place, LOCK_PREFIX, LOCK_SUFFIX), false);
    int r;

    if (fd < 0)
        return false;
    r = sim_flock(root, fd);
    (void)sim_close(root, fd);
    return r == -EAGAIN;
}

static bool is_empty(struct path_spec *spec)
{
    struct sim_listing entry;
    const char *path = place_path(&spec->place, LOCK_PREFIX, LOCK_SUFFIX);
    const char *name = strrchr(path, '/') + 1;
    const char *dir = spec->place.dir_length > 0 ? spec->place.dir : "/";

    for (size_t i = 0; sim_list(spec->world->sim, dir, i, &entry) == 1; i++)
        if (strcmp(entry.name, name) == 0)
            return entry.size == 0;
    return false;
}

/* os.h, lock_at(). */
static struct path_verdict judge_lock(struct path_spec *spec)
{
    struct sp_os_stat file;

    if (!place_may(&spec->place.stat, WORLD_OURS, PLACE_SEARCH))
        return refuse(SP_ERROR_ACCESS, SP_CAUSE_OS);
    if (place_look(looker(spec), &spec->place, LOCK_PREFIX, LOCK_SUFFIX, &file) < 0)
        return place_may(&spec->place.stat, WORLD_OURS, PLACE_WRITE)
                   ? fine
                   : refuse(SP_ERROR_ACCESS, SP_CAUSE_OS);
    if (is(&file, SP_OS_IFLNK) || is(&file, SP_OS_IFDIR))
        return refuse(SP_ERROR_ADDRESS_IN_USE, SP_CAUSE_OS);
    if (!place_may(&file, WORLD_OURS, PLACE_READ | PLACE_WRITE))
        return refuse(SP_ERROR_ACCESS, SP_CAUSE_OS);
    if (!is(&file, SP_OS_IFREG))
        return refuse(SP_ERROR_ADDRESS_IN_USE, SP_CAUSE_OS);
    if (file.uid != WORLD_OURS)
        return refuse(SP_ERROR_ACCESS, SP_CAUSE_OS);
    if (spec->linked)
        return (struct path_verdict){.is_known = false};
    if (!is_empty(spec))
        return refuse(SP_ERROR_ADDRESS_IN_USE, SP_CAUSE_OS);
    return is_locked(spec) ? refuse(SP_ERROR_ADDRESS_IN_USE, SP_CAUSE_BUSY) : fine;
}

/* ---- what is there ---- */

static enum thing look(struct path_spec *spec, struct sp_os_stat *ret)
{
    if (place_look(looker(spec), &spec->place, "", "", ret) < 0)
        return THING_NONE;
    if (!is(ret, SP_OS_IFSOCK))
        return THING_OTHER;
    /* Who may not connect cannot tell. */
    if (!place_may(ret, WORLD_OURS, PLACE_WRITE))
        return THING_ALIVE;
    return sim_is_listening(spec->world->sim, spec->path, strlen(spec->path)) ? THING_ALIVE
                                                                              : THING_STALE;
}

static struct path_verdict judge_removal(struct path_spec *spec, const struct sp_os_stat *node)
{
    const struct sp_os_stat *dir = &spec->place.stat;
    bool sticky = (dir->mode & SP_OS_ISVTX) != 0;

    if (!place_may(dir, WORLD_OURS, PLACE_SEARCH | PLACE_WRITE))
        return refuse(SP_ERROR_ACCESS, SP_CAUSE_OS);
    if (sticky && node->uid != WORLD_OURS && dir->uid != WORLD_OURS)
        return refuse(SP_ERROR_ACCESS, SP_CAUSE_OS);
    return fine;
}

/* ---- listen ---- */

static struct path_verdict judge_listen(struct path_spec *spec)
{
    struct path_verdict verdict = judge_lock(spec);
    struct sp_os_stat node;

    if (!verdict.is_known || verdict.result != SP_OK)
        return verdict;
    switch (look(spec, &node)) {
    case THING_NONE:
        break;
    case THING_OTHER:
        return refuse(SP_ERROR_ADDRESS_IN_USE, SP_CAUSE_NOT_A_SOCKET);
    case THING_ALIVE:
        return refuse(SP_ERROR_ADDRESS_IN_USE, SP_CAUSE_SERVER_ALIVE);
    case THING_STALE:
        if (!spec->servers[spec->slot].take_over)
            return refuse(SP_ERROR_ADDRESS_IN_USE, SP_CAUSE_STALE_SOCKET);
        return judge_removal(spec, &node);
    }
    /* A lock file that was there already needed no permission to make another. */
    return place_may(&spec->place.stat, WORLD_OURS, PLACE_WRITE)
               ? fine
               : refuse(SP_ERROR_ACCESS, SP_CAUSE_OS);
}

/* ---- remove ---- */

static struct path_verdict judge_remove(struct path_spec *spec)
{
    struct path_verdict verdict;
    struct sp_os_stat node;
    enum thing thing;

    if (!place_may(&spec->place.stat, WORLD_OURS, PLACE_SEARCH))
        return refuse(SP_ERROR_ACCESS, SP_CAUSE_OS);
    thing = look(spec, &node);
    if (thing == THING_NONE)
        return refuse(SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_OS);
    if (thing == THING_OTHER)
        return refuse(SP_ERROR_ADDRESS_IN_USE, SP_CAUSE_NOT_A_SOCKET);
    verdict = judge_lock(spec);
    if (!verdict.is_known || verdict.result != SP_OK)
        return verdict;
    if (thing == THING_ALIVE && !spec->remove_alive)
        return refuse(SP_ERROR_ADDRESS_IN_USE, SP_CAUSE_SERVER_ALIVE);
    return judge_removal(spec, &node);
}

/* ---- both ---- */

void path_find(struct path_spec *spec)
{
    spec->place.is_known = false;
    if (resolve(spec))
        place_find(looker(spec), WORLD_OURS, spec->path,
                   spec->work == PATH_LISTEN ? (enum sp_trust)spec->servers[spec->slot].trust
                                             : SP_TRUST_STRICT,
                   &spec->place);
}

void path_judge(struct path_spec *spec)
{
    spec->verdict = (struct path_verdict){.is_known = false};
    path_find(spec);
    if (!spec->place.is_known)
        return;
    if (spec->place.error != SP_OK)
        spec->verdict = refuse(spec->place.error, spec->place.cause);
    else
        spec->verdict = spec->work == PATH_LISTEN ? judge_listen(spec) : judge_remove(spec);
}
