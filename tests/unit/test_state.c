/* SPDX-License-Identifier: MIT */
/* The table of state changes against a list of its own, every pair of state and change. */
#include "state.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const enum sp_state states[] = {SP_STATE_UNCONNECTED, SP_STATE_CONNECTING,
                                       SP_STATE_CONNECTED, SP_STATE_CLOSING};

static const struct {
    enum sp__change change;
    const char *name;
} changes[SP__CHANGES] = {
    {SP__CHANGE_START, "start"},
    {SP__CHANGE_ADOPT, "adopt"},
    {SP__CHANGE_ESTABLISHED, "established"},
    {SP__CHANGE_FAILED, "failed"},
    {SP__CHANGE_ABANDONED, "abandoned"},
    {SP__CHANGE_CLOSE, "close"},
    {SP__CHANGE_ENDED, "ended"},
    {SP__CHANGE_ABORTED, "aborted"},
};

/* All that may happen, in words. */
static const char *const legal[] = {
    "unconnected start connecting: state",
    "unconnected adopt connected: state connected",
    "connecting established connected: state connected",
    "connecting failed unconnected: state error",
    "connecting abandoned unconnected: state",
    "connected close closing: state",
    "closing ended unconnected: state error read-finished disconnected",
    "connected aborted unconnected: state read-finished disconnected",
    "closing aborted unconnected: state read-finished disconnected",
};
#define LEGAL (sizeof(legal) / sizeof(legal[0]))

static void describe(char *text, size_t size, enum sp_state from, const char *change,
                     const struct sp__transition *row)
{
    static const struct {
        unsigned bit;
        const char *name;
    } tells[] = {
        {SP__TELL_STATE, " state"},
        {SP__TELL_CONNECTED, " connected"},
        {SP__TELL_ERROR, " error"},
        {SP__TELL_READ_FINISHED, " read-finished"},
        {SP__TELL_DISCONNECTED, " disconnected"},
    };
    int length =
        snprintf(text, size, "%s %s %s:", sp_state_name(from), change, sp_state_name(row->to));
    unsigned known = 0;

    for (size_t i = 0; i < sizeof(tells) / sizeof(tells[0]); i++) {
        if (row->tell & tells[i].bit)
            length += snprintf(text + length, size - (size_t)length, "%s", tells[i].name);
        known |= tells[i].bit;
    }
    cr_assert_eq(row->tell & ~known, 0);
}

/* Covers: STAT-01, STAT-02, QT-L6 */
Test(state, exactly_the_legal_changes_are_possible)
{
    size_t found = 0;

    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        for (size_t j = 0; j < SP__CHANGES; j++) {
            const struct sp__transition *row = sp__transition_find(states[i], changes[j].change);
            char text[128];
            size_t at = 0;

            if (row == NULL)
                continue;
            describe(text, sizeof(text), states[i], changes[j].name, row);
            while (at < LEGAL && strcmp(text, legal[at]) != 0)
                at++;
            cr_assert_lt(at, LEGAL, "possible, but should not be: %s", text);
            found++;
        }
    }
    cr_assert_eq(found, LEGAL);
}

Test(state, no_change_from_a_state_that_is_none)
{
    for (size_t j = 0; j < SP__CHANGES; j++)
        cr_assert_null(sp__transition_find((enum sp_state)4, changes[j].change));
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        cr_assert_null(sp__transition_find(states[i], (enum sp__change)SP__CHANGES));
}
