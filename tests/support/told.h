/* SPDX-License-Identifier: MIT */
/*
 * The events of a socket as one line of words, so that a test states an order as a text:
 *
 *     struct told told = told_by(socket);
 *     cr_assert_str_eq(told.text, "state:connecting state:unconnected error:TIMEOUT");
 *
 * STATE, ERROR, BYTES_WRITTEN and LOST show what they carry: "bytes-written:5". Takes the events.
 */
#ifndef TESTS_SUPPORT_TOLD_H
#define TESTS_SUPPORT_TOLD_H

#include <sunpath/socket.h>

struct told {
    char text[1024];
    size_t length;
    unsigned count[SP_EVENT_LOST + 1]; /* of each kind */
    uint64_t written;                  /* sum over BYTES_WRITTEN */
};

/** told_by() - takes events until there is none. */
struct told told_by(struct sp_socket *socket);
/** told_add() - one event more. What does not fit any more is counted all the same. */
void told_add(struct told *told, const struct sp_event *event);

#endif
