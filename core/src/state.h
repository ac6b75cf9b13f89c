/* SPDX-License-Identifier: MIT */
/*
 * The states of a socket: which change is allowed from where, and which events tell of it.
 */
#ifndef SP__STATE_H
#define SP__STATE_H

#include <sunpath/event.h>

#include <stddef.h>

/* Why a state changes. */
enum sp__change {
    SP__CHANGE_START,       /* a connect begins */
    SP__CHANGE_ADOPT,       /* a connected descriptor is taken over */
    SP__CHANGE_ESTABLISHED, /* the kernel connected, and the peer is admitted */
    SP__CHANGE_FAILED,      /* the connect came to nothing */
    SP__CHANGE_ABANDONED,   /* closed or aborted before it was connected */
    SP__CHANGE_CLOSE,       /* closing begins, by us or by the peer's end of stream */
    SP__CHANGE_ENDED,       /* nothing is left to be sent, or nothing can be */
    SP__CHANGE_ABORTED,     /* an open connection is given up at once */
};
#define SP__CHANGES 8

/* Events that a change records, in the order of their bits. */
enum sp__tell {
    SP__TELL_STATE = 1u << 0,
    SP__TELL_CONNECTED = 1u << 1,
    SP__TELL_ERROR = 1u << 2,         /* if there is one; always after the state is settled */
    SP__TELL_READ_FINISHED = 1u << 3, /* unless told before */
    SP__TELL_DISCONNECTED = 1u << 4,
};

struct sp__transition {
    enum sp_state to;
    unsigned tell; /* enum sp__tell */
};

/** sp__transition_find() - the row, or NULL if the change is not possible in that state. */
const struct sp__transition *sp__transition_find(enum sp_state from, enum sp__change change);

#endif
