/* SPDX-License-Identifier: MIT */
/*
 * Peer credentials and the policy over them.
 *
 * The identity of a peer is what the kernel recorded at connect() (for a client's view of the
 * server: at listen()). It is asked of the descriptor, never parsed from a name and never looked up
 * by pid: the pid may belong to someone else by now.
 */
#ifndef SUNPATH_PEER_H
#define SUNPATH_PEER_H

#include <sunpath/error.h>
#include <sunpath/limits.h>
#include <sunpath/os.h>

#include <stdbool.h>

SP_BEGIN_DECLS

/* What a policy allows; a peer passes when one set bit fits. Bits may be combined. */
enum sp_peer_allow {
    SP_PEER_ANY = 1u << 0,  /* everybody, even a peer without credentials */
    SP_PEER_SELF = 1u << 1, /* the effective user id of this process */
    SP_PEER_ROOT = 1u << 2, /* user id 0 */
    /* Client only, pathname only: the owner of the directory that holds the socket file, when
     * nobody else (root aside) can create or replace entries there. Not the shared /tmp, then, but
     * a daemon's own directory below /run. Looked up only when no other bit fits. */
    SP_PEER_DIRECTORY_OWNER = 1u << 3,
    SP_PEER_UIDS = 1u << 4, /* one of uids[] */
    SP_PEER_GIDS = 1u << 5, /* primary or a supplementary group is one of gids[] */
};

/* A client's default: refuses a server that anybody could have put at this name. */
#define SP_PEER_CLIENT_DEFAULT (SP_PEER_SELF | SP_PEER_ROOT | SP_PEER_DIRECTORY_OWNER)
/* A server's default: the access mode decides (the kernel on paths, sunpath on abstract names). */
#define SP_PEER_SERVER_DEFAULT SP_PEER_ANY

/** struct sp_peer_policy - copied by the functions that take it; uids and gids may be NULL when
 * empty. */
struct sp_peer_policy {
    unsigned allow;
    const uint32_t *uids;
    size_t uid_count;
    const uint32_t *gids;
    size_t gid_count;
};

/**
 * struct sp_peer - who is at the other end
 * @pid: the process at that time; for messages only
 */
struct sp_peer {
    uint32_t uid;
    uint32_t gid;
    int32_t pid;
};

/**
 * sp_access_mode_allows() - the kernel's permission check, for names without a file
 * @mode:   permission bits; like connect() only the write bits count
 * @owner, @group: of the listening process
 * @uid:    the peer's; root is always allowed, as on a file
 * @in_group: whether the peer is a member of @group
 *
 * The first class that fits decides, as in the kernel: an owner without the bit is refused even if
 * others have it. Pure.
 */
SP_API bool sp_access_mode_allows(uint32_t mode, uint32_t owner, uint32_t uid, bool in_group);

SP_END_DECLS

#endif
