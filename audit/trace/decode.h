/* SPDX-License-Identifier: MIT */
/*
 * From the arguments of a system call to what happened: the only place that knows both ABIs.
 *
 * Tests: tests/integration/test_audit_run.py
 */
#ifndef AUDIT_TRACE_DECODE_H
#define AUDIT_TRACE_DECODE_H

#include "audit/rules/run_rules.h"
#include "audit/trace/watched.h"

/** struct entered - a call that a thread is in */
struct entered {
    enum watched watched;
    bool is_32;
    bool wants_result;
    uint64_t arguments[6];
};

/** struct watch_state - what decoding has to remember */
struct decoder {
    struct run *run;
    uint64_t foreign[64]; /* listeners that are not local sockets */
    size_t foreign_count;
    bool pipe_seen; /* the finding is there: no more questions about SIGPIPE */
    bool uring;     /* the program uses io_uring, which nobody sees into */
    bool failed;    /* no memory */
};

/** decode_entry() - a call begins; sets @entered->wants_result */
void decode_entry(struct decoder *decoder, pid_t task, pid_t process, struct entered *entered);

/** decode_result() - it has ended with @result, a negative errno when it failed */
void decode_result(struct decoder *decoder, pid_t task, pid_t process,
                   const struct entered *entered, int64_t result);

/** decode_exec() - the process runs another program now */
void decode_exec(struct decoder *decoder, pid_t process);

#endif
