/* SPDX-License-Identifier: MIT */
/*
 * The sockets of other network namespaces: of those that a process is in, and of those that have a
 * name below /run/netns, where ip-netns(8) keeps them without any process.
 *
 * A namespace is entered for the moment of one question to the kernel; that is a matter of this
 * thread alone.
 *
 * Tests: tests/integration/test_audit_system.c
 */
#ifndef AUDIT_FACTS_NAMESPACES_H
#define AUDIT_FACTS_NAMESPACES_H

#include "audit/facts/listeners.h"

/**
 * namespaces_read() - adds the sockets of every network namespace that is to be seen but ours
 *
 * Return: how many could not be entered, or remembered as entered already.
 */
size_t namespaces_read(struct bound_sockets *to);

#endif
