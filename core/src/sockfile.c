/* SPDX-License-Identifier: MIT */
/*
 * Socket files, creating one: see sockfile.h.
 *
 * In this order, because everything that can fail without a trace comes before what leaves one:
 *
 *   1. walk to the directory, judge it, hold it
 *   2. take the lock beside the name
 *   3. give the socket its mode, from which bind() makes the file's: no umask is touched
 *   4. bind to the path. A name that is taken is looked at: a socket file behind which nobody
 *      listens is removed, if that was asked for; anything else stays, whatever it is
 *   5. find the new file in the held directory; give back the mode bits that the umask took
 *   6. listen
 *   7. walk once more: does the path lead to the held directory, and the name to our file?
 *
 * Nobody can connect before 6, so the mode is right from the first instant. From 5 on a failure
 * removes the file, if it is still that file. Only a stale file that 4 removed does not come back:
 * it could never have been of use again.
 *
 * Who can interfere, and what then?
 *
 *   - Another server of this library: nobody who holds the lock meets another one.
 *   - A program that takes no lock and may write the directory; in one that has passed
 *     SP_TRUST_STRICT, one of root or of our own:
 *       takes the name between our removal of a stale file and our bind: bind fails again, its file
 *           is looked at like any other; after BIND_TRIES we give up
 *       has bound and not yet called listen() when we probe: the kernel refuses as if the file
 *           were stale, and taking over removes it. Nothing in the file system tells the two apart;
 *           this is why taking over is not the default
 *       replaces a stale file by a server between our probe and our last look: seen, unless the
 *           file system gave the new file the number of the old one
 *       takes our file for stale between our bind and listen, and removes it: step 7 sees it
 *       replaces the directory: bind went by the path, so step 5 or 7 does not find our file. It
 *           stays in the other directory, because nothing proves that it is ours
 *       puts another socket of our own in the place of the new one before step 5 looks, with no
 *           permission too many: it is taken for the new one, gets its mode, and goes with it
 *   - Somebody in a directory that others may write, if that was allowed (SP_TRUST_OFF): he can do
 *     all of the above, and put a node of his in the place of ours before step 5 looks. Its owner
 *     and mode must then fit as well.
 *
 * While a socket is bound the kernel keeps its file, even without a name, so no new node can have
 * its number: from step 5 until the socket is closed, device and inode name our file exactly.
 *
 * Limit: a live server on another machine cannot be seen; do not take over on a network file
 * system.
 *
 * Tests: tests/integration/test_sockfile*.c, test_permissions.c
 */
#include "sockfile.h"

#include "check.h"
#include "lock.h"
#include "node.h"
#include "retry.h"

#include <string.h>

/* Each further try means that the name has changed hands while we looked. */
#define BIND_TRIES 4

/* One call of sp__sockfile_listen(). */
struct work {
    const struct sp_os *os;
    struct sp__fault *fault;
    const struct sp__name *name;
    unsigned access;
    int fd;
    bool take_over;
    struct sp__place place;
    struct sp_os_stat made;
};

static int in_use(struct work *work, enum sp_operation operation, enum sp_cause cause)
{
    return sp__fail(work->fault, SP_ERROR_ADDRESS_IN_USE, operation, cause);
}

static int look(struct work *work, struct sp_os_stat *ret)
{
    const struct sp_os *os = work->os;

    return SP__RETRY(os->stat_at(os->ctx, work->place.dir, work->place.leaf, ret));
}

/* ---- step 4: bind ---- */

static int remove_stale(struct work *work, const struct sp_os_stat *found)
{
    int r = sp__node_unlink(work->os, work->place.dir, work->place.leaf, found);

    /* Gone, or another node: what it is now is for the next try to find out. */
    if (r >= 0 || r == -ENOENT || r == -ESTALE)
        return SP_OK;
    return sp__fail_os(work->fault, SP_OPERATION_REMOVE, r);
}

static int judge_life(struct work *work, const struct sp_os_stat *found, int life)
{
    switch (life) {
    case SP__LIFE_ALIVE:
        return in_use(work, SP_OPERATION_BIND, SP_CAUSE_SERVER_ALIVE);
    case SP__LIFE_STALE:
        if (!work->take_over)
            return in_use(work, SP_OPERATION_BIND, SP_CAUSE_STALE_SOCKET);
        return remove_stale(work, found);
    default:
        return SP_OK;
    }
}

/* What is in the way? SP_OK if it may be gone now: worth another try. */
static int clear_name(struct work *work)
{
    const struct sp_os *os = work->os;
    struct sp_os_stat found;
    int probe;
    int r = look(work, &found);

    if (r == -ENOENT)
        return SP_OK;
    if (r < 0)
        return sp__fail_os(work->fault, SP_OPERATION_DIRECTORY, r);
    if (!sp__node_is(&found, SP_OS_IFSOCK))
        return in_use(work, SP_OPERATION_BIND, SP_CAUSE_NOT_A_SOCKET);
    r = sp__node_probe(os, work->name->bytes, work->name->length, &probe, work->fault);
    if (r < 0)
        return r;
    r = judge_life(work, &found, r);
    (void)os->close(os->ctx, probe);
    return r;
}

static int bind_name(struct work *work)
{
    const struct sp_os *os = work->os;

    for (unsigned tries = 0; tries < BIND_TRIES; tries++) {
        int r = SP__RETRY(os->bind(os->ctx, work->fd, work->name->bytes, work->name->length));

        if (r >= 0)
            return SP_OK;
        if (r != -EADDRINUSE)
            return sp__fail_os(work->fault, SP_OPERATION_BIND, r);
        r = clear_name(work);
        if (r < 0)
            return r;
    }
    return in_use(work, SP_OPERATION_BIND, SP_CAUSE_BUSY);
}

/* ---- steps 3 and 5: the mode, and which file it is ---- */

static bool mode_wanted(const struct work *work)
{
    return work->access != SP_ACCESS_UMASK;
}

/* The mode the file has if no umask takes anything away. */
static uint32_t full_mode(const struct work *work)
{
    return mode_wanted(work) ? work->access : SP_ACCESS_WORLD;
}

static int set_mode_before(struct work *work)
{
    const struct sp_os *os = work->os;
    int r = SP_OK;

    if (mode_wanted(work))
        r = SP__RETRY(os->set_socket_mode(os->ctx, work->fd, work->access));
    return r < 0 ? sp__fail_os(work->fault, SP_OPERATION_MODE, r) : SP_OK;
}

/* Finds the file that bind() has made: 1 and work->made, 0 if what is there is another, or a
 * negative errno. Ours is a socket, belongs to us, and has no permission that we did not give. */
static int find_made(struct work *work)
{
    const struct sp_os *os = work->os;
    struct sp_os_stat found;
    int r = look(work, &found);

    if (r == -ENOENT)
        return 0;
    if (r < 0)
        return r;
    if (!sp__node_is(&found, SP_OS_IFSOCK) || found.uid != os->euid(os->ctx) ||
        (found.mode & ~SP_OS_IFMT & ~full_mode(work)) != 0)
        return 0;
    work->made = found;
    return 1;
}

static int identify(struct work *work)
{
    int r = find_made(work);

    if (r > 0)
        return SP_OK;
    if (r == 0)
        return in_use(work, SP_OPERATION_BIND, SP_CAUSE_REPLACED);
    /* The look failed, not the file: one more decides whether it can be removed. */
    if (find_made(work) > 0)
        (void)sp__node_unlink(work->os, work->place.dir, work->place.leaf, &work->made);
    return sp__fail_os(work->fault, SP_OPERATION_DIRECTORY, r);
}

static int set_mode_after(struct work *work)
{
    const struct sp_os *os = work->os;
    int r;

    if (!mode_wanted(work) || (work->made.mode & ~SP_OS_IFMT) == work->access)
        return SP_OK;
    r = SP__RETRY(
        os->chmod_at(os->ctx, work->place.dir, work->place.leaf, &work->made, work->access));
    if (r == -ESTALE || r == -ENOENT)
        return in_use(work, SP_OPERATION_MODE, SP_CAUSE_REPLACED);
    return r < 0 ? sp__fail_os(work->fault, SP_OPERATION_MODE, r) : SP_OK;
}

/* ---- steps 6 and 7: listen, and look once more ---- */

static int start_listening(struct work *work, int backlog)
{
    const struct sp_os *os = work->os;
    int r = SP__RETRY(os->listen(os->ctx, work->fd, backlog));

    return r < 0 ? sp__fail_os(work->fault, SP_OPERATION_LISTEN, r) : SP_OK;
}

static int confirm(struct work *work, enum sp_trust trust)
{
    struct sp__place again;
    struct sp_os_stat found;
    int r = sp__walk(work->os, work->name->bytes, work->name->length, trust, &again, work->fault);

    if (r < 0)
        return r;
    sp__walk_end(work->os, &again);
    if (!sp__node_same(&again.dir_stat, &work->place.dir_stat))
        return in_use(work, SP_OPERATION_DIRECTORY, SP_CAUSE_REPLACED);
    r = look(work, &found);
    if (r == -ENOENT || (r >= 0 && !sp__node_same(&found, &work->made)))
        return in_use(work, SP_OPERATION_BIND, SP_CAUSE_REPLACED);
    return r < 0 ? sp__fail_os(work->fault, SP_OPERATION_DIRECTORY, r) : SP_OK;
}

/* ---- all of it ---- */

static int create(struct work *work, int backlog, enum sp_trust trust)
{
    int r = set_mode_before(work);

    if (r == SP_OK)
        r = bind_name(work);
    if (r == SP_OK)
        r = identify(work);
    if (r < 0)
        return r;
    r = set_mode_after(work);
    if (r == SP_OK)
        r = start_listening(work, backlog);
    if (r == SP_OK)
        r = confirm(work, trust);
    if (r < 0)
        (void)sp__node_unlink(work->os, work->place.dir, work->place.leaf, &work->made);
    return r;
}

int sp__sockfile_listen(const struct sp_os *os, int fd, const struct sp__name *name,
                        unsigned access, int backlog, enum sp_trust trust, bool take_over,
                        struct sp__sockfile *ret, struct sp__fault *fault)
{
    struct work work = {
        .os = os,
        .fault = fault,
        .name = name,
        .access = access,
        .fd = fd,
        .take_over = take_over,
    };
    struct sp__lock lock;
    int r;

    SP__CHECK(name->space == SP_NAMESPACE_PATH && name->length <= SP_LISTEN_PATH_MAX);
    SP__CHECK(access == SP_ACCESS_UMASK || (access & ~(unsigned)SP_ACCESS_WORLD) == 0);
    r = sp__walk(os, name->bytes, name->length, trust, &work.place, fault);
    if (r < 0)
        return r;
    r = sp__lock_take(os, work.place.dir, work.place.leaf, &lock, fault);
    if (r == SP_OK) {
        r = create(&work, backlog, trust);
        sp__lock_give(os, &lock);
    }
    if (r < 0) {
        sp__walk_end(os, &work.place);
        return r;
    }
    ret->dir = work.place.dir;
    ret->owner = os->pid(os->ctx);
    ret->made = work.made;
    memcpy(ret->leaf, work.place.leaf, sizeof(ret->leaf));
    return SP_OK;
}
