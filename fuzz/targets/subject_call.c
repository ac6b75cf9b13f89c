/* SPDX-License-Identifier: MIT */
/*
 * Calls of the subject, and the report when one is wrong.
 *
 * The clock here decides only that a call hangs. What is late is late by turns of the subject's
 * loop: all ends are in one process, so what was sent is there.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "fuzz/engine/target.h"
#include "fuzz/program/steps_text.h"
#include "fuzz/targets/subject_stage.h"
#include "tests/support/must.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

/* Turns without success, and how many of them come at once. Behind those there is a pause, for a
 * subject that waits for a moment by its own clock: 20 ms in all. */
#define TURNS_MAX 200
#define TURNS_AT_ONCE 20
#define PAUSE_NS 50000
/* Generous: it must not ring on a busy machine under valgrind. */
#define CALL_SECONDS 5

static const struct {
    const char *name;
    const char *says;
} properties[] = {
#define PROPERTY(name, text, says) {text, says},
    SUBJECT_PROPERTY_LIST(PROPERTY)
#undef PROPERTY
};

void stage_fail(enum subject_property property, const char *format, ...)
{
    char what[256];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    fputs("\nthe program:\n", stderr);
    steps_print(fuzz_language, stage.program, stage.length, stderr);
    room_close();
    fuzz_fail("subject", (int)stage.step, properties[property].name, "in step %zu: %s\n  rule: %s",
              stage.step, what, properties[property].says);
}

void stage_judge(struct spec_verdict verdict, const char *call, ptrdiff_t result)
{
    if (verdict.is == SPEC_BROKEN)
        stage_fail(verdict.property, "%s gives %td", call, result);
    if (verdict.is == SPEC_LATER)
        stage_fail(verdict.property, "%s gives %td, and it stays so", call, result);
}

/* ---- calls ---- */

static const char *called; /* the call under way */

/* Nothing that the call holds is needed any more: the process ends here. */
static void on_timer(int signal)
{
    (void)signal;
    stage_fail(SUBJECT_PROPERTY_CALL_RETURNS, "%s has not returned after %d seconds", called,
               CALL_SECONDS);
}

/* A timer of our own: the engines use the ones of setitimer(). */
static timer_t timer(void)
{
    static timer_t made;
    static bool is_made;
    struct sigaction action = {.sa_handler = on_timer};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 1};

    if (!is_made) {
        MUST(sigaction(SIGRTMIN + 1, &action, NULL) == 0);
        MUST(timer_create(CLOCK_MONOTONIC, &event, &made) == 0);
        MUST(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
        is_made = true;
    }
    return made;
}

static void set_timer(time_t seconds)
{
    struct itimerspec when = {.it_value = {.tv_sec = seconds}};

    MUST(timer_settime(timer(), 0, &when, NULL) == 0);
}

void stage_call_begin(const char *name)
{
    called = name;
    set_timer(CALL_SECONDS);
}

void stage_call_end(void)
{
    int lost;

    set_timer(0);
    lost = room_lost();
    if (lost >= 0)
        stage_fail(SUBJECT_PROPERTY_DESCRIPTOR_FOREIGN, "%s has closed descriptor %d", called,
                   lost);
}

intptr_t stage_call_value(intptr_t value)
{
    stage_call_end();
    return value;
}

/* ---- patience ---- */

bool stage_again(struct stage_patience *patience)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};

    if (patience->turns++ >= TURNS_MAX)
        return false;
    if (patience->turns > TURNS_AT_ONCE)
        (void)nanosleep(&pause, NULL);
    stage_turn();
    return true;
}
