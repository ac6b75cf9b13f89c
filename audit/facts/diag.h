/* SPDX-License-Identifier: MIT */
/*
 * One answer of NETLINK_SOCK_DIAG about a local socket, as bytes. Pure.
 *
 * Tests: tests/integration/test_audit_listeners.c, fuzz/targets/fuzz_audit_facts.c
 */
#ifndef AUDIT_FACTS_DIAG_H
#define AUDIT_FACTS_DIAG_H

#include "audit/facts/listeners.h"

/**
 * diag_parse() - the payload of a message, header of netlink taken off
 *
 * Attributes that are too short say nothing; what comes behind one that is longer than the message
 * is not looked at. Return: false for an end of a connection, for a socket that neither listens nor
 * has a name, and when the payload is too short.
 */
bool diag_parse(struct bound_socket *ret, const void *payload, size_t length);

#endif
