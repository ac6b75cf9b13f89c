/* SPDX-License-Identifier: MIT */
/*
 * Faults: what a call at the seam can come to besides what the simulated kernel would answer.
 *
 * The table in faults.c says for every member which errnos it may give (sunpath/os.h and the manual
 * pages), whether it can be short, and whether it can take effect and still be reported as
 * interrupted. What the table does not allow cannot be planned: every fault is one that a program
 * on Linux can meet.
 *
 * Plans belong to one actor and see only calls at its seam. Three ways to plan:
 *   - rules: the nth call from now, once, several times or for ever
 *   - a tape: one byte of input decides each call
 *   - by hand, from a hook: add a rule for the call that is about to happen
 *
 * Tests: tests/unit/test_sim_faults.c
 */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include "kernel.h"

enum sim_fault_kind {
    SIM_FAULT_NONE,
    SIM_FAULT_ERRNO, /* nothing happens, and this errno is returned */
    SIM_FAULT_AFTER, /* it happens, and this errno is returned all the same */
    SIM_FAULT_SHORT, /* at most this many bytes are moved, at least one */
    SIM_FAULT_DELAY, /* it takes so many nanoseconds, then happens */
    SIM_FAULT_CHOICE /* in a rule: the nth of what the table has for the call, modulo its number */
};

struct sim_fault {
    enum sim_fault_kind kind;
    uint64_t value; /* errno (positive), bytes, nanoseconds or the number of a choice */
};

/* Rules of one actor at one time. */
#define SIM_RULES_MAX 16

/** struct sim_rule - a plan */
struct sim_rule {
    enum sim_call call; /* SIM_CALL_ANY: every member that can have the fault */
    uint32_t skip;      /* so many such calls go by first */
    uint32_t times;     /* then so many have the fault; 0: all from there on */
    struct sim_fault fault;
};

/** sim_fault_add() - -EINVAL when the table does not allow that fault, -ENOSPC when there are
 * SIM_RULES_MAX that are not used up */
int sim_fault_add(struct sim_actor *actor, const struct sim_rule *rule);
/** sim_fault_tape() - @tape stays the caller's; NULL ends it. One byte for each call that can have
 * a fault: below SIM_TAPE_FAULT none, else that choice. After its end there are no more faults. */
void sim_fault_tape(struct sim_actor *actor, const uint8_t *tape, size_t length);
#define SIM_TAPE_FAULT 192
/** sim_fault_clear() - no rules, no tape */
void sim_fault_clear(struct sim_actor *actor);
/** sim_fault_hits() - calls that had a fault since the reset */
uint64_t sim_fault_hits(const struct sim_actor *actor);
/** sim_fault_last() - the call that had the last one; SIM_CALL_COUNT if there was none */
enum sim_call sim_fault_last(const struct sim_actor *actor);

/* ---- the table ---- */

/** sim_fault_choices() - how many different faults a member can have; 0 for one that cannot fail */
unsigned sim_fault_choices(enum sim_call call);
/** sim_fault_choice() - the one with number @index modulo their number: errnos first, in the order
 * of the table, then the others */
struct sim_fault sim_fault_choice(enum sim_call call, uint64_t index);
/** sim_fault_allows() - whether a member can have exactly this fault */
bool sim_fault_allows(enum sim_call call, struct sim_fault fault);
/** sim_call_gives() - whether the contract of a member has this errno at all, as a fault or because
 * of what the caller did. The simulated kernel gives no other. */
bool sim_call_gives(enum sim_call call, int number);
/** sim_errno_name() - "ENOENT", or NULL for a number that no member gives */
const char *sim_errno_name(int number);

#endif
