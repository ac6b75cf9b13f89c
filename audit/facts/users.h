/* SPDX-License-Identifier: MIT */
/* Numbers of users, as the kernel tells them to this process. */
#ifndef AUDIT_FACTS_USERS_H
#define AUDIT_FACTS_USERS_H

#include <stdint.h>

/**
 * users_nobody() - the number that stands for every user who has none here
 *
 * In a user namespace that does not map all users. UINT32_MAX, which is no user's, where each has
 * a number of his own.
 */
uint32_t users_nobody(void);

#endif
