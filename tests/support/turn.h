/* SPDX-License-Identifier: MIT */
/* The loop of one socket, under poll(), as an application would write it. */
#ifndef TESTS_SUPPORT_TURN_H
#define TESTS_SUPPORT_TURN_H

#include <sunpath/socket.h>

/* Longer than anything here takes on a busy machine; then the test is stuck. */
#define TURN_PATIENCE_MS 20000

/** turn() - waits until something is ready, the socket's own deadline or @ms have passed, and
 * processes. Returns false if @ms passed first. Events are left alone. */
bool turn(struct sp_socket *socket, int ms);
/** turn_until() - turns until the socket is in @state; fails the test after TURN_PATIENCE_MS. */
void turn_until(struct sp_socket *socket, enum sp_state state);
/** turn_to_rest() - turns until there is nothing to do for 20 ms; how many. Fails the test if that
 * takes more than @most. */
unsigned turn_to_rest(struct sp_socket *socket, unsigned most);

#endif
