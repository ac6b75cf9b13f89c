/* SPDX-License-Identifier: MIT */
/*
 * What an errno means in an operation (sunpath/error.h, sunpath/os.h), and whether a peer satisfies
 * the policy (sunpath/peer.h). Said by meaning, not as a table of errnos.
 */
#include "fuzz/spec/socket_model.h"

#include <errno.h>

static bool is_lack_of_resources(int os_errno)
{
    return os_errno == EMFILE || os_errno == ENFILE || os_errno == ENOMEM || os_errno == ENOBUFS ||
           os_errno == ENOSPC || os_errno == EDQUOT || os_errno == ETOOMANYREFS;
}

static bool is_denial(int os_errno)
{
    return os_errno == EACCES || os_errno == EPERM || os_errno == EROFS;
}

static bool leads_nowhere(int os_errno)
{
    return os_errno == ENOENT || os_errno == ENOTDIR || os_errno == ELOOP ||
           os_errno == ENAMETOOLONG;
}

static bool cannot_be_done(int os_errno)
{
    return os_errno == EAFNOSUPPORT || os_errno == EPROTONOSUPPORT || os_errno == EOPNOTSUPP ||
           os_errno == ENOPROTOOPT || os_errno == ENOTSOCK || os_errno == EBADF ||
           os_errno == ENOSYS;
}

/* What is said by one operation alone; SP_OK if nothing. */
static enum sp_error special_meaning(enum sp_operation operation, int os_errno)
{
    switch (operation) {
    case SP_OPERATION_CONNECT:
        if (os_errno == ECONNREFUSED || os_errno == EINVAL || os_errno == ECONNRESET)
            return SP_ERROR_CONNECTION_REFUSED;
        if (os_errno == EPROTOTYPE)
            return SP_ERROR_UNSUPPORTED;
        return os_errno == ETIMEDOUT ? SP_ERROR_TIMEOUT : SP_OK;
    case SP_OPERATION_SEND:
        if (os_errno == EMSGSIZE)
            return SP_ERROR_DATAGRAM_TOO_LARGE;
        return os_errno == EPIPE || os_errno == ECONNRESET || os_errno == ENOTCONN
                   ? SP_ERROR_PEER_CLOSED
                   : SP_OK;
    case SP_OPERATION_RECEIVE:
        return os_errno == ECONNRESET || os_errno == ENOTCONN || os_errno == EINVAL
                   ? SP_ERROR_PEER_CLOSED
                   : SP_OK;
    case SP_OPERATION_CREDENTIALS:
        return os_errno == ESRCH || os_errno == EINVAL ? SP_ERROR_PEER_CLOSED : SP_OK;
    default:
        return SP_OK;
    }
}

enum sp_error model_meaning(enum sp_operation operation, int os_errno)
{
    enum sp_error special = special_meaning(operation, os_errno);

    if (special != SP_OK)
        return special;
    if (is_lack_of_resources(os_errno))
        return SP_ERROR_RESOURCE;
    if (is_denial(os_errno))
        return SP_ERROR_ACCESS;
    if (leads_nowhere(os_errno))
        return SP_ERROR_SERVER_NOT_FOUND;
    return cannot_be_done(os_errno) ? SP_ERROR_UNSUPPORTED : SP_ERROR_UNKNOWN;
}

struct model_fault model_os_fault(enum sp_operation operation, int os_errno)
{
    return (struct model_fault){
        .error = model_meaning(operation, os_errno),
        .operation = operation,
        .cause = SP_CAUSE_OS,
        .os_errno = os_errno,
    };
}

/* Could nobody but root and @uid have put the socket where it is? Every directory on the way is
 * looked at as it is now, past the library. */
static bool owns_directory(const struct socket_model *model, uint32_t uid)
{
    const struct sp_address *address = &model->address;
    struct sim_actor *root = model->world->users[0];
    char path[SP_PATH_MAX + 1];
    size_t last = 0;

    if (address->space != SP_NAMESPACE_PATH)
        return false;
    for (size_t i = 0; i < address->length; i++)
        if (address->bytes[i] == '/')
            last = i;
    for (size_t i = 0; i <= last; i++) {
        struct sp_os_stat stat;

        path[i] = (char)address->bytes[i];
        if (address->bytes[i] != '/')
            continue;
        path[i + 1] = '\0';
        if (sim_stat(root, path, &stat) < 0 || (stat.uid != 0 && stat.uid != uid))
            return false;
        if ((stat.mode & 022) != 0 && (stat.mode & SP_OS_ISVTX) == 0)
            return false;
        if (i == last && (stat.uid != uid || (stat.mode & 022) != 0))
            return false;
    }
    return true;
}

/* Who it is could not be asked. */
static bool not_known(int os_errno, struct model_fault *ret)
{
    *ret = (struct model_fault){
        .error = model_meaning(SP_OPERATION_CREDENTIALS, os_errno),
        .operation = SP_OPERATION_CREDENTIALS,
        .cause = SP_CAUSE_OS,
        .os_errno = os_errno,
    };
    return false;
}

/* The words of {allow}, in their order. */
enum { ANY, SELF, ROOT, OWNER, SELF_OR_ROOT, OURS, MALLORY, GROUP, DEFAULT };

bool model_judge_peer(const struct socket_model *model, struct model_fault *ret, bool *ret_unsure)
{
    const struct model_frame *frame = &model->frames[model->depth - 1];
    unsigned policy = model->policy;
    uint32_t uid = model->cred.uid;
    bool fits;

    *ret_unsure = false;
    if (policy == ANY)
        return true;
    if (model->cred_error != 0)
        return not_known(model->cred_error, ret);
    *ret = (struct model_fault){
        .error = SP_ERROR_UNTRUSTED,
        .operation = SP_OPERATION_CREDENTIALS,
        .cause = SP_CAUSE_PEER_NOT_ALLOWED,
    };
    if (uid == UINT32_MAX) {
        ret->cause = SP_CAUSE_PEER_UNKNOWN;
        return false;
    }
    if (policy == GROUP && model->cred.gid != WORLD_OURS) {
        if (frame->alloc_failed) {
            *ret = (struct model_fault){
                .error = SP_ERROR_RESOURCE,
                .operation = SP_OPERATION_ALLOCATE,
                .cause = SP_CAUSE_NO_MEMORY,
            };
            return false;
        }
        /* More groups than anybody would look at: as if it were in none. */
        if (model->groups_error == ERANGE)
            return false;
        if (model->groups_error != 0)
            return not_known(model->groups_error, ret);
    }
    fits = ((policy == ROOT || policy == SELF_OR_ROOT || policy == DEFAULT) && uid == WORLD_ROOT) ||
           ((policy == SELF || policy == SELF_OR_ROOT || policy == DEFAULT || policy == OURS) &&
            uid == WORLD_OURS) ||
           (policy == MALLORY && uid == WORLD_MALLORY) ||
           (policy == GROUP && (model->cred.gid == WORLD_OURS || uid == WORLD_GROUP_MATE));
    if (fits || (policy != OWNER && policy != DEFAULT))
        return fits;
    /* Directories are looked at on the way, and looking can fail; which of several reasons is told
     * is not promised. */
    ret->any_detail = true;
    *ret_unsure = frame->look_failed || frame->alloc_failed;
    ret->any_error = *ret_unsure;
    return owns_directory(model, uid);
}
