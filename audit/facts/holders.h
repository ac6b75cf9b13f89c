/* SPDX-License-Identifier: MIT */
/*
 * Which processes have a socket open, and where they live: from /proc.
 *
 * Descriptors of other users' processes are root's to see; without that the list is not whole, and
 * says so. No process is stopped or asked anything.
 *
 * Tests: tests/integration/test_audit_system.c
 */
#ifndef AUDIT_FACTS_HOLDERS_H
#define AUDIT_FACTS_HOLDERS_H

#include "audit/facts/listeners.h"

#include <sys/types.h>

#define HOLDER_COMM_MAX 16

struct holder {
    uint32_t number; /* of the socket */
    pid_t pid;
    uint32_t uid; /* effective, as /proc has it */
    int fd;
    bool survives_exec; /* no close-on-exec flag */
    bool other_root;    /* its root directory or its mounts are not ours */
    char comm[HOLDER_COMM_MAX];
};

struct holders {
    size_t unreadable; /* processes whose descriptors could not be read */
    int error;         /* 0, or why the list is not whole otherwise */
    size_t count;
    size_t room;
    struct holder *all; /* sorted by .number */
};

/** holders_read() - who has a listener of @sockets open */
void holders_read(struct holders *ret, const struct bound_sockets *sockets);
void holders_free(struct holders *holders);

/** holders_of() - those of one socket; how many */
size_t holders_of(const struct holders *holders, uint32_t number, const struct holder **ret);

#endif
