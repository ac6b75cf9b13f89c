/* SPDX-License-Identifier: MIT */
/*
 * A seam that counts, fails on demand, and lets somebody act between two calls.
 *
 * Wraps another seam (the real kernel, usually). Three uses, which can be combined:
 *
 *   count     struct faulty_os os;  faulty_os_init(&os, sp_os_linux());
 *             ... code under test with &os.os ...
 *             os.calls[FAULTY_BIND], os.total
 *
 *   fail      faulty_os_plan(&os, (struct faulty_plan){.nth = 3, .error = EMFILE});
 *             The third call from now on that matches gives -EMFILE and does not reach the kernel.
 *             The usual test counts up: fail the 1st call, then the 2nd, until a run no longer
 *             gets that far (os.failed == 0).
 *
 *   race      os.before = swap_the_directory;   os.user = &something;
 *             Called before every call with its member and number: the place of another process
 *             that acts at exactly this moment. Nothing it does through the real system is counted.
 *
 * A close() that fails has closed all the same, as on Linux. now_ns(), environment(), euid(),
 * egid() and release() cannot fail and are passed on uncounted.
 *
 * The struct must not be moved while the code under test holds &os.os.
 */
#ifndef TESTS_SUPPORT_FAULTY_OS_H
#define TESTS_SUPPORT_FAULTY_OS_H

#include "sim/call.h"

#include <sunpath/os.h>

#include <stdbool.h>

/* Every member that can fail. X(ENUM, member) */
#define FAULTY_LIST(X) \
    X(ALLOC, alloc)    \
    SIM_CALLS_OF_KERNEL(X)

enum faulty_member {
    FAULTY_ANY, /* in a plan: whichever member it is */
#define FAULTY_ENUM(name, member) FAULTY_##name,
    FAULTY_LIST(FAULTY_ENUM)
#undef FAULTY_ENUM
        FAULTY_MEMBERS
};

struct faulty_plan {
    unsigned nth;              /* which matching call fails, from 1; 0: none */
    int error;                 /* a positive errno; alloc() just gives NULL */
    bool from_there_on;        /* and all later ones that match */
    enum faulty_member member; /* only calls of this one count; FAULTY_ANY: all */
};

struct faulty_os {
    struct sp_os os; /* for the code under test */
    const struct sp_os *base;
    struct faulty_plan plan;
    unsigned matched;                 /* calls that match the plan, since faulty_os_plan() */
    unsigned failed;                  /* calls that were made to fail */
    enum faulty_member failed_member; /* of the last one; FAULTY_ANY: none yet */
    unsigned total;                   /* calls of all members */
    unsigned calls[FAULTY_MEMBERS];   /* calls of each */
    void (*before)(void *user, enum faulty_member member, unsigned total);
    void *user;
};

/** faulty_os_init() - passes everything on, and counts. */
void faulty_os_init(struct faulty_os *faulty, const struct sp_os *base);
/** faulty_os_plan() - from now on this plan; its count begins anew, all other counts go on. */
void faulty_os_plan(struct faulty_os *faulty, struct faulty_plan plan);
/** faulty_member_name() - "bind" and so on. */
const char *faulty_member_name(enum faulty_member member);

#endif
