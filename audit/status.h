/* SPDX-License-Identifier: MIT */
/* Exit statuses of the audit. One says one thing: findings are never mistaken for a failed run. */
#ifndef AUDIT_STATUS_H
#define AUDIT_STATUS_H

enum status {
    STATUS_CLEAN = 0,
    STATUS_FINDINGS = 1, /* one at or above --fail-on */
    STATUS_USAGE = 2,
    STATUS_PARTIAL = 3, /* nothing to audit, or something could not be read */
    STATUS_INTERNAL = 4,
};

#endif
