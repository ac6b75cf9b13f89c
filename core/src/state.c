/* SPDX-License-Identifier: MIT */
/*
 * The table of state changes. Only what is listed can happen.
 *
 * The order of events is Qt's, with one difference: the error comes after the state is settled, so
 * that whoever reacts to it by connecting again starts from an unconnected socket.
 *
 * Tests: tests/unit/test_state.c walks every pair of state and change.
 */
#include "state.h"

#define OVER (SP__TELL_STATE | SP__TELL_READ_FINISHED | SP__TELL_DISCONNECTED)

#define STATES (SP_STATE_CLOSING + 1)

/* By the state from which, and the change. Every change that is possible tells something. */
static const struct sp__transition transitions[STATES][SP__CHANGES] = {
    [SP_STATE_UNCONNECTED] =
        {
            [SP__CHANGE_START] = {SP_STATE_CONNECTING, SP__TELL_STATE},
            [SP__CHANGE_ADOPT] = {SP_STATE_CONNECTED, SP__TELL_STATE | SP__TELL_CONNECTED},
        },
    [SP_STATE_CONNECTING] =
        {
            [SP__CHANGE_ESTABLISHED] = {SP_STATE_CONNECTED, SP__TELL_STATE | SP__TELL_CONNECTED},
            [SP__CHANGE_FAILED] = {SP_STATE_UNCONNECTED, SP__TELL_STATE | SP__TELL_ERROR},
            [SP__CHANGE_ABANDONED] = {SP_STATE_UNCONNECTED, SP__TELL_STATE},
        },
    [SP_STATE_CONNECTED] =
        {
            [SP__CHANGE_CLOSE] = {SP_STATE_CLOSING, SP__TELL_STATE},
            [SP__CHANGE_ABORTED] = {SP_STATE_UNCONNECTED, OVER},
        },
    [SP_STATE_CLOSING] =
        {
            [SP__CHANGE_ENDED] = {SP_STATE_UNCONNECTED, OVER | SP__TELL_ERROR},
            [SP__CHANGE_ABORTED] = {SP_STATE_UNCONNECTED, OVER},
        },
};

const struct sp__transition *sp__transition_find(enum sp_state from, enum sp__change change)
{
    const struct sp__transition *row;

    if ((unsigned)from >= STATES || (unsigned)change >= SP__CHANGES)
        return NULL;
    row = &transitions[from][change];
    return row->tell != 0 ? row : NULL;
}
