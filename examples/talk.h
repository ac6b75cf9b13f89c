/* SPDX-License-Identifier: MIT */
/*
 * A client that talks to the echo server, whatever the loop. Nothing here waits; client_poll.c and
 * its like show that part.
 */
#ifndef EXAMPLES_TALK_H
#define EXAMPLES_TALK_H

#include <sunpath/sunpath.h>

/** talk_events() - take the events: say what there is to say, print what is heard, and disconnect
 * after the last byte. Returns false when the connection is over. */
bool talk_events(struct sp_socket *socket);

/** talk_main() - main() of "PROGRAM NAME TEXT": connects, and lets @run talk until it is over. */
int talk_main(int argc, char **argv, void (*run)(struct sp_context *, struct sp_socket *));

#endif
