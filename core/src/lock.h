/* SPDX-License-Identifier: MIT */
/*
 * The lock beside a socket file: ".NAME.lock".
 *
 * Who creates or removes the socket file NAME holds it meanwhile, so that two of us never work on
 * one name at once. It is not held while a server runs. It binds only those who take it; what
 * others can still do is said where it matters.
 *
 * The file exists only while somebody holds the lock: the holder removes it, then lets go. So a
 * file that was found is worth nothing until it is clear that it still bears the name. One that a
 * killed process left behind is empty and harmless; the next holder uses and removes it.
 */
#ifndef SP__LOCK_H
#define SP__LOCK_H

#include "fault.h"

#include <sunpath/limits.h>
#include <sunpath/os.h>

#define SP__LOCK_PREFIX "."
#define SP__LOCK_SUFFIX ".lock"

struct sp__lock {
    int dir; /* borrowed */
    int fd;
    struct sp_os_stat file;
    char name[sizeof(SP__LOCK_PREFIX) + SP_PATH_MAX + sizeof(SP__LOCK_SUFFIX)];
};

/**
 * sp__lock_take() - lock @leaf in directory @dir, without waiting
 * @dir: must stay open until the lock is given back
 *
 * Returns SP_OK; SP_ERROR_ADDRESS_IN_USE with cause BUSY while somebody else holds it; or the error
 * of a system call of operation LOCK. On failure no lock file of ours is left.
 */
int sp__lock_take(const struct sp_os *os, int dir, const char *leaf, struct sp__lock *ret,
                  struct sp__fault *fault);
/** sp__lock_give() - remove the lock file and let go. */
void sp__lock_give(const struct sp_os *os, struct sp__lock *lock);

#endif
