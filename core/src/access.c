/* SPDX-License-Identifier: MIT */
/*
 * The kernel's permission check on a socket file, for names that have no file.
 *
 * An abstract name has no mode, so the mode asked for is checked here against the credentials of
 * each peer. The rule is the one of the file system, surprises included: only the write bits count
 * for connect(), and the first class that fits decides, so an owner without his bit is refused even
 * where everybody else is let in.
 *
 * Tests: tests/unit/test_access.c    Fuzz: fuzz/targets/fuzz_address.c
 */
#include <sunpath/peer.h>

#define SP__OWNER_WRITE 0200u
#define SP__GROUP_WRITE 0020u
#define SP__OTHER_WRITE 0002u

bool sp_access_mode_allows(uint32_t mode, uint32_t owner, uint32_t uid, bool in_group)
{
    if (uid == 0)
        return true;
    if (uid == owner)
        return (mode & SP__OWNER_WRITE) != 0;
    return (mode & (in_group ? SP__GROUP_WRITE : SP__OTHER_WRITE)) != 0;
}
