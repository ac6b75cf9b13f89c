/* SPDX-License-Identifier: MIT */
/*
 * One answer of NETLINK_SOCK_DIAG about a local socket, as bytes. Pure.
 *
 * Tests: tests/integration/test_audit_listeners.c, fuzz/targets/fuzz_audit_facts.c
 */
#ifndef AUDIT_FACTS_DIAG_H
#define AUDIT_FACTS_DIAG_H

#include "audit/facts/listeners.h"

enum diag_kind {
    DIAG_NOTHING, /* neither listens nor has a name; or the payload is too short */
    DIAG_BOUND,
    DIAG_END, /* of a connection; an accepted one has name and file of its listener */
};

/**
 * diag_parse() - the payload of a message, header of netlink taken off
 *
 * Attributes that are too short say nothing; what comes behind one that is longer than the message
 * is not looked at.
 */
enum diag_kind diag_parse(struct bound_socket *ret, const void *payload, size_t length);

#endif
