/* SPDX-License-Identifier: MIT */
/*
 * Watches a program and what it starts: ptrace, with a filter so that only few calls stop.
 *
 * A program that is started here has the filter of watched.h before it. While a connection that it
 * accepted has not been read from, all its calls stop, so that the first read is seen without a
 * filter that would stop at every read of every file. A process that runs already has no filter:
 * all its calls stop.
 *
 * Signals and stops go on as they would without a watcher. Not seen: what io_uring does; reads by
 * a thread that makes no other call between accept and read; programs that leave the tracer.
 *
 * Tests: tests/integration/test_audit_run.py
 */
#ifndef AUDIT_TRACE_ENGINE_H
#define AUDIT_TRACE_ENGINE_H

#include "audit/rules/run_rules.h"

struct watching {
    struct run *run; /* what was seen; the caller frees it */
    int program;     /* as wait() tells it: how the program itself ended */
    bool ended;      /* it did; otherwise it was left running */
    bool uring;      /* it used io_uring */
    bool incomplete; /* something went by unseen */
};

/** engine_run() - start @command and watch until it and all it started have ended; 0 or -errno */
int engine_run(struct watching *ret, char **command);

/** engine_attach() - watch a process until it ends, a signal comes, or @seconds are over */
int engine_attach(struct watching *ret, pid_t process, unsigned seconds);

#endif
