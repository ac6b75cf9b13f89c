/* SPDX-License-Identifier: MIT */
/* Peer credentials and policies, inside the library. Public contract: sunpath/peer.h. */
#ifndef SP__PEER_H
#define SP__PEER_H

#include "fault.h"
#include "name.h"

#include <sunpath/peer.h>

struct sp__policy; /* an immutable copy of a struct sp_peer_policy, in one block */

/** sp__policy_copy() - check and copy. @permitted: the enum sp_peer_allow bits that make sense for
 * the caller. A NULL
 * @policy gives NULL in @ret: the caller's default. Returns SP_OK, SP_ERROR_ARGUMENT,
 * SP_ERROR_RESOURCE. */
int sp__policy_copy(const struct sp_os *os, const struct sp_peer_policy *policy, unsigned permitted,
                    struct sp__policy **ret, struct sp__fault *fault);
void sp__policy_free(const struct sp_os *os, struct sp__policy *policy); /* NULL is allowed */

/**
 * sp__peer_admit() - does the peer of @fd satisfy the policy?
 * @policy:        NULL: @default_allow decides
 * @name:          of the server, for SP_PEER_DIRECTORY_OWNER; NULL if that cannot be asked
 *
 * Asks as little as possible: nothing for ANY, credentials for the rest, groups and directories
 * only when no cheaper bit fits. Returns SP_OK; SP_ERROR_UNTRUSTED (PEER_NOT_ALLOWED, PEER_UNKNOWN,
 * or why the directory proves nothing); or the error of a failed system call.
 */
int sp__peer_admit(const struct sp_os *os, int fd, unsigned default_allow,
                   const struct sp__policy *policy, const struct sp__name *name,
                   struct sp__fault *fault);

/** sp__peer_admit_mode() - the access bits of a server on an abstract name, against the peer's
 * credentials. */
int sp__peer_admit_mode(const struct sp_os *os, int fd, unsigned mode, struct sp__fault *fault);

/** sp__peer_get() - SP_OK, or SP_ERROR_UNTRUSTED with PEER_UNKNOWN, or a system error. */
int sp__peer_get(const struct sp_os *os, int fd, struct sp_peer *ret, struct sp__fault *fault);

#endif
