/* SPDX-License-Identifier: MIT */
/* Peer policies by the words that programs have for them. */
#ifndef FUZZ_WORLD_POLICY_H
#define FUZZ_WORLD_POLICY_H

#include <sunpath/peer.h>

/** world_policy() - number @word of the words of {allow}; NULL for "default" */
const struct sp_peer_policy *world_policy(unsigned word);

#endif
