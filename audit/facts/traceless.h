/* SPDX-License-Identifier: MIT */
/*
 * Opening files and directories so that their access time stays as it is.
 *
 * Only root and the owner may; for others it is opened as always.
 */
#ifndef AUDIT_FACTS_TRACELESS_H
#define AUDIT_FACTS_TRACELESS_H

/** traceless_open() - openat() with O_RDONLY, O_CLOEXEC and @flags; -1 with errno */
int traceless_open(int above, const char *name, int flags);

#endif
