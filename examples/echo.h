/* SPDX-License-Identifier: MIT */
/*
 * An echo server, whatever the loop. Nothing here waits; echo_poll.c and its like show that part.
 */
#ifndef EXAMPLES_ECHO_H
#define EXAMPLES_ECHO_H

#include <sunpath/sunpath.h>

/** echo_events() - take a connection's events and send back what came. Returns false when the
 * connection is over. */
bool echo_events(struct sp_socket *socket);

/** echo_main() - main() of "PROGRAM NAME": listens there and lets @run serve until it returns. */
int echo_main(int argc, char **argv, void (*run)(struct sp_context *, struct sp_server *));

/** stop_signals() - a descriptor that becomes readable at SIGINT or SIGTERM. */
int stop_signals(void);

#endif
