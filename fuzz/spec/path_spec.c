/* SPDX-License-Identifier: MIT */
/* What the library may do to files: see path_spec.h. */
#include "fuzz/spec/path_spec.h"

#include <errno.h>
#include <string.h>

#define CHECK(spec, condition, property, ...) \
    WORLD_CHECK((spec)->world, (condition), (property), __VA_ARGS__)

#define LOCK_MODE (SP_OS_IFREG | 0600u)
#define PERMISSIONS 07777u

static struct path_server *server_of(struct path_spec *spec)
{
    return &spec->servers[spec->slot];
}

static bool is_name(const struct sim_change *change, const char *name)
{
    return strlen(name) == change->length && memcmp(name, change->name, change->length) == 0;
}

/* ".NAME.lock" of the name that the call is about. */
static bool is_lock_name(const struct sim_change *change, const char *name)
{
    size_t length = strlen(name);

    return change->length == length + 6 && change->name[0] == '.' &&
           memcmp(change->name + 1, name, length) == 0 &&
           memcmp(change->name + 1 + length, ".lock", 5) == 0;
}

/* The last component of the name that the call is about. */
static const char *leaf_of(struct path_spec *spec)
{
    return spec->work == PATH_CLOSE ? server_of(spec)->made.leaf : spec->place.leaf;
}

/* One that is held, or looked at twice while nothing else happens: then its number is enough, and
 * it may have been given to another owner. */
static bool same_directory(const struct sp_os_stat *a, const struct sp_os_stat *b)
{
    return a->dev == b->dev && a->ino == b->ino;
}

/* A descriptor of the directory is held from the moment it was judged; when others moved things
 * about before that, it can be another one. */
static void check_directory(struct path_spec *spec, const struct sim_change *change)
{
    bool closes = spec->work == PATH_CLOSE;

    if (!closes && (spec->raced || !spec->place.is_known))
        return;
    CHECK(spec, closes || spec->place.error == SP_OK, "untrusted-directory",
          "%.*s was touched in a directory that must be refused: %s", (int)change->length,
          change->name, sp_cause_string(spec->place.cause));
    CHECK(spec,
          same_directory(&change->dir, closes ? &server_of(spec)->made.dir : &spec->place.stat),
          "directory", "%.*s was touched in another directory", (int)change->length, change->name);
}

static void remember(struct path_made *made, const struct sim_change *change)
{
    made->exists = true;
    made->node = change->node;
    made->dir = change->dir;
    memcpy(made->leaf, change->name, change->length);
    made->leaf[change->length] = '\0';
}

/* ---- each change ---- */

static uint32_t mode_at_birth(struct path_spec *spec)
{
    unsigned access = server_of(spec)->access;

    return access == SP_ACCESS_UMASK ? SP_ACCESS_WORLD : access;
}

static void made_socket(struct path_spec *spec, const struct sim_change *change)
{
    CHECK(spec, spec->work == PATH_LISTEN && is_name(change, spec->place.leaf), "files-made",
          "a socket was made as %.*s", (int)change->length, change->name);
    CHECK(spec, !spec->made.exists, "files-made", "a second socket was made as %.*s",
          (int)change->length, change->name);
    CHECK(spec, (change->node.mode & PERMISSIONS & ~mode_at_birth(spec)) == 0, "mode-from-birth",
          "born with mode %o, and %o was asked for", change->node.mode & PERMISSIONS,
          mode_at_birth(spec));
    remember(&spec->made, change);
}

static void made(struct path_spec *spec, const struct sim_change *change)
{
    CHECK(spec, spec->work != PATH_NOTHING, "files-made", "%.*s was made by a call that makes none",
          (int)change->length, change->name);
    check_directory(spec, change);
    if ((change->node.mode & SP_OS_IFMT) == SP_OS_IFSOCK) {
        made_socket(spec, change);
        return;
    }
    CHECK(spec, change->node.mode == LOCK_MODE && is_lock_name(change, leaf_of(spec)), "files-made",
          "%.*s was made, with mode %o", (int)change->length, change->name, change->node.mode);
    remember(&spec->lock, change);
}

static bool is_made(const struct path_made *made, const struct sim_change *change)
{
    return made->exists && place_same(&made->node, &change->node);
}

/* A socket file of others: was it stale, and was its removal asked for? */
static void removed_other(struct path_spec *spec, const struct sim_change *change)
{
    bool asked =
        spec->work == PATH_REMOVE || (spec->work == PATH_LISTEN && server_of(spec)->take_over);
    /* What nobody could know: the kernel lied; or the file has the number of what was probed. */
    bool is_excused = spec->probe_lied || (spec->raced && place_same(&spec->probed, &change->node));

    CHECK(spec, (change->node.mode & SP_OS_IFMT) == SP_OS_IFSOCK, "foreign-removed",
          "%.*s was removed, and is no socket", (int)change->length, change->name);
    CHECK(spec, asked && is_name(change, leaf_of(spec)), "foreign-removed",
          "%.*s was removed, and nobody had asked for that", (int)change->length, change->name);
    CHECK(spec, spec->remove_alive || (spec->probed_stale && (!change->listening || is_excused)),
          "live-removed", "%.*s was removed, and a server %s", (int)change->length, change->name,
          change->listening ? "listens behind it" : "might listen behind it");
}

/* Ours by its owner; or because we have made it, whoever root has given it to while we looked. */
static bool is_our_lock(struct path_spec *spec, const struct sim_change *change)
{
    bool is_made_here = spec->lock.exists && spec->lock.node.dev == change->node.dev &&
                        spec->lock.node.ino == change->node.ino;

    return (change->node.mode & SP_OS_IFMT) == SP_OS_IFREG &&
           (change->node.uid == WORLD_OURS || (spec->raced && is_made_here)) &&
           is_lock_name(change, leaf_of(spec));
}

static void removed(struct path_spec *spec, const struct sim_change *change)
{
    bool is_lock = is_our_lock(spec, change);

    CHECK(spec, spec->work != PATH_NOTHING, "foreign-removed",
          "%.*s was removed by a call that removes nothing", (int)change->length, change->name);
    if (!spec->raced_removal)
        check_directory(spec, change);
    if (is_lock) {
        spec->lock.exists = false;
    } else if (is_made(&spec->made, change)) {
        spec->made.exists = false;
    } else if (spec->raced_removal) {
        return;
    } else if (spec->work == PATH_CLOSE) {
        CHECK(spec, is_made(&server_of(spec)->made, change), "foreign-removed",
              "closing removed %.*s, which it had not made", (int)change->length, change->name);
        server_of(spec)->made.exists = false;
    } else {
        removed_other(spec, change);
    }
}

static void changed_mode(struct path_spec *spec, const struct sim_change *change)
{
    CHECK(spec, spec->work == PATH_LISTEN && is_made(&spec->made, change), "foreign-mode",
          "the mode of a file was changed from %o to %o", change->node.mode, change->mode);
    CHECK(spec, change->mode == server_of(spec)->access, "mode", "it became %o, not %o",
          change->mode, server_of(spec)->access);
    CHECK(spec, !change->listening || spec->mistaken, "mode-before-listening",
          "the mode was changed when clients could connect already");
    spec->made.node.mode = (change->node.mode & SP_OS_IFMT) | change->mode;
}

static void witness(void *user, const struct sim_change *change)
{
    static void (*const kinds[])(struct path_spec *, const struct sim_change *) = {
        [SIM_CHANGE_MADE] = made,
        [SIM_CHANGE_REMOVED] = removed,
        [SIM_CHANGE_MODE] = changed_mode,
    };
    struct path_spec *spec = user;

    for (unsigned i = 0; i < WORLD_SIDES; i++)
        if (change->actor == spec->world->sides[i].actor)
            kinds[change->kind](spec, change);
}

/* ---- calls at the seam ---- */

static bool is_shortage(int64_t result)
{
    return result == -EMFILE || result == -ENFILE || result == -ENOMEM || result == -ENOSPC ||
           result == -ENOBUFS;
}

/* Between bind() and the first look after it, another program of our own user can put a socket of
 * ours in the place of the new one. Nothing tells the two apart, if it has no permission too many:
 * core/src/sockfile.c says so. From then on that one is what the server has made. */
static void mistake(struct path_spec *spec)
{
    uint32_t access = server_of(spec)->access;
    uint32_t full = access == SP_ACCESS_UMASK ? SP_ACCESS_WORLD : access;
    const struct sp_os_stat *found = &spec->looked;

    if (spec->work != PATH_LISTEN || !spec->made.exists || !spec->raced || spec->identified)
        return;
    spec->identified = true;
    if (place_same(found, &spec->made.node) || (found->mode & SP_OS_IFMT) != SP_OS_IFSOCK ||
        found->uid != WORLD_OURS || (found->mode & PERMISSIONS & ~full) != 0)
        return;
    spec->mistaken = true;
    spec->made.node = *found;
}

void path_spec_call(struct path_spec *spec, const struct sim_trace_entry *entry)
{
    if (spec->work == PATH_NOTHING)
        return;
    if (!spec->is_placed && spec->work != PATH_CLOSE)
        path_judge(spec);
    if (entry->faulted || is_shortage(entry->result))
        spec->disturbed = true;
    switch (entry->call) {
    case SIM_CALL_STAT_AT:
        if (entry->result == 0) {
            spec->looked = *(const struct sp_os_stat *)spec->world->io.ret;
            mistake(spec);
        }
        spec->clean_up_failed |= entry->faulted;
        break;
    case SIM_CALL_UNLINK_AT:
        spec->raced_removal = false;
        spec->clean_up_failed |= entry->faulted;
        break;
    case SIM_CALL_STAT_FD:
        spec->clean_up_failed |= entry->faulted;
        break;
    case SIM_CALL_LISTEN:
        spec->listened = true;
        spec->raced_at_last = false;
        break;
    case SIM_CALL_CONNECT:
        spec->probed_stale = entry->result == -ECONNREFUSED;
        spec->probe_lied = entry->faulted;
        spec->probed = spec->looked;
        break;
    default:
        break;
    }
}

/* ---- before ---- */

static void race(struct path_spec *spec)
{
    spec->disturbed = true;
    spec->raced = true;
    spec->raced_at_last = true;
    spec->raced_removal |= spec->world->race_at == SIM_CALL_UNLINK_AT;
}

static void begin(struct path_spec *spec, enum path_work work, const struct operation *operation)
{
    spec->work = work;
    spec->slot = (unsigned)operation->arg[0];
    spec->operation = operation;
    spec->is_placed = false;
    spec->remove_alive = false;
    spec->disturbed = false;
    spec->raced = false;
    spec->raced_removal = false;
    spec->raced_at_last = false;
    spec->clean_up_failed = false;
    spec->listened = false;
    spec->identified = false;
    spec->mistaken = false;
    spec->probed_stale = false;
    spec->probe_lied = false;
    spec->made.exists = false;
    spec->lock.exists = false;
    spec->looked = (struct sp_os_stat){.mode = 0};
    spec->probed = spec->looked;
    spec->verdict = (struct path_verdict){.is_known = false};
}

static bool is_listening(struct path_spec *spec)
{
    const struct sp_server *server = spec->world->servers[spec->slot].server;

    return server != NULL && sp_server_is_listening(server);
}

/* A slot that is filled anew. */
static void forget(struct path_server *server)
{
    server->access = SP_ACCESS_USER;
    server->trust = SP_TRUST_STRICT;
    server->take_over = false;
    server->made.exists = false;
}

void path_spec_before(struct path_spec *spec, const struct operation *operation)
{
    struct world *world = spec->world;

    spec->linked |= operation->kind == OPERATION_LINK;
    if (spec->work != PATH_NOTHING) {
        race(spec);
        return;
    }
    sim_set_witness(world->sim, witness, spec);
    switch (operation->kind) {
    case OPERATION_LISTEN:
        begin(spec, PATH_LISTEN, operation);
        if (is_listening(spec)) {
            spec->verdict = (struct path_verdict){true, SP_ERROR_OPERATION, SP_CAUSE_STATE};
            spec->is_placed = true;
            spec->place.is_known = false;
        } else {
            path_judge(spec);
        }
        break;
    case OPERATION_REMOVE:
        begin(spec, PATH_REMOVE, operation);
        spec->slot = 0;
        spec->remove_alive = operation->arg[0] != 0;
        path_judge(spec);
        break;
    case OPERATION_SERVER_CLOSE:
    case OPERATION_SERVER_FREE:
    case OPERATION_SERVER_NEW:
        begin(spec, PATH_CLOSE, operation);
        break;
    default:
        break;
    }
}

/* ---- after ---- */

static void check_verdict(struct path_spec *spec, const struct world_outcome *outcome)
{
    const struct path_verdict *verdict = &spec->verdict;
    struct sp_error_detail detail = outcome->detail;

    if (!verdict->is_known || spec->disturbed)
        return;
    CHECK(spec, outcome->result == verdict->result, "verdict", "%s came to %s, must be %s (%s)",
          spec->work == PATH_LISTEN ? "listen" : "remove", sp_error_name((int)outcome->result),
          sp_error_name(verdict->result), sp_cause_string(verdict->cause));
    if (verdict->result == SP_OK || verdict->cause == SP_CAUSE_OS)
        return;
    if (spec->work == PATH_LISTEN)
        sp_server_error_detail(spec->world->servers[spec->slot].server, &detail);
    CHECK(spec, detail.cause == verdict->cause, "cause",
          "%s was refused because \"%s\", must be \"%s\"",
          spec->work == PATH_LISTEN ? "listen" : "remove", sp_cause_string(detail.cause),
          sp_cause_string(verdict->cause));
}

/* The path as it is now leads to what was made, and nothing on the way can be changed by those who
 * are not trusted. */
static void check_reached(struct path_spec *spec, const struct path_made *made)
{
    struct path_server *server = server_of(spec);
    struct sp_os_stat node;

    path_find(spec);
    if (!spec->place.is_known)
        return;
    CHECK(spec, spec->place.error == SP_OK, "served-untrusted",
          "listening at a path that must be refused: %s", sp_cause_string(spec->place.cause));
    CHECK(spec,
          place_look(spec->world->users[0], &spec->place, "", "", &node) == 0 &&
              place_same(&node, &made->node),
          "served-elsewhere", "the path does not lead to the socket that was made");
    if (server->access != SP_ACCESS_UMASK && !spec->raced)
        CHECK(spec, (node.mode & PERMISSIONS) == server->access, "mode", "it is %o, not %o",
              node.mode & PERMISSIONS, server->access);
    CHECK(spec,
          spec->mistaken || sim_is_listening(spec->world->sim, spec->path, strlen(spec->path)),
          "served-elsewhere", "nobody listens at the path");
}

static void check_listen(struct path_spec *spec, int64_t result)
{
    if (result != SP_OK) {
        CHECK(spec, !spec->made.exists || spec->raced || spec->clean_up_failed, "left-behind",
              "a listen that failed left its socket");
        return;
    }
    CHECK(spec, spec->made.exists, "served-elsewhere", "listening, and no socket was made");
    CHECK(spec, spec->listened, "served-elsewhere", "listening, and listen() was not called");
    if (!spec->raced_at_last)
        check_reached(spec, &spec->made);
    memcpy(spec->made.path, place_path(&spec->place, "", ""),
           strlen(place_path(&spec->place, "", "")) + 1);
    server_of(spec)->made = spec->made;
}

/* Whether we could remove what is in the directory that a file was made in, if that still is where
 * it was. */
static bool could_remove(struct path_spec *spec, const struct path_made *made)
{
    char dir[PLACE_TEXT_MAX] = "/";
    size_t length = strlen(made->path) - strlen(made->leaf) - 1;
    struct sp_os_stat stat;

    if (length > 0) {
        memcpy(dir, made->path, length);
        dir[length] = '\0';
    }
    return sim_lstat(spec->world->users[0], dir, &stat) == 0 && same_directory(&stat, &made->dir) &&
           place_may(&stat, WORLD_OURS, PLACE_SEARCH | PLACE_WRITE);
}

/* What a server made is gone with it, if it still was where it was made and could be removed. */
static void check_close(struct path_spec *spec)
{
    struct path_made *made = &server_of(spec)->made;
    struct sp_os_stat node;

    if (made->exists && !spec->disturbed &&
        sim_lstat(spec->world->users[0], made->path, &node) == 0 && place_same(&node, &made->node))
        CHECK(spec, !could_remove(spec, made), "left-behind",
              "a server that was closed left its socket");
    made->exists = false;
}

/* Options that were taken. */
static void configure(struct path_spec *spec, const struct operation *operation)
{
    struct path_server *server = &spec->servers[operation->arg[0] & (OPERATION_SERVERS - 1)];

    switch (operation->kind) {
    case OPERATION_ACCESS:
        server->access = (unsigned)operation->arg[1];
        break;
    case OPERATION_TRUST:
        server->trust = (uint8_t)operation->arg[1];
        break;
    case OPERATION_TAKE_OVER:
        server->take_over = operation->arg[1] != 0;
        break;
    default:
        break;
    }
}

void path_spec_after(struct path_spec *spec, const struct world_outcome *outcome)
{
    const struct operation *operation = outcome->operation;
    enum path_work work = spec->work;

    if (operation != spec->operation) {
        if (work == PATH_NOTHING && outcome->result == SP_OK)
            configure(spec, operation);
        return;
    }
    if (work == PATH_CLOSE && outcome->called)
        check_close(spec);
    if (work == PATH_LISTEN || work == PATH_REMOVE)
        check_verdict(spec, outcome);
    if (work == PATH_LISTEN)
        check_listen(spec, outcome->result);
    CHECK(spec, !spec->lock.exists || spec->raced || spec->clean_up_failed, "left-behind",
          "a lock file is left");
    if (operation->kind == OPERATION_SERVER_NEW || operation->kind == OPERATION_SERVER_FREE)
        forget(&spec->servers[spec->slot]);
    spec->work = PATH_NOTHING;
    spec->operation = NULL;
}

void path_spec_begin(struct path_spec *spec, struct world *world)
{
    spec->world = world;
    spec->linked = false;
    spec->work = PATH_NOTHING;
    spec->operation = NULL;
    for (unsigned i = 0; i < OPERATION_SERVERS; i++)
        forget(&spec->servers[i]);
}
