/* SPDX-License-Identifier: MIT */
/*
 * The end of a program of fuzz_pair: there are no more faults and no limits, and both processes run
 * their loops as the documentation says. Then everything must drain.
 *
 * A loop watches a descriptor for the interest, calls process() with what was observed or when a
 * deadline has passed, takes all events, and reads when READY_READ says so, and only then. A server
 * takes what it is offered as long as there is a slot. First both sides go on like that until
 * nothing happens any more; then every socket is disconnected, and they go on once more. It must be
 * so that
 *   drains             that comes to an end, in a number of rounds that the bytes account for
 *   no-spin            whenever a loop is woken, something changes: it would be woken again at once
 *   deadline-moves     a deadline that has passed is not there any more
 *   nothing-unread     nothing waits in the kernel for somebody who reads
 *   nothing-unsent     nothing is queued for somebody who reads
 *   everybody-ends     nobody stays in a connection whose other end is gone, nobody is connecting
 *                      or closing beyond the time for it, and in the end nobody is connected
 */
#ifndef FUZZ_PAIR_SETTLE_H
#define FUZZ_PAIR_SETTLE_H

#include "fuzz/spec/ledger.h"

void pair_settle(struct ledger *ledger);

#endif
