/* SPDX-License-Identifier: MIT */
/*
 * Peer credentials and policies: see peer.h.
 *
 * When does the kernel not know a peer? It then answers pid 0, uid -1 and gid -1, without an error:
 * an unconnected socket, a socket of another family. Of the three only the uid decides here. A pid
 * of 0 alone says nothing: a peer in a process namespace that we cannot see has that too, and a
 * good uid. And -1 is never a uid: the kernel gives it to no process.
 *
 * A uid from a user namespace that has no number in ours arrives as the overflow uid (65534, often
 * named "nobody"): a policy that allows that uid allows all of those.
 *
 * Tests: tests/integration/test_peer.c
 */
#include "peer.h"

#include "hint.h"
#include "retry.h"
#include "walk.h"

#include <string.h>

#define NO_ID UINT32_MAX
#define KNOWN_BITS                                                                        \
    (SP_PEER_ANY | SP_PEER_SELF | SP_PEER_ROOT | SP_PEER_DIRECTORY_OWNER | SP_PEER_UIDS | \
     SP_PEER_GIDS)
#define SHARED_WRITE 0022u

/* Room for the groups of nearly everybody, without asking for memory. */
#define GROUPS_FIRST 64
#define GROUPS_GROWTH 8

struct sp__policy {
    uint32_t allow;
    uint32_t uid_count;
    uint32_t gid_count;
    uint32_t ids[]; /* uids, then gids */
};

/* ---- the policy as a block ---- */

static size_t policy_size(size_t uid_count, size_t gid_count)
{
    return sizeof(struct sp__policy) + (uid_count + gid_count) * sizeof(uint32_t);
}

/* A bit that needs ids has some, and not more than there is room for. */
static bool ids_valid(bool wanted, const uint32_t *ids, size_t count)
{
    if (count > SP_POLICY_IDS_MAX || (count > 0 && ids == NULL))
        return false;
    return !wanted || count > 0;
}

static bool policy_valid(const struct sp_peer_policy *policy, unsigned permitted)
{
    return policy->allow != 0 && (policy->allow & ~(permitted & KNOWN_BITS)) == 0 &&
           ids_valid((policy->allow & SP_PEER_UIDS) != 0, policy->uids, policy->uid_count) &&
           ids_valid((policy->allow & SP_PEER_GIDS) != 0, policy->gids, policy->gid_count);
}

int sp__policy_copy(const struct sp_os *os, const struct sp_peer_policy *policy, unsigned permitted,
                    struct sp__policy **ret, struct sp__fault *fault)
{
    struct sp__policy *copy;

    if (policy == NULL) {
        *ret = NULL;
        return SP_OK;
    }
    if (!policy_valid(policy, permitted))
        return sp__fail(fault, SP_ERROR_ARGUMENT, SP_OPERATION_CONFIGURE, SP_CAUSE_NONE);
    copy = os->alloc(os->ctx, policy_size(policy->uid_count, policy->gid_count));
    if (copy == NULL)
        return sp__fail(fault, SP_ERROR_RESOURCE, SP_OPERATION_ALLOCATE, SP_CAUSE_NO_MEMORY);
    copy->allow = policy->allow;
    copy->uid_count = (uint32_t)policy->uid_count;
    copy->gid_count = (uint32_t)policy->gid_count;
    if (policy->uid_count > 0)
        memcpy(copy->ids, policy->uids, policy->uid_count * sizeof(uint32_t));
    if (policy->gid_count > 0)
        memcpy(copy->ids + policy->uid_count, policy->gids, policy->gid_count * sizeof(uint32_t));
    *ret = copy;
    return SP_OK;
}

void sp__policy_free(const struct sp_os *os, struct sp__policy *policy)
{
    if (policy != NULL)
        os->release(os->ctx, policy, policy_size(policy->uid_count, policy->gid_count));
}

/* ---- who it is ---- */

static SP__FLAT int get_cred(const struct sp_os *os, int fd, struct sp_os_cred *ret,
                             struct sp__fault *fault)
{
    int r = SP__RETRY(os->peer_cred(os->ctx, fd, ret));

    if (r < 0)
        return sp__fail_os(fault, SP_OPERATION_CREDENTIALS, r);
    if (ret->uid == NO_ID)
        return sp__fail(fault, SP_ERROR_UNTRUSTED, SP_OPERATION_CREDENTIALS, SP_CAUSE_PEER_UNKNOWN);
    return SP_OK;
}

int sp__peer_get(const struct sp_os *os, int fd, struct sp_peer *ret, struct sp__fault *fault)
{
    struct sp_os_cred cred;
    int r = get_cred(os, fd, &cred, fault);

    if (r == SP_OK)
        *ret = (struct sp_peer){.uid = cred.uid, .gid = cred.gid, .pid = cred.pid};
    return r;
}

static bool contains(const uint32_t *ids, size_t count, uint32_t id)
{
    for (size_t i = 0; i < count; i++) {
        if (ids[i] == id)
            return true;
    }
    return false;
}

static bool share_one(const uint32_t *a, size_t a_count, const uint32_t *b, size_t b_count)
{
    for (size_t i = 0; i < b_count; i++) {
        if (contains(a, a_count, b[i]))
            return true;
    }
    return false;
}

/* A list of groups and the memory it needs, if it is longer than GROUPS_FIRST. */
struct groups {
    const uint32_t *list;
    size_t count;
    uint32_t *block;
    size_t block_size;
    uint32_t first[GROUPS_FIRST];
};

static void groups_drop(const struct sp_os *os, struct groups *groups)
{
    if (groups->block != NULL)
        os->release(os->ctx, groups->block, groups->block_size);
    groups->block = NULL;
}

static int groups_ask(const struct sp_os *os, int fd, uint32_t *list, size_t capacity,
                      struct groups *groups)
{
    int count = SP__RETRY(os->peer_groups(os->ctx, fd, list, capacity));

    if (count >= 0) {
        groups->list = list;
        groups->count = (size_t)count;
    }
    return count;
}

/* The supplementary groups of the peer. The system does not say how many there are, so the room
 * grows until they fit or are more than is allowed. */
static int groups_get(const struct sp_os *os, int fd, struct groups *ret, struct sp__fault *fault)
{
    size_t capacity = GROUPS_FIRST;
    int r;

    ret->block = NULL;
    r = groups_ask(os, fd, ret->first, GROUPS_FIRST, ret);
    while (r == -ERANGE && capacity < SP_PEER_GROUPS_MAX) {
        groups_drop(os, ret);
        capacity *= GROUPS_GROWTH;
        if (capacity > SP_PEER_GROUPS_MAX)
            capacity = SP_PEER_GROUPS_MAX;
        ret->block_size = capacity * sizeof(uint32_t);
        ret->block = os->alloc(os->ctx, ret->block_size);
        if (ret->block == NULL)
            return sp__fail(fault, SP_ERROR_RESOURCE, SP_OPERATION_ALLOCATE, SP_CAUSE_NO_MEMORY);
        r = groups_ask(os, fd, ret->block, capacity, ret);
    }
    if (r >= 0)
        return SP_OK;
    groups_drop(os, ret);
    if (r == -ERANGE)
        return sp__fail(fault, SP_ERROR_UNTRUSTED, SP_OPERATION_CREDENTIALS,
                        SP_CAUSE_PEER_NOT_ALLOWED);
    return sp__fail_os(fault, SP_OPERATION_CREDENTIALS, r);
}

/* Whether the peer is a member of one of @gids: the primary group first, because it costs nothing.
 * 1, 0 or an error. */
static int in_groups(const struct sp_os *os, int fd, const struct sp_os_cred *cred,
                     const uint32_t *gids, size_t count, struct sp__fault *fault)
{
    struct groups groups;
    int r;

    if (contains(gids, count, cred->gid))
        return 1;
    r = groups_get(os, fd, &groups, fault);
    if (r < 0)
        return r;
    r = share_one(gids, count, groups.list, groups.count) ? 1 : 0;
    groups_drop(os, &groups);
    return r;
}

/* ---- whether it may ---- */

static int not_allowed(struct sp__fault *fault)
{
    return sp__fail(fault, SP_ERROR_UNTRUSTED, SP_OPERATION_CREDENTIALS, SP_CAUSE_PEER_NOT_ALLOWED);
}

/* Is the peer the owner of the directory of the server's path, and could nobody but root and him
 * have put the socket there? So the path is judged with his eyes: on the way to his directory there
 * may be root's and his own, and in the end one that is not even shared as /tmp is. */
static int admit_directory_owner(const struct sp_os *os, const struct sp_os_cred *cred,
                                 const struct sp__name *name, struct sp__fault *fault)
{
    struct sp__place place;
    int r;

    if (name == NULL || name->space != SP_NAMESPACE_PATH)
        return not_allowed(fault);
    r = sp__walk_as(os, name->bytes, name->length, SP_TRUST_STRICT, cred->uid, &place, fault);
    if (r < 0)
        return r;
    if (place.dir_stat.uid != cred->uid)
        r = not_allowed(fault);
    else if ((place.dir_stat.mode & SHARED_WRITE) != 0)
        r = sp__fail(fault, SP_ERROR_UNTRUSTED, SP_OPERATION_DIRECTORY,
                     SP_CAUSE_DIRECTORY_WRITABLE);
    sp__walk_end(os, &place);
    return r;
}

static bool uid_fits(const struct sp_os *os, const struct sp_os_cred *cred, unsigned allow,
                     const struct sp__policy *policy)
{
    return ((allow & SP_PEER_ROOT) != 0 && cred->uid == 0) ||
           ((allow & SP_PEER_SELF) != 0 && cred->uid == os->euid(os->ctx)) ||
           ((allow & SP_PEER_UIDS) != 0 && policy != NULL &&
            contains(policy->ids, policy->uid_count, cred->uid));
}

int sp__peer_admit(const struct sp_os *os, int fd, unsigned default_allow,
                   const struct sp__policy *policy, const struct sp__name *name,
                   struct sp__fault *fault)
{
    unsigned allow = policy != NULL ? policy->allow : default_allow;
    struct sp_os_cred cred;
    int r;

    if ((allow & SP_PEER_ANY) != 0)
        return SP_OK;
    r = get_cred(os, fd, &cred, fault);
    if (r < 0)
        return r;
    if (uid_fits(os, &cred, allow, policy))
        return SP_OK;
    if ((allow & SP_PEER_GIDS) != 0 && policy != NULL) {
        r = in_groups(os, fd, &cred, policy->ids + policy->uid_count, policy->gid_count, fault);
        if (r != 0)
            return r < 0 ? r : SP_OK;
    }
    if ((allow & SP_PEER_DIRECTORY_OWNER) != 0)
        return admit_directory_owner(os, &cred, name, fault);
    return not_allowed(fault);
}

int sp__peer_admit_mode(const struct sp_os *os, int fd, unsigned mode, struct sp__fault *fault)
{
    uint32_t owner = os->euid(os->ctx);
    uint32_t group = os->egid(os->ctx);
    struct sp_os_cred cred;
    int member = 0;
    int r = get_cred(os, fd, &cred, fault);

    if (r < 0)
        return r;
    /* The class of root and of the owner does not depend on groups: not asked then. */
    if (cred.uid != 0 && cred.uid != owner) {
        member = in_groups(os, fd, &cred, &group, 1, fault);
        if (member < 0)
            return member;
    }
    return sp_access_mode_allows(mode, owner, cred.uid, member != 0) ? SP_OK : not_allowed(fault);
}
