/* SPDX-License-Identifier: MIT */
/*
 * What a watched program did wrong with its sockets: a state machine over calls. Pure.
 *
 * Each listener is a subject; what belongs to no listener is said of the program itself.
 *
 * Tests: tests/unit/test_audit_run_rules.c
 */
#ifndef AUDIT_RULES_RUN_RULES_H
#define AUDIT_RULES_RUN_RULES_H

#include "audit/facts/calls.h"
#include "audit/rules/rule.h"

enum fault {
    FAULT_LATE_CHMOD,
    FAULT_CHMOD_BY_PATH,
    FAULT_UNLINK,
    FAULT_SPELLING,
    FAULT_TRUNCATED,
    FAULT_UMASK,
    FAULT_EXEC,
    FAULT_KEEPS,
    FAULT_UNASKED,
    FAULT_SIGPIPE,
    FAULT_PADDED,
    FAULT_OPEN_END,
    FAULT_RECEIVED,
    FAULT_NOT_THE_FILE,
};
#define FAULTS 14

struct fault_seen {
    size_t times;
    pid_t process; /* the first time */
    uint32_t before;
    uint32_t after;
};

struct run_subject {
    bool abstract;
    uint32_t owner;
    size_t length;
    char name[PATH_MAX];
    struct fault_seen faults[FAULTS];
};

struct run;

/** run_new() - of the program at @program, run by @owner; NULL: no memory */
struct run *run_new(const char *program, uint32_t owner, uint32_t mask);
void run_free(struct run *run);
/** run_set_program() - the file that is run, once it is */
void run_set_program(struct run *run, const char *program);

/** run_call() - the next call; false when there is no memory */
bool run_call(struct run *run, const struct call *call);

/** run_is_fresh() - is there an accepted connection of which the first read is still to come? */
bool run_is_fresh(const struct run *run);
/** run_tick() - a call went by that did not concern any: none stays fresh for ever */
void run_tick(struct run *run);

/** run_forked() - another process has everything open now that one had */
void run_forked(struct run *run);

/** run_knows_listener() - was it bound or adopted? */
bool run_knows_listener(const struct run *run, uint64_t socket);
/** run_knows() - is it a listener, or one that was accepted? */
bool run_knows(const struct run *run, uint64_t socket);

/** run_path() - where the file of a listener is now; NULL: it is none, or has no file */
const char *run_path(const struct run *run, uint64_t socket);

/** run_unjudged() - connections of which no read was seen in good time */
size_t run_unjudged(const struct run *run);

/** run_end() - nothing more will come */
void run_end(struct run *run);
size_t run_subjects(const struct run *run);
const struct run_subject *run_subject(const struct run *run, size_t index);

typedef void run_rule(const struct rule *rule, const struct place *place, struct findings *ret);
run_rule run_rule_late_chmod, run_rule_chmod_by_path, run_rule_unlink, run_rule_spelling,
    run_rule_truncated, run_rule_umask, run_rule_exec, run_rule_keeps, run_rule_unasked,
    run_rule_sigpipe, run_rule_padded, run_rule_open_end, run_rule_received, run_rule_not_the_file;

#endif
